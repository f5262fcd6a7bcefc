//! Members that stand in the path, the query string, the headers or the status line.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use super::text;
use crate::check::Check;
use crate::error::{Malformed, Read};
use crate::message::{Request, Response};
use crate::schema::{Kind, Location, Member, Shape, TimestampFormat};
use crate::uri;
use crate::value::{Reader, Structure, Value, Writer, read_member};

/// Reads texts: one for a scalar, many for a list.
pub(crate) struct TextReader<'t> {
    values: Vec<Cow<'t, str>>,
    at: usize,
    check: &'t mut Check,
    format: TimestampFormat,
}

impl<'t> TextReader<'t> {
    pub(crate) fn new(values: Vec<Cow<'t, str>>, check: &'t mut Check, format: TimestampFormat) -> Self {
        Self {
            values,
            at: 0,
            check,
            format,
        }
    }

    fn value(&self) -> Read<&str> {
        self.values
            .get(self.at)
            .map(|value| &**value)
            .ok_or_else(|| Malformed::new("a value was expected"))
    }
}

impl Reader for TextReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }

    fn members(&mut self, _: &'static Shape, _: &mut dyn Structure, _: &mut u128) -> Read<()> {
        Err(Malformed::new("a structure cannot stand outside of the body"))
    }

    fn list(&mut self, _: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        for at in 0..self.values.len() {
            self.at = at;
            each(self)?;
        }
        Ok(())
    }

    fn map(&mut self, _: &'static Shape, _: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        Err(Malformed::new("a map cannot stand here"))
    }

    fn text(&mut self) -> Read<String> {
        self.value().map(str::to_owned)
    }

    fn boolean(&mut self) -> Read<bool> {
        text::boolean(self.value()?, self.check.strict())
    }

    fn integer(&mut self) -> Read<i64> {
        text::integer(self.value()?)
    }

    fn float(&mut self) -> Read<f64> {
        text::float(self.value()?)
    }

    fn blob(&mut self) -> Read<Bytes> {
        text::blob(self.value()?)
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        text::timestamp(self.value()?, self.format, self.check.strict())
    }

    fn document(&mut self) -> Read<serde_json::Value> {
        serde_json::from_str(self.value()?).map_err(|why| Malformed::new(why.to_string()))
    }

    fn null(&mut self) -> bool {
        false
    }
}

/// Reads a map from names and texts.
struct EntriesReader<'t> {
    entries: BTreeMap<String, Vec<Cow<'t, str>>>,
    check: &'t mut Check,
}

impl Reader for EntriesReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }
    fn members(&mut self, _: &'static Shape, _: &mut dyn Structure, _: &mut u128) -> Read<()> {
        Err(no_map())
    }
    fn list(&mut self, _: &'static Shape, _: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        Err(no_map())
    }
    fn map(&mut self, _: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        for (key, values) in std::mem::take(&mut self.entries) {
            let mut reader = TextReader::new(values, self.check, TimestampFormat::Iso8601);
            each(key, &mut reader)?;
        }
        Ok(())
    }
    fn text(&mut self) -> Read<String> {
        Err(no_map())
    }
    fn boolean(&mut self) -> Read<bool> {
        Err(no_map())
    }
    fn integer(&mut self) -> Read<i64> {
        Err(no_map())
    }
    fn float(&mut self) -> Read<f64> {
        Err(no_map())
    }
    fn blob(&mut self) -> Read<Bytes> {
        Err(no_map())
    }
    fn timestamp(&mut self) -> Read<Timestamp> {
        Err(no_map())
    }
    fn document(&mut self) -> Read<serde_json::Value> {
        Err(no_map())
    }
    fn null(&mut self) -> bool {
        false
    }
}

fn no_map() -> Malformed {
    Malformed::new("only a map can be read from many names")
}

