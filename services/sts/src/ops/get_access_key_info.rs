//! sts:GetAccessKeyInfo — <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>

use api_sts::op::GetAccessKeyInfo;
use api_sts::{GetAccessKeyInfoRequest, GetAccessKeyInfoResponse};

use crate::prelude::*;
use crate::problems;

impl Handle<GetAccessKeyInfo> for Sts {
    async fn needs(&self, _cx: &Cx, _input: &GetAccessKeyInfoRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: GetAccessKeyInfoRequest) -> Reply<GetAccessKeyInfo> {
        // Ids of temporary keys do not tell their account here: their sessions are stored nowhere.
        match cx.directory().access_key(&input.access_key_id).await? {
            Some(key) => Ok(GetAccessKeyInfoResponse {
                account: Some(key.account.to_string()),
            }),
            None => Err(problems::validation("Access key identifier is not valid.")),
        }
    }
}
