//! The condition keys of a request and their values, asked for one at a time.

use std::fmt::{self, Write};
use std::net::IpAddr;

use crate::date;
use crate::key::Key;

/// The request's condition keys, computed when a live statement asks.
///
/// Absent is `None`; a key with the empty text as value exists. The engine adds no key of its own: what a policy can
/// test is what the context gives.
pub trait Context {
    /// The value of `key`, or `None` when the request does not have the key.
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>>;
}

/// A context without any key.
impl Context for () {
    fn get<'a>(&'a self, _key: Key<'_>) -> Option<Value<'a>> {
        None
    }
}

/// The value of a condition key.
///
/// The typed forms save writing and parsing text; every operator treats them as the text that [`Value::texts`] gives.
#[derive(Clone)]
pub enum Value<'a> {
    /// A text.
    Str(&'a str),
    /// A text made for this question.
    Text(String),
    /// The values of a multivalued key; an empty list counts as an absent key.
    List(&'a dyn Strings),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// An instant, in milliseconds since the epoch; as text `2026-01-01T00:00:00Z`.
    Time(i64),
    /// An address.
    Ip(IpAddr),
}

impl Value<'_> {
    /// All values as text, in order.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::List(list) => (0..list.count()).map(|at| list.at(at).to_owned()).collect(),
            single => {
                let mut text = TextBuffer::new();
                vec![single.text(&mut text).to_owned()]
            }
        }
    }

    /// The text of a single value; a list has none (empty).
    pub(crate) fn text<'b>(&'b self, buffer: &'b mut TextBuffer) -> &'b str {
        let written = match self {
            Self::Str(text) => return text,
            Self::Text(text) => return text,
            Self::List(_) => return "",
            Self::Bool(true) => return "true",
            Self::Bool(false) => return "false",
            Self::Number(number) => write!(buffer, "{number}"),
            Self::Ip(address) => write!(buffer, "{address}"),
            Self::Time(millis) => date::write(*millis, buffer),
        };
        debug_assert!(written.is_ok(), "the buffer holds every scalar");
        buffer.as_str()
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.texts()).finish()
    }
}

/// The values of a multivalued key, such as the keys of the tags in a request.
pub trait Strings {
    /// How many values there are.
    fn count(&self) -> usize;
    /// The value at `at`, which is below [`Strings::count`].
    fn at(&self, at: usize) -> &str;
}

impl<S: AsRef<str>> Strings for Vec<S> {
    fn count(&self) -> usize {
        self.len()
    }
    fn at(&self, at: usize) -> &str {
        self.get(at).map(AsRef::as_ref).unwrap_or_default()
    }
}

impl<S: AsRef<str>> Strings for &[S] {
    fn count(&self) -> usize {
        self.len()
    }
    fn at(&self, at: usize) -> &str {
        self.get(at).map(AsRef::as_ref).unwrap_or_default()
    }
}

impl<S: AsRef<str>, const N: usize> Strings for [S; N] {
    fn count(&self) -> usize {
        N
    }
    fn at(&self, at: usize) -> &str {
        self.get(at).map(AsRef::as_ref).unwrap_or_default()
    }
}

/// A context held in a list, for simulations, tests and small programs.
#[derive(Clone, Debug, Default)]
pub struct MapContext {
    entries: Vec<(String, Entry)>,
}

#[derive(Clone, Debug)]
enum Entry {
    One(String),
    Many(Vec<String>),
}

impl MapContext {
    /// A context without any key.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same context with a single-valued key; names are compared without regard to case, the last one wins.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// The same context with a multivalued key.
    #[must_use]
    pub fn with_list(mut self, key: impl Into<String>, values: Vec<String>) -> Self {
        self.set_list(key, values);
        self
    }

    /// Sets a single-valued key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.insert(key.into(), Entry::One(value.into()));
    }

    /// Sets a multivalued key.
    pub fn set_list(&mut self, key: impl Into<String>, values: Vec<String>) {
        self.insert(key.into(), Entry::Many(values));
    }

    fn insert(&mut self, key: String, entry: Entry) {
        self.entries.retain(|(known, _)| !known.eq_ignore_ascii_case(&key));
        self.entries.push((key, entry));
    }

    /// The names of the keys, in the order of their setting.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }
}

impl Context for MapContext {
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>> {
        self.entries
            .iter()
            .find(|(name, _)| key.is_named(name))
            .map(|(_, entry)| match entry {
                Entry::One(text) => Value::Str(text),
                Entry::Many(list) => Value::List(list),
            })
    }
}

/// Room for the text of any scalar, so that none needs the heap.
pub(crate) struct TextBuffer {
    bytes: [u8; 64],
    length: usize,
}

impl TextBuffer {
    pub(crate) fn new() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }

    fn as_str(&self) -> &str {
        self.bytes
            .get(..self.length)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
