//! Patterns as lists of symbols, matched by trying every way.

use crate::context::{Context, Value};
use crate::key::Key;

/// One symbol of a policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// `*`.
    Star,
    /// `?`.
    One,
    /// A character.
    Char(char),
    /// A character that is never a wildcard, from `${*}`.
    Literal(char),
    /// A variable with its default.
    Variable(String, Option<String>),
}

/// Reads a text; `${…}` only in documents that have variables.
pub(super) fn symbols(text: &str, variables: bool) -> Vec<Symbol> {
    let chars: Vec<char> = text.chars().collect();
    let mut symbols = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        if variables && c == '$' && chars.get(at + 1) == Some(&'{') {
            if let Some(end) = closing(&chars, at + 2) {
                let inside: String = chars.iter().take(end).skip(at + 2).collect();
                symbols.push(special(&inside));
                at = end + 1;
                continue;
            }
            // Without an end, all that follows is plain.
            symbols.extend(chars.iter().skip(at).map(|c| plain(*c)));
            break;
        }
        symbols.push(plain(c));
        at += 1;
    }
    symbols
}

fn plain(c: char) -> Symbol {
    match c {
        '*' => Symbol::Star,
        '?' => Symbol::One,
        other => Symbol::Char(other),
    }
}

/// The brace that closes a variable: the first, unless a quoted default opens before it and ends.
fn closing(chars: &[char], from: usize) -> Option<usize> {
    let find = |wanted: char, from: usize| (from..chars.len()).find(|at| chars.get(*at) == Some(&wanted));
    let brace = find('}', from)?;
    match find('\'', from) {
        Some(open) if open < brace => find('\'', open + 1).and_then(|close| find('}', close)).or(Some(brace)),
        _ => Some(brace),
    }
}

fn special(inside: &str) -> Symbol {
    match inside {
        "*" => Symbol::Literal('*'),
        "?" => Symbol::Literal('?'),
        "$" => Symbol::Literal('$'),
        _ => {
            let mut parts = inside.splitn(2, ',');
            let key = parts.next().unwrap_or_default().trim().to_owned();
            let default = parts
                .next()
                .map(str::trim)
                .filter(|text| text.chars().count() >= 2 && text.starts_with('\'') && text.ends_with('\''));
            Symbol::Variable(
                key,
                default.map(|text| text.chars().skip(1).take(text.chars().count() - 2).collect()),
            )
        }
    }
}

/// Splits symbols at colons into at most `count` parts; the last keeps its colons.
pub(super) fn split_at_colons(symbols: &[Symbol], count: usize) -> Vec<Vec<Symbol>> {
    let mut parts = vec![Vec::new()];
    for symbol in symbols {
        if *symbol == Symbol::Char(':') && parts.len() < count {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(symbol.clone());
        }
    }
    parts
}

/// Stars, question marks and characters.
pub(super) struct Pattern(Vec<Symbol>);

impl Pattern {
    /// A pattern of a text without variables.
    pub(super) fn wild(text: &str) -> Self {
        Self(symbols(text, false))
    }

    /// Fills variables in with literal text; `None` when one has no value and no default.
    pub(super) fn filled(symbols: &[Symbol], context: &dyn Context) -> Option<Self> {
        let mut filled = Vec::new();
        for symbol in symbols {
            match symbol {
                Symbol::Variable(key, default) => {
                    let value = context
                        .get(Key::parse(key))
                        .filter(|value| !matches!(value, Value::List(_)));
                    let text = value
                        .and_then(|value| value.texts().pop())
                        .or_else(|| default.clone())?;
                    filled.extend(text.chars().map(Symbol::Literal));
                }
                other => filled.push(other.clone()),
            }
        }
        Some(Self(filled))
    }

    /// The same pattern with every wildcard a plain character.
    pub(super) fn without_wildcards(self) -> String {
        let plain = self.0.iter().map(|symbol| match symbol {
            Symbol::Star => '*',
            Symbol::One => '?',
            Symbol::Char(c) | Symbol::Literal(c) => *c,
            Symbol::Variable(..) => '\u{0}',
        });
        plain.collect()
    }

    /// Whether the pattern matches the whole text: row by row, which prefixes of the text can be matched so far.
    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut reached = vec![false; chars.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        for symbol in &self.0 {
            let mut next = vec![false; chars.len() + 1];
            for (length, next) in next.iter_mut().enumerate() {
                let shorter = length.checked_sub(1);
                let step = shorter.and_then(|at| reached.get(at)) == Some(&true);
                let there = shorter.and_then(|at| chars.get(at)).copied();
                *next = match symbol {
                    Symbol::Star => reached.iter().take(length + 1).any(|reached| *reached),
                    Symbol::One => step,
                    Symbol::Char(c) | Symbol::Literal(c) => step && there == Some(*c),
                    Symbol::Variable(..) => false,
                };
            }
            reached = next;
        }
        reached.last() == Some(&true)
    }
}
