//! ecs:RunTask — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>

use std::collections::BTreeMap;

use api_ecs::op::RunTask;
use api_ecs::{
    AssignPublicIp, CapacityProviderStrategyItem, Compatibility, Failure, LaunchType, PropagateTags, RunTaskRequest,
    RunTaskResponse, errors,
};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use super::start_task::Choice;
use crate::arn::DefinitionRef;
use crate::control::choose_provider;
use crate::error::{client, invalid, unsupported};
use crate::placement::Kind;
use crate::records::{ClientToken, Cluster, DefinitionStatus, Show, Task, TaskDefinition, checked_tags, digest};
use crate::register::{check_amounts, check_fargate_size, check_storage};
use crate::start::{self, Start};
use crate::task_roles::Roles;
use crate::{Ecs, arn, capacity, checks, choices, scope, task_roles};

/// Most tasks of one call.
const MAX_COUNT: i32 = 10;

/// Longest `startedBy`.
// AWS: documented.
const MAX_STARTED_BY: usize = 128;

/// Longest client token.
const MAX_TOKEN: usize = 64;

impl Handle<RunTask> for Ecs {
    async fn needs(&self, cx: &Cx, input: &RunTaskRequest) -> Result<Needs> {
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        let found = self.definition(cx, &named).await?.map(|found| found.record);
        self.to_run(cx, input, (&named, found.as_ref()), None).await
    }

    async fn handle(&self, cx: &Cx, input: RunTaskRequest) -> Reply<RunTask> {
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?;
        let definition = self
            .definition(cx, &named)
            .await?
            .ok_or_else(|| client(arn::NO_DEFINITION))?
            .record;
        if named.revision.is_none() {
            // The newest revision may be another one by now than the one that was asked about.
            cx.require(&self.to_run(cx, &input, (&named, Some(&definition)), None).await?)?;
        }
        // AWS: recorded; the definition's state is looked at before the client token.
        match definition.status {
            DefinitionStatus::Active => {}
            DefinitionStatus::Inactive => return Err(invalid("TaskDefinition is inactive")),
            DefinitionStatus::DeleteInProgress => return Err(invalid("TaskDefinition is being deleted")),
        }
        checks::client_token(input.client_token.as_deref(), MAX_TOKEN)?;
        let request = request_digest(&input)?;
        if let Some(replayed) = self.replayed(cx, &input, &cluster.record.name, &request).await? {
            return Ok(replayed);
        }
        let made = self.plan_tasks(cx, &input, &cluster.record, &definition).await?;
        let answer = self.admit(cx, &cluster, &input, &request, &made).await;
        self.give_back(cx, &cluster.record.name, &made, answer.as_ref().ok())
            .await?;
        answer
    }
}

/// The tasks that a request makes, and why others were not made.
pub(super) struct Made {
    /// The records, not yet stored.
    pub tasks: Vec<Task>,
    /// One for each instance that did not take a task.
    pub failures: Vec<Failure>,
}

/// What is the same for all tasks of a request.
pub(super) fn start_of<'a>(
    input: &RunTaskRequest,
    cluster: &'a Cluster,
    definition: &'a TaskDefinition,
    tags: Tags,
) -> Start<'a> {
    Start {
        cluster: &cluster.name,
        definition,
        group: input
            .group
            .clone()
            .unwrap_or_else(|| format!("family:{}", definition.family())),
        started_by: input.started_by.clone(),
        overrides: input.overrides.clone().unwrap_or_default(),
        managed_tags: input.enable_ecs_managed_tags.unwrap_or(false),
        exec: input.enable_execute_command.unwrap_or(false),
        tags,
    }
}

