//! Reads values from an XML document.

use std::collections::BTreeMap;

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use super::parse::Document;
use crate::check::Check;
use crate::codec::text;
use crate::error::{Malformed, Read};
use crate::schema::{Kind, Location, Shape, TimestampFormat};
use crate::value::{Reader, Structure, read_member};

/// Where a reader stands.
#[derive(Clone, Copy)]
enum Place {
    Element(usize),
    /// An attribute of an element.
    Attribute(usize, usize),
}

/// Reads one XML document.
pub struct XmlReader<'a> {
    document: &'a Document<'a>,
    place: Place,
    /// For a flattened list or map: all its elements.
    flat: Option<Vec<usize>>,
    check: &'a mut Check,
    format: Option<TimestampFormat>,
}

impl<'a> XmlReader<'a> {
    /// A reader at the root.
    pub fn new(document: &'a Document<'a>, check: &'a mut Check) -> Self {
        Self {
            document,
            place: Place::Element(0),
            flat: None,
            check,
            format: None,
        }
    }

    fn here(&self) -> usize {
        match self.place {
            Place::Element(at) | Place::Attribute(at, _) => at,
        }
    }

    fn value(&self) -> Read<&'a str> {
        let element = self.document.element(self.here());
        let text = match self.place {
            Place::Element(_) => element.filter(|e| e.first.is_none()).map(|e| &*e.text),
            Place::Attribute(_, at) => element.and_then(|e| e.attributes.get(at)).map(|(_, value)| &**value),
        };
        text.ok_or_else(|| Malformed::new("a single value was expected in XML"))
    }

    fn trimmed(&self) -> Read<&'a str> {
        self.value().map(str::trim)
    }

    /// The elements of a list or map: the flattened ones, or the children of this name.
    fn elements(&mut self, name: &str) -> Vec<usize> {
        let document = self.document;
        self.flat.take().unwrap_or_else(|| {
            document
                .children(self.here())
                .filter(|at| document.element(*at).is_some_and(|e| e.name == name))
                .collect()
        })
    }
}

impl Reader for XmlReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }

    fn members(&mut self, shape: &'static Shape, target: &mut dyn Structure, seen: &mut u128) -> Read<()> {
        let document = self.document;
        let here = self.here();
        let Some(element) = document.element(here) else {
            return Ok(());
        };
        for (index, (name, _)) in element.attributes.iter().enumerate() {
            let found = shape
                .members
                .iter()
                .enumerate()
                .find(|(_, m)| m.attribute && m.wire == *name);
            if let Some((at, member)) = found {
                self.place = Place::Attribute(here, index);
                self.format = member.timestamp;
                read_member(self, at, member, target, seen)?;
            }
        }
        let mut flat: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for child in document.children(here) {
            let name = document.element(child).map(|e| e.name).unwrap_or_default();
            let found = shape
                .members
                .iter()
                .enumerate()
                .find(|(_, m)| m.wire == name && !m.attribute && m.location == Location::Body);
            let Some((at, member)) = found else { continue };
            if member.flattened && matches!(member.shape.kind, Kind::List | Kind::Map) {
                flat.entry(at).or_default().push(child);
            } else if *seen & (1 << at) == 0 {
                self.place = Place::Element(child);
                self.flat = None;
                self.format = member.timestamp;
                read_member(self, at, member, target, seen)?;
            }
        }
        for (at, children) in flat {
            let Some(member) = shape.members.get(at) else { continue };
            self.flat = Some(children);
            self.format = member.timestamp;
            read_member(self, at, member, target, seen)?;
        }
        self.place = Place::Element(here);
        Ok(())
    }

    fn list(&mut self, shape: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        let Some(element) = shape.element() else { return Ok(()) };
        let place = self.place;
        for at in self.elements(element.wire) {
            self.place = Place::Element(at);
            self.format = element.timestamp;
            each(self)?;
        }
        self.place = place;
        Ok(())
    }

    fn map(&mut self, shape: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        let Some((key, value)) = shape.entry() else {
            return Ok(());
        };
        let document = self.document;
        let place = self.place;
        for entry in self.elements("entry") {
            let child = |name: &str| {
                document
                    .children(entry)
                    .find(|at| document.element(*at).is_some_and(|e| e.name == name))
            };
            let at = child(key.wire).ok_or_else(|| Malformed::new("an entry of a map has no key"))?;
            self.place = Place::Element(at);
            let name = self.value()?.to_owned();
            let at = child(value.wire).ok_or_else(|| Malformed::new("an entry of a map has no value"))?;
            self.place = Place::Element(at);
            self.format = value.timestamp;
            each(name, self)?;
        }
        self.place = place;
        Ok(())
    }

    fn text(&mut self) -> Read<String> {
        self.value().map(str::to_owned)
    }

    fn boolean(&mut self) -> Read<bool> {
        text::boolean(self.trimmed()?, false)
    }

    fn integer(&mut self) -> Read<i64> {
        text::integer(self.trimmed()?)
    }

    fn float(&mut self) -> Read<f64> {
        text::float(self.trimmed()?)
    }

    fn blob(&mut self) -> Read<Bytes> {
        text::blob(self.trimmed()?)
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        let format = self.format.unwrap_or(TimestampFormat::Iso8601);
        text::timestamp(self.trimmed()?, format, false)
    }

    fn document(&mut self) -> Read<serde_json::Value> {
        serde_json::from_str(self.value()?).map_err(|why| Malformed::new(why.to_string()))
    }

    fn null(&mut self) -> bool {
        false
    }
}
