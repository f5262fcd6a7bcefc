//! ec2:ModifyVpcAttribute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html>

use api_ec2::op::ModifyVpcAttribute;
use api_ec2::{AttributeBooleanValue, ModifyVpcAttributeRequest};

use crate::prelude::*;
use crate::records::Vpc;

impl Handle<ModifyVpcAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ModifyVpcAttributeRequest) -> Result<Needs> {
        let needs = self.peek(cx).needs_on::<Vpc>(&input.vpc_id).await?;
        let attribute = attributes(input)
            .into_iter()
            .find_map(|(name, value)| value.map(|_| name));
        Ok(needs.key_if("ec2:Attribute", attribute))
    }

    async fn handle(&self, cx: &Cx, input: ModifyVpcAttributeRequest) -> Reply<ModifyVpcAttribute> {
        let records = self.records(cx).await?;
        records.get::<Vpc>(&input.vpc_id).await?;
        let given = attributes(&input)
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .count();
        match given {
            0 => return Err(error::missing("enableDnsSupport, enableDnsHostnames").into()),
            1 => {}
            _ => return Err(error::combination("Fields for multiple attribute types specified").into()),
        }
        let of = |value: &Option<AttributeBooleanValue>| value.as_ref().map(|value| value.value.unwrap_or_default());
        let change = |vpc: &mut Vpc| {
            vpc.dns_support = of(&input.enable_dns_support).unwrap_or(vpc.dns_support);
            vpc.dns_hostnames = of(&input.enable_dns_hostnames).unwrap_or(vpc.dns_hostnames);
            vpc.usage_metrics = of(&input.enable_network_address_usage_metrics).unwrap_or(vpc.usage_metrics);
            Ok(())
        };
        records.update(&input.vpc_id, change).await?;
        Ok(Empty {})
    }
}

fn attributes(input: &ModifyVpcAttributeRequest) -> [(&'static str, Option<&AttributeBooleanValue>); 3] {
    [
        ("EnableDnsSupport", input.enable_dns_support.as_ref()),
        ("EnableDnsHostnames", input.enable_dns_hostnames.as_ref()),
        (
            "EnableNetworkAddressUsageMetrics",
            input.enable_network_address_usage_metrics.as_ref(),
        ),
    ]
}
