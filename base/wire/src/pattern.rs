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
    /// `[…]*` and the like: needs no engine.
    Class(Class),
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
            Matcher::Class(class) => class.matches(text),
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::Broken => false,
        }
    }

    /// Whether the pattern compiles; code generation asks.
    pub fn compiles(translated: &str) -> Result<(), String> {
        if Class::parse(translated).is_some() {
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
    if let Some(class) = Class::parse(pattern) {
        return Matcher::Class(class);
    }
    regex::Regex::new(&anchored(pattern)).map_or(Matcher::Broken, Matcher::Regex)
}

/// A set of characters and how many of them a text must have.
#[derive(Debug, Default)]
struct Class {
    /// The characters below U+0080.
    set: u128,
    /// Ranges above.
    wide: Vec<(char, char)>,
    least: usize,
    most: usize,
    /// While it is read: the character before, which a hyphen may make the start of a range.
    before: Option<char>,
    range: bool,
}

impl Class {
    fn matches(&self, text: &str) -> bool {
        let mut count = 0;
        for c in text.chars() {
            let inside = if c.is_ascii() {
                self.set & (1 << (c as u32)) != 0
            } else {
                self.wide.iter().any(|(from, to)| (*from..=*to).contains(&c))
            };
            if !inside {
                return false;
            }
            count += 1;
        }
        count >= self.least && count <= self.most
    }

    /// Takes a character, or the end of a range.
    fn one(&mut self, c: char) -> Option<()> {
        if !self.range {
            self.add(c, c);
            self.before = Some(c);
            return Some(());
        }
        let from = self.before.take()?;
        if from > c {
            return None;
        }
        self.add(from, c);
        self.range = false;
        Some(())
    }

    fn add(&mut self, from: char, to: char) {
        for c in (from as u32)..=(to as u32).min(0x7f) {
            self.set |= 1 << c;
        }
        if !to.is_ascii() {
            self.wide.push((from.max('\u{80}'), to));
        }
    }

    /// Reads `[…]+`, `[…]*`, `[…]{a,b}` of plain characters and ranges, with or without anchors; nothing else.
    fn parse(pattern: &str) -> Option<Self> {
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
        let inner = pattern.strip_prefix('[')?;
        if inner.starts_with('^') || inner.contains("--") {
            return None;
        }
        let mut class = Self::default();
        let mut chars = inner.chars();
        loop {
            match chars.next()? {
                ']' => break,
                '[' | '&' | '~' => return None,
                '\\' => {
                    let c = match chars.next()? {
                        c if c.is_ascii_punctuation() => c,
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'x' => {
                            let digits = match chars.as_str().strip_prefix('{') {
                                Some(rest) => rest.split_once('}')?.0,
                                None => chars.as_str().get(..2)?,
                            };
                            let skip = digits.len() + if chars.as_str().starts_with('{') { 2 } else { 0 };
                            chars = chars.as_str().get(skip..)?.chars();
                            char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                        }
                        _ => return None,
                    };
                    class.one(c)?;
                }
                '-' if class.before.is_some() && !class.range && !chars.as_str().starts_with(']') => {
                    class.range = true;
                }
                c => class.one(c)?,
            }
        }
        if class.range {
            return None;
        }
        (class.least, class.most) = match chars.as_str() {
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
        Some(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simple_class_needs_no_engine() {
        assert!(Class::parse(r"[0-9A-Za-z_+=,.@-]+").is_some());
        assert!(Class::parse(r"^[a-z]{2,4}$").is_some());
        assert!(Class::parse(r"[^a]+").is_none());
        assert!(Class::parse(r"[a]+|[b]+").is_none());
        assert!(Class::parse(r"[\p{L}]+").is_none());
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
            r"[\x{9}\x{20}-\x{FF}]+",
            r"[\x20-\x{D7FF}\x{10000}-\x{10FFFF}\r\n]*",
        ] {
            let regex = regex::Regex::new(&anchored(pattern)).unwrap();
            let class = Class::parse(pattern).unwrap();
            for text in [
                "",
                "a",
                "ab",
                "-",
                "a-",
                "x]",
                "]b",
                "äb",
                "ä",
                "abcd",
                "a b",
                "A9_@",
                "a\n",
                "\u{7f}",
                "\u{1F600}",
            ] {
                let fast = class.matches(text);
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