/// Reads all members that stand outside of the body.
pub(crate) fn read(
    shape: &'static Shape,
    template: &'static str,
    request: &Request,
    target: &mut dyn Structure,
    check: &mut Check,
    seen: &mut u128,
) -> Read<()> {
    let query = request.uri.query().unwrap_or_default();
    let labels = uri::matches(template, request.uri.path(), query).unwrap_or_default();
    for (at, member) in shape.members.iter().enumerate() {
        let texts: Vec<Cow<'_, str>> = match member.location {
            Location::Label => {
                let label = labels.iter().find(|(name, _)| *name == member.wire);
                match label {
                    Some((_, raw)) => vec![uri::decode(raw, false).ok_or_else(broken)?],
                    None => continue,
                }
            }
            Location::Query if member.shape.kind == Kind::Map => {
                let mut entries: BTreeMap<String, Vec<Cow<'_, str>>> = BTreeMap::new();
                for (key, value) in uri::pairs(query) {
                    let key = uri::decode(key, true).ok_or_else(broken)?.into_owned();
                    let value = uri::decode(value, true).ok_or_else(broken)?;
                    entries.entry(key).or_default().push(value);
                }
                read_entries(at, member, entries, target, check, seen)?;
                continue;
            }
            Location::Query => {
                let mut texts = Vec::new();
                for (key, value) in uri::pairs(query) {
                    if uri::decode(key, true).ok_or_else(broken)? == member.wire {
                        texts.push(uri::decode(value, true).ok_or_else(broken)?);
                    }
                }
                if texts.is_empty() {
                    continue;
                }
                texts
            }
            Location::Header => match header(member, request)? {
                Some(texts) => texts,
                None => continue,
            },
            Location::PrefixHeaders => {
                let mut entries: BTreeMap<String, Vec<Cow<'_, str>>> = BTreeMap::new();
                let prefix = if member.named { member.wire } else { "" };
                for (name, value) in &request.headers {
                    let name = name.as_str();
                    let starts = name
                        .get(..prefix.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(prefix));
                    let rest = name.get(prefix.len()..).filter(|rest| starts && !rest.is_empty());
                    if let (Some(rest), Ok(value)) = (rest, value.to_str()) {
                        entries.insert(rest.to_owned(), vec![Cow::Borrowed(value)]);
                    }
                }
                if !entries.is_empty() {
                    read_entries(at, member, entries, target, check, seen)?;
                }
                continue;
            }
            Location::Body | Location::Status | Location::Payload => continue,
        };
        let format = format_of(member);
        let mut reader = TextReader::new(texts, check, format);
        read_member(&mut reader, at, member, target, seen)?;
    }
    Ok(())
}

fn broken() -> Malformed {
    Malformed::new("a broken escape stands in the address")
}

fn read_entries(
    at: usize,
    member: &'static Member,
    entries: BTreeMap<String, Vec<Cow<'_, str>>>,
    target: &mut dyn Structure,
    check: &mut Check,
    seen: &mut u128,
) -> Read<()> {
    let mut reader = EntriesReader { entries, check };
    read_member(&mut reader, at, member, target, seen)
}

/// The timestamp form of a bound member.
fn format_of(member: &Member) -> TimestampFormat {
    let element = member.shape.element().filter(|_| member.shape.kind == Kind::List);
    let own = member.timestamp.or_else(|| element.and_then(|e| e.timestamp));
    own.unwrap_or(match member.location {
        Location::Header => TimestampFormat::HttpDate,
        _ => TimestampFormat::Iso8601,
    })
}

/// Whether the text of a header is base64.
fn is_base64(member: &Member) -> bool {
    member.json_value || member.shape.media_type.is_some()
}

fn header<'r>(member: &'static Member, request: &'r Request) -> Read<Option<Vec<Cow<'r, str>>>> {
    let mut texts = Vec::new();
    let mut found = false;
    for value in request.headers.get_all(member.wire) {
        let value = value.to_str().map_err(|_| Malformed::new("a header is no text"))?;
        found = true;
        if member.shape.kind == Kind::List {
            split_header(value, format_of(member), member, &mut texts)?;
        } else if is_base64(member) {
            let bytes = text::blob(value)?;
            let decoded = String::from_utf8(bytes.to_vec()).map_err(|_| Malformed::new("a header is no text"))?;
            texts.push(Cow::Owned(decoded));
            break;
        } else {
            texts.push(Cow::Borrowed(value.trim()));
            break;
        }
    }
    Ok(found.then_some(texts))
}

/// Splits a header's list at its commas; quotes protect commas, HTTP dates have one each.
fn split_header<'r>(value: &'r str, format: TimestampFormat, member: &Member, out: &mut Vec<Cow<'r, str>>) -> Read<()> {
    let element = member.shape.element().map(|e| e.shape.kind);
    if element == Some(Kind::Timestamp) && format == TimestampFormat::HttpDate {
        let mut parts = value.split(',');
        while let Some(day) = parts.next() {
            let rest = parts.next().unwrap_or_default();
            out.push(Cow::Owned(format!("{},{rest}", day.trim())));
        }
        return Ok(());
    }
    let mut rest = value.trim();
    if rest.is_empty() {
        return Ok(());
    }
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next() {
                    Some((at, '"')) => break at + 1,
                    Some((_, '\\')) => text.extend(chars.next().map(|(_, c)| c)),
                    Some((_, c)) => text.push(c),
                    None => return Err(Malformed::new("a quoted header value does not end")),
                }
            };
            out.push(Cow::Owned(text));
            rest = quoted.get(end..).unwrap_or_default().trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None if rest.is_empty() => return Ok(()),
                None => return Err(Malformed::new("a comma was expected in a header")),
            }
        } else {
            let (part, after) = match rest.split_once(',') {
                Some((part, after)) => (part, Some(after)),
                None => (rest, None),
            };
            out.push(Cow::Borrowed(part.trim()));
            match after {
                Some(after) => rest = after,
                None => return Ok(()),
            }
        }
    }
}

