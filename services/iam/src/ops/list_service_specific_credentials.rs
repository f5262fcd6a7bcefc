//! iam:ListServiceSpecificCredentials — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html>

use api_iam::op::ListServiceSpecificCredentials;
use api_iam::{ListServiceSpecificCredentialsRequest, ListServiceSpecificCredentialsResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListServiceSpecificCredentials> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListServiceSpecificCredentialsRequest) -> Result<Needs> {
        match self.user_or_root(cx, input.user_name.as_deref())? {
            Some(name) => self.needs_on::<User>(cx, name).await,
            None => Ok(Needs::any()),
        }
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: ListServiceSpecificCredentialsRequest,
    ) -> Reply<ListServiceSpecificCredentials> {
        if let Some(name) = self.user_or_root(cx, input.user_name.as_deref())? {
            self.get::<User>(cx, name).await?;
        }
        // No such credential can be made here, so nobody has one.
        Ok(ListServiceSpecificCredentialsResponse {
            service_specific_credentials: Some(Vec::new()),
            marker: None,
            is_truncated: Some(false),
        })
    }
}
