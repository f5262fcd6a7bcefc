//! The two traits between types and formats: a value reads itself from a [`Reader`] and writes itself to a [`Writer`].

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use crate::check::Check;
use crate::error::{Malformed, Read};
use crate::meta::Shaped;
use crate::schema::{Kind, Member, Shape};

/// A source of values in one wire format, positioned at a value.
pub trait Reader {
    /// The collector of violations of the model.
    fn check(&mut self) -> &mut Check;
    /// Reads the members of a structure into `target` and marks each one seen by its position.
    fn members(&mut self, shape: &'static Shape, target: &mut dyn Structure, seen: &mut u128) -> Read<()>;
    /// Reads a list, calling `each` at every element.
    fn list(&mut self, shape: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()>;
    /// Reads a map, calling `each` with every key at its value.
    fn map(&mut self, shape: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()>;
    /// Reads text.
    fn text(&mut self) -> Read<String>;
    /// Reads true or false.
    fn boolean(&mut self) -> Read<bool>;
    /// Reads a whole number.
    fn integer(&mut self) -> Read<i64>;
    /// Reads a number.
    fn float(&mut self) -> Read<f64>;
    /// Reads bytes.
    fn blob(&mut self) -> Read<Bytes>;
    /// Reads an instant.
    fn timestamp(&mut self) -> Read<Timestamp>;
    /// Reads any JSON value.
    fn document(&mut self) -> Read<serde_json::Value>;
    /// Consumes a null, if one stands here.
    fn null(&mut self) -> bool;
}

/// A sink of values in one wire format.
pub trait Writer {
    /// Writes a structure.
    fn structure(&mut self, shape: &'static Shape, value: &dyn Structure);
    /// Writes a member of the structure that is being written.
    fn member(&mut self, member: &'static Member, value: &dyn Value);
    /// Writes a list; `fill` calls [`Writer::element`] for each element.
    fn list(&mut self, shape: &'static Shape, len: usize, fill: &mut dyn FnMut(&mut dyn Writer));
    /// Writes an element of the list that is being written.
    fn element(&mut self, element: &'static Member, value: &dyn Value);
    /// Writes a map; `fill` calls [`Writer::entry`] for each entry.
    fn map(&mut self, shape: &'static Shape, len: usize, fill: &mut dyn FnMut(&mut dyn Writer));
    /// Writes an entry of the map that is being written.
    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value);
    /// Writes text.
    fn text(&mut self, shape: &'static Shape, value: &str);
    /// Writes true or false.
    fn boolean(&mut self, shape: &'static Shape, value: bool);
    /// Writes a whole number.
    fn integer(&mut self, shape: &'static Shape, value: i64);
    /// Writes a number.
    fn float(&mut self, shape: &'static Shape, value: f64);
    /// Writes bytes.
    fn blob(&mut self, shape: &'static Shape, value: &[u8]);
    /// Writes an instant.
    fn timestamp(&mut self, shape: &'static Shape, value: Timestamp);
    /// Writes any JSON value.
    fn document(&mut self, shape: &'static Shape, value: &serde_json::Value);
    /// Writes a null.
    fn null(&mut self);
}

/// A structure with members that are read one by one and written in order.
pub trait Structure {
    /// The model's facts.
    fn shape(&self) -> &'static Shape;
    /// Reads the member at a position; a type that only replies have does not.
    fn read(&mut self, at: usize, member: &'static Member, r: &mut dyn Reader) -> Read<()> {
        let _ = (at, r);
        Err(Malformed::new(format!("{} is never read", member.name)))
    }
    /// Writes the members that are present.
    fn write(&self, members: &'static [Member], w: &mut dyn Writer);
}

/// A value of any kind.
pub trait Value {
    /// Reads it and checks it against the model.
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self>
    where
        Self: Sized;
    /// Writes it.
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer);
    /// Whether there is anything to write.
    fn present(&self) -> bool {
        true
    }
}

/// What an operation's input must be able to do.
pub trait Input: Shaped + Value + Default + Clone + fmt::Debug + PartialEq + Send + Sync + 'static {}
impl<T: Shaped + Value + Default + Clone + fmt::Debug + PartialEq + Send + Sync + 'static> Input for T {}

/// What an operation's output must be able to do.
pub trait Output: Shaped + Value + Default + Clone + fmt::Debug + PartialEq + Send + Sync + 'static {}
impl<T: Shaped + Value + Default + Clone + fmt::Debug + PartialEq + Send + Sync + 'static> Output for T {}

/// Reads a member into its place (used by generated code).
#[inline]
pub fn get<T: Value>(slot: &mut T, member: &'static Member, r: &mut dyn Reader) -> Read<()> {
    *slot = T::read(member.shape, r)?;
    Ok(())
}

/// Writes a member when it is present (used by generated code).
#[inline]
pub fn put<T: Value>(w: &mut dyn Writer, members: &'static [Member], at: usize, value: &T) {
    if value.present()
        && let Some(member) = members.get(at)
    {
        w.member(member, value);
    }
}

/// Reads a structure and checks what is required of it.
pub fn read_into(shape: &'static Shape, target: &mut dyn Structure, r: &mut dyn Reader) -> Read<()> {
    let mut seen = 0;
    r.members(shape, target, &mut seen)?;
    r.check().complete(shape, seen)
}

/// Reads one member and keeps the path (used by formats).
pub(crate) fn read_member(
    r: &mut dyn Reader,
    at: usize,
    member: &'static Member,
    target: &mut dyn Structure,
    seen: &mut u128,
) -> Read<()> {
    r.check().enter(member, at);
    target.read(at, member, r)?;
    r.check().leave();
    *seen |= 1 << at;
    Ok(())
}

impl<T: Value> Value for Option<T> {
    #[inline]
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        T::read(shape, r).map(Some)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        match self {
            Some(value) => value.write(shape, w),
            None => w.null(),
        }
    }
    fn present(&self) -> bool {
        self.is_some()
    }
}

impl<T: Value> Value for Box<T> {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        T::read(shape, r).map(Box::new)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        (**self).write(shape, w);
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let Some(element) = shape.element() else {
            return Err(Malformed::new("a list without an element"));
        };
        let mut items = Self::new();
        r.list(shape, &mut |r| {
            r.check().enter_index(items.len());
            items.push(T::read(element.shape, r)?);
            r.check().leave();
            Ok(())
        })?;
        r.check().list(shape, items.len());
        Ok(items)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        let Some(element) = shape.element() else { return };
        w.list(shape, self.len(), &mut |w| {
            for item in self {
                w.element(element, item);
            }
        });
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let Some((key, value)) = shape.entry() else {
            return Err(Malformed::new("a map without an entry"));
        };
        let mut entries = Self::new();
        r.map(shape, &mut |name, r| {
            r.check().enter_key(&name);
            r.check().text(key.shape, &name);
            let read = T::read(value.shape, r)?;
            r.check().leave();
            entries.insert(name, read);
            Ok(())
        })?;
        r.check().length(shape, entries.len());
        Ok(entries)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.map(shape, self.len(), &mut |w| {
            for (key, value) in self {
                w.entry(shape, key, value);
            }
        });
    }
}

impl Value for String {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let text = r.text()?;
        r.check().text(shape, &text);
        Ok(text)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.text(shape, self);
    }
}

impl Value for bool {
    fn read(_: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        r.boolean()
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.boolean(shape, *self);
    }
}

impl Value for i64 {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let number = r.integer()?;
        let fits = match shape.kind {
            Kind::Byte => i8::try_from(number).is_ok(),
            Kind::Short => i16::try_from(number).is_ok(),
            Kind::Integer => i32::try_from(number).is_ok(),
            _ => true,
        };
        if !fits {
            return Err(Malformed::new("NUMBER_VALUE is out of range of its type"));
        }
        r.check().number(shape, number);
        Ok(number)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.integer(shape, *self);
    }
}

impl Value for i32 {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let number = i64::read(shape, r)?;
        Self::try_from(number).map_err(|_| Malformed::new("NUMBER_VALUE is out of range of its type"))
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.integer(shape, i64::from(*self));
    }
}

impl Value for f64 {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let number = r.float()?;
        r.check().float(shape, number);
        Ok(number)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.float(shape, *self);
    }
}

impl Value for Bytes {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let bytes = r.blob()?;
        r.check().length(shape, bytes.len());
        Ok(bytes)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.blob(shape, self);
    }
}

impl Value for Timestamp {
    fn read(_: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        r.timestamp()
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.timestamp(shape, *self);
    }
}

impl Value for serde_json::Value {
    fn read(_: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        r.document()
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.document(shape, self);
    }
}

/// The input of an operation without one, and the output of an operation without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty {}

/// The shape of [`Empty`].
pub static EMPTY: Shape = Shape::new("Empty", Kind::Structure);

impl Shaped for Empty {
    const SHAPE: &'static Shape = &EMPTY;
}

impl Structure for Empty {
    fn shape(&self) -> &'static Shape {
        &EMPTY
    }
    fn read(&mut self, _: usize, _: &'static Member, _: &mut dyn Reader) -> Read<()> {
        Ok(())
    }
    fn write(&self, _: &'static [Member], _: &mut dyn Writer) {}
}

impl Value for Empty {
    fn read(shape: &'static Shape, r: &mut dyn Reader) -> Read<Self> {
        let mut empty = Self {};
        read_into(shape, &mut empty, r)?;
        Ok(empty)
    }
    fn write(&self, shape: &'static Shape, w: &mut dyn Writer) {
        w.structure(shape, self);
    }
}

/// Gives a generated structure what every structure has: its shape, reading, writing and a masked `Debug`.
#[macro_export]
macro_rules! structure {
    ($($name:ident = $shape:ident;)*) => {$(
        impl $crate::Shaped for $name {
            const SHAPE: &'static $crate::schema::Shape = &super::schema::$shape;
        }
        impl $crate::Value for $name {
            fn read(shape: &'static $crate::schema::Shape, r: &mut dyn $crate::Reader) -> $crate::Read<Self> {
                let mut value = Self::default();
                $crate::value::read_into(shape, &mut value, r)?;
                Ok(value)
            }
            fn write(&self, shape: &'static $crate::schema::Shape, w: &mut dyn $crate::Writer) {
                w.structure(shape, self);
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::debug(self, f)
            }
        }
    )*};
}

/// Makes a generated enum: known values and any other text.
#[macro_export]
macro_rules! open_enum {
    ($name:ident { $($variant:ident = $value:literal,)* }) => {
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($variant,)*
            /// A value that the model does not know.
            Other(String),
        }
        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Other(other) => other,
                }
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($value => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }
        $crate::open_enum_common!($name);
    };
}

/// What every generated enum has besides its values.
#[macro_export]
macro_rules! open_enum_common {
    ($name:ident) => {
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }
        impl $crate::Value for $name {
            fn read(shape: &'static $crate::schema::Shape, r: &mut dyn $crate::Reader) -> $crate::Read<Self> {
                <String as $crate::Value>::read(shape, r).map(Self::from)
            }
            fn write(&self, shape: &'static $crate::schema::Shape, w: &mut dyn $crate::Writer) {
                w.text(shape, self.as_str());
            }
        }
    };
}
