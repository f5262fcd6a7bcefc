//! ecs:CreateTaskSet — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html>

use api_ecs::op::CreateTaskSet;
use api_ecs::{CreateTaskSetRequest, CreateTaskSetResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::StoreError;

use crate::arn::DefinitionRef;
use crate::error::invalid;
use crate::records::{SetStatus, TaskSet, checked_tags, digest, tags_from_api};
use crate::service::{self, Joined};
use crate::{Ecs, arn, checks, role, scope, task_sets};

/// Most task sets of a service.
// AWS: reported (ecs-bg-external-controller#6).
const MAX_SETS: usize = 5;
/// The longest client token.
const MAX_TOKEN: usize = 36;

impl Handle<CreateTaskSet> for Ecs {
    async fn needs(&self, cx: &Cx, input: &CreateTaskSetRequest) -> Result<Needs> {
        let tags = tags_from_api(input.tags.as_deref());
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        let definition = self
            .definition(cx, &named)
            .await?
            .map(|found| found.record.arn(cx.place()));
        let needs = Self::on_task_set(cx, &input.cluster, &input.service, None)?
            .request_tags(&tags)
            .key_if("ecs:task-definition", definition);
        let cluster = arn::cluster_name(cx.place(), Some(&input.cluster))?;
        let (of, name) = arn::service_name(cx.place(), &input.service)?;
        let made = arn::task_set(cx.place(), of.unwrap_or(&cluster), name, "*");
        self.tagging(cx, needs, "CreateTaskSet", made, &tags).await
    }

    async fn handle(&self, cx: &Cx, input: CreateTaskSetRequest) -> Reply<CreateTaskSet> {
        checks::client_token(input.client_token.as_deref(), MAX_TOKEN)?;
        let tags = checked_tags(input.tags.as_deref())?;
        let scale = task_sets::scale(input.scale.as_ref())?;
        Joined {
            load_balancers: input.load_balancers.as_deref(),
            registries: input.service_registries.as_deref(),
            ..Joined::default()
        }
        .check()?;
        let request = request_digest(&input)?;
        let cluster = self.active_cluster(cx, Some(&input.cluster)).await?.record;
        loop {
            let found = self.service_with_sets(cx, &input.cluster, &input.service).await?;
            let mut service = found.record;
            let shown = |set: &TaskSet, desired| CreateTaskSetResponse {
                task_set: Some(set.to_api(
                    cx.place(),
                    &service.cluster,
                    &service.name,
                    desired,
                    !set.tags.is_empty(),
                )),
            };
            let known = |set: &&TaskSet| set.token.as_ref().map(|(token, _)| token) == input.client_token.as_ref();
            if input.client_token.is_some()
                && let Some(set) = service.task_sets.iter().find(known)
            {
                return match &set.token {
                    Some((_, before)) if *before == request => Ok(shown(set, service.desired)),
                    _ => Err(invalid("Creation of task set was not idempotent.")),
                };
            }
            if service.task_sets.len() >= MAX_SETS {
                return Err(invalid(format!(
                    "{} deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.",
                    service.task_sets.len()
                )));
            }
            let definition = self.usable_definition(cx, &input.task_definition).await?;
            role::ensure(cx, &self.attempted)
                .await
                .context("ensuring the service-linked role")?;
            let strategy = input.capacity_provider_strategy.as_deref();
            let given = input.launch_type.as_ref().or_else(|| {
                let own = service.document.0.launch_type.as_ref();
                own.filter(|_| strategy.is_none_or(<[_]>::is_empty))
            });
            let launch = service::launch(given, strategy, &cluster)?;
            let network = input.network_configuration.as_ref();
            let settings = self
                .settings(cx, &definition, launch, network, input.platform_version.clone())
                .await?;
            let set = TaskSet {
                number: cx.ids().decimal(19),
                external_id: input.external_id.clone(),
                token: input.client_token.clone().map(|token| (token, request.clone())),
                status: SetStatus::Active,
                settings,
                scale,
                created_at: cx.now(),
                updated_at: cx.now(),
                steady: false,
                steady_changed_at: cx.now(),
                steady_at: None,
                throttle: None,
                failed_tasks: 0,
                pending: 0,
                running: 0,
                tags: tags.clone(),
            };
            // AWS: documented; at the beginning nothing is computed yet.
            let answer = shown(&set, 0);
            service.task_sets.insert(0, set);
            let key = [service.cluster.as_str(), service.name.as_str()];
            match self
                .services
                .services
                .replace(scope(cx).of(), &key, found.revision, &service)
                .await
            {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            self.look_at_service(cx.place(), &service.cluster, &service.name);
            return Ok(answer);
        }
    }
}

/// What repetitions of a request have in common: all but its token, its tags and the spelling of its cluster.
fn request_digest(input: &CreateTaskSetRequest) -> Result<String> {
    let compared = CreateTaskSetRequest {
        cluster: String::new(),
        client_token: None,
        tags: None,
        ..input.clone()
    };
    let text = String::from_utf8(roadstead_wire::to_json(&compared)).map_err(Fault::internal)?;
    Ok(digest(&text))
}
