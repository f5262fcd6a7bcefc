//! ecs:PutAccountSetting — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSetting.html>

use api_ecs::op::PutAccountSetting;
use api_ecs::{PutAccountSettingRequest, PutAccountSettingResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::account_settings::{addressed, is_root};
use crate::error::client;

impl Handle<PutAccountSetting> for Ecs {
    async fn needs(&self, _cx: &Cx, input: &PutAccountSettingRequest) -> Result<Needs> {
        Ok(Needs::any().key("ecs:account-setting", input.name.as_str()))
    }

    async fn handle(&self, cx: &Cx, input: PutAccountSettingRequest) -> Reply<PutAccountSetting> {
        let principal = addressed(cx, input.principal_arn.as_deref())?;
        // AWS: the rule is documented, not the text.
        if input.name.as_str() == "fargateTaskRetirementWaitPeriod" && !is_root(cx) {
            return Err(client(
                "The fargateTaskRetirementWaitPeriod setting can only be changed by the root user.",
            ));
        }
        let setting = self
            .put_setting(cx, input.name.as_str(), &input.value, principal)
            .await?;
        Ok(PutAccountSettingResponse { setting: Some(setting) })
    }
}
