//! A task's network interface as it is stored: the subnet and groups, the attachment, and what ties it to this machine.

use api_ecs::{Attachment, KeyValuePair};
use serde::{Deserialize, Serialize};

/// The network that a task was started in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Network {
    /// The subnet that was chosen.
    pub subnet: String,
    /// The security groups; the default one where none was given.
    pub groups: Vec<String>,
    /// Whether a public address was asked for.
    pub public_ip: bool,
}

/// The network interface of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// The attachment's UUID.
    pub attachment: String,
    /// Where it is.
    pub status: InterfaceStatus,
    /// Subnet and groups.
    pub network: Network,
    /// The availability zone of the subnet.
    pub zone: String,
    /// `eni-…`, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eni: Option<String>,
    /// The hardware address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The private address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The private DNS name, in VPCs with DNS host names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// What ties it to the machine that the task runs on.
    #[serde(default)]
    pub wiring: Wiring,
}

/// What ties a network interface to the machine that its task runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiring {
    /// The subnet's block, such as `172.31.0.0/20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// The VPC's block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_block: Option<String>,
    /// The address of the VPC's resolver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<String>,
    /// The id of the availability zone, such as `use1-az1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
    /// The engine's id of the pause container, which holds the network namespace; not a container of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<String>,
    /// Whether the pause container ended before its task did.
    #[serde(default)]
    pub lost: bool,
}

/// Where a task's network interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InterfaceStatus {
    /// Only planned.
    Precreated,
    /// Made in EC2.
    Created,
    /// The task has it.
    Attached,
    /// Being taken from the task.
    Detaching,
    /// Taken from the task.
    Detached,
    /// Deleted in EC2.
    Deleted,
}

impl InterfaceStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Precreated => "PRECREATED",
            Self::Created => "CREATED",
            Self::Attached => "ATTACHED",
            Self::Detaching => "DETACHING",
            Self::Detached => "DETACHED",
            Self::Deleted => "DELETED",
        }
    }
}

impl Interface {
    /// The attachment as Amazon describes it; details in the recorded order.
    pub(super) fn to_api(&self) -> Attachment {
        let mut details = vec![detail("subnetId", Some(&self.network.subnet))];
        match &self.eni {
            Some(eni) => {
                details.push(detail("networkInterfaceId", Some(eni)));
                details.push(detail("macAddress", self.mac.as_deref()));
                details.extend(
                    self.dns_name
                        .as_deref()
                        .map(|name| detail("privateDnsName", Some(name))),
                );
                details.push(detail("privateIPv4Address", self.address.as_deref()));
            }
            // AWS: recorded for a task that was stopped before its interface was made.
            None if self.status == InterfaceStatus::Deleted => {
                details.push(detail("networkInterfaceId", Some("unset")));
                details.push(detail("macAddress", None));
            }
            None => {}
        }
        Attachment {
            id: Some(self.attachment.clone()),
            r#type: Some("ElasticNetworkInterface".to_owned()),
            status: Some(self.status.as_str().to_owned()),
            details: Some(details),
        }
    }
}

fn detail(name: &str, value: Option<&str>) -> KeyValuePair {
    KeyValuePair {
        name: Some(name.to_owned()),
        value: value.map(ToOwned::to_owned),
    }
}
