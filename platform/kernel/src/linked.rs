//! Service-linked roles between IAM and the services they belong to: who uses one, and the fence that keeps
//! "used" and "deleted" from happening at the same time.
//!
//! A service that makes something which uses its role writes [`Fence::stage_use`] into the same transaction; IAM's
//! deletion writes [`Fence::stage_deletion`] into its own. Each guards what the other wrote, so one of two that meet
//! sees a conflict, looks again and comes to the right end.

use bytes::Bytes;
use roadstead_core::{AccountId, Region};
use roadstead_store::{BoxFuture, Guard, Op, Revision, Scope, Store, Txn, record_key};

use crate::Result;

/// What uses a linked role in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleUsage {
    /// The region.
    pub region: Region,
    /// The ARNs of what uses the role there.
    pub resources: Vec<String>,
}

/// A service that knows what uses its linked role.
pub trait LinkedRoleUsage: Send + Sync + 'static {
    /// The service principal, such as `ecs.amazonaws.com`.
    fn service(&self) -> &'static str;

    /// What keeps the role from being deleted, over all regions; regions without usage left out.
    fn usage(&self, account: AccountId) -> BoxFuture<'_, Result<Vec<RoleUsage>>>;
}

/// The fence around one service's linked role in one account.
#[derive(Clone, Debug)]
pub struct Fence {
    used: Bytes,
    deleted: Bytes,
}

/// The state of one side of a fence, read before something that the other side could spoil.
#[derive(Clone, Copy, Debug)]
pub struct Mark(Option<Revision>);

impl Fence {
    /// The fence of a service's role.
    pub fn new(account: AccountId, service: &str) -> Self {
        let key = |side| record_key(Scope::global(account.as_str()), "kernel/linked-fence", &[service, side]);
        Self {
            used: key("used"),
            deleted: key("deleted"),
        }
    }

    /// To be read before a service makes sure that its role exists.
    pub async fn before_use(&self, store: &dyn Store) -> Result<Mark> {
        mark(store, &self.deleted).await
    }

    /// Adds to the transaction that writes what uses the role: no role was deleted since the mark.
    pub fn stage_use(&self, txn: &mut Txn, mark: Mark) {
        stage(txn, &self.deleted, mark, &self.used);
    }

    /// To be read before a deletion asks for usage.
    pub async fn before_deletion(&self, store: &dyn Store) -> Result<Mark> {
        mark(store, &self.used).await
    }

    /// Adds to the transaction that deletes the role: nothing began to use it since the mark.
    pub fn stage_deletion(&self, txn: &mut Txn, mark: Mark) {
        stage(txn, &self.used, mark, &self.deleted);
    }
}

async fn mark(store: &dyn Store, key: &Bytes) -> Result<Mark> {
    Ok(Mark(store.get(key).await?.map(|entry| entry.modified)))
}

fn stage(txn: &mut Txn, guarded: &Bytes, mark: Mark, written: &Bytes) {
    txn.push_guard(match mark.0 {
        Some(revision) => Guard::At(guarded.clone(), revision),
        None => Guard::Absent(guarded.clone()),
    });
    txn.push(Op::Put {
        key: written.clone(),
        value: Bytes::from_static(b"\x01"),
        lease: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_store::Memory;

    async fn commit(store: &Memory, build: impl FnOnce(&mut Txn)) -> bool {
        let mut txn = Txn::new();
        build(&mut txn);
        match store.commit(txn).await {
            Ok(_) => true,
            Err(error) if error.is_conflict() => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn of_a_use_and_a_deletion_that_meet_only_the_first_happens() {
        let store = Memory::new();
        let fence = Fence::new(AccountId::parse("123456789012").unwrap(), "ecs.amazonaws.com");
        for _ in 0..2 {
            let (using, deleting) = (
                fence.before_use(&store).await.unwrap(),
                fence.before_deletion(&store).await.unwrap(),
            );
            assert!(commit(&store, |txn| fence.stage_use(txn, using)).await);
            assert!(!commit(&store, |txn| fence.stage_deletion(txn, deleting)).await);
            let (using, deleting) = (
                fence.before_use(&store).await.unwrap(),
                fence.before_deletion(&store).await.unwrap(),
            );
            assert!(commit(&store, |txn| fence.stage_deletion(txn, deleting)).await);
            assert!(!commit(&store, |txn| fence.stage_use(txn, using)).await);
        }
    }

    #[tokio::test]
    async fn two_uses_do_not_get_in_each_others_way() {
        let store = Memory::new();
        let fence = Fence::new(AccountId::parse("123456789012").unwrap(), "ecs.amazonaws.com");
        let mark = fence.before_use(&store).await.unwrap();
        assert!(commit(&store, |txn| fence.stage_use(txn, mark)).await);
        assert!(commit(&store, |txn| fence.stage_use(txn, mark)).await);
    }
}
