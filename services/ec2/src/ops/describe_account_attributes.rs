//! ec2:DescribeAccountAttributes —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAccountAttributes.html>

use api_ec2::op::DescribeAccountAttributes;
use api_ec2::{
    AccountAttribute, AccountAttributeValue, DescribeAccountAttributesRequest, DescribeAccountAttributesResult,
};

use crate::prelude::*;
use crate::records::Vpc;

/// The attributes that do not depend on what there is; quotas as AWS gives them to every account.
const FIXED: [(&str, &str); 5] = [
    ("supported-platforms", "VPC"),
    ("vpc-max-security-groups-per-interface", "5"),
    ("max-elastic-ips", "5"),
    ("max-instances", "20"),
    ("vpc-max-elastic-ips", "5"),
];

impl Handle<DescribeAccountAttributes> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeAccountAttributesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeAccountAttributesRequest) -> Reply<DescribeAccountAttributes> {
        dry_run(input.dry_run)?;
        let vpcs = self.records(cx).await?.all::<Vpc>().await?;
        let default = vpcs
            .into_iter()
            .find(|vpc| vpc.is_default)
            .map_or_else(|| "none".to_owned(), |vpc| vpc.id);
        let asked = input.attribute_names.unwrap_or_default();
        let shown = FIXED
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain([("default-vpc", default)])
            .filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked.as_str() == *name))
            .map(|(name, value)| AccountAttribute {
                attribute_name: Some(name.to_owned()),
                attribute_values: Some(vec![AccountAttributeValue {
                    attribute_value: Some(value),
                }]),
            });
        Ok(DescribeAccountAttributesResult {
            account_attributes: Some(shown.collect()),
        })
    }
}