impl Ecs {
    /// Checks a request and makes the records of its tasks, without storing them.
    async fn plan_tasks(
        &self,
        cx: &Cx,
        input: &RunTaskRequest,
        cluster: &Cluster,
        definition: &TaskDefinition,
    ) -> Result<Made> {
        let count = input.count.unwrap_or(1);
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(invalid(format!("Count must be between 1 and {MAX_COUNT}.")));
        }
        checks::started_by(input.started_by.as_deref(), MAX_STARTED_BY)?;
        checks::group(input.group.as_deref())?;
        checks::overrides(input.overrides.as_ref())?;
        checks::placement(
            input.launch_type.as_ref(),
            input.placement_constraints.as_deref(),
            input.placement_strategy.as_deref(),
        )?;
        check_volumes(input, definition)?;
        let tags = task_tags(input, cluster, definition)?;
        let strategy = match place(input, cluster)? {
            Place::Fargate(strategy) => strategy,
            Place::Instances(kind) => {
                let count = usize::try_from(count).unwrap_or(0);
                return self
                    .plan_on_instances(cx, input, (cluster, definition), tags, Choice::Any(kind, count))
                    .await;
            }
        };
        if !definition.is_awsvpc() {
            return Err(client("Fargate only supports network mode ‘awsvpc’."));
        }
        if !definition.is_compatible(&Compatibility::Fargate) {
            return Err(invalid("Task definition does not support launch_type FARGATE."));
        }
        let Some(vpc) = input
            .network_configuration
            .as_ref()
            .and_then(|n| n.awsvpc_configuration.as_ref())
        else {
            return Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ));
        };
        check_overrides(input, definition)?;
        check_size(input, definition)?;
        start::check_platform(input.platform_version.as_deref())?;
        start::check_capabilities(definition, input.platform_version.as_deref())?;
        let subnets = start::subnets(cx.kernel(), cx.place(), vpc).await?;
        self.check_roles(cx, &Roles::of(input, Some(definition))).await?;
        let started = start_of(input, cluster, definition, tags);
        let chosen = subnets.iter().cycle().take(usize::try_from(count).unwrap_or(0));
        let interfaces = chosen.map(|(subnet, zone)| start::interface(cx.ids(), vpc, subnet, zone));
        let mut shares = BTreeMap::new();
        let tasks = interfaces
            .map(|interface| {
                let provider = choose_provider(&strategy, &mut shares);
                started.task(cx.ids(), cx.now(), provider, interface)
            })
            .collect();
        Ok(Made {
            tasks,
            failures: Vec::new(),
        })
    }

    /// Sees that ECS tasks may assume the roles they are given, as they later will.
    pub(super) async fn check_roles(&self, cx: &Cx, roles: &Roles) -> Result<()> {
        let named = [&roles.task, &roles.execution].into_iter().flatten();
        match task_roles::first_unassumable(cx.kernel(), cx.place(), named).await? {
            Some(role) => Err(client(task_roles::unable_to_assume(role))),
            None => Ok(()),
        }
    }

    /// Stores the tasks, and the token with them, if the cluster is still there.
    async fn admit(
        &self,
        cx: &Cx,
        cluster: &roadstead_store::Versioned<Cluster>,
        input: &RunTaskRequest,
        request: &str,
        made: &Made,
    ) -> Reply<RunTask> {
        let scope = scope(cx);
        let name = &cluster.record.name;
        let mut txn = Txn::new();
        self.clusters
            .require_at(&mut txn, scope.of(), &[name], cluster.revision);
        for task in &made.tasks {
            self.tasks.stage_new(&mut txn, scope.of(), &[name, &task.id], task)?;
        }
        // A request that made no task may be sent again: by then there may be room.
        if let Some(token) = &input.client_token
            && !made.tasks.is_empty()
        {
            let tasks = made.tasks.iter().map(|task| task.id.clone()).collect();
            let record = ClientToken {
                request: request.to_owned(),
                tasks,
                failures: made.failures.iter().cloned().map(Into::into).collect(),
                at: cx.now(),
            };
            self.tokens.stage(&mut txn, cx.place(), (name, token), &record).await?;
        }
        match self.store.commit(txn).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return self.admit_lost(cx, input, request, made).await,
            Err(error) => return Err(error.into()),
        }
        Ok(self.answer(cx, made))
    }

    /// Another call changed the cluster or used the token first.
    async fn admit_lost(&self, cx: &Cx, input: &RunTaskRequest, request: &str, made: &Made) -> Reply<RunTask> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?;
        if let Some(replayed) = self.replayed(cx, input, &cluster.record.name, request).await? {
            return Ok(replayed);
        }
        Box::pin(self.admit(cx, &cluster, input, request, made)).await
    }

    fn answer(&self, cx: &Cx, made: &Made) -> RunTaskResponse {
        for task in &made.tasks {
            self.look_at(cx.place(), &task.cluster, &task.id);
        }
        let show = Show {
            health: false,
            tags: true,
        };
        RunTaskResponse {
            tasks: Some(made.tasks.iter().map(|task| task.to_api(cx.place(), show)).collect()),
            failures: Some(made.failures.clone()),
        }
    }

    /// Gives back the places of tasks that were not stored.
    async fn give_back(&self, cx: &Cx, cluster: &str, made: &Made, answer: Option<&RunTaskResponse>) -> Result<()> {
        let shown = answer.and_then(|answer| answer.tasks.as_ref()?.first()?.task_arn.clone());
        let placed = made.tasks.iter().filter(|task| task.host.is_some());
        let placed: Vec<String> = placed.map(|task| task.id.clone()).collect();
        let first = placed.first().map(|id| arn::task(cx.place(), cluster, id));
        if first.is_none() || first == shown {
            return Ok(());
        }
        self.fleet.release(cx.place(), cluster, &placed).await
    }

    /// The answer to a request that was made before, told by its token.
    async fn replayed(
        &self,
        cx: &Cx,
        input: &RunTaskRequest,
        cluster: &str,
        request: &str,
    ) -> Result<Option<RunTaskResponse>> {
        let Some(token) = input.client_token.as_deref() else {
            return Ok(None);
        };
        match self.tokens.used(cx.place(), cluster, token, cx.now()).await? {
            Some(known) => self.replay(cx, cluster, &known, request).await.map(Some),
            None => Ok(None),
        }
    }

    /// Answers a repeated request with the same tasks as they are now; another request with that token is a conflict.
    async fn replay(&self, cx: &Cx, cluster: &str, known: &ClientToken, request: &str) -> Reply<RunTask> {
        if known.request != request {
            let arns: Vec<String> = known
                .tasks
                .iter()
                .map(|id| arn::task(cx.place(), cluster, id))
                .collect();
            // AWS: recorded.
            let conflict = errors::CONFLICT_EXCEPTION
                .with("The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different request.")
                .field("resourceIds", arns);
            return Err(conflict.into());
        }
        let show = Show {
            health: false,
            tags: true,
        };
        let mut tasks = Vec::new();
        for id in &known.tasks {
            let found = self.tasks.get(scope(cx).of(), &[cluster, id]).await?;
            tasks.extend(found.map(|found| found.record.to_api(cx.place(), show)));
        }
        Ok(RunTaskResponse {
            tasks: Some(tasks),
            failures: Some(known.failures.iter().cloned().map(Into::into).collect()),
        })
    }
}

