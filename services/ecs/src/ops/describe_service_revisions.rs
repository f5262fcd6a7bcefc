//! ecs:DescribeServiceRevisions — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html>

use api_ecs::op::DescribeServiceRevisions;
use api_ecs::{DescribeServiceRevisionsRequest, DescribeServiceRevisionsResponse, Failure, errors};
use roadstead_kernel::prelude::*;

use crate::error::{cluster_not_found, invalid};
use crate::records::ServiceStatus;
use crate::{Ecs, arn, scope, service};

/// Most revisions of one call.
const MAX: usize = 20;

impl Handle<DescribeServiceRevisions> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeServiceRevisionsRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for given in &input.service_revision_arns {
            let Ok((cluster, service, _)) = parse(cx, given) else {
                // It is told what is wrong with it, not that nobody may see it.
                needs = needs.and(Needs::any());
                continue;
            };
            needs = needs.and(
                Needs::on(arn::service(cx.place(), cluster, service))
                    .key("ecs:cluster", arn::cluster(cx.place(), cluster))
                    .also_on(given.clone())
                    .key("ecs:cluster", arn::cluster(cx.place(), cluster))
                    .key("ecs:service", arn::service(cx.place(), cluster, service)),
            );
        }
        Ok(if input.service_revision_arns.is_empty() {
            Needs::any()
        } else {
            needs
        })
    }

    // AWS: all texts are recorded.
    async fn handle(&self, cx: &Cx, input: DescribeServiceRevisionsRequest) -> Reply<DescribeServiceRevisions> {
        let arns = &input.service_revision_arns;
        if arns.len() > MAX {
            return Err(invalid(format!("Service Revision ARN count cannot exceed {MAX}")));
        }
        let parsed = arns.iter().map(|given| parse(cx, given)).collect::<Result<Vec<_>>>()?;
        let Some((cluster, name, _)) = parsed.first().copied() else {
            return Err(invalid("The Service ARN provided is invalid."));
        };
        if parsed.iter().any(|(of, service, _)| (*of, *service) != (cluster, name)) {
            return Err(invalid(
                "Cross service requests are not allowed. All requested service revisions must be for a single service",
            ));
        }
        let scope = scope(cx);
        let found = self
            .clusters
            .get(scope.of(), &[cluster])
            .await?
            .ok_or_else(cluster_not_found)?;
        if !found.record.is_active() {
            return Err(errors::CLUSTER_NOT_FOUND_EXCEPTION
                .with("The referenced cluster was inactive.")
                .into());
        }
        let service = service::there(self.services.services.get(scope.of(), &[cluster, name]).await?)?.record;
        if service.status == ServiceStatus::Inactive {
            return Err(invalid(
                "Cannot call DescribeServiceRevisions for a service that is INACTIVE",
            ));
        }
        let mut revisions = Vec::new();
        let mut failures = Vec::new();
        for (given, (_, _, number)) in arns.iter().zip(&parsed) {
            match self
                .services
                .revisions
                .get(scope.of(), &[cluster, name, number])
                .await?
            {
                Some(found) => revisions.push(found.record.to_api(cx.place(), cluster, name)),
                None => failures.push(Failure {
                    arn: Some(given.clone()),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(DescribeServiceRevisionsResponse {
            service_revisions: Some(revisions),
            failures: Some(failures),
        })
    }
}

// AWS: recorded; what is no ARN is told apart from an ARN of elsewhere, and from a revision that is no number.
fn parse<'a>(cx: &Cx, given: &'a str) -> Result<(&'a str, &'a str, &'a str)> {
    if !given.starts_with("arn:") {
        return Err(invalid("The Service ARN provided is invalid."));
    }
    arn::below_service(cx.place(), "service-revision", given)
        .filter(|(_, _, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| invalid("The ServiceRevision ARN is invalid."))
}
