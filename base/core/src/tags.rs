//! Resource tags: an ordered map from key to value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The tags of one resource; keys are unique and case-sensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, String>);

/// Most tags that a resource may carry, those with the prefix `aws:` not counted.
pub const MAX_TAGS: usize = 50;
/// Longest tag key, in characters.
pub const MAX_KEY: usize = 128;
/// Longest tag value, in characters.
pub const MAX_VALUE: usize = 256;

impl Tags {
    /// No tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag, replacing the value that its key had.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// Removes a tag.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Key and value pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Whether there is no tag.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many tags count against the limit: those without the prefix `aws:`.
    pub fn counted(&self) -> usize {
        self.0.keys().filter(|k| !is_reserved(k)).count()
    }

    /// Adds all of `other`, its values winning.
    pub fn merge(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

/// Whether a key has the prefix `aws:` in any letter case, which users may not set or remove.
pub fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_tags_do_not_count_against_the_limit() {
        let tags: Tags = [("aws:ecs:clusterName", "demo"), ("team", "red")].into_iter().collect();
        assert_eq!(tags.counted(), 1);
        assert!(is_reserved("AWS:x"));
        assert!(!is_reserved("awsome"));
    }
}
