//! The client tokens of RunTask: a request that is repeated within a day answers with the tasks that it made.

use std::sync::Arc;

use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Result, places};
use roadstead_store::{Op, Store, StoreError, Table, Txn, ordered};

use crate::records::{ClientToken, TokenAge, is_over};
use crate::scope_of;

/// Tokens that are forgotten in one transaction: each takes two operations, of which a store accepts 128.
const BATCH: usize = 50;

/// The tokens of all clusters.
pub struct Tokens {
    used: Table<ClientToken>,
    ages: Table<TokenAge>,
}

impl Tokens {
    /// The tokens of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self {
            used: Table::new(Arc::clone(store)),
            ages: Table::new(Arc::clone(store)),
        }
    }

    /// What a token was used for less than a day ago.
    pub async fn used(&self, place: Place, cluster: &str, token: &str, now: Timestamp) -> Result<Option<ClientToken>> {
        let found = self.used.get(scope_of(place).of(), &[cluster, token]).await?;
        Ok(found.map(|found| found.record).filter(|used| !used.is_over(now)))
    }

    /// Adds to a transaction: the token is used, and was not within the last day.
    pub async fn stage(
        &self,
        txn: &mut Txn,
        place: Place,
        (cluster, token): (&str, &str),
        used: &ClientToken,
    ) -> Result<()> {
        let scope = scope_of(place);
        let id = [cluster, token];
        match self.used.get(scope.of(), &id).await? {
            Some(old) if old.record.is_over(used.at) => {
                self.used.stage_replace(txn, scope.of(), &id, old.revision, used)?;
                let age = age(old.record.at);
                txn.push(Op::Delete {
                    key: Table::<TokenAge>::key(scope.of(), &[&age, cluster, token]),
                });
            }
            _ => self.used.stage_new(txn, scope.of(), &id, used)?,
        }
        let age = age(used.at);
        self.ages
            .stage_put(txn, scope.of(), &[&age, cluster, token], &TokenAge {})?;
        Ok(())
    }

    /// Forgets the tokens that were used a day ago or earlier; how many. Costs nothing for those that were not.
    pub async fn purge(&self, now: Timestamp) -> Result<usize> {
        let mut purged = 0;
        for place in places(&**self.ages.store()).await? {
            loop {
                let forgotten = self.purge_some(place, now).await?;
                purged += forgotten;
                if forgotten < BATCH {
                    break;
                }
            }
        }
        Ok(purged)
    }

    async fn purge_some(&self, place: Place, now: Timestamp) -> Result<usize> {
        let scope = scope_of(place);
        loop {
            let oldest = self.ages.list(scope.of(), &[], None, BATCH).await?.records;
            let mut txn = Txn::new();
            let mut forgotten = 0;
            for found in oldest {
                let parts = Table::<TokenAge>::parse_key(&found.key).map(|parts| parts.id);
                let Some([at, cluster, token]) = parts.as_deref() else {
                    continue;
                };
                if !used_at(at).is_some_and(|at| is_over(at, now)) {
                    break;
                }
                // Whoever uses the token anew replaces this, so that the token itself need not be read.
                self.ages
                    .stage_delete(&mut txn, scope.of(), &[at, cluster, token], found.revision);
                txn.push(Op::Delete {
                    key: Table::<ClientToken>::key(scope.of(), &[cluster, token]),
                });
                forgotten += 1;
            }
            if forgotten == 0 {
                return Ok(0);
            }
            match self.ages.store().commit(txn).await {
                Ok(_) => return Ok(forgotten),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// An instant as part of a key, so that keys sort by it.
fn age(at: Timestamp) -> String {
    ordered(u64::try_from(at.millis()).unwrap_or_default())
}

fn used_at(age: &str) -> Option<Timestamp> {
    age.parse().ok().map(Timestamp::from_millis)
}
