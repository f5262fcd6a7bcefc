//! Changes of rules that stay: what they let pass, and what they say they are for.

use api_ec2::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRuleDescription, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use roadstead_kernel::{ApiError, Result};
use roadstead_store::Versioned;

use crate::error::{client, combination, invalid, missing};
use crate::groups::{Given, check_description, commit, duplicate, no_rule, read};
use crate::records::{Direction, Group, Records};

/// Changes rules of a group, each found by its id, which it keeps.
pub async fn modify(records: &Records, group: Versioned<Group>, updates: &[SecurityGroupRuleUpdate]) -> Result<()> {
    let mut group = group;
    let before: Vec<String> = group.record.referenced().into_iter().map(str::to_owned).collect();
    for update in updates {
        let id = &update.security_group_rule_id;
        let wanted = update
            .security_group_rule
            .as_ref()
            .ok_or_else(|| missing("SecurityGroupRule"))?;
        let at = group
            .record
            .rules
            .iter()
            .position(|rule| rule.id == *id)
            .ok_or_else(|| no_rule(id))?;
        let Some(known) = group.record.rules.get(at).cloned() else {
            return Err(no_rule(id).into());
        };
        let given = Given {
            permissions: Some(vec![permission(wanted)?]),
            ..Given::default()
        };
        let mut read = read(records, &group.record, known.direction, given).await?;
        let Some(mut rule) = read.pop() else {
            return Err(missing("SecurityGroupRule").into());
        };
        let others = group.record.rules.iter().filter(|other| other.id != *id);
        if others.into_iter().any(|other| other.is_same(&rule)) {
            return Err(duplicate(&rule).into());
        }
        rule.id = known.id;
        rule.tags = known.tags;
        if let Some(place) = group.record.rules.get_mut(at) {
            *place = rule;
        }
    }
    commit(records, &group, &before).await
}

/// A rule in the form of the other requests; it has exactly one peer.
fn permission(wanted: &SecurityGroupRuleRequest) -> Result<IpPermission, ApiError> {
    let description = wanted.description.clone();
    let mut permission = IpPermission {
        ip_protocol: wanted.ip_protocol.clone(),
        from_port: wanted.from_port,
        to_port: wanted.to_port,
        ..IpPermission::default()
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut peers = 0;
    if let Some(cidr) = given(&wanted.cidr_ipv4) {
        peers += 1;
        permission.ip_ranges = Some(vec![IpRange {
            cidr_ip: Some(cidr),
            description: description.clone(),
        }]);
    }
    if let Some(cidr) = given(&wanted.cidr_ipv6) {
        peers += 1;
        permission.ipv6_ranges = Some(vec![Ipv6Range {
            cidr_ipv6: Some(cidr),
            description: description.clone(),
        }]);
    }
    if let Some(list) = given(&wanted.prefix_list_id) {
        peers += 1;
        permission.prefix_list_ids = Some(vec![PrefixListId {
            prefix_list_id: Some(list),
            description: description.clone(),
        }]);
    }
    if let Some(group) = given(&wanted.referenced_group_id) {
        peers += 1;
        permission.user_id_group_pairs = Some(vec![UserIdGroupPair {
            group_id: Some(group),
            description,
            ..UserIdGroupPair::default()
        }]);
    }
    match peers {
        0 => Err(missing("CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupId")),
        1 => Ok(permission),
        _ => Err(combination(
            "Only one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId may be specified.",
        )),
    }
}

/// Changes what rules of a group say they are for; they are named by their ids, or by what they let pass.
pub async fn describe(
    records: &Records,
    group: Versioned<Group>,
    direction: Direction,
    permissions: Option<Vec<IpPermission>>,
    descriptions: Option<&[SecurityGroupRuleDescription]>,
) -> Result<()> {
    let mut group = group;
    let permissions = permissions.filter(|given| !given.is_empty());
    let descriptions = descriptions.filter(|given| !given.is_empty());
    match (permissions, descriptions) {
        (Some(_), Some(_)) => {
            return Err(
                combination("Only one of ipPermissions and securityGroupRuleDescriptions may be specified.").into(),
            );
        }
        (None, None) => return Err(missing("ipPermissions or securityGroupRuleDescriptions").into()),
        (Some(permissions), None) => {
            let given = Given {
                permissions: Some(permissions),
                ..Given::default()
            };
            for wanted in read(records, &group.record, direction, given).await? {
                let mut all = group.record.rules.iter_mut();
                let rule = all.find(|rule| rule.is_same(&wanted)).ok_or_else(no_such_rule)?;
                rule.description = wanted.description;
            }
        }
        (None, Some(descriptions)) => {
            for wanted in descriptions {
                let id = wanted.security_group_rule_id.as_deref().unwrap_or_default();
                if id.is_empty() {
                    return Err(invalid("securityGroupRuleId must be specified").into());
                }
                let mut all = group.record.rules.iter_mut();
                let rule = all.find(|rule| rule.id == id && rule.direction == direction);
                rule.ok_or_else(|| no_rule(id))?.description = check_description(wanted.description.clone())?;
            }
        }
    }
    let named: Vec<String> = group.record.referenced().into_iter().map(str::to_owned).collect();
    commit(records, &group, &named).await
}

fn no_such_rule() -> ApiError {
    client(
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    )
}
