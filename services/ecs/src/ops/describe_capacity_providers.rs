//! ecs:DescribeCapacityProviders — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html>

use api_ecs::op::DescribeCapacityProviders;
use api_ecs::{
    CapacityProvider, CapacityProviderStatus, DescribeCapacityProvidersRequest, DescribeCapacityProvidersResponse,
    Failure,
};
use roadstead_core::Arn;
use roadstead_kernel::prelude::*;

use super::create_cluster::is_known_provider;
use crate::Ecs;

/// The providers that every account has.
const BUILT_IN: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

impl Handle<DescribeCapacityProviders> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeCapacityProvidersRequest) -> Result<Needs> {
        Ok(Needs::on_each(names(input).iter().map(|name| arn(cx, name))))
    }

    async fn handle(&self, cx: &Cx, input: DescribeCapacityProvidersRequest) -> Reply<DescribeCapacityProviders> {
        let (known, unknown): (Vec<String>, Vec<String>) =
            names(&input).into_iter().partition(|name| is_known_provider(name));
        let describe = |name: String| CapacityProvider {
            capacity_provider_arn: Some(arn(cx, &name)),
            name: Some(name),
            status: Some(CapacityProviderStatus::Active),
            tags: Some(Vec::new()),
            ..CapacityProvider::default()
        };
        let missing = |name: String| Failure {
            arn: Some(arn(cx, &name)),
            reason: Some("MISSING".to_owned()),
            detail: None,
        };
        Ok(DescribeCapacityProvidersResponse {
            capacity_providers: Some(known.into_iter().map(describe).collect()),
            failures: Some(unknown.into_iter().map(missing).collect()),
            next_token: None,
        })
    }
}

/// The names that were asked for; all there are when none was.
fn names(input: &DescribeCapacityProvidersRequest) -> Vec<String> {
    let asked = input.capacity_providers.as_deref().unwrap_or_default();
    if asked.is_empty() {
        return BUILT_IN.map(ToOwned::to_owned).to_vec();
    }
    let name_of = |given: &String| {
        let resource = Arn::parse(given).and_then(|arn| arn.resource.strip_prefix("capacity-provider/"));
        resource.unwrap_or(given).to_owned()
    };
    asked.iter().map(name_of).collect()
}

fn arn(cx: &Cx, name: &str) -> String {
    cx.place().arn("ecs", format_args!("capacity-provider/{name}"))
}
