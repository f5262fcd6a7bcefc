//! ecs:PutAccountSettingDefault — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSettingDefault.html>

use api_ecs::op::PutAccountSettingDefault;
use api_ecs::{PutAccountSettingDefaultRequest, PutAccountSettingDefaultResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;

impl Handle<PutAccountSettingDefault> for Ecs {
    async fn needs(&self, _cx: &Cx, input: &PutAccountSettingDefaultRequest) -> Result<Needs> {
        Ok(Needs::any().key("ecs:account-setting", input.name.as_str()))
    }

    async fn handle(&self, cx: &Cx, input: PutAccountSettingDefaultRequest) -> Reply<PutAccountSettingDefault> {
        let setting = self.put_default_setting(cx, input.name.as_str(), &input.value).await?;
        Ok(PutAccountSettingDefaultResponse { setting: Some(setting) })
    }
}
