//! A model, read and analysed: which types are needed, which are read, which members are boxed.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::ordered::Json;
use super::services::Service;

/// Names that generated types must not take.
const TAKEN: &[&str] = &[
    "Vec",
    "String",
    "Option",
    "Box",
    "Bytes",
    "Timestamp",
    "BTreeMap",
    "Self",
];
/// The presence mask of a structure has this many bits.
const MAX_MEMBERS: usize = 128;

/// A service's model.
pub struct Model<'a> {
    /// What the model does not say.
    pub service: &'a Service,
    /// The `metadata` object.
    pub metadata: &'a Json,
    /// Operations by name.
    pub operations: BTreeMap<&'a str, &'a Json>,
    /// Shapes by name.
    pub shapes: BTreeMap<&'a str, &'a Json>,
    /// Paginators by operation.
    pub pagination: BTreeMap<&'a str, &'a Json>,
    /// Names of the statics by shape.
    pub statics: BTreeMap<&'a str, String>,
    /// Structures and enums that inputs or outputs reach.
    pub typed: BTreeSet<&'a str>,
    /// Structures that inputs reach.
    pub read: BTreeSet<&'a str>,
    /// Patterns and their translations.
    pub patterns: BTreeMap<&'a str, String>,
    /// What each structure holds without a list or map between, however deep.
    holds: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Model<'a> {
    /// Reads a model.
    pub fn new(service: &'a Service, json: &'a Json) -> Result<Self, String> {
        let by_name = |key: &str| -> BTreeMap<&'a str, &'a Json> {
            json.get(key)
                .map(Json::entries)
                .unwrap_or_default()
                .iter()
                .map(|(k, v)| (k.as_str(), v))
                .collect()
        };
        let mut model = Self {
            service,
            metadata: json.get("metadata").ok_or("no metadata")?,
            operations: by_name("operations"),
            shapes: by_name("shapes"),
            pagination: by_name("pagination"),
            statics: BTreeMap::new(),
            typed: BTreeSet::new(),
            read: BTreeSet::new(),
            patterns: BTreeMap::new(),
            holds: BTreeMap::new(),
        };
        model.name_statics();
        model.reach()?;
        model.measure_holds();
        model.translate()?;
        model.refuse()?;
        Ok(model)
    }

    /// The shape of this name.
    pub fn shape(&self, name: &str) -> &'a Json {
        static NONE: Json = Json::Null;
        self.shapes.get(name).copied().unwrap_or(&NONE)
    }

    /// The shape that a member, element or operation refers to.
    pub fn target(reference: &'a Json) -> &'a str {
        reference.text_of("shape").unwrap_or_default()
    }

    /// The members of a structure.
    pub fn members(&self, shape: &str) -> &'a [(String, Json)] {
        self.shape(shape).get("members").map(Json::entries).unwrap_or_default()
    }

    /// Whether a structure requires a member.
    pub fn requires(&self, shape: &str, member: &str) -> bool {
        self.shape(shape)
            .get("required")
            .is_some_and(|list| list.items().iter().any(|name| name.text() == Some(member)))
    }

    /// Whether the service's operations check an enum, or that a `Structure.member` is there, themselves.
    pub fn is_left(&self, name: &str) -> bool {
        self.service.left.contains(&name)
    }

    /// Whether a shape becomes a Rust struct.
    pub fn is_structure(&self, name: &str) -> bool {
        let shape = self.shape(name);
        shape.text_of("type") == Some("structure") && !shape.flag("document")
    }

    /// Whether a shape becomes a Rust enum.
    pub fn is_enum(&self, name: &str) -> bool {
        let shape = self.shape(name);
        shape.text_of("type") == Some("string") && shape.get("enum").is_some()
    }

    /// Whether a member of `owner` with this target must be boxed.
    pub fn boxed(&self, owner: &str, target: &str) -> bool {
        self.is_structure(target)
            && (owner == target || self.holds.get(target).is_some_and(|held| held.contains(owner)))
    }

    /// The Rust type of a shape.
    pub fn rust(&self, name: &str) -> String {
        let shape = self.shape(name);
        let inner = |key: &str| shape.get(key).map(|m| self.rust(Self::target(m))).unwrap_or_default();
        match shape.text_of("type").unwrap_or_default() {
            "structure" if shape.flag("document") => "serde_json::Value".to_owned(),
            "structure" => names::camel(name),
            "string" if shape.get("enum").is_some() => names::camel(name),
            "string" => "String".to_owned(),
            "list" => format!("Vec<{}>", inner("member")),
            "map" => format!("BTreeMap<String, {}>", inner("value")),
            "integer" => "i32".to_owned(),
            "long" => "i64".to_owned(),
            "boolean" => "bool".to_owned(),
            "float" | "double" => "f64".to_owned(),
            "timestamp" => "Timestamp".to_owned(),
            "blob" => "Bytes".to_owned(),
            other => format!("/* {other} */ ()"),
        }
    }

    fn name_statics(&mut self) {
        let mut used = BTreeSet::new();
        for name in self.shapes.keys().copied().collect::<Vec<_>>() {
            let mut unique = names::screaming(name);
            while !used.insert(unique.clone()) {
                unique.push('_');
            }
            self.statics.insert(name, unique);
        }
    }

    fn reach(&mut self) -> Result<(), String> {
        for operation in self.operations.values().copied().collect::<Vec<_>>() {
            for (key, read) in [("input", true), ("output", false)] {
                let Some(reference) = operation.get(key) else { continue };
                self.walk(Self::target(reference), read)?;
            }
        }
        Ok(())
    }

    fn walk(&mut self, name: &'a str, read: bool) -> Result<(), String> {
        let shape = *self.shapes.get(name).ok_or_else(|| format!("no shape `{name}`"))?;
        let new = self.typed.insert(name) | (read && self.read.insert(name));
        if !new {
            return Ok(());
        }
        for (_, member) in self.members(name) {
            self.walk(Self::target(member), read)?;
        }
        for key in ["member", "key", "value"] {
            if let Some(inner) = shape.get(key) {
                self.walk(Self::target(inner), read)?;
            }
        }
        Ok(())
    }

    fn measure_holds(&mut self) {
        let direct: BTreeMap<&str, BTreeSet<&str>> = self
            .shapes
            .keys()
            .copied()
            .filter(|name| self.is_structure(name))
            .map(|name| {
                let held = self
                    .members(name)
                    .iter()
                    .map(|(_, m)| Self::target(m))
                    .filter(|target| self.is_structure(target));
                (name, held.collect())
            })
            .collect();
        for name in direct.keys().copied() {
            let mut seen = BTreeSet::new();
            let mut todo = vec![name];
            while let Some(next) = todo.pop() {
                for held in direct.get(next).into_iter().flatten() {
                    if seen.insert(*held) {
                        todo.push(held);
                    }
                }
            }
            self.holds.insert(name, seen);
        }
    }

    fn translate(&mut self) -> Result<(), String> {
        for (name, shape) in &self.shapes {
            if let Some(pattern) = shape.text_of("pattern") {
                let translated = super::patterns::translate(pattern)
                    .map_err(|why| format!("pattern `{pattern}` of `{name}` needs a translation by hand: {why}"))?;
                self.patterns.insert(pattern, translated);
            }
        }
        Ok(())
    }

    fn refuse(&self) -> Result<(), String> {
        for left in self.service.left {
            let known = match left.split_once('.') {
                Some((structure, member)) => self.requires(structure, member),
                None => self.is_enum(left),
            };
            if !known {
                return Err(format!("`{left}` is neither an enum nor a required member"));
            }
        }
        let mut types = BTreeSet::new();
        for name in &self.typed {
            if !self.is_structure(name) && !self.is_enum(name) {
                continue;
            }
            let rust = names::camel(name);
            if TAKEN.contains(&rust.as_str()) || !types.insert(rust) {
                return Err(format!("the type `{name}` would hide another"));
            }
            let members = self.members(name);
            if members.len() > MAX_MEMBERS {
                return Err(format!("`{name}` has {} members", members.len()));
            }
            let mut fields = BTreeSet::new();
            for (member, _) in members {
                if !fields.insert(names::field(member)) {
                    return Err(format!("two members of `{name}` become `{}`", names::field(member)));
                }
            }
        }
        Ok(())
    }
}
