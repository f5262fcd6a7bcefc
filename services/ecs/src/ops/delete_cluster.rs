//! ecs:DeleteCluster — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html>

use api_ecs::op::DeleteCluster;
use api_ecs::{DeleteClusterRequest, DeleteClusterResponse, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::{Guard, StoreError, Table, Txn};

use crate::records::{ClusterStatus, ContainerInstance, Counts, Include, Service, ServiceStatus, Task, TaskStatus};
use crate::{Ecs, scope};

impl Ecs {
    /// How many clusters of the region are in use.
    // AWS: recorded beside the cluster in the answers and audit records of making and deleting one.
    pub(super) async fn active_clusters(&self, cx: &Cx) -> Result<i32> {
        let all = self.clusters.list_all(scope(cx).of()).await?;
        let active = all.iter().filter(|found| found.record.is_active()).count();
        Ok(i32::try_from(active).unwrap_or(i32::MAX))
    }
}

impl Handle<DeleteCluster> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteClusterRequest) -> Result<Needs> {
        self.on_cluster(cx, Some(&input.cluster)).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteClusterRequest) -> Reply<DeleteCluster> {
        loop {
            let found = self.cluster(cx, Some(&input.cluster)).await?;
            let mut cluster = found.record;
            if !cluster.is_active() {
                let again = Include {
                    attachments: true,
                    ..Include::MADE
                };
                return Ok(DeleteClusterResponse {
                    cluster: Some(cluster.to_api(cx.place(), Counts::default(), again)),
                    cluster_count: Some(self.active_clusters(cx).await?),
                });
            }
            let services = self
                .services
                .services
                .list(scope(cx).of(), &[&cluster.name], None, usize::MAX)
                .await?;
            if services
                .records
                .iter()
                .any(|service| service.record.status == ServiceStatus::Active)
            {
                // AWS: recorded; services that are being deleted do not keep the cluster.
                return Err(errors::CLUSTER_CONTAINS_SERVICES_EXCEPTION
                    .with("The Cluster cannot be deleted while Services are active.")
                    .into());
            }
            let instances = self
                .instances
                .list(scope(cx).of(), &[&cluster.name], None, usize::MAX)
                .await?;
            if instances.records.iter().any(|one| one.record.is_registered()) {
                // AWS: recorded.
                return Err(errors::CLUSTER_CONTAINS_CONTAINER_INSTANCES_EXCEPTION
                    .with("The Cluster cannot be deleted while Container Instances are active or draining.")
                    .into());
            }
            let tasks = self.task_heads(cx, &cluster.name).await?;
            if tasks
                .records
                .iter()
                .any(|task| task.record.status != TaskStatus::Stopped)
            {
                // AWS: recorded.
                return Err(errors::CLUSTER_CONTAINS_TASKS_EXCEPTION
                    .with("The Cluster cannot be deleted while Tasks are active.")
                    .into());
            }
            cluster.status = ClusterStatus::Inactive;
            let mut txn = Txn::new();
            self.clusters
                .stage_replace(&mut txn, scope(cx).of(), &[&cluster.name], found.revision, &cluster)?;
            // A task that is started meanwhile keeps the cluster.
            txn.push_guard(Guard::Unwritten {
                prefix: Table::<Task>::prefix(scope(cx).of(), &[&cluster.name]),
                since: tasks.revision,
            });
            // So does a service that is made meanwhile.
            txn.push_guard(Guard::Unwritten {
                prefix: Table::<Service>::prefix(scope(cx).of(), &[&cluster.name]),
                since: services.revision,
            });
            // So does a container instance that is registered meanwhile.
            txn.push_guard(Guard::Unwritten {
                prefix: Table::<ContainerInstance>::prefix(scope(cx).of(), &[&cluster.name]),
                since: instances.revision,
            });
            match self.store.commit(txn).await {
                Ok(_) => {
                    let api = cluster.to_api(cx.place(), Counts::default(), Include::MADE);
                    return Ok(DeleteClusterResponse {
                        cluster: Some(api),
                        cluster_count: Some(self.active_clusters(cx).await?),
                    });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
