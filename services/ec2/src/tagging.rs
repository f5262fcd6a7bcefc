//! Tags on whatever has an id: which kind an id is of, and changing its tags.

use roadstead_core::Tags;
use roadstead_kernel::{Cx, Needs, Result};

use crate::error::{client, no_instance};
use crate::groups::no_rule;
use crate::records::{
    Acl, ElasticIp, Group, Interface, InternetGateway, LaunchTemplate, NatGateway, Records, Resource, RouteTable,
    Subnet, Vpc, well_formed,
};

/// Security-group rules are kept in their group.
const RULE: &str = "sgr";
const RULE_KIND: &str = "security-group-rule";

/// Does the same with the type of whichever kind the id is of.
macro_rules! for_kind {
    ($id:expr, $kind:ident => $known:expr, else $other:expr) => {
        match $id.split_once('-').map_or("", |(prefix, _)| prefix) {
            Vpc::PREFIX => {
                type $kind = Vpc;
                $known
            }
            Subnet::PREFIX => {
                type $kind = Subnet;
                $known
            }
            Group::PREFIX => {
                type $kind = Group;
                $known
            }
            Interface::PREFIX => {
                type $kind = Interface;
                $known
            }
            RouteTable::PREFIX => {
                type $kind = RouteTable;
                $known
            }
            InternetGateway::PREFIX => {
                type $kind = InternetGateway;
                $known
            }
            Acl::PREFIX => {
                type $kind = Acl;
                $known
            }
            ElasticIp::PREFIX => {
                type $kind = ElasticIp;
                $known
            }
            LaunchTemplate::PREFIX => {
                type $kind = LaunchTemplate;
                $known
            }
            NatGateway::PREFIX => {
                type $kind = NatGateway;
                $known
            }
            _ => $other,
        }
    };
}

/// What changing the tags of the resources needs: the action on each, with its own tags.
pub async fn needs(records: &Records, ids: &[String]) -> Result<Vec<Needs>> {
    let mut asks = Vec::with_capacity(ids.len());
    for id in ids {
        asks.push(for_kind!(id, Kind => records.needs_on::<Kind>(id).await?, else needs_of_other(records, id).await?));
    }
    Ok(asks)
}

async fn needs_of_other(records: &Records, id: &str) -> Result<Needs> {
    if !well_formed(RULE, id) {
        return Ok(Needs::any().key("ec2:Region", records.place().region.as_str()));
    }
    let needs = Needs::on(records.place().arn("ec2", format_args!("{RULE_KIND}/{id}")))
        .key("ec2:Region", records.place().region.as_str());
    let groups = records.all::<Group>().await?;
    let rule = groups.iter().flat_map(|group| &group.rules).find(|rule| rule.id == id);
    Ok(match rule {
        Some(rule) => needs.resource_tags("ec2", &rule.tags),
        None => needs,
    })
}

/// Fails unless every resource exists.
pub async fn require_all(records: &Records, ids: &[String]) -> Result<()> {
    for id in ids {
        for_kind!(id, Kind => { records.get::<Kind>(id).await?; }, else require_other(records, id).await?);
    }
    Ok(())
}

async fn require_other(records: &Records, id: &str) -> Result<()> {
    if well_formed("i", id) {
        return Err(no_instance(id).into());
    }
    if !well_formed(RULE, id) {
        return Err(client("InvalidID", format!("The ID '{id}' is not valid")).into());
    }
    let groups = records.all::<Group>().await?;
    let known = groups.iter().flat_map(|group| &group.rules).any(|rule| rule.id == id);
    if known { Ok(()) } else { Err(no_rule(id).into()) }
}

/// Changes the tags of one resource.
pub async fn change(
    cx: &Cx,
    records: &Records,
    id: &str,
    by: &(dyn Fn(&Cx, &mut Tags) -> Result<()> + Sync),
) -> Result<()> {
    for_kind!(id, Kind => {
        records.update::<Kind>(id, |record| by(cx, record.tags_mut())).await
    }, else change_rule(cx, records, id, by).await)
}

async fn change_rule(
    cx: &Cx,
    records: &Records,
    id: &str,
    by: &(dyn Fn(&Cx, &mut Tags) -> Result<()> + Sync),
) -> Result<()> {
    let groups = records.all::<Group>().await?;
    let owner = groups.iter().find(|group| group.rules.iter().any(|rule| rule.id == id));
    let owner = owner.ok_or_else(|| no_rule(id))?;
    records
        .update::<Group>(&owner.id, |group| {
            match group.rules.iter_mut().find(|rule| rule.id == id) {
                Some(rule) => by(cx, &mut rule.tags),
                None => Err(no_rule(id).into()),
            }
        })
        .await
}

/// The tags of one resource.
pub struct TagsOf {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its tags.
    pub tags: Tags,
}

/// The tags of everything.
pub async fn all(records: &Records) -> Result<Vec<TagsOf>> {
    let mut found = Vec::new();
    gather::<Vpc>(records, &mut found).await?;
    gather::<Subnet>(records, &mut found).await?;
    gather::<Interface>(records, &mut found).await?;
    gather::<RouteTable>(records, &mut found).await?;
    gather::<InternetGateway>(records, &mut found).await?;
    gather::<Acl>(records, &mut found).await?;
    gather::<ElasticIp>(records, &mut found).await?;
    gather::<NatGateway>(records, &mut found).await?;
    gather::<LaunchTemplate>(records, &mut found).await?;
    for group in records.all::<Group>().await? {
        let rules = group.rules.iter().map(|rule| TagsOf {
            id: rule.id.clone(),
            kind: RULE_KIND,
            tags: rule.tags.clone(),
        });
        found.extend(rules);
        found.push(TagsOf {
            id: group.id,
            kind: Group::KIND,
            tags: group.tags,
        });
    }
    Ok(found)
}

async fn gather<R: Resource>(records: &Records, found: &mut Vec<TagsOf>) -> Result<()> {
    let of = |record: R| TagsOf {
        id: record.id().to_owned(),
        kind: R::KIND,
        tags: record.tags().clone(),
    };
    found.extend(records.all::<R>().await?.into_iter().map(of));
    Ok(())
}
