//! A security group and its rules.

use api_ec2::GroupIdentifier;
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::rule::{Direction, Rule, Source, permissions};
use super::{Resource, Vpc};
use crate::error::{client, malformed};
use crate::filter::Filtered;
use crate::tags;

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// Its name, unique within the VPC.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its VPC.
    pub vpc: String,
    /// Its rules, oldest first.
    pub rules: Vec<Rule>,
    /// The tags.
    pub tags: Tags,
}

/// A security group where it is only named; names never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRef {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// The name of every VPC's own group, which cannot be deleted.
pub const DEFAULT: &str = "default";

impl GroupRef {
    /// The group as replies show it.
    pub fn to_api(&self) -> GroupIdentifier {
        GroupIdentifier {
            group_id: Some(self.id.clone()),
            group_name: Some(self.name.clone()),
        }
    }
}

impl Record for Group {
    const TABLE: &'static str = "ec2/security-group";
    const VERSION: u16 = 1;
}

impl Filtered for Group {
    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.group-name",
        "egress.ip-permission.ipv6-cidr",
        "egress.ip-permission.prefix-list-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "egress.ip-permission.user-id",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.group-name",
        "ip-permission.ipv6-cidr",
        "ip-permission.prefix-list-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "ip-permission.user-id",
        "owner-id",
        "vpc-id",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "description" => vec![self.description.clone()],
            "group-id" => vec![self.id.clone()],
            "group-name" => vec![self.name.clone()],
            "owner-id" => vec![place.account.to_string()],
            "vpc-id" => vec![self.vpc.clone()],
            of_rule if Self::FILTERS.contains(&of_rule) => {
                let (direction, member) = match of_rule.strip_prefix("egress.ip-permission.") {
                    Some(member) => (Direction::Egress, member),
                    None => (Direction::Ingress, of_rule.strip_prefix("ip-permission.")?),
                };
                self.rules_of(direction)
                    .filter_map(|rule| rule_value(rule, member))
                    .collect()
            }
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

fn rule_value(rule: &Rule, member: &str) -> Option<String> {
    match (member, &rule.source) {
        ("cidr", Source::Ipv4(block)) => Some(block.to_string()),
        ("ipv6-cidr", Source::Ipv6(block)) => Some(block.clone()),
        ("group-id", Source::Group { id, .. }) | ("prefix-list-id", Source::PrefixList(id)) => Some(id.clone()),
        ("user-id", Source::Group { owner, .. }) => Some(owner.to_string()),
        ("protocol", _) => Some(rule.protocol.clone()),
        ("from-port", _) => rule.from_port.map(|p| p.to_string()),
        ("to-port", _) => rule.to_port.map(|p| p.to_string()),
        _ => None,
    }
}

impl Resource for Group {
    const PREFIX: &'static str = "sg";
    const KIND: &'static str = "security-group";
    const ZEROS_ARE_MALFORMED: bool = true;

    fn id(&self) -> &str {
        &self.id
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn malformed(id: &str) -> ApiError {
        malformed("InvalidGroupId.Malformed", id)
    }

    fn missing(id: &str) -> ApiError {
        client(
            "InvalidGroup.NotFound",
            format!("The security group '{id}' does not exist"),
        )
    }

    fn describe(&self, place: Place, needs: Needs) -> Needs {
        needs
            .key("ec2:SecurityGroupID", self.id.clone())
            .key("ec2:Vpc", place.arn("ec2", format_args!("{}/{}", Vpc::KIND, self.vpc)))
    }
}

impl Group {
    /// The rules of one direction.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }

    /// The other groups that the rules name, each once.
    pub fn referenced(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .rules
            .iter()
            .filter_map(|rule| match &rule.source {
                Source::Group { id, .. } if *id != self.id => Some(id.as_str()),
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The group where it is only named.
    pub fn reference(&self) -> GroupRef {
        GroupRef {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }

    /// The group as replies show it.
    pub fn to_api(&self, place: Place) -> api_ec2::SecurityGroup {
        api_ec2::SecurityGroup {
            group_id: Some(self.id.clone()),
            ip_permissions_egress: Some(permissions(self.rules_of(Direction::Egress))),
            tags: Some(tags::to_api(&self.tags)),
            vpc_id: Some(self.vpc.clone()),
            security_group_arn: Some(place.arn("ec2", format_args!("{}/{}", Self::KIND, self.id))),
            owner_id: Some(place.account.to_string()),
            group_name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            ip_permissions: Some(permissions(self.rules_of(Direction::Ingress))),
        }
    }
}