/// What repetitions of a request have in common.
fn request_digest(input: &RunTaskRequest) -> Result<String> {
    let text = String::from_utf8(roadstead_wire::to_json(input)).map_err(Fault::internal)?;
    Ok(digest(&text))
}

// AWS: recorded; the request's value wins over the definition's for the same key.
pub(super) fn task_tags(input: &RunTaskRequest, cluster: &Cluster, definition: &TaskDefinition) -> Result<Tags> {
    let given = checked_tags(input.tags.as_deref())?;
    let mut tags = match &input.propagate_tags {
        Some(PropagateTags::TaskDefinition) => definition.tags.clone(),
        Some(PropagateTags::Service) => {
            return Err(invalid("The propagateTags value SERVICE is not valid for RunTask."));
        }
        _ => Tags::new(),
    };
    tags.merge(&given);
    if input.enable_ecs_managed_tags == Some(true) {
        tags.set("aws:ecs:clusterName", cluster.name.clone());
    }
    Ok(tags)
}

/// Where tasks run.
enum Place {
    /// As Fargate does, with the capacity providers that a strategy chooses, if one does.
    Fargate(Vec<CapacityProviderStrategyItem>),
    /// On container instances.
    Instances(Kind),
}

/// Where the tasks run that are asked for.
// AWS: the texts are recorded (ecs-recorded-tasks §6).
fn place(input: &RunTaskRequest, cluster: &Cluster) -> Result<Place> {
    let given = input.capacity_provider_strategy.as_deref().unwrap_or_default();
    if input.launch_type.is_some() && !given.is_empty() {
        return Err(invalid(
            "You may choose a capacity provider or a launch type but not both.",
        ));
    }
    let strategy = match input.launch_type {
        Some(_) => None,
        None => capacity::in_force(given, cluster)?,
    };
    match (&input.launch_type, strategy) {
        (Some(LaunchType::Fargate), _) => Ok(Place::Fargate(Vec::new())),
        (None, Some(items)) if items.iter().all(|item| capacity::is_built_in(&item.capacity_provider)) => {
            Ok(Place::Fargate(items))
        }
        (None, Some(_)) => Err(invalid("No Container Instances were found in your capacity provider.")),
        (None | Some(LaunchType::Ec2), _) => {
            let vpc = input
                .network_configuration
                .as_ref()
                .and_then(|n| n.awsvpc_configuration.as_ref());
            if vpc.is_some_and(|vpc| vpc.assign_public_ip == Some(AssignPublicIp::Enabled)) {
                return Err(invalid("Assign public IP is not supported for this launch type."));
            }
            checks::platform_on_instances(input.platform_version.as_deref())?;
            Ok(Place::Instances(Kind::Ec2))
        }
        (Some(LaunchType::External), _) => Ok(Place::Instances(Kind::External)),
        (Some(LaunchType::ManagedInstances), _) => Err(unsupported("The launch type MANAGED_INSTANCES is")),
        (Some(LaunchType::Other(_)), _) => Err(invalid(choices::LAUNCH_TYPES)),
    }
}

