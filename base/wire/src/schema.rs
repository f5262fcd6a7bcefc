//! What a model says about a shape: kind, constraints, members and their names and places on the wire.

use crate::pattern::Pattern;

/// A named type of a service model, as static data.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The model's name of the shape.
    pub name: &'static str,
    /// What sort of value it is.
    pub kind: Kind,
    /// Members of a structure; the element of a list; key and value of a map; else empty.
    pub members: &'static [Member],
    /// The values of an enum, in model order.
    pub values: &'static [&'static str],
    /// The values of an enum of whole numbers.
    pub numbers: &'static [i64],
    /// The smallest value, or the least length; whole numbers beyond 2^53 do not occur.
    pub min: Option<f64>,
    /// The largest value, or the greatest length.
    pub max: Option<f64>,
    /// What the whole text must match.
    pub pattern: Option<&'static Pattern>,
    /// When written as a timestamp: the form that the shape asks for.
    pub timestamp: Option<TimestampFormat>,
    /// The element name of the shape itself, for payloads.
    pub wire: Option<&'static str>,
    /// The XML namespace of the shape.
    pub namespace: Option<Namespace>,
    /// The media type of a blob or string payload.
    pub media_type: Option<&'static str>,
    /// Whether values must be masked in logs and records.
    pub sensitive: bool,
    /// Whether a list or map may hold nulls.
    pub sparse: bool,
    /// Whether exactly one member may be set.
    pub union: bool,
    /// Whether the elements of a list must differ.
    pub unique: bool,
}

/// Two shapes are the same when they are the same static.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// The sort of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Named members.
    Structure,
    /// A sequence.
    List,
    /// Text keys to values.
    Map,
    /// Text.
    String,
    /// Text out of a set.
    Enum,
    /// Bytes.
    Blob,
    /// True or false.
    Boolean,
    /// 8 bits, signed.
    Byte,
    /// 16 bits, signed.
    Short,
    /// 32 bits, signed.
    Integer,
    /// 64 bits, signed.
    Long,
    /// A 32-bit float.
    Float,
    /// A 64-bit float.
    Double,
    /// An instant.
    Timestamp,
    /// Any JSON value.
    Document,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2026-11-23T17:27:02Z`.
    Iso8601,
    /// Seconds since 1970.
    Epoch,
    /// `Mon, 23 Nov 2026 17:27:02 GMT`.
    HttpDate,
}

/// An XML namespace with its prefix, when it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// The address that names it.
    pub uri: &'static str,
    /// The prefix; empty for a default namespace.
    pub prefix: &'static str,
}

/// Where a member of an input or output stands in the HTTP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    Body,
    /// In the path.
    Label,
    /// A query parameter; a map takes all that have no member of their own.
    Query,
    /// A header.
    Header,
    /// All headers with a prefix.
    PrefixHeaders,
    /// The status code.
    Status,
    /// The whole body.
    Payload,
}

/// A member of a structure, or the element, key or value of a list or map.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The model's name of the member.
    pub name: &'static str,
    /// The name in JSON, XML, query forms, headers and paths.
    pub wire: &'static str,
    /// The name in an EC2 form.
    pub query: &'static str,
    /// Whether the model names the element itself rather than leaving `member`, `entry`, `key` or `value`.
    pub named: bool,
    /// The type.
    pub shape: &'static Shape,
    /// Whether it must be present.
    pub required: bool,
    /// Whether a list or map stands without its wrapper.
    pub flattened: bool,
    /// Where it stands.
    pub location: Location,
    /// Whether it is an XML attribute.
    pub attribute: bool,
    /// Whether it is an idempotency token.
    pub token: bool,
    /// Whether header text is base64 of JSON.
    pub json_value: bool,
    /// The member's own timestamp form, else the shape's.
    pub timestamp: Option<TimestampFormat>,
    /// The member's own namespace, else the shape's.
    pub namespace: Option<Namespace>,
}

impl Shape {
    /// A shape of a kind, with nothing else said.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            members: &[],
            values: &[],
            numbers: &[],
            min: None,
            max: None,
            pattern: None,
            timestamp: None,
            wire: None,
            namespace: None,
            media_type: None,
            sensitive: false,
            sparse: false,
            union: false,
            unique: false,
        }
    }

    /// A structure, list or map with its members.
    pub const fn of(name: &'static str, kind: Kind, members: &'static [Member]) -> Self {
        let mut shape = Self::new(name, kind);
        shape.members = members;
        shape
    }

    /// An enum with its values.
    pub const fn values(name: &'static str, values: &'static [&'static str]) -> Self {
        let mut shape = Self::new(name, Kind::Enum);
        shape.values = values;
        shape
    }

    /// Adds the lower bound.
    #[must_use]
    pub const fn min(mut self, min: f64) -> Self {
        self.min = Some(min);
        self
    }

    /// Adds the upper bound.
    #[must_use]
    pub const fn max(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }

    /// Adds the pattern.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// Marks values as secret.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Marks a structure of which exactly one member is set.
    #[must_use]
    pub const fn union(mut self) -> Self {
        self.union = true;
        self
    }

    /// Names the element that the shape is as a payload.
    #[must_use]
    pub const fn wire(mut self, wire: &'static str) -> Self {
        self.wire = Some(wire);
        self
    }

    /// Adds the timestamp form.
    #[must_use]
    pub const fn timestamp(mut self, format: TimestampFormat) -> Self {
        self.timestamp = Some(format);
        self
    }

    /// The element of a list.
    pub fn element(&self) -> Option<&'static Member> {
        self.members.first()
    }

    /// Key and value of a map.
    pub fn entry(&self) -> Option<(&'static Member, &'static Member)> {
        Some((self.members.first()?, self.members.get(1)?))
    }

    /// The position of a member by its model name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|m| m.name == name)
    }

    /// Whether any member stands outside the body or is the body.
    pub fn has_bindings(&self) -> bool {
        self.members.iter().any(|m| m.location != Location::Body)
    }
}

impl Member {
    /// A member whose name on the wire is the model's.
    pub const fn new(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            wire: name,
            query: name,
            named: false,
            shape,
            required: false,
            flattened: false,
            location: Location::Body,
            attribute: false,
            token: false,
            json_value: false,
            timestamp: None,
            namespace: None,
        }
    }

    /// Gives it another name on the wire.
    #[must_use]
    pub const fn wire(mut self, wire: &'static str) -> Self {
        self.wire = wire;
        self.named = true;
        self
    }

    /// Gives it another name in an EC2 form.
    #[must_use]
    pub const fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    /// Marks it as required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Marks it as flattened.
    #[must_use]
    pub const fn flattened(mut self) -> Self {
        self.flattened = true;
        self
    }

    /// Puts it somewhere else than into the body.
    #[must_use]
    pub const fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// Marks it as an XML attribute.
    #[must_use]
    pub const fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }

    /// Marks it as an idempotency token.
    #[must_use]
    pub const fn token(mut self) -> Self {
        self.token = true;
        self
    }

    /// Gives it a timestamp form.
    #[must_use]
    pub const fn timestamp(mut self, format: TimestampFormat) -> Self {
        self.timestamp = Some(format);
        self
    }
}
