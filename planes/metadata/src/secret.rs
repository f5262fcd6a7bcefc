//! A part of a path that only those know who were told.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

/// An id that nobody can guess and no log shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The id as it stands in a path.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id, to be told to whom it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it was given; takes as long for a near miss as for a far one. No id is ever right for an empty one.
    pub fn is(&self, given: &str) -> bool {
        if self.is_empty() || self.0.len() != given.len() {
            return false;
        }
        let differing = |all, (a, b): (u8, u8)| black_box(all | (a ^ b));
        self.0.bytes().zip(given.bytes()).fold(0, differing) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_id_is_right_and_none_for_an_empty_one() {
        let secret = Secret::new("3f2a");
        assert!(secret.is("3f2a"));
        for wrong in ["3f2b", "4f2a", "3f2", "3f2a0", ""] {
            assert!(!secret.is(wrong), "{wrong}");
        }
        assert!(!Secret::default().is(""));
    }

    #[test]
    fn an_id_is_not_shown() {
        assert!(!format!("{:?}", Secret::new("3f2a")).contains("3f2a"));
    }
}
