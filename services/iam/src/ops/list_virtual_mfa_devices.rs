//! iam:ListVirtualMFADevices — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html>

use api_iam::op::ListVirtualMFADevices;
use api_iam::{ListVirtualMFADevicesRequest, ListVirtualMFADevicesResponse};

use crate::prelude::*;

impl Handle<ListVirtualMFADevices> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &ListVirtualMFADevicesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, _cx: &Cx, _input: ListVirtualMFADevicesRequest) -> Reply<ListVirtualMFADevices> {
        // No device can be made here, so there is none.
        Ok(ListVirtualMFADevicesResponse {
            virtual_mfa_devices: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
