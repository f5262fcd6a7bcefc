//! Needs on things that exist: their ARN, and their tags as condition keys.

use api_ecs::RunTaskRequest;
use roadstead_core::Tags;
use roadstead_kernel::{Cx, Needs, Result};

use crate::arn::DefinitionRef;
use crate::records::{TaskDefinition, tags_from_api};
use crate::run::tagged;
use crate::task_roles::{self, Roles};
use crate::{Ecs, arn, scope};

impl Ecs {
    /// The operation's own action on a cluster, with the cluster's tags.
    pub(crate) async fn on_cluster(&self, cx: &Cx, given: Option<&str>) -> Result<Needs> {
        let name = arn::cluster_name(cx.place(), given)?;
        let found = self.clusters.get(scope(cx).of(), &[&name]).await?;
        let tags = found.map(|found| found.record.tags).unwrap_or_default();
        Ok(Needs::on(arn::cluster(cx.place(), &name)).resource_tags("ecs", &tags))
    }

    /// The operation's own action on a task, with its cluster and the task's tags.
    pub(crate) async fn on_task(&self, cx: &Cx, cluster: Option<&str>, given: &str) -> Result<Needs> {
        let cluster = arn::cluster_name(cx.place(), cluster)?;
        let (_, id) = arn::task_id(cx.place(), given)?;
        let needs =
            Needs::on(arn::task(cx.place(), &cluster, id)).key("ecs:cluster", arn::cluster(cx.place(), &cluster));
        let found = self.tasks.get(scope(cx).of(), &[&cluster, id]).await?;
        Ok(needs.resource_tags("ecs", &found.map(|found| found.record.tags).unwrap_or_default()))
    }

    /// What it takes to run tasks of a definition; of RunTask, or of StartTask, which names instances.
    pub(crate) async fn to_run(
        &self,
        cx: &Cx,
        input: &RunTaskRequest,
        (named, found): (&DefinitionRef, Option<&TaskDefinition>),
        instances: Option<Vec<String>>,
    ) -> Result<Needs> {
        let cluster = arn::cluster_name(cx.place(), input.cluster.as_deref())?;
        let any = |revision: Option<u32>| revision.map_or_else(|| "*".to_owned(), |number| number.to_string());
        let resource = match found {
            Some(definition) => definition.arn(cx.place()),
            None => arn::task_definition(cx.place(), &named.family, any(named.revision)),
        };
        let none = Tags::new();
        let roles = Roles::of(input, found);
        let given = tags_from_api(input.tags.as_deref());
        let mut needs = Needs::on(resource)
            .resource_tags("ecs", found.map_or(&none, |definition| &definition.tags))
            .request_tags(&given)
            .key("ecs:cluster", arn::cluster(cx.place(), &cluster));
        let operation = if instances.is_some() { "StartTask" } else { "RunTask" };
        if let Some(instances) = instances {
            needs = needs.keys("ecs:container-instances", instances);
        }
        let exec = input.enable_execute_command.unwrap_or(false);
        let needs = needs
            .key("ecs:enable-execute-command", exec.to_string())
            .pass_role(roles.task.as_deref(), task_roles::SERVICE)
            .pass_role(roles.execution.as_deref(), task_roles::SERVICE);
        let made = arn::task(cx.place(), &cluster, "*");
        self.tagging(cx, needs, operation, made, &given).await
    }

    /// The operation's own action on a capacity provider, with its tags.
    pub(crate) async fn on_provider(&self, cx: &Cx, given: &str) -> Result<Needs> {
        let found = self.provider(cx, given).await?;
        let tags = found.map(|found| found.record.tags).unwrap_or_default();
        Ok(Needs::on(arn::capacity_provider(cx.place(), crate::capacity::name_of(given))).resource_tags("ecs", &tags))
    }

    /// The operation's own action on whatever an ARN names, with its tags.
    pub(crate) async fn on_tagged(&self, cx: &Cx, arn: &str) -> Result<Needs> {
        // What does not exist, or cannot be tagged, is the handler's to refuse.
        let tags = match tagged(self, cx, arn).await {
            Ok(target) => target.read(self, cx).await.unwrap_or_default(),
            Err(_) => Tags::new(),
        };
        Ok(Needs::on(arn).resource_tags("ecs", &tags))
    }
}
