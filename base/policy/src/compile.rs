//! From a document to a program.

use std::ops::Range;

use crate::action::{self, ActionId};
use crate::date;
use crate::document::{self, Document, Effect, Negatable, PrincipalElement, PrincipalType};
use crate::glob::{self, CUT, ONE, STAR};
use crate::key::Key;
use crate::operator::{Family, Operator};
use crate::program::{
    ActionPattern, Condition, Entry, Index, KeyName, Matcher, PolicyLabel, PolicyValue, PrincipalForm,
    PrincipalPattern, Program, ResourceForm, ResourcePattern, Run, ScalarValue, Segment, Statement, Token,
};
use crate::scalar::{self, Network};
use crate::undetermined;
use crate::variable::{self, Piece};

impl Program {
    /// Compiles a document. Never fails: what the validator would refuse simply never matches.
    pub fn compile(document: &Document, label: PolicyLabel) -> Self {
        let size = document.span.end - document.span.start;
        let mut builder = Builder {
            variables: document.has_variables(),
            texts: String::with_capacity(size / 2),
            bytes: Vec::with_capacity(size / 4),
            statements: Vec::with_capacity(document.statements.len()),
            ..Builder::default()
        };
        for statement in &document.statements {
            builder.statement(statement);
        }
        builder.finish(label)
    }
}

#[derive(Default)]
struct Builder {
    /// Whether `${…}` means anything.
    variables: bool,
    texts: String,
    bytes: Vec<u8>,
    statements: Vec<Statement>,
    actions: Vec<ActionPattern>,
    resources: Vec<ResourcePattern>,
    principals: Vec<PrincipalPattern>,
    conditions: Vec<Condition>,
    values: Vec<PolicyValue>,
    scalars: Vec<ScalarValue>,
    tokens: Vec<Token>,
    entries: Vec<PlannedEntry>,
}

struct PlannedEntry {
    entry: Entry,
    deny: bool,
    /// Sorted, without overlaps.
    ids: Vec<Range<u16>>,
}

impl Builder {
    fn finish(self, label: PolicyLabel) -> Program {
        Program {
            label,
            has_deny: self.statements.iter().any(|statement| statement.effect == Effect::Deny),
            index: build_index(self.entries),
            statements: self.statements.into(),
            actions: self.actions.into(),
            resources: self.resources.into(),
            principals: self.principals.into(),
            conditions: self.conditions.into(),
            values: self.values.into(),
            scalars: self.scalars.into(),
            tokens: self.tokens.into(),
            texts: self.texts.into(),
            bytes: self.bytes.into(),
        }
    }

    fn statement(&mut self, statement: &document::Statement) {
        let sid = self.place(statement.sid().unwrap_or_default());
        let not_action = statement.action.as_ref().is_some_and(|action| action.not);
        let actions = self.actions(statement);
        let (has_resource, not_resource, resources) = match &statement.resource {
            Some(Negatable { value, not }) => {
                let from = self.resources.len();
                for pattern in &value.items {
                    self.resource(&pattern.value);
                }
                (true, *not, run(from, self.resources.len()))
            }
            None => (false, false, Run::default()),
        };
        let (has_principal, not_principal, principals) = match &statement.principal {
            Some(Negatable { value, not }) => {
                let from = self.principals.len();
                self.principal(value);
                (true, *not, run(from, self.principals.len()))
            }
            None => (false, false, Run::default()),
        };
        let from = self.conditions.len();
        for block in statement.conditions() {
            let operator = Operator::parse(&block.operator.value);
            let operator_name = self.place(&block.operator.value);
            for (key, values) in &block.keys {
                let key = self.key(&key.value);
                let first = self.values.len();
                for value in &values.items {
                    let value = self.value(operator.map(|operator| operator.family), &value.text.value);
                    self.values.push(value);
                }
                let values = run(first, self.values.len());
                self.conditions.push(Condition {
                    operator,
                    operator_name,
                    key,
                    values,
                });
            }
        }
        let conditions = run(from, self.conditions.len());
        let effect = statement.effect;
        self.statements.push(Statement {
            effect,
            not_action,
            not_resource,
            not_principal,
            has_resource,
            has_principal,
            sid,
            actions,
            resources,
            principals,
            conditions,
        });
    }

