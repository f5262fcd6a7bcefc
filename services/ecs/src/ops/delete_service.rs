//! ecs:DeleteService — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>

use api_ecs::op::DeleteService;
use api_ecs::{DeleteServiceRequest, DeleteServiceResponse, errors};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::{DeploymentStatus, Service, ServiceStatus, ShowService};
use crate::{Ecs, scope, service};

impl Handle<DeleteService> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteServiceRequest) -> Result<Needs> {
        let (cluster, service) = service::named(cx, input.cluster.as_deref(), &input.service)?;
        Ok(Needs::on(service).key("ecs:cluster", cluster))
    }

    async fn handle(&self, cx: &Cx, input: DeleteServiceRequest) -> Reply<DeleteService> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        let found = self.service(cx, &cluster, &input.service).await?;
        // AWS: recorded; this operation says it without a message.
        let missing = || Fault::from(errors::SERVICE_NOT_FOUND_EXCEPTION.with(""));
        let found = found.filter(|found| found.record.status != ServiceStatus::Inactive);
        let name = found.ok_or_else(missing)?.record.name;
        let delete = |service: &mut Service| {
            if service.status != ServiceStatus::Active {
                return Ok(());
            }
            if service.desired > 0 && !service.is_daemon() && input.force != Some(true) {
                // AWS: recorded.
                return Err(invalid("The service cannot be stopped while it is scaled above 0."));
            }
            if !service.task_sets.is_empty() && input.force != Some(true) {
                // AWS: documented; Terraform's provider waits for as long as this is answered.
                return Err(invalid("The service cannot be stopped while deployments are active."));
            }
            service.status = ServiceStatus::Draining;
            service.desired = 0;
            for set in &mut service.task_sets {
                set.drain(cx.now());
            }
            for other in service.deployments.iter_mut().skip(1) {
                other.status = DeploymentStatus::Draining;
            }
            Ok(())
        };
        let deleted = self
            .services
            .services
            .update(scope(cx).of(), &[&cluster, &name], delete)
            .await?;
        let deleted = deleted.ok_or_else(missing)?.record;
        self.look_at_service(cx.place(), &cluster, &name);
        let events = self.service_events(cx, &cluster, &name).await?;
        let shown = deleted.to_api(
            cx.place(),
            &events,
            ShowService {
                tags: false,
                whole: false,
            },
        );
        Ok(DeleteServiceResponse { service: Some(shown) })
    }
}
