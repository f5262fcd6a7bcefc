//! ecs:StopServiceDeployment — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>

use api_ecs::op::StopServiceDeployment;
use api_ecs::{StopServiceDeploymentRequest, StopServiceDeploymentResponse, StopServiceDeploymentStopType, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use super::describe_service_deployments::parse;
use crate::control::said_rolling_back;
use crate::records::{Progress, Rollback, Service, ServiceDeployment, ServiceRevision};
use crate::{Ecs, arn, scope, service};

impl Ecs {
    /// The revision that completed last, if it is another one than the deployment's.
    async fn earlier(
        &self,
        cx: &Cx,
        service: &Service,
        deployment: &ServiceDeployment,
    ) -> Result<Option<ServiceRevision>> {
        let Some(number) = service
            .completed
            .as_ref()
            .filter(|number| **number != deployment.target)
        else {
            return Ok(None);
        };
        let id = [service.cluster.as_str(), service.name.as_str(), number.as_str()];
        let found = self.services.revisions.get(scope(cx).of(), &id).await?;
        Ok(found.map(|found| found.record))
    }
}

impl Handle<StopServiceDeployment> for Ecs {
    async fn needs(&self, cx: &Cx, input: &StopServiceDeploymentRequest) -> Result<Needs> {
        let (cluster, service, _) = parse(cx, &input.service_deployment_arn)?;
        Ok(Needs::on(arn::service(cx.place(), cluster, service))
            .key("ecs:cluster", arn::cluster(cx.place(), cluster))
            .also_on(input.service_deployment_arn.clone())
            .key("ecs:cluster", arn::cluster(cx.place(), cluster))
            .key("ecs:service", arn::service(cx.place(), cluster, service)))
    }

    async fn handle(&self, cx: &Cx, input: StopServiceDeploymentRequest) -> Reply<StopServiceDeployment> {
        let aborts = input.stop_type == Some(StopServiceDeploymentStopType::Abort);
        let (cluster, name, id) = parse(cx, &input.service_deployment_arn)?;
        let scope = scope(cx);
        let conflict = |text: &str| Fault::from(errors::CONFLICT_EXCEPTION.with(text));
        loop {
            let found = service::there(self.services.services.get(scope.of(), &[cluster, name]).await?)?;
            let known = self.services.deployments.get(scope.of(), &[cluster, name, id]).await?;
            let Some(known) = known else {
                return Err(errors::SERVICE_DEPLOYMENT_NOT_FOUND_EXCEPTION
                    .with("Service deployment not found.")
                    .into());
            };
            let (mut service, mut deployment) = (found.record, known.record);
            let mut txn = Txn::new();
            if !deployment.status.is_open() {
                return Err(conflict("The service deployment is not in progress."));
            }
            if deployment.status == Progress::RollingBack && !aborts {
                // AWS: documented; what rolls back already goes on with that.
                return Ok(StopServiceDeploymentResponse {
                    service_deployment_arn: Some(input.service_deployment_arn),
                });
            }
            if aborts {
                let failed = service.primary().map_or(0, |primary| primary.failed_tasks);
                deployment.failures = (failed, service.threshold());
                service.abort(cx.now());
                let reason = "Service deployment stopped because of a StopServiceDeployment request.".to_owned();
                deployment.end(Progress::Stopped, Some(reason), cx.now());
            } else {
                let Some(revision) = self.earlier(cx, &service, &deployment).await? else {
                    return Err(conflict("There is no earlier service revision to roll back to."));
                };
                let reason = "Service deployment rolled back because of a StopServiceDeployment request.".to_owned();
                deployment.status = Progress::RollingBack;
                deployment.reason = Some(reason.clone());
                deployment.updated_at = cx.now();
                deployment.rollback = Some(Rollback {
                    reason,
                    at: cx.now(),
                    revision: revision.number.clone(),
                });
                let back_to = service.roll_back(revision, id.to_owned(), cx.now());
                // Nobody says anything at the same time: whoever does writes the service too.
                let mut events = self.service_events(cx, cluster, name).await?;
                events.say([said_rolling_back(name, &back_to)], cx.ids(), cx.now());
                self.services
                    .events
                    .stage_put(&mut txn, scope.of(), &[cluster, name], &events)?;
            }
            self.services
                .services
                .stage_replace(&mut txn, scope.of(), &[cluster, name], found.revision, &service)?;
            self.services.deployments.stage_replace(
                &mut txn,
                scope.of(),
                &[cluster, name, id],
                known.revision,
                &deployment,
            )?;
            match self.store.commit(txn).await {
                Ok(_) => {}
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            self.look_at_service(cx.place(), cluster, name);
            return Ok(StopServiceDeploymentResponse {
                service_deployment_arn: Some(input.service_deployment_arn),
            });
        }
    }
}
