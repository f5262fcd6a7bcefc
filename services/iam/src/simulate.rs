//! The policy simulator: what policies would decide, asked for documents or for a principal.
//!
//! INVARIANT: a simulation decides nothing; calls are authorized by the kernel alone.

use std::sync::Arc;

use api_iam::{
    ContextEntry, EvaluationResult, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType, PolicySourceType,
    Position, SimulatePolicyResponse, Statement,
};
use roadstead_core::Arn;
use roadstead_kernel::Result;
use roadstead_policy::{
    Action, Document, Explanation, Kind, MapContext, Outcome, PolicyLabel, PolicySet, PolicyType, Principal, Program,
    Request, Resource, ResourcePolicy, ResourceSide, Subject, explain, validate,
};

use crate::{pages, problems};

/// A policy with its text, as the simulator was given it.
pub struct Given {
    /// What it is called in results.
    pub id: String,
    /// The document as text.
    pub text: String,
}

/// What is to be simulated.
pub struct Simulation {
    /// Policies that grant.
    pub identity: Vec<Given>,
    /// Policies that limit; none means no limit.
    pub boundary: Vec<Given>,
    /// The policy of the resource.
    pub resource_policy: Option<String>,
    /// The account that owns the resource, as an ARN or a number.
    pub resource_owner: Option<String>,
    /// Who asks.
    pub caller: Option<String>,
    /// Actions by name.
    pub actions: Vec<String>,
    /// Resources by ARN; none means `*`.
    pub resources: Vec<String>,
    /// Condition keys.
    pub context: Vec<ContextEntry>,
}

/// A policy that was read.
struct Source {
    id: String,
    text: String,
    document: Document,
    program: Arc<Program>,
}

/// Names the policies of an input list.
pub fn named(list: &str, texts: Vec<String>) -> Vec<Given> {
    let numbered = texts.into_iter().enumerate();
    numbered
        .map(|(at, text)| Given {
            id: format!("{list}.{}", at + 1),
            text,
        })
        .collect()
}

/// Reads the documents of an input list, for their condition keys.
pub fn read_all(texts: &[String]) -> Result<Vec<Document>> {
    texts.iter().map(|text| read(text, Kind::Identity)).collect()
}

fn read(text: &str, kind: Kind) -> Result<Document> {
    let checked = Document::parse(text).and_then(|document| validate(&document, kind).map(|()| document));
    checked.map_err(|refused| problems::invalid_input(refused.message))
}

fn sources(given: Vec<Given>, kind: Kind, policy_type: PolicyType) -> Result<Vec<Source>> {
    given
        .into_iter()
        .map(|Given { id, text }| {
            let document = read(&text, kind)?;
            let program = Program::compile(&document, PolicyLabel::new(policy_type, id.as_str()));
            Ok(Source {
                id,
                text,
                document,
                program: Arc::new(program),
            })
        })
        .collect()
}

/// Decides every action on every resource.
pub fn simulate(simulation: Simulation, marker: Option<&str>, max: Option<i32>) -> Result<SimulatePolicyResponse> {
    let mut known = sources(simulation.identity, Kind::Identity, PolicyType::Identity)?;
    let identity = known.iter().map(|source| Arc::clone(&source.program)).collect();
    let limits = sources(simulation.boundary, Kind::Boundary, PolicyType::Boundary)?;
    let boundary = limits.first().map(|source| Arc::clone(&source.program));
    let has_boundary = boundary.is_some();
    known.extend(limits);
    let set = PolicySet {
        identity,
        boundary,
        ..PolicySet::default()
    };
    let resource_policy = simulation.resource_policy.map(|text| Given {
        id: "ResourcePolicy".into(),
        text,
    });
    let on_resource = sources(
        resource_policy.into_iter().collect(),
        Kind::Resource,
        PolicyType::Resource,
    )?;
    let program = on_resource.first().map(|source| Arc::clone(&source.program));
    known.extend(on_resource);

    let principal = principal(simulation.caller.as_deref());
    let context = context(&simulation.context);
    let side = ResourceSide {
        policy: program
            .as_deref()
            .map_or(ResourcePolicy::Absent, ResourcePolicy::Resource),
        ..ResourceSide::default()
    };
    let resources = if simulation.resources.is_empty() {
        vec!["*".to_owned()]
    } else {
        simulation.resources
    };
    let mut results = Vec::new();
    for action in &simulation.actions {
        for resource in &resources {
            let owner = simulation
                .resource_owner
                .as_deref()
                .map(account_of)
                .or_else(|| owner_of(resource));
            let request = Request {
                principal: &principal,
                action: Action::named(action),
                resource: Resource::new(resource),
                resource_account: owner,
                context: &context,
            };
            let explanation = explain(&set, &side, &request);
            results.push(result(action, resource, &explanation, &known, has_boundary));
        }
    }
    let page = pages::cut_in_order("simulation", results, marker, max)?;
    Ok(SimulatePolicyResponse {
        is_truncated: page.truncated(),
        marker: page.marker,
        evaluation_results: Some(page.items),
    })
}

