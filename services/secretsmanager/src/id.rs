//! How calls name secrets: by name, by ARN, or by an ARN without the six characters at its end.

use roadstead_core::Arn;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;

use crate::error::bad_name;

/// How many characters AWS puts behind a name, after a dash.
const SUFFIX: usize = 6;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A secret as a call names it.
#[derive(Clone, Debug)]
pub struct SecretId {
    text: String,
    /// What stands behind `secret:` in an ARN, with the ARN's region and account.
    arn: Option<(String, String, String)>,
}

impl SecretId {
    /// Reads what a call gave; whatever it is, it names something that may not be there.
    pub fn parse(text: &str) -> Self {
        let named = |arn: Arn<'_>| {
            let rest = arn.resource.strip_prefix("secret:")?;
            Some((arn.region.to_owned(), arn.account.to_owned(), rest.to_owned()))
        };
        Self {
            text: text.to_owned(),
            arn: Arn::parse(text)
                .filter(|arn| arn.service == "secretsmanager")
                .and_then(named),
        }
    }

    /// What was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name, as far as it can be told from what was given.
    pub fn name(&self) -> &str {
        match &self.arn {
            Some((_, _, rest)) => split(rest).map_or(rest.as_str(), |(name, _)| name),
            None => &self.text,
        }
    }

    /// Refuses what can be no name.
    pub fn check(&self) -> Result<()> {
        let text = self.arn.as_ref().map_or(self.text.as_str(), |(_, _, rest)| rest);
        if is_name(text) { Ok(()) } else { Err(bad_name()) }
    }

    /// The names to look for in a place, the likelier one first, and the suffix that a secret must then have.
    pub fn candidates(&self, place: Place) -> impl Iterator<Item = (&str, Option<&str>)> {
        let (whole, parts) = match &self.arn {
            None => (Some(self.text.as_str()), None),
            Some((region, account, rest)) if region == place.region.as_str() && account == place.account.as_str() => {
                (Some(rest.as_str()), split(rest))
            }
            Some(_) => (None, None),
        };
        let full = parts.map(|(name, suffix)| (name, Some(suffix)));
        full.into_iter().chain(whole.map(|name| (name, None)))
    }

    /// The ARN that was given, or the one of a name without what AWS puts behind it.
    pub fn arn(&self, place: Place) -> String {
        match &self.arn {
            Some(_) => self.text.clone(),
            None => place.arn("secretsmanager", format_args!("secret:{}", self.text)),
        }
    }
}

/// Whether a text can be the name of a secret.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c))
}

/// The ARN of a secret.
pub fn arn(place: Place, name: &str, suffix: &str) -> String {
    place.arn("secretsmanager", format_args!("secret:{name}-{suffix}"))
}

/// The six characters of a secret that a request makes: what is asked for and what is made bear the same ones.
pub fn suffix(request_id: &str) -> String {
    let mut hash = request_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut text = String::with_capacity(SUFFIX);
    while text.len() < SUFFIX {
        let at = usize::try_from(hash % 62).unwrap_or_default();
        text.extend(ALPHABET.get(at).copied().map(char::from));
        hash /= 62;
    }
    text
}

/// A name and the six characters behind it.
fn split(rest: &str) -> Option<(&str, &str)> {
    let (name, suffix) = rest.rsplit_once('-')?;
    let is_suffix = suffix.len() == SUFFIX && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_suffix && !name.is_empty()).then_some((name, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    fn check(text: &str, expected: &[(&str, Option<&str>)]) {
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        let id = SecretId::parse(text);
        assert_eq!(id.candidates(place).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_secret_is_named_by_name_and_by_whole_or_partial_arn() {
        let own = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        check("a/b", &[("a/b", None)]);
        check("a-AbCdE1", &[("a-AbCdE1", None)]);
        check(&format!("{own}a/b"), &[("a/b", None)]);
        check(&format!("{own}a-AbCdE1"), &[("a", Some("AbCdE1")), ("a-AbCdE1", None)]);
        check("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdE1", &[]);
    }

    #[test]
    fn six_characters_follow_from_the_request() {
        let made = suffix("6f9619ff-8b86-4011-b42d-00c04fc964ff");
        assert_eq!(made.len(), SUFFIX);
        assert_eq!(split(&format!("a-{made}")), Some(("a", made.as_str())));
        assert_ne!(made, suffix("6f9619ff-8b86-4011-b42d-00c04fc964fe"));
    }
}
