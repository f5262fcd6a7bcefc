//! Last accessed: when each principal last attempted each action, kept in memory and saved in batches.
//!
//! Fed by every call the kernel decides, allowed or denied; read by Access Advisor, `RoleLastUsed` and
//! `GetAccessKeyLastUsed`. A crash loses at most the time between two saves.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use roadstead_core::{AccountId, Region, Timestamp};
use roadstead_store::{Record, Scope, Store, Table, Txn};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::caller::Caller;

/// One principal's last attempt of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The ARN of the user or role; the root ARN for root.
    pub principal: String,
    /// `service:Action`.
    pub action: String,
    /// When.
    pub at: Timestamp,
    /// In which region.
    pub region: Region,
}

impl Record for Attempt {
    const TABLE: &'static str = "kernel/accessed";
    const VERSION: u16 = 1;
}

/// The last use of an access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The service, as signatures name it.
    pub service: String,
    /// When.
    pub at: Timestamp,
    /// In which region.
    pub region: Region,
}

impl Record for KeyUse {
    const TABLE: &'static str = "kernel/key-use";
    const VERSION: u16 = 1;
}

/// The attempts of all principals.
pub struct Accessed {
    seen: Mutex<Seen>,
    attempts: Table<Attempt>,
    keys: Table<KeyUse>,
}

#[derive(Default)]
struct Seen {
    /// By the principal's unique id, then by action.
    attempts: HashMap<Arc<str>, HashMap<Cow<'static, str>, Last>>,
    keys: HashMap<Arc<str>, KeyLast>,
}

struct Last {
    account: AccountId,
    principal: Arc<str>,
    at: Timestamp,
    region: Region,
    dirty: bool,
}

struct KeyLast {
    account: AccountId,
    service: &'static str,
    at: Timestamp,
    region: Region,
    dirty: bool,
}

/// Most records saved in one transaction.
const BATCH: usize = 100;

impl Accessed {
    /// Keeps its records in the store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            seen: Mutex::new(Seen::default()),
            attempts: Table::new(Arc::clone(&store)),
            keys: Table::new(store),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a caller attempted an action.
    pub(crate) fn note(
        &self,
        caller: &Caller,
        action: Cow<'static, str>,
        service: &'static str,
        region: Region,
        at: Timestamp,
    ) {
        let Some(identity) = caller.identity() else { return };
        let mut seen = self.lock();
        let of_principal = match seen.attempts.get_mut(identity.id.as_str()) {
            Some(found) => found,
            None => seen.attempts.entry(identity.id.as_str().into()).or_default(),
        };
        match of_principal.get_mut(action.as_ref()) {
            Some(last) => (last.at, last.region, last.dirty) = (at, region, true),
            None => {
                let last = Last {
                    account: identity.account,
                    principal: identity.arn.as_str().into(),
                    at,
                    region,
                    dirty: true,
                };
                of_principal.insert(action, last);
            }
        }
        if caller.session().is_none() && !caller.access_key_id().is_empty() {
            match seen.keys.get_mut(caller.access_key_id()) {
                Some(last) => (last.at, last.region, last.service, last.dirty) = (at, region, service, true),
                None => {
                    let last = KeyLast {
                        account: identity.account,
                        service,
                        at,
                        region,
                        dirty: true,
                    };
                    seen.keys.insert(caller.access_key_id().into(), last);
                }
            }
        }
    }

    /// Saves what changed since the last save.
    pub async fn save(&self) -> Result<()> {
        let (attempts, keys) = self.take_dirty();
        for chunk in attempts.chunks(BATCH) {
            let mut txn = Txn::new();
            for (account, id, attempt) in chunk {
                self.attempts.stage_put(
                    &mut txn,
                    Scope::global(account.as_str()),
                    &[id, &attempt.action],
                    attempt,
                )?;
            }
            self.attempts.store().commit(txn).await?;
        }
        for chunk in keys.chunks(BATCH) {
            let mut txn = Txn::new();
            for (account, id, used) in chunk {
                self.keys
                    .stage_put(&mut txn, Scope::global(account.as_str()), &[id], used)?;
            }
            self.keys.store().commit(txn).await?;
        }
        Ok(())
    }

    /// The last attempt of each action by a principal, by its unique id.
    pub async fn attempts(&self, account: AccountId, id: &str) -> Result<Vec<Attempt>> {
        let stored = self
            .attempts
            .list(Scope::global(account.as_str()), &[id], None, usize::MAX)
            .await?
            .records;
        let mut found: HashMap<String, Attempt> = stored
            .into_iter()
            .map(|versioned| (versioned.record.action.clone(), versioned.record))
            .collect();
        if let Some(newer) = self.lock().attempts.get(id) {
            for (action, last) in newer {
                let attempt = Attempt {
                    principal: last.principal.to_string(),
                    action: action.to_string(),
                    at: last.at,
                    region: last.region,
                };
                found.insert(attempt.action.clone(), attempt);
            }
        }
        Ok(found.into_values().collect())
    }

