//! ec2:DescribeNetworkAcls — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkAcls.html>

use api_ec2::op::DescribeNetworkAcls;
use api_ec2::{DescribeNetworkAclsRequest, DescribeNetworkAclsResult};

use crate::prelude::*;
use crate::records::{Acl, AclAssociation, Subnet};

impl Handle<DescribeNetworkAcls> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeNetworkAclsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeNetworkAclsRequest) -> Reply<DescribeNetworkAcls> {
        let listing = Listing::parse::<Acl>(
            "DescribeNetworkAcls",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut found = records.gather::<Acl>(input.network_acl_ids.as_deref()).await?;
        let subnets = records.all::<Subnet>().await?;
        for acl in &mut found {
            let guarded = subnets.iter().filter(|subnet| subnet.acl == acl.id);
            acl.associations = guarded
                .map(|subnet| AclAssociation {
                    id: subnet.acl_association.clone(),
                    subnet: subnet.id.clone(),
                })
                .collect();
        }
        let (acls, next_token) = listing.cut(cx.place(), found, Acl::id);
        let acls = acls.iter().map(|acl| acl.to_api(cx.place())).collect();
        Ok(DescribeNetworkAclsResult {
            next_token,
            network_acls: Some(acls),
        })
    }
}
