//! What the operations on task sets share: finding the service and the set, and what only external controllers may do.

use api_ecs::{DeploymentControllerType, Scale, ScaleUnit, errors};
use roadstead_core::Arn;
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_store::{StoreError, Versioned};

use crate::error::{invalid, service_not_active, service_not_found};
use crate::records::{Service, ServiceStatus, SetStatus, TaskSet};
use crate::{Ecs, arn, scope, service};

/// The number of a task set, from its id or its ARN.
pub fn number_of(given: &str) -> &str {
    let id = Arn::parse(given).map_or(given, |arn| arn.resource);
    id.rsplit('/').next().unwrap_or(id)
}

/// There is no such task set.
fn set_not_found() -> Fault {
    errors::TASK_SET_NOT_FOUND_EXCEPTION
        .with("The specified task set could not be found.")
        .into()
}

/// A share in percent; 0 where none is given. Errors: `InvalidParameterException` outside 0 to 100.
pub fn scale(given: Option<&Scale>) -> Result<f64> {
    let unit = given.and_then(|scale| scale.unit.as_ref());
    if unit.is_some_and(|unit| *unit != ScaleUnit::Percent) {
        return Err(invalid("Scale unit should be one of [PERCENT]"));
    }
    let value = given.and_then(|scale| scale.value).unwrap_or(0.0);
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err(invalid("Scale value must be between 0.0 and 100.0"))
    }
}

impl Ecs {
    /// The operation's own action on a task set, with its cluster and service; on all of them without one.
    pub(crate) fn on_task_set(cx: &Cx, cluster: &str, of: &str, set: Option<&str>) -> Result<Needs> {
        let (cluster_arn, service_arn) = service::named(cx, Some(cluster), of)?;
        let cluster = arn::cluster_name(cx.place(), Some(cluster))?;
        let (named, name) = arn::service_name(cx.place(), of)?;
        let set = arn::task_set(cx.place(), named.unwrap_or(&cluster), name, set.map_or("*", number_of));
        Ok(Needs::on(set)
            .key("ecs:cluster", cluster_arn)
            .key("ecs:service", service_arn))
    }

    /// An active service whose task sets an external controller makes.
    pub(crate) async fn service_with_sets(&self, cx: &Cx, cluster: &str, of: &str) -> Result<Versioned<Service>> {
        let cluster = self.active_cluster(cx, Some(cluster)).await?.record.name;
        let found = self.service(cx, &cluster, of).await?.ok_or_else(service_not_found)?;
        if found.record.status != ServiceStatus::Active {
            return Err(service_not_active());
        }
        if !found.record.is_external() {
            // AWS: reported (terraform-provider-aws#30347).
            return Err(invalid(
                "Amazon ECS only supports task set management on services configured to use external deployment controllers.",
            ));
        }
        Ok(found)
    }

    /// Changes a service through one of its task sets, and has the service looked at.
    pub(crate) async fn change_set(
        &self,
        cx: &Cx,
        (cluster, of, set): (&str, &str, &str),
        change: impl Fn(&mut Service, usize) -> Result<()>,
    ) -> Result<api_ecs::TaskSet> {
        let number = number_of(set);
        loop {
            let found = self.service_with_sets(cx, cluster, of).await?;
            let mut service = found.record;
            let at = service
                .task_sets
                .iter()
                .position(|set| set.number == number)
                .ok_or_else(set_not_found)?;
            change(&mut service, at)?;
            let key = [service.cluster.as_str(), service.name.as_str()];
            match self
                .services
                .services
                .replace(scope(cx).of(), &key, found.revision, &service)
                .await
            {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            self.look_at_service(cx.place(), &service.cluster, &service.name);
            let set = service.task_sets.get(at).ok_or_else(set_not_found)?;
            return Ok(set.to_api(cx.place(), &service.cluster, &service.name, service.desired, false));
        }
    }
}

/// A deleted task set cannot be changed any more.
pub fn not_draining(set: &TaskSet) -> Result<()> {
    if set.status == SetStatus::Draining {
        return Err(invalid(
            "The specified task set is draining. Specify an active task set and try again.",
        ));
    }
    Ok(())
}

/// What a service whose deployments somebody else makes cannot be told directly.
// AWS: the texts for CODE_DEPLOY are reported; those for EXTERNAL are formed alike.
pub fn refuse_update(controller: &DeploymentControllerType, what: &str) -> Fault {
    let hint = match controller {
        DeploymentControllerType::CodeDeploy => " Use AWS CodeDeploy to trigger a new deployment.",
        _ => " Create a new task set and try again.",
    };
    invalid(format!(
        "Unable to update {what} on services with a {controller} deployment controller.{hint}"
    ))
}
