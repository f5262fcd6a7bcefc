//! Whether AWS would store a document, and the message with which it refuses one.

mod dates;
mod resources;

use std::collections::HashSet;

use crate::document::{Document, Effect, List, Malformed, Negatable, PrincipalElement, Statement, Text};
use crate::json::Span;
use crate::operator::{Family, Operator};

/// What a document is to be stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A policy of users, groups and roles, managed or inline.
    Identity,
    /// A policy on a resource.
    Resource,
    /// A role's trust policy.
    Trust,
    /// A permissions boundary: a managed policy.
    Boundary,
    /// A policy passed with a session.
    Session,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
}

impl Kind {
    /// Whether IAM keeps such documents, with its stricter rules.
    fn is_iam(self) -> bool {
        matches!(self, Self::Identity | Self::Trust | Self::Boundary | Self::Session)
    }
}

/// Actions that a trust policy may name.
const TRUST_ACTIONS: [&str; 11] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:DecodeAuthorizationMessage",
    "sts:GetAccessKeyInfo",
    "sts:GetCallerIdentity",
    "sts:GetFederationToken",
    "sts:GetServiceBearerToken",
    "sts:GetSessionToken",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
const LEGACY: &str = "The policy failed legacy parsing";
const SID_TWICE: &str = "Statement IDs (SID) in a single policy must be unique.";
const SID_CHARACTERS: &str =
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
const NO_ACTIONS: &str = "Policy statement must contain actions.";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const NO_VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const TWO_COLONS: &str = "Actions/Condition can contain only one colon.";
const PRINCIPAL: &str = "Policy document should not specify a principal.";
const TRUST_RESOURCE: &str = "Has prohibited field Resource.";
const TRUST_ACTION: &str = "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity";
const NO_PRINCIPAL: &str = "Missing required field Principal";
const NOT_PRINCIPAL: &str = "Has prohibited field NotPrincipal.";
const ORGANIZATIONS: &str = "The provided policy document does not meet the requirements of the specified policy type.";

/// Checks whether AWS would store a document as what it is meant to be.
///
/// The first check that fails names the error, in AWS's order: syntax, version, legacy parsing (letter case of the
/// effect, dates, shape of resources), repeated Sids, actions exist, format of resources, prefixes of actions, and
/// what the kind asks for. The size is not checked, see [`limits`](crate::limits).
pub fn validate(document: &Document, kind: Kind) -> Result<(), Malformed> {
    operators(document)?;
    if document.version.is_none() && kind != Kind::Resource {
        return Err(Malformed::new(VERSION, "the document names no version", document.span));
    }
    legacy(document)?;
    let format = resources::check(document)?;
    sids(document, kind)?;
    for statement in &document.statements {
        if statement
            .action
            .as_ref()
            .is_none_or(|action| action.value.items.is_empty())
        {
            return Err(Malformed::new(
                NO_ACTIONS,
                "a statement needs `Action` or `NotAction`",
                statement.span,
            ));
        }
    }
    if let Some(malformed) = format {
        return Err(malformed);
    }
    for not in [false, true] {
        for action in document
            .statements
            .iter()
            .filter_map(|statement| statement.action.as_ref())
        {
            if action.not == not {
                action.value.items.iter().try_for_each(action_prefix)?;
            }
        }
    }
    match kind {
        Kind::Identity | Kind::Boundary | Kind::Session => identity(document),
        Kind::Trust => trust(document),
        Kind::Resource => resource(document),
        Kind::Scp => organizations(document, |statement| {
            statement.principal.is_none() && statement.resource.as_ref().is_some_and(has_items)
        }),
        Kind::Rcp => organizations(document, |statement| {
            let anyone = Negatable {
                value: PrincipalElement::Anyone,
                not: false,
            };
            statement.effect == Effect::Deny
                && statement.principal.as_ref() == Some(&anyone)
                && statement.resource.as_ref().is_some_and(has_items)
                && statement.action.as_ref().is_some_and(|action| !action.not)
        }),
    }
}

/// A name that is no operator is an error of syntax, unless nothing is compared.
fn operators(document: &Document) -> Result<(), Malformed> {
    for block in document.statements.iter().flat_map(Statement::conditions) {
        if Operator::parse(&block.operator.value).is_none() && !block.keys.is_empty() {
            let detail = format!("there is no condition operator `{}`", block.operator.value);
            return Err(Malformed::new("Syntax errors in policy.", detail, block.operator.span));
        }
    }
    Ok(())
}

