//! Giving out revisions: in order, never twice, and without one registration waiting for another's disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use roadstead_kernel::{Cx, Result};
use roadstead_store::{BoxFuture, Revision, StoreError, Table, Txn};

use crate::records::{Family, TaskDefinition};
use crate::run::revision_key;
use crate::{Ecs, scope};

/// Most families whose last revision is remembered.
const REMEMBERED: usize = 10_000;

/// The last revision of families, by their key; what is not here is read from the store.
#[derive(Default)]
pub struct LastRevisions(Mutex<HashMap<Box<[u8]>, u32>>);

impl LastRevisions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ecs {
    /// Stores a definition under the next revision of its family and answers it.
    ///
    /// Transactions of one family are handed to the store in the order of their revisions, which is the order in which
    /// it does them; so the family's record always counts the newest. That no revision was given out before is a guard
    /// of the transaction: another process that was first makes it fail, and the family is read again.
    pub(crate) async fn register(&self, cx: &Cx, mut definition: TaskDefinition) -> Result<TaskDefinition> {
        let family = definition.family().to_owned();
        let key = Table::<Family>::key(scope(cx).of(), &[&family]);
        loop {
            if !self.last_revisions.lock().contains_key(&*key) {
                let found = self.families.get(scope(cx).of(), &[&family]).await?;
                let last = found.map_or(0, |found| found.record.last);
                self.last_revisions.lock().entry(key.to_vec().into()).or_insert(last);
            }
            let committed = {
                let mut known = self.last_revisions.lock();
                if known.len() > REMEMBERED {
                    known.retain(|known, _| **known == *key);
                }
                let Some(last) = known.get_mut(&*key) else { continue };
                definition.revision = *last + 1;
                let commit = self.begin_registration(cx, &family, &definition)?;
                *last = definition.revision;
                commit
            };
            match committed.await {
                Ok(_) => return Ok(definition),
                Err(StoreError::Conflict { .. }) => {
                    self.last_revisions.lock().remove(&*key);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Hands the transaction to the store, which begins with it at once.
    fn begin_registration(
        &self,
        cx: &Cx,
        family: &str,
        definition: &TaskDefinition,
    ) -> Result<BoxFuture<'_, Result<Revision, StoreError>>> {
        let scope = scope(cx);
        let mut txn = Txn::new();
        let counted = Family {
            last: definition.revision,
            latest_active: Some(definition.revision),
        };
        self.families.stage_put(&mut txn, scope.of(), &[family], &counted)?;
        self.definitions.stage_new(
            &mut txn,
            scope.of(),
            &[family, &revision_key(definition.revision)],
            definition,
        )?;
        Ok(self.store.commit(txn))
    }
}
