//! From a question to status and body: the agent's codes and words.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use roadstead_core::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::path::{Question, read};
use crate::source::{AgentError, Form, Lack, NoCredentials, Protect, Protection, RoleCredentials, Source, Target};

/// How long a call to the service may take that is made for a container.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Status and body.
pub type Answer = (u16, Value);

/// Answers a request whose path is clean.
pub async fn answer(source: &dyn Source, method: &Method, path: &str, query: Option<&str>, body: &Bytes) -> Answer {
    match read(path, query) {
        None => (404, "404 page not found".into()),
        Some(Question::Protection(id)) => protection(source, method, id, body).await,
        Some(Question::Credentials(version, id)) => credentials(source, version, id).await,
        Some(asked) => match timeout(PATIENCE, told(source, asked)).await {
            Ok(Ok(told)) => (200, told),
            Ok(Err(lack)) => lacking(source, asked, &lack),
            Err(_) => lacking(source, asked, &Lack::Failed),
        },
    }
}

async fn told(source: &dyn Source, asked: Question<'_>) -> Result<Value, Lack> {
    match asked {
        Question::Container(form, of) => source.container(of, form).await,
        Question::Task(form, of, with_tags) => source.task(of, form, with_tags).await,
        Question::ContainerStats(form, of) => source.container_stats(of, form).await,
        Question::TaskStats(form, of) => source.task_stats(of, form).await,
        // Containers have none here: devices are not passed on.
        Question::Associations(form, of) => source.container(of, form).await.map(|_| json!({ "Associations": [] })),
        Question::Association(form, of) => match source.container(of, form).await {
            Ok(_) => Err(Lack::NoState(String::new())),
            Err(lack) => Err(lack),
        },
        Question::Credentials(..) | Question::Protection(_) => Err(Lack::Failed),
    }
}

fn lacking(source: &dyn Source, asked: Question<'_>, lack: &Lack) -> Answer {
    let (form, of) = match asked {
        Question::Container(form, of)
        | Question::Task(form, of, _)
        | Question::ContainerStats(form, of)
        | Question::TaskStats(form, of)
        | Question::Associations(form, of)
        | Question::Association(form, of) => (form, of),
        Question::Credentials(..) | Question::Protection(_) => (Form::V4, Target::Own),
    };
    let version = match form {
        Form::V2 => "V2",
        Form::V3 => "V3",
        Form::V4 => "V4",
    };
    let v4 = form == Form::V4;
    let id = match of {
        Target::Endpoint(id) | Target::Docker(id) => id,
        Target::Own => "",
    };
    let no_container = "unable to get docker ID from v3 endpoint ID";
    let no_task = "unable to get task Arn from v3 endpoint ID";
    let unknown = |status, handler: &str, what: &str, why: &str| {
        (
            status,
            format!("{version} {handler} handler: unable to get {what} from request: {why}: {id}"),
        )
    };
    let arn = source.task_arn();
    let (status, text) = match (asked, lack) {
        (Question::Container(Form::V2, _), Lack::UnknownId) => {
            (500, format!("Unable to generate metadata for container '{id}'"))
        }
        (Question::ContainerStats(Form::V2, _), Lack::UnknownId) => {
            (500, format!("Unable to get container stats for: {id}"))
        }
        (Question::Container(..), Lack::UnknownId) => unknown(
            if v4 { 404 } else { 500 },
            "container metadata",
            "container ID",
            no_container,
        ),
        (Question::Task(..), Lack::UnknownId) => {
            unknown(if v4 { 404 } else { 500 }, "task metadata", "task arn", no_task)
        }
        (Question::ContainerStats(..), Lack::UnknownId) => {
            unknown(if v4 { 404 } else { 400 }, "container stats", "task arn", no_task)
        }
        (Question::TaskStats(..), Lack::UnknownId) => {
            unknown(if v4 { 404 } else { 400 }, "task stats", "task arn", no_task)
        }
        (Question::Associations(..) | Question::Association(..), Lack::UnknownId) => {
            unknown(400, "container associations", "container ID", no_container)
        }
        (Question::Associations(..) | Question::Association(..), _) => (
            400,
            format!("{version} container associations handler: no such association"),
        ),
        (Question::Container(..), Lack::NoState(of)) => {
            let unable = if v4 { "unable" } else { "Unable" };
            (500, format!("{unable} to generate metadata for container '{of}'"))
        }
        (Question::Task(..), Lack::NoState(_)) => {
            let kind = if v4 { "v4 task" } else { "task" };
            (500, format!("Unable to generate metadata for {kind}: '{arn}'"))
        }
        (Question::ContainerStats(..), Lack::NoState(of)) => (500, format!("Unable to get container stats for: {of}")),
        (Question::TaskStats(..), Lack::NoState(_)) => (500, format!("Unable to get task stats for: {arn}")),
        (Question::Container(..), Lack::Failed) => (500, "failed to get container metadata".to_owned()),
        (Question::Task(..), Lack::Failed) => (500, "failed to get task metadata".to_owned()),
        (Question::ContainerStats(..) | Question::TaskStats(..), Lack::Failed) => {
            (500, "failed to get stats".to_owned())
        }
        (Question::Credentials(..) | Question::Protection(_), _) => (500, "Internal server error".to_owned()),
    };
    (status, text.into())
}