    /// Places the patterns of a statement and plans its entries in the index.
    fn actions(&mut self, statement: &document::Statement) -> Run {
        let from = self.actions.len();
        let (mut exact, mut by_text) = (Vec::new(), Vec::new());
        let not = statement.action.as_ref().is_some_and(|action| action.not);
        let patterns = statement
            .action
            .as_ref()
            .map(|action| action.value.items.as_slice())
            .unwrap_or_default();
        for pattern in patterns {
            let text = pattern.value.as_str();
            let (inner, ids) = action_ids(text);
            if inner { &mut by_text } else { &mut exact }.push(ids);
            let text = self.place(text);
            self.actions.push(ActionPattern { text, inner });
        }
        let index = number(self.statements.len());
        let deny = statement.effect == Effect::Deny;
        let mut plan = |ids: Vec<Range<u16>>, by_text| {
            if !ids.is_empty() {
                self.entries.push(PlannedEntry {
                    entry: Entry {
                        statement: index,
                        by_text,
                    },
                    deny,
                    ids,
                });
            }
        };
        if not {
            plan(complement(union(exact)), by_text.iter().any(|ids| !ids.is_empty()));
        } else if statement.action.is_some() {
            plan(union(exact), false);
            plan(union(by_text), true);
        }
        run(from, self.actions.len())
    }

    fn resource(&mut self, pattern: &str) {
        let mut built = ResourcePattern {
            encoded: Run::default(),
            cuts: [0; 6],
            segments: [Segment::Any; 6],
            form: ResourceForm::Everything,
            literal: 0,
            template: Run::default(),
        };
        if pattern == "*" {
            self.bytes.push(STAR);
            built.encoded = run(self.bytes.len() - 1, self.bytes.len());
        } else {
            self.segments(pattern, &mut built);
        }
        self.resources.push(built);
    }

    /// Cuts a pattern at its first five colons.
    fn segments(&mut self, pattern: &str, built: &mut ResourcePattern) {
        let (head, tail) = match self.variables.then(|| variable::fixed_arn_head(pattern)) {
            Some(Some((head, tail))) => (head, Some(tail)),
            Some(None) if variable::has_variables(pattern) => {
                // AWS: variables stand only behind the fifth colon.
                built.form = ResourceForm::Nothing;
                built.encoded = self.place_bytes(pattern);
                return;
            }
            _ => (pattern, None),
        };
        let start = self.bytes.len();
        glob::encode(head, &mut self.bytes);
        built.encoded = run(start, self.bytes.len());
        let encoded = self.bytes.get(start..).unwrap_or_default();
        let mut count = 1;
        for at in memchr::memchr_iter(b':', encoded).take(5) {
            let (Ok(next), Some(cut)) = (u16::try_from(at + 1), built.cuts.get_mut(count)) else {
                built.form = ResourceForm::Nothing;
                return;
            };
            *cut = next;
            count += 1;
        }
        for (at, segment) in built.segments.iter_mut().enumerate().take(count) {
            let from = built.cuts.get(at).copied().map_or(0, usize::from);
            let next = built.cuts.get(at + 1).filter(|_| at + 1 < count);
            let to = next.map_or(encoded.len(), |next| usize::from(*next) - 1);
            *segment = match encoded.get(from..to).unwrap_or_default() {
                [STAR] => Segment::Any,
                [head @ .., STAR] if !glob::has_wildcard(head) => Segment::Prefix,
                bytes if memchr::memchr(ONE, bytes).is_some() => Segment::Glob,
                bytes if memchr::memchr(STAR, bytes).is_some() => Segment::Stars,
                _ => Segment::Literal,
            };
        }
        let segments = u8::try_from(count).unwrap_or(6);
        built.form = match encoded {
            [STAR] => ResourceForm::Everything,
            [.., STAR] if count < 6 => ResourceForm::Open(segments),
            _ => ResourceForm::Segments(segments),
        };
        let literal = built
            .segments
            .iter()
            .take(count - 1)
            .take_while(|segment| **segment == Segment::Literal);
        built.literal = u8::try_from(literal.count()).unwrap_or(0);
        if let Some(tail) = tail {
            built.template = self.template(tail, Wildcards::Encoded);
            if let Some(last) = built.segments.last_mut() {
                *last = Segment::Template;
            }
        }
    }

    fn principal(&mut self, element: &PrincipalElement) {
        let named = match element {
            PrincipalElement::Anyone => {
                let star = self.place("*");
                self.principals.push(PrincipalPattern {
                    kind: PrincipalForm::Anyone,
                    name: star,
                    source: star,
                });
                return;
            }
            PrincipalElement::Named(named) => named,
        };
        for (kind, names) in named {
            for name in &names.items {
                let source = self.place(&name.value);
                let (kind, part) = match kind {
                    PrincipalType::Aws => aws_principal(&name.value),
                    PrincipalType::Service => (PrincipalForm::Service, None),
                    PrincipalType::Federated => (PrincipalForm::Federated, None),
                    PrincipalType::CanonicalUser => (PrincipalForm::CanonicalUser, None),
                };
                let name = part.map_or(source, |part| Run {
                    from: source.from + number(part.start),
                    count: number(part.len()),
                });
                self.principals.push(PrincipalPattern { kind, name, source });
            }
        }
    }

