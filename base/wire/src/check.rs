//! The collector of violations of the model: one per request, with the path, rendered once in the service's words.

use crate::error::{ApiError, Malformed, Read};
use crate::limits::MAX_VIOLATIONS;
use crate::meta::{ServiceMeta, ValidationStyle};
use crate::schema::{Kind, Location, Member, Shape};

/// A step of a path.
#[derive(Clone, Copy, Debug)]
enum Step {
    Member(&'static Member, u32),
    Index(u32),
    /// A map key: where it stands in the buffer of keys.
    Key(u32, u32),
}

/// What a value fails.
#[derive(Clone, Debug, PartialEq)]
enum Constraint {
    Missing,
    LengthAtLeast(f64),
    LengthAtMost(f64),
    ValueAtLeast(f64),
    ValueAtMost(f64),
    Pattern(&'static str),
    OneOf(&'static [&'static str]),
    NumberOf(&'static [i64]),
    Unique,
    /// Constraints of the elements of a list, as IAM reports them at the list.
    Elements(&'static Shape),
}

/// A value that fails a constraint, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    order: Vec<u32>,
    path: String,
    shape: &'static Shape,
    value: Option<String>,
    constraint: Constraint,
}

/// Collects violations while a request is read.
#[derive(Debug)]
pub struct Check {
    style: ValidationStyle,
    /// Whether a union must have exactly one member and a list of unique elements must be one.
    strict: bool,
    path: Vec<Step>,
    keys: String,
    violations: Vec<Violation>,
    /// Whether an element of the list being read failed, in IAM's way of reporting at the list.
    element_failed: bool,
    /// Whether the structure read last had a member that its shape lacks.
    unknown: bool,
}

impl Check {
    /// An empty collector with the wording of a service.
    pub fn new(style: ValidationStyle, strict: bool) -> Self {
        Self {
            style,
            strict,
            path: Vec::new(),
            keys: String::new(),
            violations: Vec::new(),
            element_failed: false,
            unknown: false,
        }
    }

    /// Whether the reading is of the strict sort that REST JSON asks for.
    pub fn strict(&self) -> bool {
        self.strict
    }

    /// Notes that a structure has, or has not, members beyond its shape.
    pub(crate) fn unknown(&mut self, unknown: bool) {
        self.unknown = unknown;
    }

    pub(crate) fn enter(&mut self, member: &'static Member, at: usize) {
        self.path.push(Step::Member(member, small(at)));
    }

    pub(crate) fn enter_index(&mut self, at: usize) {
        self.path.push(Step::Index(small(at)));
    }

    pub(crate) fn enter_key(&mut self, key: &str) {
        let from = self.keys.len();
        self.keys.push_str(key);
        self.path.push(Step::Key(small(from), small(self.keys.len())));
    }

    pub(crate) fn leave(&mut self) {
        if let Some(Step::Key(from, _)) = self.path.pop() {
            self.keys.truncate(from as usize);
        }
    }

    /// Checks text: its length, pattern and set of values.
    #[inline]
    pub fn text(&mut self, shape: &'static Shape, text: &str) {
        if shape.min.is_some() || shape.max.is_some() || shape.pattern.is_some() || !shape.values.is_empty() {
            self.constrained_text(shape, text);
        }
    }

    fn constrained_text(&mut self, shape: &'static Shape, text: &str) {
        let mut wrong = [const { None }; 3];
        let [pattern, length, set] = &mut wrong;
        if shape.min.is_some() || shape.max.is_some() {
            let count = text.chars().count();
            *length = length_violation(shape, count);
        }
        if let Some(p) = shape.pattern
            && !p.matches(text)
        {
            *pattern = Some(Constraint::Pattern(p.source));
        }
        if !shape.values.is_empty() && !shape.values.contains(&text) {
            *set = Some(Constraint::OneOf(shape.values));
        }
        if self.style == ValidationStyle::Iam {
            wrong.swap(0, 1);
            if matches!(self.path.last(), Some(Step::Index(_))) && wrong.iter().any(Option::is_some) {
                self.element_failed = true;
                return;
            }
        }
        for constraint in wrong.into_iter().flatten() {
            self.add(shape, Some(text), constraint);
        }
    }

