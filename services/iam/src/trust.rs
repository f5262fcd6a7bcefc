//! Whom a role trusts: by unique id, so that a user or role made anew under an old name is not the old one.
//!
//! AWS: a principal of the account must exist when it is written into a trust policy. Renamed, it is shown and trusted
//! under its new ARN; deleted, its unique id is shown and nobody is trusted any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use roadstead_core::{AccountId, Arn};
use roadstead_kernel::{Cx, Result};
use roadstead_policy::{Document, List, PrincipalElement, PrincipalType, Text};
use roadstead_store::{Store, Table};

use crate::entities::scope;
use crate::records::{Common, Entity, Kind, Named, Role, User};
use crate::{Iam, documents, problems};

/// The AWS principals of a trust policy, where they stand.
fn principals(document: &Document) -> impl Iterator<Item = &Text> {
    let elements = document
        .statements()
        .iter()
        .filter_map(|statement| statement.principal());
    let lists = elements.flat_map(|element| match &element.value {
        PrincipalElement::Named(lists) => lists.as_slice(),
        PrincipalElement::Anyone => &[],
    });
    let aws = lists.filter(|(kind, _)| *kind == PrincipalType::Aws);
    aws.flat_map(|(_, List { items, .. })| items)
}

impl Iam {
    /// The unique ids of the principals of this account that a trust policy names, by what it calls them.
    ///
    /// Errors: `MalformedPolicyDocument` for those that do not exist.
    pub async fn trusted(&self, cx: &Cx, document: &Document) -> Result<BTreeMap<String, String>> {
        let mut trusted = BTreeMap::new();
        for Text { value, .. } in principals(document) {
            let refused = || problems::malformed(format!("Invalid principal in policy: \"AWS\":\"{value}\""));
            if let Some(arn) = Arn::parse(value) {
                if arn.service != "iam" || arn.account != cx.account().as_str() || arn.resource == "root" {
                    continue;
                }
                let name = arn.resource.rsplit('/').next().unwrap_or_default();
                let found = match arn.typed_resource() {
                    Some(("user", _)) => self
                        .find::<User>(cx.account(), name)
                        .await?
                        .map(|found| found.record.common),
                    Some(("role", _)) => self
                        .find::<Role>(cx.account(), name)
                        .await?
                        .map(|found| found.record.common),
                    _ => None,
                };
                let found = found.filter(|common| common.arn == *value).ok_or_else(refused)?;
                trusted.insert(value.clone(), found.id);
            } else if value != "*" && AccountId::parse(value).is_none() {
                arn_of(&self.store, cx.account(), value).await?.ok_or_else(refused)?;
                trusted.insert(value.clone(), value.clone());
            }
        }
        Ok(trusted)
    }

    /// Brings a role's trust policy up to date with what became of those it names.
    pub async fn refresh(&self, account: AccountId, role: &mut Role) -> Result<()> {
        if let Some(text) = current(&self.store, account, role).await? {
            role.trust = text;
        }
        Ok(())
    }
}

/// The trust policy of a role with principals under their present names; `None` when it is as it was written.
pub async fn current(store: &Arc<dyn Store>, account: AccountId, role: &Role) -> Result<Option<String>> {
    let mut changed = BTreeMap::new();
    for (name, id) in &role.trusted {
        let now = arn_of(store, account, id).await?.unwrap_or_else(|| id.clone());
        if now != *name {
            changed.insert(name.as_str(), now);
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    renamed(&role.trust, &changed).map(Some)
}

fn renamed(text: &str, names: &BTreeMap<&str, String>) -> Result<String> {
    let document = documents::parse_stored(text)?;
    let mut edits: Vec<(&Text, &String)> = principals(&document)
        .filter_map(|text| Some((text, names.get(text.value.as_str())?)))
        .collect();
    edits.sort_by_key(|(text, _)| std::cmp::Reverse(text.span.start));
    let mut out = text.to_owned();
    for (old, new) in edits {
        out.replace_range(old.span.start..old.span.end, &format!("\"{new}\""));
    }
    Ok(out)
}

/// The present ARN of the user or role of a unique id.
async fn arn_of(store: &Arc<dyn Store>, account: AccountId, id: &str) -> Result<Option<String>> {
    let named = Table::<Named>::new(Arc::clone(store))
        .get(scope(&account), &[id])
        .await?;
    let Some(named) = named else { return Ok(None) };
    let common = match named.record.kind {
        Kind::User => common::<User>(store, account, &named.record.name).await?,
        Kind::Role => common::<Role>(store, account, &named.record.name).await?,
        Kind::Group | Kind::InstanceProfile | Kind::Policy => None,
    };
    Ok(common.filter(|common| common.id == id).map(|common| common.arn))
}

async fn common<E: Entity>(store: &Arc<dyn Store>, account: AccountId, name: &str) -> Result<Option<Common>> {
    let found = Table::<E>::new(Arc::clone(store)).get(scope(&account), &[name]).await?;
    Ok(found.map(|found| found.record.common().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_principals_are_renamed_not_conditions() {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:a","arn:b","arn:a"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:a"}}}]}"#;
        let names = BTreeMap::from([("arn:a", "AIDAX".to_owned())]);
        assert_eq!(
            renamed(text, &names).unwrap(),
            text.replace(r#"["arn:a","arn:b","arn:a"]"#, r#"["AIDAX","arn:b","AIDAX"]"#)
        );
    }
}
