//! ecs:ListTaskDefinitions — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html>

use api_ecs::op::ListTaskDefinitions;
use api_ecs::{ListTaskDefinitionsRequest, ListTaskDefinitionsResponse, SortOrder, TaskDefinitionStatus};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::run::{after, page_size, revision_key};
use crate::{Ecs, arn, scope};

impl Handle<ListTaskDefinitions> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &ListTaskDefinitionsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListTaskDefinitionsRequest) -> Reply<ListTaskDefinitions> {
        let limit = page_size(input.max_results)?;
        let status = input.status.unwrap_or(TaskDefinitionStatus::Active);
        let family = input.family_prefix.unwrap_or_default();
        let descending = input.sort == Some(SortOrder::Desc);
        let filters = format!("ListTaskDefinitions {family} {} {descending}", status.as_str());
        let after = after(&filters, input.next_token.as_deref())?;
        let below = [family.as_str()];
        let below: &[&str] = if family.is_empty() { &[] } else { &below };
        let found = self.definitions.list(scope(cx).of(), below, None, usize::MAX).await?;
        let mut matching: Vec<(String, String)> = found
            .records
            .iter()
            .map(|found| &found.record)
            .filter(|definition| definition.status.to_api() == status)
            .map(|d| {
                (
                    format!("{}:{}", d.family(), revision_key(d.revision)),
                    arn::task_definition(cx.place(), d.family(), d.revision),
                )
            })
            .collect();
        if descending {
            matching.reverse();
        }
        let skip = after.map_or(0, |after| {
            matching
                .iter()
                .position(|(key, _)| *key == after)
                .map_or(0, |at| at + 1)
        });
        let rest = matching.get(skip..).unwrap_or_default();
        let shown = rest.get(..limit).unwrap_or(rest);
        let next = shown
            .last()
            .filter(|_| rest.len() > shown.len())
            .map(|(key, _)| paging::token(&filters, key));
        Ok(ListTaskDefinitionsResponse {
            task_definition_arns: Some(shown.iter().map(|(_, arn)| arn.clone()).collect()),
            next_token: next,
        })
    }
}
