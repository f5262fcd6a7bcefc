//! ecs:UpdateService — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>

use api_ecs::op::UpdateService;
use api_ecs::{DeploymentControllerType, UpdateServiceRequest, UpdateServiceResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use crate::arn::DefinitionRef;
use crate::error::{invalid, service_not_active};
use crate::records::{Cluster, Deployment, Progress, Service, ServiceStatus, Settings, ShowService, TaskDefinition};
use crate::service::{self, Joined};
use crate::{Ecs, checks, monitoring, placing, role, scope, task_sets};

impl Handle<UpdateService> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateServiceRequest) -> Result<Needs> {
        let (cluster, service) = service::named(cx, input.cluster.as_deref(), &input.service)?;
        let definition = match &input.task_definition {
            Some(given) => {
                let named = DefinitionRef::parse(cx.place(), given)?;
                self.definition(cx, &named)
                    .await?
                    .map(|found| found.record.arn(cx.place()))
            }
            None => None,
        };
        let vpc = input
            .network_configuration
            .as_ref()
            .and_then(|network| network.awsvpc_configuration.as_ref());
        Ok(Needs::on(service)
            .key("ecs:cluster", cluster)
            .key_if("ecs:task-definition", definition)
            .key_if(
                "ecs:enable-execute-command",
                input.enable_execute_command.map(|value| value.to_string()),
            )
            .key_if(
                "ecs:enable-ecs-managed-tags",
                input.enable_ecs_managed_tags.map(|value| value.to_string()),
            )
            .key_if(
                "ecs:propagate-tags",
                input.propagate_tags.as_ref().map(|p| p.as_str().to_owned()),
            )
            .keys("ecs:subnet", vpc.map(|vpc| vpc.subnets.clone()).unwrap_or_default()))
    }

    async fn handle(&self, cx: &Cx, input: UpdateServiceRequest) -> Reply<UpdateService> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record;
        loop {
            let found = service::there(self.service(cx, &cluster.name, &input.service).await?)?;
            if found.record.status != ServiceStatus::Active {
                return Err(service_not_active());
            }
            let mut changed = found.record;
            change(&mut changed, &input)?;
            role::ensure(cx, &self.attempted)
                .await
                .context("ensuring the service-linked role")?;
            let mut txn = Txn::new();
            if let Some((settings, definition)) = self.new_settings(cx, &changed, &input, &cluster).await? {
                self.deploy(cx, &mut txn, &mut changed, settings, &definition).await?;
            }
            let (scope, key) = (scope(cx), [changed.cluster.as_str(), changed.name.as_str()]);
            self.services
                .services
                .stage_replace(&mut txn, scope.of(), &key, found.revision, &changed)?;
            match self.store.commit(txn).await {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            self.look_at_service(cx.place(), &changed.cluster, &changed.name);
            let events = self.service_events(cx, &changed.cluster, &changed.name).await?;
            let shown = changed.to_api(
                cx.place(),
                &events,
                ShowService {
                    tags: false,
                    whole: true,
                },
            );
            return Ok(UpdateServiceResponse { service: Some(shown) });
        }
    }
}

/// Changes what makes no new deployment.
fn change(service: &mut Service, input: &UpdateServiceRequest) -> Result<()> {
    Joined {
        load_balancers: input.load_balancers.as_deref(),
        registries: input.service_registries.as_deref(),
        connect: input.service_connect_configuration.as_ref(),
        volumes: input.volume_configurations.as_deref(),
        lattice: input.vpc_lattice_configurations.as_deref(),
        controller: input.deployment_controller.as_ref(),
    }
    .check()?;
    if service.is_external() {
        check_external(input)?;
    }
    let controller = input.deployment_controller.as_ref();
    if controller.is_some_and(|controller| controller.r#type != service.controller()) {
        return Err(crate::error::unsupported("Changing the deployment controller is"));
    }
    let is_daemon = service.is_daemon();
    match input.desired_count {
        Some(_) if is_daemon => {
            return Err(invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
            ));
        }
        // AWS: recorded; another text than that of CreateService.
        Some(asked) => service.desired = service::count(asked, "Task count can not be lesser than 0")?,
        None => {}
    }
    let document = &mut service.document.0;
    let configuration = service::merge_configuration(
        document.deployment_configuration.as_ref(),
        input.deployment_configuration.as_ref(),
        is_daemon,
    )?;
    document.availability_zone_rebalancing = Some(service::merge_rebalancing(
        document.availability_zone_rebalancing.as_ref(),
        input.availability_zone_rebalancing.as_ref(),
        Some(&configuration),
        is_daemon,
    )?);
    document.deployment_configuration = Some(configuration);
    checks::grace_period(input.health_check_grace_period_seconds)?;
    placing::check(
        input.placement_constraints.as_deref(),
        input.placement_strategy.as_deref(),
    )?;
    if input.placement_constraints.is_some() {
        document.placement_constraints.clone_from(&input.placement_constraints);
    }
    if input.placement_strategy.is_some() {
        document.placement_strategy = service::placement(input.placement_strategy.clone());
    }
    service::check_grace(input.health_check_grace_period_seconds)?;
    document.health_check_grace_period_seconds = input
        .health_check_grace_period_seconds
        .or(document.health_check_grace_period_seconds);
    document.enable_execute_command = input.enable_execute_command.or(document.enable_execute_command);
    document.enable_ecs_managed_tags = input.enable_ecs_managed_tags.or(document.enable_ecs_managed_tags);
    if input.propagate_tags.is_some() {
        document.propagate_tags.clone_from(&input.propagate_tags);
    }
    Ok(())
}

