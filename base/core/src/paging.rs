//! Page tokens: opaque to clients, bound to the operation and filters they were made for.

use std::fmt::Write as _;

/// A mark over the text that detects tokens that were altered or come from another call; not a secret.
fn checksum(scope: &str, key: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in scope.bytes().chain([0]).chain(key.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

/// Makes the token that continues after `key`; `scope` names the operation and its filters.
pub fn token(scope: &str, key: &str) -> String {
    let mut text = format!("{:016x}", checksum(scope, key));
    for byte in key.bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads the key back; a token that was altered or made for another scope is `None`.
pub fn key(scope: &str, token: &str) -> Option<String> {
    let sum = u64::from_str_radix(token.get(..16)?, 16).ok()?;
    let body = token.get(16..)?;
    if body.len() % 2 != 0 || !body.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..body.len() / 2)
        .map(|at| {
            body.get(at * 2..at * 2 + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<Vec<u8>>>()?;
    let key = String::from_utf8(bytes).ok()?;
    (checksum(scope, &key) == sum).then_some(key)
}

/// One page of items and, when there are more, the token of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The key after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

/// Cuts a page of at most `limit` items that come after `after` in the order of their keys.
pub fn page<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> &str,
    after: Option<&str>,
    limit: usize,
) -> Page<T> {
    let mut wanted = items
        .into_iter()
        .filter(|item| after.is_none_or(|after| key(item) > after));
    let items: Vec<T> = wanted.by_ref().take(limit).collect();
    let next = wanted
        .next()
        .and_then(|_| items.last().map(|item| key(item).to_owned()));
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_only_in_its_own_scope() {
        let made = token("ListClusters", "prod");
        assert_eq!(key("ListClusters", &made).as_deref(), Some("prod"));
        assert_eq!(key("ListTasks", &made), None);
        assert_eq!(key("ListClusters", &format!("{made}00")), None);
        assert_eq!(key("ListClusters", "é"), None);
    }

    #[test]
    fn the_last_page_has_no_token() {
        let all = ["a", "b", "c"];
        let first = page(all, |s| s, None, 2);
        assert_eq!((first.items, first.next.as_deref()), (vec!["a", "b"], Some("b")));
        let last = page(all, |s| s, Some("b"), 2);
        assert_eq!((last.items, last.next), (vec!["c"], None));
    }
}
