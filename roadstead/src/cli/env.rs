//! `roadstead env`: the environment that points unchanged AWS tools at the running server.

use std::process::ExitCode;

use roadstead::{DataDir, client};
use roadstead_kernel::{Fault, Result};

/// Prints `export` lines for a POSIX shell.
pub fn run(data_dir: &DataDir) -> Result<ExitCode> {
    let keys = data_dir.kept_root_keys()?;
    let (Some(keys), Some(running)) = (keys, data_dir.running()?) else {
        return Err(not_running(data_dir));
    };
    if client::get(&running.endpoint, "/_roadstead/health").is_err() {
        return Err(not_running(data_dir));
    }
    for (name, value) in [
        ("AWS_ENDPOINT_URL", running.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", &keys.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key),
        ("AWS_DEFAULT_REGION", &running.region),
        ("AWS_REGION", &running.region),
        // Two operations put a prefix before the host name, which no resolver knows for a local address.
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
    ] {
        println!("export {name}={}", quoted(value));
    }
    Ok(ExitCode::SUCCESS)
}

pub fn not_running(data_dir: &DataDir) -> Fault {
    Fault::internal(format_args!(
        "no server is running on `{}`; start one with `roadstead serve`",
        data_dir.path().display()
    ))
}

/// A word that a POSIX shell reads as it is.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@%,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
