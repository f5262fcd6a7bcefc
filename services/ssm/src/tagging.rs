//! The tags of parameters.

use api_ssm::{ResourceTypeForTagging, Tag, errors};
use roadstead_core::Tags;
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_kernel::{Cx, Fault, Needs, Result};

use crate::Ssm;
use crate::error::invalid;
use crate::name::Named;
use crate::records::Parameter;

/// Reads the tags of a request.
pub fn from_api(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect()
}

/// Writes tags as replies carry them.
pub fn to_api(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&str, &str)| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    tags.iter().map(tag).collect()
}

/// Refuses keys that only AWS may use; the model checks lengths and characters.
pub fn check<'a>(mut keys: impl Iterator<Item = &'a str>) -> Result<()> {
    if keys.any(is_reserved) {
        return Err(invalid("Tag keys must not start with aws: it is reserved for AWS use."));
    }
    Ok(())
}

/// Adds tags to a parameter. Errors: `TooManyTagsError`.
pub fn add(to: &mut Parameter, added: &Tags) -> Result<()> {
    to.tags.merge(added);
    if to.tags.counted() > MAX_TAGS {
        return Err(errors::TOO_MANY_TAGS_ERROR.with("").into());
    }
    Ok(())
}

/// The parameter that a call about tags names; only parameters carry tags here.
pub fn resource(kind: &ResourceTypeForTagging, id: &str) -> Result<Named> {
    match kind {
        ResourceTypeForTagging::Parameter => Ok(Named::parse(id)),
        _ => Err(errors::INVALID_RESOURCE_TYPE.with("").into()),
    }
}

impl Ssm {
    /// What a call about tags needs: the resource that it names, of whatever type.
    pub(crate) async fn needs_for_tags(&self, cx: &Cx, kind: &ResourceTypeForTagging, id: &str) -> Result<Needs> {
        match kind {
            ResourceTypeForTagging::Parameter => self.needs_on(cx, &Named::parse(id)).await,
            other => {
                let resource = format!("{}/{id}", other.as_str().to_ascii_lowercase());
                Ok(Needs::on(cx.place().arn("ssm", resource)))
            }
        }
    }
}

/// What a caller about tags is told where there is no such parameter.
pub fn no_resource(fault: Fault) -> Fault {
    let absent = fault
        .api()
        .is_some_and(|error| error.name() == errors::PARAMETER_NOT_FOUND.shape.name);
    if absent {
        errors::INVALID_RESOURCE_ID.with("").into()
    } else {
        fault
    }
}

/// The tags of a parameter as conditions, for the last ask.
pub fn resource_tags(needs: Needs, tags: &Tags) -> Needs {
    tags.iter().fold(needs, |needs, (key, value)| {
        needs
            .key(format!("aws:ResourceTag/{key}"), value)
            .key(format!("ssm:resourceTag/{key}"), value)
    })
}
