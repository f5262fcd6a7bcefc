//! What can go wrong between asking for a container and having it.

use crate::ContainerId;

/// Why an image is not on the machine.
///
/// `Display` is the engine's own text (with `Error response from daemon: ` where the engine answered), fit to stand
/// behind a prefix such as `CannotPullContainerError: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The reference cannot be read as an image name.
    #[error("{0}")]
    InvalidReference(String),
    /// The registry answered that there is no such repository or tag.
    #[error("{0}")]
    NotFound(String),
    /// The registry wants other credentials than those given.
    #[error("{0}")]
    Unauthorized(String),
    /// The registry could not be reached: name resolution, connection or time-out.
    #[error("{0}")]
    RegistryUnreachable(String),
    /// The container engine itself does not answer.
    #[error("{0}")]
    EngineUnreachable(String),
    /// Anything else the engine said.
    #[error("{0}")]
    Other(String),
}

/// Why an operation on a container failed.
///
/// `Display` is the engine's own text where the engine answered (prefixed `Error response from daemon: `).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// No container (or volume) of that id or name exists.
    #[error("no such container: {0}")]
    NotFound(String),
    /// The container exists but another program, or another installation, made it; it was left alone.
    #[error("container {0} was not made by this installation")]
    NotOurs(String),
    /// The image is not on the machine: call `ensure_image` first.
    #[error("{0}")]
    NoSuchImage(String),
    /// A container of that name exists already.
    #[error("{0}")]
    NameInUse(String),
    /// The container was created but never started, so there is no exit to wait for.
    #[error("container {0} was not started")]
    NotStarted(ContainerId),
    /// The specification contradicts itself, or the engine does not know what it asks for.
    #[error("{0}")]
    InvalidSpec(String),
    /// The host does not grant a resource limit; it is never silently lowered.
    #[error("{}", limit_text(name, *asked, *granted))]
    LimitNotGranted {
        /// The limit's name as in the specification, such as `nofile`.
        name: String,
        /// The hard value that was asked for.
        asked: i64,
        /// The most the host grants, where that could be found out.
        granted: Option<u64>,
    },
    /// The engine took the specification but the container could not be started (missing program, port in use …).
    #[error("{0}")]
    StartFailed(String),
    /// The engine does not answer.
    #[error("{0}")]
    Unreachable(String),
    /// The reader of the events was too slow and some were dropped: subscribe again, then list and inspect.
    #[error("events were lost: the reader was too slow")]
    EventsLost,
    /// Anything else the engine said.
    #[error("{0}")]
    Engine(String),
}

fn limit_text(name: &str, asked: i64, granted: Option<u64>) -> String {
    match granted {
        Some(granted) => format!("the host grants a limit `{name}` of at most {granted}, not {asked}"),
        None => format!("the host does not grant a limit `{name}` of {asked}"),
    }
}
