//! Whether a statement of a program applies to a request.

use std::net::IpAddr;

use crate::context::{Context, TextBuffer, Value};
use crate::date;
use crate::glob;
use crate::operator::{Family, Operator, Set};
use crate::principal::{Principal, PrincipalKind};
use crate::program::{
    Condition, Entry, Matcher, PolicyValue, PrincipalForm, Program, ResourceForm, ResourcePattern, Run, ScalarValue,
    Segment, Statement, Token,
};
use crate::request::Request;
use crate::resource::Resource;
use crate::scalar;
use crate::undetermined;

/// What an Allow of a resource's policy achieves, as bits: see the constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant(pub(crate) u8);

impl Grant {
    pub(crate) const NONE: Self = Self(0);
    /// Something allows the caller.
    pub(crate) const ALLOWED: Self = Self(1);
    /// No identity policy is needed.
    pub(crate) const IDENTITY: Self = Self(1 | 2);
    /// Nor must the boundary allow.
    pub(crate) const BOUNDARY: Self = Self(1 | 2 | 4);
    /// Nor the session policy.
    pub(crate) const SESSION: Self = Self(1 | 2 | 4 | 8);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Program {
    /// The entries that the action can match, as words of bits; every entry for an action outside the tables.
    #[inline]
    pub(crate) fn row(&self, request: &Request<'_>) -> Option<&[u64]> {
        let id = request.action.id?;
        let interval = self.index.interval(id.0);
        let width = self.index.width;
        self.index.rows.get(interval * width..(interval + 1) * width)
    }

    /// Whether the action part of an entry matches, the index having said that it can.
    #[inline]
    pub(crate) fn entry_matches(&self, entry: &Entry, statement: &Statement, request: &Request<'_>) -> bool {
        !entry.by_text || self.inner_patterns_match(statement, request.action.name) != statement.not_action
    }

    fn inner_patterns_match(&self, statement: &Statement, action: &str) -> bool {
        let patterns = statement
            .actions
            .of(&self.actions)
            .iter()
            .filter(|pattern| pattern.inner);
        patterns
            .into_iter()
            .any(|pattern| self.action_pattern_matches(pattern.text, action))
    }

    pub(crate) fn action_pattern_matches(&self, pattern: Run, action: &str) -> bool {
        glob::matches_ignoring_case(self.text(pattern).as_bytes(), action.as_bytes())
    }

    /// Whether the action part of a statement matches an action, by text alone.
    pub(crate) fn action_matches(&self, statement: &Statement, action: &str) -> bool {
        let mut patterns = statement.actions.of(&self.actions).iter();
        patterns.any(|pattern| self.action_pattern_matches(pattern.text, action)) != statement.not_action
    }

    /// Whether all but the action and the principal match.
    #[inline]
    pub(crate) fn rest_matches(&self, statement: &Statement, request: &Request<'_>) -> bool {
        self.resource_matches(statement, request)
            && statement
                .conditions
                .of(&self.conditions)
                .iter()
                .all(|condition| self.condition_holds(condition, request.context))
    }

    // ---- resources -------------------------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn resource_matches(&self, statement: &Statement, request: &Request<'_>) -> bool {
        if !statement.has_resource {
            return true;
        }
        let mut patterns = statement.resources.of(&self.resources).iter();
        patterns.any(|pattern| self.pattern_matches(pattern, &request.resource, request.context))
            != statement.not_resource
    }

    pub(crate) fn pattern_matches(
        &self,
        pattern: &ResourcePattern,
        resource: &Resource<'_>,
        context: &dyn Context,
    ) -> bool {
        match pattern.form {
            ResourceForm::Everything => true,
            ResourceForm::Nothing => false,
            ResourceForm::Segments(count) => {
                let last = usize::from(count) - 1;
                // The last segment tells most resources apart, the region and the account rarely do.
                resource.segments() == last + 1
                    && self.literal_matches(pattern, resource)
                    && self.segment_matches(pattern, last, resource.rest(last), context)
                    && (usize::from(pattern.literal)..last)
                        .all(|at| self.segment_matches(pattern, at, resource.segment(at), context))
            }
            ResourceForm::Open(count) => {
                let last = usize::from(count) - 1;
                resource.segments() > last
                    && self.literal_matches(pattern, resource)
                    && (usize::from(pattern.literal)..last)
                        .all(|at| self.segment_matches(pattern, at, resource.segment(at), context))
                    && glob::matches(self.segment(pattern, last), resource.rest(last))
            }
        }
    }

