//! iam:ListOpenIDConnectProviders — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html>

use api_iam::OpenIDConnectProviderListEntry;
use api_iam::op::ListOpenIDConnectProviders;
use api_iam::{ListOpenIDConnectProvidersRequest, ListOpenIDConnectProvidersResponse};

use crate::prelude::*;
use crate::records::OidcProvider;

impl Handle<ListOpenIDConnectProviders> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &ListOpenIDConnectProvidersRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: ListOpenIDConnectProvidersRequest) -> Reply<ListOpenIDConnectProviders> {
        let all = self.all_below::<OidcProvider>(cx.account(), "").await?;
        let entries = all.into_iter().map(|provider| OpenIDConnectProviderListEntry {
            arn: Some(provider.arn),
        });
        Ok(ListOpenIDConnectProvidersResponse {
            open_id_connect_provider_list: Some(entries.collect()),
        })
    }
}
