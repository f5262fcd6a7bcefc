//! ecs:CreateService — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>

use api_ecs::op::CreateService;
use api_ecs::{CreateServiceRequest, CreateServiceResponse, DeploymentControllerType, LaunchType, SchedulingStrategy};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn, Versioned};

use crate::arn::DefinitionRef;
use crate::error::invalid;
use crate::records::{
    Cluster, Deployment, Document, Service, ServiceDeployment, ServiceEvents, ServiceRevision, ServiceStatus,
    ShowService, TaskDefinition, checked_tags, digest, tags_as_given, tags_from_api,
};
use crate::service::{self, Joined};
use crate::{Ecs, arn, checks, choices, monitoring, placing, role, scope};

/// The longest client token.
const MAX_TOKEN: usize = 36;

impl Handle<CreateService> for Ecs {
    async fn needs(&self, cx: &Cx, input: &CreateServiceRequest) -> Result<Needs> {
        let (cluster, service) = service::named(cx, input.cluster.as_deref(), &input.service_name)?;
        let definition = match &input.task_definition {
            Some(given) => {
                let named = DefinitionRef::parse(cx.place(), given)?;
                let found = self.definition(cx, &named).await?;
                found.map(|found| found.record.arn(cx.place()))
            }
            None => None,
        };
        let vpc = input
            .network_configuration
            .as_ref()
            .and_then(|network| network.awsvpc_configuration.as_ref());
        let tags = tags_from_api(input.tags.as_deref());
        let needs = Needs::on(service.clone())
            .request_tags(&tags)
            .key("ecs:cluster", cluster)
            .key_if("ecs:task-definition", definition)
            .key(
                "ecs:enable-execute-command",
                input.enable_execute_command.unwrap_or(false).to_string(),
            )
            .key(
                "ecs:enable-ecs-managed-tags",
                input.enable_ecs_managed_tags.unwrap_or(false).to_string(),
            )
            .key_if(
                "ecs:propagate-tags",
                input.propagate_tags.as_ref().map(|p| p.as_str().to_owned()),
            )
            .keys("ecs:subnet", vpc.map(|vpc| vpc.subnets.clone()).unwrap_or_default())
            .pass_role(input.role.as_deref(), role::SERVICE);
        self.tagging(cx, needs, "CreateService", service, &tags).await
    }

    async fn handle(&self, cx: &Cx, input: CreateServiceRequest) -> Reply<CreateService> {
        loop {
            // Without an answer another call changed the cluster or made the service first: look again.
            if let Some(reply) = self.try_to_create(cx, &input).await? {
                return Ok(reply);
            }
        }
    }
}

impl Ecs {
    async fn try_to_create(&self, cx: &Cx, input: &CreateServiceRequest) -> Result<Option<CreateServiceResponse>> {
        if !arn::is_name(&input.service_name) {
            return Err(invalid(
                "Service names can only contain letters, numbers, hyphens and underscores, and can be up to 255 characters long.",
            ));
        }
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?;
        checks::client_token(input.client_token.as_deref(), MAX_TOKEN)?;
        let request = request_digest(input)?;
        let existing = self.service(cx, &cluster.record.name, &input.service_name).await?;
        if let Some(found) = &existing
            && let Some(reply) = self.repeated(cx, &found.record, input, &request).await?
        {
            return Ok(Some(reply));
        }
        checked_tags(input.tags.as_deref())?;
        let desired = desired(input)?;
        let (document, definition) = self.wanted(cx, input).await?;
        let Some(definition) = definition else {
            let begins = Begins::default();
            return self
                .store_new(cx, input, &cluster, existing, (document, desired), begins)
                .await;
        };
        role::ensure(cx, &self.attempted)
            .await
            .context("ensuring the service-linked role")?;
        let launch = service::launch(
            input.launch_type.as_ref(),
            input.capacity_provider_strategy.as_deref(),
            &cluster.record,
        )?;
        let network = input.network_configuration.as_ref();
        let mut settings = self
            .settings(cx, &definition, launch, network, input.platform_version.clone())
            .await?;
        settings.monitoring = input.monitoring.as_ref().map(monitoring::kept).transpose()?.flatten();
        if document.scheduling_strategy == Some(SchedulingStrategy::Daemon) {
            check_daemon(input, settings.launch.is_fargate())?;
        }
        if input.role.is_some() {
            return Err(if settings.network.is_some() {
                invalid("You cannot specify an IAM role for services that require a service linked role.")
            } else {
                crate::error::unsupported("A role for the load balancer of a service is")
            });
        }
        let (number, id) = service::deployment_ids(cx);
        let begins = Begins {
            revision: Some(service::revision(&number, &settings, &definition, false, cx)),
            history: Some(service::service_deployment(&id, &number, Vec::new(), &document, cx)),
            deployments: vec![Deployment::new(number, id, settings, cx.now())],
        };
        self.store_new(cx, input, &cluster, existing, (document, desired), begins)
            .await
    }

