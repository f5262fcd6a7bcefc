//! Amazon resource names: the one place that builds them and takes them apart.

use std::fmt;

use crate::{AccountId, Partition, Region};

/// Where a resource lives: an account and a region; the partition follows from the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The account that owns the resource.
    pub account: AccountId,
    /// The region that the resource is in.
    pub region: Region,
}

impl Place {
    /// The partition of the region.
    pub fn partition(&self) -> Partition {
        self.region.partition()
    }

    /// The ARN of a regional resource: `arn:<partition>:<service>:<region>:<account>:<resource>`.
    pub fn arn(&self, service: &str, resource: impl fmt::Display) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition().name(),
            self.region,
            self.account
        )
    }

    /// The ARN of a global resource (no region): IAM, STS and the like.
    pub fn global_arn(&self, service: &str, resource: impl fmt::Display) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition().name(), self.account)
    }
}

/// The ARN of a policy that AWS owns (`arn:<partition>:iam::aws:policy<path><name>`), path with both slashes.
pub fn aws_managed_policy(partition: Partition, path: &str, name: &str) -> String {
    format!("arn:{}:iam::aws:policy{path}{name}", partition.name())
}

/// The ARN of an account's root user.
pub fn root(partition: Partition, account: AccountId) -> String {
    format!("arn:{}:iam::{account}:root", partition.name())
}

/// An ARN taken apart; the parts borrow from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// Such as `aws`.
    pub partition: &'a str,
    /// The service prefix, such as `ecs`.
    pub service: &'a str,
    /// The region, empty for global resources.
    pub region: &'a str,
    /// The account id, empty for some services, `aws` for AWS's own policies.
    pub account: &'a str,
    /// Everything after the fifth colon; may hold further colons.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN at its first five colons; fewer parts, or another first word than `arn`, are `None`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty()).then_some(arn)
    }

    /// The resource's type and the rest, split at the first `/` or `:`, such as (`cluster`, `demo`).
    pub fn typed_resource(&self) -> Option<(&'a str, &'a str)> {
        let at = self.resource.find(['/', ':'])?;
        Some((self.resource.get(..at)?, self.resource.get(at + 1..)?))
    }

    /// The place of a regional resource; `None` when the region or the account is not one.
    pub fn place(&self) -> Option<Place> {
        Some(Place {
            account: AccountId::parse(self.account)?,
            region: Region::parse(self.region)?,
        })
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_keeps_its_own_colons() {
        let text = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/ecs/x:log-stream:y";
        let arn = Arn::parse(text).unwrap();
        assert_eq!(arn.resource, "log-group:/aws/ecs/x:log-stream:y");
        assert_eq!(arn.typed_resource(), Some(("log-group", "/aws/ecs/x:log-stream:y")));
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn what_is_not_an_arn_is_refused() {
        for wrong in [
            "",
            "arn",
            "arn:aws:ecs",
            "urn:aws:ecs:r:a:x",
            "arn::ecs:r:a:x",
            "arn:aws:ecs:r:a:",
        ] {
            assert_eq!(Arn::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_place_names_its_resources() {
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::parse("cn-north-1").unwrap(),
        };
        assert_eq!(
            place.arn("ecs", "cluster/demo"),
            "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/demo"
        );
        assert_eq!(place.global_arn("iam", "role/r"), "arn:aws-cn:iam::123456789012:role/r");
    }
}
