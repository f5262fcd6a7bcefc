//! The credential report: one line of comma-separated values for root and for each user.

use std::time::Duration;

use roadstead_core::Timestamp;
use roadstead_kernel::{Cx, Result};
use roadstead_store::{Record, Txn};
use serde::{Deserialize, Serialize};

use crate::Iam;
use crate::entities::scope;
use crate::records::User;

/// How long a report is new enough not to be made again.
pub const FRESH: Duration = Duration::from_secs(4 * 3600);
/// How long a report can be read.
pub const EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);
/// The id of the one record.
const ID: [&str; 1] = ["latest"];
/// The columns, in AWS's order.
const COLUMNS: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// A report as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialReport {
    /// When it was made.
    pub generated: Timestamp,
    /// The report.
    pub text: String,
}

impl Record for CredentialReport {
    const TABLE: &'static str = "iam/credential-report";
    const VERSION: u16 = 1;
}

/// A moment as the report writes it.
fn moment(at: Timestamp) -> String {
    at.cut_to_secs().iso8601().replace('Z', "+00:00")
}

/// The five columns of an access key that there is not.
fn no_key() -> [String; 5] {
    ["false", "N/A", "N/A", "N/A", "N/A"].map(str::to_owned)
}

impl Iam {
    /// The newest report.
    pub async fn credential_report(&self, cx: &Cx) -> Result<Option<CredentialReport>> {
        let found = self.table::<CredentialReport>().get(scope(&cx.account()), &ID).await?;
        Ok(found.map(|found| found.record))
    }

    /// Makes a new report.
    pub async fn make_credential_report(&self, cx: &Cx) -> Result<()> {
        let account = cx.account();
        let mut lines = vec![COLUMNS.to_owned(), self.root_line(cx).await?];
        for user in self.all_below::<User>(account, "").await? {
            lines.push(self.user_line(cx, &user).await?);
        }
        let report = CredentialReport {
            generated: cx.now().cut_to_secs(),
            text: lines.join("\n"),
        };
        let mut txn = Txn::new();
        self.table().stage_put(&mut txn, scope(&account), &ID, &report)?;
        self.commit(account, txn).await?;
        Ok(())
    }

    async fn root_line(&self, cx: &Cx) -> Result<String> {
        let arn = roadstead_core::arn::root(cx.partition(), cx.account());
        let mut fields = [
            "<root_account>",
            &arn,
            "N/A",
            "not_supported",
            "N/A",
            "not_supported",
            "not_supported",
            "false",
        ]
        .map(str::to_owned)
        .to_vec();
        fields.extend(
            self.key_columns(cx, &self.principals.home().access_key_id, true, None)
                .await?,
        );
        fields.extend(no_key());
        fields.extend(["false", "N/A", "false", "N/A"].map(str::to_owned));
        Ok(fields.join(","))
    }

    async fn user_line(&self, cx: &Cx, user: &User) -> Result<String> {
        let mut fields = vec![
            user.common.name.clone(),
            user.common.arn.clone(),
            moment(user.common.created),
        ];
        match &user.login {
            Some(login) => fields.extend([
                "true".into(),
                "no_information".into(),
                moment(login.created),
                "N/A".into(),
            ]),
            None => fields.extend(["false", "N/A", "N/A", "N/A"].map(str::to_owned)),
        }
        fields.push("false".to_owned());
        for at in 0..2 {
            let key = match user.access_keys.get(at) {
                Some(id) => self.find_access_key(id).await?,
                None => None,
            };
            match key {
                Some(key) => {
                    let key = key.record;
                    fields.extend(self.key_columns(cx, &key.id, key.active, Some(key.created)).await?);
                }
                None => fields.extend(no_key()),
            }
        }
        fields.extend(["false", "N/A", "false", "N/A"].map(str::to_owned));
        Ok(fields.join(","))
    }

    async fn key_columns(&self, cx: &Cx, id: &str, active: bool, made: Option<Timestamp>) -> Result<[String; 5]> {
        let [_, none, ..] = no_key();
        let used = cx.kernel().accessed().key_use(cx.account(), id).await?;
        let (at, region, service) = match used {
            Some(used) => (moment(used.at), used.region.to_string(), used.service),
            None => (none.clone(), none.clone(), none.clone()),
        };
        Ok([active.to_string(), made.map_or(none, moment), at, region, service])
    }
}
