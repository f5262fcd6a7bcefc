//! Why a principal may or may not do something: the question that `roadstead explain` asks, answered without acting.

use std::sync::Arc;

use roadstead_core::{AccountId, Arn, Timestamp};
use roadstead_policy::{
    Action, Key, KeyId, MapContext, Principal as PolicyPrincipal, Request, Resource, ResourceSide, Subject, explain,
};
use serde::{Deserialize, Serialize};

use crate::directory::Identity;
use crate::kernel::Kernel;
use crate::{Fault, Result};

/// Whether a principal may do an action on a resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    /// The ARN of a user, a role, a role's session or root.
    pub principal: String,
    /// The action, such as `ecs:RunTask`.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// Condition keys that describe the request and the resource.
    #[serde(default)]
    pub context: Vec<(String, String)>,
}

/// The answer, policy by policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explained {
    /// `allowed`, `implicitDeny` or `explicitDeny`.
    pub decision: String,
    /// The message of the denial.
    pub message: Option<String>,
    /// Each policy that was considered.
    pub policies: Vec<ExplainedPolicy>,
    /// What limited or exempted the decision apart from statements.
    pub remarks: Vec<String>,
}

/// One policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExplainedPolicy {
    /// The kind, such as `identity-based policy`.
    pub kind: String,
    /// Its ARN or inline name.
    pub name: String,
    /// Its statements.
    pub statements: Vec<ExplainedStatement>,
}

/// One statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExplainedStatement {
    /// The Sid, or its number from 1.
    pub name: String,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Whether it applies to the request.
    pub applies: bool,
    /// The first test that failed, in words.
    pub because: Option<String>,
}

impl Kernel {
    /// Explains what would be decided now. Resource policies and session policies are not part of the question.
    pub async fn explain(&self, question: &Question) -> Result<Explained> {
        let identity = self.principal_by_arn(&question.principal).await?;
        let principal = policy_principal(&question.principal, &identity);
        let mut context = MapContext::new();
        let now = self.clock.now();
        describe(&mut context, &identity, &principal, now);
        for (key, value) in &question.context {
            context.set(key.clone(), value.clone());
        }
        let request = Request {
            principal: &principal,
            action: Action::named(&question.action),
            resource: Resource::new(&question.resource),
            resource_account: None,
            context: &context,
        };
        let side = ResourceSide::default();
        let explanation = explain(&identity.policies, &side, &request);
        Ok(Explained {
            decision: explanation.decision.outcome.name().to_owned(),
            message: explanation.decision.message(&request),
            policies: explanation.policies.iter().map(policy).collect(),
            remarks: explanation.remarks.clone(),
        })
    }

    async fn principal_by_arn(&self, text: &str) -> Result<Arc<Identity>> {
        let unknown = || {
            Fault::internal(format_args!(
                "there is no principal `{text}`; give the ARN of a user, role or session"
            ))
        };
        let arn = Arn::parse(text).ok_or_else(unknown)?;
        let account = AccountId::parse(arn.account).ok_or_else(unknown)?;
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let found = match (arn.service, arn.typed_resource()) {
            ("iam", None) if arn.resource == "root" => self.directory.identity(account, &crate::Who::Root).await?,
            ("iam", Some(("role", path))) => self
                .directory
                .role(account, &last(path))
                .await?
                .map(|r| Arc::clone(&r.identity)),
            ("iam", Some(("user", path))) => self.directory.user(account, &last(path)).await?,
            ("sts", Some(("assumed-role", rest))) => {
                let role = rest.split('/').next().unwrap_or_default();
                self.directory
                    .role(account, role)
                    .await?
                    .map(|role| Arc::clone(&role.identity))
            }
            _ => None,
        };
        found.ok_or_else(unknown)
    }
}

fn policy_principal(text: &str, identity: &Identity) -> PolicyPrincipal {
    let linked = identity.linked_service.is_some();
    match identity.who {
        crate::Who::Root => PolicyPrincipal::root(identity.arn.as_str()),
        crate::Who::User(_) => PolicyPrincipal::user(identity.arn.as_str()),
        crate::Who::Role(_) if text == identity.arn => PolicyPrincipal::role(&identity.arn, linked),
        crate::Who::Role(_) if linked => PolicyPrincipal::service_linked_session(text, identity.arn.as_str()),
        crate::Who::Role(_) => PolicyPrincipal::role_session(text, identity.arn.as_str()),
    }
}

/// The keys that every call of the principal has.
fn describe(context: &mut MapContext, identity: &Identity, principal: &PolicyPrincipal, now: Timestamp) {
    for (key, value) in [
        (KeyId::PRINCIPAL_ARN, identity.arn.clone()),
        (KeyId::PRINCIPAL_ACCOUNT, identity.account.to_string()),
        (KeyId::PRINCIPAL_TYPE, principal.principal_type().to_owned()),
        (KeyId::RESOURCE_ACCOUNT, identity.account.to_string()),
        (KeyId::CURRENT_TIME, now.iso8601()),
        (KeyId::EPOCH_TIME, now.secs().to_string()),
    ] {
        context.set(key.name(), value);
    }
    if matches!(identity.who, crate::Who::User(_)) {
        context.set(KeyId::USER_NAME.name(), identity.name.clone());
        context.set(KeyId::USER_ID.name(), identity.id.clone());
    }
    for (tag, value) in identity.tags.iter() {
        context.set(Key::Tag(KeyId::PRINCIPAL_TAG, tag).to_string(), value);
    }
}

fn policy(policy: &roadstead_policy::PolicyExplanation<'_>) -> ExplainedPolicy {
    let statement = |statement: &roadstead_policy::StatementExplanation| ExplainedStatement {
        name: statement
            .sid
            .clone()
            .unwrap_or_else(|| format!("#{}", statement.index + 1)),
        effect: format!("{:?}", statement.effect),
        applies: statement.applies(),
        because: statement.first_failure().map(in_words),
    };
    ExplainedPolicy {
        kind: policy.label.policy_type.title().to_owned(),
        name: policy.label.name.to_string(),
        statements: policy.statements.iter().map(statement).collect(),
    }
}

fn in_words(test: &roadstead_policy::Test) -> String {
    let subject = match &test.subject {
        Subject::Action(false) => "Action".to_owned(),
        Subject::Action(true) => "NotAction".to_owned(),
        Subject::Principal(false) => "Principal".to_owned(),
        Subject::Principal(true) => "NotPrincipal".to_owned(),
        Subject::Resource(false) => "Resource".to_owned(),
        Subject::Resource(true) => "NotResource".to_owned(),
        Subject::Condition { operator, key } => format!("{operator} {key}"),
    };
    let asked = if test.request.is_empty() {
        "nothing".to_owned()
    } else {
        test.request.join(", ")
    };
    format!(
        "{subject}: the request has {asked}, the policy has {}",
        short(&test.policy)
    )
}

/// The first few values of a list that may be long.
fn short(values: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = values.get(..SHOWN).unwrap_or(values).join(", ");
    if values.len() > SHOWN {
        format!("{shown} and {} more", values.len() - SHOWN)
    } else {
        shown
    }
}
