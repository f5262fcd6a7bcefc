//! Amazon EC2's networking as stored records: VPCs, subnets, interfaces, security groups, routes, gateways, addresses.
//!
//! Nothing here moves packets. Every region of an account has its default VPC from the first call on.

mod address;
mod default_vpc;
mod derived;
mod elastic;
mod error;
mod filter;
mod groups;
mod idempotency;
mod interfaces;
mod limits;
mod listing;
mod records;
mod routes;
mod rule_changes;
mod tagging;
mod tags;
mod taken;
mod templates;
mod zone;

use std::sync::Arc;

use roadstead_kernel::{BoxFuture, Cx, Result};
use roadstead_store::{Revision, Store};

use crate::default_vpc::SettledPlaces;
use crate::records::Records;
use crate::taken::Taken;

pub(crate) use crate::derived::derived;

/// What a file with an operation in it needs.
pub(crate) mod prelude {
    pub use roadstead_kernel::prelude::*;
    pub use roadstead_store::Txn;
    pub use roadstead_wire::Empty;

    pub(crate) use crate::error::{self, dry_run};
    pub(crate) use crate::listing::Listing;
    pub(crate) use crate::records::{self, Records, Resource};
    pub(crate) use crate::{Ec2, any, tags};
}

/// Amazon EC2.
pub struct Ec2 {
    store: Arc<dyn Store>,
    settled: SettledPlaces,
    enforcer: Option<Arc<dyn Enforcer>>,
    taken: Taken,
}

/// Whoever puts the rules of security groups into force.
pub trait Enforcer: Send + Sync + 'static {
    /// Waits until what was committed at a revision is in force; for a short time only.
    fn in_force(&self, revision: Revision) -> BoxFuture<'_, ()>;
}

impl Ec2 {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            settled: SettledPlaces::default(),
            enforcer: None,
            taken: Taken::default(),
        }
    }

    /// Answers changes of rules when they are in force.
    #[must_use]
    pub fn enforced_by(self, enforcer: Arc<dyn Enforcer>) -> Self {
        Self {
            enforcer: Some(enforcer),
            ..self
        }
    }

    /// The records of the call's account and region, its default VPC among them.
    pub(crate) async fn records(&self, cx: &Cx) -> Result<Records> {
        let records = self.peek(cx);
        self.settled.settle(&records).await?;
        Ok(records)
    }

    /// The same as they are, before it is decided whether the call may do anything.
    pub(crate) fn peek(&self, cx: &Cx) -> Records {
        Records::new(Arc::clone(&self.store), cx.place(), self.enforcer.clone())
    }
}

/// The operation's action on `*`, as `Describe*` calls need it.
pub(crate) fn any(cx: &Cx) -> roadstead_kernel::Needs {
    roadstead_kernel::Needs::any().key("ec2:Region", cx.region().as_str())
}

/// Runs an attempt again as long as somebody else was faster.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut left = 64_u32;
        loop {
            match $attempt.await {
                Err(fault) if roadstead_kernel::Fault::is_conflict(&fault) && left > 0 => left -= 1,
                outcome => break outcome,
            }
        }
    }};
}

roadstead_kernel::operations! {
    Ec2: api_ec2,
    allocate_address::AllocateAddress,
    assign_private_ip_addresses::AssignPrivateIpAddresses,
    associate_address::AssociateAddress,
    associate_route_table::AssociateRouteTable,
    attach_internet_gateway::AttachInternetGateway,
    attach_network_interface::AttachNetworkInterface,
    authorize_security_group_egress::AuthorizeSecurityGroupEgress,
    authorize_security_group_ingress::AuthorizeSecurityGroupIngress,
    create_internet_gateway::CreateInternetGateway,
    create_launch_template::CreateLaunchTemplate,
    create_launch_template_version::CreateLaunchTemplateVersion,
    create_nat_gateway::CreateNatGateway,
    create_network_interface::CreateNetworkInterface,
    create_network_interface_permission::CreateNetworkInterfacePermission,
    create_route::CreateRoute,
    create_route_table::CreateRouteTable,
    create_security_group::CreateSecurityGroup,
    create_subnet::CreateSubnet,
    create_tags::CreateTags,
    create_vpc::CreateVpc,
    delete_internet_gateway::DeleteInternetGateway,
    delete_launch_template::DeleteLaunchTemplate,
    delete_nat_gateway::DeleteNatGateway,
    delete_network_interface::DeleteNetworkInterface,
    delete_network_interface_permission::DeleteNetworkInterfacePermission,
    delete_route::DeleteRoute,
    delete_route_table::DeleteRouteTable,
    delete_security_group::DeleteSecurityGroup,
    delete_subnet::DeleteSubnet,
    delete_tags::DeleteTags,
    delete_vpc::DeleteVpc,
    describe_account_attributes::DescribeAccountAttributes,
    describe_addresses::DescribeAddresses,
    describe_addresses_attribute::DescribeAddressesAttribute,
    describe_availability_zones::DescribeAvailabilityZones,
    describe_dhcp_options::DescribeDhcpOptions,
    describe_instance_attribute::DescribeInstanceAttribute,
    describe_instance_event_windows::DescribeInstanceEventWindows,
    describe_instance_status::DescribeInstanceStatus,
    describe_instances::DescribeInstances,
    describe_internet_gateways::DescribeInternetGateways,
    describe_key_pairs::DescribeKeyPairs,
    describe_launch_template_versions::DescribeLaunchTemplateVersions,
    describe_launch_templates::DescribeLaunchTemplates,
    describe_nat_gateways::DescribeNatGateways,
    describe_network_acls::DescribeNetworkAcls,
    describe_network_interface_attribute::DescribeNetworkInterfaceAttribute,
    describe_network_interface_permissions::DescribeNetworkInterfacePermissions,
    describe_network_interfaces::DescribeNetworkInterfaces,
    describe_regions::DescribeRegions,
    describe_route_tables::DescribeRouteTables,
    describe_security_group_rules::DescribeSecurityGroupRules,
    describe_security_groups::DescribeSecurityGroups,
    describe_subnets::DescribeSubnets,
    describe_tags::DescribeTags,
    describe_volumes::DescribeVolumes,
    describe_vpc_attribute::DescribeVpcAttribute,
    describe_vpcs::DescribeVpcs,
    detach_internet_gateway::DetachInternetGateway,
    detach_network_interface::DetachNetworkInterface,
    disassociate_address::DisassociateAddress,
    disassociate_route_table::DisassociateRouteTable,
    modify_launch_template::ModifyLaunchTemplate,
    modify_network_interface_attribute::ModifyNetworkInterfaceAttribute,
    modify_security_group_rules::ModifySecurityGroupRules,
    modify_subnet_attribute::ModifySubnetAttribute,
    modify_vpc_attribute::ModifyVpcAttribute,
    release_address::ReleaseAddress,
    replace_route::ReplaceRoute,
    replace_route_table_association::ReplaceRouteTableAssociation,
    revoke_security_group_egress::RevokeSecurityGroupEgress,
    revoke_security_group_ingress::RevokeSecurityGroupIngress,
    unassign_private_ip_addresses::UnassignPrivateIpAddresses,
    update_security_group_rule_descriptions_egress::UpdateSecurityGroupRuleDescriptionsEgress,
    update_security_group_rule_descriptions_ingress::UpdateSecurityGroupRuleDescriptionsIngress,
}
