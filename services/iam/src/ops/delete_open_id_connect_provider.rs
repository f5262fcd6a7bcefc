//! iam:DeleteOpenIDConnectProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html>

use api_iam::DeleteOpenIDConnectProviderRequest;
use api_iam::op::DeleteOpenIDConnectProvider;
use roadstead_store::Txn;

use crate::entities::scope;
use crate::prelude::*;
use crate::records::OidcProvider;

impl Handle<DeleteOpenIDConnectProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteOpenIDConnectProviderRequest) -> Result<Needs> {
        self.needs_on_oidc(cx, &input.open_id_connect_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteOpenIDConnectProviderRequest) -> Reply<DeleteOpenIDConnectProvider> {
        self.retry(|| async {
            let found = self.oidc_provider(cx, &input.open_id_connect_provider_arn).await?;
            let mut txn = Txn::new();
            self.table::<OidcProvider>().stage_delete(
                &mut txn,
                scope(&cx.account()),
                &[&found.record.url],
                found.revision,
            );
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
