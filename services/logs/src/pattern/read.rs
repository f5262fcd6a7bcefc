//! What the patterns of JSON and of space-delimited messages have in common: how they are read, and how values compare.

use std::cmp::Ordering;

use regex::Regex;
use roadstead_kernel::Result;
use serde_json::Value;

use super::terms::quoted_text;
use super::{bad_characters, regular, unreadable};

/// The most regular expressions of one pattern.
// AWS: documented.
const MAX_REGULAR: usize = 2;

/// How a value is compared.
#[derive(Debug)]
pub enum Comparison {
    /// It equals the operand, or does not.
    Equal(Operand, bool),
    /// It is a number that compares so to the operand.
    Order(fn(Ordering) -> bool, f64),
}

/// What a value is compared with.
#[derive(Debug)]
pub enum Operand {
    /// Text with `*` for anything at its ends.
    Text(String),
    /// A number.
    Number(f64),
    /// A regular expression.
    Regular(Regex),
}

impl Comparison {
    /// Whether a value of a JSON message passes; arrays, objects and null never do.
    pub fn holds_for(&self, found: &Value) -> bool {
        match (self, found) {
            (_, Value::Null | Value::Array(_) | Value::Object(_)) => false,
            (Self::Equal(operand, wanted), found) => operand.equals(found) == *wanted,
            (Self::Order(wanted, number), found) => passes(found.as_f64(), *wanted, *number),
        }
    }

    /// Whether a word of a message passes.
    pub fn holds_for_word(&self, word: &str) -> bool {
        let number = || word.parse::<f64>().ok();
        match self {
            Self::Equal(Operand::Number(wanted), equal) => {
                number().is_some_and(|found| found.total_cmp(wanted).is_eq()) == *equal
            }
            Self::Equal(Operand::Text(pattern), equal) => is_like(pattern, word) == *equal,
            Self::Equal(Operand::Regular(regex), equal) => regex.is_match(word) == *equal,
            Self::Order(wanted, operand) => passes(number(), *wanted, *operand),
        }
    }
}

fn passes(found: Option<f64>, wanted: fn(Ordering) -> bool, operand: f64) -> bool {
    found.and_then(|found| found.partial_cmp(&operand)).is_some_and(wanted)
}

impl Operand {
    fn equals(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Number(number), Value::Number(found)) => {
                found.as_f64().is_some_and(|found| found.total_cmp(number).is_eq())
            }
            (Self::Number(_), _) => false,
            (Self::Text(pattern), Value::String(found)) => is_like(pattern, found),
            (Self::Text(pattern), other) => is_like(pattern, &other.to_string()),
            (Self::Regular(regex), Value::String(found)) => regex.is_match(found),
            (Self::Regular(regex), other) => regex.is_match(&other.to_string()),
        }
    }
}

/// Whether text matches a pattern in which `*` at either end stands for anything.
// AWS: documented; `Ev*ent` is only like `Ev*ent` itself.
fn is_like(pattern: &str, text: &str) -> bool {
    let (open_start, inner) = match pattern.strip_prefix('*') {
        Some(inner) => (true, inner),
        None => (false, pattern),
    };
    let (open_end, inner) = match inner.strip_suffix('*') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    match (open_start, open_end) {
        (true, true) => text.contains(inner),
        (true, false) => text.ends_with(inner),
        (false, true) => text.starts_with(inner),
        (false, false) => text == inner,
    }
}

/// A pattern on its way to be read.
pub struct Parser<'a> {
    /// What is not read yet.
    pub rest: &'a str,
    regular: usize,
}

impl<'a> Parser<'a> {
    /// Reads from the beginning.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, regular: 0 }
    }

    /// Takes a token from the front, blanks before it as well.
    pub fn take(&mut self, token: &str) -> bool {
        let after = self.rest.trim_start().strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Takes a word in any letter case.
    pub fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let head = rest.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word));
        let after = head.and_then(|_| rest.get(word.len()..));
        let whole = after.filter(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.rest = whole.unwrap_or(self.rest);
        whole.is_some()
    }

    /// Takes the characters for which `wanted` says so.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, after) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        let taken = taken.to_owned();
        self.rest = after;
        taken
    }

    /// Refuses what follows the whole pattern. Errors: `InvalidParameterException`.
    pub fn end(&self) -> Result<()> {
        match self.rest.trim_start().chars().next() {
            None => Ok(()),
            Some(other) => Err(bad_characters(&other.to_string())),
        }
    }

    /// An operator and what stands behind it; nothing where no operator follows.
    pub fn comparison(&mut self) -> Result<Option<Comparison>> {
        // AWS: `=!` stands in the documentation as well.
        if self.take("!=") || self.take("=!") {
            return Ok(Some(Comparison::Equal(self.operand()?, false)));
        }
        let order: fn(Ordering) -> bool = if self.take("<=") {
            Ordering::is_le
        } else if self.take(">=") {
            Ordering::is_ge
        } else if self.take("<") {
            Ordering::is_lt
        } else if self.take(">") {
            Ordering::is_gt
        } else if self.take("=") {
            return Ok(Some(Comparison::Equal(self.operand()?, true)));
        } else {
            return Ok(None);
        };
        match self.operand()? {
            Operand::Number(number) => Ok(Some(Comparison::Order(order, number))),
            Operand::Text(_) | Operand::Regular(_) => Err(unreadable("only numbers can be compared by size")),
        }
    }

    fn operand(&mut self) -> Result<Operand> {
        self.rest = self.rest.trim_start();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let (text, after) = quoted_text(quoted)?;
            self.rest = after;
            return Ok(Operand::Text(text));
        }
        if let Some(body) = self.rest.strip_prefix('%') {
            let (inner, after) = body
                .split_once('%')
                .ok_or_else(|| unreadable("a percent sign is not closed"))?;
            self.rest = after;
            self.regular += 1;
            if self.regular > MAX_REGULAR {
                return Err(unreadable("it has more than 2 regular expressions"));
            }
            return Ok(Operand::Regular(regular::parse(inner)?));
        }
        let word = self.take_while(|c| c.is_alphanumeric() || "_-+.*/:@".contains(c));
        if word.is_empty() {
            return Err(bad_characters(&self.rest.chars().take(1).collect::<String>()));
        }
        let number = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        Ok(match word.parse::<f64>() {
            Ok(value) if number => Operand::Number(value),
            _ => Operand::Text(word),
        })
    }
}
