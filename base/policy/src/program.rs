//! A compiled policy: the tables that one decision reads.

use std::fmt;

use crate::document::Effect;
use crate::key::{Key, KeyId};
use crate::operator::Operator;
use crate::scalar::Network;

/// The kinds of policies; each limits or grants in its own place of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyType {
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A policy on a resource, a key policy among them.
    Resource,
    /// A role's trust policy.
    Trust,
    /// A policy of a user, group or role.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// A policy passed when a session was made.
    Session,
    /// The policy of a VPC endpoint.
    Endpoint,
}

impl PolicyType {
    /// Whether the statements of such policies name principals.
    pub fn names_principals(self) -> bool {
        matches!(self, Self::Rcp | Self::Resource | Self::Trust | Self::Endpoint)
    }
}

/// What a policy is called in explanations: its type and its ARN or inline name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyLabel {
    /// The type.
    pub policy_type: PolicyType,
    /// The ARN of a managed policy, or the name of an inline one.
    pub name: Box<str>,
}

impl PolicyLabel {
    /// A label.
    pub fn new(policy_type: PolicyType, name: impl Into<Box<str>>) -> Self {
        Self {
            policy_type,
            name: name.into(),
        }
    }
}

/// A policy, compiled once when it is written and then shared (`Arc<Program>`) by every decision.
///
/// Made by [`Program::compile`]; holds no reference to the document.
pub struct Program {
    pub(crate) label: PolicyLabel,
    /// Whether any statement denies; most policies have none, and the search for one is skipped.
    pub(crate) has_deny: bool,
    pub(crate) statements: Box<[Statement]>,
    /// Action patterns of all statements.
    pub(crate) actions: Box<[ActionPattern]>,
    pub(crate) resources: Box<[ResourcePattern]>,
    pub(crate) principals: Box<[PrincipalPattern]>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) values: Box<[PolicyValue]>,
    pub(crate) scalars: Box<[ScalarValue]>,
    pub(crate) tokens: Box<[Token]>,
    /// Names and texts as written, end to end.
    pub(crate) texts: Box<str>,
    /// Encoded patterns and values, end to end.
    pub(crate) bytes: Box<[u8]>,
    pub(crate) index: Index,
}

/// Which entries an action of the tables can match: the ids are cut into intervals, each with a row of bits.
pub(crate) struct Index {
    /// The first id of each interval; the first interval starts at 0.
    pub(crate) starts: Box<[u16]>,
    /// The interval of every [`Index::STRIDE`]th id, to begin the search with; empty when there are few intervals.
    pub(crate) landmarks: Box<[u16]>,
    /// `width` words per interval; bit `n` stands for entry `n`.
    pub(crate) rows: Box<[u64]>,
    pub(crate) width: usize,
    /// The entries of Deny statements.
    pub(crate) deny: Box<[u64]>,
    pub(crate) entries: Box<[Entry]>,
}

impl Index {
    /// How many ids lie between two landmarks.
    pub(crate) const STRIDE: u16 = 64;

    /// The interval that an id lies in.
    #[inline]
    pub(crate) fn interval(&self, id: u16) -> usize {
        let at = usize::from(id / Self::STRIDE);
        let (from, to) = match self.landmarks.get(at..at + 2) {
            Some([from, to]) => (usize::from(*from), usize::from(*to) + 1),
            _ => (0, self.starts.len()),
        };
        let near = self.starts.get(from..to).unwrap_or_default();
        (from + near.partition_point(|start| *start <= id)).saturating_sub(1)
    }
}

/// A statement, or the part of one whose action patterns must still be matched as text.
pub(crate) struct Entry {
    pub(crate) statement: u32,
    /// Whether the patterns that have wildcards inside must be looked at.
    pub(crate) by_text: bool,
}

/// A range of one of the program's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: u32,
    pub(crate) count: u32,
}

impl Run {
    pub(crate) fn is_empty(self) -> bool {
        self.count == 0
    }

    #[inline]
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        let from = self.from as usize;
        all.get(from..from + self.count as usize).unwrap_or_default()
    }
}

pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) not_action: bool,
    pub(crate) not_resource: bool,
    pub(crate) not_principal: bool,
    /// Without a resource element (trust policies) a statement is about whatever it is attached to.
    pub(crate) has_resource: bool,
    pub(crate) has_principal: bool,
    pub(crate) sid: Run,
    pub(crate) actions: Run,
    pub(crate) resources: Run,
    pub(crate) principals: Run,
    pub(crate) conditions: Run,
}

/// An action pattern; `inner` when it has wildcards that the index cannot express.
pub(crate) struct ActionPattern {
    pub(crate) text: Run,
    pub(crate) inner: bool,
}