    /// Stores a new service with its first deployment, if it has one; `None` where another call was faster.
    async fn store_new(
        &self,
        cx: &Cx,
        input: &CreateServiceRequest,
        cluster: &Versioned<Cluster>,
        existing: Option<Versioned<Service>>,
        (document, desired): (CreateServiceRequest, u32),
        begins: Begins,
    ) -> Result<Option<CreateServiceResponse>> {
        let wanted = Service {
            name: input.service_name.clone(),
            cluster: cluster.record.name.clone(),
            status: ServiceStatus::Active,
            created_at: cx.now(),
            created_by: cx.caller().arn().to_owned(),
            ended_at: None,
            token: input.client_token.clone(),
            request: request_digest(input)?,
            desired,
            deployments: begins.deployments,
            task_sets: Vec::new(),
            completed: None,
            throttle: None,
            steady_at: None,
            told: std::collections::BTreeMap::new(),
            causes: std::collections::BTreeMap::new(),
            tags: tags_from_api(input.tags.as_deref()),
            document: Document(document),
        };
        let scope = scope(cx);
        let (of, name) = (wanted.cluster.as_str(), wanted.name.as_str());
        let key = [of, name];
        let mut txn = Txn::new();
        self.clusters
            .require_at(&mut txn, scope.of(), &[&wanted.cluster], cluster.revision);
        match &existing {
            Some(gone) => self
                .services
                .services
                .stage_replace(&mut txn, scope.of(), &key, gone.revision, &wanted)?,
            None => self.services.services.stage_new(&mut txn, scope.of(), &key, &wanted)?,
        }
        if let Some(revision) = &begins.revision {
            let key = [of, name, revision.number.as_str()];
            self.services
                .revisions
                .stage_put(&mut txn, scope.of(), &key, revision)?;
        }
        if let Some(deployment) = &begins.history {
            let key = [of, name, deployment.id.as_str()];
            self.services
                .deployments
                .stage_put(&mut txn, scope.of(), &key, deployment)?;
        }
        match self.store.commit(txn).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        self.look_at_service(cx.place(), &wanted.cluster, &wanted.name);
        let show = ShowService {
            tags: !wanted.tags.is_empty(),
            whole: true,
        };
        let mut shown = wanted.to_api(cx.place(), &ServiceEvents::default(), show);
        shown.tags = shown
            .tags
            .map(|_| tags_as_given(&wanted.tags, input.tags.as_deref().unwrap_or_default()));
        Ok(Some(CreateServiceResponse { service: Some(shown) }))
    }

    /// The answer to a request that was made before; `None` where the name is free.
    // AWS: recorded.
    async fn repeated(
        &self,
        cx: &Cx,
        known: &Service,
        input: &CreateServiceRequest,
        request: &str,
    ) -> Result<Option<CreateServiceResponse>> {
        match known.status {
            ServiceStatus::Inactive => Ok(None),
            ServiceStatus::Draining => Err(invalid("Unable to Start a service that is still Draining.")),
            ServiceStatus::Active
                if input.client_token.is_some() && known.token == input.client_token && known.request == request =>
            {
                let events = self.service_events(cx, &known.cluster, &known.name).await?;
                let show = ShowService {
                    tags: !known.tags.is_empty(),
                    whole: true,
                };
                Ok(Some(CreateServiceResponse {
                    service: Some(known.to_api(cx.place(), &events, show)),
                }))
            }
            ServiceStatus::Active => Err(invalid("Creation of service was not idempotent.")),
        }
    }

