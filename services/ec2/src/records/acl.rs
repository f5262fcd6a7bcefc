//! A network ACL; every VPC has its default one, which allows everything.

use api_ec2::{NetworkAclAssociation, NetworkAclEntry, RuleAction};
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Resource, Vpc};
use crate::error::{client, malformed};
use crate::filter::{Filtered, flag};
use crate::tags;

/// A network ACL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Acl {
    /// `acl-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Whether it is the VPC's default one.
    pub is_default: bool,
    /// The tags.
    pub tags: Tags,
    /// The subnets it guards, filled in by whoever read them.
    #[serde(skip)]
    pub associations: Vec<AclAssociation>,
}

/// A subnet's association with its ACL.
#[derive(Clone, Debug)]
pub struct AclAssociation {
    /// `aclassoc-…`.
    pub id: String,
    /// The subnet.
    pub subnet: String,
}

/// The number of the entry that refuses what no other allows.
const LAST_ENTRY: i32 = 32767;
/// The number of the entry that allows everything.
const FIRST_ENTRY: i32 = 100;

impl Record for Acl {
    const TABLE: &'static str = "ec2/network-acl";
    const VERSION: u16 = 1;
}

impl Filtered for Acl {
    const FILTERS: &'static [&'static str] = &[
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "entry.cidr",
        "entry.egress",
        "entry.icmp.code",
        "entry.icmp.type",
        "entry.ipv6-cidr",
        "entry.port-range.from",
        "entry.port-range.to",
        "entry.protocol",
        "entry.rule-action",
        "entry.rule-number",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        Some(match filter {
            "association.association-id" => self.associations.iter().map(|a| a.id.clone()).collect(),
            "association.network-acl-id" => self.associations.iter().map(|_| self.id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().map(|a| a.subnet.clone()).collect(),
            "default" => flag(self.is_default),
            "entry.cidr" => words(&["0.0.0.0/0"]),
            "entry.egress" => words(&["true", "false"]),
            "entry.protocol" => words(&["-1"]),
            "entry.rule-action" => words(&["allow", "deny"]),
            "entry.rule-number" => vec![FIRST_ENTRY.to_string(), LAST_ENTRY.to_string()],
            "network-acl-id" => vec![self.id.clone()],
            "owner-id" => vec![place.account.to_string()],
            "vpc-id" => vec![self.vpc.clone()],
            other if other.starts_with("entry.") => Vec::new(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Resource for Acl {
    const PREFIX: &'static str = "acl";
    const KIND: &'static str = "network-acl";

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidNetworkAclId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidNetworkAclID.NotFound",
            format!("The networkAcl ID '{id}' does not exist"),
        )
    }

    fn describe(&self, place: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:NetworkAclID", self.id.clone())
            .key("ec2:Vpc", place.arn("ec2", format_args!("{}/{}", Vpc::KIND, self.vpc)))
    }
}

impl Acl {
    /// The ACL as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::NetworkAcl {
        let entry = |egress, number, action| NetworkAclEntry {
            cidr_block: Some("0.0.0.0/0".to_owned()),
            egress: Some(egress),
            protocol: Some("-1".to_owned()),
            rule_action: Some(action),
            rule_number: Some(number),
            ..NetworkAclEntry::default()
        };
        let association = |a: &AclAssociation| NetworkAclAssociation {
            network_acl_association_id: Some(a.id.clone()),
            network_acl_id: Some(self.id.clone()),
            subnet_id: Some(a.subnet.clone()),
        };
        api_ec2::NetworkAcl {
            associations: Some(self.associations.iter().map(association).collect()),
            entries: Some(vec![
                entry(true, FIRST_ENTRY, RuleAction::Allow),
                entry(true, LAST_ENTRY, RuleAction::Deny),
                entry(false, FIRST_ENTRY, RuleAction::Allow),
                entry(false, LAST_ENTRY, RuleAction::Deny),
            ]),
            is_default: Some(self.is_default),
            network_acl_id: Some(self.id.clone()),
            tags: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.vpc.clone()),
            owner_id: Some(place.account.to_string()),
        }
    }
}
