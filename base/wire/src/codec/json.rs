//! JSON bodies.

use std::borrow::Cow;

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use super::text;
use crate::check::Check;
use crate::error::{Malformed, Read};
use crate::limits::MAX_DEPTH;
use crate::schema::{Location, Member, Shape, TimestampFormat};
use crate::value::{Reader, Structure, Value, Writer, read_member};

/// Reads one JSON document.
pub struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    check: &'a mut Check,
    /// Members bound elsewhere do not stand in the body.
    bound: bool,
    format: Option<TimestampFormat>,
}

impl<'a> JsonReader<'a> {
    /// A reader at the start; blank text reads as `{}`.
    pub fn new(text: &'a str, check: &'a mut Check, bound: bool) -> Self {
        let blank = text.bytes().all(|b| b.is_ascii_whitespace());
        Self {
            text: if blank { "{}" } else { text },
            at: 0,
            depth: 0,
            check,
            bound,
            format: None,
        }
    }

    /// Fails when something follows the document.
    pub fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Malformed::new("something follows the document")),
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips blanks and looks at the next byte.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let Some(b) = self.byte() {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(b);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, want: u8, why: &'static str) -> Read<()> {
        if self.peek() == Some(want) {
            self.at += 1;
            return Ok(());
        }
        Err(Malformed::new(why))
    }

    fn down(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Malformed::new("the document is nested too deeply"));
        }
        Ok(())
    }

    /// After an element: whether another follows; consumes the closing byte otherwise.
    #[inline]
    fn more(&mut self, close: u8) -> Read<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(b) if b == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => Err(Malformed::new("a comma or a closing bracket was expected")),
        }
    }

    /// Opens an object or array: whether anything is in it.
    #[inline]
    fn open(&mut self, open: u8, close: u8, why: &'static str) -> Read<bool> {
        self.take(open, why)?;
        self.down()?;
        if self.peek() == Some(close) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads a string; borrowed where it has no escapes.
    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.take(b'"', "a string was expected")?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at = start + plain(rest);
        if self.at == self.text.len() {
            return Err(Malformed::new("a string does not end"));
        }
        let head = self.text.get(start..self.at).unwrap_or_default();
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(head));
        }
        self.escaped(head.to_owned()).map(Cow::Owned)
    }

    /// Reads on after the first escape.
    fn escaped(&mut self, mut out: String) -> Read<String> {
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                }
                Some(b) if b < 0x20 => return Err(Malformed::new("a control character stands in a string")),
                Some(_) => {
                    let start = self.at;
                    while self.byte().is_some_and(|b| STOPS.get(b as usize) == Some(&false)) {
                        self.at += 1;
                    }
                    out.push_str(self.text.get(start..self.at).unwrap_or_default());
                }
                None => return Err(Malformed::new("a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let bad = || Malformed::new("an escape in a string is broken");
        let b = self.byte().ok_or_else(bad)?;
        self.at += 1;
        Ok(match b {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit().ok_or_else(bad)?;
                if (0xD800..0xDC00).contains(&first) {
                    let pair = self.text.get(self.at..self.at + 2) == Some("\\u");
                    self.at += 2;
                    let second = self
                        .unit()
                        .filter(|u| pair && (0xDC00..0xE000).contains(u))
                        .ok_or_else(bad)?;
                    char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or_else(bad)?
                } else {
                    char::from_u32(first).ok_or_else(bad)?
                }
            }
            _ => return Err(bad()),
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Reads a number's text.
    fn number(&mut self) -> Read<&'a str> {
        self.peek();
        let start = self.at;
        while self
            .byte()
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            self.at += 1;
        }
        let token = self.text.get(start..self.at).unwrap_or_default();
        if is_number(token) {
            return Ok(token);
        }
        Err(Malformed::new("a number was expected"))
    }

    fn word(&mut self, word: &str) -> bool {
        self.peek();
        let hit = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if hit {
            self.at += word.len();
        }
        hit
    }

    /// Passes over any value.
    fn skip(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'{') => {
                let mut more = self.open(b'{', b'}', "")?;
                while more {
                    self.string()?;
                    self.take(b':', "a colon was expected")?;
                    self.skip()?;
                    more = self.more(b'}')?;
                    if more && self.peek() != Some(b'"') {
                        return Err(Malformed::new("a name was expected"));
                    }
                }
                Ok(())
            }
            Some(b'[') => {
                let mut more = self.open(b'[', b']', "")?;
                while more {
                    self.skip()?;
                    more = self.more(b']')?;
                }
                Ok(())
            }
            Some(b'"') => self.string().map(drop),
            Some(b't') if self.word("true") => Ok(()),
            Some(b'f') if self.word("false") => Ok(()),
            Some(b'n') if self.word("null") => Ok(()),
            _ => self.number().map(drop),
        }
    }
}

