//! Lists of groups and streams by name: those with a prefix, a page at a time.

use bytes::Bytes;
use roadstead_core::arn::Place;
use roadstead_core::paging;
use roadstead_kernel::Result;
use roadstead_store::{Range, Record, Store, Table};

use crate::error::invalid_token;
use crate::records::{Group, Stream};
use crate::{Logs, scope};

/// How many groups or streams Describe operations answer at most, and by default.
pub const MAX_PAGE: usize = 50;
/// How many records are read at once.
const AT_ONCE: usize = 500;

/// The size of a page: what the model checked, else the default.
pub fn page_size(limit: Option<i32>, default: usize) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default)
}

/// The key after which a page begins. Errors: `InvalidParameterException` for a token that is not of this call.
pub fn after(filters: &str, token: Option<&str>) -> Result<Option<String>> {
    token
        .map(|token| paging::key(filters, token).ok_or_else(invalid_token))
        .transpose()
}

/// Some records and, when there are more, the name of the last one.
pub struct Listed<R> {
    /// The records.
    pub records: Vec<R>,
    /// The name after which the next page begins.
    pub next: Option<String>,
}

impl Logs {
    /// The groups whose names begin with `prefix`, as far as `keep` says so.
    pub(crate) async fn list_groups(
        &self,
        place: Place,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        keep: impl Fn(&Group) -> bool,
    ) -> Result<Listed<Group>> {
        let at = scope(&place);
        let all = Table::<Group>::key(at, &[prefix]);
        let after = after.map(|name| Table::<Group>::key(at, &[name]));
        list(&*self.store, all, after, false, limit, keep, |group| group.name.clone()).await
    }

    /// The streams of a group whose names begin with `prefix`, by name.
    pub(crate) async fn list_streams(
        &self,
        place: Place,
        (group, prefix): (&str, &str),
        after: Option<&str>,
        descending: bool,
        limit: usize,
    ) -> Result<Listed<Stream>> {
        let at = scope(&place);
        let all = Table::<Stream>::key(at, &[group, prefix]);
        let after = after.map(|name| Table::<Stream>::key(at, &[group, name]));
        list(
            &*self.store,
            all,
            after,
            descending,
            limit,
            |_: &Stream| true,
            |stream| stream.name.clone(),
        )
        .await
    }
}

/// A key without its last separator is what all longer names begin with as well.
async fn list<R: Record>(
    store: &dyn Store,
    all: Bytes,
    mut after: Option<Bytes>,
    descending: bool,
    limit: usize,
    keep: impl Fn(&R) -> bool,
    name: impl Fn(&R) -> String,
) -> Result<Listed<R>> {
    let mut records = Vec::new();
    loop {
        let mut range = Range::prefix(all.clone()).limit(AT_ONCE);
        range = match (after.take(), descending) {
            (Some(key), false) => range.after(&key),
            (Some(key), true) => range.before(key).reverse(),
            (None, false) => range,
            (None, true) => range.reverse(),
        };
        let (entries, _) = store.range(range).await?;
        let full = entries.len() == AT_ONCE;
        after = entries.last().map(|entry| entry.key.clone());
        for entry in entries {
            let record = Table::<R>::decode(entry)?.record;
            if !keep(&record) {
                continue;
            }
            if records.len() == limit {
                let next = records.last().map(&name);
                return Ok(Listed { records, next });
            }
            records.push(record);
        }
        if !full {
            return Ok(Listed { records, next: None });
        }
    }
}
