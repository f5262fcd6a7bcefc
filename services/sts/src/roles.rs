//! What all sessions of roles have in common.

use std::time::Duration;

use roadstead_core::arn::Place;
use roadstead_kernel::{CallerKind, Cx, Result, Role};

use crate::{problems, session};

/// How long a session lasts when nothing is said, and at most when a role session assumes another role; in seconds.
const HOUR: i32 = 3600;

/// The ARN of a role's session; it has no path.
pub fn session_arn(cx: &Cx, role: &Role, session: &str) -> String {
    let place = Place {
        account: role.identity.account,
        region: cx.region(),
    };
    place.global_arn("sts", format_args!("assumed-role/{}/{session}", role.identity.name))
}

/// How long a session of a role lasts.
pub fn duration(cx: &Cx, role: &Role, wanted: Option<i32>) -> Result<Duration> {
    let secs = wanted.unwrap_or(HOUR);
    if cx.caller().kind() == CallerKind::RoleSession && secs > HOUR {
        return Err(problems::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if u32::try_from(secs).is_ok_and(|secs| secs > role.max_session_secs) {
        return Err(problems::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(session::seconds(secs))
}
