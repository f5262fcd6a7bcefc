//! ecs:DescribeTaskSets — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskSets.html>

use api_ecs::op::DescribeTaskSets;
use api_ecs::{DescribeTaskSetsRequest, DescribeTaskSetsResponse, Failure, TaskSetField};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::task_sets::number_of;
use crate::{Ecs, arn};

impl Handle<DescribeTaskSets> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DescribeTaskSetsRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        let asked = input.task_sets.as_deref().unwrap_or_default();
        for set in asked {
            needs = needs.and(Self::on_task_set(cx, &input.cluster, &input.service, Some(set))?);
        }
        if asked.is_empty() {
            needs = Self::on_task_set(cx, &input.cluster, &input.service, None)?;
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: DescribeTaskSetsRequest) -> Reply<DescribeTaskSets> {
        let include = input.include.unwrap_or_default();
        if include.iter().any(|field| *field != TaskSetField::Tags) {
            return Err(invalid("include should be one of [TAGS]"));
        }
        let service = self.service_with_sets(cx, &input.cluster, &input.service).await?.record;
        let asked = input.task_sets.unwrap_or_default();
        let mut failures = Vec::new();
        for given in &asked {
            let number = number_of(given);
            if !service.task_sets.iter().any(|set| set.number == number) {
                failures.push(Failure {
                    arn: Some(arn::task_set(cx.place(), &service.cluster, &service.name, number)),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                });
            }
        }
        let wanted = |number: &str| asked.is_empty() || asked.iter().any(|given| number_of(given) == number);
        let sets = service.task_sets.iter().filter(|set| wanted(&set.number));
        let shown = sets.map(|set| {
            set.to_api(
                cx.place(),
                &service.cluster,
                &service.name,
                service.desired,
                !include.is_empty(),
            )
        });
        Ok(DescribeTaskSetsResponse {
            task_sets: Some(shown.collect()),
            failures: Some(failures),
        })
    }
}
