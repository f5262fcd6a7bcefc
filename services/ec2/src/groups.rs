//! Rules of security groups: reading them from requests, adding and removing them.

use api_ec2::{IpPermission, RevokedSecurityGroupRule, SecurityGroupRule, UserIdGroupPair};
use roadstead_core::{AccountId, Tags};
use roadstead_kernel::{ApiError, Cx, Needs, Result};
use roadstead_store::{Txn, Versioned};

use crate::address::{Block, parse_v6};
use crate::error::{client, combination, invalid, missing};
use crate::interfaces::different_networks;
use crate::records::{Direction, Group, Records, Resource, Rule, Source, Vpc, permissions};

/// Most rules of one direction.
const MAX_RULES: usize = 60;
/// Longest description.
const MAX_DESCRIPTION: usize = 255;

/// The security group that a request names by id, or by its name within the default VPC.
pub async fn named(records: &Records, id: Option<&str>, name: Option<&str>) -> Result<Versioned<Group>> {
    match (id, name) {
        (Some(id), _) => records.get(id).await,
        (None, Some(name)) => match in_default_vpc(records, name).await? {
            Ok(group) => Ok(group),
            Err(vpc) => Err(client(
                "InvalidGroup.NotFound",
                format!("The security group '{name}' does not exist in default VPC '{vpc}'"),
            )
            .into()),
        },
        (None, None) => Err(missing("groupName or groupId").into()),
    }
}

/// The group of that name in the default VPC, or that VPC's id.
async fn in_default_vpc(records: &Records, name: &str) -> Result<Result<Versioned<Group>, String>> {
    let Some(vpc) = records.all::<Vpc>().await?.into_iter().find(|vpc| vpc.is_default) else {
        return Err(no_default_vpc().into());
    };
    let groups = records.table::<Group>().list_all(records.scope()).await?;
    let found = groups
        .into_iter()
        .find(|group| group.record.vpc == vpc.id && group.record.name == name);
    Ok(found.ok_or(vpc.id))
}

/// A request that means the default VPC in a region that has none.
pub fn no_default_vpc() -> ApiError {
    client("VPCIdNotSpecified", "No default VPC for this user")
}

/// What changing a group needs; a group named by its name is looked up as far as it can be.
pub async fn needs(records: &Records, id: Option<&str>, name: Option<&str>) -> Result<Needs> {
    let id = match (id, name) {
        (Some(id), _) => id.to_owned(),
        (None, Some(name)) => match in_default_vpc(records, name).await {
            Ok(Ok(group)) => group.record.id,
            _ => "*".to_owned(),
        },
        (None, None) => "*".to_owned(),
    };
    records.needs_on::<Group>(&id).await
}

/// The rules of a request, in either of its two forms.
#[derive(Default)]
pub struct Given {
    /// The rules as a list.
    pub permissions: Option<Vec<IpPermission>>,
    /// The old form: one block.
    pub cidr: Option<String>,
    /// The old form: one protocol.
    pub protocol: Option<String>,
    /// The old form: the first port.
    pub from_port: Option<i32>,
    /// The old form: the last port.
    pub to_port: Option<i32>,
    /// The old form: all traffic of a group.
    pub source_group: Option<String>,
    /// The old form: that group's owner.
    pub source_owner: Option<String>,
}

/// The rules of a request that adds or removes some: all four requests have the same members.
macro_rules! given_rules {
    ($input:expr) => {
        $crate::groups::Given {
            permissions: $input.ip_permissions.clone(),
            cidr: $input.cidr_ip.clone(),
            protocol: $input.ip_protocol.clone(),
            from_port: $input.from_port,
            to_port: $input.to_port,
            source_group: $input.source_security_group_name.clone(),
            source_owner: $input.source_security_group_owner_id.clone(),
        }
    };
}
pub(crate) use given_rules;

impl Given {
    /// Whether the request gives no rule.
    pub fn is_empty(&self) -> bool {
        self.permissions.as_ref().is_none_or(Vec::is_empty)
            && self.cidr.is_none()
            && self.protocol.is_none()
            && self.source_group.is_none()
    }

