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
pub fn locate<'a>(cx: &Cx, name_or_arn: &'a str) -> Result<(Place, &'a str)> {
    if !name_or_arn.starts_with("arn:") {
        return Ok((cx.place(), name_or_arn));
    }
    let named = Arn::parse(name_or_arn)
        .filter(|arn| arn.service == "cloudtrail")
        .and_then(|arn| Some((arn.place()?, arn.resource.strip_prefix("trail/")?)));
    named.ok_or_else(|| {
        errors::CLOUD_TRAIL_ARN_INVALID_EXCEPTION
            .with(format!("`{name_or_arn}` is not the ARN of a trail"))
            .into()
    })
}

/// The answer for a trail that does not exist.
fn unknown(cx: &Cx, place: Place, name: &str) -> Fault {
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

/// Refuses names that no bucket can have; whether there is such a bucket is not known here.
pub fn check_bucket(name: &str) -> Result<()> {
    let refused = |text: &str| Err(errors::INVALID_S3_BUCKET_NAME_EXCEPTION.with(text).into());
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&name.len()) {
        return refused("Bucket name must have between 3 and 63 characters.");
    }
    if !edge(name.chars().next()) || !edge(name.chars().last()) {
        return refused("Bucket name must start and end with a lowercase letter or number.");
    }
    if !name.chars().all(|c| edge(Some(c)) || c == '.' || c == '-') {
        return refused("Bucket name can only contain lowercase letters, numbers, periods and hyphens.");
    }
    Ok(())
}

/// Refuses a trail over all regions without global services, and one of an organization: there is none.
pub fn check_reach(multi_region: bool, global_events: bool, organization: Option<bool>) -> Result<()> {
    if multi_region && !global_events {
        return Err(errors::INVALID_PARAMETER_COMBINATION_EXCEPTION
            .with("Multi-Region trail must include global service events.")
            .into());
    }
    if organization == Some(true) {
        return Err(errors::ORGANIZATIONS_NOT_IN_USE_EXCEPTION
            .with("Your account is not a member of an organization.")
            .into());
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
        let (place, name) = locate(cx, name_or_arn)?;
        if place.account != cx.account() {
            return Ok(None);
        }
        Ok(self.trails.get(scope(&place.account, place.region), &[name]).await?)
    }

    /// The trail of a name or ARN.
    pub async fn existing(&self, cx: &Cx, name_or_arn: &str) -> Result<Versioned<Trail>> {
        let (place, name) = locate(cx, name_or_arn)?;
        let found = self.find(cx, name_or_arn).await?;
        found.ok_or_else(|| unknown(cx, place, name))
    }

    /// The trail of a name or ARN, which must be in its own region to be changed.
    pub async fn at_home(&self, cx: &Cx, name_or_arn: &str) -> Result<Versioned<Trail>> {
        let found = self.existing(cx, name_or_arn).await?;
        let (arn, home) = (&found.record.arn, found.record.home);
        if home != cx.region() {
            let message = format!("The trail {arn} can only be changed in its home region {home}.");
            return Err(errors::INVALID_HOME_REGION_EXCEPTION.with(message).into());
        }
        Ok(found)
    }

    /// The trails that a region has: its own, and those of other regions that cover all.
    pub async fn within(&self, cx: &Cx, others: bool) -> Result<Vec<Trail>> {
        let (account, mut trails) = (cx.account(), Vec::new());
        for region in Region::all().filter(|region| others || *region == cx.region()) {
            let all = self.trails.list_all(scope(&account, region)).await?;
            let shown = all.into_iter().map(|found| found.record);
            trails.extend(shown.filter(|trail| trail.home == cx.region() || trail.multi_region));
        }
        Ok(trails)
    }

    /// What an operation on a trail needs.
    pub async fn needs_on(&self, cx: &Cx, name_or_arn: &str) -> Result<Needs> {
        let (place, name) = locate(cx, name_or_arn)?;
        let needs = Needs::on(place.arn("cloudtrail", format_args!("trail/{name}")));
        Ok(match self.find(cx, name_or_arn).await? {
            Some(found) => needs.resource_tags("cloudtrail", &found.record.tags),
            None => needs,
        })
    }

    /// Changes a trail in its own region, and gives what it became.
    pub async fn change(&self, cx: &Cx, name_or_arn: &str, change: impl Fn(&mut Trail) -> Result<()>) -> Result<Trail> {
        let name = self.at_home(cx, name_or_arn).await?.record.name;
        let changed = self
            .trails
            .update::<Fault>(scope(&cx.account(), cx.region()), &[&name], change)
            .await?;
        changed
            .map(|changed| changed.record)
            .ok_or_else(|| unknown(cx, cx.place(), &name))
    }
}
