//! Patterns of the models: matched against the whole text, compiled when first used.

use std::sync::OnceLock;

/// A pattern as the model has it, and as this program's engine reads it.
#[derive(Debug)]
pub struct Pattern {
    /// The model's text, which messages show.
    pub source: &'static str,
    /// The same meaning in the syntax of the `regex` crate.
    translated: &'static str,
    matcher: OnceLock<Matcher>,
}

#[derive(Debug)]
enum Matcher {
    /// `[…]*` and the like over ASCII: a set of characters and a range of lengths.
    Class { set: u128, least: usize, most: usize },
    /// Everything else.
    Regex(regex::Regex),
    /// A pattern that does not compile; code generation refuses those, so that this is never reached.
    Broken,
}

impl Pattern {
    /// A pattern and its translation.
    pub const fn new(source: &'static str, translated: &'static str) -> Self {
        Self {
            source,
            translated,
            matcher: OnceLock::new(),
        }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self.matcher.get_or_init(|| compile(self.translated)) {
            Matcher::Class { set, least, most } => {
                let bytes = text.as_bytes();
                bytes.len() >= *least && bytes.len() <= *most && bytes.iter().all(|b| *b < 128 && set & (1 << *b) != 0)
            }
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::Broken => false,
        }
    }

    /// Whether the pattern compiles; code generation asks.
    pub fn compiles(translated: &str) -> Result<(), String> {
        if simple_class(translated).is_some() {
            return Ok(());
        }
        regex::Regex::new(&anchored(translated))
            .map(|_| ())
            .map_err(|why| why.to_string())
    }
}

fn anchored(pattern: &str) -> String {
    format!(r"\A(?:{pattern})\z")
}

fn compile(pattern: &str) -> Matcher {
    if let Some((set, least, most)) = simple_class(pattern) {
        return Matcher::Class { set, least, most };
    }
    regex::Regex::new(&anchored(pattern)).map_or(Matcher::Broken, Matcher::Regex)
}

/// Reads `[…]+`, `[…]*`, `[…]{a,b}` over plain ASCII, with or without anchors.
fn simple_class(pattern: &str) -> Option<(u128, usize, usize)> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let inner = pattern.strip_prefix('[')?;
    if inner.starts_with('^') || !inner.is_ascii() || inner.contains("--") {
        return None;
    }
    let mut class = Class::default();
    let mut bytes = inner.bytes();
    loop {
        match bytes.next()? {
            b']' => break,
            b'[' | b'&' | b'~' => return None,
            b'\\' => match bytes.next()? {
                c if c.is_ascii_punctuation() => class.one(c)?,
                b'n' => class.one(b'\n')?,
                b'r' => class.one(b'\r')?,
                b't' => class.one(b'\t')?,
                _ => return None,
            },
            b'-' if class.before.is_some() && !class.range && bytes.clone().next() != Some(b']') => class.range = true,
            c => class.one(c)?,
        }
    }
    if class.range {
        return None;
    }
    let set = class.set;
    let quantifier: Vec<u8> = bytes.collect();
    let quantifier = std::str::from_utf8(&quantifier).ok()?;
    let (least, most) = match quantifier {
        "" => (1, 1),
        "+" => (1, usize::MAX),
        "*" => (0, usize::MAX),
        other => {
            let inner = other.strip_prefix('{')?.strip_suffix('}')?;
            match inner.split_once(',') {
                None => {
                    let n = inner.parse().ok()?;
                    (n, n)
                }
                Some((a, "")) => (a.parse().ok()?, usize::MAX),
                Some((a, b)) => (a.parse().ok()?, b.parse().ok()?),
            }
        }
    };
    Some((set, least, most))
}

/// A set of characters while it is read.
#[derive(Default)]
struct Class {
    set: u128,
    before: Option<u8>,
    range: bool,
}

impl Class {
    /// Takes a character, or the end of a range.
    fn one(&mut self, c: u8) -> Option<()> {
        if self.range {
            let from = self.before.take()?;
            if from > c {
                return None;
            }
            for b in from..=c {
                self.set |= 1 << b;
            }
            self.range = false;
        } else {
            self.set |= 1 << c;
            self.before = Some(c);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simple_class_needs_no_engine() {
        assert!(simple_class(r"[0-9A-Za-z_+=,.@-]+").is_some());
        assert!(simple_class(r"^[a-z]{2,4}$").is_some());
        assert!(simple_class(r"[^a]+").is_none());
        assert!(simple_class(r"[a]+|[b]+").is_none());
        assert!(simple_class(r"[\p{L}]+").is_none());
    }

    #[test]
    fn a_class_and_the_engine_agree() {
        for pattern in [
            "[0-9A-Za-z_+=,.@-]+",
            r"[a-c\-x]*",
            "[a-]{2}",
            "[-a]{1,3}",
            r"^[a\]b]{2,}$",
            "[a-z]",
        ] {
            let regex = regex::Regex::new(&anchored(pattern)).unwrap();
            let (set, least, most) = simple_class(pattern).unwrap();
            for text in ["", "a", "ab", "-", "a-", "x]", "]b", "äb", "abcd", "a b", "A9_@", "a\n"] {
                let fast =
                    text.len() >= least && text.len() <= most && text.bytes().all(|b| b < 128 && set & (1 << b) != 0);
                assert_eq!(fast, regex.is_match(text), "{pattern} on {text:?}");
            }
        }
    }

    #[test]
    fn the_whole_text_must_match() {
        let pattern = Pattern::new("x", "a|ab");
        assert!(pattern.matches("ab"));
        assert!(!pattern.matches("abc"));
    }
}