    /// Compares the literal segments at the start, with the colons behind them, at once. The last one is never among
    /// them, so the colon is there.
    #[inline]
    fn literal_matches(&self, pattern: &ResourcePattern, resource: &Resource<'_>) -> bool {
        let end = pattern
            .cuts
            .get(usize::from(pattern.literal))
            .copied()
            .map_or(0, usize::from);
        let head = self.bytes(pattern.encoded).get(..end).unwrap_or_default();
        resource.text().as_bytes().starts_with(head)
    }

    #[inline]
    fn segment_matches(&self, pattern: &ResourcePattern, at: usize, text: &[u8], context: &dyn Context) -> bool {
        match pattern.segments.get(at) {
            Some(Segment::Any) => true,
            Some(Segment::Literal) => self.segment(pattern, at) == text,
            Some(Segment::Prefix) => match self.segment(pattern, at) {
                [head @ .., _] => text.starts_with(head),
                [] => false,
            },
            Some(Segment::Stars) => glob::stars(self.segment(pattern, at), text),
            Some(Segment::Glob) => glob::general(self.segment(pattern, at), text),
            Some(Segment::Template) => self.template_matches(pattern.template, text, context, glob::matches),
            None => false,
        }
    }

    /// The encoded bytes of a segment; of the last one, everything to the end.
    #[inline]
    fn segment(&self, pattern: &ResourcePattern, at: usize) -> &[u8] {
        let text = self.bytes(pattern.encoded);
        let from = pattern.cuts.get(at).copied().map_or(0, usize::from);
        let to = pattern
            .cuts
            .get(at + 1)
            .filter(|next| **next > 0)
            .map_or(text.len(), |next| usize::from(*next) - 1);
        text.get(from..to).unwrap_or_default()
    }

    // ---- principals ------------------------------------------------------------------------------------------------

    /// What an Allow statement's principal element grants the caller; [`Grant::NONE`] when it does not name him.
    pub(crate) fn grant(&self, statement: &Statement, principal: &Principal) -> Grant {
        if !statement.has_principal {
            return Grant::NONE;
        }
        let patterns = statement.principals.of(&self.principals);
        if statement.not_principal {
            let spared = patterns
                .iter()
                .any(|pattern| is_spared(pattern.kind, self.text(pattern.name), principal));
            return if spared { Grant::NONE } else { star_grant(principal) };
        }
        patterns.iter().fold(Grant::NONE, |grant, pattern| {
            grant.with(names(pattern.kind, self.text(pattern.name), principal))
        })
    }

    // ---- conditions ------------------------------------------------------------------------------------------------

    pub(crate) fn condition_holds(&self, condition: &Condition, context: &dyn Context) -> bool {
        let Some(operator) = condition.operator else {
            return false;
        };
        let value = context.get(self.key(condition.key));
        let value = value.filter(|value| !matches!(value, Value::List(list) if list.count() == 0));
        let values = condition.values.of(&self.values);
        if operator.family == Family::Null {
            let null = value.is_none();
            return values
                .iter()
                .any(|value| matches!(value.matcher, Matcher::Bool(wanted) if wanted == null));
        }
        let Some(value) = value else {
            return match operator.set {
                Set::All => true,
                Set::Any => operator.if_exists && undetermined::for_any_value_if_exists_holds_without_key(),
                Set::Plain => operator.if_exists || operator.negated,
            };
        };
        let one = |value: &Value<'_>| self.value_passes(operator, values, value, context);
        let Value::List(list) = &value else {
            return one(&value);
        };
        let mut each = (0..list.count()).map(|at| one(&Value::Str(list.at(at))));
        match (operator.set, operator.negated) {
            (Set::All, _) | (Set::Plain, true) => each.all(|passes| passes),
            (Set::Any, _) | (Set::Plain, false) => each.any(|passes| passes),
        }
    }

