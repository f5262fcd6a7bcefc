//! ecs:DescribeTasks — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>

use api_ecs::op::DescribeTasks;
use api_ecs::{DescribeTasksRequest, DescribeTasksResponse, Failure, TaskField};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::Show;
use crate::{Ecs, arn, scope};

/// Most tasks of one call.
const MAX: usize = 100;

impl Handle<DescribeTasks> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeTasksRequest) -> Result<Needs> {
        let cluster = input.cluster.as_deref();
        if input.tasks.is_empty() {
            return self.on_task(cx, cluster, "*").await;
        }
        let mut needs = Needs::nothing();
        for given in &input.tasks {
            needs = needs.and(self.on_task(cx, cluster, given).await?);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: DescribeTasksRequest) -> Reply<DescribeTasks> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if input.tasks.is_empty() {
            return Err(invalid("Tasks cannot be empty."));
        }
        if input.tasks.len() > MAX {
            return Err(invalid(format!("Tasks cannot have more than {MAX} elements.")));
        }
        let with_tags = input.include.unwrap_or_default().contains(&TaskField::Tags);
        let show = Show {
            health: true,
            tags: with_tags,
        };
        let mut tasks = Vec::new();
        let mut failures = Vec::new();
        for given in &input.tasks {
            let id = arn::task_of(cx.place(), &cluster, given)?;
            match self.tasks.get(scope(cx).of(), &[&cluster, id]).await? {
                Some(found) => tasks.push(found.record.to_api(cx.place(), show)),
                None => failures.push(Failure {
                    arn: Some(arn::task(cx.place(), &cluster, id)),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(DescribeTasksResponse {
            tasks: Some(tasks),
            failures: Some(failures),
        })
    }
}