    fn into_permissions(self) -> Result<Vec<IpPermission>, ApiError> {
        let old_form = self.cidr.is_some() || self.protocol.is_some() || self.source_group.is_some();
        match self.permissions.filter(|given| !given.is_empty()) {
            Some(_) if old_form => Err(combination(
                "The parameter ipPermissions may not be used with the old form of a rule",
            )),
            Some(given) => Ok(given),
            None => {
                let range = |cidr_ip| api_ec2::IpRange {
                    cidr_ip: Some(cidr_ip),
                    description: None,
                };
                let pair = |group_name| UserIdGroupPair {
                    group_name: Some(group_name),
                    user_id: self.source_owner.clone(),
                    ..UserIdGroupPair::default()
                };
                let by_group = self.source_group.is_some();
                Ok(vec![IpPermission {
                    ip_protocol: self.protocol.or_else(|| by_group.then(|| "-1".to_owned())),
                    from_port: self.from_port,
                    to_port: self.to_port,
                    ip_ranges: self.cidr.map(|cidr| vec![range(cidr)]),
                    user_id_group_pairs: self.source_group.map(|group| vec![pair(group)]),
                    ..IpPermission::default()
                }])
            }
        }
    }
}

/// Reads the rules of a request; they get ids when they are added.
pub async fn read(records: &Records, group: &Group, direction: Direction, given: Given) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for permission in given.into_permissions()? {
        let (protocol, from_port, to_port) = ports(&permission)?;
        let mut push = |source, description: Option<String>| -> Result<(), ApiError> {
            let rule = Rule {
                id: String::new(),
                direction,
                protocol: protocol.clone(),
                from_port,
                to_port,
                source,
                description: check_description(description)?,
                tags: Tags::new(),
            };
            rules.push(rule);
            Ok(())
        };
        for range in permission.ip_ranges.into_iter().flatten() {
            let text = range.cidr_ip.unwrap_or_default();
            let block = Block::parse(&text).ok_or_else(|| invalid(format!("CIDR block {text} is malformed")))?;
            push(Source::Ipv4(block), range.description)?;
        }
        for range in permission.ipv6_ranges.into_iter().flatten() {
            let text = range.cidr_ipv6.unwrap_or_default();
            let block = parse_v6(&text).ok_or_else(|| invalid(format!("CIDR block {text} is malformed")))?;
            push(Source::Ipv6(block), range.description)?;
        }
        if let Some(list) = permission.prefix_list_ids.into_iter().flatten().next() {
            let message = format!(
                "The prefix list ID '{}' does not exist",
                list.prefix_list_id.unwrap_or_default()
            );
            return Err(client("InvalidPrefixListId.NotFound", message).into());
        }
        for pair in permission.user_id_group_pairs.into_iter().flatten() {
            let description = pair.description.clone();
            push(peer(records, group, pair).await?, description)?;
        }
    }
    if rules.is_empty() {
        return Err(missing("cidrIp, cidrIpv6, groupId or prefixListId").into());
    }
    Ok(rules)
}

/// The group that a rule names: by id, or by its name within the VPC of the rule's group.
async fn peer(records: &Records, group: &Group, pair: UserIdGroupPair) -> Result<Source> {
    let own = records.place().account;
    let owner = match pair.user_id.as_deref() {
        None | Some("") => own,
        Some(given) => AccountId::parse(given)
            .ok_or_else(|| client("InvalidUserID.Malformed", format!("Invalid user id: \"{given}\"")))?,
    };
    let found = match (pair.group_id.filter(|id| !id.is_empty()), pair.group_name) {
        (Some(id), _) if id == group.id => return Ok(Source::Group { id, owner }),
        // Groups of other accounts cannot be looked into, nor peered with here.
        (Some(id), _) if owner != own => return Err(Group::missing(&id).into()),
        (Some(id), _) => records.get::<Group>(&id).await?.record,
        (None, Some(name)) => {
            let all = records.all::<Group>().await?;
            let known = all
                .into_iter()
                .find(|known| known.vpc == group.vpc && known.name == name);
            known.ok_or_else(|| Group::missing(&name))?
        }
        (None, None) => return Err(missing("groupId").into()),
    };
    if found.vpc != group.vpc {
        return Err(different_networks().into());
    }
    Ok(Source::Group { id: found.id, owner })
}

