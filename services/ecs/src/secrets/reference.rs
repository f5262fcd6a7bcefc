//! Where a secret of a container is kept: the forms of `valueFrom`.

use std::collections::HashSet;

use api_ecs::{ContainerDefinition, RegisterTaskDefinitionRequest};
use roadstead_core::{Arn, Region};
use roadstead_kernel::Result;

use crate::error::client;

/// A secret as a definition names it.
#[derive(Debug, PartialEq, Eq)]
pub enum Reference {
    /// A parameter, in the task's region unless another one is named.
    Parameter {
        /// The region of its ARN.
        region: Option<Region>,
        /// Its name.
        name: String,
    },
    /// A secret of Secrets Manager.
    Secret(SecretRef),
}

/// A secret of Secrets Manager, or a part of it.
#[derive(Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// Its ARN.
    pub id: String,
    /// The region of its ARN.
    pub region: Region,
    /// The member of its JSON that is meant.
    pub json_key: Option<String>,
    /// The staging label of the version that is meant.
    pub version_stage: Option<String>,
    /// The id of the version that is meant.
    pub version_id: Option<String>,
}

impl Reference {
    /// Reads a `valueFrom`. Ends with the reason where it is none.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        match Arn::parse(text) {
            Some(arn) if arn.service == "secretsmanager" => {
                SecretRef::parse(text).map(Self::Secret).ok_or_else(|| {
                    format!(
                        "unable to retrieve secret from asm: trying to retrieve secret with value {text} resulted in error: \
                         an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and \
                         try again."
                    )
                })
            }
            Some(arn) => {
                let name = arn.resource.strip_prefix("parameter/").filter(|_| arn.service == "ssm");
                match (name, Region::parse(arn.region)) {
                    // A name of several parts begins with a slash, which the ARN leaves out.
                    (Some(name), region @ Some(_)) => Ok(Self::Parameter {
                        region,
                        name: format!("{}{name}", if name.contains('/') { "/" } else { "" }),
                    }),
                    _ => Err(format!("unable to retrieve secrets from ssm: invalid ssm parameters: {text}")),
                }
            }
            None => Ok(Self::Parameter {
                region: None,
                name: text.to_owned(),
            }),
        }
    }
}

impl SecretRef {
    /// Reads `arn:…:secret:name`, with or without `:json-key:version-stage:version-id` behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text).filter(|arn| arn.service == "secretsmanager")?;
        let parts: Vec<&str> = arn.resource.split(':').collect();
        let (name, rest) = match parts.as_slice() {
            ["secret", name] => (name, None),
            ["secret", name, key, stage, id] => (name, Some((key, stage, id))),
            _ => return None,
        };
        let given = |part: &str| Some(part.to_owned()).filter(|part| !part.is_empty());
        Some(Self {
            id: Arn {
                resource: &format!("secret:{name}"),
                ..arn
            }
            .to_string(),
            region: Region::parse(arn.region)?,
            json_key: rest.and_then(|(key, _, _)| given(key)),
            version_stage: rest.and_then(|(_, stage, _)| given(stage)),
            version_id: rest.and_then(|(_, _, id)| given(id)),
        })
    }
}

/// Refuses secrets that no container can be given.
///
/// Errors: `ClientException` in AWS's words.
pub fn check(given: &RegisterTaskDefinitionRequest, container: &ContainerDefinition) -> Result<()> {
    let secrets = container.secrets.as_deref().unwrap_or_default();
    if !secrets.is_empty() && given.execution_role_arn.as_ref().is_none_or(String::is_empty) {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    let variables = container
        .environment
        .iter()
        .flatten()
        .filter_map(|pair| pair.name.as_deref());
    let mut taken: HashSet<&str> = variables.collect();
    for secret in secrets {
        if !taken.insert(&secret.name) {
            return Err(client(format!(
                "The secret name must be unique and not shared with any new or existing environment variables set on the \
                 container, such as '{}'.",
                secret.name
            )));
        }
        let from = secret.value_from.as_str();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let is_parameter = !from.is_empty() && from.len() <= 2048 && from.chars().all(plain);
        let is_arn = Arn::parse(from).is_some_and(|arn| matches!(arn.service, "ssm" | "secretsmanager"));
        if !is_parameter && !is_arn {
            return Err(client(format!(
                "The Systems Manager parameter name specified for secret {} is invalid. The parameter name can be up to 2048 \
                 characters and include the following letters and symbols: a-zA-Z0-9_.-,",
                secret.name
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(region: Option<Region>, name: &str) -> Reference {
        let name = name.to_owned();
        Reference::Parameter { region, name }
    }

    #[test]
    fn a_parameter_is_named_by_name_or_arn() {
        for (text, expected) in [
            ("plain", parameter(None, "plain")),
            ("/a/b", parameter(None, "/a/b")),
            (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b",
                parameter(Region::parse("eu-west-1"), "/a/b"),
            ),
            (
                "arn:aws:ssm:us-east-1:123456789012:parameter/a",
                parameter(Some(Region::US_EAST_1), "a"),
            ),
        ] {
            assert_eq!(Reference::parse(text).unwrap(), expected, "{text}");
        }
        assert!(Reference::parse("arn:aws:s3:::bucket").is_err());
    }

    #[test]
    fn a_secret_may_have_a_key_a_label_and_a_version() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-AbCdEf";
        let check = |more: &str, expected: [Option<&str>; 3]| {
            let read = SecretRef::parse(&format!("{arn}{more}")).unwrap();
            assert_eq!(read.id, arn);
            let told = [&read.json_key, &read.version_stage, &read.version_id].map(|part| part.as_deref());
            assert_eq!(told, expected, "{more}");
        };
        check("", [None; 3]);
        check(":key::", [Some("key"), None, None]);
        check("::AWSPREVIOUS:", [None, Some("AWSPREVIOUS"), None]);
        check(":key:stage:id", [Some("key"), Some("stage"), Some("id")]);
        for wrong in [":key", ":key:", ":a:b:c:d"] {
            let refused = Reference::parse(&format!("{arn}{wrong}")).unwrap_err();
            assert!(refused.contains("an invalid ARN format"), "{refused}");
        }
    }
}
