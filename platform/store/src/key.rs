//! Keys: components in order, beginning with account and region, that cannot run into each other.
//!
//! Components are joined by a zero byte. A zero byte inside a component becomes `01 01` and a one byte `01 02`, so a
//! component can hold anything, never ends early, and keys sort exactly as their lists of components do.

use bytes::Bytes;

const SEPARATOR: u8 = 0;
const ESCAPE: u8 = 1;

/// The region of records that belong to an account as a whole, such as those of IAM.
pub const GLOBAL: &str = "global";

/// Where a record lives: the first two components of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope<'a> {
    /// The account, twelve digits.
    pub account: &'a str,
    /// The region, or [`GLOBAL`].
    pub region: &'a str,
}

impl<'a> Scope<'a> {
    /// The records of an account in one region.
    pub const fn new(account: &'a str, region: &'a str) -> Self {
        Self { account, region }
    }

    /// The records of an account that belong to no region.
    pub const fn global(account: &'a str) -> Self {
        Self {
            account,
            region: GLOBAL,
        }
    }

    /// The records that belong to no account, such as the index of access keys.
    pub const fn installation() -> Scope<'static> {
        Scope {
            account: "-",
            region: "-",
        }
    }
}

/// A key taken apart again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyParts {
    /// The account.
    pub account: String,
    /// The region, or [`GLOBAL`].
    pub region: String,
    /// The table, such as `ecs/cluster`.
    pub table: String,
    /// What identifies the record within its table.
    pub id: Vec<String>,
}

impl KeyParts {
    /// Takes a key apart; `None` for a key that no table made.
    pub fn parse(key: &[u8]) -> Option<Self> {
        let mut parts = split(key)?.into_iter();
        let (account, region, table) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            account,
            region,
            table,
            id: parts.collect(),
        })
    }

    /// The account and region.
    pub fn scope(&self) -> Scope<'_> {
        Scope::new(&self.account, &self.region)
    }
}

/// The key of a record: its scope, its table, and what identifies it within the table.
pub fn record_key(scope: Scope<'_>, table: &str, id: &[&str]) -> Bytes {
    components(scope, table, id).into()
}

/// What all keys below `id` in a table begin with; an empty `id` means the whole table within its scope.
pub fn record_prefix(scope: Scope<'_>, table: &str, id: &[&str]) -> Bytes {
    let mut key = components(scope, table, id);
    key.push(SEPARATOR);
    key.into()
}

/// The first key after all those of an account and region.
pub(crate) fn scope_end(scope: Scope<'_>) -> Bytes {
    let mut key = Vec::new();
    push(&mut key, scope.account);
    key.push(SEPARATOR);
    push(&mut key, scope.region);
    // What follows the region in all its keys is the separator; this is the next byte.
    key.push(SEPARATOR + 1);
    key.into()
}

/// A component that makes numbers sort by size: twenty digits.
pub fn ordered(number: u64) -> String {
    format!("{number:020}")
}

/// A key for the eyes: components joined by slashes, other bytes escaped.
pub fn readable(key: &[u8]) -> String {
    match split(key) {
        Some(parts) => parts.join("/"),
        None => key.escape_ascii().to_string(),
    }
}

/// The first key that does not begin with `prefix`, or `None` when every later key does.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Bytes> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end.into());
        }
    }
    None
}

/// The components of a key; `None` where the escapes are malformed or the text is not UTF-8.
pub(crate) fn split(key: &[u8]) -> Option<Vec<String>> {
    key.split(|byte| *byte == SEPARATOR)
        .map(|component| {
            let mut plain = Vec::with_capacity(component.len());
            let mut bytes = component.iter();
            while let Some(byte) = bytes.next() {
                plain.push(match *byte {
                    ESCAPE => match bytes.next()? {
                        1 => SEPARATOR,
                        2 => ESCAPE,
                        _ => return None,
                    },
                    other => other,
                });
            }
            String::from_utf8(plain).ok()
        })
        .collect()
}

fn components(scope: Scope<'_>, table: &str, id: &[&str]) -> Vec<u8> {
    let ids: usize = id.iter().map(|component| component.len() + 1).sum();
    let mut key = Vec::with_capacity(scope.account.len() + scope.region.len() + table.len() + ids + 3);
    push(&mut key, scope.account);
    for component in [scope.region, table].iter().chain(id) {
        key.push(SEPARATOR);
        push(&mut key, component);
    }
    key
}

fn push(key: &mut Vec<u8>, component: &str) {
    for byte in component.bytes() {
        match byte {
            SEPARATOR => key.extend([ESCAPE, 1]),
            ESCAPE => key.extend([ESCAPE, 2]),
            other => key.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_comes_apart_into_what_it_was_made_of(id in prop::collection::vec("[a\u{0}\u{1}\u{2}/é]{0,5}", 0..4)) {
            let id: Vec<&str> = id.iter().map(String::as_str).collect();
            let parts = KeyParts::parse(&record_key(Scope::new("1", "r\u{0}"), "ecs/cluster", &id)).unwrap();
            prop_assert_eq!(parts.scope(), Scope::new("1", "r\u{0}"));
            prop_assert_eq!(parts.table, "ecs/cluster");
            prop_assert_eq!(parts.id, id);
        }

        #[test]
        fn keys_sort_as_their_components_do(
            a in prop::collection::vec("[a\u{0}\u{1}\u{2}/é]{0,4}", 1..4),
            b in prop::collection::vec("[a\u{0}\u{1}\u{2}/é]{0,4}", 1..4),
        ) {
            let key = |id: &[String]| {
                record_key(Scope::global("1"), "t", &id.iter().map(String::as_str).collect::<Vec<_>>())
            };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }
    }

    #[test]
    fn a_prefix_covers_what_is_below_and_nothing_beside_it() {
        let scope = Scope::new("1", "r");
        let prefix = record_prefix(scope, "t", &["a"]);
        assert!(record_key(scope, "t", &["a", "b"]).starts_with(&prefix));
        assert!(!record_key(scope, "t", &["a"]).starts_with(&prefix));
        assert!(!record_key(scope, "t", &["a\u{0}b"]).starts_with(&prefix));
        assert!(!record_key(scope, "t", &["ab"]).starts_with(&prefix));
    }

    #[test]
    fn the_end_of_a_prefix_is_the_first_key_after_it() {
        assert_eq!(prefix_end(b"ab"), Some(Bytes::from_static(b"ac")));
        assert_eq!(prefix_end(b"a\xff"), Some(Bytes::from_static(b"b")));
        assert_eq!(prefix_end(b"\xff\xff"), None);
        assert_eq!(prefix_end(b""), None);
    }

    #[test]
    fn numbers_sort_by_size() {
        assert!(ordered(9) < ordered(10));
        assert_eq!(ordered(u64::MAX).len(), ordered(0).len());
    }
}
