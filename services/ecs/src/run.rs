//! What several operations share: page sizes and tokens, finding definitions, the things that carry tags.

use api_ecs::errors;
use roadstead_core::{Arn, Tags, paging};
use roadstead_kernel::{Cx, Fault, Result};
use roadstead_store::{Scope, StoreError, Txn, Versioned, ordered};

use crate::arn::DefinitionRef;
use crate::error::{client, cluster_not_found, invalid};
use crate::instance::no_instance;
use crate::records::{
    ContainerInstance, DefinitionStatus, Family, Service, ServiceStatus, Task, TaskDefinition, TaskStatus,
};
use crate::{Ecs, scope};

/// The page of a caller who asks for none in particular.
const PAGE: usize = 100;

/// The size of a page; `InvalidParameterException` outside 1 to 100.
pub fn page_size(asked: Option<i32>) -> Result<usize> {
    limit(asked, (PAGE, 100))
}

/// The size of a page, given the usual and the largest one.
pub fn limit(asked: Option<i32>, (usual, most): (usize, i32)) -> Result<usize> {
    match asked {
        None => Ok(usual),
        // AWS: recorded for ListServices.
        Some(asked) if asked > most => Err(invalid(format!("Max results can not be greater than {most}"))),
        Some(asked) => match usize::try_from(asked) {
            Ok(asked) if asked > 0 => Ok(asked),
            _ => Err(invalid("Max results can not be less than 1")),
        },
    }
}

/// What is said of a token that no page ended with.
pub const ALTERED: &str = "Invalid token: the token was altered.";

/// The key after which a page begins; `InvalidParameterException` for a token of another call.
pub fn after(filters: &str, token: Option<&str>) -> Result<Option<String>> {
    match token.filter(|token| !token.is_empty()) {
        None => Ok(None),
        Some(token) => paging::key(filters, token).map(Some).ok_or_else(|| invalid(ALTERED)),
    }
}

/// A revision as part of a key, so that revisions sort by number.
pub fn revision_key(revision: u32) -> String {
    ordered(u64::from(revision))
}

impl Ecs {
    /// Finds a task definition; without a revision, the newest active one.
    pub(crate) async fn definition(&self, cx: &Cx, named: &DefinitionRef) -> Result<Option<Versioned<TaskDefinition>>> {
        let scope = scope(cx);
        let revision = match named.revision {
            Some(revision) => Some(revision),
            None => {
                let family = self.families.get(scope.of(), &[&named.family]).await?;
                family.and_then(|family| family.record.latest_active)
            }
        };
        let Some(revision) = revision else { return Ok(None) };
        Ok(self
            .definitions
            .get(scope.of(), &[&named.family, &revision_key(revision)])
            .await?)
    }

