//! The sessions of tasks' roles: one at a time for each task, and a new one long before it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api_sts::Credentials;
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, Result};

use crate::records::Task;
use crate::task_roles;

/// How long a session lasts: what every role allows.
const LASTS: Duration = Duration::from_secs(3600);
/// What must be left of one that is given out. SDKs ask anew when less than a quarter of an hour is left.
const LEFT: Duration = Duration::from_secs(1800);

/// Credentials that are in use, by the task's id.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Credentials>>>>>);

impl Sessions {
    /// The credentials of a task's role, with at least half of their time left where the role can still be assumed.
    ///
    /// Errors: what `sts:AssumeRole` answers, when there are none that are still good.
    pub async fn credentials(
        &self,
        kernel: &Arc<Kernel>,
        place: Place,
        role_arn: &str,
        task: &Task,
    ) -> Result<Credentials> {
        let slot = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(task.id.clone()).or_default())
        };
        let mut held = slot.lock().await;
        let now = kernel.clock().now();
        let good_for = |left: Duration| held.as_ref().filter(|held| expires(held) > now.plus(left)).cloned();
        if let Some(good) = good_for(LEFT) {
            return Ok(good);
        }
        match task_roles::credentials(kernel, place, role_arn, task, LASTS).await {
            Ok(new) => Ok(held.insert(new).clone()),
            // What was issued before is good until it ends.
            Err(Fault::Api(error)) => good_for(Duration::ZERO).ok_or(Fault::Api(error)),
            Err(internal) => Err(internal),
        }
    }

    /// Forgets the credentials of a task that is over.
    pub fn forget(&self, task: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(task);
    }
}

/// When credentials end.
pub fn expires(credentials: &Credentials) -> Timestamp {
    credentials.expiration
}
