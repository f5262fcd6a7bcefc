//! ec2:ModifySubnetAttribute — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html>

use api_ec2::ModifySubnetAttributeRequest;
use api_ec2::op::ModifySubnetAttribute;

use crate::prelude::*;
use crate::records::Subnet;

impl Handle<ModifySubnetAttribute> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &ModifySubnetAttributeRequest) -> Result<Needs> {
        let needs = self.peek(cx).needs_on::<Subnet>(&input.subnet_id).await?;
        let attribute = attributes(input)
            .into_iter()
            .find_map(|(name, given)| given.then_some(name));
        Ok(needs.key_if("ec2:Attribute", attribute))
    }

    async fn handle(&self, cx: &Cx, input: ModifySubnetAttributeRequest) -> Reply<ModifySubnetAttribute> {
        let records = self.records(cx).await?;
        records.get::<Subnet>(&input.subnet_id).await?;
        let given: Vec<&str> = attributes(&input)
            .into_iter()
            .filter_map(|(name, given)| given.then_some(name))
            .collect();
        match given.as_slice() {
            [] => return Err(error::missing("mapPublicIpOnLaunch").into()),
            [_] => {}
            _ => return Err(error::combination("Fields for multiple attribute types specified").into()),
        }
        let on = |value: &Option<api_ec2::AttributeBooleanValue>| value.as_ref().and_then(|value| value.value);
        let beyond = [
            &input.assign_ipv6_address_on_creation,
            &input.map_customer_owned_ip_on_launch,
            &input.enable_dns64,
            &input.enable_resource_name_dns_aaaa_record_on_launch,
        ];
        // Switching off what is never on changes nothing.
        if beyond.into_iter().any(|value| on(value) == Some(true)) || input.enable_lni_at_device_index.is_some() {
            return Err(error::invalid(format!(
                "The subnet '{}' does not support this attribute.",
                input.subnet_id
            ))
            .into());
        }
        let change = |subnet: &mut Subnet| {
            subnet.map_public_ip = on(&input.map_public_ip_on_launch).unwrap_or(subnet.map_public_ip);
            subnet.dns_a_record = on(&input.enable_resource_name_dns_a_record_on_launch).unwrap_or(subnet.dns_a_record);
            if let Some(kind) = &input.private_dns_hostname_type_on_launch {
                kind.as_str().clone_into(&mut subnet.hostname_type);
            }
            Ok(())
        };
        records.update(&input.subnet_id, change).await?;
        Ok(Empty {})
    }
}

fn attributes(input: &ModifySubnetAttributeRequest) -> [(&'static str, bool); 9] {
    [
        (
            "AssignIpv6AddressOnCreation",
            input.assign_ipv6_address_on_creation.is_some(),
        ),
        ("MapPublicIpOnLaunch", input.map_public_ip_on_launch.is_some()),
        (
            "MapCustomerOwnedIpOnLaunch",
            input.map_customer_owned_ip_on_launch.is_some() || input.customer_owned_ipv4_pool.is_some(),
        ),
        ("EnableDns64", input.enable_dns64.is_some()),
        (
            "PrivateDnsHostnameTypeOnLaunch",
            input.private_dns_hostname_type_on_launch.is_some(),
        ),
        (
            "EnableResourceNameDnsARecordOnLaunch",
            input.enable_resource_name_dns_a_record_on_launch.is_some(),
        ),
        (
            "EnableResourceNameDnsAAAARecordOnLaunch",
            input.enable_resource_name_dns_aaaa_record_on_launch.is_some(),
        ),
        ("EnableLniAtDeviceIndex", input.enable_lni_at_device_index.is_some()),
        ("DisableLniAtDeviceIndex", input.disable_lni_at_device_index.is_some()),
    ]
}