    /// Checks a whole number's range.
    pub fn number(&mut self, shape: &'static Shape, number: i64) {
        if !shape.numbers.is_empty() && !shape.numbers.contains(&number) {
            self.add(shape, Some(&number.to_string()), Constraint::NumberOf(shape.numbers));
        }
        #[expect(clippy::cast_precision_loss, reason = "bounds in the models are below 2^53")]
        self.range(shape, number as f64, &|| number.to_string());
    }

    /// Checks a number's range.
    pub fn float(&mut self, shape: &'static Shape, number: f64) {
        self.range(shape, number, &|| format!("{number:?}"));
    }

    fn range(&mut self, shape: &'static Shape, number: f64, shown: &dyn Fn() -> String) {
        if let Some(min) = shape.min
            && number < min
        {
            self.add(shape, Some(&shown()), Constraint::ValueAtLeast(min));
        }
        if let Some(max) = shape.max
            && number > max
        {
            self.add(shape, Some(&shown()), Constraint::ValueAtMost(max));
        }
    }

    /// Checks the length of bytes, a list or a map.
    pub fn length(&mut self, shape: &'static Shape, count: usize) {
        if let Some(constraint) = length_violation(shape, count) {
            self.add(shape, None, constraint);
        }
    }

    /// Checks a list that has been read.
    pub(crate) fn list(&mut self, shape: &'static Shape, count: usize) {
        self.length(shape, count);
        if std::mem::take(&mut self.element_failed)
            && let Some(element) = shape.element()
        {
            self.add(shape, None, Constraint::Elements(element.shape));
        }
    }

    /// Notes that a list whose elements must differ has equal ones.
    pub(crate) fn repeated(&mut self, shape: &'static Shape) {
        self.add(shape, None, Constraint::Unique);
    }

    /// Checks that a structure has what is required.
    pub fn complete(&mut self, shape: &'static Shape, seen: u128) -> Read<()> {
        let unknown = std::mem::take(&mut self.unknown);
        if self.strict && shape.union && (seen.count_ones() != 1 || unknown) {
            return Err(Malformed::new("a union must have exactly one member"));
        }
        for (at, member) in shape.members.iter().enumerate() {
            if member.required && seen & (1 << at) == 0 {
                // A map of headers or of query parameters is empty rather than absent.
                if member.location == Location::PrefixHeaders
                    || (member.location == Location::Query && member.shape.kind == Kind::Map)
                {
                    continue;
                }
                self.enter(member, at);
                self.add(member.shape, None, Constraint::Missing);
                self.leave();
            }
        }
        Ok(())
    }

    fn add(&mut self, shape: &'static Shape, value: Option<&str>, constraint: Constraint) {
        if self.violations.len() >= MAX_VIOLATIONS {
            return;
        }
        let mut path = String::new();
        let mut order = Vec::with_capacity(self.path.len());
        for step in &self.path {
            if !path.is_empty() {
                path.push('.');
            }
            match *step {
                Step::Member(member, at) => {
                    push_lower_first(&mut path, member.name);
                    order.push(at);
                }
                Step::Index(at) => {
                    path.push_str(&(at + 1).to_string());
                    path.push_str(".member");
                    order.push(at);
                }
                Step::Key(from, to) => {
                    path.push_str(self.keys.get(from as usize..to as usize).unwrap_or_default());
                    order.push(0);
                }
            }
        }
        self.violations.push(Violation {
            order,
            path,
            shape,
            value: value.map(str::to_owned),
            constraint,
        });
    }

