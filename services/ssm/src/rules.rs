//! What names, labels and values must be.

use api_ssm::errors;
use regex::Regex;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;

use crate::error::invalid;
use crate::name::{arn, public};
use crate::records::{Tier, Type};

/// Most levels of a hierarchy.
const MAX_LEVELS: usize = 15;
/// Longest name, in characters, with what comes before it in the ARN.
const MAX_NAME: usize = 1011;
/// Longest value of a standard parameter, in bytes.
pub const MAX_STANDARD: usize = 4096;
/// Longest value of an advanced parameter, in bytes.
const MAX_ADVANCED: usize = 8192;
/// Most labels of a version.
pub const MAX_LABELS: usize = 10;

/// Checks the name of a parameter that is to be written.
pub fn check_name(place: Place, name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    if public(&lower) {
        let text = format!("No access to reserved parameter name: {name}.");
        return Err(roadstead_kernel::ApiError::new("AccessDeniedException", 400, text).into());
    }
    let first = lower.trim_start_matches('/');
    if first.starts_with("aws") || first.starts_with("ssm") {
        return Err(invalid(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can \
             consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers \
             and the following 3 symbols .-_",
        ));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !name.chars().all(plain) || name.contains("//") || name.ends_with('/') {
        return Err(invalid(
            "Parameter name: can only contain letters, numbers and the following symbols: .-_ and, as a path, / \
             between its parts.",
        ));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    if arn(place, name).len() > MAX_NAME {
        return Err(invalid(format!(
            "Parameter name: the ARN can have at most {MAX_NAME} characters."
        )));
    }
    if name.matches('/').count() > MAX_LEVELS {
        return Err(errors::HIERARCHY_LEVEL_LIMIT_EXCEEDED_EXCEPTION
            .with(format!("A hierarchy can have a maximum of {MAX_LEVELS} levels."))
            .into());
    }
    Ok(())
}

/// Checks the path below which parameters are listed.
pub fn check_path(path: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if path.starts_with('/') && path.chars().all(plain) && !path.contains("//") {
        return Ok(());
    }
    Err(invalid(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \
         \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or \
         the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All \
         sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: \
         /get/parameters2-/by1./path0_.",
    ))
}

/// Checks a value against its type, its tier, its pattern and its data type.
pub fn check_value(value: &str, kind: Type, tier: Tier, pattern: Option<&str>, data_type: &str) -> Result<()> {
    if value.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1.",
        ));
    }
    if let Some((_, after)) = value.split_once("{{")
        && after.contains("}}")
    {
        return Err(invalid(
            "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.",
        ));
    }
    if tier == Tier::Standard && value.len() > MAX_STANDARD {
        return Err(invalid(format!(
            "Standard tier parameters support a maximum parameter value of {MAX_STANDARD} characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )));
    }
    if value.len() > MAX_ADVANCED {
        return Err(invalid(format!(
            "Advanced tier parameters support a maximum parameter value of {MAX_ADVANCED} characters."
        )));
    }
    check_pattern(value, pattern)?;
    match data_type {
        "text" => Ok(()),
        "aws:ec2:image" if kind == Type::String && is_image(value) => Ok(()),
        "aws:ec2:image" => Err(invalid(
            "The value is not the id of an image of the data type aws:ec2:image.",
        )),
        other => Err(invalid(format!(
            "The following data type is not supported: {other} (Data type names are all lowercase.)"
        ))),
    }
}

fn check_pattern(value: &str, pattern: Option<&str>) -> Result<()> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
        return Ok(());
    };
    // AWS: a value has to match as a whole.
    let Ok(whole) = Regex::new(&format!("^(?:{pattern})$")) else {
        return Err(errors::INVALID_ALLOWED_PATTERN_EXCEPTION
            .with("The request does not meet the regular expression requirement.")
            .into());
    };
    if whole.is_match(value) {
        return Ok(());
    }
    Err(errors::PARAMETER_PATTERN_MISMATCH_EXCEPTION
        .with(format!(
            "Parameter value, cannot be validated against allowedPattern: {pattern}"
        ))
        .into())
}

fn is_image(value: &str) -> bool {
    value
        .strip_prefix("ami-")
        .is_some_and(|id| (8..=17).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text can be the label of a version.
pub fn is_label(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    label.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    fn check(name: &str) -> Option<String> {
        let place = Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        };
        let refused = check_name(place, name).err()?;
        Some(refused.api().unwrap().name().to_owned())
    }

    #[test]
    fn names_follow_the_rules() {
        for good in ["a", "/a", "/a/b.c-d_e/1", "my-secret"] {
            assert_eq!(check(good), None, "{good}");
        }
        for bad in ["a/b", "/a/", "a b", "a:b", "aws", "/ssm/x", "AwsThing", "/a//b", "é"] {
            assert_eq!(check(bad).as_deref(), Some("ValidationException"), "{bad}");
        }
        assert_eq!(check("/aws/x").as_deref(), Some("AccessDeniedException"));
        assert_eq!(
            check(&"/a".repeat(16)).as_deref(),
            Some("HierarchyLevelLimitExceededException")
        );
        assert_eq!(check(&"/a".repeat(15)), None);
        assert_eq!(check(&"a".repeat(1100)).as_deref(), Some("ValidationException"));
    }

    #[test]
    fn labels_follow_the_rules() {
        for (label, good) in [
            ("prod", true),
            ("a.b-c_1", true),
            ("1a", false),
            ("aws1", false),
            ("SSM", false),
            ("a b", false),
        ] {
            assert_eq!(is_label(label), good, "{label}");
        }
    }
}
