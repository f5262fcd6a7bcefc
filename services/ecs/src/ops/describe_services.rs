//! ecs:DescribeServices — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>

use api_ecs::op::DescribeServices;
use api_ecs::{DescribeServicesRequest, DescribeServicesResponse, Failure, ServiceField};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::ShowService;
use crate::{Ecs, arn, service};

/// Most services of one call.
const MAX: usize = 10;

impl Handle<DescribeServices> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeServicesRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for given in &input.services {
            let (cluster, service) = service::named(cx, input.cluster.as_deref(), given)?;
            needs = needs.and(Needs::on(service).key("ecs:cluster", cluster));
        }
        if input.services.is_empty() {
            let (cluster, service) = service::named(cx, input.cluster.as_deref(), "*")?;
            needs = Needs::on(service).key("ecs:cluster", cluster);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: DescribeServicesRequest) -> Reply<DescribeServices> {
        // AWS: recorded.
        if input.include.iter().flatten().any(|field| *field != ServiceField::Tags) {
            return Err(invalid("include should be one of [TAGS]"));
        }
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if input.services.is_empty() {
            return Err(invalid("Services cannot be empty."));
        }
        // AWS: reported (ecs-autoscale#32).
        if input.services.len() > MAX {
            return Err(invalid(format!("service names can have at most {MAX} items.")));
        }
        let show = ShowService {
            tags: input.include.is_some_and(|fields| !fields.is_empty()),
            whole: true,
        };
        let mut services = Vec::new();
        let mut failures = Vec::new();
        for given in &input.services {
            match self.service(cx, &cluster, given).await? {
                Some(found) => {
                    let events = self.service_events(cx, &cluster, &found.record.name).await?;
                    services.push(found.record.to_api(cx.place(), &events, show));
                }
                None => {
                    let (of, name) = arn::service_name(cx.place(), given)?;
                    failures.push(Failure {
                        arn: Some(arn::service(cx.place(), of.unwrap_or(&cluster), name)),
                        reason: Some("MISSING".to_owned()),
                        detail: None,
                    });
                }
            }
        }
        Ok(DescribeServicesResponse {
            services: Some(services),
            failures: Some(failures),
        })
    }
}
