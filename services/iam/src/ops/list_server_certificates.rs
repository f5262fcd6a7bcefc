//! iam:ListServerCertificates — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServerCertificates.html>

use api_iam::op::ListServerCertificates;
use api_iam::{ListServerCertificatesRequest, ListServerCertificatesResponse};

use crate::prelude::*;

impl Handle<ListServerCertificates> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &ListServerCertificatesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, _cx: &Cx, _input: ListServerCertificatesRequest) -> Reply<ListServerCertificates> {
        // No certificate can be uploaded here, so there is none.
        Ok(ListServerCertificatesResponse {
            server_certificate_metadata_list: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
