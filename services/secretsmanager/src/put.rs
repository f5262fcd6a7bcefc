//! Adding a version to a secret; the same request again changes nothing.

use roadstead_kernel::prelude::*;
use roadstead_store::{Table, Txn, Versioned};

use crate::content::Content;
use crate::error::{busy, exists};
use crate::id::SecretId;
use crate::records::{Secret, Value, Version};
use crate::{MAX_RETRIES, SecretsManager, scope, stages, won};

/// What a version is to be.
pub struct Put {
    /// Its id, which makes the same request again known.
    pub token: Option<String>,
    /// Its value.
    pub content: Content,
    /// Its labels.
    pub stages: Vec<String>,
}

impl SecretsManager {
    /// Adds a version to a secret, together with another change; tells its id.
    ///
    /// Errors: `ResourceExistsException` for an id that a version with another value has.
    pub(crate) async fn put(
        &self,
        cx: &Cx,
        id: &SecretId,
        put: &Put,
        mut change: impl FnMut(&mut Secret),
    ) -> Result<(Secret, String)> {
        let version = put.token.clone().unwrap_or_else(|| cx.ids().uuid());
        for _ in 0..MAX_RETRIES {
            let mut found = self.live(cx, id).await?;
            let known = found.record.versions.contains_key(&version);
            if known && !self.is(cx, &found.record, &version, &put.content).await? {
                return Err(exists(format!(
                    "You can't use ClientRequestToken {version} because that value is already in use for a version of \
                     secret {}.",
                    found.record.arn(cx.place())
                )));
            }
            change(&mut found.record);
            if !known {
                found.record.changed_at = cx.now();
            }
            let txn = self.stage(cx, &mut found, &version, put, known)?;
            if won(self.store.commit(txn).await.map(|_| ()))? {
                return Ok((found.record, version));
            }
        }
        Err(busy())
    }

    /// What writes a secret with one more version.
    fn stage(&self, cx: &Cx, found: &mut Versioned<Secret>, version: &str, put: &Put, known: bool) -> Result<Txn> {
        let mut txn = Txn::new();
        let place = cx.place();
        let unique = found.record.unique_name();
        if !known {
            let value = Value::close(cx, &found.record, version, &put.content)?;
            self.values
                .stage_new(&mut txn, scope(&place), &[&unique, version], &value)?;
            add(&mut found.record, version, &put.stages, cx.now());
            for old in stages::prune(&mut found.record.versions, cx.now()) {
                txn = txn.delete(Table::<Value>::key(scope(&place), &[&unique, &old]));
            }
        }
        let (id, secret) = ([found.record.name.as_str()], &found.record);
        self.secrets
            .stage_replace(&mut txn, scope(&place), &id, found.revision, secret)?;
        Ok(txn)
    }

    /// Whether a version has that value.
    pub(crate) async fn is(&self, cx: &Cx, secret: &Secret, version: &str, content: &Content) -> Result<bool> {
        Ok(self.content(cx, secret, version).await?.as_ref() == Some(content))
    }

    /// The value of a version.
    pub(crate) async fn content(&self, cx: &Cx, secret: &Secret, version: &str) -> Result<Option<Content>> {
        let unique = secret.unique_name();
        let found = self.values.get(scope(&cx.place()), &[&unique, version]).await?;
        found.map(|found| found.record.open(cx, secret, version)).transpose()
    }
}

/// Adds a version with labels. The first one of all is current, whatever labels it is given.
pub fn add(secret: &mut Secret, version: &str, wanted: &[String], now: Timestamp) {
    let none_current = stages::holder(&secret.versions, stages::CURRENT).is_none();
    let made = Version {
        created_at: now,
        stages: Vec::new(),
        accessed_on: None,
    };
    secret.versions.insert(version.to_owned(), made);
    for stage in wanted {
        stages::attach(&mut secret.versions, version, stage);
    }
    if none_current && secret.versions.len() == 1 {
        stages::attach(&mut secret.versions, version, stages::CURRENT);
    }
}
