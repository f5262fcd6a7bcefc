//! The tags of log groups, which the newer operations name by ARN and the older ones by name.

use std::collections::BTreeMap;

use roadstead_core::Tags;
use roadstead_core::tags::{MAX_TAGS, is_reserved};
use roadstead_kernel::{Cx, Needs, Result};

use crate::error::{invalid, too_many_tags};
use crate::records::Group;
use crate::{Logs, arn};

/// Reads the tags of a request.
pub fn from_api(tags: Option<&BTreeMap<String, String>>) -> Tags {
    tags.into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}

/// Writes tags as replies carry them.
pub fn to_api(tags: &Tags) -> BTreeMap<String, String> {
    tags.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Refuses keys that only AWS may use; the model checks lengths and characters.
pub fn check<'a>(mut keys: impl Iterator<Item = &'a str>) -> Result<()> {
    if keys.any(is_reserved) {
        return Err(invalid("Tag keys beginning with aws: are reserved for system use."));
    }
    Ok(())
}

impl Logs {
    /// What tagging a group needs: the group by its own ARN, and its tags.
    pub(crate) async fn needs_for_tags(&self, cx: &Cx, name: &str) -> Result<Needs> {
        self.needs_on(cx, name, arn::group(cx.place(), name)).await
    }

    /// Adds tags to a group.
    pub(crate) async fn tag(&self, cx: &Cx, name: &str, added: &Tags) -> Result<()> {
        check(added.iter().map(|(key, _)| key))?;
        let resource = arn::group(cx.place(), name);
        let change = |group: &mut Group| {
            group.tags.merge(added);
            if group.tags.counted() > MAX_TAGS {
                Err(too_many_tags(&resource))
            } else {
                Ok(())
            }
        };
        self.change_group(cx, name, change).await
    }

    /// Removes tags from a group.
    pub(crate) async fn untag(&self, cx: &Cx, name: &str, keys: &[String]) -> Result<()> {
        check(keys.iter().map(String::as_str))?;
        let change = |group: &mut Group| {
            for key in keys {
                group.tags.remove(key);
            }
            Ok(())
        };
        self.change_group(cx, name, change).await
    }
}
