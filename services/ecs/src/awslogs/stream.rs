//! The calls of the log driver to CloudWatch Logs, made with a session of the task's execution role, or of its container
//! instance's role.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api_logs::op::{CreateLogGroup, CreateLogStream, PutLogEvents};
use api_logs::{CreateLogGroupRequest, CreateLogStreamRequest, InputLogEvent, PutLogEventsRequest};
use roadstead_core::arn::Place;
use roadstead_core::{Region, Timestamp};
use roadstead_kernel::{ApiError, Behalf, Fault, Kernel, Operation, Result};

use super::options::Config;
use super::writer::Writer;
use crate::records::{LogSink, Task};

/// How long a session is used; it lasts an hour.
const SESSION: Duration = Duration::from_secs(3_000);
/// What the driver's failures begin with.
// AWS: recorded.
const INVALID: &str = "ResourceInitializationError: failed to validate logger args:";

/// Whose session: account and region of the task, the task's id, the role, and the region of the logs.
type Whose = (Place, String, Writer, Region);

/// Sessions of the roles that output is delivered as.
pub struct Sessions {
    kernel: Arc<Kernel>,
    open: Mutex<HashMap<Whose, (Behalf, Timestamp)>>,
}

impl Sessions {
    /// No session yet.
    pub fn new(kernel: Arc<Kernel>) -> Self {
        Self {
            kernel,
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Whose, (Behalf, Timestamp)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of the role that a task's output is delivered as, in a region; the one that was opened before, while it lasts.
    pub async fn of(&self, place: Place, task: &Task, writer: &Writer, region: Region) -> Result<Behalf> {
        let whose = (place, task.id.clone(), writer.clone(), region);
        let now = self.kernel.clock().now();
        let known = self.open().get(&whose).cloned();
        if let Some((session, since)) = known
            && now.since(since) < SESSION
        {
            return Ok(session);
        }
        let session = writer.act(&self.kernel, place, region, task).await?;
        self.open().insert(whose, (session.clone(), now));
        Ok(session)
    }

    /// Closes the sessions of a task.
    pub fn close(&self, place: Place, task: &str) {
        self.open()
            .retain(|whose, _| (whose.0, whose.1.as_str()) != (place, task));
    }
}

/// Makes the stream of a container, and its group where that is asked for. The inner error is what the task is told.
pub async fn create(role: &Behalf, config: &Config, sink: &LogSink) -> Result<Result<(), String>> {
    match once(role, config, sink).await? {
        Ok(()) => Ok(Ok(())),
        // AWS: recorded; the driver tries a second time whatever the reason.
        Err(_) => Ok(once(role, config, sink)
            .await?
            .map_err(|why| format!("{INVALID} create stream has been retried 1 times: {why} : exit status 1"))),
    }
}

/// What a task is told whose log configuration cannot be used.
pub fn invalid(why: &str) -> String {
    format!("{INVALID} {why}")
}

async fn once(role: &Behalf, config: &Config, sink: &LogSink) -> Result<Result<(), String>> {
    match create_stream(role, sink).await? {
        Err(failed) if config.create_group && failed.error.name() == "ResourceNotFoundException" => {
            if let Err(why) = create_group(role, sink).await? {
                return Ok(Err(why.said("failed to create Cloudwatch log group", "CreateLogGroup")));
            }
            let made = create_stream(role, sink).await?;
            Ok(made.map_err(|why| why.said("failed to create Cloudwatch log stream", "CreateLogStream")))
        }
        made => Ok(made.map_err(|why| why.said("failed to create Cloudwatch log stream", "CreateLogStream"))),
    }
}

async fn create_stream(role: &Behalf, sink: &LogSink) -> Result<Result<(), Failed>> {
    let input = CreateLogStreamRequest {
        log_group_name: sink.group.clone(),
        log_stream_name: sink.stream.clone(),
    };
    made::<CreateLogStream>(role, input).await
}

async fn create_group(role: &Behalf, sink: &LogSink) -> Result<Result<(), Failed>> {
    let input = CreateLogGroupRequest {
        log_group_name: sink.group.clone(),
        ..CreateLogGroupRequest::default()
    };
    made::<CreateLogGroup>(role, input).await
}

/// A call that was refused.
struct Failed {
    request_id: String,
    error: ApiError,
}

impl Failed {
    // AWS: recorded; an error that the service's model names stands by its name, any other behind `api error`.
    fn said(&self, what: &str, operation: &str) -> String {
        let Self { request_id, error } = self;
        let kind = if error.meta.is_some() { "" } else { "api error " };
        format!(
            "{what}: operation error CloudWatch Logs: {operation}, https response error StatusCode: {}, RequestID: \
             {request_id}, {kind}{}: {}",
            error.status,
            error.name(),
            error.message
        )
    }
}

/// Makes something; what is there already is as good.
async fn made<O: Operation>(role: &Behalf, input: O::Input) -> Result<Result<(), Failed>> {
    let request_id = role.request_id();
    match role.call_as::<O>(request_id.clone(), input).await {
        Ok(_) => Ok(Ok(())),
        Err(Fault::Api(error)) if error.name() == "ResourceAlreadyExistsException" => Ok(Ok(())),
        Err(Fault::Api(error)) => Ok(Err(Failed { request_id, error })),
        Err(internal) => Err(internal),
    }
}

/// Puts events into the stream.
pub async fn put(role: &Behalf, sink: &LogSink, events: Vec<InputLogEvent>) -> Result<()> {
    let input = PutLogEventsRequest {
        log_group_name: sink.group.clone(),
        log_stream_name: sink.stream.clone(),
        log_events: events,
        ..PutLogEventsRequest::default()
    };
    let answer = role.call::<PutLogEvents>(input).await?;
    if let Some(rejected) = answer.rejected_log_events_info {
        tracing::warn!(
            group = sink.group,
            stream = sink.stream,
            ?rejected,
            "log events were not taken: their times"
        );
    }
    Ok(())
}