/// A resource pattern, cut into its segments.
pub(crate) struct ResourcePattern {
    /// The encoded pattern; with variables, the part before the sixth segment.
    pub(crate) encoded: Run,
    /// Where the segments begin, relative to the text.
    pub(crate) cuts: [u16; 6],
    /// How each segment is matched.
    pub(crate) segments: [Segment; 6],
    pub(crate) form: ResourceForm,
    /// How many segments at the start are literal: they are compared at once.
    pub(crate) literal: u8,
    /// The tokens of the sixth segment, if it holds variables.
    pub(crate) template: Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceForm {
    /// `*`.
    Everything,
    /// Nothing: a variable where none may be.
    Nothing,
    /// As many segments as the resource has.
    Segments(u8),
    /// Fewer than six, ending in `*`: the last covers all that follows.
    Open(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Any,
    Literal,
    /// Fixed text and a star.
    Prefix,
    /// With stars, without `?`.
    Stars,
    Glob,
    Template,
}

pub(crate) struct PrincipalPattern {
    pub(crate) kind: PrincipalForm,
    /// What is compared: an account id for accounts, else the whole name.
    pub(crate) name: Run,
    pub(crate) source: Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalForm {
    Anyone,
    Account,
    Arn,
    Service,
    Federated,
    CanonicalUser,
}

pub(crate) struct Condition {
    /// Nothing for a name that is no operator; such a condition never holds.
    pub(crate) operator: Option<Operator>,
    pub(crate) operator_name: Run,
    pub(crate) key: KeyName,
    pub(crate) values: Run,
}

/// A key's interned id and its text, of which the tag key is a part.
#[derive(Clone, Copy)]
pub(crate) struct KeyName {
    pub(crate) id: Option<KeyId>,
    pub(crate) text: Run,
    /// Where the tag key begins; 0 for plain keys.
    pub(crate) tag: u32,
}

pub(crate) struct PolicyValue {
    pub(crate) matcher: Matcher,
    /// The value as written; empty when the matcher's bytes tell it.
    pub(crate) source: Run,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Matcher {
    /// The bytes to compare.
    Bytes(Run),
    /// The bytes to begin with.
    Prefix(Run),
    /// An encoded pattern.
    Glob(Run),
    /// Tokens with variables.
    Template(Run),
    /// Milliseconds since the epoch.
    Date(i64),
    Bool(bool),
    /// A place in `scalars`.
    Scalar(u32),
    /// Any ARN.
    EveryArn,
    /// A value that is none for its operator.
    Nothing,
}

pub(crate) enum ScalarValue {
    Number(i128),
    Network(Network),
}

/// A part of a text with variables.
pub(crate) enum Token {
    /// Encoded text.
    Text(Run),
    /// A key to fill in, and what stands in when it has no value.
    Variable(KeyName, Option<Run>),
}

impl Program {
    /// What the policy is called.
    pub fn label(&self) -> &PolicyLabel {
        &self.label
    }

    /// The memory that the program takes, with all it owns, in bytes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.label.name.len()
            + size_of_val::<[_]>(&self.statements)
            + size_of_val::<[_]>(&self.actions)
            + size_of_val::<[_]>(&self.resources)
            + size_of_val::<[_]>(&self.principals)
            + size_of_val::<[_]>(&self.conditions)
            + size_of_val::<[_]>(&self.values)
            + size_of_val::<[_]>(&self.scalars)
            + size_of_val::<[_]>(&self.tokens)
            + self.texts.len()
            + self.bytes.len()
            + size_of_val::<[_]>(&self.index.starts)
            + size_of_val::<[_]>(&self.index.landmarks)
            + size_of_val::<[_]>(&self.index.rows)
            + size_of_val::<[_]>(&self.index.deny)
            + size_of_val::<[_]>(&self.index.entries)
    }

    /// The number of statements.
    pub fn statement_count(&self) -> usize {
        self.statements.len()
    }

    /// The `Sid` of the statement at `index`, counted from 0, if it has one.
    pub fn sid(&self, index: u32) -> Option<&str> {
        let sid = self.statements.get(index as usize)?.sid;
        (!sid.is_empty()).then(|| self.text(sid))
    }

    /// The bytes of a value or an encoded pattern.
    #[inline]
    pub(crate) fn bytes(&self, run: Run) -> &[u8] {
        run.of(&self.bytes)
    }

    /// A text as written.
    #[inline]
    pub(crate) fn text(&self, run: Run) -> &str {
        let from = run.from as usize;
        self.texts.get(from..from + run.count as usize).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn key(&self, name: KeyName) -> Key<'_> {
        match name.id {
            Some(id) if name.tag == 0 => Key::Known(id),
            Some(id) => {
                let tag = Run {
                    from: name.text.from + name.tag,
                    count: name.text.count - name.tag,
                };
                Key::Tag(id, self.text(tag))
            }
            None => Key::Other(self.text(name.text)),
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("label", &self.label)
            .field("statements", &self.statements.len())
            .finish_non_exhaustive()
    }
}
