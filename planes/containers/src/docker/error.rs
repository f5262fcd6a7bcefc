//! Turns what the Docker Engine answers, or fails to, into this crate's errors.

use bollard::errors::Error;

use crate::{ImageError, RuntimeError};

/// The text as the Docker command line and Amazon's agent show it.
fn from_daemon(message: &str) -> String {
    format!("Error response from daemon: {}", message.trim())
}

/// Status and message, where the engine answered.
pub(super) fn answered(error: &Error) -> Option<(u16, &str)> {
    match error {
        Error::DockerResponseServerError { status_code, message } => Some((*status_code, message)),
        Error::DockerStreamError { error } => Some((500, error)),
        _ => None,
    }
}

/// Whether the engine answered with this status.
pub(super) fn is_status(error: &Error, status: u16) -> bool {
    answered(error).is_some_and(|(code, _)| code == status)
}

/// Whether no engine was there to answer.
fn unreachable(error: &Error) -> bool {
    matches!(
        error,
        Error::SocketNotFoundError(_)
            | Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. }
            | Error::RequestTimeoutError
            | Error::UnsupportedURISchemeError { .. }
    )
}

/// The error with the causes beneath it: the top one alone often says only "client error".
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}

/// An error of an operation on the container `id`.
pub(super) fn of_container(id: &str, error: &Error) -> RuntimeError {
    match answered(error) {
        Some((404, message)) if message.contains("No such image") => RuntimeError::NoSuchImage(from_daemon(message)),
        Some((404, _)) => RuntimeError::NotFound(id.to_owned()),
        Some((409, message)) if message.contains("is already in use by container") => {
            RuntimeError::NameInUse(from_daemon(message))
        }
        Some((400, message)) => RuntimeError::InvalidSpec(from_daemon(message)),
        Some((_, message)) => RuntimeError::Engine(from_daemon(message)),
        None if unreachable(error) => RuntimeError::Unreachable(chain(error)),
        None => RuntimeError::Engine(chain(error)),
    }
}

/// An error of fetching or importing an image.
pub(super) fn of_image(error: &Error) -> ImageError {
    match answered(error) {
        Some((status, message)) => classify(status, message),
        None if unreachable(error) => ImageError::EngineUnreachable(chain(error)),
        None => ImageError::Other(chain(error)),
    }
}

fn classify(status: u16, message: &str) -> ImageError {
    const UNREACHABLE: [&str; 11] = [
        "dial tcp",
        "dial unix",
        "no such host",
        "connection refused",
        "i/o timeout",
        "Client.Timeout",
        "TLS handshake",
        "network is unreachable",
        "server misbehaving",
        "no route to host",
        "EOF",
    ];
    const UNAUTHORIZED: [&str; 6] = [
        "unauthorized",
        "access denied",
        "access to the resource is denied",
        "no basic auth credentials",
        "authentication required",
        "authorization",
    ];
    const NOT_FOUND: [&str; 4] = ["manifest unknown", "not found", "name unknown", "does not exist"];
    let text = from_daemon(message);
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["invalid reference format"]) || status == 400 {
        ImageError::InvalidReference(text)
    } else if says(&UNREACHABLE) {
        ImageError::RegistryUnreachable(text)
    } else if says(&UNAUTHORIZED) || status == 401 || status == 403 {
        ImageError::Unauthorized(text)
    } else if says(&NOT_FOUND) || status == 404 {
        ImageError::NotFound(text)
    } else {
        ImageError::Other(text)
    }
}

/// The limit that a start failed on, as runc numbers it, if that is why it failed.
pub(super) fn refused_rlimit(message: &str) -> Option<&'static str> {
    const NAMES: [&str; 16] = [
        "cpu",
        "fsize",
        "data",
        "stack",
        "core",
        "rss",
        "nproc",
        "nofile",
        "memlock",
        "as",
        "locks",
        "sigpending",
        "msgqueue",
        "nice",
        "rtprio",
        "rttime",
    ];
    let rest = message.split("error setting rlimit type ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    NAMES.get(digits.parse::<usize>().ok()?).copied()
}

/// A failure to start, when the engine was there and knew the container.
pub(super) fn start_failed(message: &str) -> RuntimeError {
    RuntimeError::StartFailed(from_daemon(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_that_failed_tells_why() {
        type Kind = fn(String) -> ImageError;
        let cases: [(u16, &str, Kind); 5] = [
            (
                500,
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
                ImageError::RegistryUnreachable,
            ),
            (
                404,
                "pull access denied for x/y, repository does not exist or may require 'docker login'",
                ImageError::Unauthorized,
            ),
            (
                500,
                "Get \"http://r/v2/a/manifests/1\": no basic auth credentials",
                ImageError::Unauthorized,
            ),
            (
                404,
                "manifest for r/a:1 not found: manifest unknown: manifest unknown",
                ImageError::NotFound,
            ),
            (500, "manifest unknown", ImageError::NotFound),
        ];
        for (status, message, expected) in cases {
            assert_eq!(classify(status, message), expected(from_daemon(message)));
        }
    }

    #[test]
    fn a_refused_limit_is_named() {
        let text = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: \
 error during container init: error setting rlimits for ready process: error setting rlimit type 7: \
 operation not permitted: unknown";
        assert_eq!(refused_rlimit(text), Some("nofile"));
        assert_eq!(refused_rlimit("exec: not found"), None);
    }
}
