//! iam:ListAccountAliases — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>

use api_iam::op::ListAccountAliases;
use api_iam::{ListAccountAliasesRequest, ListAccountAliasesResponse};

use crate::pages;
use crate::prelude::*;

impl Handle<ListAccountAliases> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &ListAccountAliasesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListAccountAliasesRequest) -> Reply<ListAccountAliases> {
        let aliases = self.settings(cx).await?.alias.into_iter().collect();
        let page = pages::cut(
            "aliases",
            aliases,
            String::as_str,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListAccountAliasesResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            account_aliases: page.items,
        })
    }
}
