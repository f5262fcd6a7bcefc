//! ecs:DescribeServiceDeployments — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html>

use api_ecs::op::DescribeServiceDeployments;
use api_ecs::{DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse, Failure};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::{Ecs, arn, scope, service};

/// Most service deployments of one call.
const MAX: usize = 20;

impl Handle<DescribeServiceDeployments> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeServiceDeploymentsRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for given in &input.service_deployment_arns {
            let (cluster, service, _) = parse(cx, given)?;
            needs = needs.and(
                Needs::on(arn::service(cx.place(), cluster, service))
                    .key("ecs:cluster", arn::cluster(cx.place(), cluster))
                    .also_on(given.clone())
                    .key("ecs:cluster", arn::cluster(cx.place(), cluster))
                    .key("ecs:service", arn::service(cx.place(), cluster, service)),
            );
        }
        Ok(if input.service_deployment_arns.is_empty() {
            Needs::any()
        } else {
            needs
        })
    }

    async fn handle(&self, cx: &Cx, input: DescribeServiceDeploymentsRequest) -> Reply<DescribeServiceDeployments> {
        if input.service_deployment_arns.is_empty() {
            return Err(invalid("The Service ARN provided is invalid."));
        }
        if input.service_deployment_arns.len() > MAX {
            return Err(invalid(format!("Service Deployment ARN count cannot exceed {MAX}")));
        }
        let scope = scope(cx);
        let mut found = Vec::new();
        let mut failures = Vec::new();
        for given in &input.service_deployment_arns {
            let (cluster, name, id) = parse(cx, given)?;
            let service = service::there(self.services.services.get(scope.of(), &[cluster, name]).await?)?.record;
            match self.services.deployments.get(scope.of(), &[cluster, name, id]).await? {
                Some(one) => found.push(one.record.to_api(cx.place(), &service)),
                None => failures.push(Failure {
                    arn: Some(given.clone()),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(DescribeServiceDeploymentsResponse {
            service_deployments: Some(found),
            failures: Some(failures),
        })
    }
}

/// Cluster, service and id in the ARN of a service deployment.
pub fn parse<'a>(cx: &Cx, given: &'a str) -> Result<(&'a str, &'a str, &'a str)> {
    arn::below_service(cx.place(), "service-deployment", given)
        .ok_or_else(|| invalid("The ServiceDeployment ARN is invalid."))
}
