//! The engine's events, turned into looks at the tasks they concern.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use roadstead_containers::{Event, Runtime};
use roadstead_control::Controller;
use roadstead_core::Arn;

use super::{TaskControl, TaskKey};
use crate::launch::LABEL_TASK;

/// How long to wait before the engine is asked for its events again.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows the engine until the program ends. After a gap every task is looked at.
pub async fn follow_engine(control: Arc<Controller<TaskControl>>, runtime: Arc<dyn Runtime>) {
    loop {
        let mut events = runtime.events();
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    if let Some(key) = key_of(&event) {
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

fn key_of(event: &Event) -> Option<TaskKey> {
    let arn = Arn::parse(event.labels.get(LABEL_TASK)?)?;
    let (cluster, task) = arn.resource.strip_prefix("task/")?.split_once('/')?;
    Some(TaskKey { place: arn.place()?, cluster: cluster.to_owned(), task: task.to_owned() })
}
