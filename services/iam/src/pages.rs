//! Pages of lists: at most `MaxItems`, continued by a marker.

use roadstead_core::paging;
use roadstead_kernel::{Cx, Result};
use roadstead_store::{Range, Table};

use crate::entities::{id_of, scope};
use crate::records::Entity;
use crate::{Iam, problems};

/// How many items a page has when the caller does not say.
const DEFAULT: usize = 100;
/// How many records are read at a time while looking for those below a path.
const CHUNK: usize = 256;

/// A page and what a reply says about it.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// Whether there is more.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the member of replies that it fills is optional"
    )]
    pub fn truncated(&self) -> Option<bool> {
        Some(self.marker.is_some())
    }

    /// The same page of other items.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            marker: self.marker,
        }
    }
}

/// How many items a page may have.
pub fn size(max: Option<i32>) -> usize {
    max.and_then(|max| usize::try_from(max).ok())
        .filter(|max| *max > 0)
        .unwrap_or(DEFAULT)
}

/// The key that a marker continues after.
pub fn after(list: &str, marker: Option<&str>) -> Result<Option<String>> {
    match marker {
        Some(marker) => paging::key(list, marker)
            .map(Some)
            .ok_or_else(|| problems::validation("Invalid Marker.")),
        None => Ok(None),
    }
}

/// Cuts a page out of a list that is at hand, sorted by `key`.
pub fn cut<T>(
    list: &str,
    mut items: Vec<T>,
    key: impl Fn(&T) -> &str,
    marker: Option<&str>,
    max: Option<i32>,
) -> Result<Page<T>> {
    let after = after(list, marker)?;
    items.sort_by(|a, b| key(a).cmp(key(b)));
    let page = paging::page(items, key, after.as_deref(), size(max));
    Ok(Page {
        items: page.items,
        marker: page.next.map(|next| paging::token(list, &next)),
    })
}

/// Cuts a page out of a list whose own order is kept.
pub fn cut_in_order<T>(list: &str, items: Vec<T>, marker: Option<&str>, max: Option<i32>) -> Result<Page<T>> {
    let numbered = items
        .into_iter()
        .enumerate()
        .map(|(at, item)| (format!("{at:08}"), item))
        .collect();
    Ok(cut(list, numbered, |(at, _): &(String, T)| at, marker, max)?.map(|(_, item)| item))
}

impl Iam {
    /// A page of the entities below a path, by name.
    pub async fn page_of<E: Entity>(
        &self,
        cx: &Cx,
        path_prefix: Option<&str>,
        marker: Option<&str>,
        max: Option<i32>,
    ) -> Result<Page<E>> {
        let list = format!("{}:{}", E::KIND.word(), path_prefix.unwrap_or_default());
        let (account, prefix, size) = (cx.account(), path_prefix.unwrap_or("/"), size(max));
        let table = self.table::<E>();
        let all = Range::prefix(Table::<E>::prefix(scope(&account), &[]));
        let mut from = after(&list, marker)?.map(|id| Table::<E>::key(scope(&account), &[&id]));
        let sought = written(prefix);
        let mut items: Vec<E> = Vec::new();
        loop {
            let chunk = if prefix == "/" { size - items.len() + 1 } else { CHUNK };
            let range = from
                .iter()
                .fold(all.clone(), |range, key| range.after(key))
                .limit(chunk);
            let (entries, _) = table.store().range(range).await?;
            let ended = entries.len() < chunk;
            from = entries.last().map(|entry| entry.key.clone()).or(from);
            for entry in entries {
                // Most records of a long list are not below the path; those are not worth reading as records.
                if memchr::memmem::find(&entry.value, sought.as_bytes()).is_none() {
                    continue;
                }
                let record = Table::<E>::decode(entry)?.record;
                if !record.common().path.starts_with(prefix) {
                    continue;
                }
                if items.len() == size {
                    let marker = items
                        .last()
                        .map(|last| paging::token(&list, &id_of(&last.common().name)));
                    return Ok(Page { items, marker });
                }
                items.push(record);
            }
            if ended {
                return Ok(Page { items, marker: None });
            }
        }
    }
}

/// How a path that begins with a prefix is written in a stored record.
fn written(prefix: &str) -> String {
    let quoted = serde_json::Value::from(prefix).to_string();
    format!("\"path\":{}", quoted.strip_suffix('"').unwrap_or(&quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let all: Vec<String> = (0..7).map(|at| format!("n{at}")).collect();
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let page = cut("names", all.clone(), |name| name, marker.as_deref(), Some(3)).unwrap();
            assert!(page.items.len() <= 3);
            seen.extend(page.items);
            match page.marker {
                Some(next) => marker = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn the_marker_of_another_list_is_refused() {
        let page = cut("names", vec!["a", "b"], |name| name, None, Some(1)).unwrap();
        let fault = cut("others", vec!["a"], |name| name, page.marker.as_deref(), None).unwrap_err();
        assert_eq!(fault.to_string(), "ValidationError: Invalid Marker.");
    }
}
