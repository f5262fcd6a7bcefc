//! ECS's tags: lists of `{key, value}`.

use api_ecs::Tag;
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_KEY, MAX_TAGS, MAX_VALUE, is_reserved};
use roadstead_kernel::Result;

use crate::error::invalid;

/// Reads the tags of a request; of several with one key the last one counts.
pub fn tags_from_api(tags: Option<&[Tag]>) -> Tags {
    tags.unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
        .collect()
}

/// Writes tags as ECS answers them.
pub fn tags_to_api(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: Some(key.to_owned()),
            value: Some(value.to_owned()),
        })
        .collect()
}

/// Writes tags that were just made, in the order of the request.
// AWS: recorded.
pub fn tags_as_given(tags: &Tags, given: &[Tag]) -> Vec<Tag> {
    let at = |tag: &Tag| given.iter().position(|one| one.key == tag.key).unwrap_or(given.len());
    let mut shown = tags_to_api(tags);
    shown.sort_by_key(at);
    shown
}

/// The tags that a caller wants to set. Errors: `InvalidParameterException`.
pub fn checked_tags(given: Option<&[Tag]>) -> Result<Tags> {
    let given = given.unwrap_or_default();
    if given.iter().any(|tag| tag.key.is_none()) {
        return Err(invalid("Tag key can not be null."));
    }
    if given.iter().any(|tag| tag.value.is_none()) {
        // AWS: recorded for TagResource.
        return Err(invalid("Tag value can not be null."));
    }
    let tags = tags_from_api(Some(given));
    if tags.iter().count() < given.len() {
        // AWS: reported (terraform-provider-aws#32259).
        return Err(invalid("Multiple tags contain the same key."));
    }
    check(&tags)?;
    Ok(tags)
}

fn check(tags: &Tags) -> Result<()> {
    if tags.counted() > MAX_TAGS {
        return Err(invalid(format!("The number of tags exceeds the limit of {MAX_TAGS}.")));
    }
    for (key, value) in tags.iter() {
        if is_reserved(key) {
            return Err(invalid("Tag keys beginning with aws: are reserved for system use."));
        }
        let (key_len, value_len) = (key.chars().count(), value.chars().count());
        if key_len == 0
            || key_len > MAX_KEY
            || value_len > MAX_VALUE
            || !key.chars().chain(value.chars()).all(is_tag_char)
        {
            return Err(invalid("Some tags contain invalid characters or exceed their length."));
        }
    }
    Ok(())
}

// AWS: `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`.
fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() && !c.is_control() || "_.:/=+-@".contains(c)
}