/// Volumes that are configured at launch are, and no others.
fn check_volumes(input: &RunTaskRequest, definition: &TaskDefinition) -> Result<()> {
    let volumes = definition.document.0.volumes.iter().flatten();
    let wanted: Vec<&str> = volumes
        .filter(|volume| volume.configured_at_launch == Some(true))
        .filter_map(|volume| volume.name.as_deref())
        .collect();
    let given: Vec<&str> = input
        .volume_configurations
        .iter()
        .flatten()
        .map(|v| v.name.as_str())
        .collect();
    if let Some(other) = given.iter().find(|name| !wanted.contains(name)) {
        return Err(invalid(format!(
            "The volume '{other}' is not one that the task definition leaves to be configured at launch."
        )));
    }
    match wanted.iter().find(|name| !given.contains(name)) {
        Some(missing) => Err(invalid(format!(
            "The volume '{missing}' has to be configured at launch: volumeConfigurations does not name it."
        ))),
        None => Ok(()),
    }
}

/// Refuses an overridden size that Fargate does not offer.
fn check_size(input: &RunTaskRequest, definition: &TaskDefinition) -> Result<()> {
    let Some(over) = &input.overrides else { return Ok(()) };
    if over.cpu.is_none() && over.memory.is_none() {
        return Ok(());
    }
    let own = &definition.document.0;
    check_fargate_size(
        over.cpu.as_deref().or(own.cpu.as_deref()),
        over.memory.as_deref().or(own.memory.as_deref()),
    )
}

pub(super) fn check_overrides(input: &RunTaskRequest, definition: &TaskDefinition) -> Result<()> {
    let given = input
        .overrides
        .as_ref()
        .and_then(|o| o.container_overrides.as_deref())
        .unwrap_or_default();
    for over in given {
        let name = over.name.as_deref().unwrap_or_default();
        if !definition
            .containers()
            .iter()
            .any(|container| container.name.as_deref() == Some(name))
        {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    for over in given {
        let memory = [over.memory, over.memory_reservation];
        if let Some(problem) = check_amounts(over.cpu, memory) {
            let name = over.name.as_deref().unwrap_or_default();
            return Err(invalid(format!("Invalid override for container '{name}'. {problem}")));
        }
    }
    check_storage(input.overrides.as_ref().and_then(|o| o.ephemeral_storage.as_ref()))?;
    Ok(())
}
