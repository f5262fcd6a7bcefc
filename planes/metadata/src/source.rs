//! Who knows what is to be told: the one trait between this crate and whoever keeps tasks.

use futures_util::future::BoxFuture;
use roadstead_core::Timestamp;
use serde_json::Value;

/// Knows one task.
///
/// Ids in paths are secrets of its containers: an implementation compares them with [`crate::Secret::is`].
pub trait Source: Send + Sync + 'static {
    /// The ARN of the task.
    fn task_arn(&self) -> &str;

    /// What is told about a container.
    fn container<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>>;

    /// What is told about the task and all of its containers, with its tags where they are asked for.
    fn task<'a>(&'a self, of: Target<'a>, form: Form, with_tags: bool) -> BoxFuture<'a, Result<Value, Lack>>;

    /// What a container uses now, as Docker's engine tells it.
    fn container_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>>;

    /// What each container uses now, by the engine's id.
    fn task_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>>;

    /// The credentials behind an id, of which this task must be the owner.
    fn credentials<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<RoleCredentials, NoCredentials>>;

    /// Reads the task's protection, or changes it first; as the task's role.
    fn protection<'a>(&'a self, of: &'a str, change: Option<Protect>) -> BoxFuture<'a, Result<Protection, AgentError>>;
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A container of the task, by its endpoint id.
    Endpoint(&'a str),
    /// A container of the task, by the engine's id.
    Docker(&'a str),
    /// The task that asks, without any id.
    Own,
}

/// The version of what is told; the first two tell the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Version 2.
    V2,
    /// Version 3.
    V3,
    /// Version 4.
    V4,
}

/// Why something is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The id is nobody's in this task.
    UnknownId,
    /// Nothing is known about this container (the engine's id) or task (its ARN) now.
    NoState(String),
    /// Something else is wrong.
    Failed,
}

/// Credentials of a role of the task.
#[derive(Clone, PartialEq, Eq)]
pub struct RoleCredentials {
    /// The role.
    pub role_arn: String,
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
    /// The session token.
    pub token: String,
    /// When they end.
    pub expiration: Timestamp,
}

/// Why there are no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCredentials {
    /// The id is not one of this task's.
    UnknownId,
    /// There are none yet: the role cannot be assumed now.
    Uninitialized,
    /// Something else is wrong.
    Failed,
}

/// A wish for protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protect {
    /// Whether the task is to be protected.
    pub enabled: bool,
    /// For how many minutes.
    pub minutes: Option<i32>,
}

/// What the service says about a task's protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// How it is protected.
    Is {
        /// Whether it is.
        enabled: bool,
        /// Until when.
        expires: Option<Timestamp>,
    },
    /// The service named a failure instead.
    Failure {
        /// What failed, by its ARN.
        arn: Option<String>,
        /// In one word.
        reason: Option<String>,
        /// In more words.
        detail: Option<String>,
    },
}

/// Why the agent's API could not ask the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentError {
    /// The id is nobody's in this task.
    UnknownId,
    /// The task has no role to ask as.
    NoRole,
    /// The service's own error.
    Api {
        /// The HTTP status.
        status: u16,
        /// The code.
        code: String,
        /// The message.
        message: String,
        /// The id of the request.
        request_id: String,
    },
    /// The service answered something else than was asked.
    Unexpected,
    /// Something else is wrong.
    Failed,
}
