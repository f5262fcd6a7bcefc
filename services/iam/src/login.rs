//! The account's settings, and what they ask of passwords.
//!
//! A login profile is kept as data: there is no console to sign in to, so the password itself is checked and dropped.

use api_iam::errors;
use roadstead_kernel::{Cx, Fault, Result};
use roadstead_store::{Guard, Op, Table, Txn};

use crate::entities::scope;
use crate::records::Settings;
use crate::{Iam, problems};

/// The id of the one record.
const ID: [&str; 1] = ["account"];

/// The answer for a user without a password.
pub fn missing(user: &str) -> Fault {
    problems::not_found(format!("Login Profile for User {user} cannot be found."))
}

impl Iam {
    /// The account's settings.
    pub async fn settings(&self, cx: &Cx) -> Result<Settings> {
        let found = self.table::<Settings>().get(scope(&cx.account()), &ID).await?;
        Ok(found.map(|found| found.record).unwrap_or_default())
    }

    /// Changes the account's settings.
    pub async fn change_settings(&self, cx: &Cx, change: impl Fn(&mut Settings) -> Result<()>) -> Result<()> {
        self.retry(|| async {
            let account = cx.account();
            let found = self.table::<Settings>().get(scope(&account), &ID).await?;
            let key = Table::<Settings>::key(scope(&account), &ID);
            let guard = match &found {
                Some(found) => Guard::At(key.clone(), found.revision),
                None => Guard::Absent(key.clone()),
            };
            let mut settings = found.map(|found| found.record).unwrap_or_default();
            change(&mut settings)?;
            let mut txn = Txn::new();
            txn.push_guard(guard);
            txn.push(Op::Put {
                key,
                value: roadstead_store::encode(&settings)?,
                lease: None,
            });
            self.commit(account, txn).await.map(|_| ())
        })
        .await
    }

    /// Checks a new password against the account's policy.
    pub async fn check_password(&self, cx: &Cx, password: &str) -> Result<()> {
        let policy = self.settings(cx).await?.password_policy;
        match policy.and_then(|policy| policy.violated_by(password)) {
            Some(problem) => Err(errors::PASSWORD_POLICY_VIOLATION_EXCEPTION.with(problem).into()),
            None => Ok(()),
        }
    }
}
