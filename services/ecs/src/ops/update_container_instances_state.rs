//! ecs:UpdateContainerInstancesState — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html>

use api_ecs::op::UpdateContainerInstancesState;
use api_ecs::{
    ContainerInstanceStatus, Failure, UpdateContainerInstancesStateRequest, UpdateContainerInstancesStateResponse,
};
use roadstead_kernel::prelude::*;

use super::describe_container_instances::missing;
use crate::error::{client, invalid};
use crate::records::{ContainerInstance, InstanceStatus, ShowInstance};
use crate::{Ecs, scope};

/// Most instances of one call.
const MAX: usize = 10;

impl Handle<UpdateContainerInstancesState> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateContainerInstancesStateRequest) -> Result<Needs> {
        let given: Vec<&str> = input.container_instances.iter().map(String::as_str).collect();
        self.on_instances(cx, input.cluster.as_deref(), &given).await
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: UpdateContainerInstancesStateRequest,
    ) -> Reply<UpdateContainerInstancesState> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if input.container_instances.is_empty() {
            return Err(client("Container Instances cannot be empty."));
        }
        if input.container_instances.len() > MAX {
            return Err(invalid(format!("instanceIds can have at most {MAX} items.")));
        }
        let status = match input.status {
            ContainerInstanceStatus::Active => InstanceStatus::Active,
            ContainerInstanceStatus::Draining => InstanceStatus::Draining,
            _ => return Err(invalid("Container instance status should be one of [ACTIVE, DRAINING]")),
        };
        let mut instances = Vec::new();
        let mut failures = Vec::new();
        for given in &input.container_instances {
            let Some(found) = self.instance(cx, &cluster, given).await? else {
                failures.push(missing(cx, &cluster, given)?);
                continue;
            };
            if !found.record.is_registered() {
                failures.push(Failure {
                    reason: Some("INACTIVE".to_owned()),
                    ..missing(cx, &cluster, given)?
                });
                continue;
            }
            let change = |record: &mut ContainerInstance| {
                if record.is_registered() && record.status != status {
                    record.status = status;
                    record.changed();
                }
                Ok::<_, Fault>(())
            };
            let id = [cluster.as_str(), found.record.id.as_str()];
            let Some(changed) = self.instances.update(scope(cx).of(), &id, change).await? else {
                failures.push(missing(cx, &cluster, given)?);
                continue;
            };
            self.fleet.put(cx.place(), &changed.record).await?;
            let now = self.fleet.now(cx.place(), &changed.record).await?;
            instances.push(changed.record.to_api(cx.place(), &now, ShowInstance::default()));
        }
        self.look_at_services(cx.place(), &cluster).await?;
        Ok(UpdateContainerInstancesStateResponse {
            container_instances: Some(instances),
            failures: Some(failures),
        })
    }
}
