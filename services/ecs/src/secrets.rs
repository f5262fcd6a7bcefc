//! The secrets of containers and of their registries: read with the execution role as a task starts, and never kept.

mod json;
mod reference;

use std::collections::BTreeMap;
use std::sync::Arc;

use api_ecs::ContainerDefinition;
use api_secretsmanager::GetSecretValueRequest;
use api_secretsmanager::op::GetSecretValue;
use api_ssm::GetParametersRequest;
use api_ssm::op::GetParameters;
use roadstead_containers::{ContainerSpec, RegistryAuth};
use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Behalf, Fault, Kernel, Operation, Result};

pub use self::reference::check;
use self::reference::{Reference, SecretRef};
use crate::records::{Task, TaskDefinition};
use crate::task_roles::{act_as, act_as_within, execution_role, unable_to_assume};

/// Most parameters of one call.
const AT_ONCE: usize = 10;
/// What the reason of a task says before anything else, where its secrets cannot be had.
const FAILED: &str =
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed";
/// AWS: what is answered for good is asked for once.
const RETRIED: &str = "service call has been retried 1 time(s)";

/// What a container is given before it starts; its `Debug` form does not exist, on purpose.
#[derive(Default)]
pub struct Given {
    /// Environment variables.
    pub variables: Vec<(String, String)>,
    /// What its image is pulled with.
    pub registry: Option<RegistryAuth>,
}

/// Reads what a container is given. For the first container of a task, what the others need is read too, and dropped
/// again: a task whose secrets cannot all be had does not begin to start.
///
/// Ends with the stopped reason of the task where it cannot be had. Errors: internal ones, after which it is tried again.
pub async fn resolve(
    kernel: &Arc<Kernel>,
    place: Place,
    task: &Task,
    definition: &TaskDefinition,
    (container, first): (&ContainerDefinition, bool),
) -> Result<Result<Given, String>> {
    let others = definition
        .containers()
        .iter()
        .filter(|other| first && other.name != container.name);
    let mut reader: Option<Reader> = None;
    let mut given = Given::default();
    for wanted in others.chain([container]) {
        if !needs_any(wanted) {
            given = Given::default();
            continue;
        }
        if reader.is_none() {
            match Reader::open(kernel, place, task, definition).await? {
                Ok(opened) => reader = Some(opened),
                Err(why) => return Ok(Err(why)),
            }
        }
        let Some(reader) = &mut reader else { continue };
        given = match reader.all_of(wanted).await {
            Ok(read) => read,
            Err(Setback::Task(why)) => return Ok(Err(format!("{FAILED}: {why}"))),
            Err(Setback::Fault(fault)) => return Err(fault),
        };
    }
    Ok(Ok(given))
}

/// Puts a container's secrets into its environment, where they win over what else has their names.
pub fn add(spec: &mut ContainerSpec, given: Given) {
    for (name, value) in given.variables {
        spec.env.retain(|(known, _)| *known != name);
        spec.env.push((name, value));
    }
}

/// Whether a container has secrets, or its registry has.
fn needs_any(container: &ContainerDefinition) -> bool {
    let secrets = container.secrets.as_ref().is_some_and(|list| !list.is_empty());
    secrets || container.repository_credentials.is_some()
}

/// Why something could not be read.
enum Setback {
    /// The task cannot start.
    Task(String),
    /// Something of ours broke.
    Fault(Fault),
}

impl From<Fault> for Setback {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads with the execution role of a task.
struct Reader<'a> {
    kernel: &'a Arc<Kernel>,
    place: Place,
    task: &'a Task,
    role: String,
    /// Sessions of the role by region.
    sessions: BTreeMap<&'static str, Behalf>,
}

impl<'a> Reader<'a> {
    async fn open(
        kernel: &'a Arc<Kernel>,
        place: Place,
        task: &'a Task,
        definition: &TaskDefinition,
    ) -> Result<Result<Self, String>> {
        let Some(role) = execution_role(task, definition) else {
            return Ok(Err(format!("{FAILED}: the task has no execution role")));
        };
        let session = match act_as(kernel, place, &role, task).await {
            Ok(session) => session,
            Err(Fault::Api(_)) => {
                let why = unable_to_assume(&role);
                return Ok(Err(format!("{FAILED}: {why}")));
            }
            Err(fault) => return Err(fault),
        };
        Ok(Ok(Self {
            kernel,
            place,
            task,
            role,
            sessions: BTreeMap::from([(place.region.as_str(), session)]),
        }))
    }

    /// The session of the role in a region.
    async fn within(&mut self, region: Option<Region>) -> Result<Behalf> {
        let region = region.unwrap_or(self.place.region);
        if let Some(session) = self.sessions.get(region.as_str()) {
            return Ok(session.clone());
        }
        let session = act_as_within(self.kernel, self.place, region, &self.role, self.task).await?;
        self.sessions.insert(region.as_str(), session.clone());
        Ok(session)
    }

