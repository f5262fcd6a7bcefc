//! Values without a Rust type: a shape and a JSON tree by model names; for members of errors and for tests.

use roadstead_core::time::Timestamp;
use serde_json::{Map, Number, Value as Json};

use crate::codec::text;
use crate::error::{Malformed, Read};
use crate::schema::{Kind, Member, Shape, TimestampFormat};
use crate::value::{Reader, Structure, Value, Writer, read_into};

/// A structure without a Rust type.
///
/// Timestamps are seconds since 1970, blobs base64, floats that are no number their words.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamic {
    shape: &'static Shape,
    /// The members by model name.
    pub members: Map<String, Json>,
}

impl Dynamic {
    /// An empty structure.
    pub fn new(shape: &'static Shape) -> Self {
        Self::with(shape, Map::new())
    }

    /// A structure with members.
    pub fn with(shape: &'static Shape, members: Map<String, Json>) -> Self {
        Self { shape, members }
    }
}

impl Structure for Dynamic {
    fn shape(&self) -> &'static Shape {
        self.shape
    }

    fn read(&mut self, _: usize, member: &'static Member, r: &mut dyn Reader) -> Read<()> {
        let value = read(member.shape, r)?;
        self.members.insert(member.name.to_owned(), value);
        Ok(())
    }

    fn write(&self, members: &'static [Member], w: &mut dyn Writer) {
        write_members(&self.members, members, w);
    }
}

fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Json> {
    if r.null() {
        return Ok(Json::Null);
    }
    Ok(match shape.kind {
        Kind::Structure => {
            let mut inner = Dynamic::new(shape);
            read_into(shape, &mut inner, r)?;
            Json::Object(inner.members)
        }
        Kind::List => {
            let mut items = Vec::new();
            let element = shape
                .element()
                .ok_or_else(|| Malformed::new("a list without an element"))?;
            r.list(shape, &mut |r| {
                r.check().enter_index(items.len());
                items.push(read(element.shape, r)?);
                r.check().leave();
                Ok(())
            })?;
            r.check().list(shape, items.len());
            let repeated = |(at, item): (usize, &Json)| items.iter().skip(at + 1).any(|other| other == item);
            if shape.unique && items.iter().enumerate().any(repeated) {
                r.check().repeated(shape);
            }
            Json::Array(items)
        }
        Kind::Map => {
            let mut entries = Map::new();
            let (key, value) = shape.entry().ok_or_else(|| Malformed::new("a map without an entry"))?;
            r.map(shape, &mut |name, r| {
                r.check().enter_key(&name);
                r.check().text(key.shape, &name);
                let read = read(value.shape, r)?;
                r.check().leave();
                entries.insert(name, read);
                Ok(())
            })?;
            r.check().length(shape, entries.len());
            Json::Object(entries)
        }
        Kind::String | Kind::Enum => Json::String(String::read(shape, r)?),
        Kind::Boolean => Json::Bool(r.boolean()?),
        Kind::Byte | Kind::Short | Kind::Integer | Kind::Long => Json::from(i64::read(shape, r)?),
        Kind::Float | Kind::Double => float(f64::read(shape, r)?),
        Kind::Timestamp => seconds(r.timestamp()?),
        Kind::Blob => Json::String(text::base64(&bytes::Bytes::read(shape, r)?)),
        Kind::Document => r.document()?,
    })
}

fn float(value: f64) -> Json {
    Number::from_f64(value).map_or_else(
        || {
            let mut word = Vec::new();
            text::push_float(&mut word, value);
            Json::String(String::from_utf8_lossy(&word).into_owned())
        },
        Json::Number,
    )
}

fn seconds(value: Timestamp) -> Json {
    text::epoch(value).parse::<Number>().map_or(Json::Null, Json::Number)
}

fn write_members(values: &Map<String, Json>, members: &'static [Member], w: &mut dyn Writer) {
    for member in members {
        if let Some(value) = values.get(member.name).filter(|value| !value.is_null()) {
            w.member(member, &Borrowed(value));
        }
    }
}

/// A JSON tree that is written by a shape.
struct Borrowed<'a>(&'a Json);

/// A JSON object that is written by a structure's shape.
struct Members<'a>(&'static Shape, &'a Map<String, Json>);

impl Structure for Members<'_> {
    fn shape(&self) -> &'static Shape {
        self.0
    }
    fn write(&self, members: &'static [Member], w: &mut dyn Writer) {
        write_members(self.1, members, w);
    }
}

impl Value for Borrowed<'_> {
    fn read(_: &'static Shape, _: &mut dyn Reader) -> Read<Self> {
        Err(Malformed::new("a borrowed value is never read"))
    }

    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        match (shape.kind, self.0) {
            (Kind::Document, value) => w.document(shape, value),
            (_, Json::Null) => w.null(),
            (Kind::Structure, Json::Object(members)) => w.structure(shape, &Members(shape, members)),
            (Kind::List, Json::Array(items)) => {
                let Some(element) = shape.element() else { return };
                w.list(shape, items.len(), &mut |w| {
                    for item in items {
                        w.element(element, &Borrowed(item));
                    }
                });
            }
            (Kind::Map, Json::Object(entries)) => w.map(shape, entries.len(), &mut |w| {
                for (key, value) in entries {
                    w.entry(shape, key, &Borrowed(value));
                }
            }),
            (Kind::Boolean, Json::Bool(value)) => w.boolean(shape, *value),
            (Kind::Float | Kind::Double, value) => {
                let number = match value {
                    Json::String(word) => text::float(word).ok(),
                    other => other.as_f64(),
                };
                w.float(shape, number.unwrap_or_default());
            }
            (Kind::Timestamp, value) => {
                let instant = match value {
                    Json::String(text) => text::timestamp(text, TimestampFormat::Iso8601, false).ok(),
                    other => other.as_f64().and_then(Timestamp::from_secs_f64),
                };
                w.timestamp(shape, instant.unwrap_or_default());
            }
            (Kind::Blob, Json::String(text)) => w.blob(shape, &text::blob(text).unwrap_or_default()),
            (_, Json::Number(number)) => w.integer(shape, number.as_i64().unwrap_or_default()),
            (_, Json::String(text)) => w.text(shape, text),
            (_, other) => w.text(shape, &other.to_string()),
        }
    }
}
