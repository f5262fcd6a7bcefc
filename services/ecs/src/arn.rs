//! The names by which callers refer to clusters, tasks and task definitions: short ones and ARNs.

use roadstead_core::Arn;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;

use crate::error::{cluster_not_found, invalid};

/// The cluster that is meant when none is named.
pub const DEFAULT_CLUSTER: &str = "default";

/// The text of AWS for a task definition that is not there.
// AWS: recorded.
pub const NO_DEFINITION: &str = "TaskDefinition not found.";

/// The ARN of a cluster.
pub fn cluster(place: Place, name: &str) -> String {
    place.arn("ecs", format_args!("cluster/{name}"))
}

/// The ARN of a capacity provider.
pub fn capacity_provider(place: Place, name: &str) -> String {
    place.arn("ecs", format_args!("capacity-provider/{name}"))
}

/// The ARN of a task.
pub fn task(place: Place, cluster: &str, id: &str) -> String {
    place.arn("ecs", format_args!("task/{cluster}/{id}"))
}

/// The ARN of a container instance.
pub fn container_instance(place: Place, cluster: &str, id: &str) -> String {
    place.arn("ecs", format_args!("container-instance/{cluster}/{id}"))
}

/// The ARN of a service.
pub fn service(place: Place, cluster: &str, name: &str) -> String {
    place.arn("ecs", format_args!("service/{cluster}/{name}"))
}

/// The ARN of a task set.
pub fn task_set(place: Place, cluster: &str, service: &str, number: &str) -> String {
    place.arn("ecs", format_args!("task-set/{cluster}/{service}/ecs-svc/{number}"))
}

/// The ARN of a service revision.
pub fn service_revision(place: Place, cluster: &str, service: &str, number: &str) -> String {
    place.arn("ecs", format_args!("service-revision/{cluster}/{service}/{number}"))
}

/// The ARN of a service deployment.
pub fn service_deployment(place: Place, cluster: &str, service: &str, id: &str) -> String {
    place.arn("ecs", format_args!("service-deployment/{cluster}/{service}/{id}"))
}

/// The ARN of a container.
pub fn container(place: Place, cluster: &str, task: &str, id: &str) -> String {
    place.arn("ecs", format_args!("container/{cluster}/{task}/{id}"))
}

/// The ARN of a task's attachment.
pub fn attachment(place: Place, id: &str) -> String {
    place.arn("ecs", format_args!("attachment/{id}"))
}

/// The ARN of a task definition.
pub fn task_definition(place: Place, family: &str, revision: impl std::fmt::Display) -> String {
    place.arn("ecs", format_args!("task-definition/{family}:{revision}"))
}

/// Letters, digits, `_` and `-`, 1 to 255 of them: the names of clusters, services and families.
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Reads a cluster's name from what the caller gave: nothing, a name, or an ARN of this place.
///
/// Errors: `ClusterNotFoundException` for a cluster of another place, `InvalidParameterException` for what names none.
pub fn cluster_name(place: Place, given: Option<&str>) -> Result<String> {
    let given = given.filter(|text| !text.is_empty()).unwrap_or(DEFAULT_CLUSTER);
    if !given.starts_with("arn:") {
        if is_name(given) {
            return Ok(given.to_owned());
        }
        // AWS: reported (amazon-ecs-nodejs-microservices#18).
        return Err(invalid(format!(
            r"Cluster must match ^[a-zA-Z0-9\-_]{{1,255}}$, but was {given}"
        )));
    }
    let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place));
    match arn.and_then(|arn| arn.typed_resource()) {
        Some(("cluster", name)) => Ok(name.to_owned()),
        // AWS: reported (aws-cli#7875).
        Some((kind, _)) => Err(invalid(format!("Unsupported resource type: {kind}"))),
        None => Err(cluster_not_found()),
    }
}

/// Refuses an ARN that names another cluster than the one that the request is about.
// AWS: reported (aws-toolkit-vscode#2915, protoactor-dotnet#2055); without a full stop.
pub fn same_cluster(named: Option<&str>, cluster: &str) -> Result<()> {
    match named {
        Some(named) if named != cluster => Err(invalid(format!(
            "Invalid identifier: Identifier is for cluster {named}. Your cluster is {cluster}"
        ))),
        _ => Ok(()),
    }
}

/// The name of a service, from the name itself or an ARN in either format; the cluster, where the ARN names one.
pub fn service_name(place: Place, given: &str) -> Result<(Option<&str>, &str)> {
    if !given.starts_with("arn:") {
        return Ok((None, given));
    }
    let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place));
    let Some(rest) = arn.and_then(|arn| arn.resource.strip_prefix("service/")) else {
        return Err(invalid(format!("Invalid identifier: {given}")));
    };
    Ok(match rest.split_once('/') {
        Some((cluster, name)) => (Some(cluster), name),
        None => (None, rest),
    })
}

