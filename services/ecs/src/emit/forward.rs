//! Brings the events that were written down to the default bus, and makes those of container instances whose tasks changed.

use std::sync::{Arc, Weak};

use api_events::op::PutEvents;
use api_events::{PutEventsRequest, PutEventsRequestEntry};
use roadstead_control::{Next, Reconciler};
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, OwnName, Result, places};
use roadstead_store::{Op, Store, Table, Txn, Versioned};

use super::outbox::{Outgoing, Told};
use super::{Noticing, SOURCE};
use crate::fleet::Fleet;
use crate::records::ContainerInstance;
use crate::scope_of;

/// The service in its own name.
const SERVICE: &str = "ecs.amazonaws.com";
/// Records that are read at once.
const AT_ONCE: usize = 32;
/// Events of one call, and their bytes.
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 200_000;

/// Puts events on the default bus of each place, in the order in which they were written.
pub struct Forwarder {
    kernel: Arc<Kernel>,
    outbox: Table<Outgoing>,
    /// The store that notices what is written.
    through: Weak<Noticing>,
    fleet: Weak<Fleet>,
}

impl Forwarder {
    /// Forwards what is written in the outbox.
    pub fn new(kernel: Arc<Kernel>, outbox: Table<Outgoing>, through: Weak<Noticing>, fleet: Weak<Fleet>) -> Self {
        Self {
            kernel,
            outbox,
            through,
            fleet,
        }
    }

    /// Gives container instances new versions whose tasks came or went.
    // AWS: documented; what an instance has left is part of it.
    async fn renew_instances(&self, place: Place) -> Result<()> {
        let (Some(store), Some(fleet)) = (self.through.upgrade(), self.fleet.upgrade()) else {
            return Ok(());
        };
        let instances = Table::<ContainerInstance>::new(store as Arc<dyn Store>);
        for (cluster, instance) in fleet.take_touched(place) {
            let renew = |record: &mut ContainerInstance| {
                record.changed();
                Ok::<_, Fault>(())
            };
            let id = [cluster.as_str(), instance.as_str()];
            if let Some(renewed) = instances.update(scope_of(place).of(), &id, renew).await? {
                fleet.put(place, &renewed.record).await?;
            }
        }
        Ok(())
    }

    /// The places that have something to tell; looked at once after a start.
    pub async fn all(&self) -> Result<Vec<Place>> {
        let mut found = Vec::new();
        for place in places(&**self.outbox.store()).await? {
            let waiting = self.outbox.list(scope_of(place).of(), &[], None, 1).await?;
            if !waiting.records.is_empty() {
                found.push(place);
            }
        }
        Ok(found)
    }

    async fn tell(&self, place: Place, events: &[Told]) -> Result<()> {
        let own = OwnName::new(&self.kernel, SERVICE, place, None);
        let mut left = events;
        while !left.is_empty() {
            let mut bytes = 0;
            let fits = left.iter().take(MAX_ENTRIES).take_while(|event| {
                bytes += event.detail.len() + event.resource.len();
                bytes <= MAX_BYTES
            });
            let (now, later) = left.split_at_checked(fits.count().max(1)).unwrap_or((left, &[]));
            left = later;
            let input = PutEventsRequest {
                entries: now.iter().map(entry).collect(),
                ..PutEventsRequest::default()
            };
            let answer = match own.call::<PutEvents>(input).await {
                Ok(answer) => answer,
                // What a policy of the bus forbids stays untold; what broke is tried again.
                Err(Fault::Api(error)) if error.status < 500 => {
                    tracing::warn!(%error, "EventBridge does not take events of ECS");
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            for refused in answer.entries.unwrap_or_default() {
                if let (Some(code), Some(why)) = (refused.error_code, refused.error_message) {
                    tracing::error!(code, why, "EventBridge does not take an event of ECS");
                }
            }
        }
        Ok(())
    }
}

fn entry(event: &Told) -> PutEventsRequestEntry {
    PutEventsRequestEntry {
        time: Some(event.at),
        source: Some(SOURCE.to_owned()),
        resources: Some(vec![event.resource.clone()]),
        detail_type: Some(event.kind.clone()),
        detail: Some(event.detail.clone()),
        ..PutEventsRequestEntry::default()
    }
}

impl Reconciler for Forwarder {
    type Key = Place;

    fn name(&self) -> &'static str {
        "ecs/events"
    }

    async fn reconcile(&self, place: &Place) -> Result<Next> {
        self.renew_instances(*place).await?;
        loop {
            let page = self.outbox.list(scope_of(*place).of(), &[], None, AT_ONCE).await?;
            if page.records.is_empty() {
                return Ok(Next::WhenChanged);
            }
            let events: Vec<Told> = page
                .records
                .iter()
                .flat_map(|found| found.record.events.clone())
                .collect();
            self.tell(*place, &events).await?;
            // A crash before this tells them twice, as AWS may; the version in the detail shows it.
            let mut txn = Txn::new();
            for Versioned { key, .. } in page.records {
                txn.push(Op::Delete { key });
            }
            self.outbox.store().commit(txn).await?;
        }
    }
}
