//! The slow, obvious evaluator: it walks the document for every question and shares no matching with the engine.
//!
//! Compiled only with the feature `reference`. Property tests hold the engine to it; benchmarks stand beside it.

pub mod bodies;
mod compare;
mod compiled;
pub mod generate;
mod text;

pub use compiled::Compiled;

use crate::context::{Context, Value};
use crate::decide::{Outcome, needs_no_permission, same_account};
use crate::document::{Document, Effect, PrincipalElement, PrincipalType, Statement};
use crate::key::Key;
use crate::principal::{Principal, PrincipalKind};
use crate::program::PolicyType;
use crate::request::Request;
use crate::undetermined;
use text::{Pattern, Symbol};

/// The documents that govern a request, by type; the counterpart of `PolicySet` and `ResourceSide`.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Identity policies.
    pub identity: Vec<Document>,
    /// The boundary.
    pub boundary: Option<Document>,
    /// Session policies, if any were passed.
    pub session: Option<Vec<Document>>,
    /// Service control policies by level.
    pub scps: Vec<Vec<Document>>,
    /// Resource control policies by level.
    pub rcps: Vec<Vec<Document>>,
    /// The policy on the resource, with its rules.
    pub resource: Option<(Document, ResourceRules)>,
    /// The policy of the VPC endpoint.
    pub endpoint: Option<Document>,
}

/// Which rules a resource's policy follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceRules {
    /// Those of ordinary resource policies.
    Ordinary,
    /// Those of key policies.
    Key,
    /// Those of trust policies; whether the role is a service-linked one.
    Trust(bool),
}

/// Decides a request: the outcome, and the type of policy that denies.
pub fn evaluate(documents: &Documents, request: &Request<'_>) -> (Outcome, Option<PolicyType>) {
    if needs_no_permission(request) {
        return (Outcome::Allow, None);
    }
    let rules = documents.resource.as_ref().map(|(_, rules)| *rules);
    let resource_type = if matches!(rules, Some(ResourceRules::Trust(_))) {
        PolicyType::Trust
    } else {
        PolicyType::Resource
    };
    let linked = request.principal.is_service_linked();
    let scps = if linked { &[] } else { documents.scps.as_slice() };
    let rcps = if linked || rules == Some(ResourceRules::Trust(true)) {
        &[]
    } else {
        documents.rcps.as_slice()
    };
    let resource: Vec<&Document> = documents.resource.iter().map(|(document, _)| document).collect();
    let session: Vec<&Document> = documents.session.iter().flatten().collect();

    // An explicit deny anywhere ends it.
    let stages: [(PolicyType, Vec<&Document>); 7] = [
        (PolicyType::Scp, scps.iter().flatten().collect()),
        (PolicyType::Rcp, rcps.iter().flatten().collect()),
        (resource_type, resource.clone()),
        (PolicyType::Identity, documents.identity.iter().collect()),
        (PolicyType::Boundary, documents.boundary.iter().collect()),
        (PolicyType::Session, session.clone()),
        (PolicyType::Endpoint, documents.endpoint.iter().collect()),
    ];
    for (policy_type, documents) in &stages {
        if documents
            .iter()
            .any(|document| says(document, Effect::Deny, *policy_type, request))
        {
            return (Outcome::ExplicitDeny, Some(*policy_type));
        }
    }
    let refused = |policy_type| (Outcome::ImplicitDeny, Some(policy_type));
    let allows = |documents: &[&Document], policy_type| {
        documents
            .iter()
            .any(|document| says(document, Effect::Allow, policy_type, request))
    };
    if !scps
        .iter()
        .all(|level| allows(&level.iter().collect::<Vec<_>>(), PolicyType::Scp))
    {
        return refused(PolicyType::Scp);
    }
    let same = same_account(request);
    let granted = allows(&resource, resource_type);
    if !granted && (!same || matches!(rules, Some(ResourceRules::Key | ResourceRules::Trust(_)))) {
        return refused(resource_type);
    }
    let limits_pass = || match &documents.endpoint {
        Some(document) if !says(document, Effect::Allow, PolicyType::Endpoint, request) => {
            refused(PolicyType::Endpoint)
        }
        _ => (Outcome::Allow, None),
    };
    let kind = request.principal.kind();
    if request.principal.account().is_none() || *kind == PrincipalKind::Root {
        return limits_pass();
    }
    // How the resource's policy names the caller decides what it needs no more.
    let named = |test: &dyn Fn(&Statement) -> bool| {
        let statements = resource
            .iter()
            .flat_map(|document| document.statements().iter().map(move |s| (document, s)));
        let mut allowing = statements.filter(|(_, statement)| statement.effect() == Effect::Allow);
        same && allowing.any(|(document, statement)| test(statement) && applies(document, statement, false, request))
    };
    let by = |arn: &str| named(&|statement| lists_arn(statement, arn));
    let caller = request.principal.name();
    let role_itself = request.principal.principal_arn() == caller;
    let (user, session_arn) = match kind {
        PrincipalKind::User => (by(caller), false),
        PrincipalKind::RoleSession { .. } => (false, !role_itself && by(caller)),
        _ => (false, by(caller)),
    };
    let owner = match kind {
        PrincipalKind::RoleSession { role_arn, .. } => by(role_arn),
        PrincipalKind::FederatedSession { user_arn: Some(user) } => by(user),
        _ => false,
    };
    let star = named(&|statement| lists_everyone(statement, request.principal));
    let wide_star = star && undetermined::star_grant_bypasses_limits();
    let no_identity_needed = user || session_arn || owner || star;
    let no_boundary_needed = user || session_arn || wide_star;
    let no_session_needed = session_arn || wide_star;

    let identity: Vec<&Document> = documents.identity.iter().collect();
    if !no_identity_needed && !allows(&identity, PolicyType::Identity) {
        return refused(PolicyType::Identity);
    }
    if let Some(boundary) = &documents.boundary
        && !no_boundary_needed
        && !allows(&[boundary], PolicyType::Boundary)
    {
        return refused(PolicyType::Boundary);
    }
    let session_allows = match documents.session {
        Some(_) => allows(&session, PolicyType::Session),
        None => !matches!(kind, PrincipalKind::FederatedSession { .. }),
    };
    if !no_session_needed && !session_allows {
        return refused(PolicyType::Session);
    }
    limits_pass()
}

