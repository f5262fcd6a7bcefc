//! What is recorded of a call; everything that a CloudTrail event or a trace line needs.

use std::borrow::Cow;

use roadstead_core::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, CallerKind};

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// When the call was made.
    pub time: Timestamp,
    /// A lower-case UUID.
    pub event_id: String,
    /// The request id that the caller was given.
    pub request_id: String,
    /// The service as event sources name it, without the domain: `ecs`, `iam`.
    pub service: Cow<'static, str>,
    /// The operation.
    pub operation: Cow<'static, str>,
    /// The region the event is recorded in.
    pub region: Region,
    /// The account that the call was made in.
    pub account: AccountId,
    /// Who called.
    pub identity: IdentityRecord,
    /// The client's address, or the service that acts.
    pub source: String,
    /// The user agent, or the service that acts.
    pub user_agent: String,
    /// Whether the connection was TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// Whether the operation only reads.
    pub read_only: bool,
    /// The input by model names, first letters in lower case, secrets masked; absent when the call was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// The output of operations that change something, in the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<serde_json::Value>,
    /// The error the caller got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What was decided about each action on each resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decided>,
}

/// An error as recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The code.
    pub code: String,
    /// The text.
    pub message: String,
}

/// The decision on one action and resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decided {
    /// `service:Action`.
    pub action: String,
    /// The ARN, or `*`.
    pub resource: String,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The label of the policy that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The Sid of the statement that decided, or its number from 1 when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// Who called, as CloudTrail's `userIdentity` tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// `Root`, `IAMUser`, `AssumedRole`, `FederatedUser`, `AWSService` or `Unknown`.
    pub kind: Cow<'static, str>,
    /// The value of `aws:userid`.
    pub principal_id: String,
    /// The ARN.
    pub arn: String,
    /// The principal's account.
    pub account: AccountId,
    /// The access key id of the call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub access_key_id: String,
    /// The IAM user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The session behind temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionRecord>,
    /// The service that acted, in its own name or the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<Cow<'static, str>>,
}

/// The session behind temporary credentials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// When it was issued.
    pub issued: Timestamp,
    /// For role sessions: the role's unique id.
    pub issuer_id: String,
    /// For role sessions: the role's ARN.
    pub issuer_arn: String,
    /// For role sessions: the role's name.
    pub issuer_name: String,
}

impl IdentityRecord {
    /// What is recorded of a caller.
    pub fn of(caller: &Caller) -> Self {
        let kind = match caller.kind() {
            CallerKind::Root => "Root",
            CallerKind::User => "IAMUser",
            CallerKind::RoleSession => "AssumedRole",
            CallerKind::FederatedUser => "FederatedUser",
            CallerKind::Service => "AWSService",
            CallerKind::Anonymous => "Unknown",
        };
        let invoked_by = caller.invoking_service().map(Cow::Borrowed).or_else(|| {
            caller
                .session()
                .and_then(|session| session.service.clone())
                .map(Cow::Owned)
        });
        let session = caller
            .session()
            .zip(caller.identity())
            .map(|(session, identity)| SessionRecord {
                issued: session.issued,
                issuer_id: identity.id.clone(),
                issuer_arn: identity.arn.clone(),
                issuer_name: identity.name.clone(),
            });
        Self {
            kind: Cow::Borrowed(kind),
            principal_id: caller.user_id().to_owned(),
            arn: caller.arn().to_owned(),
            account: caller.account(),
            access_key_id: caller.access_key_id().to_owned(),
            user_name: caller.user_name().map(ToOwned::to_owned),
            session,
            invoked_by,
        }
    }
}

impl Record {
    /// Whether a service-linked role's session made the call, or a service in the caller's name.
    pub fn is_on_behalf(&self) -> bool {
        self.identity.invoked_by.is_some()
    }
}
