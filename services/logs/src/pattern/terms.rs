//! Patterns of terms: all plain ones must stand in the message, none with `-`, and one at least of those with `?`.

use regex::Regex;
use roadstead_kernel::Result;

use super::{bad_characters, regular, unreadable};

/// The terms of a pattern.
#[derive(Debug, Default)]
pub struct Terms {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    /// Text that stands anywhere in the message, letter case as given.
    Text(String),
    /// A regular expression that matches anywhere in it.
    Regular(Regex),
}

impl Terms {
    /// Reads terms. Errors: `InvalidParameterException`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut terms = Self::default();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (list, body) = match first {
                '?' => (&mut terms.any, rest.strip_prefix('?')),
                '-' => (&mut terms.none, rest.strip_prefix('-')),
                _ => (&mut terms.all, None),
            };
            let (term, after) = take(body.unwrap_or(rest))?;
            list.push(term);
            rest = after.trim_start();
        }
        Ok(terms)
    }

    /// Whether a message matches.
    pub fn matches(&self, message: &str) -> bool {
        self.all.iter().all(|term| term.is_in(message))
            && !self.none.iter().any(|term| term.is_in(message))
            && (self.any.is_empty() || self.any.iter().any(|term| term.is_in(message)))
    }
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regular(regex) => regex.is_match(message),
        }
    }
}

/// Takes one term from the front.
fn take(text: &str) -> Result<(Term, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inner, after) = quoted_text(quoted)?;
        return Ok((Term::Text(inner), after));
    }
    if let Some(body) = text.strip_prefix('%') {
        let (inner, after) = body
            .split_once('%')
            .ok_or_else(|| unreadable("a percent sign is not closed"))?;
        return Ok((Term::Regular(regular::parse(inner)?), after));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end).unwrap_or((text, ""));
    // AWS: only letters, digits and underscores need no quotation marks.
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let bad: String = word
        .chars()
        .skip_while(|c| plain(*c))
        .take_while(|c| !plain(*c))
        .collect();
    if !bad.is_empty() || word.is_empty() {
        return Err(bad_characters(&bad));
    }
    Ok((Term::Text(word.to_owned()), after))
}

/// The text up to the closing quotation mark, escapes resolved, and what follows.
pub fn quoted_text(text: &str) -> Result<(String, &str)> {
    let mut inner = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok((inner, rest.as_str())),
            '\\' => match rest.next() {
                Some(escaped @ ('"' | '\\')) => inner.push(escaped),
                Some(other) => inner.extend(['\\', other]),
                None => break,
            },
            other => inner.push(other),
        }
    }
    Err(unreadable("a quotation mark is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, message: &str) -> bool {
        Terms::parse(pattern).unwrap().matches(message)
    }

    fn refusal(pattern: &str) -> String {
        Terms::parse(pattern).unwrap_err().api().unwrap().message.clone()
    }

    #[test]
    fn all_plain_terms_must_be_there_in_their_letter_case() {
        assert!(check("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
        assert!(!check("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST"));
        assert!(!check("error", "[ERROR 401]"));
    }

    #[test]
    fn one_of_the_optional_terms_is_enough() {
        assert!(check("?ERROR ?ARGUMENTS", "MISSING ARGUMENTS"));
        assert!(!check("?ERROR ?ARGUMENTS", "fine"));
        assert!(check("?ERROR ?WARN -noise", "WARN it"));
        assert!(!check("?ERROR ?WARN -noise", "WARN noise"));
    }

    #[test]
    fn excluded_terms_exclude() {
        assert!(check("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED"));
        assert!(!check("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
        assert!(!check("-\"GET /health\"", "GET /health HTTP/1.1"));
    }

    #[test]
    fn quoted_terms_match_as_phrases() {
        assert!(check("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR"));
        assert!(!check("\"INTERNAL SERVER ERROR\"", "SERVER INTERNAL ERROR"));
        assert!(check(r#""level\":\"error""#, r#"{"level":"error"}"#));
    }

    #[test]
    fn other_characters_need_quotation_marks() {
        assert_eq!(refusal("a:b"), "Invalid character(s) in term ':'");
        assert_eq!(refusal("?Status: timeout"), "Invalid character(s) in term ':'");
        assert_eq!(refusal("$.\"x"), "Invalid character(s) in term '$.\"'");
        assert!(refusal("\"open").contains("quotation mark"));
    }

    #[test]
    fn regular_expressions_stand_between_percent_signs() {
        assert!(check("%[0-9]{3}%", "status 404"));
        assert!(!check("%^[0-9]{3}%", "status 404"));
        assert!(check(r"%10\.10\.0\.1%", "from 10.10.0.1"));
        assert_eq!(refusal("%(a)%"), "Invalid character(s) in term '('");
    }
}
