//! ecs:StopServiceDeployment — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>

use api_ecs::op::StopServiceDeployment;
use api_ecs::{StopServiceDeploymentRequest, StopServiceDeploymentResponse, StopServiceDeploymentStopType, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use super::describe_service_deployments::parse;
use crate::error::unsupported;
use crate::records::{Progress, Rollback};
use crate::{Ecs, arn, scope, service};

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
        if input.stop_type == Some(StopServiceDeploymentStopType::Abort) {
            return Err(unsupported("Stopping a service deployment without a rollback is"));
        }
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
            if deployment.status != Progress::Ongoing {
                return Err(conflict("The service deployment is not in progress."));
            }
            let Some(number) = service.completed.clone() else {
                return Err(conflict("There is no earlier service revision to roll back to."));
            };
            let revision = self
                .services
                .revisions
                .get(scope.of(), &[cluster, name, &number])
                .await?;
            let Some(revision) = revision
                .map(|found| found.record)
                .filter(|revision| revision.number != deployment.target)
            else {
                return Err(conflict("There is no earlier service revision to roll back to."));
            };
            let reason = "Service deployment rolled back because of a StopServiceDeployment request.".to_owned();
            deployment.status = Progress::RollingBack;
            deployment.reason = Some(reason.clone());
            deployment.updated_at = cx.now();
            deployment.rollback = Some(Rollback {
                reason,
                at: cx.now(),
                revision: number,
            });
            service.roll_back(revision, id.to_owned(), cx.now());
            let mut txn = Txn::new();
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
