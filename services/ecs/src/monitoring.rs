//! The monitoring of a service: how finely its utilization is measured, which belongs to the deployment.

use std::collections::BTreeSet;

use api_ecs::MonitoringConfiguration;
use roadstead_kernel::Result;

use crate::error::invalid;
use crate::records::Document;

const METRICS: [&str; 2] = ["CPUUtilization", "MemoryUtilization"];
const RESOLUTIONS: [i32; 2] = [20, 60];

/// What a deployment keeps of what was given; nothing where it says nothing.
///
/// Errors: `InvalidParameterException` for metrics and resolutions that cannot be.
pub fn kept(given: &MonitoringConfiguration) -> Result<Option<Document<MonitoringConfiguration>>> {
    let configurations = given.metric_configurations.as_deref().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for configuration in configurations {
        let names = configuration.metric_names.as_deref().unwrap_or_default();
        // AWS: recorded.
        if names.is_empty() || names.iter().any(|name| !METRICS.contains(&name.as_str())) {
            return Err(invalid(
                "Metric name must be one of [CPUUtilization, MemoryUtilization].",
            ));
        }
        if !names.iter().all(|name| seen.insert(name)) {
            return Err(invalid(
                "Duplicate metric names are not allowed across monitoring configuration.",
            ));
        }
        // AWS: that others are refused is recorded, the text is not.
        if !configuration
            .resolution_seconds
            .is_some_and(|seconds| RESOLUTIONS.contains(&seconds))
        {
            return Err(invalid("Resolution must be one of [20, 60]."));
        }
    }
    Ok((!configurations.is_empty()).then(|| Document(given.clone())))
}
