//! A recorded call as CloudTrail writes it.

use api_cloudtrail::Event;
use roadstead_kernel::audit::{IdentityRecord, Record, SessionRecord};
use roadstead_kernel::{Fault, Result};
use serde::Serialize;
use serde_json::Value;

use crate::{elements, resources};

/// The name under which the root user's calls are found.
pub const ROOT: &str = "root";

/// The record in CloudTrail's form; members in CloudTrail's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Form<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: String,
    event_source: String,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<Value>,
    response_elements: Option<Value>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: &'a str,
    event_category: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    access_key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'a>>,
    attributes: SessionAttributes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'static str,
    principal_id: &'a str,
    arn: &'a str,
    account_id: &'a str,
    user_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes {
    creation_date: String,
    mfa_authenticated: &'static str,
}

/// The source of a record's event, such as `ecs.amazonaws.com`.
pub fn source(record: &Record) -> String {
    let name = match &*record.service {
        // AWS: documented in the examples of both.
        "application-autoscaling" | "autoscaling-plans" => "autoscaling",
        other => other,
    };
    format!("{name}.amazonaws.com")
}

/// The name that lookups show and search for: a user's, or a session's.
pub fn user_name(identity: &IdentityRecord) -> Option<&str> {
    match &*identity.kind {
        "Root" => Some(ROOT),
        "AssumedRole" | "FederatedUser" => identity.arn.rsplit('/').next(),
        "AWSService" => identity.invoked_by.as_deref(),
        _ => identity.user_name.as_deref(),
    }
}

/// The item of a lookup.
pub fn to_api(record: &Record) -> Result<Event> {
    let access_key = Some(record.identity.access_key_id.clone()).filter(|id| !id.is_empty());
    Ok(Event {
        event_id: Some(record.event_id.clone()),
        event_name: Some(record.operation.to_string()),
        read_only: Some(record.read_only.to_string()),
        access_key_id: access_key,
        event_time: Some(record.time.cut_to_secs()),
        event_source: Some(source(record)),
        username: user_name(&record.identity).map(ToOwned::to_owned),
        resources: Some(resources::of(record)),
        cloud_trail_event: Some(text(record)?),
    })
}

/// The record as the JSON text of an event.
pub fn text(record: &Record) -> Result<String> {
    let form = Form {
        event_version: "1.11",
        user_identity: identity(&record.identity),
        event_time: record.time.cut_to_secs().iso8601(),
        event_source: source(record),
        event_name: &record.operation,
        aws_region: record.region.as_str(),
        source_ip_address: &record.source,
        user_agent: &record.user_agent,
        error_code: record.error.as_ref().map(|error| code(&error.code)),
        error_message: record.error.as_ref().map(|error| error.message.as_str()),
        request_parameters: elements::parameters(record),
        response_elements: elements::response(record),
        request_id: &record.request_id,
        event_id: &record.event_id,
        read_only: record.read_only,
        event_type: "AwsApiCall",
        management_event: true,
        recipient_account_id: record.account.as_str(),
        event_category: "Management",
    };
    serde_json::to_string(&form).map_err(Fault::internal)
}

/// The code in a record: a denial is called the same for every service.
fn code(code: &str) -> &str {
    if code == "AccessDeniedException" {
        "AccessDenied"
    } else {
        code
    }
}

fn identity(identity: &IdentityRecord) -> UserIdentity<'_> {
    let is_service = identity.kind == "AWSService";
    let known = |value| Some(value).filter(|_| !is_service);
    UserIdentity {
        r#type: &identity.kind,
        principal_id: known(identity.principal_id.as_str()),
        arn: known(identity.arn.as_str()),
        account_id: known(identity.account.as_str()),
        access_key_id: &identity.access_key_id,
        user_name: identity.user_name.as_deref(),
        session_context: identity
            .session
            .as_ref()
            .map(|session| session_context(identity, session)),
        invoked_by: identity.invoked_by.as_deref(),
    }
}

fn session_context<'a>(identity: &'a IdentityRecord, session: &'a SessionRecord) -> SessionContext<'a> {
    let issuer = SessionIssuer {
        r#type: if identity.kind == "AssumedRole" {
            "Role"
        } else {
            "IAMUser"
        },
        principal_id: &session.issuer_id,
        arn: &session.issuer_arn,
        account_id: identity.account.as_str(),
        user_name: &session.issuer_name,
    };
    SessionContext {
        // A user's own session has no other issuer.
        session_issuer: Some(issuer).filter(|_| identity.kind != "IAMUser"),
        attributes: SessionAttributes {
            creation_date: session.issued.cut_to_secs().iso8601(),
            mfa_authenticated: "false",
        },
    }
}
