//! iam:ListSigningCertificates — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSigningCertificates.html>

use api_iam::op::ListSigningCertificates;
use api_iam::{ListSigningCertificatesRequest, ListSigningCertificatesResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListSigningCertificates> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListSigningCertificatesRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListSigningCertificatesRequest) -> Reply<ListSigningCertificates> {
        self.get::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await?;
        // No certificate can be uploaded here, so nobody has one.
        Ok(ListSigningCertificatesResponse {
            certificates: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
