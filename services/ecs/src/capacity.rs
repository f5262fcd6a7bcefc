//! Capacity providers and strategies: finding and checking them, and what a provider of a user's own may say.

use api_ecs::{
    AutoScalingGroupProvider, AutoScalingGroupProviderUpdate, CapacityProviderStrategyItem, ManagedDraining,
    ManagedScaling, ManagedScalingStatus, ManagedTerminationProtection, errors,
};
use roadstead_core::Arn;
use roadstead_kernel::{Cx, Fault, Result};
use roadstead_store::Versioned;

use crate::error::{client, invalid};
use crate::records::{BUILT_IN, CapacityProvider, Cluster, Desired, Service, ServiceStatus, TaskHead};
use crate::{Ecs, scope};

/// Most providers of a cluster, and of a strategy.
// AWS: documented.
const MAX_PROVIDERS: usize = 20;

/// The name of a provider, from the name itself or its ARN.
pub fn name_of(given: &str) -> &str {
    let resource = Arn::parse(given).and_then(|arn| arn.resource.strip_prefix("capacity-provider/"));
    resource.unwrap_or(given)
}

/// Whether every account has it.
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// The name of a new provider.
// AWS: documented rules.
pub fn check_name(name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    let is_reserved = ["aws", "ecs", "fargate"].iter().any(|prefix| lower.starts_with(prefix));
    if crate::arn::is_name(name) && !is_reserved {
        return Ok(());
    }
    Err(invalid(
        "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores, and hyphens. The name can't be prefixed with aws, ecs, or fargate. Specify a valid name and try again.",
    ))
}

/// No such provider.
pub fn not_found() -> Fault {
    invalid("The specified capacity provider was not found. Specify a valid name or ARN and try again.")
}

impl Ecs {
    /// A user's own provider by name or ARN.
    pub(crate) async fn provider(&self, cx: &Cx, given: &str) -> Result<Option<Versioned<CapacityProvider>>> {
        Ok(self.providers.get(scope(cx).of(), &[name_of(given)]).await?)
    }

    /// Checks the providers that a cluster is to have; their names.
    pub(crate) async fn cluster_providers(&self, cx: &Cx, given: &[String]) -> Result<Vec<String>> {
        if given.len() > MAX_PROVIDERS {
            // AWS: reported.
            return Err(invalid(
                "The maximum number of capacity providers per cluster has been exceeded.",
            ));
        }
        let mut names: Vec<String> = Vec::new();
        for name in given.iter().map(|given| name_of(given)) {
            if !is_built_in(name) && self.provider(cx, name).await?.is_none() {
                return Err(not_found());
            }
            if names.iter().any(|known| known == name) {
                return Err(invalid(
                    "Capacity providers must be unique. Remove the duplicates and try again.",
                ));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }

    /// Whether tasks or services of a cluster run where a provider says.
    pub(crate) async fn uses_provider(&self, cx: &Cx, cluster: &str, provider: &str) -> Result<bool> {
        let names = |service: &Service| {
            let deployments = service.deployments.iter().map(|deployment| &deployment.settings);
            let sets = service.task_sets.iter().map(|set| &set.settings);
            deployments.chain(sets).any(|settings| {
                let strategy = settings.launch.strategy().unwrap_or_default();
                strategy.iter().any(|item| item.capacity_provider == provider)
            })
        };
        let services = self
            .services
            .services
            .list(scope(cx).of(), &[cluster], None, usize::MAX)
            .await?;
        if services
            .records
            .iter()
            .any(|found| found.record.status == ServiceStatus::Active && names(&found.record))
        {
            return Ok(true);
        }
        let tasks = self.task_heads(cx, cluster).await?;
        let mut heads = tasks.records.iter().map(|found| &found.record);
        let uses = |task: &TaskHead| task.capacity_provider.as_deref() == Some(provider);
        Ok(heads.any(|task| task.desired == Desired::Running && uses(task)))
    }
}

/// A strategy for a cluster's providers as it is kept: names for ARNs, the defaults filled in.
///
/// Errors: `InvalidParameterException` for providers that the cluster does not have, a mix of kinds, or several bases.
pub fn strategy(
    given: &[CapacityProviderStrategyItem],
    providers: &[String],
) -> Result<Vec<CapacityProviderStrategyItem>> {
    if given.len() > MAX_PROVIDERS {
        return Err(invalid(format!(
            "A capacity provider strategy can contain a maximum of {MAX_PROVIDERS} capacity providers."
        )));
    }
    let item = |item: &CapacityProviderStrategyItem| CapacityProviderStrategyItem {
        capacity_provider: name_of(&item.capacity_provider).to_owned(),
        weight: item.weight.or(Some(0)),
        // AWS: recorded.
        base: item.base.or(Some(0)),
    };
    let kept: Vec<_> = given.iter().map(item).collect();
    for (at, item) in kept.iter().enumerate() {
        let twice = kept
            .iter()
            .take(at)
            .any(|other| other.capacity_provider == item.capacity_provider);
        if twice {
            return Err(invalid(
                "A capacity provider strategy cannot contain duplicate capacity providers. Remove the duplicates and try again.",
            ));
        }
        if !is_built_in(&item.capacity_provider) && !providers.contains(&item.capacity_provider) {
            return Err(not_found());
        }
        if !providers.contains(&item.capacity_provider) {
            // AWS: quoted.
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
            ));
        }
    }
    let built_in = kept.iter().filter(|item| is_built_in(&item.capacity_provider)).count();
    if built_in > 0 && built_in < kept.len() {
        // AWS: quoted in the CDK.
        return Err(invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
        ));
    }
    if kept
        .iter()
        .filter(|item| item.base.is_some_and(|base| base > 0))
        .count()
        > 1
    {
        return Err(invalid(
            "A capacity provider strategy cannot contain more than one capacity provider with a base value. Update the strategy and try again.",
        ));
    }
    Ok(kept)
}