    /// Checks what was handed in and fills in defaults.
    ///
    /// There is no task definition where an external controller will make task sets.
    async fn wanted(
        &self,
        cx: &Cx,
        input: &CreateServiceRequest,
    ) -> Result<(CreateServiceRequest, Option<TaskDefinition>)> {
        Joined {
            load_balancers: input.load_balancers.as_deref(),
            registries: input.service_registries.as_deref(),
            connect: input.service_connect_configuration.as_ref(),
            volumes: input.volume_configurations.as_deref(),
            lattice: input.vpc_lattice_configurations.as_deref(),
            controller: input.deployment_controller.as_ref(),
        }
        .check()?;
        checks::grace_period(input.health_check_grace_period_seconds)?;
        checks::placement(
            input.launch_type.as_ref(),
            input.placement_constraints.as_deref(),
            input.placement_strategy.as_deref(),
        )?;
        placing::check(
            input.placement_constraints.as_deref(),
            input.placement_strategy.as_deref(),
        )?;
        service::check_grace(input.health_check_grace_period_seconds)?;
        let is_daemon = input.scheduling_strategy == Some(SchedulingStrategy::Daemon);
        let given = input.deployment_configuration.as_ref();
        let configuration = service::merge_configuration(None, given, is_daemon)?;
        let controller = input.deployment_controller.as_ref();
        let is_external = controller.is_some_and(|c| c.r#type == DeploymentControllerType::External);
        let asked = input.availability_zone_rebalancing.as_ref();
        let rebalancing = service::merge_rebalancing(None, asked, given, is_daemon || is_external)?;
        let named = input.task_definition.as_deref().filter(|named| !named.is_empty());
        let definition = match named {
            _ if is_external => {
                check_external(input)?;
                None
            }
            Some(named) => Some(self.usable_definition(cx, named).await?),
            None => return Err(invalid("TaskDefinition can not be blank.")),
        };
        let document = CreateServiceRequest {
            service_name: input.service_name.clone(),
            availability_zone_rebalancing: Some(rebalancing),
            deployment_configuration: Some(configuration),
            placement_constraints: input.placement_constraints.clone(),
            placement_strategy: service::placement(input.placement_strategy.clone()),
            health_check_grace_period_seconds: input.health_check_grace_period_seconds,
            scheduling_strategy: input.scheduling_strategy.clone(),
            enable_ecs_managed_tags: input.enable_ecs_managed_tags,
            propagate_tags: input.propagate_tags.clone(),
            enable_execute_command: input.enable_execute_command,
            deployment_controller: input.deployment_controller.clone(),
            launch_type: input.launch_type.clone().filter(|_| is_external),
            ..CreateServiceRequest::default()
        };
        Ok((document, definition))
    }
}

/// What a new service begins with.
#[derive(Default)]
struct Begins {
    deployments: Vec<Deployment>,
    revision: Option<ServiceRevision>,
    history: Option<ServiceDeployment>,
}

/// What only the task sets of a service say where an external controller makes them.
// AWS: the rules are documented, not the texts.
fn check_external(input: &CreateServiceRequest) -> Result<()> {
    choices::service_launch_type(input.launch_type.as_ref())?;
    let breaker = input
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.deployment_circuit_breaker.as_ref());
    let asked = [
        ("a task definition", input.task_definition.is_some()),
        ("a network configuration", input.network_configuration.is_some()),
        ("a platform version", input.platform_version.is_some()),
        (
            "a capacity provider strategy",
            input
                .capacity_provider_strategy
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
        ),
        (
            "a deployment circuit breaker",
            breaker.is_some_and(|breaker| breaker.enable),
        ),
        (
            "the daemon scheduling strategy",
            input.scheduling_strategy == Some(SchedulingStrategy::Daemon),
        ),
        ("an IAM role", input.role.is_some()),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some(("an IAM role", _)) => Err(invalid(
            "You cannot specify an IAM role for services that require a service linked role.",
        )),
        Some((what, _)) => Err(invalid(format!(
            "Services with an EXTERNAL deployment controller do not support {what}. Specify it for the task sets and try again."
        ))),
        None => Ok(()),
    }
}

/// What repetitions of a request have in common: all but its token, its tags and the spelling of its cluster.
// AWS: recorded; other tags are no other request.
fn request_digest(input: &CreateServiceRequest) -> Result<String> {
    let compared = CreateServiceRequest {
        cluster: None,
        client_token: None,
        tags: None,
        ..input.clone()
    };
    let text = String::from_utf8(roadstead_wire::to_json(&compared)).map_err(Fault::internal)?;
    Ok(digest(&text))
}

// AWS: recorded.
fn desired(input: &CreateServiceRequest) -> Result<u32> {
    choices::scheduling_strategy(input.scheduling_strategy.as_ref())?;
    if input.scheduling_strategy == Some(SchedulingStrategy::Daemon) {
        return Ok(0);
    }
    match input.desired_count {
        Some(asked) => service::count(asked, "DesiredCount can not be lesser than 0"),
        None => Err(invalid("DesiredCount is missing")),
    }
}

// AWS: recorded; looked at after the network.
fn check_daemon(input: &CreateServiceRequest, is_fargate: bool) -> Result<()> {
    if input.desired_count.is_some() {
        return Err(invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
        ));
    }
    if is_fargate || input.launch_type == Some(LaunchType::Fargate) {
        return Err(invalid(
            "The daemon scheduling strategy does not support the FARGATE launch type. Change the launch type and try again",
        ));
    }
    Ok(())
}
