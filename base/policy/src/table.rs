//! Searches in the sorted, generated tables, usable at compile time.

use std::cmp::Ordering;

/// Compares two strings byte by byte without regard to ASCII case.
pub(crate) const fn compare(a: &str, b: &str) -> Ordering {
    compare_prefix(a.as_bytes(), b.as_bytes(), false)
}

/// Compares `name` with `prefix`; `Equal` when `name` starts with it, if `open`, else when both are the same.
#[expect(
    clippy::indexing_slicing,
    reason = "both indices are below the lengths compared in the loop condition"
)]
pub(crate) const fn compare_prefix(name: &[u8], prefix: &[u8], open: bool) -> Ordering {
    let mut at = 0;
    while at < name.len() && at < prefix.len() {
        let (a, b) = (name[at].to_ascii_lowercase(), prefix[at].to_ascii_lowercase());
        if a < b {
            return Ordering::Less;
        }
        if a > b {
            return Ordering::Greater;
        }
        at += 1;
    }
    if at < prefix.len() {
        Ordering::Less
    } else if at < name.len() && !open {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}