    /// Whether one value of the request passes: it matches one of the policy's values or, negated, none.
    fn value_passes(
        &self,
        operator: Operator,
        values: &[PolicyValue],
        value: &Value<'_>,
        context: &dyn Context,
    ) -> bool {
        let mut buffer = TextBuffer::new();
        let matched = match operator.family {
            Family::String => {
                let text = value.text(&mut buffer).as_bytes();
                values.iter().any(|value| match value.matcher {
                    Matcher::Bytes(run) => self.bytes(run) == text,
                    Matcher::Template(tokens) => self.template_equals(tokens, text, context),
                    _ => false,
                })
            }
            Family::StringIgnoreCase => {
                let text = value.text(&mut buffer).as_bytes();
                values.iter().any(|value| match value.matcher {
                    Matcher::Bytes(run) => equal_ignoring_case(self.bytes(run), text),
                    Matcher::Template(tokens) => self.template_matches(tokens, text, context, equal_ignoring_case),
                    _ => false,
                })
            }
            Family::StringLike => {
                let text = value.text(&mut buffer).as_bytes();
                values.iter().any(|value| match value.matcher {
                    Matcher::Bytes(run) => self.bytes(run) == text,
                    Matcher::Prefix(run) => text.starts_with(self.bytes(run)),
                    Matcher::Glob(run) => glob::general(self.bytes(run), text),
                    Matcher::Template(tokens) => self.template_matches(tokens, text, context, glob::matches),
                    _ => false,
                })
            }
            Family::Arn => {
                let arn = Resource::new(value.text(&mut buffer));
                if arn.segments() < 6 {
                    return on_unparsable(operator);
                }
                values.iter().any(|value| match value.matcher {
                    Matcher::Glob(run) => arn_matches(self.bytes(run), &arn),
                    Matcher::Template(tokens) => {
                        self.template_matches(tokens, b"", context, |pattern, _| arn_matches(pattern, &arn))
                    }
                    Matcher::EveryArn => true,
                    _ => false,
                })
            }
            Family::Numeric(order) => {
                let number = match value {
                    Value::Number(number) => Some(scalar::whole_number(*number)),
                    other => scalar::number(other.text(&mut buffer)),
                };
                let Some(number) = number else {
                    return on_unparsable(operator);
                };
                self.any_scalar(values, |scalar| match scalar {
                    ScalarValue::Number(wanted) => order.holds(&number, wanted),
                    ScalarValue::Network(_) => false,
                })
            }
            Family::Date(order) => {
                let Some(instant) = instant(value, &mut buffer) else {
                    return on_unparsable(operator);
                };
                values
                    .iter()
                    .any(|value| matches!(value.matcher, Matcher::Date(wanted) if order.holds(&instant, &wanted)))
            }
            Family::Ip => {
                let address = match value {
                    Value::Ip(address) => Some(*address),
                    other => other.text(&mut buffer).parse::<IpAddr>().ok(),
                };
                let Some(address) = address else {
                    return on_unparsable(operator);
                };
                self.any_scalar(values, |scalar| match scalar {
                    ScalarValue::Network(network) => network.contains(address),
                    ScalarValue::Number(_) => false,
                })
            }
            Family::Bool => {
                let truth = match value {
                    Value::Bool(truth) => Some(*truth),
                    other => scalar::boolean(other.text(&mut buffer)),
                };
                values
                    .iter()
                    .any(|value| matches!((value.matcher, truth), (Matcher::Bool(a), Some(b)) if a == b))
            }
            Family::Binary => {
                let text = value.text(&mut buffer);
                values.iter().any(|value| match value.matcher {
                    Matcher::Bytes(run) => {
                        scalar::base64(text).is_some_and(|bytes| bytes.eq(self.bytes(run).iter().copied()))
                    }
                    _ => false,
                })
            }
            Family::Null => false,
        };
        matched != operator.negated
    }

    fn any_scalar(&self, values: &[PolicyValue], test: impl Fn(&ScalarValue) -> bool) -> bool {
        values.iter().any(|value| match value.matcher {
            Matcher::Scalar(at) => self.scalars.get(at as usize).is_some_and(&test),
            _ => false,
        })
    }

    // ---- variables -------------------------------------------------------------------------------------------------

    /// Whether the filled-in tokens are exactly `text`; nothing is built, the text is eaten token by token.
    fn template_equals(&self, tokens: Run, text: &[u8], context: &dyn Context) -> bool {
        let mut rest = text;
        for token in tokens.of(&self.tokens) {
            let mut buffer = TextBuffer::new();
            let filled;
            let part = match token {
                Token::Text(run) => self.bytes(*run),
                Token::Variable(key, default) => {
                    filled = context.get(self.key(*key));
                    match (&filled, default) {
                        (Some(value), _) if !matches!(value, Value::List(_)) => value.text(&mut buffer).as_bytes(),
                        (_, Some(default)) => self.bytes(*default),
                        (_, None) => return false,
                    }
                }
            };
            match rest.strip_prefix(part) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Fills the tokens in and hands the result to `accepts` as an encoded pattern; a variable without value fails.
    fn template_matches(
        &self,
        tokens: Run,
        text: &[u8],
        context: &dyn Context,
        accepts: impl Fn(&[u8], &[u8]) -> bool,
    ) -> bool {
        let mut filled = Pattern::default();
        for token in tokens.of(&self.tokens) {
            match token {
                Token::Text(run) => filled.push(self.bytes(*run)),
                Token::Variable(key, default) => {
                    let mut buffer = TextBuffer::new();
                    match (context.get(self.key(*key)), default) {
                        (Some(value), _) if !matches!(value, Value::List(_)) => {
                            filled.push(value.text(&mut buffer).as_bytes());
                        }
                        (_, Some(default)) => filled.push(self.bytes(*default)),
                        (_, None) => return false,
                    }
                }
            }
        }
        accepts(filled.bytes(), text)
    }
}

/// A filled-in pattern; short ones need no heap.
struct Pattern {
    near: [u8; 256],
    length: usize,
    far: Vec<u8>,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            near: [0; 256],
            length: 0,
            far: Vec::new(),
        }
    }
}