/// Whether a document has a statement of this effect that applies.
fn says(document: &Document, effect: Effect, policy_type: PolicyType, request: &Request<'_>) -> bool {
    document.statements().iter().any(|statement| {
        statement.effect() == effect && applies(document, statement, policy_type.names_principals(), request)
    })
}

fn applies(document: &Document, statement: &Statement, principals: bool, request: &Request<'_>) -> bool {
    (!principals || names_caller(statement, request.principal))
        && action_applies(statement, request.action.name())
        && resource_applies(document, statement, request)
        && conditions_hold(document, statement, request.context)
}

fn action_applies(statement: &Statement, action: &str) -> bool {
    let Some(element) = statement.action() else {
        return false;
    };
    let lower = |text: &str| text.to_ascii_lowercase();
    let mut patterns = element.value.items.iter();
    patterns.any(|pattern| Pattern::wild(&lower(&pattern.value)).matches(&lower(action))) != element.not
}

fn resource_applies(document: &Document, statement: &Statement, request: &Request<'_>) -> bool {
    let Some(element) = statement.resource() else {
        return true;
    };
    let matches = |pattern: &str| resource_matches(document, pattern, request.resource.text(), request.context);
    element.value.items.iter().any(|pattern| matches(&pattern.value)) != element.not
}

