//! ecs:ListTasks — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>

use api_ecs::op::ListTasks;
use api_ecs::{DesiredStatus, ListTasksRequest, ListTasksResponse};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::instance::no_instance;
use crate::records::{Desired, Service, Task};
use crate::run::{after, page_size};
use crate::{Ecs, arn, choices, scope};

impl Handle<ListTasks> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListTasksRequest) -> Result<Needs> {
        let cluster = arn::cluster_name(cx.place(), input.cluster.as_deref())?;
        Ok(Needs::any().key("ecs:cluster", arn::cluster(cx.place(), &cluster)))
    }

    async fn handle(&self, cx: &Cx, input: ListTasksRequest) -> Reply<ListTasks> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        choices::launch_type(input.launch_type.as_ref())?;
        let service = match &input.service_name {
            Some(given) => Some(crate::service::there(self.service(cx, &cluster, given).await?)?.record),
            None => None,
        };
        let instance = match input.container_instance.as_deref().filter(|given| !given.is_empty()) {
            Some(given) => Some(
                self.instance(cx, &cluster, given)
                    .await?
                    .ok_or_else(no_instance)?
                    .record
                    .id,
            ),
            None => None,
        };
        check(&input)?;
        let limit = page_size(input.max_results)?;
        let filters = format!(
            "ListTasks {cluster} {:?} {:?} {:?} {:?} {:?} {:?}",
            input.service_name,
            input.family,
            input.started_by,
            input.desired_status,
            input.launch_type,
            input.container_instance
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let all = self.tasks.list(scope(cx).of(), &[&cluster], None, usize::MAX).await?;
        let matching = all
            .records
            .iter()
            .map(|found| &found.record)
            .filter(|task| matches(task, &input))
            .filter(|task| instance.is_none() || task.host.as_ref().map(|host| &host.instance) == instance.as_ref())
            .filter(|task| service.as_ref().is_none_or(|service| is_of(task, service)));
        let page = paging::page(matching, |task| task.id.as_str(), after.as_deref(), limit);
        Ok(ListTasksResponse {
            task_arns: Some(page.items.iter().map(|task| task.arn(cx.place())).collect()),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}

/// Refuses filters that say nothing, or that do not go together.
fn check(input: &ListTasksRequest) -> Result<()> {
    if input.family.as_deref().is_some_and(|family| !arn::is_name(family)) {
        // AWS: reported (amazon-ecs-cli#542).
        return Err(invalid(r"family must match ^[a-zA-Z0-9\-_]+$"));
    }
    let others = [
        input.family.is_some(),
        input.service_name.is_some(),
        input.container_instance.is_some(),
        input.launch_type.is_some(),
    ];
    if input.started_by.is_some() && others.contains(&true) {
        // AWS: the rule is documented, not the text; clients are seen to name a desired status with it.
        return Err(invalid("startedBy cannot be combined with other filters."));
    }
    Ok(())
}

/// Whether a task belongs to one of the service's deployments.
// AWS: recorded; tasks of deployments that left the service's list are not listed.
fn is_of(task: &Task, service: &Service) -> bool {
    let deployment = task.started_by.as_deref().and_then(|by| by.strip_prefix("ecs-svc/"));
    task.group == service.group() && deployment.is_some_and(|number| service.settings_of(number).is_some())
}

fn matches(task: &Task, input: &ListTasksRequest) -> bool {
    let desired = match &input.desired_status {
        None | Some(DesiredStatus::Running) => task.desired == Desired::Running,
        Some(DesiredStatus::Stopped) => task.desired == Desired::Stopped,
        // AWS: the model's PENDING never matches anything.
        Some(_) => false,
    };
    desired
        && input.family.as_ref().is_none_or(|family| task.family == *family)
        && (input.started_by.is_none() || input.started_by == task.started_by)
        && input
            .launch_type
            .as_ref()
            .is_none_or(|launch| *launch == task.launch_type())
}
