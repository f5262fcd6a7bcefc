//! ecs:DescribeCapacityProviders — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html>

use api_ecs::op::DescribeCapacityProviders;
use api_ecs::{
    CapacityProvider, CapacityProviderField, DescribeCapacityProvidersRequest, DescribeCapacityProvidersResponse,
    Failure,
};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::{BUILT_IN, built_in_to_api};
use crate::run::{after, limit};
use crate::{Ecs, arn, capacity, scope};

/// The page of a caller who asks for none in particular, and the largest one.
// AWS: documented.
const PAGES: (usize, i32) = (10, 10);
/// Most providers that a call may name.
const MAX_NAMED: usize = 100;

impl Handle<DescribeCapacityProviders> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeCapacityProvidersRequest) -> Result<Needs> {
        let asked = input.capacity_providers.as_deref().unwrap_or_default();
        Ok(if asked.is_empty() {
            Needs::on(arn::capacity_provider(cx.place(), "*"))
        } else {
            Needs::on_each(arns(cx, asked))
        })
    }

    async fn handle(&self, cx: &Cx, input: DescribeCapacityProvidersRequest) -> Reply<DescribeCapacityProviders> {
        let include = input.include.unwrap_or_default();
        if include.iter().any(|field| *field != CapacityProviderField::Tags) {
            return Err(invalid("include should be one of [TAGS]"));
        }
        let with_tags = !include.is_empty();
        let asked = input.capacity_providers.unwrap_or_default();
        if asked.len() > MAX_NAMED {
            return Err(invalid(format!(
                "Capacity providers cannot have more than {MAX_NAMED} elements."
            )));
        }
        let scoped = match &input.cluster {
            Some(cluster) => Some(self.active_cluster(cx, Some(cluster)).await?.record),
            None => None,
        };
        let names: Vec<String> = if !asked.is_empty() {
            asked.iter().map(|given| capacity::name_of(given).to_owned()).collect()
        } else if let Some(cluster) = &scoped {
            cluster.capacity_providers.clone()
        } else {
            let own = self.providers.list_all(scope(cx).of()).await?;
            let own = own.into_iter().map(|found| found.record.name);
            BUILT_IN.map(ToOwned::to_owned).into_iter().chain(own).collect()
        };
        let mut found: Vec<CapacityProvider> = Vec::new();
        let mut failures = Vec::new();
        for name in names {
            // AWS: documented; with a cluster, only its own are told of.
            let is_asked = scoped
                .as_ref()
                .is_none_or(|cluster| cluster.capacity_providers.contains(&name));
            if !is_asked {
                failures.push(missing(cx, &name));
            } else if capacity::is_built_in(&name) {
                found.push(built_in_to_api(cx.place(), &name));
            } else if let Some(own) = self.provider(cx, &name).await? {
                found.push(own.record.to_api(cx.place(), with_tags, None));
            } else {
                failures.push(missing(cx, &name));
            }
        }
        let mut next_token = None;
        if asked.is_empty() {
            let limit = limit(input.max_results, PAGES)?;
            let filters = format!("DescribeCapacityProviders {:?}", input.cluster);
            let after = after(&filters, input.next_token.as_deref())?;
            found.sort_by(|a, b| a.name.cmp(&b.name));
            let page = paging::page(
                found,
                |provider| provider.name.as_deref().unwrap_or_default(),
                after.as_deref(),
                limit,
            );
            found = page.items;
            next_token = page.next.map(|key| paging::token(&filters, &key));
        }
        Ok(DescribeCapacityProvidersResponse {
            capacity_providers: Some(found),
            failures: Some(failures),
            next_token,
        })
    }
}

fn missing(cx: &Cx, name: &str) -> Failure {
    Failure {
        arn: Some(arn::capacity_provider(cx.place(), name)),
        reason: Some("MISSING".to_owned()),
        detail: None,
    }
}

/// The ARNs of providers that were named by name or ARN.
pub fn arns(cx: &Cx, given: &[String]) -> Vec<String> {
    given
        .iter()
        .map(|given| arn::capacity_provider(cx.place(), capacity::name_of(given)))
        .collect()
}
