//! The few members of a task that counting needs: a cluster of 10,000 tasks is counted without reading all of each.

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Desired, Host, Task, TaskStatus};

/// What a task counts as; only ever read, from the records that are written as [`Task`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskHead {
    /// Where it is on its way.
    pub status: TaskStatus,
    /// Where it shall be.
    pub desired: Desired,
    /// The capacity provider, where a strategy chose one.
    #[serde(default)]
    pub capacity_provider: Option<String>,
    /// The container instance that it was placed on.
    #[serde(default)]
    pub host: Option<Host>,
}

impl Record for TaskHead {
    const TABLE: &'static str = Task::TABLE;
    const VERSION: u16 = Task::VERSION;
}