    async fn all_of(&mut self, container: &ContainerDefinition) -> Result<Given, Setback> {
        let registry = match &container.repository_credentials {
            Some(named) => Some(self.registry(&named.credentials_parameter).await?),
            None => None,
        };
        let wanted = container.secrets.as_deref().unwrap_or_default();
        let mut references = Vec::with_capacity(wanted.len());
        for secret in wanted {
            let reference = Reference::parse(&secret.value_from).map_err(Setback::Task)?;
            references.push((secret.name.clone(), reference));
        }
        let parameters = self.parameters(&references).await?;
        let mut variables = Vec::with_capacity(references.len());
        for (name, reference) in references {
            let value = match reference {
                Reference::Parameter { region, name } => parameters
                    .get(&(region.map(Region::as_str), name))
                    .cloned()
                    .unwrap_or_default(),
                Reference::Secret(secret) => self.secret(&secret).await?,
            };
            variables.push((name, value));
        }
        Ok(Given { variables, registry })
    }

    /// The values of all parameters among some references.
    async fn parameters(
        &mut self,
        references: &[(String, Reference)],
    ) -> Result<BTreeMap<(Option<&'static str>, String), String>, Setback> {
        let mut wanted: BTreeMap<Option<&'static str>, (Option<Region>, Vec<String>)> = BTreeMap::new();
        for (_, reference) in references {
            if let Reference::Parameter { region, name } = reference {
                let of_region = wanted.entry(region.map(Region::as_str)).or_default();
                of_region.0 = *region;
                if !of_region.1.contains(name) {
                    of_region.1.push(name.clone());
                }
            }
        }
        let mut values = BTreeMap::new();
        for (key, (region, names)) in wanted {
            let role = self.within(region).await?;
            for names in names.chunks(AT_ONCE) {
                let input = GetParametersRequest {
                    names: names.to_vec(),
                    with_decryption: Some(true),
                };
                let answer = call::<GetParameters>(&role, "SSM", input).await?;
                let answer = answer
                    .map_err(|why| Setback::Task(format!("unable to retrieve secrets from ssm: {RETRIED}: {why}")))?;
                let missing = answer.invalid_parameters.unwrap_or_default();
                if !missing.is_empty() {
                    let missing = missing.join(",");
                    return Err(Setback::Task(format!(
                        "unable to retrieve secrets from ssm: {RETRIED}: invalid ssm parameters: {missing}"
                    )));
                }
                for parameter in answer.parameters.unwrap_or_default() {
                    let name = parameter.name.unwrap_or_default();
                    values.insert((key, name), parameter.value.unwrap_or_default());
                }
            }
        }
        Ok(values)
    }

    /// The value of a secret, or of one key of it.
    async fn secret(&mut self, secret: &SecretRef) -> Result<String, Setback> {
        let failed = |why: String| Setback::Task(format!("unable to retrieve secret from asm: {RETRIED}: {why}"));
        let role = self.within(Some(secret.region)).await?;
        let input = GetSecretValueRequest {
            secret_id: secret.id.clone(),
            version_id: secret.version_id.clone(),
            version_stage: secret.version_stage.clone(),
        };
        let answer = call::<GetSecretValue>(&role, "Secrets Manager", input).await?;
        let answer = answer.map_err(|why| {
            failed(format!(
                "failed to fetch secret {} from secrets manager: {why}",
                secret.id
            ))
        })?;
        let text = answer.secret_string.unwrap_or_default();
        match &secret.json_key {
            None => Ok(text),
            Some(key) => json::member(&text, key).map_err(failed),
        }
    }

    /// The credentials of a private registry.
    async fn registry(&mut self, id: &str) -> Result<RegistryAuth, Setback> {
        let failed = |why: String| Setback::Task(format!("unable to get registry auth from asm: {RETRIED}: {why}"));
        let named = SecretRef::parse(id);
        let role = self.within(named.map(|named| named.region)).await?;
        let input = GetSecretValueRequest {
            secret_id: id.to_owned(),
            ..GetSecretValueRequest::default()
        };
        let answer = call::<GetSecretValue>(&role, "Secrets Manager", input).await?;
        let answer = answer.map_err(|why| failed(format!("asm fetching secret from the service for {id}: {why}")))?;
        let text = answer.secret_string.unwrap_or_default();
        let member = |name: &str| {
            json::member(&text, name)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| failed(format!("asm fetching authorization data: {name} missing")))
        };
        Ok(RegistryAuth {
            username: member("username")?,
            password: member("password")?,
            server: None,
        })
    }
}

/// Calls as the role; what was refused is told as the agent's client tells it.
async fn call<O: Operation>(role: &Behalf, service: &str, input: O::Input) -> Result<Result<O::Output, String>> {
    let request_id = role.request_id();
    match role.call_as::<O>(request_id.clone(), input).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(Fault::Api(error)) => Ok(Err(said::<O>(service, &request_id, &error))),
        Err(fault) => Err(fault),
    }
}

// AWS: recorded for logs; an error that the service's model names stands by its name, any other behind `api error`.
fn said<O: Operation>(service: &str, request_id: &str, error: &ApiError) -> String {
    let kind = if error.meta.is_some() { "" } else { "api error " };
    format!(
        "operation error {service}: {}, https response error StatusCode: {}, RequestID: {request_id}, {kind}{}: {}",
        O::META.name,
        error.status,
        error.name(),
        error.message
    )
}
