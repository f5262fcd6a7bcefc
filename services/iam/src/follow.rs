//! Following what other servers write over the same store, so that what is kept here does not outlive it.

use std::sync::Arc;

use roadstead_core::AccountId;
use roadstead_kernel::Result;
use roadstead_store::{Scope, StoreError, Table, Watch, record_key};

use crate::Iam;
use crate::entities::scope;
use crate::records::AccessKey;

impl Iam {
    /// Forgets what is kept of the home account whenever somebody changes its IAM. Ends when the store is closed.
    ///
    /// A server that has its store to itself need not follow: what it writes itself it forgets at once.
    pub async fn follow(self: Arc<Self>) -> Result<()> {
        let account = self.principals.home().account;
        loop {
            let after = self.store.revision().await?;
            // Whatever was written before this revision is read anew from here on.
            self.principals.forget(account);
            match self.follow_from(account, after).await {
                StoreError::Compacted { .. } => {}
                StoreError::Closed => return Ok(()),
                error => return Err(error.into()),
            }
        }
    }

    async fn follow_from(&self, account: AccountId, after: u64) -> StoreError {
        let mut entities = self.store.watch(record_key(scope(&account), "iam", &[]), after);
        let mut keys = self
            .store
            .watch(Table::<AccessKey>::prefix(Scope::installation(), &[]), after);
        loop {
            if let Err(error) = either(&mut entities, &mut keys).await {
                return error;
            }
            self.principals.forget(account);
        }
    }
}

async fn either(one: &mut Watch, other: &mut Watch) -> Result<(), StoreError> {
    tokio::select! {
        events = one.next() => events.map(|_| ()),
        events = other.next() => events.map(|_| ()),
    }
}
