//! What a task definition may ask for and this version does not do: said, never silently left out.

use api_ecs::{ContainerDefinition, TaskOverride};

use super::Unsupported;
use crate::records::{Document, TaskDefinition};

/// Whether a list was given and is not empty.
fn any<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// What a definition may ask for and this version does not do is said, never silently left out.
pub(super) fn check_supported(
    overrides: &Document<TaskOverride>,
    definition: &TaskDefinition,
    container: &ContainerDefinition,
) -> Result<(), Unsupported> {
    let task = &definition.document.0;
    let over = overrides
        .0
        .container_overrides
        .iter()
        .flatten()
        .find(|o| o.name == container.name);
    if any(container.environment_files.as_ref()) || over.is_some_and(|o| any(o.environment_files.as_ref())) {
        return Err("failed to download env files: Amazon S3 is not available".to_owned());
    }
    super::volumes::check(definition)?;
    let asked = [
        ("resourceRequirements", any(container.resource_requirements.as_ref())),
        ("firelensConfiguration", container.firelens_configuration.is_some()),
        ("credentialSpecs", any(container.credential_specs.as_ref())),
        ("proxyConfiguration of App Mesh", task.proxy_configuration.is_some()),
        ("inferenceAccelerators", any(task.inference_accelerators.as_ref())),
    ];
    match asked.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((what, _)) => Err(format!("{what} is not available")),
        None => Ok(()),
    }
}
