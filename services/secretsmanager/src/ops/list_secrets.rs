//! secretsmanager:ListSecrets — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>

use api_secretsmanager::op::ListSecrets;
use api_secretsmanager::{ListSecretsRequest, ListSecretsResponse, SortOrderType};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid_token;
use crate::{SecretsManager, filters, scope};

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 100;

impl Handle<ListSecrets> for SecretsManager {
    async fn needs(&self, _: &Cx, _: &ListSecretsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListSecretsRequest) -> Reply<ListSecrets> {
        let wanted = input.filters.as_deref().unwrap_or_default();
        filters::check(wanted)?;
        let call = ListSecretsRequest {
            max_results: None,
            next_token: None,
            ..input.clone()
        };
        let call = String::from_utf8(roadstead_wire::to_json(&call)).map_err(Fault::internal)?;
        let after = match input.next_token.as_deref() {
            None => None,
            Some(token) => Some(paging::key(&call, token).ok_or_else(invalid_token)?),
        };
        let all = self.secrets.list_all(scope(&cx.place())).await?;
        let planned = input.include_planned_deletion == Some(true);
        let mut kept: Vec<(String, crate::records::Secret)> = all
            .into_iter()
            .map(|found| found.record)
            .filter(|secret| !secret.is_over(cx.now()) && (planned || secret.deletion.is_none()))
            .filter(|secret| filters::pass(wanted, secret, cx.region().as_str()))
            .map(|secret| (filters::sort_key(input.sort_by.as_ref(), &secret), secret))
            .collect();
        kept.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        // AWS: the newest come first, unless asked otherwise.
        let ascending = input.sort_order == Some(SortOrderType::Asc);
        if !ascending {
            kept.reverse();
        }
        let is_later = |key: &str, after: &str| if ascending { key > after } else { key < after };
        let mut rest = kept
            .into_iter()
            .filter(|(key, _)| after.as_deref().is_none_or(|after| is_later(key, after)));
        let limit = input
            .max_results
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(PAGE);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let last = page.last().map(|(key, _)| paging::token(&call, key));
        Ok(ListSecretsResponse {
            next_token: rest.next().and(last),
            secret_list: Some(
                page.iter()
                    .map(|(_, secret)| secret.to_list_entry(cx.place()))
                    .collect(),
            ),
        })
    }
}
