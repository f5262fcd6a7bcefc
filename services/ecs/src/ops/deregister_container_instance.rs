//! ecs:DeregisterContainerInstance — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html>

use api_ecs::op::DeregisterContainerInstance;
use api_ecs::{DeregisterContainerInstanceRequest, DeregisterContainerInstanceResponse};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::instance::no_instance;
use crate::records::{ContainerInstance, InstanceStatus, ShowInstance, StopCode, Task, TaskStatus};
use crate::{Ecs, scope};

/// Why the tasks of an instance stop that is deregistered all the same.
// AWS: reported.
const FORCED: &str = "Container instance deregistration forced by user";

impl Handle<DeregisterContainerInstance> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeregisterContainerInstanceRequest) -> Result<Needs> {
        self.on_cluster(cx, input.cluster.as_deref()).await
    }

    async fn handle(&self, cx: &Cx, input: DeregisterContainerInstanceRequest) -> Reply<DeregisterContainerInstance> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        let found = self.instance(cx, &cluster, &input.container_instance).await?;
        let record = found.ok_or_else(no_instance)?.record;
        let force = input.force == Some(true);
        // Nothing is placed on it any more, whatever happens at the same time.
        if !self.fleet.close(cx.place(), &cluster, &record.id, force).await? {
            return Err(invalid("Found running tasks on the instance."));
        }
        let end = |record: &mut ContainerInstance| {
            if record.is_registered() {
                record.status = InstanceStatus::Inactive;
                record.ended_at = Some(cx.now());
                record.changed();
            }
            Ok::<_, Fault>(())
        };
        let id = [cluster.as_str(), record.id.as_str()];
        let changed = self.instances.update(scope(cx).of(), &id, end).await;
        let Ok(Some(changed)) = changed else {
            // It is as it was before.
            self.fleet.put(cx.place(), &record).await?;
            changed?;
            return Err(no_instance());
        };
        let record = changed.record;
        if force {
            self.stop_tasks_of(cx, &record).await?;
        }
        self.fleet.put(cx.place(), &record).await?;
        self.fleet.set_connected(cx.place(), &cluster, &record.id, None).await?;
        self.look_at_services(cx.place(), &cluster).await?;
        let now = self.fleet.now(cx.place(), &record).await?;
        let show = ShowInstance {
            tags: true,
            health: false,
        };
        Ok(DeregisterContainerInstanceResponse {
            container_instance: Some(record.to_api(cx.place(), &now, show)),
        })
    }
}

impl Ecs {
    async fn stop_tasks_of(&self, cx: &Cx, instance: &ContainerInstance) -> Result<()> {
        let cluster = instance.cluster.as_str();
        let all = self.tasks.list(scope(cx).of(), &[cluster], None, usize::MAX).await?;
        let on_it = |task: &Task| {
            task.status != TaskStatus::Stopped && task.host.as_ref().is_some_and(|host| host.instance == instance.id)
        };
        for found in all.records.iter().filter(|found| on_it(&found.record)) {
            let stop = |task: &mut Task| {
                task.stop(StopCode::Deregistered, FORCED, cx.now());
                Ok::<_, Fault>(())
            };
            let id = found.record.id.as_str();
            self.tasks.update(scope(cx).of(), &[cluster, id], stop).await?;
            self.look_at(cx.place(), cluster, id);
        }
        Ok(())
    }
}