    /// Changes a task definition and keeps its family's newest active revision right; `None` where there is none.
    pub(crate) async fn change_definition(
        &self,
        cx: &Cx,
        named: &DefinitionRef,
        mut change: impl FnMut(&mut TaskDefinition) -> Result<()>,
    ) -> Result<Option<TaskDefinition>> {
        let scope = scope(cx);
        let family_id = [named.family.as_str()];
        loop {
            let Some(found) = self.definition(cx, named).await? else {
                return Ok(None);
            };
            let Some(family) = self.families.get(scope.of(), &family_id).await? else {
                return Ok(None);
            };
            let mut definition = found.record;
            change(&mut definition)?;
            let mut txn = Txn::new();
            let key = revision_key(definition.revision);
            self.definitions.stage_replace(
                &mut txn,
                scope.of(),
                &[&named.family, &key],
                found.revision,
                &definition,
            )?;
            if definition.status != DefinitionStatus::Active && family.record.latest_active == Some(definition.revision)
            {
                let latest_active = self
                    .latest_active_before(scope.of(), &named.family, definition.revision)
                    .await?;
                let counted = Family {
                    last: family.record.last,
                    latest_active,
                };
                self.families
                    .stage_replace(&mut txn, scope.of(), &family_id, family.revision, &counted)?;
            }
            match self.store.commit(txn).await {
                Ok(_) => return Ok(Some(definition)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn latest_active_before(&self, scope: Scope<'_>, family: &str, revision: u32) -> Result<Option<u32>> {
        let all = self.definitions.list(scope, &[family], None, usize::MAX).await?;
        let active = all
            .records
            .iter()
            .map(|found| &found.record)
            .filter(|d| d.status == DefinitionStatus::Active);
        Ok(active
            .map(|definition| definition.revision)
            .filter(|other| *other != revision)
            .max())
    }
}

/// Something that carries tags.
pub enum Tagged {
    Cluster(String),
    Definition(DefinitionRef),
    Task {
        cluster: String,
        id: String,
    },
    Service {
        cluster: String,
        name: String,
    },
    Instance {
        cluster: String,
        id: String,
    },
    Provider(String),
    TaskSet {
        cluster: String,
        service: String,
        number: String,
    },
}

/// What an ARN names, if it carries tags.
///
/// Errors: `InvalidParameterException` for an ARN of the old format and for what carries none, `ClusterNotFoundException`
/// for what would be in a cluster that is not there.
pub async fn tagged(ecs: &Ecs, cx: &Cx, arn: &str) -> Result<Tagged> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "ecs" && arn.place() == Some(cx.place()));
    let unknown = || invalid(format!("Invalid identifier: {arn}"));
    let (kind, rest) = parsed.and_then(|arn| arn.typed_resource()).ok_or_else(unknown)?;
    match kind {
        "cluster" => {
            let cluster = ecs.cluster(cx, Some(rest)).await?;
            if cluster.record.is_active() {
                return Ok(Tagged::Cluster(rest.to_owned()));
            }
            // AWS: recorded for ListTagsForResource.
            return Err(invalid(
                "The specified cluster is inactive. Specify an active cluster and try again.",
            ));
        }
        "task-definition" => return Ok(Tagged::Definition(DefinitionRef::parse(cx.place(), rest)?)),
        "capacity-provider" if !crate::capacity::is_built_in(rest) => return Ok(Tagged::Provider(rest.to_owned())),
        "service" | "task" | "container-instance" | "task-set" => {}
        _ => return Err(unknown()),
    }
    let (cluster, rest) = rest.split_once('/').ok_or_else(|| {
        // AWS: reported (ecs_deploy#49); the code is documented.
        invalid("Long arn format must be used for tagging operations")
    })?;
    let target = match (kind, rest.split('/').collect::<Vec<_>>().as_slice()) {
        ("service", [name]) => Tagged::Service {
            cluster: cluster.to_owned(),
            name: (*name).to_owned(),
        },
        ("task", [id]) => Tagged::Task {
            cluster: cluster.to_owned(),
            id: (*id).to_owned(),
        },
        ("container-instance", [id]) => Tagged::Instance {
            cluster: cluster.to_owned(),
            id: (*id).to_owned(),
        },
        ("task-set", [service, "ecs-svc", number]) => Tagged::TaskSet {
            cluster: cluster.to_owned(),
            service: (*service).to_owned(),
            number: (*number).to_owned(),
        },
        _ => return Err(unknown()),
    };
    ecs.cluster(cx, Some(cluster)).await?;
    Ok(target)
}

impl Tagged {
    /// The tags it carries.
    pub async fn read(&self, ecs: &Ecs, cx: &Cx) -> Result<Tags> {
        match self {
            Self::Cluster(name) => Ok(ecs.cluster(cx, Some(name)).await?.record.tags),
            Self::Definition(named) => {
                let found = ecs.definition(cx, named).await?.ok_or_else(no_definition)?;
                Ok(found.record.tags)
            }
            Self::Task { cluster, id } => {
                let found = ecs
                    .tasks
                    .get(scope(cx).of(), &[cluster, id])
                    .await?
                    .ok_or_else(no_task)?;
                check_running(&found.record)?;
                Ok(found.record.tags)
            }
            Self::Instance { cluster, id } => {
                let found = ecs.instances.get(scope(cx).of(), &[cluster, id]).await?;
                let found = found.filter(|found| found.record.is_registered());
                Ok(found.ok_or_else(no_instance)?.record.tags)
            }
            Self::Service { cluster, name } => {
                let found = ecs.services.services.get(scope(cx).of(), &[cluster, name]).await?;
                Ok(found
                    .filter(|found| found.record.status != ServiceStatus::Inactive)
                    .ok_or_else(no_service)?
                    .record
                    .tags)
            }
            Self::TaskSet {
                cluster,
                service,
                number,
            } => {
                let found = ecs.services.services.get(scope(cx).of(), &[cluster, service]).await?;
                let sets = found.map(|found| found.record.task_sets).unwrap_or_default();
                let set = sets.into_iter().find(|set| set.number == *number);
                Ok(set.ok_or_else(no_task_set)?.tags)
            }
            Self::Provider(name) => {
                let found = ecs.provider(cx, name).await?.ok_or_else(crate::capacity::not_found)?;
                Ok(found.record.tags)
            }
        }
    }

    /// Changes the tags it carries. Errors: `ResourceNotFoundException` where it is not there.
    pub async fn change(&self, ecs: &Ecs, cx: &Cx, change: impl Fn(&mut Tags) -> Result<()>) -> Result<()> {
        match self {
            Self::Cluster(name) => {
                let changed = ecs
                    .clusters
                    .update(scope(cx).of(), &[name], |cluster| change(&mut cluster.tags))
                    .await?;
                changed.map(|_| ()).ok_or_else(cluster_not_found)
            }
            Self::Definition(named) => {
                let changed = ecs
                    .change_definition(cx, named, |definition| change(&mut definition.tags))
                    .await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
            Self::Task { cluster, id } => {
                let apply = |task: &mut Task| {
                    check_running(task)?;
                    change(&mut task.tags)
                };
                let changed = ecs.tasks.update(scope(cx).of(), &[cluster, id], apply).await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
            Self::Instance { cluster, id } => {
                let apply = |instance: &mut ContainerInstance| {
                    if instance.is_registered() {
                        change(&mut instance.tags)
                    } else {
                        Err(self.gone())
                    }
                };
                let changed = ecs.instances.update(scope(cx).of(), &[cluster, id], apply).await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
            Self::Service { cluster, name } => {
                let apply = |service: &mut Service| match service.status {
                    ServiceStatus::Inactive => Err(self.gone()),
                    ServiceStatus::Active | ServiceStatus::Draining => change(&mut service.tags),
                };
                let changed = ecs
                    .services
                    .services
                    .update(scope(cx).of(), &[cluster, name], apply)
                    .await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
            Self::TaskSet {
                cluster,
                service,
                number,
            } => {
                let apply = |service: &mut Service| {
                    let set = service.task_sets.iter_mut().find(|set| set.number == *number);
                    change(&mut set.ok_or_else(|| self.gone())?.tags)
                };
                let changed = ecs
                    .services
                    .services
                    .update(scope(cx).of(), &[cluster, service], apply)
                    .await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
            Self::Provider(name) => {
                let changed = ecs
                    .providers
                    .update(scope(cx).of(), &[name], |provider| change(&mut provider.tags))
                    .await?;
                changed.map(|_| ()).ok_or_else(|| self.gone())
            }
        }
    }

    /// That it is not there, for who wants to change it.
    // AWS: the code is documented, not the text.
    fn gone(&self) -> Fault {
        let what = match self {
            Self::Cluster(_) => return cluster_not_found(),
            Self::Definition(_) => "task definition",
            Self::Task { .. } => "task",
            Self::Service { .. } => "service",
            Self::Instance { .. } => "container instance",
            Self::Provider(_) => "capacity provider",
            Self::TaskSet { .. } => "task set",
        };
        errors::RESOURCE_NOT_FOUND_EXCEPTION
            .with(format!("The specified {what} was not found."))
            .into()
    }
}

fn no_definition() -> Fault {
    client("The specified task definition was not found.")
}

fn no_task_set() -> Fault {
    invalid("The specified task set was not found.")
}

fn no_service() -> Fault {
    invalid("The specified service was not found.")
}

fn no_task() -> Fault {
    invalid("The specified task was not found.")
}

// AWS: recorded.
fn check_running(task: &Task) -> Result<()> {
    if task.status == TaskStatus::Stopped {
        return Err(invalid(
            "The specified task is stopped. Specify a running task and try again.",
        ));
    }
    Ok(())
}
