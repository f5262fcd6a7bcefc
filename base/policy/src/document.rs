//! The syntax tree of a policy document, as it was written.

use std::collections::HashSet;
use std::fmt;

use crate::json::{self, Json, Node, Span};

/// Why a document is refused: the message AWS gives, what exactly is wrong, and where.
///
/// AWS's code for it is [`Malformed::CODE`], with HTTP status 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// AWS's message.
    pub message: String,
    /// What is wrong in our own words, for logs and for people who write policies.
    pub detail: String,
    /// The bytes of the document that are wrong.
    pub span: Span,
}

impl Malformed {
    /// AWS's error code.
    pub const CODE: &'static str = "MalformedPolicyDocument";

    pub(crate) fn new(message: impl Into<String>, detail: impl Into<String>, span: Span) -> Self {
        Self {
            message: message.into(),
            detail: detail.into(),
            span,
        }
    }

    fn syntax(detail: impl Into<String>, span: Span) -> Self {
        Self::new("Syntax errors in policy.", detail, span)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Malformed {}

/// A policy document: what [`Document::parse`] understood, in the order and forms in which it was written.
///
/// Parsing checks the syntax only; [`validate`](crate::validate) says whether AWS would store it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(crate) version: Option<Version>,
    pub(crate) id: Option<Text>,
    pub(crate) statements: Vec<Statement>,
    /// Whether the statements are a list; one alone may stand without.
    pub(crate) listed: bool,
    pub(crate) order: Vec<TopElement>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopElement {
    Version,
    Id,
    Statement,
}

/// The version of the policy language; a document that names none is of the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: with policy variables.
    V2012,
}

impl Version {
    /// The date that names the version.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2008 => "2008-10-17",
            Self::V2012 => "2012-10-17",
        }
    }
}

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, unescaped.
    pub value: String,
    /// The bytes of the document, quotes included.
    pub span: Span,
}

/// One value or a list of them, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T> {
    /// The values.
    pub items: Vec<T>,
    /// Whether a single value stands without brackets.
    pub bare: bool,
    /// The bytes of the document.
    pub span: Span,
}

/// What a statement does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Refuses, whatever grants.
    Deny,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub(crate) sid: Option<Text>,
    pub(crate) effect: Effect,
    /// How the effect is spelled: another letter case is understood, but not stored.
    pub(crate) effect_text: Text,
    pub(crate) principal: Option<Negatable<PrincipalElement>>,
    pub(crate) action: Option<Negatable<List<Text>>>,
    pub(crate) resource: Option<Negatable<List<Text>>>,
    pub(crate) conditions: Option<Vec<OperatorBlock>>,
    pub(crate) order: Vec<Element>,
    pub(crate) span: Span,
}

/// An element that has a `Not…` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negatable<T> {
    /// The values.
    pub value: T,
    /// Whether it is the `Not…` form.
    pub not: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Sid,
    Effect,
    Principal,
    Action,
    Resource,
    Condition,
}

/// The value of `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalElement {
    /// `"*"`.
    Anyone,
    /// Lists by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    Named(Vec<(PrincipalType, List<Text>)>),
}

/// The kinds of names in a `Principal` element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalType {
    /// Account ids and ARNs.
    Aws,
    /// Service names.
    Service,
    /// Identity providers.
    Federated,
    /// Canonical user ids.
    CanonicalUser,
}

impl PrincipalType {
    pub(crate) const ALL: [Self; 4] = [Self::Aws, Self::Service, Self::Federated, Self::CanonicalUser];

    /// The member's name in the element.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Service => "Service",
            Self::Federated => "Federated",
            Self::CanonicalUser => "CanonicalUser",
        }
    }
}

/// One operator of a `Condition` element with its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorBlock {
    /// The operator as written, with `ForAllValues:` or `IfExists`.
    pub operator: Text,
    /// Key and values, in order.
    pub keys: Vec<(Text, List<Scalar>)>,
}

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Its text: that of the string, the digits of the number, `true` or `false`.
    pub text: Text,
    /// How it was written.
    pub form: ScalarForm,
}

/// How a condition's value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarForm {
    /// A JSON string.
    Text,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Bool,
}

