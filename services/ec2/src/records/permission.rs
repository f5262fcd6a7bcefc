//! A permission of another account or service to use an interface.

use api_ec2::{
    InterfacePermissionType, NetworkInterfacePermission, NetworkInterfacePermissionState,
    NetworkInterfacePermissionStateCode,
};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use crate::filter::Filtered;

/// A permission on an interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InterfacePermission {
    /// `eni-perm-…`.
    pub id: String,
    /// The interface.
    pub interface: String,
    /// The account that may use it.
    pub account: Option<String>,
    /// The service that may use it.
    pub service: Option<String>,
    /// `INSTANCE-ATTACH` or `EIP-ASSOCIATE`.
    pub permission: String,
    /// Always empty: permissions have no tags.
    #[serde(skip)]
    pub tags: Tags,
}

impl Record for InterfacePermission {
    const TABLE: &'static str = "ec2/interface-permission";
    const VERSION: u16 = 1;
}

impl Filtered for InterfacePermission {
    const FILTERS: &'static [&'static str] = &[
        "network-interface-permission.network-interface-permission-id",
        "network-interface-permission.network-interface-id",
        "network-interface-permission.aws-account-id",
        "network-interface-permission.aws-service",
        "network-interface-permission.permission",
    ];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter.strip_prefix("network-interface-permission.")? {
            "network-interface-permission-id" => vec![self.id.clone()],
            "network-interface-id" => vec![self.interface.clone()],
            "aws-account-id" => self.account.iter().cloned().collect(),
            "aws-service" => self.service.iter().cloned().collect(),
            "permission" => vec![self.permission.clone()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl InterfacePermission {
    /// The permission as replies show it.
    pub fn to_api(&self) -> NetworkInterfacePermission {
        NetworkInterfacePermission {
            network_interface_permission_id: Some(self.id.clone()),
            network_interface_id: Some(self.interface.clone()),
            aws_account_id: self.account.clone(),
            aws_service: self.service.clone(),
            permission: Some(InterfacePermissionType::from(self.permission.as_str())),
            permission_state: Some(NetworkInterfacePermissionState {
                state: Some(NetworkInterfacePermissionStateCode::Granted),
                status_message: None,
            }),
        }
    }
}