    /// The error for all violations in model order, or nothing.
    pub fn finish(mut self, service: &ServiceMeta) -> Result<(), ApiError> {
        if self.violations.is_empty() {
            return Ok(());
        }
        self.violations.sort_by(|a, b| a.order.cmp(&b.order));
        Err(render(service, &self.violations))
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn length_violation(shape: &Shape, count: usize) -> Option<Constraint> {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    match (shape.min, shape.max) {
        (Some(min), _) if count < min => Some(Constraint::LengthAtLeast(min)),
        (_, Some(max)) if count > max => Some(Constraint::LengthAtMost(max)),
        _ => None,
    }
}

/// Appends a name with its first letter in lower case.
pub(crate) fn push_lower_first(out: &mut String, name: &str) {
    let mut chars = name.chars();
    if let Some(first) = chars.next() {
        out.push(first.to_ascii_lowercase());
        out.push_str(chars.as_str());
    }
}

impl Constraint {
    /// The sentence after `failed to satisfy constraint:`.
    fn text(&self) -> String {
        match self {
            Self::Missing => "Member must not be null".to_owned(),
            Self::LengthAtLeast(n) => format!("Member must have length greater than or equal to {n}"),
            Self::LengthAtMost(n) => format!("Member must have length less than or equal to {n}"),
            Self::ValueAtLeast(n) => format!("Member must have value greater than or equal to {n}"),
            Self::ValueAtMost(n) => format!("Member must have value less than or equal to {n}"),
            Self::Pattern(p) => format!("Member must satisfy regular expression pattern: {p}"),
            Self::OneOf(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
            Self::NumberOf(values) => format!("Member must satisfy enum value set: {values:?}"),
            Self::Unique => "Member must have unique values".to_owned(),
            Self::Elements(shape) => {
                let mut parts = Vec::new();
                if let Some(max) = shape.max {
                    parts.push(Self::LengthAtMost(max).text());
                }
                if let Some(min) = shape.min {
                    parts.push(Self::LengthAtLeast(min).text());
                }
                if let Some(pattern) = shape.pattern {
                    parts.push(Self::Pattern(pattern.source).text());
                }
                if !shape.values.is_empty() {
                    parts.push(Self::OneOf(shape.values).text());
                }
                parts.push(Self::Missing.text());
                format!("Member must satisfy constraint: [{}]", parts.join(", "))
            }
        }
    }
}

fn render(service: &ServiceMeta, violations: &[Violation]) -> ApiError {
    match service.validation {
        ValidationStyle::Iam => ApiError::new("ValidationError", 400, collected(violations, false)),
        ValidationStyle::Generic { code } => ApiError::new(code, 400, collected(violations, true)),
        ValidationStyle::Ecs => ApiError::new("InvalidParameterException", 400, first_for_ecs(violations)),
        ValidationStyle::Ec2 => first_for_ec2(violations),
    }
}

/// `N validation errors detected: …; …`.
fn collected(violations: &[Violation], show_values: bool) -> String {
    let count = violations.len();
    let mut text = format!(
        "{count} validation error{} detected: ",
        if count == 1 { "" } else { "s" }
    );
    for (i, violation) in violations.iter().enumerate() {
        if i > 0 {
            text.push_str("; ");
        }
        text.push_str("Value ");
        if show_values && !violation.shape.sensitive {
            match (&violation.value, &violation.constraint) {
                (Some(value), _) => {
                    text.push('\'');
                    text.push_str(value);
                    text.push_str("' ");
                }
                (None, Constraint::Missing) => text.push_str("null "),
                (None, _) => {}
            }
        }
        text.push_str("at '");
        text.push_str(&violation.path);
        text.push_str("' failed to satisfy constraint: ");
        text.push_str(&violation.constraint.text());
    }
    text
}

fn shown(violation: &Violation) -> &str {
    if violation.shape.sensitive {
        return "****";
    }
    violation.value.as_deref().unwrap_or_default()
}

fn leaf(violation: &Violation) -> &str {
    let is_name = |part: &&str| *part != "member" && !part.starts_with(|c: char| c.is_ascii_digit());
    violation.path.rsplit('.').find(is_name).unwrap_or_default()
}

/// ECS reports the first one in words of its own.
fn first_for_ecs(violations: &[Violation]) -> String {
    let Some(violation) = violations.first() else {
        return String::new();
    };
    let leaf = leaf(violation);
    match &violation.constraint {
        // AWS: `Tasks cannot be empty.` is what DescribeTasks says to an empty list; an absent one is taken alike.
        Constraint::Missing => format!("{} cannot be empty.", upper_first(leaf)),
        Constraint::OneOf(values) => format!("{} should be one of [{}]", words(leaf), values.join(",")),
        _ => collected(violations, true),
    }
}

/// EC2 names the first missing or wrong parameter.
fn first_for_ec2(violations: &[Violation]) -> ApiError {
    let Some(violation) = violations.first() else {
        return ApiError::new("InvalidParameterValue", 400, "");
    };
    let leaf = leaf(violation);
    if violation.constraint == Constraint::Missing {
        return ApiError::new(
            "MissingParameter",
            400,
            format!("The request must contain the parameter {leaf}"),
        );
    }
    ApiError::new(
        "InvalidParameterValue",
        400,
        format!(
            "Value ({}) for parameter {leaf} is invalid. {}",
            shown(violation),
            violation.constraint.text()
        ),
    )
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + chars.as_str(),
        None => String::new(),
    }
}

/// `launchType` as `launch type`.
fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