impl Document {
    /// Parses a document and checks its syntax: known elements, each once, of the right JSON type.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let end = text.len();
        let at = |at: usize| Span {
            start: at.min(end),
            end: (at + 1).min(end),
        };
        let root = json::parse(text).map_err(|error| Malformed::syntax(error.problem, at(error.at)))?;
        let span = root.span;
        let Json::Object(members) = root.value else {
            return Err(Malformed::syntax("a policy is a JSON object", span));
        };
        unique(&members)?;
        let (mut version, mut id, mut statements, mut listed, mut order) = (None, None, Vec::new(), false, Vec::new());
        for (name, name_span, node) in members {
            let at = node.span;
            order.push(match name.as_str() {
                "Version" => {
                    let text = text_of(node, "Version")?;
                    version = Some(match text.value.as_str() {
                        "2012-10-17" => Version::V2012,
                        "2008-10-17" => Version::V2008,
                        _ => return Err(Malformed::syntax("there is no such policy version", at)),
                    });
                    TopElement::Version
                }
                "Id" => {
                    id = Some(text_of(node, "Id")?);
                    TopElement::Id
                }
                "Statement" => {
                    statements = match node.value {
                        Json::List(items) => {
                            listed = true;
                            items.into_iter().map(Statement::from_json).collect::<Result<_, _>>()?
                        }
                        _ => vec![Statement::from_json(node)?],
                    };
                    TopElement::Statement
                }
                _ => return Err(Malformed::syntax(format!("there is no element `{name}`"), name_span)),
            });
        }
        if statements.is_empty() {
            return Err(Malformed::syntax("a policy needs a statement", span));
        }
        Ok(Self {
            version,
            id,
            statements,
            listed,
            order,
            span,
        })
    }

    /// The version the document names, if it names one.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The document's `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| id.value.as_str())
    }

    /// The statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    pub(crate) fn has_variables(&self) -> bool {
        self.version == Some(Version::V2012)
    }
}

impl Statement {
    /// The statement's `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_ref().map(|sid| sid.value.as_str())
    }

    /// The bytes of the document that the statement takes.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What the statement does.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// `Principal` or `NotPrincipal`.
    pub fn principal(&self) -> Option<&Negatable<PrincipalElement>> {
        self.principal.as_ref()
    }

    /// `Action` or `NotAction`.
    pub fn action(&self) -> Option<&Negatable<List<Text>>> {
        self.action.as_ref()
    }

    /// `Resource` or `NotResource`.
    pub fn resource(&self) -> Option<&Negatable<List<Text>>> {
        self.resource.as_ref()
    }

    /// The condition operators, in order.
    pub fn conditions(&self) -> &[OperatorBlock] {
        self.conditions.as_deref().unwrap_or_default()
    }

    fn from_json(node: Node) -> Result<Self, Malformed> {
        let span = node.span;
        let Json::Object(members) = node.value else {
            return Err(Malformed::syntax("a statement is a JSON object", span));
        };
        unique(&members)?;
        let (mut sid, mut effect, mut principal, mut action, mut resource) = (None, None, None, None, None);
        let (mut conditions, mut order) = (None, Vec::with_capacity(members.len()));
        for (name, name_span, node) in members {
            let not = name.starts_with("Not");
            let both = |there: bool| {
                let detail = || format!("`{name}` and its opposite exclude each other");
                if there {
                    Err(Malformed::syntax(detail(), name_span))
                } else {
                    Ok(())
                }
            };
            order.push(match name.as_str() {
                "Sid" => {
                    sid = Some(text_of(node, "Sid")?);
                    Element::Sid
                }
                "Effect" => {
                    effect = Some(effect_of(node)?);
                    Element::Effect
                }
                "Principal" | "NotPrincipal" => {
                    both(principal.is_some())?;
                    principal = Some(Negatable {
                        value: PrincipalElement::from_json(node)?,
                        not,
                    });
                    Element::Principal
                }
                "Action" | "NotAction" => {
                    both(action.is_some())?;
                    action = Some(Negatable {
                        value: texts_of(node, &name)?,
                        not,
                    });
                    Element::Action
                }
                "Resource" | "NotResource" => {
                    both(resource.is_some())?;
                    resource = Some(Negatable {
                        value: texts_of(node, &name)?,
                        not,
                    });
                    Element::Resource
                }
                "Condition" => {
                    conditions = Some(conditions_of(node)?);
                    Element::Condition
                }
                _ => return Err(Malformed::syntax(format!("there is no element `{name}`"), name_span)),
            });
        }
        let Some((effect, effect_text)) = effect else {
            return Err(Malformed::syntax("a statement needs an effect", span));
        };
        Ok(Self {
            sid,
            effect,
            effect_text,
            principal,
            action,
            resource,
            conditions,
            order,
            span,
        })
    }
}