fn resource_matches(document: &Document, pattern: &str, resource: &str, context: &dyn Context) -> bool {
    if pattern == "*" {
        return true;
    }
    let symbols = text::symbols(pattern, document.has_variables());
    let segments = text::split_at_colons(&symbols, 6);
    let inner = segments.get(..segments.len().min(5)).unwrap_or_default();
    let variable = |symbol: &Symbol| matches!(symbol, Symbol::Literal(_) | Symbol::Variable(..));
    if inner.iter().flatten().any(variable) {
        return false;
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let matches = |segment: &[Symbol], part: &str| Pattern::filled(segment, context).is_some_and(|p| p.matches(part));
    if segments.len() < 6 && symbols.last() == Some(&Symbol::Star) {
        let count = segments.len();
        if parts.len() < count {
            return false;
        }
        let rest = parts.iter().skip(count - 1).copied().collect::<Vec<_>>().join(":");
        let last = segments.last().is_some_and(|segment| matches(segment, &rest));
        return last
            && segments
                .iter()
                .zip(&parts)
                .take(count - 1)
                .all(|(segment, part)| matches(segment, part));
    }
    segments.len() == parts.len()
        && segments
            .iter()
            .zip(&parts)
            .all(|(segment, part)| matches(segment, part))
}

fn names_caller(statement: &Statement, principal: &Principal) -> bool {
    let Some(element) = statement.principal() else {
        return false;
    };
    let entries: Vec<(PrincipalType, &str)> = match &element.value {
        PrincipalElement::Anyone => vec![(PrincipalType::Aws, "*")],
        PrincipalElement::Named(named) => named
            .iter()
            .flat_map(|(kind, names)| names.items.iter().map(|name| (*kind, name.value.as_str())))
            .collect(),
    };
    let listed = entries.iter().any(|(kind, name)| match kind {
        PrincipalType::Aws => aws_name_is(name, principal, element.not),
        PrincipalType::Service => principal.kind == PrincipalKind::Service && principal.name() == *name,
        PrincipalType::Federated => principal.kind == PrincipalKind::Federated && principal.name() == *name,
        PrincipalType::CanonicalUser => principal.canonical_user.as_deref() == Some(*name),
    });
    listed != element.not
}

fn aws_name_is(name: &str, principal: &Principal, spares: bool) -> bool {
    if name == "*" {
        return true;
    }
    let Some(account) = principal.account() else {
        return false;
    };
    let parts: Vec<&str> = name.split(':').collect();
    let is_account = |text: &str| text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    let whole_account = match parts.as_slice() {
        [id] => is_account(id).then_some(*id),
        ["arn", _, "iam", _, id, "root"] if is_account(id) => Some(*id),
        _ => None,
    };
    if let Some(id) = whole_account {
        let everyone = !spares
            || principal.kind == PrincipalKind::Root
            || undetermined::not_principal_account_spares_everyone_in_it();
        return id == account && everyone;
    }
    let owner = match &principal.kind {
        PrincipalKind::RoleSession { role_arn, .. } => Some(&**role_arn),
        PrincipalKind::FederatedSession { user_arn } => user_arn.as_deref(),
        _ => None,
    };
    principal.name() == name || owner == Some(name)
}

fn lists_arn(statement: &Statement, arn: &str) -> bool {
    let Some(PrincipalElement::Named(named)) = statement.principal().filter(|p| !p.not).map(|p| &p.value) else {
        return false;
    };
    let mut aws = named
        .iter()
        .filter(|(kind, _)| *kind == PrincipalType::Aws)
        .flat_map(|(_, names)| &names.items);
    aws.any(|name| name.value == arn)
}

fn lists_everyone(statement: &Statement, principal: &Principal) -> bool {
    match statement.principal() {
        Some(element) if element.not => names_caller(statement, principal),
        Some(element) => element.value == PrincipalElement::Anyone || lists_arn(statement, "*"),
        None => false,
    }
}

fn conditions_hold(document: &Document, statement: &Statement, context: &dyn Context) -> bool {
    statement.conditions().iter().all(|block| {
        block.keys.iter().all(|(key, values)| {
            let values: Vec<&str> = values.items.iter().map(|value| value.text.value.as_str()).collect();
            let request = context.get(Key::parse(&key.value));
            condition_holds(
                &block.operator.value,
                request.as_ref(),
                &values,
                document.has_variables(),
                context,
            )
        })
    })
}

fn condition_holds(
    name: &str,
    request: Option<&Value<'_>>,
    policy: &[&str],
    variables: bool,
    context: &dyn Context,
) -> bool {
    let (set, name) = name.split_once(':').unwrap_or(("", name));
    let (bare, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |bare| (bare, true));
    if !matches!(set, "" | "ForAllValues" | "ForAnyValue") {
        return false;
    }
    let request: Vec<String> = request.map(Value::texts).unwrap_or_default();
    if bare == "Null" {
        let wanted = if request.is_empty() { "true" } else { "false" };
        return !if_exists && policy.iter().any(|value| value.eq_ignore_ascii_case(wanted));
    }
    let Some((negated, test)) = compare::operator(bare) else {
        return false;
    };
    if request.is_empty() {
        return match set {
            "ForAllValues" => true,
            "ForAnyValue" => if_exists && undetermined::for_any_value_if_exists_holds_without_key(),
            _ => if_exists || negated,
        };
    }
    let passes = |request: &String| {
        if negated && compare::is_unparsable(bare, request) {
            return undetermined::negated_operator_holds_on_unparsable_value();
        }
        policy.iter().any(|value| test(request, value, variables, context)) != negated
    };
    match set {
        "ForAllValues" => request.iter().all(passes),
        "ForAnyValue" => request.iter().any(passes),
        _ if negated => request.iter().all(passes),
        _ => request.iter().any(passes),
    }
}
