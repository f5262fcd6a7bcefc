//! How IAM reads and writes: entities by name, letter case ignored, and every write through one door.

use std::sync::Arc;

use roadstead_core::{AccountId, Tags};
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_store::{Guard, Record, Revision, Scope, Store, Table, Txn, Versioned};

use crate::records::{Common, Entity, Holder, Named};
use crate::{Iam, problems};

/// How often a change is tried again after somebody else was faster.
const MAX_TRIES: usize = 32;

/// The records of an account.
pub fn scope(account: &AccountId) -> Scope<'_> {
    Scope::global(account.as_str())
}

/// The id that a name is stored under.
pub fn id_of(name: &str) -> String {
    name.to_lowercase()
}

#[expect(clippy::unused_self, reason = "called like the methods beside them")]
impl Iam {
    /// The table of a kind of record.
    pub fn table<R: Record>(&self) -> Table<R> {
        Table::new(Arc::clone(&self.store))
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Commits a change to an account's records, and makes sure that the next call of anybody sees it.
    ///
    /// INVARIANT: nothing that decides what anybody may do is written but here.
    pub async fn commit(&self, account: AccountId, txn: Txn) -> Result<Revision> {
        let (store, changing) = (Arc::clone(&self.store), self.principals.changing(account));
        // In a task of its own: a caller that goes away must not leave a change behind that nobody is told of.
        let task = tokio::spawn(async move {
            let committed = store.commit(txn).await;
            drop(changing);
            committed
        });
        Ok(task.await.map_err(Fault::internal)??)
    }

    /// The entity of a name.
    pub async fn find<E: Entity>(&self, account: AccountId, name: &str) -> Result<Option<Versioned<E>>> {
        Ok(self.table::<E>().get(scope(&account), &[&id_of(name)]).await?)
    }

    /// The entity of a name, or `NoSuchEntity`.
    pub async fn get<E: Entity>(&self, cx: &Cx, name: &str) -> Result<Versioned<E>> {
        self.find(cx.account(), name)
            .await?
            .ok_or_else(|| problems::no_such(E::KIND, name))
    }

    /// The entity of a unique id.
    pub async fn find_by_id<E: Entity>(&self, account: AccountId, id: &str) -> Result<Option<Versioned<E>>> {
        let Some(named) = self.table::<Named>().get(scope(&account), &[id]).await? else {
            return Ok(None);
        };
        if named.record.kind != E::KIND {
            return Ok(None);
        }
        let found = self.table::<E>().get(scope(&account), &[&named.record.name]).await?;
        Ok(found.filter(|found: &Versioned<E>| found.record.common().id == id))
    }

    /// The common part of a new entity: its id drawn, its ARN made.
    pub fn new_common<E: Entity>(&self, cx: &Cx, path: Option<&str>, name: &str, tags: Tags) -> Common {
        let path = path.unwrap_or("/").to_owned();
        Common {
            arn: arn::<E>(cx, &path, name),
            path,
            name: name.to_owned(),
            id: cx.ids().iam(E::KIND.id_prefix()),
            created: cx.now().cut_to_secs(),
            tags,
        }
    }

    /// Adds a new entity to a transaction.
    pub fn stage_create<E: Entity>(&self, txn: &mut Txn, account: AccountId, entity: &E) -> Result<()> {
        let common = entity.common();
        let name = id_of(&common.name);
        self.table::<E>().stage_new(txn, scope(&account), &[&name], entity)?;
        self.table::<Named>()
            .stage_new(txn, scope(&account), &[&common.id], &Named { kind: E::KIND, name })?;
        Ok(())
    }

    /// Adds the end of an entity to a transaction.
    pub fn stage_delete<E: Entity>(&self, txn: &mut Txn, account: AccountId, found: &Versioned<E>) {
        let common = found.record.common();
        self.table::<E>()
            .stage_delete(txn, scope(&account), &[&id_of(&common.name)], found.revision);
        txn.push(roadstead_store::Op::Delete {
            key: Table::<Named>::key(scope(&account), &[&common.id]),
        });
    }

    /// Adds the new state of an entity to a transaction; guarded by the revision that was read.
    pub fn stage_replace<E: Entity>(&self, txn: &mut Txn, account: AccountId, found: &Versioned<E>) -> Result<()> {
        let name = id_of(&found.record.common().name);
        Ok(self
            .table::<E>()
            .stage_replace(txn, scope(&account), &[&name], found.revision, &found.record)?)
    }

    /// Refuses a name that is taken, and a new entity beyond the account's quota.
    pub async fn free<E: Entity>(&self, cx: &Cx, name: &str) -> Result<()> {
        if self.find::<E>(cx.account(), name).await?.is_some() {
            return Err(problems::taken(E::KIND, name));
        }
        Ok(())
    }

    /// Reads an entity, changes it, adds to the transaction that writes it, and does all that again after a lost race.
    ///
    /// `change` may run several times; what it leaves unchanged is not written.
    pub async fn change<E: Entity + PartialEq>(
        &self,
        cx: &Cx,
        name: &str,
        mut change: impl FnMut(&mut E, &mut Txn) -> Result<()>,
    ) -> Result<E> {
        for _ in 0..MAX_TRIES {
            let mut found = self.get::<E>(cx, name).await?;
            let before = found.record.clone();
            let mut txn = Txn::new();
            change(&mut found.record, &mut txn)?;
            if found.record == before && txn.is_empty() {
                return Ok(before);
            }
            self.stage_replace(&mut txn, cx.account(), &found)?;
            match self.commit(cx.account(), txn).await {
                Err(fault) if fault.is_conflict() => {}
                Err(fault) => return Err(fault),
                Ok(_) => return Ok(found.record),
            }
        }
        Err(problems::too_busy())
    }

    /// Carries out an attempt again after a lost race.
    pub async fn retry<T, F: Future<Output = Result<T>>>(&self, mut attempt: impl FnMut() -> F) -> Result<T> {
        for _ in 0..MAX_TRIES {
            match attempt().await {
                Err(fault) if fault.is_conflict() => {}
                outcome => return outcome,
            }
        }
        Err(problems::too_busy())
    }

    /// What an operation on a named entity needs: the entity's ARN, and its tags as condition keys.
    ///
    /// A name that nothing has is asked for at the root path.
    pub async fn needs_on<E: Entity>(&self, cx: &Cx, name: &str) -> Result<Needs> {
        Ok(match self.find::<E>(cx.account(), name).await? {
            Some(found) => {
                let common = found.record.common();
                Needs::on(common.arn.clone()).resource_tags("iam", &common.tags)
            }
            None => Needs::on(arn::<E>(cx, "/", name)),
        })
    }

    /// The same with the key `iam:PermissionsBoundary`, the boundary that the entity has.
    pub async fn needs_on_bounded<E: Entity>(&self, cx: &Cx, name: &str) -> Result<Needs> {
        Ok(match self.find::<E>(cx.account(), name).await? {
            Some(found) => {
                let common = found.record.common();
                Needs::on(common.arn.clone())
                    .resource_tags("iam", &common.tags)
                    .key_if("iam:PermissionsBoundary", found.record.boundary())
            }
            None => Needs::on(arn::<E>(cx, "/", name)),
        })
    }

    /// The user that an operation is about: the named one, else the caller.
    pub fn user_name<'a>(&self, cx: &'a Cx, name: Option<&'a str>) -> Result<&'a str> {
        name.or_else(|| cx.caller().user_name())
            .ok_or_else(|| problems::validation("Must specify userName when calling with non-User credentials"))
    }

    /// Adds to a transaction that an entity is still there.
    pub fn require<E: Entity>(&self, txn: &mut Txn, account: AccountId, name: &str) {
        txn.push_guard(Guard::Present(Table::<E>::key(scope(&account), &[&id_of(name)])));
    }

    /// Refuses the end of a principal that policies still hang on.
    pub fn refuse_with_policies<H: Holder>(&self, holder: &H) -> Result<()> {
        if !holder.attached().is_empty() {
            return Err(problems::in_use(
                "Cannot delete entity, must detach all policies first.",
            ));
        }
        if !holder.inline().is_empty() {
            return Err(problems::in_use("Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }
}

/// The ARN of an entity of this account.
pub fn arn<E: Entity>(cx: &Cx, path: &str, name: &str) -> String {
    cx.place()
        .global_arn("iam", format_args!("{}{path}{name}", E::KIND.word()))
}