/// Bytes that end the plain part of a string.
#[expect(
    clippy::indexing_slicing,
    reason = "computed when compiled, where an index out of range is an error"
)]
static STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut b = 0;
    while b < 0x20 {
        stops[b] = true;
        b += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    stops
};

/// How many bytes stand before the first one that ends the plain part of a string; eight are looked at together.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut len = 0;
    let (chunks, _) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_ne_bytes(*chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        let found = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash);
        if found & HIGHS != 0 {
            break;
        }
        len += 8;
    }
    let rest = bytes.get(len..).unwrap_or_default();
    len + rest
        .iter()
        .position(|b| STOPS.get(*b as usize) == Some(&true))
        .unwrap_or(rest.len())
}

/// Whether it is a number by JSON's grammar.
fn is_number(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

impl Reader for JsonReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }

    fn members(&mut self, shape: &'static Shape, target: &mut dyn Structure, seen: &mut u128) -> Read<()> {
        let mut more = self.open(b'{', b'}', "an object was expected")?;
        let mut next = 0;
        let mut unknown = false;
        while more {
            let key = self.string()?;
            self.take(b':', "a colon was expected")?;
            let found = match shape.members.get(next) {
                Some(member) if member.wire == key => Some((next, member)),
                _ => shape.members.iter().enumerate().find(|(_, member)| member.wire == key),
            };
            match found.filter(|(_, m)| !self.bound || m.location == Location::Body) {
                Some((at, member)) => {
                    next = at + 1;
                    if !self.null() {
                        self.format = member.timestamp;
                        read_member(self, at, member, target, seen)?;
                    }
                }
                None => {
                    if !self.null() {
                        unknown |= key != "__type";
                        self.skip()?;
                    }
                }
            }
            more = self.more(b'}')?;
        }
        self.check.unknown(unknown);
        Ok(())
    }

    fn list(&mut self, shape: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        let mut more = self.open(b'[', b']', "an array was expected")?;
        let format = shape.element().and_then(|m| m.timestamp);
        while more {
            if !shape.sparse && self.null() {
                if self.check.strict() {
                    return Err(Malformed::new("a list holds a null"));
                }
            } else {
                self.format = format;
                each(self)?;
            }
            more = self.more(b']')?;
        }
        Ok(())
    }

    fn map(&mut self, shape: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        let mut more = self.open(b'{', b'}', "an object was expected")?;
        let format = shape.entry().and_then(|(_, m)| m.timestamp);
        while more {
            let key = self.string()?.into_owned();
            self.take(b':', "a colon was expected")?;
            if shape.sparse || !self.null() {
                self.format = format;
                each(key, self)?;
            } else if self.check.strict() {
                return Err(Malformed::new("a map holds a null"));
            }
            more = self.more(b'}')?;
        }
        Ok(())
    }

    fn text(&mut self) -> Read<String> {
        self.string().map(Cow::into_owned)
    }

    fn boolean(&mut self) -> Read<bool> {
        if self.word("true") {
            Ok(true)
        } else if self.word("false") {
            Ok(false)
        } else {
            Err(Malformed::new("a boolean was expected"))
        }
    }

    fn integer(&mut self) -> Read<i64> {
        let token = self.number()?;
        text::integer(token).or_else(|why| {
            if self.check.strict() {
                return Err(why);
            }
            // A whole number in a float's clothes.
            let whole = token.strip_suffix(".0").ok_or(why)?;
            text::integer(whole)
        })
    }

    fn float(&mut self) -> Read<f64> {
        if self.peek() == Some(b'"') {
            let word = self.string()?;
            return match &*word {
                "NaN" | "Infinity" | "-Infinity" => text::float(&word),
                _ => Err(Malformed::new("a number was expected")),
            };
        }
        text::float(self.number()?)
    }

    fn blob(&mut self) -> Read<Bytes> {
        text::blob(&self.string()?)
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        let format = self.format.unwrap_or(TimestampFormat::Epoch);
        if self.peek() == Some(b'"') {
            let written = self.string()?;
            if self.check.strict() && format == TimestampFormat::Epoch {
                return Err(Malformed::new("a timestamp was expected as a number"));
            }
            return text::timestamp(&written, format, self.check.strict());
        }
        if self.check.strict() && format != TimestampFormat::Epoch {
            return Err(Malformed::new("a timestamp was expected as text"));
        }
        let seconds = text::float(self.number()?)?;
        Timestamp::from_secs_f64(seconds).ok_or_else(|| Malformed::new("a timestamp is out of range"))
    }

    fn document(&mut self) -> Read<serde_json::Value> {
        self.peek();
        let start = self.at;
        self.skip()?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(text).map_err(|why| Malformed::new(why.to_string()))
    }

    fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null")
    }
}