    /// The newest attempt of any action by a principal, by its unique id.
    pub async fn last_used(&self, account: AccountId, id: &str) -> Result<Option<Attempt>> {
        Ok(self
            .attempts(account, id)
            .await?
            .into_iter()
            .max_by_key(|attempt| attempt.at))
    }

    /// The last use of an access key.
    pub async fn key_use(&self, account: AccountId, key: &str) -> Result<Option<KeyUse>> {
        if let Some(last) = self.lock().keys.get(key) {
            return Ok(Some(KeyUse {
                service: last.service.to_owned(),
                at: last.at,
                region: last.region,
            }));
        }
        let stored = self.keys.get(Scope::global(account.as_str()), &[key]).await?;
        Ok(stored.map(|versioned| versioned.record))
    }

    #[expect(clippy::type_complexity, reason = "two lists of what to save, used once")]
    fn take_dirty(&self) -> (Vec<(AccountId, Arc<str>, Attempt)>, Vec<(AccountId, Arc<str>, KeyUse)>) {
        let mut seen = self.lock();
        let mut attempts = Vec::new();
        for (id, actions) in &mut seen.attempts {
            for (action, last) in actions.iter_mut().filter(|(_, last)| last.dirty) {
                last.dirty = false;
                let attempt = Attempt {
                    principal: last.principal.to_string(),
                    action: action.to_string(),
                    at: last.at,
                    region: last.region,
                };
                attempts.push((last.account, Arc::clone(id), attempt));
            }
        }
        let mut keys = Vec::new();
        for (id, last) in seen.keys.iter_mut().filter(|(_, last)| last.dirty) {
            last.dirty = false;
            let used = KeyUse {
                service: last.service.to_owned(),
                at: last.at,
                region: last.region,
            };
            keys.push((last.account, Arc::clone(id), used));
        }
        (attempts, keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Principal;
    use crate::directory::{Identity, Who};
    use roadstead_policy::PolicySet;
    use roadstead_store::Memory;

    fn account() -> AccountId {
        AccountId::parse("123456789012").unwrap()
    }

    fn caller(id: &str) -> Caller {
        let identity = Identity {
            who: Who::User(id.to_owned()),
            account: account(),
            arn: format!("user {id}"),
            id: id.to_owned(),
            name: id.to_owned(),
            tags: roadstead_core::Tags::new(),
            linked_service: None,
            policies: PolicySet::default(),
        };
        Caller {
            principal: Principal::User {
                identity: Arc::new(identity),
                session: None,
            },
            access_key_id: "AKIA".to_owned(),
            via: Vec::new(),
        }
    }

    #[tokio::test]
    async fn attempts_are_told_before_and_after_they_are_saved_and_by_another_process() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let accessed = Accessed::new(Arc::clone(&store));
        let (first, second) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
        accessed.note(&caller("A"), "ecs:RunTask".into(), "ecs", Region::US_EAST_1, first);
        accessed.note(&caller("A"), "ecs:StopTask".into(), "ecs", Region::US_EAST_1, second);
        accessed.note(&caller("B"), "ecs:RunTask".into(), "ecs", Region::US_EAST_1, first);
        assert_eq!(accessed.attempts(account(), "A").await.unwrap().len(), 2);
        accessed.save().await.unwrap();
        let later = Accessed::new(store);
        let newest = later.last_used(account(), "A").await.unwrap().unwrap();
        assert_eq!((newest.action.as_str(), newest.at), ("ecs:StopTask", second));
        assert_eq!(later.key_use(account(), "AKIA").await.unwrap().unwrap().service, "ecs");
        assert_eq!(later.attempts(account(), "nobody").await.unwrap(), []);
    }

    /// A measurement, not a check: `cargo test --release -p roadstead-kernel --lib -- --ignored --nocapture cost`.
    #[test]
    #[ignore = "a measurement"]
    fn cost_of_noting_an_attempt() {
        let accessed = Accessed::new(Arc::new(Memory::new()));
        let callers: Vec<Caller> = (0..16).map(|n| caller(&format!("AIDA{n}"))).collect();
        let rounds = 1_000_000_u32;
        let started = std::time::Instant::now();
        for (round, caller) in (0..rounds).zip(callers.iter().cycle()) {
            let now = Timestamp::from_millis(i64::from(round));
            accessed.note(
                caller,
                Cow::Borrowed("ecs:DescribeClusters"),
                "ecs",
                Region::US_EAST_1,
                now,
            );
        }
        println!(
            "noting an attempt: {} ns",
            started.elapsed().as_nanos() / u128::from(rounds)
        );
    }
}