fn result(
    action: &str,
    resource: &str,
    explanation: &Explanation<'_>,
    known: &[Source],
    has_boundary: bool,
) -> EvaluationResult {
    let decided = match explanation.decision.outcome {
        Outcome::Allow => PolicyEvaluationDecisionType::Allowed,
        Outcome::ExplicitDeny => PolicyEvaluationDecisionType::ExplicitDeny,
        Outcome::ImplicitDeny => PolicyEvaluationDecisionType::ImplicitDeny,
    };
    let (mut matched, mut missing) = (Vec::new(), Vec::new());
    let mut bounded = false;
    for policy in &explanation.policies {
        let source = known.iter().find(|source| *source.id == *policy.label.name);
        for statement in &policy.statements {
            if statement.applies() {
                bounded |= policy.label.policy_type == PolicyType::Boundary
                    && statement.effect == roadstead_policy::Effect::Allow;
                matched.extend(source.map(|source| statement_to_api(source, statement.index)));
            }
            missing.extend(missing_keys(statement));
        }
    }
    missing.sort();
    missing.dedup();
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: Some(resource.to_owned()),
        eval_decision: decided,
        matched_statements: Some(matched),
        missing_context_values: Some(missing),
        permissions_boundary_decision_detail: has_boundary.then_some(PermissionsBoundaryDecisionDetail {
            allowed_by_permissions_boundary: Some(bounded),
        }),
        ..EvaluationResult::default()
    }
}

/// Condition keys without which a statement that fits the action and the resource cannot be decided.
fn missing_keys(statement: &roadstead_policy::StatementExplanation) -> Vec<String> {
    let fits = statement
        .tests
        .iter()
        .all(|test| test.passed || matches!(test.subject, Subject::Condition { .. }));
    if !fits {
        return Vec::new();
    }
    let unset = statement.tests.iter().filter(|test| test.request.is_empty());
    unset
        .filter_map(|test| match &test.subject {
            Subject::Condition { key, .. } => Some(key.clone()),
            _ => None,
        })
        .collect()
}

fn statement_to_api(source: &Source, index: u32) -> Statement {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let span = source
        .document
        .statements()
        .get(index)
        .map(roadstead_policy::Statement::span);
    Statement {
        source_policy_id: Some(source.id.clone()),
        source_policy_type: Some(PolicySourceType::from("IAM Policy")),
        start_position: span.map(|span| position(&source.text, span.start)),
        end_position: span.map(|span| position(&source.text, span.end)),
    }
}

/// Line and column, both from 1, of a byte.
fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
    let line = before.matches('\n').count() + 1;
    Position {
        line: i32::try_from(line).ok(),
        column: i32::try_from(column).ok(),
    }
}

fn principal(caller: Option<&str>) -> Principal {
    match caller {
        Some(arn) if arn.contains(":role/") => Principal::role(arn, false),
        Some(arn) => Principal::user(arn),
        None => Principal::anonymous(),
    }
}

fn context(entries: &[ContextEntry]) -> MapContext {
    let mut context = MapContext::new();
    for entry in entries {
        let Some(name) = &entry.context_key_name else { continue };
        let values = entry.context_key_values.clone().unwrap_or_default();
        let is_list = entry
            .context_key_type
            .as_ref()
            .is_some_and(|kind| kind.as_str().ends_with("List"));
        match values.as_slice() {
            [value] if !is_list => context.set(name, value),
            _ => context.set_list(name, values),
        }
    }
    context
}

fn owner_of(resource: &str) -> Option<&str> {
    Arn::parse(resource)
        .map(|arn| arn.account)
        .filter(|account| !account.is_empty())
}

fn account_of(owner: &str) -> &str {
    Arn::parse(owner).map_or(owner, |arn| arn.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_columns_from_one() {
        let text = "{\n  \"a\": 1\n}";
        assert_eq!(
            position(text, 0),
            Position {
                line: Some(1),
                column: Some(1)
            }
        );
        assert_eq!(
            position(text, 4),
            Position {
                line: Some(2),
                column: Some(3)
            }
        );
    }
}