    fn key(&mut self, name: &str) -> KeyName {
        let text = self.place(name);
        match Key::parse(name) {
            Key::Known(id) => KeyName {
                id: Some(id),
                text,
                tag: 0,
            },
            Key::Tag(id, tag) => KeyName {
                id: Some(id),
                text,
                tag: number(name.len() - tag.len()),
            },
            Key::Other(_) => KeyName { id: None, text, tag: 0 },
        }
    }

    fn value(&mut self, family: Option<Family>, text: &str) -> PolicyValue {
        let Some(family) = family else {
            return PolicyValue {
                matcher: Matcher::Nothing,
                source: self.place(text),
            };
        };
        let wildcards = match family {
            Family::String | Family::StringIgnoreCase => Wildcards::Plain,
            Family::StringLike => Wildcards::Encoded,
            Family::Arn => Wildcards::EncodedArn,
            Family::Numeric(_) | Family::Date(_) | Family::Bool | Family::Binary | Family::Ip | Family::Null => {
                let source = self.place(text);
                return PolicyValue {
                    matcher: self.scalar(family, text),
                    source,
                };
            }
        };
        if family == Family::Arn && undetermined::is_every_arn(text) {
            return PolicyValue {
                matcher: Matcher::EveryArn,
                source: self.place(text),
            };
        }
        if self.variables && variable::has_variables(text) {
            let source = self.place(text);
            return PolicyValue {
                matcher: Matcher::Template(self.template(text, wildcards)),
                source,
            };
        }
        let start = self.bytes.len();
        self.encode(text, wildcards, &mut 0);
        let matcher = match self.bytes.get(start..).unwrap_or_default() {
            _ if wildcards == Wildcards::Plain => Matcher::Bytes,
            _ if wildcards == Wildcards::EncodedArn => Matcher::Glob,
            [head @ .., STAR] if !glob::has_wildcard(head) => Matcher::Prefix,
            encoded if glob::has_wildcard(encoded) => Matcher::Glob,
            _ => Matcher::Bytes,
        };
        let star = usize::from(matches!(matcher(Run::default()), Matcher::Prefix(_)));
        PolicyValue {
            matcher: matcher(run(start, self.bytes.len() - star)),
            source: Run::default(),
        }
    }

    fn scalar(&mut self, family: Family, text: &str) -> Matcher {
        let scalar = match family {
            Family::Numeric(_) => scalar::number(text).map(ScalarValue::Number),
            Family::Ip => Network::parse(text).map(ScalarValue::Network),
            Family::Date(_) => return date::parse(text).map_or(Matcher::Nothing, Matcher::Date),
            Family::Bool | Family::Null => return scalar::boolean(text).map_or(Matcher::Nothing, Matcher::Bool),
            _ => {
                let start = self.bytes.len();
                let Some(decoded) = scalar::base64(text) else {
                    return Matcher::Nothing;
                };
                self.bytes.extend(decoded);
                return Matcher::Bytes(run(start, self.bytes.len()));
            }
        };
        scalar.map_or(Matcher::Nothing, |scalar| {
            self.scalars.push(scalar);
            Matcher::Scalar(number(self.scalars.len() - 1))
        })
    }

    /// Tokens of a text with variables.
    fn template(&mut self, text: &str, wildcards: Wildcards) -> Run {
        let from = self.tokens.len();
        let mut colons = 0;
        for piece in variable::pieces(text) {
            let token = match piece {
                Piece::Plain(text) => {
                    let start = self.bytes.len();
                    self.encode(text, wildcards, &mut colons);
                    Token::Text(run(start, self.bytes.len()))
                }
                Piece::Literal(text) => Token::Text(self.place_bytes(text)),
                Piece::Variable { key, default } => {
                    let key = self.key(key);
                    Token::Variable(key, default.map(|default| self.place_bytes(default)))
                }
            };
            self.tokens.push(token);
        }
        run(from, self.tokens.len())
    }

    fn encode(&mut self, text: &str, wildcards: Wildcards, colons: &mut usize) {
        match wildcards {
            Wildcards::Plain => self.bytes.extend_from_slice(text.as_bytes()),
            Wildcards::Encoded | Wildcards::EncodedArn => {
                let start = self.bytes.len();
                glob::encode(text, &mut self.bytes);
                if wildcards == Wildcards::EncodedArn {
                    let encoded = self.bytes.get_mut(start..).unwrap_or_default();
                    for byte in encoded.iter_mut().filter(|byte| **byte == b':') {
                        if *colons < 5 {
                            *byte = CUT;
                        }
                        *colons += 1;
                    }
                }
            }
        }
    }

