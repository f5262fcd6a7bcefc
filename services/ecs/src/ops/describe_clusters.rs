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
        for named in names(cx, input)? {
            needs = needs.and(match named {
                Named::Here(name) => self.on_cluster(cx, Some(&name)).await?,
                Named::Elsewhere(arn) => Needs::on(arn),
            });
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: DescribeClustersRequest) -> Reply<DescribeClusters> {
        let include = include(input.include.as_deref().unwrap_or_default());
        let mut clusters = Vec::new();
        let mut failures = Vec::new();
        for named in names(cx, &input)? {
            let name = match named {
                Named::Here(name) => name,
                // AWS: the operation has no error for clusters that are not there.
                Named::Elsewhere(arn) => {
                    failures.push(missing(arn));
                    continue;
                }
            };
            match self.clusters.get(scope(cx).of(), &[&name]).await? {
                Some(found) => {
                    let counts = self.counts(cx, &name).await?;
                    clusters.push(found.record.to_api(cx.place(), counts, include));
                }
                None => failures.push(missing(arn::cluster(cx.place(), &name))),
            }
        }
        Ok(DescribeClustersResponse {
            clusters: Some(clusters),
            failures: Some(failures),
        })
    }
}

fn missing(arn: String) -> Failure {
    Failure {
        arn: Some(arn),
        reason: Some("MISSING".to_owned()),
        detail: None,
    }
}

/// A cluster that a caller named.
#[derive(PartialEq, Eq)]
enum Named {
    /// By its name.
    Here(String),
    /// By an ARN of another region or account.
    Elsewhere(String),
}

fn names(cx: &Cx, input: &DescribeClustersRequest) -> Result<Vec<Named>> {
    let given = input.clusters.as_deref().unwrap_or_default();
    if given.len() > MAX {
        return Err(invalid(format!("Clusters cannot have more than {MAX} elements.")));
    }
    if given.is_empty() {
        return Ok(vec![Named::Here(arn::DEFAULT_CLUSTER.to_owned())]);
    }
    // AWS: recorded; what is named twice is answered once.
    let mut found = Vec::new();
    for one in given {
        let cluster = match arn::cluster_name(cx.place(), Some(one)) {
            Ok(name) => Named::Here(name),
            Err(fault) if is_elsewhere(&fault) => Named::Elsewhere(one.clone()),
            Err(fault) => return Err(fault),
        };
        if !found.contains(&cluster) {
            found.push(cluster);
        }
    }
    Ok(found)
}

fn is_elsewhere(fault: &Fault) -> bool {
    fault
        .api()
        .is_some_and(|error| error.code == "ClusterNotFoundException")
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