async fn credentials(source: &dyn Source, version: u8, id: Option<&str>) -> Answer {
    let found = match id {
        None => return refused(version, 400, "NoIdInRequest", "No Credential ID in the request"),
        Some(id) => timeout(PATIENCE, source.credentials(id)).await,
    };
    match found {
        Ok(Ok(found)) => (200, shown(&found)),
        Ok(Err(NoCredentials::UnknownId)) => refused(version, 400, "InvalidIdInRequest", "Credentials not found"),
        Ok(Err(NoCredentials::Uninitialized)) => refused(
            version,
            503,
            "CredentialsUninitialized",
            "Credentials uninitialized for ID",
        ),
        Ok(Err(NoCredentials::Failed)) | Err(_) => {
            let message = "Internal server error";
            (
                500,
                json!({ "code": "InternalServerError", "message": message, "HTTPErrorCode": 500 }),
            )
        }
    }
}

fn refused(version: u8, status: u16, code: &str, message: &str) -> Answer {
    let message = format!("CredentialsV{version}Request: {message}");
    (
        status,
        json!({ "code": code, "message": message, "HTTPErrorCode": status }),
    )
}

fn shown(found: &RoleCredentials) -> Value {
    json!({
        "RoleArn": found.role_arn,
        "AccessKeyId": found.access_key_id,
        "SecretAccessKey": found.secret_access_key,
        "Token": found.token,
        "Expiration": found.expiration.iso8601(),
    })
}

async fn protection(source: &dyn Source, method: &Method, id: &str, body: &Bytes) -> Answer {
    let change = match *method {
        Method::GET => None,
        // The body counts before the id does.
        Method::PUT => match wish(body) {
            Ok(wish) => Some(wish),
            Err(message) => return agent_error(400, None, "InvalidParameterException", message),
        },
        _ => return (405, "405 method not allowed".into()),
    };
    let arn = Some(source.task_arn());
    match timeout(PATIENCE, source.protection(id, change)).await {
        Ok(Ok(Protection::Is { enabled, expires })) => {
            let expires = expires.map(Timestamp::iso8601);
            let inner =
                json!({ "ExpirationDate": expires, "ProtectionEnabled": enabled, "TaskArn": source.task_arn() });
            (200, json!({ "protection": inner }))
        }
        Ok(Ok(Protection::Failure { arn, reason, detail })) => {
            let inner = json!({ "Arn": arn, "Detail": detail, "Reason": reason });
            (200, json!({ "failure": inner }))
        }
        Ok(Err(AgentError::UnknownId)) => agent_error(
            404,
            None,
            "ResourceNotFoundException",
            "Failed to find a task for the request",
        ),
        Ok(Err(AgentError::NoRole)) => {
            let message = "Invalid Request: no task IAM role credentials available for task";
            agent_error(403, arn, "AccessDeniedException", message)
        }
        Ok(Err(AgentError::Api {
            status,
            code,
            message,
            request_id,
        })) => {
            let (status, mut body) = agent_error(status, arn, &code, &message);
            if let Value::Object(members) = &mut body {
                members.insert("requestID".to_owned(), request_id.into());
            }
            (status, body)
        }
        Ok(Err(AgentError::Unexpected)) => agent_error(500, arn, "ServerException", "Unexpected error occurred"),
        Ok(Err(AgentError::Failed)) => {
            agent_error(500, None, "ServerException", "Failed to find a task for the request")
        }
        Err(_) => {
            let message = "Timed out calling ECS Task Protection API";
            agent_error(504, arn, "RequestCanceled", message)
        }
    }
}

fn agent_error(status: u16, arn: Option<&str>, code: &str, message: &str) -> Answer {
    let mut error = Map::new();
    if let Some(arn) = arn {
        error.insert("Arn".to_owned(), arn.into());
    }
    error.insert("Code".to_owned(), code.into());
    error.insert("Message".to_owned(), message.into());
    (status, json!({ "error": error }))
}

/// Reads a wish for protection, as Go reads JSON: names in any case, nothing after the first value.
fn wish(body: &[u8]) -> Result<Protect, &'static str> {
    const UNREADABLE: &str = "UpdateTaskProtection: failed to decode request";
    let first = serde_json::Deserializer::from_slice(body).into_iter::<Value>().next();
    let Some(Ok(Value::Object(members))) = first else {
        return Err(UNREADABLE);
    };
    let (mut enabled, mut minutes) = (None, None);
    for (name, value) in members {
        if name.eq_ignore_ascii_case("ProtectionEnabled") {
            enabled = match value {
                Value::Null => None,
                Value::Bool(enabled) => Some(enabled),
                _ => return Err(UNREADABLE),
            };
        } else if name.eq_ignore_ascii_case("ExpiresInMinutes") {
            minutes = match value {
                Value::Null => None,
                value => {
                    let given = value.as_i64().and_then(|minutes| i32::try_from(minutes).ok());
                    Some(given.ok_or(UNREADABLE)?)
                }
            };
        } else {
            return Err(UNREADABLE);
        }
    }
    let enabled = enabled.ok_or("Invalid request: does not contain 'ProtectionEnabled' field")?;
    Ok(Protect { enabled, minutes })
}
