//! Which secrets a list shows, and in which order.

use api_secretsmanager::{Filter, FilterNameStringType, SortByType};
use roadstead_kernel::Result;

use crate::error::invalid;
use crate::records::Secret;

/// Checks the filters of a call.
pub fn check(filters: &[Filter]) -> Result<()> {
    for filter in filters {
        if matches!(filter.key, None | Some(FilterNameStringType::Other(_))) {
            return Err(invalid("Invalid filter key."));
        }
        if filter.values.as_ref().is_none_or(Vec::is_empty) {
            return Err(invalid("Invalid filter values for key: the list of values is empty."));
        }
    }
    Ok(())
}

/// Whether a secret passes all filters. A value that begins with `!` wants what does not match.
pub fn pass(filters: &[Filter], secret: &Secret, region: &str) -> bool {
    filters.iter().all(|filter| {
        let values = filter.values.iter().flatten();
        let Some(key) = &filter.key else { return true };
        values.into_iter().any(|value| match value.strip_prefix('!') {
            Some(unwanted) => !matches(key, unwanted, secret, region),
            None => matches(key, value, secret, region),
        })
    })
}

fn matches(key: &FilterNameStringType, value: &str, secret: &Secret, region: &str) -> bool {
    let description = secret.description.as_deref().unwrap_or_default();
    match key {
        FilterNameStringType::Name => secret.name.starts_with(value),
        FilterNameStringType::Description => has_word(description, value),
        FilterNameStringType::TagKey => secret.tags.iter().any(|(key, _)| key.starts_with(value)),
        FilterNameStringType::TagValue => secret.tags.iter().any(|(_, text)| text.starts_with(value)),
        FilterNameStringType::PrimaryRegion => region.starts_with(value),
        // No service owns a secret here.
        FilterNameStringType::OwningService | FilterNameStringType::Other(_) => false,
        FilterNameStringType::All => value.split_whitespace().all(|word| {
            has_word(&secret.name, word)
                || has_word(description, word)
                || secret
                    .tags
                    .iter()
                    .any(|(key, text)| has_word(key, word) || has_word(text, word))
        }),
    }
}

/// Whether a word of a text begins so, in any letter case.
fn has_word(text: &str, beginning: &str) -> bool {
    let (text, beginning) = (text.to_lowercase(), beginning.to_lowercase());
    let at_word = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric())
    };
    text.match_indices(&beginning).any(|(at, _)| at_word(at))
}

/// What a list is sorted by; the name makes it definite.
pub fn sort_key(by: Option<&SortByType>, secret: &Secret) -> String {
    let at = match by {
        Some(SortByType::Name) => return secret.name.clone(),
        Some(SortByType::LastAccessedDate) => secret.accessed_on.map_or(0, roadstead_core::Timestamp::millis),
        Some(SortByType::LastChangedDate) => secret.changed_at.millis(),
        _ => secret.created_at.millis(),
    };
    format!("{at:020} {}", secret.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginning() {
        for (text, word, found) in [
            ("prod/Database", "data", true),
            ("prod/Database", "base", false),
            ("prod", "prod", true),
            ("", "x", false),
        ] {
            assert_eq!(has_word(text, word), found, "{text} {word}");
        }
    }
}
