//! Tags as EC2 takes and shows them.

use api_ec2::{ResourceType, Tag, TagSpecification};
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_KEY, MAX_TAGS, MAX_VALUE, is_reserved};
use roadstead_kernel::{ApiError, Cx};

use crate::error::{client, invalid};

/// The tags of a create call for the resource it makes, as given: for the permissions it needs.
pub fn wanted(specifications: Option<&[TagSpecification]>, kind: &str) -> Tags {
    specifications
        .unwrap_or_default()
        .iter()
        .filter(|s| s.resource_type.as_ref().is_some_and(|t| t.as_str() == kind))
        .flat_map(|s| s.tags.iter().flatten())
        .map(|tag| {
            (
                tag.key.clone().unwrap_or_default(),
                tag.value.clone().unwrap_or_default(),
            )
        })
        .collect()
}

/// The tags of a create call, checked; refuses tags for other kinds of resources than the call makes.
pub fn of_create(cx: &Cx, specifications: Option<&[TagSpecification]>, kind: &str) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for specification in specifications.unwrap_or_default() {
        match specification.resource_type.as_ref().map(ResourceType::as_str) {
            Some(given) if given == kind => {}
            Some(other) => {
                return Err(invalid(format!(
                    "'{other}' is not a valid taggable resource type for this operation."
                )));
            }
            None => return Err(invalid("Tag specification resource type must have a value")),
        }
        add(cx, &mut tags, specification.tags.as_deref().unwrap_or_default())?;
    }
    Ok(tags)
}

/// Sets tags after checking them.
pub fn add(cx: &Cx, tags: &mut Tags, given: &[Tag]) -> Result<(), ApiError> {
    for tag in given {
        let (key, value) = (
            tag.key.as_deref().unwrap_or_default(),
            tag.value.as_deref().unwrap_or_default(),
        );
        check_key(cx, key)?;
        if value.chars().count() > MAX_VALUE {
            return Err(invalid(format!(
                "Tag value exceeds the maximum length of {MAX_VALUE} characters"
            )));
        }
        tags.set(key, value);
    }
    if tags.counted() > MAX_TAGS {
        return Err(client(
            "TagLimitExceeded",
            "The maximum number of Tags for a resource has been reached.",
        ));
    }
    Ok(())
}

/// Removes tags: those with the key, and the value where one is given; all of the user's without any.
pub fn remove(cx: &Cx, tags: &mut Tags, given: Option<&[Tag]>) -> Result<(), ApiError> {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let own: Vec<String> = tags
            .iter()
            .map(|(k, _)| k.to_owned())
            .filter(|k| !is_reserved(k))
            .collect();
        for key in &own {
            tags.remove(key);
        }
        return Ok(());
    };
    for tag in given {
        let key = tag.key.as_deref().unwrap_or_default();
        check_key(cx, key)?;
        if tag.value.is_none() || tag.value.as_deref() == tags.get(key) {
            tags.remove(key);
        }
    }
    Ok(())
}

fn check_key(cx: &Cx, key: &str) -> Result<(), ApiError> {
    if key.is_empty() {
        return Err(invalid("Tag key cannot be null or empty"));
    }
    // AWS: a service may mark what it makes (`aws:ecs:clusterName`); a user may not.
    if is_reserved(key) && cx.caller().linked_service().is_none() {
        return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
    }
    if key.chars().count() > MAX_KEY {
        return Err(invalid(format!(
            "Tag key exceeds the maximum length of {MAX_KEY} characters"
        )));
    }
    Ok(())
}

/// The tags as replies show them; an empty list is shown too.
pub fn to_api(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: Some(key.to_owned()),
            value: Some(value.to_owned()),
        })
        .collect()
}
