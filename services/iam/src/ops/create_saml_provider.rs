//! iam:CreateSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html>

use api_iam::op::CreateSAMLProvider;
use api_iam::{CreateSAMLProviderRequest, CreateSAMLProviderResponse};
use roadstead_store::Txn;

use crate::entities::{id_of, scope};
use crate::prelude::*;
use crate::records::SamlProvider;
use crate::{problems, saml, tagging};

impl Handle<CreateSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateSAMLProviderRequest) -> Result<Needs> {
        Ok(Needs::on(saml::arn(cx, &input.name)).request_tags(&tagging::requested(input.tags.as_deref())))
    }

    async fn handle(&self, cx: &Cx, input: CreateSAMLProviderRequest) -> Reply<CreateSAMLProvider> {
        saml::refuse_keys(input.assertion_encryption_mode.is_some() || input.add_private_key.is_some())?;
        let provider = SamlProvider {
            arn: saml::arn(cx, &input.name),
            name: input.name,
            uuid: cx.ids().picked("ASPA", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17),
            valid_until: saml::valid_until(&input.saml_metadata_document, cx.now())?,
            document: input.saml_metadata_document,
            created: cx.now().cut_to_secs(),
            tags: tagging::from_api(input.tags.as_deref())?,
        };
        let mut txn = Txn::new();
        self.table()
            .stage_new(&mut txn, scope(&cx.account()), &[&id_of(&provider.name)], &provider)?;
        match self.commit(cx.account(), txn).await {
            Err(fault) if fault.is_conflict() => {
                return Err(problems::exists(format!(
                    "Provider with name {} already exists.",
                    provider.name
                )));
            }
            outcome => outcome?,
        };
        Ok(CreateSAMLProviderResponse {
            tags: tagging::to_api_if_any(&provider.tags),
            saml_provider_arn: Some(provider.arn),
        })
    }
}