impl Pattern {
    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.near.get_mut(self.length..end) {
            Some(room) if self.far.is_empty() => {
                room.copy_from_slice(bytes);
                self.length = end;
            }
            _ => {
                if self.far.is_empty() {
                    self.far
                        .extend_from_slice(self.near.get(..self.length).unwrap_or_default());
                }
                self.far.extend_from_slice(bytes);
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        if self.far.is_empty() {
            self.near.get(..self.length).unwrap_or_default()
        } else {
            &self.far
        }
    }
}

/// What an entry of a `Principal` element grants the caller, [`Grant::NONE`] when it does not name him.
fn names(kind: PrincipalForm, name: &str, principal: &Principal) -> Grant {
    match kind {
        PrincipalForm::Anyone => star_grant(principal),
        PrincipalForm::Account if principal.account() == Some(name) => Grant::ALLOWED,
        PrincipalForm::CanonicalUser if principal.canonical_user.as_deref() == Some(name) => Grant::ALLOWED,
        PrincipalForm::Service if principal.kind == PrincipalKind::Service && *principal.name == *name => {
            Grant::SESSION
        }
        PrincipalForm::Federated if principal.kind == PrincipalKind::Federated && *principal.name == *name => {
            Grant::SESSION
        }
        PrincipalForm::Arn => match &principal.kind {
            PrincipalKind::User | PrincipalKind::Root if *principal.name == *name => Grant::BOUNDARY,
            PrincipalKind::RoleSession { role_arn, .. } if **role_arn == *name => Grant::IDENTITY,
            PrincipalKind::FederatedSession { user_arn: Some(user) } if **user == *name => Grant::IDENTITY,
            PrincipalKind::RoleSession { .. } | PrincipalKind::FederatedSession { .. } if *principal.name == *name => {
                Grant::SESSION
            }
            _ => Grant::NONE,
        },
        _ => Grant::NONE,
    }
}

/// Whether an entry of a `NotPrincipal` element spares the caller.
fn is_spared(kind: PrincipalForm, name: &str, principal: &Principal) -> bool {
    match kind {
        PrincipalForm::Account => {
            let own = principal.account() == Some(name);
            own && (principal.kind == PrincipalKind::Root
                || undetermined::not_principal_account_spares_everyone_in_it())
        }
        _ => names(kind, name, principal) != Grant::NONE,
    }
}

fn star_grant(principal: &Principal) -> Grant {
    match principal.kind {
        PrincipalKind::Service | PrincipalKind::Federated | PrincipalKind::Anonymous => Grant::SESSION,
        _ if undetermined::star_grant_bypasses_limits() => Grant::SESSION,
        _ => Grant::IDENTITY,
    }
}

fn on_unparsable(operator: Operator) -> bool {
    operator.negated && undetermined::negated_operator_holds_on_unparsable_value()
}

fn instant(value: &Value<'_>, buffer: &mut TextBuffer) -> Option<i64> {
    match value {
        Value::Time(millis) => Some(*millis),
        other => date::parse(other.text(buffer)),
    }
}

/// Compares an encoded ARN pattern segment by segment.
fn arn_matches(pattern: &[u8], arn: &Resource<'_>) -> bool {
    let mut count = 0;
    for segment in pattern.split(|byte| *byte == glob::CUT) {
        if count == 6 || !glob::matches(segment, if count == 5 { arn.rest(5) } else { arn.segment(count) }) {
            return false;
        }
        count += 1;
    }
    count == 6
}

/// Compares two texts without regard to letter case, character by character.
fn equal_ignoring_case(a: &[u8], b: &[u8]) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    if a.is_ascii() && b.is_ascii() {
        return false;
    }
    let lower = |bytes| {
        std::str::from_utf8(bytes)
            .unwrap_or_default()
            .chars()
            .flat_map(char::to_lowercase)
    };
    lower(a).eq(lower(b))
}
