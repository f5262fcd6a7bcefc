//! ecs:DescribeContainerInstances — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html>

use api_ecs::op::DescribeContainerInstances;
use api_ecs::{ContainerInstanceField, DescribeContainerInstancesRequest, DescribeContainerInstancesResponse, Failure};
use roadstead_kernel::prelude::*;

use crate::error::{client, invalid};
use crate::records::ShowInstance;
use crate::{Ecs, arn};

/// Most instances of one call.
const MAX: usize = 100;

impl Handle<DescribeContainerInstances> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeContainerInstancesRequest) -> Result<Needs> {
        let given: Vec<&str> = input.container_instances.iter().map(String::as_str).collect();
        self.on_instances(cx, input.cluster.as_deref(), &given).await
    }

    async fn handle(&self, cx: &Cx, input: DescribeContainerInstancesRequest) -> Reply<DescribeContainerInstances> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if input.container_instances.is_empty() {
            return Err(client("Container Instances cannot be empty."));
        }
        if input.container_instances.len() > MAX {
            // AWS: reported (ecs-watchbot#81).
            return Err(invalid(format!("instanceIds can have at most {MAX} items.")));
        }
        let include = input.include.unwrap_or_default();
        let show = ShowInstance {
            tags: include.contains(&ContainerInstanceField::Tags),
            health: include.contains(&ContainerInstanceField::ContainerInstanceHealth),
        };
        let mut instances = Vec::new();
        let mut failures = Vec::new();
        for given in &input.container_instances {
            match self.instance(cx, &cluster, given).await? {
                Some(found) => {
                    let now = self.fleet.now(cx.place(), &found.record).await?;
                    instances.push(found.record.to_api(cx.place(), &now, show));
                }
                None => failures.push(missing(cx, &cluster, given)?),
            }
        }
        Ok(DescribeContainerInstancesResponse {
            container_instances: Some(instances),
            failures: Some(failures),
        })
    }
}

/// The failure for an instance that is not there.
pub fn missing(cx: &Cx, cluster: &str, given: &str) -> Result<Failure> {
    let (named, id) = arn::container_instance_id(cx.place(), given)?;
    Ok(Failure {
        arn: Some(arn::container_instance(cx.place(), named.unwrap_or(cluster), id)),
        reason: Some("MISSING".to_owned()),
        detail: None,
    })
}
