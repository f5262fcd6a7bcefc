//! iam:CreateOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>

use api_iam::op::CreateOpenIDConnectProvider;
use api_iam::{CreateOpenIDConnectProviderRequest, CreateOpenIDConnectProviderResponse};
use roadstead_store::Txn;

use crate::entities::scope;
use crate::prelude::*;
use crate::records::OidcProvider;
use crate::{oidc, problems, tagging};

impl Handle<CreateOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateOpenIDConnectProviderRequest) -> Result<Needs> {
        let arn = oidc::arn(cx, &oidc::id_of_url(&input.url).unwrap_or_default());
        Ok(Needs::on(arn).request_tags(&tagging::requested(input.tags.as_deref())))
    }

    async fn handle(&self, cx: &Cx, input: CreateOpenIDConnectProviderRequest) -> Reply<CreateOpenIDConnectProvider> {
        let id =
            oidc::id_of_url(&input.url).ok_or_else(|| problems::validation("Invalid Open ID Connect Provider URL"))?;
        let provider = OidcProvider {
            arn: oidc::arn(cx, &id),
            url: id.clone(),
            clients: input.client_id_list.unwrap_or_default(),
            thumbprints: input.thumbprint_list.unwrap_or_default(),
            created: cx.now().cut_to_secs(),
            tags: tagging::from_api(input.tags.as_deref())?,
        };
        oidc::check(&provider)?;
        let mut txn = Txn::new();
        self.table()
            .stage_new(&mut txn, scope(&cx.account()), &[&id], &provider)?;
        match self.commit(cx.account(), txn).await {
            Err(fault) if fault.is_conflict() => {
                return Err(problems::exists(format!(
                    "Provider with url {} already exists.",
                    input.url
                )));
            }
            outcome => outcome?,
        };
        Ok(CreateOpenIDConnectProviderResponse {
            tags: tagging::to_api_if_any(&provider.tags),
            open_id_connect_provider_arn: Some(provider.arn),
        })
    }
}
