//! Live tail: sessions that are sent what comes in, once a second, while it comes in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Poll, ready};
use std::time::Duration;

use api_logs::{
    InputLogEvent, LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionStart, LiveTailSessionUpdate,
    SessionTimeoutException,
};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;
use roadstead_wire::{Frames, frames};
use tokio::time::{Instant, interval_at};

use crate::error::too_many_sessions;
use crate::pattern::Pattern;
use crate::records::Group;

/// How often a session is sent what came in.
// AWS: documented, like the other figures.
const PERIOD: Duration = Duration::from_secs(1);
/// How many events an update holds at most.
const MAX_EVENTS: usize = 500;
/// How long a session lasts.
const LONGEST: Duration = Duration::from_secs(3 * 3600);
/// How many sessions an account can have in a region at a time.
const MAX_SESSIONS: usize = 15;

/// All sessions of this process.
#[derive(Default)]
pub struct LiveTails(Mutex<Vec<Weak<Session>>>);

/// What one session wants to see.
pub struct Wanted {
    /// Where.
    pub place: Place,
    /// The groups' unique ids, and the identifiers that the caller gave for them.
    pub groups: Vec<(String, String)>,
    /// The names of streams; all when absent.
    pub names: Option<Vec<String>>,
    /// What the names of streams begin with; all when absent.
    pub prefixes: Option<Vec<String>>,
    /// Which messages.
    pub pattern: Pattern,
}

struct Session {
    wanted: Wanted,
    waiting: Mutex<Waiting>,
}

/// What came in since the last update.
#[derive(Default)]
struct Waiting {
    events: VecDeque<LiveTailSessionLogEvent>,
    sampled: bool,
}

impl LiveTails {
    /// Begins a session. Errors: `LimitExceededException`.
    pub fn begin(&self, wanted: Wanted, start: &LiveTailSessionStart) -> Result<Frames> {
        let session = Arc::new(Session {
            wanted,
            waiting: Mutex::default(),
        });
        {
            let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.retain(|session| session.strong_count() > 0);
            let here = |known: &Weak<Session>| {
                known
                    .upgrade()
                    .is_some_and(|known| known.wanted.place == session.wanted.place)
            };
            if sessions.iter().filter(|known| here(known)).count() >= MAX_SESSIONS {
                return Err(too_many_sessions());
            }
            sessions.push(Arc::downgrade(&session));
        }
        Ok(session.frames().after(frames::event("sessionStart", start)))
    }

    /// Shows events that were taken in to those who watch.
    pub fn tell(&self, place: Place, group: &Group, stream: &str, events: &[InputLogEvent], now: Timestamp) {
        let watching: Vec<Arc<Session>> = {
            let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if sessions.is_empty() {
                return;
            }
            sessions.retain(|session| session.strong_count() > 0);
            sessions.iter().filter_map(Weak::upgrade).collect()
        };
        for session in watching.iter().filter(|session| session.wanted.place == place) {
            session.see(group, stream, events, now);
        }
    }
}

impl Session {
    /// What is sent: an update each second, also when nothing came in, until the session is too old.
    fn frames(self: Arc<Self>) -> Frames {
        let begun = Instant::now();
        let mut seconds = interval_at(begun + PERIOD, PERIOD);
        let mut is_over = false;
        Frames::new(move |cx| {
            if is_over {
                return Poll::Ready(None);
            }
            let at = ready!(seconds.poll_tick(cx));
            if at.duration_since(begun) > LONGEST {
                is_over = true;
                let error = SessionTimeoutException {
                    message: Some("The live tail session lasted for its longest time.".to_owned()),
                };
                return Poll::Ready(Some(frames::exception("SessionTimeoutException", &error)));
            }
            Poll::Ready(Some(frames::event("sessionUpdate", &self.update())))
        })
    }

    fn update(&self) -> LiveTailSessionUpdate {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        LiveTailSessionUpdate {
            session_metadata: Some(LiveTailSessionMetadata {
                sampled: Some(waiting.sampled),
            }),
            session_results: Some(waiting.events.into()),
        }
    }

    fn see(&self, group: &Group, stream: &str, events: &[InputLogEvent], now: Timestamp) {
        let Some((_, identifier)) = self.wanted.groups.iter().find(|(uid, _)| *uid == group.uid) else {
            return;
        };
        let is_named = self
            .wanted
            .names
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == stream));
        let is_prefixed = self
            .wanted
            .prefixes
            .as_ref()
            .is_none_or(|prefixes| prefixes.iter().any(|prefix| stream.starts_with(prefix.as_str())));
        if !is_named || !is_prefixed {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events
            .iter()
            .filter(|event| self.wanted.pattern.matches(&event.message))
        {
            if waiting.events.len() == MAX_EVENTS {
                // The newest are what somebody who watches wants to see.
                waiting.events.pop_front();
                waiting.sampled = true;
            }
            waiting.events.push_back(LiveTailSessionLogEvent {
                log_stream_name: Some(stream.to_owned()),
                log_group_identifier: Some(identifier.clone()),
                message: Some(event.message.clone()),
                timestamp: Some(event.timestamp),
                ingestion_time: Some(now.millis()),
            });
        }
    }
}
