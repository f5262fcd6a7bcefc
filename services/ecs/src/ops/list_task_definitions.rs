//! ecs:ListTaskDefinitions — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html>

use api_ecs::op::ListTaskDefinitions;
use api_ecs::{ListTaskDefinitionsRequest, ListTaskDefinitionsResponse, SortOrder, TaskDefinitionStatus};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::run::{ALTERED, page_size};
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
        let after = input.next_token.filter(|token| !token.is_empty());
        let after = after.as_deref().map(read_token).transpose()?;
        let below = [family.as_str()];
        let below: &[&str] = if family.is_empty() { &[] } else { &below };
        let found = self.definitions.list(scope(cx).of(), below, None, usize::MAX).await?;
        let all = found.records.iter().map(|found| &found.record);
        let mut matching: Vec<(&str, u32)> = all
            .filter(|definition| definition.status.to_api() == status)
            .map(|definition| (definition.family(), definition.revision))
            .collect();
        if descending {
            matching.reverse();
        }
        let is_shown = |one: &(&str, u32)| {
            let Some((family, revision)) = &after else { return true };
            let last = (family.as_str(), *revision);
            if descending { *one < last } else { *one > last }
        };
        matching.retain(is_shown);
        let shown = matching.get(..limit).unwrap_or(&matching);
        let last = shown.last().filter(|_| matching.len() > shown.len());
        // AWS: recorded.
        let next = last.map(|(family, revision)| format!("{family}::{revision:010}"));
        Ok(ListTaskDefinitionsResponse {
            task_definition_arns: Some(
                shown
                    .iter()
                    .map(|(family, revision)| arn::task_definition(cx.place(), family, *revision))
                    .collect(),
            ),
            next_token: next,
        })
    }
}

/// Family and revision of the definition after which a page begins.
fn read_token(token: &str) -> Result<(String, u32)> {
    let read = || {
        let (family, digits) = token.rsplit_once("::")?;
        Some((family.to_owned(), digits.parse().ok()?))
    };
    read().ok_or_else(|| invalid(ALTERED))
}
