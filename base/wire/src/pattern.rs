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
    /// The engine for texts that a class alone cannot decide.
    engine: OnceLock<Option<regex::Regex>>,
}

#[derive(Debug)]
enum Matcher {
    /// `[…]*` and the like: needs no engine.
    Class(Class),
    /// Everything else.
    Engine,
}

impl Pattern {
    /// A pattern and its translation.
    pub const fn new(source: &'static str, translated: &'static str) -> Self {
        Self {
            source,
            translated,
            matcher: OnceLock::new(),
            engine: OnceLock::new(),
        }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let decided = match self.matcher.get_or_init(|| compile(self.translated)) {
            Matcher::Class(class) => class.matches(text),
            Matcher::Engine => None,
        };
        decided.unwrap_or_else(|| self.engine_matches(text))
    }

    /// Asks the engine; a pattern that does not compile matches nothing, and code generation refuses those.
    fn engine_matches(&self, text: &str) -> bool {
        let engine = self
            .engine
            .get_or_init(|| regex::Regex::new(&anchored(self.translated)).ok());
        engine.as_ref().is_some_and(|engine| engine.is_match(text))
    }

    /// Whether the pattern compiles; code generation asks.
    pub fn compiles(translated: &str) -> Result<(), String> {
        regex::Regex::new(&anchored(translated))
            .map(|_| ())
            .map_err(|why| why.to_string())
    }
}

fn anchored(pattern: &str) -> String {
    format!(r"\A(?:{pattern})\z")
}

fn compile(pattern: &str) -> Matcher {
    Class::parse(pattern).map_or(Matcher::Engine, Matcher::Class)
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
    /// Whether a Unicode category is in it, so that only texts of ASCII can be decided here.
    ascii_only: bool,
    /// While it is read: the character before, which a hyphen may make the start of a range.
    before: Option<char>,
    range: bool,
}

impl Class {
    /// Whether the text is of the class; nothing when the class cannot tell.
    fn matches(&self, text: &str) -> Option<bool> {
        let mut count = 0;
        for c in text.chars() {
            let inside = if c.is_ascii() {
                self.set & (1 << (c as u32)) != 0
            } else if self.ascii_only {
                return None;
            } else {
                self.wide.iter().any(|(from, to)| (*from..=*to).contains(&c))
            };
            if !inside {
                return Some(false);
            }
            count += 1;
        }
        Some(count >= self.least && count <= self.most)
    }

    /// Takes what ASCII has of a Unicode category.
    fn category(&mut self, name: &str) -> Option<()> {
        match name {
            "L" => {
                self.add('A', 'Z');
                self.add('a', 'z');
            }
            "N" => self.add('0', '9'),
            "Z" => self.add(' ', ' '),
            _ => return None,
        }
        self.ascii_only = true;
        self.before = None;
        Some(())
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
        let grouped = pattern.strip_prefix('(').and_then(|p| p.strip_suffix(')'));
        let inner = grouped.unwrap_or(pattern).strip_prefix('[')?;
        if inner.starts_with('^') || inner.contains("--") {
            return None;
        }
        let mut class = Self::default();
        let mut chars = inner.chars();
        loop {
            match chars.next()? {
                ']' => break,
                '[' | '&' | '~' => return None,
                '\\' if chars.as_str().starts_with("p{") => {
                    let (name, rest) = chars.as_str().get(2..)?.split_once('}')?;
                    if class.range {
                        return None;
                    }
                    class.category(name)?;
                    chars = rest.chars();
                }
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
        assert!(Class::parse(r"[\p{Lu}]+").is_none());
        assert!(Class::parse(r"([a]+)+").is_none());
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
            r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)",
            "^([a-z-]+)$",
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
                let fast = class.matches(text).unwrap_or(regex.is_match(text));
                assert_eq!(fast, regex.is_match(text), "{pattern} on {text:?}");
            }
        }
    }

    #[test]
    fn letters_of_all_scripts_are_letters() {
        let pattern = Pattern::new("", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+");
        for (text, want) in [
            ("team a", true),
            ("größe", true),
            ("団体", true),
            ("a!", false),
            ("ä!", false),
            ("", false),
        ] {
            assert_eq!(pattern.matches(text), want, "{text}");
        }
    }

    #[test]
    fn the_whole_text_must_match() {
        let pattern = Pattern::new("x", "a|ab");
        assert!(pattern.matches("ab"));
        assert!(!pattern.matches("abc"));
    }
}
