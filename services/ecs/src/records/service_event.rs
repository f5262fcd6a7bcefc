//! The messages of a service, newest first.

use roadstead_core::{Ids, Timestamp};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// Most messages that are kept.
const MAX: usize = 100;

/// What a service's scheduler said; a record of its own, because it is longer than all the rest of a service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceEvents {
    /// The messages, newest first.
    pub events: Vec<ServiceEvent>,
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// A UUID.
    pub id: String,
    /// When it was said.
    pub at: Timestamp,
    /// What was said.
    pub message: String,
}

impl Record for ServiceEvents {
    const TABLE: &'static str = "ecs/service-events";
    const VERSION: u16 = 1;
}

impl ServiceEvents {
    /// Adds messages, the oldest of them first.
    pub fn say(&mut self, messages: impl IntoIterator<Item = String>, ids: &Ids, now: Timestamp) {
        for (after, message) in (0..).zip(messages) {
            // AWS: recorded; messages of one pass are a millisecond apart, so that their order is plain.
            let at = now.plus(std::time::Duration::from_millis(after));
            self.events.insert(
                0,
                ServiceEvent {
                    id: ids.uuid(),
                    at,
                    message,
                },
            );
        }
        self.events.truncate(MAX);
    }

    /// The messages as Amazon lists them.
    pub fn to_api(&self) -> Vec<api_ecs::ServiceEvent> {
        let one = |event: &ServiceEvent| api_ecs::ServiceEvent {
            id: Some(event.id.clone()),
            created_at: Some(event.at),
            message: Some(event.message.clone()),
        };
        self.events.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundred_newest_messages_are_kept() {
        let (mut events, ids) = (ServiceEvents::default(), Ids::seeded(1));
        for number in 0..130 {
            events.say([format!("{number}")], &ids, Timestamp::from_secs(number));
        }
        let kept: Vec<&str> = events.events.iter().map(|event| event.message.as_str()).collect();
        assert_eq!((kept.len(), kept[0], kept[99]), (100, "129", "30"));
    }
}