impl PrincipalElement {
    fn from_json(node: Node) -> Result<Self, Malformed> {
        let span = node.span;
        match node.value {
            Json::Text(text) if text == "*" => Ok(Self::Anyone),
            Json::Object(members) => {
                unique(&members)?;
                let mut named = Vec::with_capacity(members.len());
                for (name, name_span, node) in members {
                    let Some(kind) = PrincipalType::ALL.into_iter().find(|kind| kind.name() == name) else {
                        return Err(Malformed::syntax(
                            format!("there is no kind of principal `{name}`"),
                            name_span,
                        ));
                    };
                    named.push((kind, texts_of(node, &name)?));
                }
                Ok(Self::Named(named))
            }
            _ => Err(Malformed::syntax("a principal is `*` or an object", span)),
        }
    }
}

fn effect_of(node: Node) -> Result<(Effect, Text), Malformed> {
    let text = text_of(node, "Effect")?;
    let effect = [("Allow", Effect::Allow), ("Deny", Effect::Deny)]
        .into_iter()
        .find(|(name, _)| text.value.eq_ignore_ascii_case(name))
        .ok_or_else(|| Malformed::syntax("an effect is `Allow` or `Deny`", text.span))?;
    Ok((effect.1, text))
}

fn conditions_of(node: Node) -> Result<Vec<OperatorBlock>, Malformed> {
    let Json::Object(operators) = node.value else {
        return Err(Malformed::syntax("a condition is a JSON object", node.span));
    };
    unique(&operators)?;
    let mut blocks = Vec::with_capacity(operators.len());
    for (operator, span, node) in operators {
        let Json::Object(members) = node.value else {
            return Err(Malformed::syntax(
                format!("`{operator}` needs an object of keys"),
                node.span,
            ));
        };
        unique(&members)?;
        let mut keys = Vec::with_capacity(members.len());
        for (key, span, node) in members {
            keys.push((Text { value: key, span }, list_of(node, scalar_of)?));
        }
        blocks.push(OperatorBlock {
            operator: Text { value: operator, span },
            keys,
        });
    }
    Ok(blocks)
}

fn scalar_of(node: Node) -> Result<Scalar, Malformed> {
    let (value, form) = match node.value {
        Json::Text(text) => (text, ScalarForm::Text),
        Json::Number(digits) => (digits, ScalarForm::Number),
        Json::Bool(value) => (value.to_string(), ScalarForm::Bool),
        _ => {
            return Err(Malformed::syntax(
                "a condition's value is a text, a number or a boolean",
                node.span,
            ));
        }
    };
    Ok(Scalar {
        text: Text { value, span: node.span },
        form,
    })
}

fn text_of(node: Node, element: &str) -> Result<Text, Malformed> {
    match node.value {
        Json::Text(value) => Ok(Text { value, span: node.span }),
        _ => Err(Malformed::syntax(format!("`{element}` is a text"), node.span)),
    }
}

fn texts_of(node: Node, element: &str) -> Result<List<Text>, Malformed> {
    list_of(node, |node| text_of(node, element))
}

fn list_of<T>(node: Node, item: impl Fn(Node) -> Result<T, Malformed>) -> Result<List<T>, Malformed> {
    let span = node.span;
    Ok(match node.value {
        Json::List(nodes) => List {
            items: nodes.into_iter().map(item).collect::<Result<_, _>>()?,
            bare: false,
            span,
        },
        _ => List {
            items: vec![item(node)?],
            bare: true,
            span,
        },
    })
}

/// Refuses a member that stands twice: a plain map would lose the first one silently.
fn unique(members: &[(String, Span, Node)]) -> Result<(), Malformed> {
    let mut seen = HashSet::with_capacity(members.len());
    match members.iter().find(|(name, ..)| !seen.insert(name.as_str())) {
        Some((name, span, _)) => Err(Malformed::syntax(format!("`{name}` stands twice"), *span)),
        None => Ok(()),
    }
}
