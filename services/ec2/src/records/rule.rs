//! A rule of a security group: traffic that it lets in or out.

use api_ec2::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, RevokedSecurityGroupRule,
    SecurityGroupRule, UserIdGroupPair,
};
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Tags};
use serde::{Deserialize, Serialize};

use crate::address::Block;
use crate::filter::Filtered;
use crate::tags;

/// One rule: one protocol and range of ports from or to one peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// `sgr-…`.
    pub id: String,
    /// Whether it lets in or out.
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a protocol number.
    pub protocol: String,
    /// The first port, or the ICMP type.
    pub from_port: Option<i32>,
    /// The last port, or the ICMP code.
    pub to_port: Option<i32>,
    /// The peer.
    pub source: Source,
    /// What it is for.
    pub description: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// Which way a rule's traffic flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To the interfaces of the group.
    Ingress,
    /// From the interfaces of the group.
    Egress,
}

/// The peer of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// An IPv4 block.
    Ipv4(Block),
    /// An IPv6 block in canonical form.
    Ipv6(String),
    /// The interfaces of a security group.
    Group {
        /// The group.
        id: String,
        /// The account that owns it.
        owner: AccountId,
    },
    /// A prefix list.
    PrefixList(String),
}

impl Source {
    /// The peer as messages name it.
    pub fn text(&self) -> String {
        match self {
            Self::Ipv4(block) => block.to_string(),
            Self::Ipv6(text) | Self::PrefixList(text) | Self::Group { id: text, .. } => text.clone(),
        }
    }
}

impl Rule {
    /// Whether both let the same traffic pass.
    pub fn is_same(&self, other: &Self) -> bool {
        self.direction == other.direction
            && self.protocol == other.protocol
            && self.from_port == other.from_port
            && self.to_port == other.to_port
            && self.source == other.source
    }

    /// The rule as replies show it.
    pub fn to_api(&self, place: Place, group: &str) -> SecurityGroupRule {
        let mut shown = SecurityGroupRule {
            security_group_rule_id: Some(self.id.clone()),
            group_id: Some(group.to_owned()),
            group_owner_id: Some(place.account.to_string()),
            is_egress: Some(self.direction == Direction::Egress),
            ip_protocol: Some(self.protocol.clone()),
            // AWS: here, unlike in permissions, all ports are written as -1.
            from_port: Some(self.from_port.unwrap_or(-1)),
            to_port: Some(self.to_port.unwrap_or(-1)),
            description: self.description.clone(),
            tags: Some(tags::to_api(&self.tags)),
            security_group_rule_arn: Some(place.arn("ec2", format_args!("security-group-rule/{}", self.id))),
            ..SecurityGroupRule::default()
        };
        match &self.source {
            Source::Ipv4(block) => shown.cidr_ipv4 = Some(block.to_string()),
            Source::Ipv6(block) => shown.cidr_ipv6 = Some(block.clone()),
            Source::PrefixList(id) => shown.prefix_list_id = Some(id.clone()),
            Source::Group { id, owner } => {
                shown.referenced_group_info = Some(ReferencedSecurityGroup {
                    group_id: Some(id.clone()),
                    user_id: Some(owner.to_string()),
                    ..ReferencedSecurityGroup::default()
                });
            }
        }
        shown
    }

    /// The rule as the reply to its removal shows it.
    pub fn to_revoked(&self, group: &str) -> RevokedSecurityGroupRule {
        let mut shown = RevokedSecurityGroupRule {
            security_group_rule_id: Some(self.id.clone()),
            group_id: Some(group.to_owned()),
            is_egress: Some(self.direction == Direction::Egress),
            ip_protocol: Some(self.protocol.clone()),
            from_port: Some(self.from_port.unwrap_or(-1)),
            to_port: Some(self.to_port.unwrap_or(-1)),
            description: self.description.clone(),
            ..RevokedSecurityGroupRule::default()
        };
        match &self.source {
            Source::Ipv4(block) => shown.cidr_ipv4 = Some(block.to_string()),
            Source::Ipv6(block) => shown.cidr_ipv6 = Some(block.clone()),
            Source::PrefixList(id) => shown.prefix_list_id = Some(id.clone()),
            Source::Group { id, .. } => shown.referenced_group_id = Some(id.clone()),
        }
        shown
    }
}

/// Rules as `IpPermission`s: one for each protocol and range of ports, with all its peers.
pub fn permissions<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<IpPermission> {
    let mut shown: Vec<IpPermission> = Vec::new();
    for rule in rules {
        let at = shown.iter().position(|p| {
            p.ip_protocol.as_deref() == Some(rule.protocol.as_str())
                && p.from_port == rule.from_port
                && p.to_port == rule.to_port
        });
        let at = at.unwrap_or_else(|| {
            shown.push(IpPermission {
                ip_protocol: Some(rule.protocol.clone()),
                from_port: rule.from_port,
                to_port: rule.to_port,
                user_id_group_pairs: Some(Vec::new()),
                ip_ranges: Some(Vec::new()),
                ipv6_ranges: Some(Vec::new()),
                prefix_list_ids: Some(Vec::new()),
            });
            shown.len() - 1
        });
        let Some(permission) = shown.get_mut(at) else { continue };
        let description = rule.description.clone();
        match &rule.source {
            Source::Ipv4(block) => {
                let range = IpRange {
                    description,
                    cidr_ip: Some(block.to_string()),
                };
                permission.ip_ranges.get_or_insert_default().push(range);
            }
            Source::Ipv6(block) => {
                let range = Ipv6Range {
                    description,
                    cidr_ipv6: Some(block.clone()),
                };
                permission.ipv6_ranges.get_or_insert_default().push(range);
            }
            Source::Group { id, owner } => {
                let pair = UserIdGroupPair {
                    description,
                    user_id: Some(owner.to_string()),
                    group_id: Some(id.clone()),
                    ..UserIdGroupPair::default()
                };
                permission.user_id_group_pairs.get_or_insert_default().push(pair);
            }
            Source::PrefixList(id) => {
                let list = PrefixListId {
                    description,
                    prefix_list_id: Some(id.clone()),
                };
                permission.prefix_list_ids.get_or_insert_default().push(list);
            }
        }
    }
    shown
}

/// A rule together with the group it belongs to, as it is described by itself.
pub struct RuleOfGroup {
    /// The group.
    pub group: String,
    /// The rule.
    pub rule: Rule,
}

impl Filtered for RuleOfGroup {
    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id"];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "group-id" => vec![self.group.clone()],
            "security-group-rule-id" => vec![self.rule.id.clone()],
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.rule.tags
    }
}
