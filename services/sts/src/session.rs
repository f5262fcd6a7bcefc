//! What sessions of every kind are made of: their own policies, their tags, their length.

use std::time::Duration;

use api_sts::{Credentials, PolicyDescriptorType, Tag};
use roadstead_core::{AccountId, Arn, Tags};
use roadstead_kernel::{CallerKind, Claims, Cx, Result};
use roadstead_policy::{Document, Kind, limits, validate};

use crate::problems;

/// Tags of a session count against this many bytes, together with its policies.
const PACKED: usize = 4096;
/// The longest session of the root user, in seconds.
const ROOT_SECS: i32 = 3600;

/// The policies passed for a session, checked.
#[derive(Debug, Default)]
pub struct Limits {
    /// The policy passed as text.
    pub policy: Option<String>,
    /// The policies passed by ARN.
    pub arns: Vec<String>,
}

impl Limits {
    /// Checks what was passed; the policies must be of the account that the session is for.
    pub async fn check(
        cx: &Cx,
        account: AccountId,
        policy: Option<String>,
        arns: Option<Vec<PolicyDescriptorType>>,
    ) -> Result<Self> {
        if let Some(text) = &policy {
            let count = text.chars().count();
            if count > limits::SESSION_POLICY {
                return Err(problems::validation(format!(
                    "1 validation error detected: Value '{text}' at 'policy' failed to satisfy constraint: Member must have length less than or equal to {}",
                    limits::SESSION_POLICY
                )));
            }
            let checked = Document::parse(text).and_then(|document| validate(&document, Kind::Session));
            checked.map_err(|refused| problems::malformed(refused.message))?;
        }
        let arns: Vec<String> = arns
            .unwrap_or_default()
            .into_iter()
            .filter_map(|descriptor| descriptor.arn)
            .collect();
        if arns.len() > limits::SESSION_POLICY_ARNS {
            return Err(problems::invalid_parameter(format!(
                "At most {} managed policies can be passed for a session.",
                limits::SESSION_POLICY_ARNS
            )));
        }
        for arn in &arns {
            if cx.directory().managed_policy(account, arn).await?.is_none() {
                return Err(problems::malformed(format!(
                    "Policy {arn} does not exist or is not attachable."
                )));
            }
        }
        Ok(Self { policy, arns })
    }

    /// How much of the space for policies and tags is taken, in percent; absent when neither was passed.
    pub fn packed(&self, tags: &Tags) -> Result<Option<i32>> {
        if self.policy.is_none() && self.arns.is_empty() && tags.is_empty() {
            return Ok(None);
        }
        let text = self.policy.as_ref().map_or(0, String::len) + self.arns.iter().map(String::len).sum::<usize>();
        let size = text + tags.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let percent = (size * 100).div_ceil(PACKED);
        if percent > 100 {
            return Err(problems::too_large(percent));
        }
        Ok(i32::try_from(percent).ok())
    }
}

/// The tags of a request, refused where two keys are the same in any letter case.
pub fn tags_of(tags: Option<&[Tag]>) -> Result<Tags> {
    let mut made = Tags::new();
    for tag in tags.unwrap_or_default() {
        if made.iter().any(|(key, _)| key.to_lowercase() == tag.key.to_lowercase()) {
            return Err(problems::invalid_parameter(
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

/// The account and the name in a role's ARN.
pub fn role_of(arn: &str) -> Option<(AccountId, &str)> {
    let parsed = Arn::parse(arn)?;
    let path_and_name = parsed.resource.strip_prefix("role/")?;
    if parsed.service != "iam" || !parsed.region.is_empty() {
        return None;
    }
    let name = path_and_name.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some((AccountId::parse(parsed.account)?, name))
}

/// How long a session of a user or of root lasts; root's are cut to an hour.
pub fn own_duration(cx: &Cx, wanted: Option<i32>, default: i32) -> Duration {
    let secs = if cx.caller().kind() == CallerKind::Root {
        wanted.unwrap_or(ROOT_SECS).min(ROOT_SECS)
    } else {
        wanted.unwrap_or(default)
    };
    seconds(secs)
}

/// A length in seconds.
pub fn seconds(secs: i32) -> Duration {
    Duration::from_secs(u64::try_from(secs).unwrap_or(0))
}

/// Issues the credentials of a session.
pub fn issue(cx: &Cx, claims: Claims) -> Result<Credentials> {
    let issued = cx.sessions().issue(claims)?;
    Ok(Credentials {
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key.expose().to_owned(),
        session_token: issued.session_token.expose().to_owned(),
        expiration: issued.expires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_role_names_one() {
        let name = |arn| role_of(arn).map(|(_, name)| name);
        assert_eq!(name("arn:aws:iam::123456789012:role/deploy"), Some("deploy"));
        assert_eq!(name("arn:aws:iam::123456789012:role/a/b/deploy"), Some("deploy"));
        for wrong in [
            "deploy",
            "arn:aws:iam::123456789012:user/deploy",
            "arn:aws:iam::12:role/deploy",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:sts::123456789012:role/deploy",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
