//! ecs:DescribeClusters — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html>

use api_ecs::op::DescribeClusters;
use api_ecs::{ClusterField, DescribeClustersRequest, DescribeClustersResponse, Failure};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::Include;
use crate::{Ecs, arn, scope};

/// Most clusters of one call.
const MAX: usize = 100;

impl Handle<DescribeClusters> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeClustersRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for name in names(cx, input)? {
            needs = needs.and(self.on_cluster(cx, Some(&name)).await?);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: DescribeClustersRequest) -> Reply<DescribeClusters> {
        let include = include(input.include.as_deref().unwrap_or_default());
        let mut clusters = Vec::new();
        let mut failures = Vec::new();
        for name in names(cx, &input)? {
            match self.clusters.get(scope(cx).of(), &[&name]).await? {
                Some(found) => {
                    let counts = self.counts(cx, &name).await?;
                    clusters.push(found.record.to_api(cx.place(), counts, include));
                }
                None => failures.push(Failure {
                    arn: Some(arn::cluster(cx.place(), &name)),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(DescribeClustersResponse {
            clusters: Some(clusters),
            failures: Some(failures),
        })
    }
}

fn names(cx: &Cx, input: &DescribeClustersRequest) -> Result<Vec<String>> {
    let given = input.clusters.as_deref().unwrap_or_default();
    if given.len() > MAX {
        return Err(invalid(format!("Clusters cannot have more than {MAX} elements.")));
    }
    if given.is_empty() {
        return Ok(vec![arn::DEFAULT_CLUSTER.to_owned()]);
    }
    // AWS: recorded; what is named twice is answered once.
    let mut names = Vec::new();
    for one in given {
        let name = arn::cluster_name(cx.place(), Some(one))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn include(fields: &[ClusterField]) -> Include {
    let has = |field| fields.contains(&field);
    Include {
        attachments: has(ClusterField::Attachments),
        configurations: has(ClusterField::Configurations),
        settings: has(ClusterField::Settings),
        statistics: has(ClusterField::Statistics),
        tags: has(ClusterField::Tags),
    }
}
