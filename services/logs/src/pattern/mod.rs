//! Filter patterns: which messages an expression of CloudWatch Logs' pattern language matches.
//!
//! Terms, quoted terms, `?` and `-` terms and regular expressions between percent signs; JSON patterns in braces; patterns
//! of space-delimited messages in brackets.

mod json;
mod read;
mod regular;
mod space;
mod terms;

use roadstead_kernel::Result;

use crate::error::invalid;

/// A filter pattern, read.
#[derive(Debug)]
pub enum Pattern {
    /// Every message.
    Everything,
    /// Messages by the terms in them.
    Terms(terms::Terms),
    /// Messages that are JSON, by their properties.
    Json(json::Expression),
    /// Messages by the words in them.
    Fields(space::Fields),
}

impl Pattern {
    /// Reads a pattern. Errors: `InvalidParameterException`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Everything);
        }
        if text.starts_with('[') {
            return Ok(Self::Fields(space::Fields::parse(text)?));
        }
        if text.starts_with('{') {
            return Ok(Self::Json(json::Expression::parse(text)?));
        }
        Ok(Self::Terms(terms::Terms::parse(text)?))
    }

    /// Whether a message matches.
    pub fn matches(&self, message: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Terms(terms) => terms.matches(message),
            Self::Fields(fields) => fields.matches(message),
            Self::Json(expression) => {
                // What does not begin as JSON does is not worth reading.
                let likely = message.trim_start().starts_with(['{', '[']);
                likely && serde_json::from_str(message).is_ok_and(|value| expression.matches(&value))
            }
        }
    }
}

/// A term holds characters that stand only between quotation marks.
// AWS: observed `Invalid character(s) in term '('`, `':'`, `'$."'`, `'*'`.
fn bad_characters(found: &str) -> roadstead_kernel::Fault {
    invalid(format!("Invalid character(s) in term '{found}'"))
}

/// The pattern cannot be read at all.
fn unreadable(why: &str) -> roadstead_kernel::Fault {
    invalid(format!("Invalid filter pattern: {why}"))
}
