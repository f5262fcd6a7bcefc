//! iam:DeleteSAMLProvider — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html>

use api_iam::DeleteSAMLProviderRequest;
use api_iam::op::DeleteSAMLProvider;
use roadstead_store::Txn;

use crate::entities::{id_of, scope};
use crate::prelude::*;
use crate::records::SamlProvider;

impl Handle<DeleteSAMLProvider> for Iam {
    async fn needs(&self, cx: &Cx, input: &DeleteSAMLProviderRequest) -> Result<Needs> {
        self.needs_on_saml(cx, &input.saml_provider_arn).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteSAMLProviderRequest) -> Reply<DeleteSAMLProvider> {
        self.retry(|| async {
            let found = self.saml_provider(cx, &input.saml_provider_arn).await?;
            let mut txn = Txn::new();
            let id = id_of(&found.record.name);
            self.table::<SamlProvider>()
                .stage_delete(&mut txn, scope(&cx.account()), &[&id], found.revision);
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(Empty {})
    }
}
