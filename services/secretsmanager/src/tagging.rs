//! The tags of secrets.

use api_secretsmanager::Tag;
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_kernel::Result;

use crate::error::invalid;

/// Reads the tags of a request.
pub fn from_api(tags: &[Tag]) -> Tags {
    let tag = |tag: &Tag| {
        (
            tag.key.clone().unwrap_or_default(),
            tag.value.clone().unwrap_or_default(),
        )
    };
    tags.iter().map(tag).collect()
}

/// Writes tags as replies carry them.
pub fn to_api(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&str, &str)| Tag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    };
    tags.iter().map(tag).collect()
}

/// Refuses keys that only AWS may use.
pub fn check<'a>(mut keys: impl Iterator<Item = &'a str>) -> Result<()> {
    if keys.any(|key| key.is_empty() || is_reserved(key)) {
        return Err(invalid("Tag keys must not be empty and must not start with aws:."));
    }
    Ok(())
}

/// Adds tags. Errors: `InvalidParameterException` for too many.
pub fn add(to: &mut Tags, added: &Tags) -> Result<()> {
    to.merge(added);
    if to.counted() > MAX_TAGS {
        return Err(invalid(format!("A secret can have at most {MAX_TAGS} tags.")));
    }
    Ok(())
}
