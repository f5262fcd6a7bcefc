//! iam:ListMFADevices — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html>

use api_iam::op::ListMFADevices;
use api_iam::{ListMFADevicesRequest, ListMFADevicesResponse};

use crate::prelude::*;
use crate::records::User;

impl Handle<ListMFADevices> for Iam {
    async fn needs(&self, cx: &Cx, input: &ListMFADevicesRequest) -> Result<Needs> {
        self.needs_on::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await
    }

    async fn handle(&self, cx: &Cx, input: ListMFADevicesRequest) -> Reply<ListMFADevices> {
        self.get::<User>(cx, self.user_name(cx, input.user_name.as_deref())?)
            .await?;
        // No device can be enabled here, so nobody has one.
        Ok(ListMFADevicesResponse {
            mfa_devices: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
