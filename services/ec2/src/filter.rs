//! The filters of `Describe*` calls: names with values that may hold `*` and `?`.

use api_ec2::Filter;
use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::ApiError;

use crate::error::{client, invalid};

/// Most values that the filters of one call may have.
const MAX_VALUES: usize = 200;

/// Something that filters choose from.
pub trait Filtered {
    /// The filters there are, besides `tag:<key>`, `tag-key` and `tag-value`.
    const FILTERS: &'static [&'static str];

    /// The values that the filter is compared with; `None` for one that is not in the list.
    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>>;

    /// The tags.
    fn tags(&self) -> &Tags;
}

/// The filters of a call: all must match, each by one of its values.
#[derive(Debug, Default)]
pub struct Filters(Vec<(String, Vec<Pattern>)>);

impl Filters {
    /// Reads the filters for a kind of thing; refuses names that the kind does not have.
    pub fn parse<F: Filtered>(given: Option<Vec<Filter>>) -> Result<Self, ApiError> {
        let mut filters = Vec::new();
        let mut count = 0;
        for filter in given.unwrap_or_default() {
            let name = filter.name.unwrap_or_default();
            let of_tags = name.starts_with("tag:") || matches!(name.as_str(), "tag-key" | "tag-value");
            if !of_tags && !F::FILTERS.contains(&name.as_str()) {
                return Err(invalid(format!("The filter '{name}' is invalid")));
            }
            let values: Vec<Pattern> = filter
                .values
                .unwrap_or_default()
                .into_iter()
                .map(Pattern::new)
                .collect();
            count += values.len();
            filters.push((name, values));
        }
        if count > MAX_VALUES {
            return Err(client(
                "FilterLimitExceeded",
                "The maximum number of filter values specified on a single call is 200",
            ));
        }
        Ok(Self(filters))
    }

    /// Whether all filters match.
    pub fn match_all<F: Filtered>(&self, place: Place, item: &F) -> bool {
        self.0.iter().all(|(name, patterns)| {
            let matches = |value: &str| patterns.iter().any(|pattern| pattern.matches(value));
            if let Some(key) = name.strip_prefix("tag:") {
                return item.tags().get(key).is_some_and(matches);
            }
            match name.as_str() {
                "tag-key" => item.tags().iter().any(|(key, _)| matches(key)),
                "tag-value" => item.tags().iter().any(|(_, value)| matches(value)),
                _ => item
                    .values(place, name)
                    .unwrap_or_default()
                    .iter()
                    .any(|value| matches(value)),
            }
        })
    }

    /// The values of a filter when they are plain text, to find records by an index.
    pub fn exact(&self, name: &str) -> Option<Vec<&str>> {
        let (_, patterns) = self.0.iter().find(|(known, _)| known == name)?;
        patterns.iter().map(Pattern::literal).collect()
    }

    /// What the filters say, to bind page tokens to them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, patterns) in &self.0 {
            text.push_str(name);
            for pattern in patterns {
                text.push('\u{1}');
                text.push_str(&pattern.0);
            }
            text.push('\u{0}');
        }
        text
    }
}

/// A filter's value: `*` stands for any text, `?` for any character, `\` makes the next one plain.
#[derive(Debug)]
struct Pattern(String);

enum Piece {
    Any,
    One,
    Plain(char),
}

impl Pattern {
    fn new(text: String) -> Self {
        Self(text)
    }

    fn literal(&self) -> Option<&str> {
        (!self.0.contains(['*', '?', '\\'])).then_some(self.0.as_str())
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(self.0.len());
        let mut chars = self.0.chars();
        while let Some(next) = chars.next() {
            pieces.push(match next {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => Piece::Plain(chars.next().unwrap_or('\\')),
                plain => Piece::Plain(plain),
            });
        }
        pieces
    }

    fn matches(&self, text: &str) -> bool {
        if let Some(literal) = self.literal() {
            return literal == text;
        }
        let pieces = self.pieces();
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut piece) = (0, 0);
        // Where the last `*` was, and what it has covered so far: the only place to come back to.
        let mut star: Option<(usize, usize)> = None;
        while let Some(next) = text.get(at) {
            match pieces.get(piece) {
                Some(Piece::Any) => {
                    star = Some((piece, at));
                    piece += 1;
                }
                Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
                Some(Piece::Plain(plain)) if plain == next => (at, piece) = (at + 1, piece + 1),
                _ => match star {
                    Some((from, covered)) => {
                        star = Some((from, covered + 1));
                        (at, piece) = (covered + 1, from + 1);
                    }
                    None => return false,
                },
            }
        }
        pieces.iter().skip(piece).all(|rest| matches!(rest, Piece::Any))
    }
}

/// `true` or `false`, as filters and attributes write it.
pub fn flag(value: bool) -> Vec<String> {
    vec![value.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_amazon_says() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web", true),
            ("web*", "webserver", true),
            ("*server*", "my-server-1", true),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("\\*amazon\\?\\\\", "*amazon?\\", true),
            ("\\*", "x", false),
            ("*", "", true),
            ("?", "", false),
        ] {
            assert_eq!(
                Pattern::new(pattern.to_owned()).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