// AWS: documented; only task sets say what tasks are made from.
fn check_external(input: &UpdateServiceRequest) -> Result<()> {
    let breaker = input
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.deployment_circuit_breaker.as_ref());
    let asked = [
        ("task definition", input.task_definition.is_some()),
        ("network parameters", input.network_configuration.is_some()),
        ("platform version", input.platform_version.is_some()),
        (
            "capacity provider strategy",
            input
                .capacity_provider_strategy
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
        ),
        (
            "deployment circuit breaker",
            breaker.is_some_and(|breaker| breaker.enable),
        ),
        ("force new deployment", input.force_new_deployment == Some(true)),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((what, _)) => Err(task_sets::refuse_update(&DeploymentControllerType::External, what)),
        None => Ok(()),
    }
}

impl Ecs {
    /// What tasks are to be made from after the update, if that is something new or a new deployment is forced.
    async fn new_settings(
        &self,
        cx: &Cx,
        service: &Service,
        input: &UpdateServiceRequest,
        cluster: &Cluster,
    ) -> Result<Option<(Settings, TaskDefinition)>> {
        if service.is_external() {
            return Ok(None);
        }
        let Some(primary) = service.primary() else {
            return Err(Fault::internal("a service without a deployment"));
        };
        let before = &primary.settings;
        let launch = match input.capacity_provider_strategy.as_deref() {
            None | Some([]) => before.launch.clone(),
            given => service::launch(None, given, cluster)?,
        };
        let given_network = input.network_configuration.as_ref().map(service::whole_network);
        let given_network = given_network.as_ref();
        let network = given_network.or(before.network.as_ref().map(|network| &network.0));
        let platform = input
            .platform_version
            .clone()
            .or_else(|| before.platform_version.clone());
        let named = match input.task_definition.as_deref().filter(|named| !named.is_empty()) {
            Some(given) => self.usable_definition(cx, given).await?,
            None => {
                let named = DefinitionRef {
                    family: before.family.clone(),
                    revision: Some(before.revision),
                };
                let found = self.definition(cx, &named).await?;
                found
                    .ok_or_else(|| Fault::internal("the service's task definition is gone"))?
                    .record
            }
        };
        let monitoring = match &input.monitoring {
            Some(given) => monitoring::kept(given)?,
            None => before.monitoring.clone(),
        };
        // AWS: recorded; a new definition, force or other monitoring makes a deployment, counts and percents do not.
        let is_new = input.force_new_deployment == Some(true)
            || (named.family(), named.revision) != (before.family.as_str(), before.revision)
            || !launch.is_same(&before.launch)
            || monitoring != before.monitoring
            || platform != before.platform_version
            || given_network.is_some_and(|given| {
                before
                    .network
                    .as_ref()
                    .is_none_or(|network| service::whole_network(&network.0) != *given)
            });
        if !is_new {
            return Ok(None);
        }
        let mut settings = self.settings(cx, &named, launch, network, platform).await?;
        settings.monitoring = monitoring;
        Ok(Some((settings, named)))
    }

    /// Begins a deployment: adds it to the service, with its revision and its place in the history.
    async fn deploy(
        &self,
        cx: &Cx,
        txn: &mut Txn,
        service: &mut Service,
        settings: Settings,
        definition: &TaskDefinition,
    ) -> Result<()> {
        let scope = scope(cx);
        let (number, id) = service::deployment_ids(cx);
        let revision = service::revision(&number, &settings, definition, true, cx);
        let sources = service
            .deployments
            .iter()
            .map(|deployment| deployment.number.clone())
            .collect();
        let next = service::service_deployment(&id, &number, sources, &service.document.0, cx);
        let (cluster, name) = (service.cluster.clone(), service.name.clone());
        if let Some(before) = service.primary() {
            let key = [cluster.as_str(), name.as_str(), before.history.as_str()];
            let known = self.services.deployments.get(scope.of(), &key).await?;
            if let Some(mut known) = known.filter(|known| known.record.status.is_open()) {
                let reason = format!("Superseded by service deployment {id}.");
                known.record.failures = (before.failed_tasks, service.threshold());
                known.record.end(Progress::Stopped, Some(reason), cx.now());
                self.services
                    .deployments
                    .stage_put(txn, scope.of(), &key, &known.record)?;
            }
        }
        self.services
            .revisions
            .stage_put(txn, scope.of(), &[&cluster, &name, &number], &revision)?;
        self.services
            .deployments
            .stage_put(txn, scope.of(), &[&cluster, &name, &id], &next)?;
        service.lead_with(Deployment::new(number, id, settings, cx.now()));
        Ok(())
    }
}
