//! How calls name parameters: by name or ARN, with `:version` or `:label` behind it.

use std::fmt;

use roadstead_core::arn::Place;
use roadstead_core::{Arn, Partition};

/// A parameter as a call names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The names that are meant, the likelier one first: an ARN does not tell `a` from `/a`.
    names: Vec<String>,
    /// Which of its versions.
    pub selector: Option<Selector>,
    /// The region and account of the ARN, where one was given.
    place: Option<(String, String)>,
}

/// Which version of a parameter is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// By number.
    Version(u64),
    /// By label.
    Label(String),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(number) => write!(f, ":{number}"),
            Self::Label(label) => write!(f, ":{label}"),
        }
    }
}

impl Named {
    /// Reads what a call gave; whatever it is, it names something that may not be there.
    pub fn parse(text: &str) -> Self {
        let arn = Arn::parse(text).filter(|arn| arn.service == "ssm");
        let Some((arn, rest)) = arn.and_then(|arn| Some((arn, arn.resource.strip_prefix("parameter/")?))) else {
            let (name, selector) = split(text);
            return Self {
                names: vec![name.to_owned()],
                selector,
                place: None,
            };
        };
        let (name, selector) = split(rest);
        let below = format!("/{}", name.trim_start_matches('/'));
        let mut names = vec![below];
        if !name.contains('/') {
            names.insert(0, name.to_owned());
        }
        Self {
            names,
            selector,
            place: Some((arn.region.to_owned(), arn.account.to_owned())),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.names.first().map(String::as_str).unwrap_or_default()
    }

    /// The names to look for in a place; none when the ARN is one of another place.
    pub fn names_in(&self, place: Place) -> impl Iterator<Item = &str> {
        let here = self
            .place
            .as_ref()
            .is_none_or(|(region, account)| region == place.region.as_str() && account == place.account.as_str());
        self.names.iter().map(String::as_str).filter(move |_| here)
    }

    /// The ARN, of the place that was given, else of the call's.
    pub fn arn(&self, place: Place) -> String {
        if public(self.name()) {
            return arn_of_public(place.partition(), place.region.as_str(), self.name());
        }
        match &self.place {
            None => arn(place, self.name()),
            Some((region, account)) => Arn {
                partition: place.partition().name(),
                service: "ssm",
                region,
                account,
                resource: &resource(self.name()),
            }
            .to_string(),
        }
    }
}

/// The ARN of a parameter.
pub fn arn(place: Place, name: &str) -> String {
    place.arn("ssm", resource(name))
}

/// The ARN of a parameter that AWS publishes: it belongs to no account.
pub fn arn_of_public(partition: Partition, region: &str, name: &str) -> String {
    Arn {
        partition: partition.name(),
        service: "ssm",
        region,
        account: "",
        resource: &resource(name),
    }
    .to_string()
}

/// Whether a name is one of those that only AWS has.
pub fn public(name: &str) -> bool {
    name.starts_with("/aws/")
}

fn resource(name: &str) -> String {
    format!("parameter/{}", name.strip_prefix('/').unwrap_or(name))
}

fn split(text: &str) -> (&str, Option<Selector>) {
    let Some((name, selector)) = text.split_once(':') else {
        return (text, None);
    };
    let selector = match selector.parse() {
        Ok(number) => Selector::Version(number),
        Err(_) => Selector::Label(selector.to_owned()),
    };
    (name, Some(selector))
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    fn check(text: &str, names: &[&str], selector: Option<&str>, arn: &str) {
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        let read = Named::parse(text);
        assert_eq!(read.names_in(place).collect::<Vec<_>>(), names, "{text}");
        assert_eq!(read.selector.as_ref().map(ToString::to_string).as_deref(), selector);
        assert_eq!(read.arn(place), arn);
    }

    #[test]
    fn a_parameter_is_named_by_name_or_arn_with_or_without_a_version() {
        let own = "arn:aws:ssm:us-east-1:123456789012:parameter/";
        check("a", &["a"], None, &format!("{own}a"));
        check("/a/b:3", &["/a/b"], Some(":3"), &format!("{own}a/b"));
        check("a:prod", &["a"], Some(":prod"), &format!("{own}a"));
        check(&format!("{own}a/b"), &["/a/b"], None, &format!("{own}a/b"));
        check(&format!("{own}a:2"), &["a", "/a"], Some(":2"), &format!("{own}a"));
        let elsewhere = "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b";
        check(elsewhere, &[], None, elsewhere);
        check(
            "/aws/service/x",
            &["/aws/service/x"],
            None,
            "arn:aws:ssm:us-east-1::parameter/aws/service/x",
        );
    }
}
