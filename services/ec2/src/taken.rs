//! How many addresses of each subnet are taken: counted once, then followed, because whoever starts a task asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use roadstead_kernel::Result;
use roadstead_store::{Count, Followed, Table};

use crate::records::{Records, Subnet, TakenAddress};

/// The numbers of taken addresses, by what their keys begin with.
#[derive(Default)]
pub struct Taken(Mutex<HashMap<Bytes, Arc<Followed<Count>>>>);

impl Taken {
    /// How many addresses of the subnet are free.
    pub async fn free(&self, records: &Records, subnet: &Subnet) -> Result<u32> {
        let prefix = Table::<TakenAddress>::prefix(records.scope(), &[&subnet.id]);
        let counted = {
            let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || {
                let table = records.table::<TakenAddress>();
                Arc::new(Followed::new(Arc::clone(table.store()), prefix.clone()))
            };
            Arc::clone(counted.entry(prefix.clone()).or_insert_with(new))
        };
        let taken = counted.read(|count| count.0).await?;
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        Ok(subnet.block.capacity().saturating_sub(taken))
    }
}
