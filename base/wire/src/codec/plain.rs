//! Values as JSON trees by model names: for audit records, logs and tests.

use roadstead_core::time::Timestamp;
use serde_json::{Map, Value as Json};

use super::text;
use crate::check::push_lower_first;
use crate::schema::{Member, Shape};
use crate::value::{Structure, Value, Writer};

/// What stands in place of a secret.
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// How names are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As in the model.
    Model,
    /// With the first letter in lower case, as CloudTrail has it.
    LowerFirst,
}

/// Builds a JSON tree.
pub struct PlainWriter {
    names: Names,
    mask: bool,
    done: Json,
    /// The objects and arrays that are open.
    open: Vec<Json>,
}

/// A structure as a JSON tree, secrets masked.
pub fn to_value(value: &dyn Structure, names: Names) -> Json {
    let mut writer = PlainWriter::new(names, true);
    writer.structure(value.shape(), value);
    writer.done
}

impl PlainWriter {
    /// A writer; `mask` hides secrets.
    pub fn new(names: Names, mask: bool) -> Self {
        Self {
            names,
            mask,
            done: Json::Null,
            open: Vec::new(),
        }
    }

    /// What was written.
    pub fn finish(self) -> Json {
        self.done
    }

    fn name(&self, member: &Member) -> String {
        match self.names {
            Names::Model => member.name.to_owned(),
            Names::LowerFirst => {
                let mut name = String::with_capacity(member.name.len());
                push_lower_first(&mut name, member.name);
                name
            }
        }
    }

    fn write(&mut self, shape: &'static Shape, value: &dyn Value) -> Json {
        if self.mask && shape.sensitive {
            return Json::String(HIDDEN.to_owned());
        }
        value.write(shape, self);
        std::mem::take(&mut self.done)
    }

    fn put(&mut self, name: String, value: Json) {
        if let Some(Json::Object(map)) = self.open.last_mut() {
            map.insert(name, value);
        }
    }

    fn close(&mut self) {
        self.done = self.open.pop().unwrap_or_default();
    }
}

impl Writer for PlainWriter {
    fn structure(&mut self, shape: &'static Shape, value: &dyn Structure) {
        self.open.push(Json::Object(Map::new()));
        value.write(shape.members, self);
        self.close();
    }

    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        let written = self.write(member.shape, value);
        let name = self.name(member);
        self.put(name, written);
    }

    fn list(&mut self, _: &'static Shape, len: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.open.push(Json::Array(Vec::with_capacity(len)));
        fill(self);
        self.close();
    }

    fn element(&mut self, element: &'static Member, value: &dyn Value) {
        let written = self.write(element.shape, value);
        if let Some(Json::Array(items)) = self.open.last_mut() {
            items.push(written);
        }
    }

    fn map(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.open.push(Json::Object(Map::new()));
        fill(self);
        self.close();
    }

    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value) {
        let Some((_, element)) = shape.entry() else { return };
        let written = self.write(element.shape, value);
        self.put(key.to_owned(), written);
    }

    fn text(&mut self, shape: &'static Shape, value: &str) {
        let hidden = self.mask && shape.sensitive;
        self.done = Json::String(if hidden { HIDDEN } else { value }.to_owned());
    }

    fn boolean(&mut self, _: &'static Shape, value: bool) {
        self.done = Json::Bool(value);
    }

    fn integer(&mut self, _: &'static Shape, value: i64) {
        self.done = Json::from(value);
    }

    fn float(&mut self, _: &'static Shape, value: f64) {
        self.done = if value.is_finite() {
            Json::from(value)
        } else {
            let mut word = Vec::new();
            text::push_float(&mut word, value);
            Json::String(String::from_utf8_lossy(&word).into_owned())
        };
    }

    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        self.done = Json::String(text::base64(value));
    }

    fn timestamp(&mut self, _: &'static Shape, value: Timestamp) {
        self.done = Json::String(value.iso8601());
    }

    fn document(&mut self, _: &'static Shape, value: &Json) {
        self.done = value.clone();
    }

    fn null(&mut self) {
        self.done = Json::Null;
    }
}
