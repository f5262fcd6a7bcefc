//! ec2:CreateVpc — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>

use api_ec2::op::CreateVpc;
use api_ec2::{CreateVpcRequest, CreateVpcResult, VpcState};

use crate::address::Block;
use crate::default_vpc::VpcParts;
use crate::limits;
use crate::prelude::*;
use crate::records::Vpc;

impl Handle<CreateVpc> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateVpcRequest) -> Result<Needs> {
        let tags = tags::wanted(input.tag_specifications.as_deref(), Vpc::KIND);
        Ok(self.peek(cx).needs_new::<Vpc>("CreateVpc", &tags))
    }

    async fn handle(&self, cx: &Cx, input: CreateVpcRequest) -> Reply<CreateVpc> {
        if input.amazon_provided_ipv6_cidr_block == Some(true)
            || input.ipv6_cidr_block.is_some()
            || input.ipv6_ipam_pool_id.is_some()
        {
            return Err(error::unsupported("IPv6 blocks are not supported.").into());
        }
        if let Some(pool) = &input.ipv4_ipam_pool_id {
            let message = format!("The ipam-pool ID '{pool}' does not exist");
            return Err(error::client("InvalidIpamPoolId.NotFound", message).into());
        }
        let text = input.cidr_block.as_deref().ok_or_else(|| error::missing("cidrBlock"))?;
        let block = parse_block(text)?;
        if !(16..=28).contains(&block.prefix()) || NOBODYS.iter().any(|no| overlap(no, block)) {
            return Err(error::client("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")).into());
        }
        let tenancy = input
            .instance_tenancy
            .as_ref()
            .map_or("default", |tenancy| tenancy.as_str());
        let tags = tags::of_create(cx, input.tag_specifications.as_deref(), Vpc::KIND)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        limits::VPCS.check(records.all::<Vpc>().await?.len())?;
        let mut parts = VpcParts::new(cx.place(), block, tenancy, |prefix| cx.ids().ec2(prefix));
        parts.vpc.tags = tags;
        let mut txn = Txn::new();
        parts.stage(&records, &mut txn)?;
        records.commit(txn).await?;
        let mut shown = parts.vpc.to_api(cx.place());
        shown.state = Some(VpcState::Pending);
        Ok(CreateVpcResult { vpc: Some(shown) })
    }
}

/// Blocks that no interface can have addresses of: this host's, of link scope, of groups, and what is set aside.
const NOBODYS: [&str; 5] = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

fn overlap(text: &str, block: Block) -> bool {
    Block::parse(text).is_some_and(|nobodys| nobodys.overlaps(block))
}

/// Reads the block of a VPC or subnet.
pub(super) fn parse_block(text: &str) -> Result<Block> {
    Block::parse(text).ok_or_else(|| {
        error::invalid(format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
        .into()
    })
}