/// The protocol in canonical form with its range of ports, or of ICMP type and code.
fn ports(permission: &IpPermission) -> Result<(String, Option<i32>, Option<i32>), ApiError> {
    let given = permission.ip_protocol.as_deref().unwrap_or_default();
    let (from, to) = (permission.from_port, permission.to_port);
    let protocol = match given.to_ascii_lowercase().as_str() {
        "" => return Err(missing("ipProtocol")),
        "-1" | "all" => return Ok(("-1".to_owned(), None, None)),
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        other => {
            let number: Option<u8> = other.parse().ok();
            return match number {
                Some(number) => Ok((number.to_string(), None, None)),
                None => Err(invalid(format!(
                    "Invalid value '{given}' for IP protocol. Unknown protocol."
                ))),
            };
        }
    };
    if protocol.starts_with("icmp") {
        let in_range = |value: i32| (-1..=255).contains(&value);
        let (from, to) = (from.unwrap_or(-1), to.unwrap_or(-1));
        if !in_range(from) || !in_range(to) {
            return Err(invalid(format!("ICMP type ({from}) or code ({to}) is out of range")));
        }
        return Ok((protocol.to_owned(), Some(from), Some(to)));
    }
    let (Some(from), Some(to)) = (from, to) else {
        return Err(invalid(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        ));
    };
    // AWS: -1 stands for all ports of the protocol.
    let (from, to) = if from == -1 && to == -1 { (0, 65535) } else { (from, to) };
    let valid = |port: i32| (0..=65535).contains(&port);
    if !valid(from) || !valid(to) || from > to {
        return Err(invalid(format!("Invalid TCP/UDP port range ({from}:{to})")));
    }
    Ok((protocol.to_owned(), Some(from), Some(to)))
}

/// What a rule is for, unless that is too long.
pub fn check_description(given: Option<String>) -> Result<Option<String>, ApiError> {
    if given
        .as_ref()
        .is_some_and(|text| text.chars().count() > MAX_DESCRIPTION)
    {
        return Err(invalid(
            "Invalid rule description. Rule descriptions may not be longer than 255 characters.",
        ));
    }
    Ok(given.filter(|text| !text.is_empty()))
}

/// Adds rules to a group.
pub async fn authorize(
    cx: &Cx,
    records: &Records,
    group: Versioned<Group>,
    direction: Direction,
    given: Given,
    tags: &Tags,
) -> Result<Vec<SecurityGroupRule>> {
    if given.is_empty() {
        return Err(missing("ipPermissions").into());
    }
    let mut group = group;
    let before: Vec<String> = group.record.referenced().into_iter().map(str::to_owned).collect();
    let mut added = read(records, &group.record, direction, given).await?;
    for rule in &mut added {
        if group.record.rules.iter().any(|known| known.is_same(rule)) {
            return Err(duplicate(rule).into());
        }
        rule.id = cx.ids().ec2("sgr");
        rule.tags = tags.clone();
        group.record.rules.push(rule.clone());
    }
    if group.record.rules_of(direction).count() > MAX_RULES {
        return Err(client(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )
        .into());
    }
    commit(records, &group, &before).await?;
    Ok(added
        .iter()
        .map(|rule| rule.to_api(records.place(), &group.record.id))
        .collect())
}

