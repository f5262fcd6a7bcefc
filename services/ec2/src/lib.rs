//! Amazon EC2's networking as stored records: VPCs, subnets, interfaces, security groups, routes, gateways, addresses.
//!
//! Nothing here moves packets. Every region of an account has its default VPC from the first call on.

mod address;
mod default_vpc;
mod derived;
mod error;
mod filter;
mod groups;
mod idempotency;
mod interfaces;
mod listing;
mod records;
mod tagging;
mod tags;
mod zone;

use std::sync::Arc;

use roadstead_kernel::{Cx, Result};
use roadstead_store::Store;

use crate::default_vpc::SettledPlaces;
use crate::records::Records;

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
}

impl Ec2 {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            settled: SettledPlaces::default(),
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
        Records::new(Arc::clone(&self.store), cx.place())
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
    assign_private_ip_addresses::AssignPrivateIpAddresses,
    attach_network_interface::AttachNetworkInterface,
    authorize_security_group_egress::AuthorizeSecurityGroupEgress,
    authorize_security_group_ingress::AuthorizeSecurityGroupIngress,
    create_network_interface::CreateNetworkInterface,
    create_network_interface_permission::CreateNetworkInterfacePermission,
    create_security_group::CreateSecurityGroup,
    create_tags::CreateTags,
    delete_network_interface::DeleteNetworkInterface,
    delete_network_interface_permission::DeleteNetworkInterfacePermission,
    delete_security_group::DeleteSecurityGroup,
    delete_subnet::DeleteSubnet,
    delete_tags::DeleteTags,
    describe_account_attributes::DescribeAccountAttributes,
    describe_availability_zones::DescribeAvailabilityZones,
    describe_internet_gateways::DescribeInternetGateways,
    describe_network_acls::DescribeNetworkAcls,
    describe_network_interface_permissions::DescribeNetworkInterfacePermissions,
    describe_network_interfaces::DescribeNetworkInterfaces,
    describe_regions::DescribeRegions,
    describe_route_tables::DescribeRouteTables,
    describe_security_group_rules::DescribeSecurityGroupRules,
    describe_security_groups::DescribeSecurityGroups,
    describe_subnets::DescribeSubnets,
    describe_tags::DescribeTags,
    describe_vpc_attribute::DescribeVpcAttribute,
    describe_vpcs::DescribeVpcs,
    detach_network_interface::DetachNetworkInterface,
    modify_network_interface_attribute::ModifyNetworkInterfaceAttribute,
    revoke_security_group_egress::RevokeSecurityGroupEgress,
    revoke_security_group_ingress::RevokeSecurityGroupIngress,
    unassign_private_ip_addresses::UnassignPrivateIpAddresses,
}
