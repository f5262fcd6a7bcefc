//! iam:GetAccessKeyLastUsed — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>

use api_iam::AccessKeyLastUsed;
use api_iam::op::GetAccessKeyLastUsed;
use api_iam::{GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse};

use crate::prelude::*;
use crate::problems;
use crate::records::User;

impl Handle<GetAccessKeyLastUsed> for Iam {
    async fn needs(&self, _cx: &Cx, input: &GetAccessKeyLastUsedRequest) -> Result<Needs> {
        let Some(key) = self.find_access_key(&input.access_key_id).await? else {
            return Ok(Needs::any());
        };
        match self.find_by_id::<User>(key.record.account, &key.record.user).await? {
            Some(user) => Ok(Needs::on(user.record.common.arn)),
            None => Ok(Needs::any()),
        }
    }

    async fn handle(&self, cx: &Cx, input: GetAccessKeyLastUsedRequest) -> Reply<GetAccessKeyLastUsed> {
        let id = input.access_key_id.as_str();
        let unknown = || problems::not_found(format!("The Access Key with id {id} cannot be found."));
        let key = self.find_access_key(id).await?.ok_or_else(unknown)?.record;
        let owner = self
            .find_by_id::<User>(key.account, &key.user)
            .await?
            .ok_or_else(unknown)?
            .record;
        let used = cx.kernel().accessed().key_use(key.account, id).await?;
        let last_used = match used {
            Some(used) => AccessKeyLastUsed {
                last_used_date: Some(used.at.cut_to_secs()),
                service_name: used.service,
                region: used.region.to_string(),
            },
            // AWS: the words for a key that was never used.
            None => AccessKeyLastUsed {
                last_used_date: None,
                service_name: "N/A".into(),
                region: "N/A".into(),
            },
        };
        Ok(GetAccessKeyLastUsedResponse {
            user_name: Some(owner.common.name),
            access_key_last_used: Some(last_used),
        })
    }
}
