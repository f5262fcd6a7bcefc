//! Tags of trails: found by ARN, in the trail's own region.

use api_cloudtrail::{Tag, errors};
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_kernel::{Cx, Needs, Result};

use crate::CloudTrail;
use crate::trails::locate;

/// Amazon's list as tags.
pub fn from_api(tags: Option<&[Tag]>) -> Tags {
    tags.unwrap_or_default()
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default()))
        .collect()
}

/// Tags as Amazon's list.
pub fn to_api(tags: &Tags) -> Vec<Tag> {
    let each = tags.iter().map(|(key, value)| Tag {
        key: key.to_owned(),
        value: Some(value.to_owned()),
    });
    each.collect()
}

/// Refuses more tags than a trail can have.
pub fn check_count(tags: &Tags) -> Result<()> {
    if tags.counted() > MAX_TAGS {
        let message = format!("A trail can have at most {MAX_TAGS} tags.");
        return Err(errors::TAGS_LIMIT_EXCEEDED_EXCEPTION.with(message).into());
    }
    Ok(())
}

/// Refuses keys that only AWS may set, and lists that have a key twice.
pub fn check_keys(tags: &[Tag]) -> Result<()> {
    let refused = |text: String| Err(errors::INVALID_TAG_PARAMETER_EXCEPTION.with(text).into());
    if let Some(tag) = tags.iter().find(|tag| is_reserved(&tag.key)) {
        return refused(format!("The tag key {} has a prefix that is reserved.", tag.key));
    }
    let keys: std::collections::BTreeSet<_> = tags.iter().map(|tag| &tag.key).collect();
    if keys.len() < tags.len() {
        return refused("A tag key is given more than once.".to_owned());
    }
    Ok(())
}

impl CloudTrail {
    /// What an operation on a resource's tags needs; what is no ARN is refused after who may not ask.
    pub async fn needs_on_tagged(&self, cx: &Cx, id: &str) -> Result<Needs> {
        if check_id(id).is_err() {
            return Ok(Needs::on(id));
        }
        self.needs_on(cx, id).await
    }

    /// The tags of a resource of the call's region.
    pub async fn tags_of(&self, cx: &Cx, id: &str) -> Result<Tags> {
        check_id(id)?;
        let (place, _) = locate(cx, id)?;
        let found = if place.region == cx.region() {
            self.find(cx, id).await?
        } else {
            None
        };
        Ok(found.ok_or_else(|| missing(id))?.record.tags)
    }

    /// Changes the tags of a resource of the call's region.
    pub async fn change_tags(&self, cx: &Cx, id: &str, change: impl Fn(&mut Tags) -> Result<()>) -> Result<()> {
        self.tags_of(cx, id).await?;
        self.change(cx, id, |trail| change(&mut trail.tags)).await?;
        Ok(())
    }
}

/// Refuses ids that are not ARNs of trails.
fn check_id(id: &str) -> Result<()> {
    let arn = roadstead_core::Arn::parse(id).filter(|arn| arn.service == "cloudtrail" && arn.place().is_some());
    match arn {
        None => Err(errors::CLOUD_TRAIL_ARN_INVALID_EXCEPTION
            .with(format!("`{id}` is not the ARN of a trail"))
            .into()),
        Some(arn) if arn.resource.starts_with("trail/") => Ok(()),
        Some(arn) if arn.resource.starts_with("eventdatastore/") => Err(errors::EVENT_DATA_STORE_NOT_FOUND_EXCEPTION
            .with(format!("There is no event data store {id}."))
            .into()),
        Some(_) => Err(errors::RESOURCE_TYPE_NOT_SUPPORTED_EXCEPTION
            .with(format!("The resource {id} is not of a type that has tags."))
            .into()),
    }
}

fn missing(id: &str) -> roadstead_kernel::Fault {
    errors::RESOURCE_NOT_FOUND_EXCEPTION
        .with(format!("The resource {id} was not found."))
        .into()
}
