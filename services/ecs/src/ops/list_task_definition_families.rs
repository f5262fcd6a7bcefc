//! ecs:ListTaskDefinitionFamilies — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitionFamilies.html>

use api_ecs::op::ListTaskDefinitionFamilies;
use api_ecs::{ListTaskDefinitionFamiliesRequest, ListTaskDefinitionFamiliesResponse, TaskDefinitionFamilyStatus};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;
use roadstead_store::Table;

use crate::records::Family;
use crate::run::{after, page_size};
use crate::{Ecs, scope};

impl Handle<ListTaskDefinitionFamilies> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &ListTaskDefinitionFamiliesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListTaskDefinitionFamiliesRequest) -> Reply<ListTaskDefinitionFamilies> {
        let limit = page_size(input.max_results)?;
        let prefix = input.family_prefix.unwrap_or_default();
        // AWS: documented; without a status, families without an active definition are listed too.
        let status = input.status.unwrap_or(TaskDefinitionFamilyStatus::All);
        let filters = format!("ListTaskDefinitionFamilies {prefix} {}", status.as_str());
        let after = after(&filters, input.next_token.as_deref())?;
        let all = self.families.list_all(scope(cx).of()).await?;
        let names = all
            .iter()
            .filter(|found| is_wanted(&found.record, &status))
            .filter_map(|found| {
                Table::<Family>::parse_key(&found.key)?
                    .id
                    .pop()
                    .filter(|name| name.starts_with(&prefix))
            });
        let page = paging::page(names, |name| name.as_str(), after.as_deref(), limit);
        Ok(ListTaskDefinitionFamiliesResponse {
            families: Some(page.items),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}

fn is_wanted(family: &Family, status: &TaskDefinitionFamilyStatus) -> bool {
    match status {
        TaskDefinitionFamilyStatus::Active => family.latest_active.is_some(),
        TaskDefinitionFamilyStatus::Inactive => family.latest_active.is_none(),
        _ => true,
    }
}