/// The strategy that tasks are started by: the one that was given, or else the cluster's; `None` without either.
pub fn in_force(
    given: &[CapacityProviderStrategyItem],
    cluster: &Cluster,
) -> Result<Option<Vec<CapacityProviderStrategyItem>>> {
    let has_weight = |items: &[CapacityProviderStrategyItem]| items.iter().any(|item| item.weight.unwrap_or(0) > 0);
    if !given.is_empty() {
        let mut kept = strategy(given, &cluster.capacity_providers)?;
        if let [only] = kept.as_mut_slice() {
            // Where there is nothing to choose, the weight says nothing.
            only.weight = only.weight.filter(|weight| *weight > 0).or(Some(1));
        }
        if !has_weight(&kept) {
            return Err(invalid(
                "There are no capacity providers with a weight value greater than zero defined in the capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Specify a valid capacity provider strategy and try again.",
            ));
        }
        return Ok(Some(kept));
    }
    if cluster.default_strategy.is_empty() {
        return Ok(None);
    }
    let usual: Vec<_> = cluster.default_strategy.iter().map(|item| item.0.clone()).collect();
    if !has_weight(&usual) {
        // AWS: reported (terraform-aws-ecs#27).
        return Err(invalid(
            "There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.",
        ));
    }
    Ok(Some(usual))
}

/// A group and how it is scaled, with the defaults filled in. Errors: `InvalidParameterException` out of bounds.
// AWS: documented defaults.
pub fn group(given: &AutoScalingGroupProvider) -> Result<AutoScalingGroupProvider> {
    let scaling = given.managed_scaling.clone().unwrap_or_default();
    let filled = ManagedScaling {
        status: scaling.status.or(Some(ManagedScalingStatus::Disabled)),
        target_capacity: scaling.target_capacity.or(Some(100)),
        minimum_scaling_step_size: scaling.minimum_scaling_step_size.or(Some(1)),
        maximum_scaling_step_size: scaling.maximum_scaling_step_size.or(Some(10_000)),
        instance_warmup_period: scaling.instance_warmup_period.or(Some(300)),
    };
    let group = AutoScalingGroupProvider {
        auto_scaling_group_arn: given.auto_scaling_group_arn.clone(),
        managed_scaling: Some(filled),
        managed_termination_protection: given
            .managed_termination_protection
            .clone()
            .or(Some(ManagedTerminationProtection::Disabled)),
        managed_draining: given.managed_draining.clone().or(Some(ManagedDraining::Enabled)),
    };
    check_group(&group)?;
    Ok(group)
}

/// A group after a change of how it is scaled.
pub fn updated_group(
    before: &AutoScalingGroupProvider,
    change: &AutoScalingGroupProviderUpdate,
) -> Result<AutoScalingGroupProvider> {
    let (old, new) = (
        before.managed_scaling.clone().unwrap_or_default(),
        change.managed_scaling.clone().unwrap_or_default(),
    );
    group(&AutoScalingGroupProvider {
        auto_scaling_group_arn: before.auto_scaling_group_arn.clone(),
        managed_scaling: Some(ManagedScaling {
            status: new.status.or(old.status),
            target_capacity: new.target_capacity.or(old.target_capacity),
            minimum_scaling_step_size: new.minimum_scaling_step_size.or(old.minimum_scaling_step_size),
            maximum_scaling_step_size: new.maximum_scaling_step_size.or(old.maximum_scaling_step_size),
            instance_warmup_period: new.instance_warmup_period.or(old.instance_warmup_period),
        }),
        managed_termination_protection: change
            .managed_termination_protection
            .clone()
            .or_else(|| before.managed_termination_protection.clone()),
        managed_draining: change
            .managed_draining
            .clone()
            .or_else(|| before.managed_draining.clone()),
    })
}

fn check_group(group: &AutoScalingGroupProvider) -> Result<()> {
    let scaling = group.managed_scaling.clone().unwrap_or_default();
    let within = |value: Option<i32>, least, most| value.is_none_or(|value| (least..=most).contains(&value));
    let limits = [
        ("targetCapacity", scaling.target_capacity, 1, 100),
        ("minimumScalingStepSize", scaling.minimum_scaling_step_size, 1, 10_000),
        ("maximumScalingStepSize", scaling.maximum_scaling_step_size, 1, 10_000),
        ("instanceWarmupPeriod", scaling.instance_warmup_period, 0, 10_000),
    ];
    for (name, value, least, most) in limits {
        if !within(value, least, most) {
            return Err(invalid(format!(
                "The managed scaling {name} value is invalid. Specify a value between {least} and {most} and try again."
            )));
        }
    }
    if scaling.minimum_scaling_step_size > scaling.maximum_scaling_step_size {
        return Err(invalid(
            "The managed scaling minimumScalingStepSize can't be greater than the maximumScalingStepSize.",
        ));
    }
    let is_protected = group.managed_termination_protection == Some(ManagedTerminationProtection::Enabled);
    if is_protected && scaling.status != Some(ManagedScalingStatus::Enabled) {
        return Err(client(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.",
        ));
    }
    Ok(())
}

/// The provider is in use.
// AWS: reported.
pub fn in_use() -> Fault {
    errors::RESOURCE_IN_USE_EXCEPTION
        .with("The specified capacity provider is in use and cannot be removed.")
        .into()
}