/// Removes rules from a group: those with the ids, or those that let the given traffic pass.
///
/// Returns what was removed, and the given rules that were not there (tolerated for groups of the default VPC alone).
pub async fn revoke(
    records: &Records,
    group: Versioned<Group>,
    direction: Direction,
    ids: Option<Vec<String>>,
    given: Given,
) -> Result<(Vec<RevokedSecurityGroupRule>, Vec<IpPermission>)> {
    if given.is_empty() && ids.as_ref().is_none_or(Vec::is_empty) {
        return Err(missing("ipPermissions or securityGroupRuleIds").into());
    }
    let mut group = group;
    let before: Vec<String> = group.record.referenced().into_iter().map(str::to_owned).collect();
    let mut removed: Vec<Rule> = Vec::new();
    let mut unknown: Vec<Rule> = Vec::new();
    let take = |group: &mut Group, test: &dyn Fn(&Rule) -> bool| {
        let at = group
            .rules
            .iter()
            .position(|rule| rule.direction == direction && test(rule))?;
        Some(group.rules.remove(at))
    };
    match ids.filter(|ids| !ids.is_empty()) {
        Some(ids) => {
            for id in ids {
                let rule = take(&mut group.record, &|rule: &Rule| rule.id == id);
                removed.push(rule.ok_or_else(|| no_rule(&id))?);
            }
        }
        None => {
            for wanted in read(records, &group.record, direction, given).await? {
                match take(&mut group.record, &|rule: &Rule| rule.is_same(&wanted)) {
                    Some(rule) => removed.push(rule),
                    None => unknown.push(wanted),
                }
            }
        }
    }
    if !unknown.is_empty() {
        let vpc = records.find::<Vpc>(&group.record.vpc).await?;
        if !vpc.is_some_and(|vpc| vpc.record.is_default) {
            return Err(client(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
            )
            .into());
        }
    }
    if !removed.is_empty() {
        commit(records, &group, &before).await?;
    }
    let revoked = removed.iter().map(|rule| rule.to_revoked(&group.record.id)).collect();
    Ok((revoked, permissions(unknown.iter())))
}

/// A rule id that the group does not have.
pub fn no_rule(id: &str) -> ApiError {
    client(
        "InvalidSecurityGroupRuleId.NotFound",
        format!("The security group rule ID '{id}' does not exist"),
    )
}

/// A rule that the group has already.
pub fn duplicate(rule: &Rule) -> ApiError {
    client(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{}\" already exists", spoken(rule)),
    )
}

/// Writes a group whose rules changed, and which other groups they name.
pub async fn commit(records: &Records, group: &Versioned<Group>, before: &[String]) -> Result<()> {
    let mut txn = Txn::new();
    let after = group.record.referenced();
    for id in &after {
        if !before.iter().any(|known| known == id) {
            records.require::<Group>(&mut txn, id);
            records.stage_link(&mut txn, id, &group.record.id)?;
        }
    }
    for id in before {
        if !after.contains(&id.as_str()) {
            records.stage_unlink(&mut txn, id, &group.record.id);
        }
    }
    records.stage_change(&mut txn, group)?;
    records.commit_rules(txn).await
}

/// A rule in the words of EC2's messages.
fn spoken(rule: &Rule) -> String {
    let protocol = match rule.protocol.as_str() {
        "-1" => "ALL".to_owned(),
        other => other.to_ascii_uppercase(),
    };
    let ports = match (rule.from_port, rule.to_port) {
        (Some(from), Some(to)) if rule.protocol.starts_with("icmp") => format!(", type: {from}, code: {to}"),
        (Some(from), Some(to)) => format!(", from port: {from}, to port: {to}"),
        _ => String::new(),
    };
    format!("peer: {}, {protocol}{ports}, ALLOW", rule.source.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: &str, from: Option<i32>, to: Option<i32>) -> Result<(String, Option<i32>, Option<i32>), String> {
        let permission = IpPermission {
            ip_protocol: Some(protocol.to_owned()),
            from_port: from,
            to_port: to,
            ..IpPermission::default()
        };
        ports(&permission).map_err(|error| error.message)
    }

    #[test]
    fn protocols_and_ports_take_one_form() {
        let rule = |p: &str, from, to| Ok((p.to_owned(), from, to));
        assert_eq!(check("6", Some(80), Some(81)), rule("tcp", Some(80), Some(81)));
        assert_eq!(check("TCP", Some(-1), Some(-1)), rule("tcp", Some(0), Some(65535)));
        assert_eq!(check("-1", Some(0), Some(0)), rule("-1", None, None));
        assert_eq!(check("1", None, None), rule("icmp", Some(-1), Some(-1)));
        assert_eq!(check("50", Some(1), Some(2)), rule("50", None, None));
        assert_eq!(
            check("tcp", Some(81), Some(80)).unwrap_err(),
            "Invalid TCP/UDP port range (81:80)"
        );
        assert_eq!(
            check("x", None, None).unwrap_err(),
            "Invalid value 'x' for IP protocol. Unknown protocol."
        );
        assert!(check("tcp", None, None).is_err());
        assert!(check("udp", Some(0), Some(65536)).is_err());
    }
}
