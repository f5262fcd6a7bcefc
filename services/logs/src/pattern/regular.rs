//! Regular expressions of filter patterns, written between percent signs: a small part of the usual language.

use regex::Regex;
use roadstead_kernel::Result;

use super::{bad_characters, unreadable};

/// Reads what stands between the percent signs. Errors: `InvalidParameterException`.
// AWS: letters, digits, `: _ # = @ / ; , -` and the operators `^ $ ? [ ] { } | \ * + .`; no parentheses.
pub fn parse(text: &str) -> Result<Regex> {
    let escaped = |before: Option<char>| before == Some('\\');
    let mut before = None;
    for c in text.chars() {
        let allowed = c.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|\\*+. ".contains(c);
        let taken = allowed || (escaped(before) && c.is_ascii_punctuation());
        if !taken {
            return Err(bad_characters(&c.to_string()));
        }
        before = if escaped(before) { None } else { Some(c) };
    }
    Regex::new(text).map_err(|_| unreadable("the regular expression cannot be read"))
}