/// Writes the members of an output that stand outside of its body.
pub(crate) struct BoundWriter<'r> {
    response: &'r mut Response,
    /// Headers that a member of its own sets win over those of a prefix.
    prefixes: Vec<(String, String)>,
    status: Option<u16>,
}

impl<'r> BoundWriter<'r> {
    pub(crate) fn write(value: &dyn Structure, response: &'r mut Response) {
        let mut writer = BoundWriter {
            response,
            prefixes: Vec::new(),
            status: None,
        };
        value.write(value.shape().members, &mut writer);
        let BoundWriter {
            response,
            prefixes,
            status,
        } = writer;
        for (name, value) in prefixes {
            if !response.headers.contains_key(&name) {
                response.set(&name, &value);
            }
        }
        if let Some(status) = status.and_then(|status| http::StatusCode::from_u16(status).ok()) {
            response.status = status;
        }
    }
}

impl Writer for BoundWriter<'_> {
    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        let mut texts = TextWriter {
            entries: Vec::new(),
            key: String::new(),
            listed: false,
            format: format_of(member),
        };
        match member.location {
            Location::Header | Location::PrefixHeaders | Location::Status => value.write(member.shape, &mut texts),
            _ => return,
        }
        match member.location {
            Location::Header => {
                let mut joined = texts
                    .entries
                    .into_iter()
                    .map(|(_, text)| text)
                    .collect::<Vec<_>>()
                    .join(", ");
                if is_base64(member) {
                    joined = text::base64(joined.as_bytes());
                }
                self.response.set(member.wire, &joined);
            }
            Location::PrefixHeaders => {
                let prefix = if member.named { member.wire } else { "" };
                for (key, text) in texts.entries {
                    self.prefixes.push((format!("{prefix}{key}"), text));
                }
            }
            _ => self.status = texts.entries.first().and_then(|(_, text)| text.parse().ok()),
        }
    }

    fn structure(&mut self, _: &'static Shape, _: &dyn Structure) {}
    fn list(&mut self, _: &'static Shape, _: usize, _: &mut dyn FnMut(&mut dyn Writer)) {}
    fn element(&mut self, _: &'static Member, _: &dyn Value) {}
    fn map(&mut self, _: &'static Shape, _: usize, _: &mut dyn FnMut(&mut dyn Writer)) {}
    fn entry(&mut self, _: &'static Shape, _: &str, _: &dyn Value) {}
    fn text(&mut self, _: &'static Shape, _: &str) {}
    fn boolean(&mut self, _: &'static Shape, _: bool) {}
    fn integer(&mut self, _: &'static Shape, _: i64) {}
    fn float(&mut self, _: &'static Shape, _: f64) {}
    fn blob(&mut self, _: &'static Shape, _: &[u8]) {}
    fn timestamp(&mut self, _: &'static Shape, _: Timestamp) {}
    fn document(&mut self, _: &'static Shape, _: &serde_json::Value) {}
    fn null(&mut self) {}
}

/// Collects scalars as texts; those of a map with their keys.
struct TextWriter {
    entries: Vec<(String, String)>,
    key: String,
    listed: bool,
    format: TimestampFormat,
}

impl TextWriter {
    fn push(&mut self, text: String) {
        self.entries.push((self.key.clone(), text));
    }
}

impl Writer for TextWriter {
    fn structure(&mut self, _: &'static Shape, _: &dyn Structure) {}
    fn member(&mut self, _: &'static Member, _: &dyn Value) {}
    fn list(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.listed = true;
        fill(self);
    }
    fn element(&mut self, element: &'static Member, value: &dyn Value) {
        value.write(element.shape, self);
    }
    fn map(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        fill(self);
    }
    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value) {
        key.clone_into(&mut self.key);
        if let Some((_, element)) = shape.entry() {
            value.write(element.shape, self);
        }
    }
    fn text(&mut self, _: &'static Shape, value: &str) {
        let quote = self.listed && value.contains([',', '"']);
        self.push(if quote {
            format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            value.to_owned()
        });
    }
    fn boolean(&mut self, _: &'static Shape, value: bool) {
        self.push(value.to_string());
    }
    fn integer(&mut self, _: &'static Shape, value: i64) {
        self.push(value.to_string());
    }
    fn float(&mut self, _: &'static Shape, value: f64) {
        let mut out = Vec::new();
        text::push_float(&mut out, value);
        self.push(String::from_utf8_lossy(&out).into_owned());
    }
    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        self.push(text::base64(value));
    }
    fn timestamp(&mut self, _: &'static Shape, value: Timestamp) {
        self.push(text::format(value, self.format));
    }
    fn document(&mut self, _: &'static Shape, value: &serde_json::Value) {
        self.push(value.to_string());
    }
    fn null(&mut self) {}
}