/// Cluster, service and last part of the ARN of a service revision (`service-revision`) or service deployment.
pub fn below_service<'a>(place: Place, kind: &str, given: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place))?;
    let rest = arn.resource.strip_prefix(kind)?.strip_prefix('/')?;
    let mut parts = rest.split('/');
    let found = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(found)
}

/// The id of a task, from the id itself or an ARN in either format; the cluster, where the ARN names one.
pub fn task_id(place: Place, given: &str) -> Result<(Option<&str>, &str)> {
    if !given.starts_with("arn:") {
        return Ok((None, given));
    }
    let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place));
    let Some(rest) = arn.and_then(|arn| arn.resource.strip_prefix("task/")) else {
        return Err(invalid(format!("Invalid identifier: {given}")));
    };
    Ok(match rest.split_once('/') {
        Some((cluster, id)) => (Some(cluster), id),
        None => (None, rest),
    })
}

/// The id of a task of a cluster, from the id itself or an ARN; `InvalidParameterException` for another cluster's.
pub fn task_of<'a>(place: Place, cluster: &str, given: &'a str) -> Result<&'a str> {
    let (named, id) = task_id(place, given)?;
    same_cluster(named, cluster)?;
    Ok(id)
}

/// The id of a container instance, from the id itself or an ARN in either format; the cluster, where the ARN names one.
pub fn container_instance_id(place: Place, given: &str) -> Result<(Option<&str>, &str)> {
    if !given.starts_with("arn:") {
        return Ok((None, given));
    }
    let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place));
    let Some(rest) = arn.and_then(|arn| arn.resource.strip_prefix("container-instance/")) else {
        return Err(invalid(format!("Invalid identifier: {given}")));
    };
    Ok(match rest.split_once('/') {
        Some((cluster, id)) => (Some(cluster), id),
        None => (None, rest),
    })
}

/// A reference to a task definition: a family, and a revision where one was given.
#[derive(Debug, PartialEq, Eq)]
pub struct DefinitionRef {
    /// The family.
    pub family: String,
    /// The revision; the newest active one is meant without it.
    pub revision: Option<u32>,
}

impl DefinitionRef {
    /// Reads `family`, `family:revision` or an ARN of this place.
    pub fn parse(place: Place, given: &str) -> Result<Self> {
        let text = if given.starts_with("arn:") {
            let arn = Arn::parse(given).filter(|arn| arn.service == "ecs" && arn.place() == Some(place));
            arn.and_then(|arn| arn.resource.strip_prefix("task-definition/"))
                .ok_or_else(|| crate::error::client(NO_DEFINITION))?
        } else {
            given
        };
        match text.split_once(':') {
            None => Ok(Self {
                family: text.to_owned(),
                revision: None,
            }),
            Some((_, "")) => Err(crate::error::client("Revision is missing.")),
            Some((family, number)) => match number.parse() {
                Ok(revision) => Ok(Self {
                    family: family.to_owned(),
                    revision: Some(revision),
                }),
                Err(_) => Err(invalid(format!("Invalid revision number. Number: {number}"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    fn place() -> Place {
        Place {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::US_EAST_1,
        }
    }

    #[test]
    fn a_task_definition_is_named_by_family_revision_or_arn() {
        let check = |given: &str, family: &str, revision| {
            let read = DefinitionRef::parse(place(), given).unwrap();
            assert_eq!((read.family.as_str(), read.revision), (family, revision), "{given}");
        };
        check("web", "web", None);
        check("web:3", "web", Some(3));
        check(&task_definition(place(), "web", 7), "web", Some(7));
    }

    #[test]
    fn a_bad_revision_is_refused_in_awss_words() {
        let message = |given| {
            DefinitionRef::parse(place(), given)
                .unwrap_err()
                .api()
                .unwrap()
                .message
                .clone()
        };
        assert_eq!(message("family:"), "Revision is missing.");
        assert_eq!(message("family:foo"), "Invalid revision number. Number: foo");
    }

    #[test]
    fn a_cluster_of_another_place_is_not_found() {
        let elsewhere = Place {
            region: Region::parse("eu-west-1").unwrap(),
            ..place()
        };
        assert_eq!(cluster_name(place(), None).unwrap(), "default");
        assert_eq!(cluster_name(place(), Some(&cluster(place(), "a"))).unwrap(), "a");
        assert!(cluster_name(place(), Some(&cluster(elsewhere, "a"))).is_err());
    }
}
