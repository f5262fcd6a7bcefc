//! The environment variables of a container.

use api_ecs::{ContainerDefinition, ContainerOverride};

/// The variables that the definition and the overrides give, each once: the last that was given wins.
pub(super) fn environment(container: &ContainerDefinition, over: Option<&ContainerOverride>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let own = container.environment.iter().flatten();
    for pair in own.chain(over.and_then(|o| o.environment.as_ref()).into_iter().flatten()) {
        let Some(name) = pair.name.clone() else { continue };
        all.retain(|(known, _)| *known != name);
        all.push((name, pair.value.clone().unwrap_or_default()));
    }
    all
}