    fn place(&mut self, text: &str) -> Run {
        let start = self.texts.len();
        self.texts.push_str(text);
        run(start, self.texts.len())
    }

    fn place_bytes(&mut self, text: &str) -> Run {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        run(start, self.bytes.len())
    }
}

/// What `*` and `?` mean in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wildcards {
    /// Themselves.
    Plain,
    /// Wildcards.
    Encoded,
    /// Wildcards, and the first five colons cut.
    EncodedArn,
}

fn run(from: usize, to: usize) -> Run {
    Run {
        from: number(from),
        count: number(to - from),
    }
}

/// Tables have far fewer than 2^32 rows: a document is limited to less.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// What an entry under `AWS` names, and the part of it that is compared.
fn aws_principal(name: &str) -> (PrincipalForm, Option<Range<usize>>) {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if name == "*" {
        return (PrincipalForm::Anyone, None);
    }
    if is_account(name) {
        return (PrincipalForm::Account, None);
    }
    let mut parts = name.splitn(6, ':');
    let root = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("iam");
    let account = parts.nth(1).filter(|account| root && is_account(account));
    match (account, parts.next()) {
        (Some(account), Some("root")) => {
            let start = name.len() - ":root".len() - account.len();
            (PrincipalForm::Account, Some(start..start + account.len()))
        }
        _ => (PrincipalForm::Arn, None),
    }
}

/// The known actions that a pattern matches, or, with wildcards inside (`true`), those among which they are.
fn action_ids(pattern: &str) -> (bool, Range<u16>) {
    let head = pattern.trim_end_matches('*');
    let fixed = head
        .find(['*', '?'])
        .map_or(head, |wildcard| head.get(..wildcard).unwrap_or_default());
    if head.len() == pattern.len() && fixed.len() == head.len() {
        let found = ActionId::find(pattern).map_or(0..0, |id| id.0..id.0 + 1);
        return (false, found);
    }
    let among = match fixed.split_once(':') {
        Some((service, _)) => action::of_service(service.as_bytes()),
        None => 0..action::count(),
    };
    (
        fixed.len() < head.len(),
        action::starting_with(fixed.as_bytes(), &among),
    )
}

fn union(mut ranges: Vec<Range<u16>>) -> Vec<Range<u16>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let joined = next.start <= range.end;
        if joined {
            range.end = range.end.max(next.end);
        }
        joined
    });
    ranges
}

fn complement(ranges: Vec<Range<u16>>) -> Vec<Range<u16>> {
    let mut gaps = Vec::with_capacity(ranges.len() + 1);
    let mut from = 0;
    for range in ranges {
        gaps.push(from..range.start);
        from = range.end;
    }
    gaps.push(from..action::count());
    gaps.retain(|range| !range.is_empty());
    gaps
}

fn build_index(entries: Vec<PlannedEntry>) -> Index {
    let width = entries.len().div_ceil(64);
    let mut deny = vec![0_u64; width];
    let mut starts: Vec<u16> = entries
        .iter()
        .flat_map(|entry| &entry.ids)
        .flat_map(|ids| [ids.start, ids.end])
        .collect();
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let mut rows = vec![0_u64; width * starts.len()];
    for (at, entry) in entries.iter().enumerate() {
        let (word, bit) = (at / 64, 1_u64 << (at % 64));
        if let Some(deny) = deny.get_mut(word).filter(|_| entry.deny) {
            *deny |= bit;
        }
        for ids in &entry.ids {
            let from = starts.partition_point(|start| *start < ids.start);
            let to = starts.partition_point(|start| *start < ids.end);
            for row in from..to {
                if let Some(row) = rows.get_mut(row * width + word) {
                    *row |= bit;
                }
            }
        }
    }
    let landmarks = if starts.len() > 8 {
        let ids = (0..=action::count() / Index::STRIDE + 1).map(|at| at * Index::STRIDE);
        let interval = |id| starts.partition_point(|start| *start <= id).saturating_sub(1);
        ids.map(|id| u16::try_from(interval(id)).unwrap_or(u16::MAX)).collect()
    } else {
        Box::default()
    };
    let entries = entries.into_iter().map(|planned| planned.entry).collect();
    Index {
        starts: starts.into(),
        landmarks,
        rows: rows.into(),
        width,
        deny: deny.into(),
        entries,
    }
}
