//! Chooses an engine: a real one when it answers, else an explanation.

use std::sync::Arc;

use crate::{Docker, Probe, Runtime};

/// No real engine answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", explain(.0))]
pub struct NoEngine(
    /// What was found instead.
    pub Probe,
);

fn explain(probe: &Probe) -> String {
    let lines = probe
        .missing
        .iter()
        .map(|missing| format!("{}; {}: {}", missing.what, missing.consequence, missing.advice));
    lines.collect::<Vec<_>>().join("\n")
}

/// The Docker Engine at its usual place, for the installation `owner`, when it answers.
///
/// The caller decides what to do without one: there is no silent fallback to a simulated engine.
pub async fn auto(owner: &str) -> Result<(Arc<dyn Runtime>, Probe), NoEngine> {
    let docker = Docker::new(owner);
    let probe = docker.probe().await;
    if probe.reachable {
        Ok((Arc::new(docker), probe))
    } else {
        Err(NoEngine(probe))
    }
}
