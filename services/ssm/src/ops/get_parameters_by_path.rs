//! ssm:GetParametersByPath — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>

use api_ssm::op::GetParametersByPath;
use api_ssm::{GetParametersByPathRequest, GetParametersByPathResult};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::filters::{self, is_below};
use crate::listing::{after, page_size};
use crate::name::{self, Selector};
use crate::rules::check_path;
use crate::{Ssm, public, reveal};

/// The largest page, and the page of a caller who asks for none in particular.
const PAGE: usize = 10;

impl Handle<GetParametersByPath> for Ssm {
    async fn needs(&self, cx: &Cx, input: &GetParametersByPathRequest) -> Result<Needs> {
        // AWS: decided once for the path itself, without a slash at its end, and not for what is below it.
        let path = input.path.trim_end_matches('/');
        let recursive = input.recursive.unwrap_or(false).to_string();
        Ok(Needs::on(name::arn(cx.place(), path)).key("ssm:Recursive", recursive))
    }

    async fn handle(&self, cx: &Cx, input: GetParametersByPathRequest) -> Reply<GetParametersByPath> {
        check_path(&input.path)?;
        let given = input.parameter_filters.as_deref().unwrap_or_default();
        let wanted = filters::parse(given, &["Type", "KeyId", "Label"])?;
        let recursive = input.recursive == Some(true);
        let decrypt = input.with_decryption == Some(true);
        let path = input.path.trim_end_matches('/');
        if name::public(&format!("{path}/")) {
            let below = public::all(cx.place()).filter(|found| {
                found
                    .name
                    .as_deref()
                    .is_some_and(|name| is_below(name, path, recursive))
            });
            return Ok(GetParametersByPathResult {
                parameters: Some(below.collect()),
                next_token: None,
            });
        }
        let call = format!("GetParametersByPath {path} {recursive} {wanted:?}");
        let after = after(&call, input.next_token.as_deref())?;
        let keep = |parameter: &crate::records::Parameter| {
            is_below(&parameter.name, path, recursive) && wanted.iter().all(|filter| filter.passes(parameter))
        };
        let limit = page_size(input.max_results, PAGE);
        let listed = self
            .list(cx.place(), &format!("{path}/"), after.as_deref(), limit, keep)
            .await?;
        let mut parameters = Vec::with_capacity(listed.parameters.len());
        for parameter in &listed.parameters {
            let label = filters::label(&wanted, parameter).map(|label| Selector::Label(label.to_owned()));
            let version = self.selected(cx, parameter, label.as_ref()).await?;
            let value = reveal(cx, &parameter.name, &version, decrypt)?;
            parameters.push(parameter.to_api(cx.place(), &version, value));
        }
        Ok(GetParametersByPathResult {
            parameters: Some(parameters),
            next_token: listed.next.map(|name| paging::token(&call, &name)),
        })
    }
}
