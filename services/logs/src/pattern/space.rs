//! Patterns of space-delimited messages: `[ip, user, ..., status_code = 4* && status_code != 403, bytes > 1000]`.

use roadstead_kernel::Result;

use super::read::{Comparison, Parser};
use super::{bad_characters, unreadable};

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 32;
/// The most fields of a pattern.
const MAX_FIELDS: usize = 256;

/// A pattern, read.
#[derive(Debug)]
pub struct Fields {
    /// The names of the fields in their order; empty ones have none.
    names: Vec<String>,
    /// Before which of them any number of others may stand.
    gap: Option<usize>,
    conditions: Vec<Condition>,
}

/// A condition on the fields.
#[derive(Debug)]
enum Condition {
    Any(Vec<Self>),
    All(Vec<Self>),
    /// The field of that index compares so.
    Field(usize, Comparison),
}

impl Fields {
    /// Reads a pattern with its brackets. Errors: `InvalidParameterException`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser::new(text);
        let mut read = Self {
            names: Vec::new(),
            gap: None,
            conditions: Vec::new(),
        };
        if !parser.take("[") {
            return Err(unreadable("a bracket is missing"));
        }
        loop {
            if parser.take("...") {
                if read.gap.replace(read.names.len()).is_some() {
                    return Err(unreadable("`...` stands in it twice"));
                }
            } else {
                read.field(&mut parser)?;
            }
            if parser.take(",") {
                continue;
            }
            if !parser.take("]") {
                return Err(match parser.rest.trim_start().chars().next() {
                    Some(other) => bad_characters(&other.to_string()),
                    None => unreadable("a bracket is not closed"),
                });
            }
            parser.end()?;
            return Ok(read);
        }
    }

    /// Whether a message has these fields, and they are as they should be.
    pub fn matches(&self, message: &str) -> bool {
        let words = split(message);
        let fits = if self.gap.is_some() {
            words.len() >= self.names.len()
        } else {
            words.len() == self.names.len()
        };
        let surplus = words.len().saturating_sub(self.names.len());
        let word = |field: usize| {
            let behind = self.gap.is_some_and(|gap| field >= gap);
            words.get(if behind { field + surplus } else { field }).copied()
        };
        fits && self.conditions.iter().all(|condition| condition.holds(&word))
    }

    /// One field: a name, conditions, both, or nothing.
    fn field(&mut self, parser: &mut Parser<'_>) -> Result<()> {
        if self.names.len() >= MAX_FIELDS {
            return Err(unreadable("it has too many fields"));
        }
        let before = parser.rest;
        if parser.take("(") {
            parser.rest = before;
            let condition = self.any(parser, 0)?;
            self.conditions.push(condition);
            return Ok(());
        }
        let name = name(parser);
        let here = self.names.len();
        if name.is_empty() {
            self.names.push(name);
            return Ok(());
        }
        if !parser.rest.trim_start().starts_with(['=', '!', '<', '>']) {
            self.names.push(name);
            return Ok(());
        }
        parser.rest = before;
        let condition = self.any(parser, 0)?;
        if self.names.len() == here {
            // All that its conditions name stands further in front: this field is one of its own.
            self.names.push(String::new());
        }
        self.conditions.push(condition);
        Ok(())
    }

    fn any(&mut self, parser: &mut Parser<'_>, depth: usize) -> Result<Condition> {
        let mut parts = vec![self.all(parser, depth)?];
        while parser.take("||") {
            parts.push(self.all(parser, depth)?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self, parser: &mut Parser<'_>, depth: usize) -> Result<Condition> {
        let mut parts = vec![self.one(parser, depth)?];
        while parser.take("&&") {
            parts.push(self.one(parser, depth)?);
        }
        Ok(Condition::All(parts))
    }

    fn one(&mut self, parser: &mut Parser<'_>, depth: usize) -> Result<Condition> {
        if depth > MAX_DEPTH {
            return Err(unreadable("parentheses are nested too deeply"));
        }
        if parser.take("(") {
            let inner = self.any(parser, depth + 1)?;
            return if parser.take(")") {
                Ok(inner)
            } else {
                Err(unreadable("a parenthesis is not closed"))
            };
        }
        let name = name(parser);
        if name.is_empty() {
            return Err(bad_characters(&parser.rest.chars().take(1).collect::<String>()));
        }
        // AWS: documented without words: `[…, status_code = 4* && bytes > 1000]` has both as fields.
        let known = self.names.iter().position(|known| *known == name);
        let field = known.unwrap_or(self.names.len());
        if known.is_none() {
            self.names.push(name);
        }
        match parser.comparison()? {
            Some(comparison) => Ok(Condition::Field(field, comparison)),
            None => Err(unreadable("a field in a condition is followed by an operator")),
        }
    }
}

/// Takes a name, empty where none follows.
fn name(parser: &mut Parser<'_>) -> String {
    parser.rest = parser.rest.trim_start();
    parser.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

impl Condition {
    fn holds<'a>(&self, word: &impl Fn(usize) -> Option<&'a str>) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(word)),
            Self::All(parts) => parts.iter().all(|part| part.holds(word)),
            Self::Field(field, comparison) => word(*field).is_some_and(|word| comparison.holds_for_word(word)),
        }
    }
}

