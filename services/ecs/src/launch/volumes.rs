//! The volumes of a task, and where its containers have them mounted.

use api_ecs::{ContainerDefinition, DockerVolumeConfiguration, Scope, Volume};
use roadstead_containers as engine;
use roadstead_core::arn::Place;

use super::{LABEL_CLUSTER, LABEL_TASK, Unsupported};
use crate::records::{Task, TaskDefinition};

/// Names the volume in its definition, on volumes that go with their task.
pub const LABEL_VOLUME: &str = "roadstead.volume";

/// A volume that has to be there before a container is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// It is the task's and goes with it.
    OfTask(engine::VolumeSpec),
    /// It stays; where it is missing it is made, if the definition says so.
    Shared {
        /// What it shall be.
        spec: engine::VolumeSpec,
        /// Whether it may be made.
        autoprovision: bool,
    },
}

/// What a volume of a definition is.
enum Kind<'a> {
    /// A path of the host.
    Host(&'a str),
    /// The task's own.
    OfTask(Option<&'a DockerVolumeConfiguration>),
    /// One that stays.
    Shared(&'a DockerVolumeConfiguration),
    /// Of a service that is not here.
    Elsewhere(&'static str),
}

fn kind(volume: &Volume) -> Kind<'_> {
    if volume.efs_volume_configuration.is_some() {
        return Kind::Elsewhere("Amazon EFS file systems");
    }
    if volume.fsx_windows_file_server_volume_configuration.is_some() {
        return Kind::Elsewhere("Amazon FSx file systems");
    }
    if volume.s3files_volume_configuration.is_some() {
        return Kind::Elsewhere("Amazon S3 file systems");
    }
    if volume.configured_at_launch == Some(true) {
        return Kind::Elsewhere("Amazon EBS volumes");
    }
    match &volume.docker_volume_configuration {
        Some(docker) if docker.scope == Some(Scope::Shared) => Kind::Shared(docker),
        Some(docker) => Kind::OfTask(Some(docker)),
        None => match volume.host.as_ref().and_then(|host| host.source_path.as_deref()) {
            Some(path) if !path.is_empty() => Kind::Host(path),
            // AWS: an empty host means a place that the engine chooses and that does not outlive the task.
            _ => Kind::OfTask(None),
        },
    }
}

fn volumes(definition: &TaskDefinition) -> &[Volume] {
    definition.document.0.volumes.as_deref().unwrap_or_default()
}

fn volume<'a>(definition: &'a TaskDefinition, name: &str) -> Option<&'a Volume> {
    volumes(definition)
        .iter()
        .find(|volume| volume.name.as_deref() == Some(name))
}

/// The first volume that cannot be here, whether it is mounted or not: ECS sets them all up before the containers.
pub(super) fn check(definition: &TaskDefinition) -> Result<(), Unsupported> {
    for volume in volumes(definition) {
        if let Kind::Elsewhere(what) = kind(volume) {
            let name = volume.name.as_deref().unwrap_or_default();
            return Err(format!("failed to set up volume '{name}': {what} are not available"));
        }
    }
    Ok(())
}

/// The engine's name of a volume that goes with its task: the same when a step is repeated.
fn name_of_task_volume(task: &Task, volume: &str) -> String {
    format!("ecs-{}-{}-{volume}-{}", task.family, task.revision, task.id)
}

/// The engine's names of the volumes that go with a task.
pub fn of_task(task: &Task, definition: &TaskDefinition) -> Vec<String> {
    let own = volumes(definition)
        .iter()
        .filter(|volume| matches!(kind(volume), Kind::OfTask(_)));
    own.filter_map(|volume| Some(name_of_task_volume(task, volume.name.as_deref()?)))
        .collect()
}

/// The volumes that have to be there before a container is made.
pub fn wanted(place: Place, task: &Task, definition: &TaskDefinition, container: &ContainerDefinition) -> Vec<Wanted> {
    let names = container
        .mount_points
        .iter()
        .flatten()
        .filter_map(|mount| mount.source_volume.as_deref());
    let mut found: Vec<Wanted> = Vec::new();
    for name in names {
        let wanted = match volume(definition, name).map(kind) {
            Some(Kind::OfTask(docker)) => {
                let mut spec = docker_volume(name_of_task_volume(task, name), docker);
                let own = [
                    (LABEL_CLUSTER, task.cluster.clone()),
                    (LABEL_TASK, task.arn(place)),
                    (LABEL_VOLUME, name.to_owned()),
                ];
                spec.labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
                Wanted::OfTask(spec)
            }
            Some(Kind::Shared(docker)) => Wanted::Shared {
                spec: docker_volume(name.to_owned(), Some(docker)),
                autoprovision: docker.autoprovision == Some(true),
            },
            _ => continue,
        };
        if !found.contains(&wanted) {
            found.push(wanted);
        }
    }
    found
}

fn docker_volume(name: String, docker: Option<&DockerVolumeConfiguration>) -> engine::VolumeSpec {
    let docker = docker.cloned().unwrap_or_default();
    engine::VolumeSpec {
        name,
        driver: docker.driver,
        options: docker.driver_opts.unwrap_or_default(),
        labels: docker.labels.unwrap_or_default(),
    }
}

/// Where a container has volumes and memory mounted.
pub(super) fn mounts(task: &Task, definition: &TaskDefinition, container: &ContainerDefinition) -> Vec<engine::Mount> {
    let mut mounts = Vec::new();
    for point in container.mount_points.iter().flatten() {
        let name = point.source_volume.as_deref().unwrap_or_default();
        let source = match volume(definition, name).map(kind) {
            Some(Kind::Host(path)) => engine::MountSource::Bind {
                host_path: path.to_owned(),
            },
            Some(Kind::OfTask(_)) => engine::MountSource::Volume {
                name: name_of_task_volume(task, name),
            },
            Some(Kind::Shared(_)) => engine::MountSource::Volume { name: name.to_owned() },
            Some(Kind::Elsewhere(_)) | None => continue,
        };
        mounts.push(engine::Mount {
            target: point.container_path.clone().unwrap_or_default(),
            read_only: point.read_only == Some(true),
            source,
        });
    }
    let linux = container.linux_parameters.as_ref();
    for tmpfs in linux.and_then(|linux| linux.tmpfs.as_ref()).into_iter().flatten() {
        mounts.push(engine::Mount {
            target: tmpfs.container_path.clone(),
            read_only: false,
            source: engine::MountSource::Tmpfs {
                size: super::bytes(Some(tmpfs.size)),
                options: tmpfs.mount_options.clone().unwrap_or_default(),
            },
        });
    }
    mounts
}

/// Whose mounts a container takes over.
pub(super) fn volumes_from(
    task: &Task,
    container: &ContainerDefinition,
) -> Result<Vec<engine::VolumesFrom>, Unsupported> {
    let given = container.volumes_from.iter().flatten();
    given
        .map(|from| {
            let source = from.source_container.as_deref().unwrap_or_default();
            Ok(engine::VolumesFrom {
                container: super::made(task, source)?,
                read_only: from.read_only == Some(true),
            })
        })
        .collect()
}
