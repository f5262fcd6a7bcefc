//! Tags as IAM treats them: keys keep their letter case but differ only by other letters.

use api_iam::Tag;
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_kernel::{Cx, Result};

use crate::pages::Page;
use crate::records::Entity;
use crate::{Iam, pages, problems};

/// The tags of a request, refused where two keys are the same.
pub fn from_api(tags: Option<&[Tag]>) -> Result<Tags> {
    let mut made = Tags::new();
    for tag in tags.unwrap_or_default() {
        if is_reserved(&tag.key) {
            return Err(problems::invalid_input(
                "Tag keys that begin with aws: are reserved for the use of AWS and cannot be added, changed or removed.",
            ));
        }
        if made.iter().any(|(key, _)| same(key, &tag.key)) {
            return Err(problems::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        made.set(tag.key.clone(), tag.value.clone());
    }
    Ok(made)
}

/// The tags for the condition keys of a request; what is wrong with them is told later.
pub fn requested(tags: Option<&[Tag]>) -> Tags {
    tags.unwrap_or_default()
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}

/// Tags in Amazon's type.
pub fn to_api(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}

/// The same, absent when there are none.
pub fn to_api_if_any(tags: &Tags) -> Option<Vec<Tag>> {
    Some(to_api(tags)).filter(|tags| !tags.is_empty())
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Adds tags, the new ones taking the place of those with the same key.
pub fn merge(into: &mut Tags, new: &Tags) -> Result<()> {
    for (key, value) in new.iter() {
        let old: Vec<String> = into
            .iter()
            .map(|(old, _)| old)
            .filter(|old| same(old, key))
            .map(ToOwned::to_owned)
            .collect();
        for old in &old {
            into.remove(old);
        }
        into.set(key, value);
    }
    if into.counted() > MAX_TAGS {
        return Err(problems::limit("The number of tags has reached the maximum limit."));
    }
    Ok(())
}

/// Removes tags by key.
pub fn remove(from: &mut Tags, keys: &[String]) {
    let gone: Vec<String> = from
        .iter()
        .map(|(key, _)| key)
        .filter(|key| keys.iter().any(|wanted| same(wanted, key)))
        .map(ToOwned::to_owned)
        .collect();
    for key in &gone {
        from.remove(key);
    }
}

impl Iam {
    /// Adds tags to an entity.
    pub async fn tag<E: Entity + PartialEq>(&self, cx: &Cx, name: &str, tags: &[Tag]) -> Result<()> {
        let tags = from_api(Some(tags))?;
        self.change::<E>(cx, name, |entity, _| merge(&mut entity.common_mut().tags, &tags))
            .await?;
        Ok(())
    }

    /// Removes tags from an entity.
    pub async fn untag<E: Entity + PartialEq>(&self, cx: &Cx, name: &str, keys: &[String]) -> Result<()> {
        self.change::<E>(cx, name, |entity, _| {
            remove(&mut entity.common_mut().tags, keys);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// A page of an entity's tags.
    pub async fn tags_page<E: Entity>(
        &self,
        cx: &Cx,
        name: &str,
        marker: Option<&str>,
        max: Option<i32>,
    ) -> Result<Page<Tag>> {
        let found = self.get::<E>(cx, name).await?;
        pages::cut(
            &format!("{}Tags", E::KIND.word()),
            to_api(&found.record.common().tags),
            |tag| &tag.key,
            marker,
            max,
        )
    }

    /// What tagging an entity needs.
    pub async fn needs_to_tag<E: Entity>(&self, cx: &Cx, name: &str, tags: &[Tag]) -> Result<roadstead_kernel::Needs> {
        Ok(self.needs_on::<E>(cx, name).await?.request_tags(&requested(Some(tags))))
    }

    /// What untagging an entity needs.
    pub async fn needs_to_untag<E: Entity>(
        &self,
        cx: &Cx,
        name: &str,
        keys: &[String],
    ) -> Result<roadstead_kernel::Needs> {
        Ok(self.needs_on::<E>(cx, name).await?.tag_keys(keys.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag {
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn keys_that_differ_in_letter_case_are_the_same_key() {
        assert!(from_api(Some(&[tag("Team", "a"), tag("team", "b")])).is_err());
        let mut tags = from_api(Some(&[tag("Team", "a"), tag("x", "")])).unwrap();
        merge(&mut tags, &from_api(Some(&[tag("TEAM", "b")])).unwrap()).unwrap();
        assert_eq!(to_api(&tags), [tag("TEAM", "b"), tag("x", "")]);
        remove(&mut tags, &["team".to_owned()]);
        assert_eq!(to_api(&tags), [tag("x", "")]);
    }

    #[test]
    fn fifty_tags_are_the_most() {
        let mut tags: Tags = (0..50).map(|at| (at.to_string(), "")).collect();
        assert!(merge(&mut tags, &Tags::from_iter([("0", "new")])).is_ok());
        assert!(merge(&mut tags, &Tags::from_iter([("50", "")])).is_err());
    }
}
