//! How many of each there may be: AWS's quotas, those that AWS raises on request at what it raises them to.

use roadstead_kernel::{ApiError, Result};

use crate::error::client;

/// A quota: how many, and how its excess is told.
pub struct Quota {
    most: usize,
    code: &'static str,
    what: &'static str,
}

const fn quota(most: usize, code: &'static str, what: &'static str) -> Quota {
    Quota { most, code, what }
}

/// VPCs of a region.
pub const VPCS: Quota = quota(100, "VpcLimitExceeded", "VPCs");
/// Subnets of a VPC.
pub const SUBNETS: Quota = quota(200, "SubnetLimitExceeded", "subnets");
/// Route tables of a VPC.
pub const ROUTE_TABLES: Quota = quota(200, "RouteTableLimitExceeded", "route tables");
/// Routes of a table.
pub const ROUTES: Quota = quota(1000, "RouteLimitExceeded", "routes");
/// Internet gateways of a region.
pub const INTERNET_GATEWAYS: Quota = quota(100, "InternetGatewayLimitExceeded", "internet gateways");
/// Security groups of a region.
pub const SECURITY_GROUPS: Quota = quota(2500, "SecurityGroupLimitExceeded", "security groups");
/// Elastic IPs of a region.
pub const ADDRESSES: Quota = quota(100, "AddressLimitExceeded", "addresses");

impl Quota {
    /// Fails when there are as many as there may be already.
    pub fn check(&self, there_are: usize) -> Result<()> {
        if there_are < self.most {
            return Ok(());
        }
        let error: ApiError = client(
            self.code,
            format!("The maximum number of {} has been reached.", self.what),
        );
        Err(error.into())
    }
}