fn legacy(document: &Document) -> Result<(), Malformed> {
    for statement in &document.statements {
        if !matches!(statement.effect_text.value.as_str(), "Allow" | "Deny") {
            let detail = "an effect is spelled `Allow` or `Deny`";
            return Err(Malformed::new(LEGACY, detail, statement.effect_text.span));
        }
        for block in statement.conditions() {
            let is_date = |operator: Operator| matches!(operator.family, Family::Date(_));
            if !Operator::parse(&block.operator.value).is_some_and(is_date) {
                continue;
            }
            for value in block.keys.iter().flat_map(|(_, values)| &values.items) {
                if !dates::is_date(&value.text.value) {
                    let detail = format!("`{}` is no date", value.text.value);
                    return Err(Malformed::new(LEGACY, detail, value.text.span));
                }
            }
        }
    }
    Ok(())
}

fn sids(document: &Document, kind: Kind) -> Result<(), Malformed> {
    let sids = || {
        document
            .statements
            .iter()
            .filter_map(|statement| statement.sid.as_ref())
    };
    let mut seen = HashSet::new();
    for sid in sids() {
        if !sid.value.is_empty() && !seen.insert(sid.value.as_str()) {
            return Err(Malformed::new(
                SID_TWICE,
                format!("the Sid `{}` stands twice", sid.value),
                sid.span,
            ));
        }
    }
    let odd = |sid: &&Text| !sid.value.bytes().all(|b| b.is_ascii_alphanumeric());
    match sids().find(odd).filter(|_| kind.is_iam()) {
        Some(sid) => Err(Malformed::new(
            SID_CHARACTERS,
            format!("`{}` has other characters", sid.value),
            sid.span,
        )),
        None => Ok(()),
    }
}

fn action_prefix(action: &Text) -> Result<(), Malformed> {
    let refuse = |message: &str| {
        Err(Malformed::new(
            message,
            format!("in the action `{}`", action.value),
            action.span,
        ))
    };
    let (vendor, name) = match action.value.split_once(':') {
        None if action.value == "*" => return Ok(()),
        None => return refuse(NO_VENDOR),
        Some(parts) => parts,
    };
    if name.contains(':') {
        return refuse(TWO_COLONS);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if vendor != "*" && !vendor.chars().all(allowed) {
        return refuse(&format!("Vendor {vendor} is not valid"));
    }
    Ok(())
}

fn identity(document: &Document) -> Result<(), Malformed> {
    for statement in &document.statements {
        if statement.principal.is_some() {
            return Err(Malformed::new(
                PRINCIPAL,
                "the principal is whoever has the policy",
                statement.span,
            ));
        }
    }
    for statement in &document.statements {
        if !statement.resource.as_ref().is_some_and(has_items) {
            let detail = "a statement needs `Resource` or `NotResource`";
            return Err(Malformed::new(NO_RESOURCES, detail, statement.span));
        }
    }
    Ok(())
}

fn trust(document: &Document) -> Result<(), Malformed> {
    for action in document
        .statements
        .iter()
        .filter_map(|statement| statement.action.as_ref())
    {
        let known = |text: &Text| {
            TRUST_ACTIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&text.value))
        };
        if action.not {
            let detail = "a trust policy has no `NotAction`";
            return Err(Malformed::new(TRUST_ACTION, detail, action.value.span));
        }
        if let Some(other) = action.value.items.iter().find(|text| !known(text)) {
            let detail = format!("`{}` is no action of a trust policy", other.value);
            return Err(Malformed::new(TRUST_ACTION, detail, other.span));
        }
    }
    if let Some(resource) = document
        .statements
        .iter()
        .find_map(|statement| statement.resource.as_ref())
    {
        return Err(Malformed::new(
            TRUST_RESOURCE,
            "the resource is the role",
            resource.value.span,
        ));
    }
    for statement in &document.statements {
        let (message, detail) = match &statement.principal {
            None => (NO_PRINCIPAL, "a trust policy names who is trusted"),
            Some(principal) if principal.not => (NOT_PRINCIPAL, "a trust policy names who is trusted, not who is not"),
            Some(_) => continue,
        };
        return Err(Malformed::new(message, detail, statement.span));
    }
    Ok(())
}

fn resource(document: &Document) -> Result<(), Malformed> {
    match document
        .statements
        .iter()
        .find(|statement| statement.principal.is_none())
    {
        Some(statement) => Err(Malformed::new(
            NO_PRINCIPAL,
            "a statement needs `Principal`",
            statement.span,
        )),
        None => Ok(()),
    }
}

fn organizations(document: &Document, fits: impl Fn(&Statement) -> bool) -> Result<(), Malformed> {
    match document.statements.iter().find(|statement| !fits(statement)) {
        Some(statement) => Err(Malformed::new(
            ORGANIZATIONS,
            "the type of policy forbids this",
            statement.span,
        )),
        None => Ok(()),
    }
}

fn has_items(element: &Negatable<List<Text>>) -> bool {
    !element.value.items.is_empty()
}

/// A span for errors that concern a text as a whole.
fn span_of(text: &Text) -> Span {
    text.span
}
