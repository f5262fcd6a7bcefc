//! Why a request is allowed or refused: every policy, every statement, every test.

use std::fmt;
use std::sync::Arc;

use crate::context::Context;
use crate::decide::{Decision, PolicySet, ResourceSide, evaluate, exemptions};
use crate::document::Effect;
use crate::glob;
use crate::matching::Grant;
use crate::program::{
    Condition, Matcher, PolicyLabel, PolicyType, PrincipalForm, Program, ResourceForm, Run, Statement, Token,
};
use crate::request::Request;

/// Everything that was considered for one decision.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// The decision.
    pub decision: Decision<'a>,
    /// Every policy, in the order of the decision.
    pub policies: Vec<PolicyExplanation<'a>>,
    /// What limited or exempted the decision apart from statements, in plain words.
    pub remarks: Vec<String>,
}

/// What one policy has to say.
#[derive(Clone, Debug)]
pub struct PolicyExplanation<'a> {
    /// The policy.
    pub label: &'a PolicyLabel,
    /// The level of an SCP or RCP, root first.
    pub level: Option<usize>,
    /// Whether it counts for this caller; SCPs and RCPs do not for service-linked roles.
    pub counts: bool,
    /// The statements, in order.
    pub statements: Vec<StatementExplanation>,
}

/// Whether one statement applies, test by test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementExplanation {
    /// Its place, counted from 0.
    pub index: u32,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// What it does when it applies.
    pub effect: Effect,
    /// The tests: action, principal (where the type has one), resource (where there is one), each condition.
    pub tests: Vec<Test>,
}

/// One test of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What was compared.
    pub subject: Subject,
    /// Whether it passed.
    pub passed: bool,
    /// What the request has.
    pub request: Vec<String>,
    /// What the policy has.
    pub policy: Vec<String>,
}

/// What a test compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `Action`, or with `true` `NotAction`.
    Action(bool),
    /// `Principal` or `NotPrincipal`.
    Principal(bool),
    /// `Resource` or `NotResource`.
    Resource(bool),
    /// A key under an operator.
    Condition {
        /// The operator as written.
        operator: String,
        /// The key as written.
        key: String,
    },
}

impl StatementExplanation {
    /// Whether every test passed.
    pub fn applies(&self) -> bool {
        self.tests.iter().all(|test| test.passed)
    }

    /// The first test that did not pass.
    pub fn first_failure(&self) -> Option<&Test> {
        self.tests.iter().find(|test| !test.passed)
    }
}

/// Decides as [`evaluate`] does and tells everything on the way. For people, not for every call: it allocates.
pub fn explain<'a>(policies: &'a PolicySet, side: &ResourceSide<'a>, request: &Request<'_>) -> Explanation<'a> {
    let decision = evaluate(policies, side, request);
    let (scps_apply, rcps_apply) = exemptions(side, request);
    let mut all = Vec::new();
    let mut add = |programs: &mut dyn Iterator<Item = &'a Program>, kind: PolicyType, level, counts| {
        all.extend(programs.map(|program| PolicyExplanation {
            label: &program.label,
            level,
            counts,
            statements: program.explained(kind, request),
        }));
    };
    for (level, programs) in policies.scps.iter().enumerate() {
        add(&mut shared(programs), PolicyType::Scp, Some(level), scps_apply);
    }
    for (level, programs) in side.rcps.iter().enumerate() {
        add(&mut shared(programs), PolicyType::Rcp, Some(level), rcps_apply);
    }
    add(
        &mut side.policy.program().into_iter(),
        side.policy.policy_type(),
        None,
        true,
    );
    add(&mut shared(&policies.identity), PolicyType::Identity, None, true);
    add(
        &mut policies.boundary.iter().map(Arc::as_ref),
        PolicyType::Boundary,
        None,
        true,
    );
    add(
        &mut shared(policies.session.as_deref().unwrap_or_default()),
        PolicyType::Session,
        None,
        true,
    );
    add(&mut side.endpoint.into_iter(), PolicyType::Endpoint, None, true);

    let mut remarks = Vec::new();
    if crate::decide::needs_no_permission(request) {
        remarks.push("the action needs no permission, not even an explicit deny stops it".to_owned());
    }
    if !scps_apply && !policies.scps.is_empty() {
        remarks.push("service control policies do not apply to service-linked roles".to_owned());
    }
    if !rcps_apply && !side.rcps.is_empty() {
        remarks.push("resource control policies do not apply to service-linked roles".to_owned());
    }
    if request.principal.account().is_some() && !crate::decide::same_account(request) {
        remarks.push("the resource belongs to another account: its own policy must allow as well".to_owned());
    }
    if decision.policy_type == Some(PolicyType::Session) && policies.session.is_none() {
        remarks.push("a federated-user session without a session policy may do nothing".to_owned());
    }
    Explanation {
        decision,
        policies: all,
        remarks,
    }
}