/// The fields of a message: words, and what stands between quotation marks or brackets, without these.
// AWS: documented.
fn split(message: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = message.trim_start();
    while !rest.is_empty() {
        let closing = match rest.chars().next() {
            Some('"') => Some('"'),
            Some('[') => Some(']'),
            _ => None,
        };
        let enclosed = closing.and_then(|closing| enclosed(rest, closing));
        let (word, after) = enclosed.unwrap_or_else(|| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// What stands up to a closing mark that ends a word, and what follows.
fn enclosed(text: &str, closing: char) -> Option<(&str, &str)> {
    let inner = text.get(1..)?;
    inner.match_indices(closing).find_map(|(at, mark)| {
        let after = inner.get(at + mark.len()..)?;
        let ends = after.is_empty() || after.starts_with(char::is_whitespace);
        ends.then_some((inner.get(..at)?, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

    fn check(pattern: &str, message: &str) -> bool {
        Fields::parse(pattern).unwrap().matches(message)
    }

    #[test]
    fn a_message_is_split_at_spaces_outside_of_quotation_marks_and_brackets() {
        assert_eq!(
            split(REQUEST),
            [
                "127.0.0.1",
                "-",
                "frank",
                "10/Oct/2000:13:25:15 -0700",
                "GET /index.html HTTP/1.0",
                "404",
                "1534"
            ]
        );
        assert_eq!(split("[a \"b  c\" [d]: \"\""), ["[a", "b  c", "[d]:", ""]);
        assert!(split(" ").is_empty());
    }

    #[test]
    fn the_number_of_fields_must_fit() {
        for (pattern, expected) in [
            ("[ip, user, username, timestamp, request, status_code, bytes]", true),
            ("[ip, user, username, timestamp, request, status_code]", false),
            (
                "[ip, user, username, timestamp, request, status_code, bytes, more]",
                false,
            ),
            ("[..., status_code, bytes]", true),
            ("[ip, user, ..., status_code, bytes]", true),
            ("[ip, user, ...]", true),
            ("[a, b, c, d, e, f, g, ...]", true),
            ("[a, b, c, d, e, f, g, h, ...]", false),
            ("[,,,,,,]", true),
        ] {
            assert_eq!(check(pattern, REQUEST), expected, "{pattern}");
        }
    }

    #[test]
    fn fields_are_compared_as_documented() {
        for (pattern, expected) in [
            (
                "[ip, user, username, timestamp, request, status_code, bytes > 1000]",
                true,
            ),
            (
                "[ip, user, username, timestamp, request, status_code, bytes >= 1535]",
                false,
            ),
            (
                "[ip, user, username, timestamp, request, status_code = 404, bytes]",
                true,
            ),
            (
                "[ip, user, username, timestamp, request, status_code = 200, bytes]",
                false,
            ),
            (
                "[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]",
                true,
            ),
            (
                "[ip, user, username, timestamp, request, status_code = 4* && bytes > 1000]",
                true,
            ),
            (
                "[ip, user, username, timestamp, request, status_code = 4* && bytes > 2000]",
                false,
            ),
            (
                "[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]",
                false,
            ),
            ("[..., status_code = 404 || status_code = 410, bytes]", true),
            (
                "[..., (status_code = 404 || status_code = 410) && status_code != 4*, bytes]",
                false,
            ),
            ("[..., request=*.html*, status_code=4*,]", true),
            (
                r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
                true,
            ),
            (
                r#"[ip, user, username, timestamp, request = "GET /index.html HTTP/1.0", ...]"#,
                true,
            ),
            ("[ip, user > 1, ...]", false),
            ("[ip, user, username = fr*nk, ...]", false),
        ] {
            assert_eq!(check(pattern, REQUEST), expected, "{pattern}");
        }
    }

    #[test]
    fn words_are_chosen_between_as_documented() {
        for (message, both, either, neither) in [
            ("ERROR message", true, true, false),
            ("WARN message", false, true, false),
            ("INFO message", false, false, true),
        ] {
            assert_eq!(check("[w1=ERROR, w2]", message), both, "{message}");
            assert_eq!(check("[w1=ERROR || w1=WARN, w2]", message), either, "{message}");
            assert_eq!(check("[w1!=ERROR&&w1!=WARN, w2]", message), neither, "{message}");
            assert_eq!(check("[w1=!ERROR&&w1=!WARN, w2]", message), neither, "{message}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep = format!("[{}a = 1{}]", "(".repeat(100), ")".repeat(100));
        for pattern in [
            "[",
            "[a",
            "[a b]",
            "[a] x",
            "[..., a, ...]",
            "[a > x]",
            "[a = ]",
            "[a = 1 &&]",
            "[a = 1 || b]",
            "[(a = 1]",
            "[a = %x]",
            "[a = %x% || a = %y% || a = %z%]",
            &deep,
        ] {
            let refused = Fields::parse(pattern).expect_err(pattern);
            assert_eq!(refused.api().unwrap().name(), "InvalidParameterException", "{pattern}");
        }
    }
}
