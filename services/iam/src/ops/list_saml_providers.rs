//! iam:ListSAMLProviders — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviders.html>

use api_iam::SAMLProviderListEntry;
use api_iam::op::ListSAMLProviders;
use api_iam::{ListSAMLProvidersRequest, ListSAMLProvidersResponse};

use crate::prelude::*;
use crate::records::SamlProvider;

impl Handle<ListSAMLProviders> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &ListSAMLProvidersRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: ListSAMLProvidersRequest) -> Reply<ListSAMLProviders> {
        let all = self.all_below::<SamlProvider>(cx.account(), "").await?;
        let entries = all.into_iter().map(|provider| SAMLProviderListEntry {
            arn: Some(provider.arn),
            valid_until: Some(provider.valid_until),
            create_date: Some(provider.created),
        });
        Ok(ListSAMLProvidersResponse {
            saml_provider_list: Some(entries.collect()),
        })
    }
}
