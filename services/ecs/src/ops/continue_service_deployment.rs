//! ecs:ContinueServiceDeployment — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html>

use api_ecs::op::ContinueServiceDeployment;
use api_ecs::{ContinueServiceDeploymentRequest, errors};
use roadstead_kernel::prelude::*;

use super::describe_service_deployments::parse;
use crate::error::invalid;
use crate::{Ecs, arn, scope};

impl Handle<ContinueServiceDeployment> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ContinueServiceDeploymentRequest) -> Result<Needs> {
        let (cluster, service, _) = parse(cx, &input.service_deployment_arn)?;
        Ok(Needs::on(arn::service(cx.place(), cluster, service))
            .key("ecs:cluster", arn::cluster(cx.place(), cluster))
            .also_on(input.service_deployment_arn.clone())
            .key("ecs:cluster", arn::cluster(cx.place(), cluster))
            .key("ecs:service", arn::service(cx.place(), cluster, service)))
    }

    /// Goes on with a deployment that waits at a hook. Rolling deployments have no hooks, and others are refused where
    /// they are asked for: no hook ever waits.
    // AWS: the codes are documented, the texts are not.
    async fn handle(&self, cx: &Cx, input: ContinueServiceDeploymentRequest) -> Reply<ContinueServiceDeployment> {
        let (cluster, name, id) = parse(cx, &input.service_deployment_arn)?;
        let known = self
            .services
            .deployments
            .get(scope(cx).of(), &[cluster, name, id])
            .await?;
        if known.is_none() {
            return Err(errors::SERVICE_DEPLOYMENT_NOT_FOUND_EXCEPTION
                .with("Service deployment not found.")
                .into());
        }
        Err(invalid(format!(
            "The service deployment has no lifecycle hook {} that awaits an action.",
            input.hook_id
        )))
    }
}
