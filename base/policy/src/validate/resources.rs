//! The format of resources when a policy is written.

use super::{LEGACY, span_of};
use crate::document::{Document, List, Malformed, Text};

const PARTITIONS: [&str; 9] = [
    "*",
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Paths that IAM has since, without naming them in the message.
const NEWER_IAM_PATHS: [&str; 3] = ["role-template/", "delegation-request/", "assumed-role/"];

/// What has a region among the resources of S3.
const REGIONAL_S3: [&str; 6] = [
    "accesspoint/",
    "access-grants/",
    "async-request/",
    "job/",
    "storage-lens/",
    "storage-lens-group/",
];

/// Checks every resource. An error of legacy parsing is final; one of format is handed back, for it is told only after
/// other checks.
///
/// `Resource` elements come before `NotResource` ones. Of several bad resources the lexically smallest of a list is
/// told, and the last list that has one. Legacy parsing stops with the first error of format.
pub(super) fn check(document: &Document) -> Result<Option<Malformed>, Malformed> {
    let mut wrong = None;
    for not in [false, true] {
        for element in document
            .statements
            .iter()
            .filter_map(|statement| statement.resource.as_ref())
        {
            if element.not != not {
                continue;
            }
            if let Some(malformed) = smallest_wrong(&element.value) {
                wrong = Some(malformed);
            }
            if wrong.is_none()
                && let Some(odd) = element.value.items.iter().find(|resource| !is_shaped(&resource.value))
            {
                return Err(Malformed::new(
                    LEGACY,
                    format!("`{}` is no ARN", odd.value),
                    span_of(odd),
                ));
            }
        }
    }
    Ok(wrong)
}

fn smallest_wrong(resources: &List<Text>) -> Option<Malformed> {
    let mut sorted: Vec<&Text> = resources.items.iter().collect();
    sorted.sort_by(|a, b| a.value.cmp(&b.value));
    sorted.into_iter().find_map(|resource| {
        let message = wrong_format(&resource.value)?;
        Some(Malformed::new(
            message,
            format!("in the resource `{}`", resource.value),
            span_of(resource),
        ))
    })
}

/// An ARN with an empty segment has all six, and a service.
fn is_shaped(resource: &str) -> bool {
    let complete = resource.bytes().filter(|byte| *byte == b':').count() >= 5;
    resource == "*" || ((complete || !resource.contains("::")) && resource.split(':').nth(2) != Some(""))
}

/// The message about a resource that is not in the right format.
fn wrong_format(resource: &str) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let Some((_, behind)) = resource.split_once(':') else {
        return Some(format!("Resource {resource} must be in ARN format or \"*\"."));
    };
    let (partition, behind) = behind
        .split_once(':')
        .map_or((behind, None), |(partition, rest)| (partition, Some(rest)));
    if !PARTITIONS.contains(&partition) {
        let behind = behind.unwrap_or_default();
        let mut parts = behind.splitn(4, ':');
        let service = parts
            .next()
            .filter(|service| !service.is_empty() || behind.contains(':'))
            .unwrap_or("*");
        let (region, account) = (parts.next().unwrap_or("*"), parts.next().unwrap_or("*"));
        let rest = parts.next().unwrap_or("*");
        return Some(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{service}:{region}:{account}:{rest}\"."
        ));
    }
    let Some(behind) = behind else {
        return Some("Resource vendor must be fully qualified and cannot contain regexes.".to_owned());
    };
    let mut parts = behind.splitn(4, ':');
    let service = parts.next().unwrap_or_default();
    // A missing region is as wrong as a region: the place must be there, and empty.
    let regional = parts.next() != Some("") || !behind.contains("::");
    let path = parts.nth(1).unwrap_or_default();
    match service {
        "iam" if regional => Some(format!("IAM resource {resource} cannot contain region information.")),
        "s3" if regional && !REGIONAL_S3.iter().any(|kind| path.starts_with(kind)) => {
            Some(format!("Resource {resource} can not contain region information."))
        }
        // AWS: the root user is a resource as well, of `sts:AssumeRoot`.
        "iam"
            if !matches!(path, "*" | "root")
                && !IAM_PATHS
                    .iter()
                    .chain(&NEWER_IAM_PATHS)
                    .any(|kind| path.starts_with(kind)) =>
        {
            Some(format!(
                "IAM resource path must either be \"*\" or start with {}.",
                IAM_PATHS.join(", ")
            ))
        }
        _ => None,
    }
}
