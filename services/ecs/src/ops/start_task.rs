//! ecs:StartTask — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html>

use api_ecs::op::StartTask;
use api_ecs::{Failure, NetworkConfiguration, RunTaskRequest, StartTaskRequest, StartTaskResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use super::run_task::{Made, check_overrides, start_of, task_tags};
use crate::arn::DefinitionRef;
use crate::error::invalid;
use crate::fleet::Spot;
use crate::placement::{Demand, Kind, Refusal, Strategy};
use crate::placing::{self, Asked};
use crate::records::{Cluster, Mode, Show, TaskDefinition};
use crate::start;
use crate::task_roles::Roles;
use crate::{Ecs, arn, checks, scope};

/// Longest `startedBy`.
// AWS: documented; shorter than RunTask's.
const MAX_STARTED_BY: usize = 36;
/// Most instances of one call.
// AWS: documented.
const MAX: usize = 10;

impl Handle<StartTask> for Ecs {
    async fn needs(&self, cx: &Cx, input: &StartTaskRequest) -> Result<Needs> {
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        let found = self.definition(cx, &named).await?.map(|found| found.record);
        let instances = instances(cx, input)?;
        self.to_run(cx, &as_run(input), (&named, found.as_ref()), Some(instances))
            .await
    }

    async fn handle(&self, cx: &Cx, input: StartTaskRequest) -> Reply<StartTask> {
        let run = as_run(&input);
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?;
        let definition = self.usable_definition(cx, &input.task_definition).await?;
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        if named.revision.is_none() {
            // The newest revision may be another one by now than the one that was asked about.
            let instances = instances(cx, &input)?;
            let needs = self.to_run(cx, &run, (&named, Some(&definition)), Some(instances));
            cx.require(&needs.await?)?;
        }
        checks::group(input.group.as_deref())?;
        if input.container_instances.is_empty() {
            return Err(invalid("Container Instances cannot be empty."));
        }
        if input.container_instances.len() > MAX {
            return Err(invalid(format!(
                "Container Instances cannot have more than {MAX} elements."
            )));
        }
        checks::started_by(input.started_by.as_deref(), MAX_STARTED_BY)?;
        checks::overrides(input.overrides.as_ref())?;
        let tags = task_tags(&run, &cluster.record, &definition)?;
        let choice = Choice::These(&input.container_instances);
        let made = self
            .plan_on_instances(cx, &run, (&cluster.record, &definition), tags, choice)
            .await?;
        if let Err(fault) = self.store_started(cx, &cluster.record.name, &made).await {
            let ids: Vec<String> = made.tasks.iter().map(|task| task.id.clone()).collect();
            self.fleet.release(cx.place(), &cluster.record.name, &ids).await?;
            return Err(fault);
        }
        for task in &made.tasks {
            self.look_at(cx.place(), &task.cluster, &task.id);
        }
        let show = Show {
            health: false,
            tags: true,
        };
        Ok(StartTaskResponse {
            tasks: Some(made.tasks.iter().map(|task| task.to_api(cx.place(), show)).collect()),
            failures: Some(made.failures),
        })
    }
}

/// The ARNs of the instances that are named.
fn instances(cx: &Cx, input: &StartTaskRequest) -> Result<Vec<String>> {
    let cluster = arn::cluster_name(cx.place(), input.cluster.as_deref())?;
    let arn = |given: &String| {
        let (named, id) = arn::container_instance_id(cx.place(), given)?;
        Ok(arn::container_instance(cx.place(), named.unwrap_or(&cluster), id))
    };
    input.container_instances.iter().map(arn).collect()
}

/// Which instances may take tasks.
#[derive(Clone, Copy)]
pub enum Choice<'a> {
    /// Any of a launch type, so many tasks.
    Any(Kind, usize),
    /// These, a task each.
    These(&'a [String]),
}

/// What StartTask has in common with RunTask.
fn as_run(input: &StartTaskRequest) -> RunTaskRequest {
    RunTaskRequest {
        cluster: input.cluster.clone(),
        enable_ecs_managed_tags: input.enable_ecs_managed_tags,
        enable_execute_command: input.enable_execute_command,
        group: input.group.clone(),
        network_configuration: input.network_configuration.clone(),
        overrides: input.overrides.clone(),
        propagate_tags: input.propagate_tags.clone(),
        started_by: input.started_by.clone(),
        tags: input.tags.clone(),
        task_definition: input.task_definition.clone(),
        ..RunTaskRequest::default()
    }
}

/// The ids of tasks, where they are, and why others are not anywhere.
type Chosen = (Vec<String>, Vec<Spot>, Vec<Failure>);

fn failure(arn: String, reason: &str) -> Failure {
    Failure {
        arn: Some(arn),
        reason: Some(reason.to_owned()),
        detail: None,
    }
}

impl Ecs {
    /// Checks a request, places its tasks and makes their records, without storing them.
    ///
    /// Errors: `InvalidParameterException` where the cluster has no instance at all; an instance that does not take a task
    /// is no error but a failure.
    pub(super) async fn plan_on_instances(
        &self,
        cx: &Cx,
        input: &RunTaskRequest,
        (cluster, definition): (&Cluster, &TaskDefinition),
        tags: Tags,
        choice: Choice<'_>,
    ) -> Result<Made> {
        let started = start_of(input, cluster, definition, tags);
        let kind = match choice {
            Choice::Any(kind, _) => kind,
            Choice::These(_) => Kind::Ec2,
        };
        let asked = Asked {
            group: &started.group,
            kind,
            overrides: &started.overrides,
            constraints: input.placement_constraints.as_deref().unwrap_or_default(),
            strategies: Strategy::read_all(input.placement_strategy.as_deref().unwrap_or_default())?,
        };
        let mut demand = placing::demand(definition, asked)?;
        check_network(definition, input.network_configuration.as_ref(), kind)?;
        if let Choice::Any(..) = choice
            && !self.fleet.has_instances(cx.place(), &cluster.name, kind).await?
        {
            return Err(invalid("No Container Instances were found in your cluster."));
        }
        check_overrides(input, definition)?;
        let vpc = input
            .network_configuration
            .as_ref()
            .and_then(|network| network.awsvpc_configuration.as_ref());
        let subnets = match vpc {
            Some(vpc) => start::subnets(cx.kernel(), cx.place(), vpc).await?,
            None => Vec::new(),
        };
        demand.rules.extend(placing::in_zones(&subnets));
        self.check_roles(cx, &Roles::of(input, Some(definition))).await?;
        let (ids, spots, failures) = self.choose(cx, &cluster.name, &demand, choice).await?;
        let make = |(id, spot): (String, Spot)| {
            let interface = vpc.and_then(|vpc| {
                let of_zone = subnets.iter().find(|(_, zone)| Some(zone) == spot.zone.as_ref());
                let (subnet, zone) = of_zone.or_else(|| subnets.first())?;
                Some(start::interface(cx.ids(), vpc, subnet, zone))
            });
            let demand = Demand {
                kind: spot.kind,
                ..demand.clone()
            };
            let host = placing::host(definition, &demand, spot);
            started.task_on(id, cx.ids(), cx.now(), host, interface)
        };
        Ok(Made {
            tasks: ids.into_iter().zip(spots).map(make).collect(),
            failures,
        })
    }

    /// Chooses the instances: the ids of the tasks, where they are, and why others are not.
    async fn choose(&self, cx: &Cx, cluster: &str, demand: &Demand, choice: Choice<'_>) -> Result<Chosen> {
        match choice {
            Choice::Any(_, count) => self.choose_any(cx, cluster, demand, count).await,
            Choice::These(instances) => self.choose_among(cx, cluster, demand, instances).await,
        }
    }

    async fn choose_any(&self, cx: &Cx, cluster: &str, demand: &Demand, count: usize) -> Result<Chosen> {
        let ids: Vec<String> = (0..count).map(|_| cx.ids().hex(32)).collect();
        let placed = self.fleet.place(cx.place(), cluster, demand, &ids).await?;
        let spots: Vec<Spot> = placed.into_iter().flatten().collect();
        let mut failures = Vec::new();
        if spots.len() < count {
            let refused = match self.fleet.refusals(cx.place(), cluster, demand).await {
                Ok(refused) => refused,
                Err(fault) => {
                    self.fleet.release(cx.place(), cluster, &ids).await?;
                    return Err(fault);
                }
            };
            for (id, why) in refused {
                // AWS: instances that take no tasks at all are not told of.
                if why != Refusal::Inactive {
                    failures.push(failure(arn::container_instance(cx.place(), cluster, &id), why.reason()));
                }
            }
        }
        Ok((ids, spots, failures))
    }

    async fn choose_among(&self, cx: &Cx, cluster: &str, demand: &Demand, instances: &[String]) -> Result<Chosen> {
        let mut named = Vec::with_capacity(instances.len());
        for given in instances {
            let (of, id) = arn::container_instance_id(cx.place(), given)?;
            arn::same_cluster(of, cluster)?;
            named.push(id);
        }
        let (mut ids, mut spots, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        for id in named {
            let task = cx.ids().hex(32);
            let shown = || arn::container_instance(cx.place(), cluster, id);
            match self.fleet.place_on(cx.place(), cluster, id, demand, &task).await {
                Ok(Some(Ok(spot))) => {
                    ids.push(task);
                    spots.push(spot);
                }
                Ok(Some(Err(why))) => failures.push(failure(shown(), why.reason())),
                Ok(None) => failures.push(failure(shown(), "MISSING")),
                Err(fault) => {
                    self.fleet.release(cx.place(), cluster, &ids).await?;
                    return Err(fault);
                }
            }
        }
        Ok((ids, spots, failures))
    }

    /// Stores the tasks of StartTask, if the cluster is still there.
    async fn store_started(&self, cx: &Cx, cluster: &str, made: &Made) -> Result<()> {
        if made.tasks.is_empty() {
            return Ok(());
        }
        let scope = scope(cx);
        loop {
            let found = self.active_cluster(cx, Some(cluster)).await?;
            let mut txn = Txn::new();
            self.clusters
                .require_at(&mut txn, scope.of(), &[cluster], found.revision);
            for task in &made.tasks {
                self.tasks.stage_new(&mut txn, scope.of(), &[cluster, &task.id], task)?;
            }
            match self.store.commit(txn).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The network that is asked for must be one that the definition can have.
pub fn check_network(definition: &TaskDefinition, network: Option<&NetworkConfiguration>, kind: Kind) -> Result<()> {
    let vpc = network.and_then(|network| network.awsvpc_configuration.as_ref());
    match (placing::mode(definition), vpc) {
        (Mode::Awsvpc, _) if kind == Kind::External => Err(invalid(
            "The EXTERNAL launch type does not support the awsvpc network mode.",
        )),
        // AWS: recorded.
        (Mode::Awsvpc, None) => Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )),
        (Mode::Bridge | Mode::Host | Mode::None, Some(_)) => Err(invalid(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        )),
        _ => Ok(()),
    }
}