/// Writes one JSON document.
#[derive(Default)]
pub struct JsonWriter {
    out: Vec<u8>,
    /// Whether a comma is due before the next name or element.
    comma: bool,
    /// Members bound elsewhere are not for the body.
    bound: bool,
    format: Option<TimestampFormat>,
}

impl JsonWriter {
    /// A writer; `bound` leaves out members that stand elsewhere in the message.
    pub fn new(bound: bool) -> Self {
        Self {
            out: Vec::with_capacity(512),
            bound,
            ..Self::default()
        }
    }

    /// What was written.
    pub fn finish(self) -> Bytes {
        Bytes::from(self.out)
    }

    /// Writes a member with a text.
    pub fn pair(&mut self, name: &str, value: &str) {
        self.name(name);
        push_string(&mut self.out, value);
        self.comma = true;
    }

    /// Opens an object.
    pub fn open(&mut self) {
        self.out.push(b'{');
        self.comma = false;
    }

    /// Closes an object.
    pub fn close(&mut self) {
        self.out.push(b'}');
        self.comma = true;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = false;
    }

    fn name(&mut self, name: &str) {
        self.separate();
        push_string(&mut self.out, name);
        self.out.push(b':');
    }
}

/// Writes a JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (head, tail) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(head);
        let Some((b, after)) = tail.split_first() else { break };
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        rest = after;
    }
    out.push(b'"');
}

impl Writer for JsonWriter {
    fn structure(&mut self, shape: &'static Shape, value: &dyn Structure) {
        self.open();
        value.write(shape.members, self);
        self.close();
    }

    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        if self.bound && member.location != Location::Body {
            return;
        }
        self.separate();
        // Names of the models need no escapes.
        self.out.push(b'"');
        self.out.extend_from_slice(member.wire.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.format = member.timestamp;
        value.write(member.shape, self);
    }

    fn list(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.out.push(b'[');
        self.comma = false;
        fill(self);
        self.out.push(b']');
        self.comma = true;
    }

    fn element(&mut self, element: &'static Member, value: &dyn Value) {
        self.separate();
        self.format = element.timestamp;
        value.write(element.shape, self);
    }

    fn map(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.open();
        fill(self);
        self.close();
    }

    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value) {
        let Some((_, element)) = shape.entry() else { return };
        self.name(key);
        self.format = element.timestamp;
        value.write(element.shape, self);
    }

    fn text(&mut self, _: &'static Shape, value: &str) {
        push_string(&mut self.out, value);
        self.comma = true;
    }

    fn boolean(&mut self, _: &'static Shape, value: bool) {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self.comma = true;
    }

    fn integer(&mut self, _: &'static Shape, value: i64) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.comma = true;
    }

    fn float(&mut self, _: &'static Shape, value: f64) {
        if value.is_finite() {
            text::push_float(&mut self.out, value);
        } else {
            self.out.push(b'"');
            text::push_float(&mut self.out, value);
            self.out.push(b'"');
        }
        self.comma = true;
    }

    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        push_string(&mut self.out, &text::base64(value));
        self.comma = true;
    }

    fn timestamp(&mut self, _: &'static Shape, value: Timestamp) {
        match self.format.unwrap_or(TimestampFormat::Epoch) {
            TimestampFormat::Epoch => text::push_epoch(&mut self.out, value),
            format => push_string(&mut self.out, &text::format(value, format)),
        }
        self.comma = true;
    }

    fn document(&mut self, _: &'static Shape, value: &serde_json::Value) {
        self.out.extend_from_slice(value.to_string().as_bytes());
        self.comma = true;
    }

    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
        self.comma = true;
    }
}
