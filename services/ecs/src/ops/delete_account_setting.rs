//! ecs:DeleteAccountSetting — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAccountSetting.html>

use api_ecs::op::DeleteAccountSetting;
use api_ecs::{DeleteAccountSettingRequest, DeleteAccountSettingResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{Op, Table, Txn};

use crate::account_settings::{addressed, named};
use crate::records::AccountSetting;
use crate::{Ecs, scope};

impl Handle<DeleteAccountSetting> for Ecs {
    async fn needs(&self, _cx: &Cx, input: &DeleteAccountSettingRequest) -> Result<Needs> {
        Ok(Needs::any().key("ecs:account-setting", input.name.as_str()))
    }

    async fn handle(&self, cx: &Cx, input: DeleteAccountSettingRequest) -> Reply<DeleteAccountSetting> {
        let principal = addressed(cx, input.principal_arn.as_deref())?;
        let known = named(input.name.as_str())?;
        let mut txn = Txn::new();
        txn.push(Op::Delete {
            key: Table::<AccountSetting>::key(scope(cx).of(), &[known.name, &principal]),
        });
        self.store.commit(txn).await?;
        // What holds from now on.
        let value = self.setting_of(cx, known, &principal).await?;
        Ok(DeleteAccountSettingResponse {
            setting: Some(known.to_api(&value, &principal)),
        })
    }
}
