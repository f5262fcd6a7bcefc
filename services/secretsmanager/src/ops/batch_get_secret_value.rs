//! secretsmanager:BatchGetSecretValue — <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>

use api_secretsmanager::op::BatchGetSecretValue;
use api_secretsmanager::{APIErrorType, BatchGetSecretValueRequest, BatchGetSecretValueResponse, SecretValueEntry};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::{invalid, invalid_token};
use crate::id::SecretId;
use crate::{SecretsManager, filters, scope, stages};

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 20;

impl Handle<BatchGetSecretValue> for SecretsManager {
    async fn needs(&self, _: &Cx, input: &BatchGetSecretValueRequest) -> Result<Needs> {
        let needs = Needs::any();
        Ok(if input.filters.is_some() {
            needs.also("secretsmanager:ListSecrets", "*")
        } else {
            needs
        })
    }

    async fn handle(&self, cx: &Cx, input: BatchGetSecretValueRequest) -> Reply<BatchGetSecretValue> {
        let (wanted, next_token) = match (&input.secret_id_list, &input.filters) {
            (Some(list), None) => (list.clone(), None),
            (None, Some(_)) => self.chosen(cx, &input).await?,
            _ => {
                return Err(invalid(
                    "You must provide either SecretIdList or Filters, and not both of them.",
                ));
            }
        };
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for id in wanted {
            match self.one(cx, &id).await {
                Ok(value) => values.push(value),
                Err(Fault::Api(error)) => errors.push(APIErrorType {
                    secret_id: Some(id),
                    error_code: Some(error.name().to_owned()),
                    message: Some(error.message),
                }),
                Err(fault) => return Err(fault),
            }
        }
        Ok(BatchGetSecretValueResponse {
            secret_values: Some(values),
            next_token,
            errors: Some(errors),
        })
    }
}

impl SecretsManager {
    /// A secret's current value, if the caller may read that one.
    async fn one(&self, cx: &Cx, id: &str) -> Result<SecretValueEntry> {
        let id = SecretId::parse(id);
        let needs = self.needs_on(cx, &id).await?.action("secretsmanager:GetSecretValue");
        cx.require(&needs.key("secretsmanager:VersionStage", stages::CURRENT))?;
        let found = self.live(cx, &id).await?;
        let value = self.value(cx, found, None, None).await?;
        Ok(SecretValueEntry {
            arn: value.arn,
            name: value.name,
            version_id: value.version_id,
            secret_binary: value.secret_binary,
            secret_string: value.secret_string,
            version_stages: value.version_stages,
            created_date: value.created_date,
        })
    }

    /// The names of a page of the secrets that filters choose, and the next page's token.
    async fn chosen(&self, cx: &Cx, input: &BatchGetSecretValueRequest) -> Result<(Vec<String>, Option<String>)> {
        let wanted = input.filters.as_deref().unwrap_or_default();
        filters::check(wanted)?;
        let call = format!("BatchGetSecretValue {}", filters_text(wanted));
        let after = match input.next_token.as_deref() {
            None => None,
            Some(token) => Some(paging::key(&call, token).ok_or_else(invalid_token)?),
        };
        let limit = input
            .max_results
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(PAGE);
        let all = self.secrets.list_all(scope(&cx.place())).await?;
        let kept = all
            .into_iter()
            .map(|found| found.record)
            .filter(|secret| secret.deletion.is_none() && filters::pass(wanted, secret, cx.region().as_str()));
        let page = paging::page(kept, |secret| secret.name.as_str(), after.as_deref(), limit);
        let names = page.items.into_iter().map(|secret| secret.name).collect();
        Ok((names, page.next.map(|name| paging::token(&call, &name))))
    }
}

fn filters_text(filters: &[api_secretsmanager::Filter]) -> String {
    let text = |filter: &api_secretsmanager::Filter| {
        let key = filter
            .key
            .as_ref()
            .map(api_secretsmanager::FilterNameStringType::as_str);
        format!("{key:?}={:?}", filter.values)
    };
    filters.iter().map(text).collect::<Vec<_>>().join(" ")
}