fn shared(programs: &[Arc<Program>]) -> impl Iterator<Item = &Program> {
    programs.iter().map(Arc::as_ref)
}

impl Program {
    fn explained(&self, kind: PolicyType, request: &Request<'_>) -> Vec<StatementExplanation> {
        let statements = (0_u32..).zip(&self.statements);
        statements
            .map(|(index, statement)| StatementExplanation {
                index,
                sid: self.sid(index).map(str::to_owned),
                effect: statement.effect,
                tests: self.tests(statement, kind, request),
            })
            .collect()
    }

    fn tests(&self, statement: &Statement, kind: PolicyType, request: &Request<'_>) -> Vec<Test> {
        let mut tests = vec![Test {
            subject: Subject::Action(statement.not_action),
            passed: self.action_matches(statement, request.action.name),
            request: vec![request.action.name.to_owned()],
            policy: self.written_actions(statement),
        }];
        if kind.names_principals() {
            let principal = request.principal;
            let mut names = vec![principal.name().to_owned()];
            if principal.principal_arn() != principal.name() {
                names.push(principal.principal_arn().to_owned());
            }
            tests.push(Test {
                subject: Subject::Principal(statement.not_principal),
                passed: self.grant(statement, principal) != Grant::NONE,
                request: names,
                policy: self
                    .written_principals(statement)
                    .into_iter()
                    .map(|(_, name)| name)
                    .collect(),
            });
        }
        if statement.has_resource {
            tests.push(Test {
                subject: Subject::Resource(statement.not_resource),
                passed: self.resource_matches(statement, request),
                request: vec![request.resource.text().to_owned()],
                policy: self.written_resources(statement),
            });
        }
        tests.extend(statement.conditions.of(&self.conditions).iter().map(|condition| {
            let (operator, key, policy) = self.written_condition(condition);
            Test {
                subject: Subject::Condition { operator, key },
                passed: self.condition_holds(condition, request.context),
                request: self.request_values(condition, request.context),
                policy,
            }
        }));
        tests
    }

    fn request_values(&self, condition: &Condition, context: &dyn Context) -> Vec<String> {
        context
            .get(self.key(condition.key))
            .map(|value| value.texts())
            .unwrap_or_default()
    }

    pub(crate) fn written_actions(&self, statement: &Statement) -> Vec<String> {
        statement
            .actions
            .of(&self.actions)
            .iter()
            .map(|pattern| self.text(pattern.text).to_owned())
            .collect()
    }

    /// The kind of name (`AWS`, `Service`…, nothing for `*`) and the name.
    pub(crate) fn written_principals(&self, statement: &Statement) -> Vec<(&'static str, String)> {
        let patterns = statement.principals.of(&self.principals).iter();
        let kind = |form| match form {
            PrincipalForm::Anyone | PrincipalForm::Account | PrincipalForm::Arn => "AWS",
            PrincipalForm::Service => "Service",
            PrincipalForm::Federated => "Federated",
            PrincipalForm::CanonicalUser => "CanonicalUser",
        };
        patterns
            .map(|pattern| (kind(pattern.kind), self.text(pattern.source).to_owned()))
            .collect()
    }

    pub(crate) fn written_resources(&self, statement: &Statement) -> Vec<String> {
        let patterns = statement.resources.of(&self.resources).iter();
        patterns
            .map(|pattern| match pattern.form {
                ResourceForm::Nothing => String::from_utf8_lossy(self.bytes(pattern.encoded)).into_owned(),
                _ => written(self.bytes(pattern.encoded)) + &self.written_tokens(pattern.template),
            })
            .collect()
    }

