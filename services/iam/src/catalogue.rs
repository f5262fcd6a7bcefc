//! The services that have linked roles: which role, which policies, whether a suffix may be chosen.

use roadstead_core::{AccountId, Partition, arn};

/// One service a line, sorted by principal: principal, role name, whether suffixes are allowed, policy names.
static TABLE: &str = include_str!("../data/linked-roles.tsv");

/// The path under which only service-linked roles live.
pub const PATH: &str = "/aws-service-role/";

/// A service with linked roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The service principal, such as `ecs.amazonaws.com`.
    pub principal: &'static str,
    /// The role's name without a suffix.
    pub role_name: &'static str,
    /// Whether a suffix is known to be allowed.
    pub suffix_allowed: bool,
    policies: &'static str,
}

impl Linked {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            principal: fields.next()?,
            role_name: fields.next()?,
            // Of 71 recorded services 68 refuse suffixes, so those never observed do too.
            suffix_allowed: fields.next()? == "yes",
            policies: fields.next()?,
        })
    }

    /// All of them, by principal.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.lines().filter_map(Self::parse)
    }

    /// The service of that principal, letter case observed.
    pub fn of(principal: &str) -> Option<Self> {
        Self::all().find(|linked| linked.principal == principal)
    }

    /// The path of its roles.
    pub fn path(principal: &str) -> String {
        format!("{PATH}{principal}/")
    }

    /// The name of its role, with a suffix if one was chosen.
    pub fn role_name(&self, suffix: Option<&str>) -> String {
        match suffix {
            Some(suffix) => format!("{}_{suffix}", self.role_name),
            None => self.role_name.to_owned(),
        }
    }

    /// The ARNs of the policies that its roles have.
    pub fn policy_arns(&self, partition: Partition) -> Vec<String> {
        let names = self.policies.split(',').filter(|name| !name.is_empty());
        names
            .map(|name| arn::aws_managed_policy(partition, PATH, name))
            .collect()
    }
}

/// The ARN that a linked role of any service, known or not, would have.
pub fn role_arn(partition: Partition, account: AccountId, principal: &str, name: &str) -> String {
    let place = arn::Place {
        account,
        region: partition.global_region(),
    };
    place.global_arn("iam", format_args!("role{}{name}", Linked::path(principal)))
}

/// The trust policy in the words of the service, as CreateServiceLinkedRole answers it.
pub fn trust_as_created(principal: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {{"Service": ["{principal}"]}}}}]}}"#
    )
}

/// The trust policy as every other operation answers it.
pub fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{principal}"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::Managed;

    #[test]
    fn the_catalogue_is_the_shared_one() {
        let shared = std::env::var_os("ROADSTEAD_SHARED").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
            std::path::PathBuf::from,
        );
        let Ok(json) = std::fs::read_to_string(shared.join("data/slr_catalog.json")) else {
            println!("SKIPPED the_catalogue_is_the_shared_one: no shared data");
            return;
        };
        let catalogue: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(catalogue.as_object().unwrap().len(), Linked::all().count());
        for (principal, facts) in catalogue.as_object().unwrap() {
            let linked = Linked::of(principal).unwrap();
            assert_eq!(linked.role_name, facts["role_name"]);
            assert_eq!(
                linked.suffix_allowed,
                facts["suffix_allowed"].as_bool().unwrap_or(false)
            );
            assert_eq!(
                serde_json::json!(linked.policy_arns(Partition::Aws)),
                facts["policy_arns"]
            );
        }
    }

    #[test]
    fn all_policies_of_linked_roles_are_at_hand_but_one() {
        let missing: Vec<String> = Linked::all()
            .flat_map(|linked| linked.policy_arns(Partition::Aws))
            .filter(|arn| Managed::by_arn(arn).is_none())
            .collect();
        assert_eq!(missing, ["arn:aws:iam::aws:policy/aws-service-role/AmazonLexBotPolicy"]);
    }

    #[test]
    fn the_role_of_ecs_is_named_as_aws_names_it() {
        let ecs = Linked::of("ecs.amazonaws.com").unwrap();
        assert_eq!(ecs.role_name(None), "AWSServiceRoleForECS");
        assert!(!ecs.suffix_allowed);
        assert_eq!(
            role_arn(
                Partition::AwsCn,
                AccountId::parse("123456789012").unwrap(),
                ecs.principal,
                ecs.role_name
            ),
            "arn:aws-cn:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        );
        assert_eq!(Linked::of("ECS.amazonaws.com"), None);
    }
}
