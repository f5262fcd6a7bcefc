//! Finding trails: by name in the call's region, or by ARN in the trail's own.

use api_cloudtrail::errors;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Arn, Region};
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_store::{Scope, Versioned};

use crate::CloudTrail;
use crate::records::Trail;

/// The ARN of a trail of the call's account and region.
pub fn arn(cx: &Cx, name: &str) -> String {
    cx.place().arn("cloudtrail", format_args!("trail/{name}"))
}

/// Where a trail is, and its name: what the ARN says, else the call's region.
pub fn locate<'a>(cx: &Cx, name_or_arn: &'a str) -> (Place, &'a str) {
    let parsed = Arn::parse(name_or_arn).filter(|arn| arn.service == "cloudtrail");
    let named = parsed.and_then(|arn| Some((arn.place()?, arn.resource.strip_prefix("trail/")?)));
    named.unwrap_or((cx.place(), name_or_arn))
}

/// The answer for a trail that does not exist.
pub fn unknown(cx: &Cx, name_or_arn: &str) -> Fault {
    let (place, name) = locate(cx, name_or_arn);
    let arn = place.arn("cloudtrail", format_args!("trail/{name}"));
    errors::TRAIL_NOT_FOUND_EXCEPTION
        .with(format!("Unknown trail: {arn} for the user: {}", cx.account()))
        .into()
}

/// Refuses names that no trail can have.
pub fn check_name(name: &str) -> Result<()> {
    let refused = |text: &str| Err(errors::INVALID_TRAIL_NAME_EXCEPTION.with(text).into());
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !(3..=128).contains(&name.len()) {
        return refused("Trail name must have between 3 and 128 characters.");
    }
    if !edge(name.chars().next()) || !edge(name.chars().last()) {
        return refused("Trail name must start and end with a letter or number.");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        return refused("Trail name can only contain ASCII letters, numbers, periods, underscores and hyphens.");
    }
    Ok(())
}

/// The records of an account in a region.
pub fn scope(account: &AccountId, region: Region) -> Scope<'_> {
    Scope::new(account.as_str(), region.as_str())
}

impl CloudTrail {
    /// The trail of a name or ARN; `None` where there is none.
    pub async fn find(&self, cx: &Cx, name_or_arn: &str) -> Result<Option<Versioned<Trail>>> {
        let (place, name) = locate(cx, name_or_arn);
        if place.account != cx.account() {
            return Ok(None);
        }
        Ok(self.trails.get(scope(&place.account, place.region), &[name]).await?)
    }

    /// What an operation on a trail needs.
    pub async fn needs_on(&self, cx: &Cx, name_or_arn: &str) -> Result<Needs> {
        let (place, name) = locate(cx, name_or_arn);
        let needs = Needs::on(place.arn("cloudtrail", format_args!("trail/{name}")));
        Ok(match self.find(cx, name_or_arn).await? {
            Some(found) => needs.resource_tags("cloudtrail", &found.record.tags),
            None => needs,
        })
    }

    /// Changes a trail.
    pub async fn change(&self, cx: &Cx, name_or_arn: &str, change: impl Fn(&mut Trail)) -> Result<()> {
        let (place, name) = locate(cx, name_or_arn);
        let changed = self
            .trails
            .update::<Fault>(scope(&cx.account(), place.region), &[name], |trail| {
                change(trail);
                Ok(())
            })
            .await?;
        changed.map(|_| ()).ok_or_else(|| unknown(cx, name_or_arn))
    }
}
