//! ecs:CreateCluster — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html>

use api_ecs::op::CreateCluster;
use api_ecs::{CreateClusterRequest, CreateClusterResponse};
use roadstead_kernel::linked::Fence;
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use crate::error::{invalid, unsupported};
use crate::records::{Cluster, ClusterStatus, Counts, Document, Include, checked_tags, tags_as_given, tags_from_api};
use crate::{Ecs, arn, capacity, role, scope};

impl Handle<CreateCluster> for Ecs {
    async fn needs(&self, cx: &Cx, input: &CreateClusterRequest) -> Result<Needs> {
        let (made, tags) = (
            arn::cluster(cx.place(), name(input)?),
            tags_from_api(input.tags.as_deref()),
        );
        let providers = input.capacity_providers.as_deref().unwrap_or_default();
        let mut needs = Needs::on(made.clone()).request_tags(&tags);
        if !providers.is_empty() {
            needs = needs.keys(
                "ecs:capacity-provider",
                super::describe_capacity_providers::arns(cx, providers),
            );
        }
        self.tagging(cx, needs, "CreateCluster", made, &tags).await
    }

    async fn handle(&self, cx: &Cx, input: CreateClusterRequest) -> Reply<CreateCluster> {
        let asked = Asked::of(&input);
        let given = input.tags.clone().unwrap_or_default();
        let usual = self.setting(cx, "containerInsights").await?;
        let names = input.capacity_providers.as_deref().unwrap_or_default();
        let providers = self.cluster_providers(cx, names).await?;
        let wanted = wanted(cx, input, usual, providers)?;
        let fence = Fence::new(cx.account(), role::SERVICE);
        let cluster = loop {
            // Whoever deletes the role after this mark makes the transaction fail.
            let mark = fence.before_use(&*self.store).await?;
            role::ensure(cx, &self.attempted)
                .await
                .context("ensuring the service-linked role")?;
            let found = self.clusters.get(scope(cx).of(), &[&wanted.name]).await?;
            if let Some(existing) = found.as_ref().filter(|found| found.record.is_active()) {
                if !asked.agrees(&wanted, &existing.record) {
                    // AWS: recorded.
                    return Err(invalid(
                        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
                    ));
                }
                // AWS: recorded; tags that were not sent are not answered.
                break Cluster {
                    tags: if asked.tags { wanted.tags } else { Tags::new() },
                    ..existing.record.clone()
                };
            }
            let mut txn = Txn::new();
            match found {
                Some(gone) => {
                    self.clusters
                        .stage_replace(&mut txn, scope(cx).of(), &[&wanted.name], gone.revision, &wanted)?;
                }
                None => self
                    .clusters
                    .stage_new(&mut txn, scope(cx).of(), &[&wanted.name], &wanted)?,
            }
            fence.stage_use(&mut txn, mark);
            match self.store.commit(txn).await {
                Ok(_) => break wanted,
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let counts = self.counts(cx, &cluster.name).await?;
        Ok(CreateClusterResponse {
            cluster: Some(api_ecs::Cluster {
                tags: Some(tags_as_given(&cluster.tags, &given)),
                ..cluster.to_api(cx.place(), counts_of(&cluster, counts), Include::MADE)
            }),
            cluster_count: Some(self.active_clusters(cx).await?),
        })
    }
}

/// Which options of a cluster a request names; what it leaves out is not compared with the cluster that is there.
struct Asked {
    settings: bool,
    configuration: bool,
    providers: bool,
    strategy: bool,
    tags: bool,
}

impl Asked {
    fn of(input: &CreateClusterRequest) -> Self {
        Self {
            settings: input.settings.is_some(),
            configuration: input.configuration.is_some(),
            providers: input.capacity_providers.is_some(),
            strategy: input.default_capacity_provider_strategy.is_some(),
            tags: input.tags.is_some(),
        }
    }

    fn agrees(&self, wanted: &Cluster, known: &Cluster) -> bool {
        (!self.settings || wanted.container_insights == known.container_insights)
            && (!self.configuration || wanted.configuration == known.configuration)
            && (!self.providers || wanted.capacity_providers == known.capacity_providers)
            && (!self.strategy || wanted.default_strategy == known.default_strategy)
            && (!self.tags || wanted.tags == known.tags)
    }
}

fn name(input: &CreateClusterRequest) -> Result<&str> {
    let name = input.cluster_name.as_deref().unwrap_or(arn::DEFAULT_CLUSTER);
    if arn::is_name(name) {
        Ok(name)
    } else {
        Err(invalid(
            "Cluster names can only contain letters, numbers, hyphens and underscores, and can be up to 255 characters long.",
        ))
    }
}

fn wanted(cx: &Cx, input: CreateClusterRequest, usual_insights: String, providers: Vec<String>) -> Result<Cluster> {
    let name = name(&input)?.to_owned();
    let tags = checked_tags(input.tags.as_deref())?;
    let strategy = capacity::strategy(
        input.default_capacity_provider_strategy.as_deref().unwrap_or_default(),
        &providers,
    )?;
    if input.service_connect_defaults.is_some() {
        return Err(unsupported("Service Connect is"));
    }
    Ok(Cluster {
        name,
        status: ClusterStatus::Active,
        created_at: cx.now(),
        container_insights: container_insights(input.settings.as_deref())?.unwrap_or(usual_insights),
        configuration: input.configuration.map(Document),
        capacity_providers: providers,
        default_strategy: strategy.into_iter().map(Document).collect(),
        attached: false,
        tags,
    })
}

/// Reads the setting `containerInsights`, the only one there is.
pub fn container_insights(settings: Option<&[api_ecs::ClusterSetting]>) -> Result<Option<String>> {
    let mut found = None;
    for setting in settings.unwrap_or_default() {
        let value = setting.value.as_deref().unwrap_or_default();
        if setting.name != Some(api_ecs::ClusterSettingName::ContainerInsights) {
            return Err(invalid("Cluster setting name should be one of [containerInsights]"));
        }
        if !matches!(value, "enabled" | "enhanced" | "disabled") {
            // AWS: recorded.
            return Err(invalid("Invalid setting 'value'"));
        }
        found = Some(value.to_owned());
    }
    Ok(found)
}

/// A cluster that was just made anew has no tasks, whatever is still on record from before.
fn counts_of(cluster: &Cluster, counts: Counts) -> Counts {
    if cluster.is_active() { counts } else { Counts::default() }
}
