//! ec2:CreateSubnet — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html>

use api_ec2::op::CreateSubnet;
use api_ec2::{CreateSubnetRequest, CreateSubnetResult};
use roadstead_store::{Guard, Table};

use super::create_vpc::parse_block;
use crate::prelude::*;
use crate::records::{Subnet, Vpc};
use crate::{limits, zone};

impl Handle<CreateSubnet> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateSubnetRequest) -> Result<Needs> {
        let records = self.peek(cx);
        let tags = tags::wanted(input.tag_specifications.as_deref(), Subnet::KIND);
        records
            .also_on::<Vpc>(records.needs_new::<Subnet>("CreateSubnet", &tags), &input.vpc_id)
            .await
    }

    async fn handle(&self, cx: &Cx, input: CreateSubnetRequest) -> Reply<CreateSubnet> {
        if input.ipv6_native == Some(true) || input.ipv6_cidr_block.is_some() {
            return Err(error::unsupported("IPv6 blocks are not supported.").into());
        }
        if let Some(arn) = &input.outpost_arn {
            return Err(error::unsupported(format!("The outpost '{arn}' does not exist.")).into());
        }
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut subnet = retrying!(create(cx, &records, &input))?;
        subnet.free = subnet.block.capacity();
        Ok(CreateSubnetResult {
            subnet: Some(subnet.to_api(cx.place())),
        })
    }
}

async fn create(cx: &Cx, records: &Records, input: &CreateSubnetRequest) -> Result<Subnet> {
    let vpc = records.get::<Vpc>(&input.vpc_id).await?.record;
    let text = input.cidr_block.as_deref().ok_or_else(|| error::missing("cidrBlock"))?;
    let block = parse_block(text)?;
    if !(16..=28).contains(&block.prefix()) || !vpc.block.covers(block) {
        return Err(error::client("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")).into());
    }
    let known = records
        .table::<Subnet>()
        .list(records.scope(), &[], None, usize::MAX)
        .await?;
    let beside: Vec<&Subnet> = known
        .records
        .iter()
        .map(|known| &known.record)
        .filter(|s| s.vpc == vpc.id)
        .collect();
    if beside.iter().any(|subnet| subnet.block.overlaps(block)) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(error::client("InvalidSubnet.Conflict", message).into());
    }
    limits::SUBNETS.check(beside.len())?;
    let subnet = Subnet {
        id: cx.ids().ec2("subnet"),
        zone: chosen_zone(cx, input, &beside)?,
        block,
        default_for_az: false,
        map_public_ip: false,
        hostname_type: "ip-name".to_owned(),
        dns_a_record: false,
        acl: vpc.default_acl,
        acl_association: cx.ids().ec2("aclassoc"),
        tags: tags::of_create(cx, input.tag_specifications.as_deref(), Subnet::KIND)?,
        vpc: vpc.id,
        free: 0,
    };
    let mut txn = Txn::new();
    // The block is free only as long as no subnet was added since they were read.
    let prefix = Table::<Subnet>::prefix(records.scope(), &[]);
    txn.push_guard(Guard::Unwritten {
        prefix,
        since: known.revision,
    });
    records.require::<Vpc>(&mut txn, &subnet.vpc);
    records.stage_link(&mut txn, &subnet.vpc, &subnet.id)?;
    records.stage_new(&mut txn, &subnet)?;
    records.commit(txn).await?;
    Ok(subnet)
}

/// The zone that was asked for, or the one with the fewest subnets of the VPC.
fn chosen_zone(cx: &Cx, input: &CreateSubnetRequest, beside: &[&Subnet]) -> Result<String> {
    let region = cx.region();
    let names: Vec<String> = zone::names(region).collect();
    let refuse = |given: &str, parameter: &str, all: String| {
        Err(error::invalid(format!(
            "Value ({given}) for parameter {parameter} is invalid. Subnets can currently only be created in the \
             following availability zones: {all}."
        ))
        .into())
    };
    match (&input.availability_zone, &input.availability_zone_id) {
        (Some(name), _) if names.contains(name) => Ok(name.clone()),
        (Some(name), _) => refuse(name, "availabilityZone", names.join(", ")),
        (None, Some(id)) => match zone::named(region, id) {
            Some(name) => Ok(name),
            None => {
                let ids: Vec<String> = names.iter().filter_map(|name| zone::id(region, name)).collect();
                refuse(id, "availabilityZoneId", ids.join(", "))
            }
        },
        (None, None) => {
            let count = |zone: &String| beside.iter().filter(|subnet| subnet.zone == *zone).count();
            names
                .into_iter()
                .min_by_key(count)
                .ok_or_else(|| Fault::internal("a region without zones"))
        }
    }
}
