//! The engine's events, turned into looks at the tasks they concern.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use roadstead_containers::Runtime;
use roadstead_control::Controller;

use super::TaskControl;
use super::leftovers::key_of;
use crate::launch::LABEL_TASK;

/// How long to wait before the engine is asked for its events again.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows the engine until the program ends. After a gap every task is looked at, and what no task has is removed.
pub async fn follow_engine(control: Arc<Controller<TaskControl>>, runtime: Arc<dyn Runtime>) {
    loop {
        let mut events = runtime.events();
        if let Err(fault) = control.reconciler().remove_leftovers().await {
            tracing::debug!(%fault, "the engine's containers could not be looked through");
        }
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    if let Some(key) = key_of(event.labels.get(LABEL_TASK)) {
                        control.enqueue(key);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the engine's events broke off");
                    break;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
        match control.reconciler().all().await {
            Ok(keys) => keys.into_iter().for_each(|key| control.enqueue(key)),
            Err(fault) => tracing::warn!(%fault, "the tasks could not be listed"),
        }
    }
}
