//! Wildcards: `*` for any text, with `\*` and `\\` for the characters themselves.

/// A compiled wildcard: texts with any text between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<String>);

impl Glob {
    /// Compiles a wildcard. Errors: why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = vec![String::new()];
        let mut characters = text.chars().enumerate().peekable();
        let mut starred = false;
        while let Some((at, character)) = characters.next() {
            let plain = match character {
                '*' if starred => return Err(format!("Consecutive wildcard characters at pos {}", at - 1)),
                '*' => {
                    starred = true;
                    parts.push(String::new());
                    continue;
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => escaped,
                    _ => return Err(format!("Invalid escape character at pos {at}")),
                },
                other => other,
            };
            starred = false;
            if let Some(part) = parts.last_mut() {
                part.push(plain);
            }
        }
        Ok(Self(parts))
    }

    /// Whether a text is one of those meant.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_first() else {
            return false;
        };
        let Some((last, between)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut left) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in between {
            // The earliest place leaves the most for what follows.
            let Some((_, after)) = left.split_once(part.as_str()) else {
                return false;
            };
            left = after;
        }
        left.ends_with(last.as_str())
    }
}