    /// Operator, key and values as written.
    pub(crate) fn written_condition(&self, condition: &Condition) -> (String, String, Vec<String>) {
        let values = condition
            .values
            .of(&self.values)
            .iter()
            .map(|value| match value.matcher {
                Matcher::Bytes(run) | Matcher::Glob(run) if value.source.is_empty() => written(self.bytes(run)),
                Matcher::Prefix(run) => written(self.bytes(run)) + "*",
                _ => self.text(value.source).to_owned(),
            });
        let operator = self.text(condition.operator_name).to_owned();
        (operator, self.text(condition.key.text).to_owned(), values.collect())
    }

    fn written_tokens(&self, tokens: Run) -> String {
        let mut out = String::new();
        for token in tokens.of(&self.tokens) {
            match token {
                // Where wildcards are encoded, a bare one is literal.
                Token::Text(run) => out.push_str(&String::from_utf8_lossy(&escaped(self.bytes(*run)))),
                Token::Variable(key, default) => {
                    out.push_str("${");
                    out.push_str(self.text(key.text));
                    if let Some(default) = default {
                        out.push_str(", '");
                        out.push_str(&String::from_utf8_lossy(self.bytes(*default)));
                        out.push('\'');
                    }
                    out.push('}');
                }
            }
        }
        out
    }
}

/// An encoded pattern as it was written.
fn written(encoded: &[u8]) -> String {
    let decoded = encoded.iter().map(|byte| match *byte {
        glob::STAR => b'*',
        glob::ONE => b'?',
        glob::CUT => b':',
        other => other,
    });
    String::from_utf8_lossy(&decoded.collect::<Vec<_>>()).into_owned()
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match *byte {
            b'*' => out.extend_from_slice(b"${*}"),
            b'?' => out.extend_from_slice(b"${?}"),
            glob::STAR => out.push(b'*'),
            glob::ONE => out.push(b'?'),
            other => out.push(other),
        }
    }
    out
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decision.outcome.name())?;
        match (self.decision.policy_type, self.decision.statement) {
            (_, Some(statement)) => {
                write!(f, " by statement {} ", statement.index)?;
                if let Some(sid) = statement.sid() {
                    write!(f, "({sid}) ")?;
                }
                writeln!(
                    f,
                    "of the {} `{}`",
                    statement.label().policy_type.title(),
                    statement.label().name
                )?;
            }
            (Some(policy_type), None) => writeln!(f, ": no {} allows it", policy_type.title())?,
            (None, None) => writeln!(f)?,
        }
        for remark in &self.remarks {
            writeln!(f, "{remark}")?;
        }
        for policy in &self.policies {
            write!(f, "{} `{}`", policy.label.policy_type.title(), policy.label.name)?;
            if let Some(level) = policy.level {
                write!(f, ", level {level}")?;
            }
            writeln!(f, "{}", if policy.counts { ":" } else { " (does not apply):" })?;
            for statement in &policy.statements {
                write!(f, "  {} {:?}", statement.index, statement.effect)?;
                if let Some(sid) = &statement.sid {
                    write!(f, " {sid}")?;
                }
                match statement.first_failure() {
                    None => writeln!(f, ": applies")?,
                    Some(test) => writeln!(f, ": {test}")?,
                }
            }
        }
        Ok(())
    }
}

impl PolicyType {
    /// What people call the type.
    pub fn title(self) -> &'static str {
        match self {
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |list: &[String]| match list {
            [] => "nothing".to_owned(),
            list => list
                .iter()
                .map(|text| format!("`{text}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let (request, policy) = (quoted(&self.request), quoted(&self.policy));
        let verb = if self.passed { "passes" } else { "does not pass" };
        match &self.subject {
            Subject::Action(not) => write!(f, "action {request} {verb} {}Action {policy}", negation(*not)),
            Subject::Principal(not) => write!(f, "principal {request} {verb} {}Principal {policy}", negation(*not)),
            Subject::Resource(not) => write!(f, "resource {request} {verb} {}Resource {policy}", negation(*not)),
            Subject::Condition { operator, key } => {
                write!(
                    f,
                    "condition {operator} {key}: the request has {request}, the policy {policy}"
                )
            }
        }
    }
}

fn negation(not: bool) -> &'static str {
    if not { "Not" } else { "" }
}
