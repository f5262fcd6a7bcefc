//! How much of its disk a task uses, asked of the engine now and then only: it has to walk through files for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use roadstead_containers::{ContainerState, Runtime};
use roadstead_core::Timestamp;

use crate::launch;

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(30);
const MIB: u64 = 1 << 20;

/// What was found last of each task, by its id.
#[derive(Default)]
pub struct Disks(Mutex<HashMap<String, (Timestamp, u64)>>);

impl Disks {
    /// MiB that the images of a task's containers and what they wrote take; nothing while the engine does not say.
    pub async fn used(
        &self,
        runtime: &dyn Runtime,
        task: &str,
        engine: &HashMap<String, ContainerState>,
        now: Timestamp,
    ) -> Option<u64> {
        if let Some((at, used)) = self.known().get(task)
            && now.since(*at) < GOOD_FOR
        {
            return Some(*used);
        }
        let (mut written, mut images) = (0_u64, HashMap::new());
        for (name, state) in engine {
            if name == launch::PAUSE {
                continue;
            }
            let disk = runtime.disk(&state.id).await.ok()?;
            written = written.saturating_add(disk.written);
            images.insert(state.image_id.as_str(), disk.image);
        }
        let all = images.into_values().fold(written, u64::saturating_add);
        let used = all.div_ceil(MIB);
        self.known().insert(task.to_owned(), (now, used));
        Some(used)
    }

    /// Forgets a task that is over.
    pub fn forget(&self, task: &str) {
        self.known().remove(task);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Timestamp, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
