//! Accepting events: which rules pick them, and storing what that causes.

use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;
use roadstead_store::{MAX_TXN_BYTES, Table, Txn, ordered};

use crate::arn::DEFAULT;
use crate::control::DeliveryKey;
use crate::event::Event;
use crate::input::{self, About};
use crate::records::{Delivery, Document, Rule};
use crate::{Events, scope};

/// Deliveries of one transaction, of which a store accepts 128 operations.
const BATCH: usize = 100;

/// A delivery and its id, not stored yet.
type Made = (Vec<String>, Delivery);

impl Events {
    /// Matches events of a bus and stores their deliveries; answers once nothing of it can be lost.
    ///
    /// `passed_on` tells that another bus sent them here: they are not passed on again, so that no circle arises.
    pub(crate) async fn publish(
        &self,
        place: Place,
        bus: &str,
        events: &[Event],
        passed_on: bool,
        now: Timestamp,
    ) -> Result<()> {
        let book = self.books.of(place, bus).await?;
        let mut made = Vec::new();
        for event in events {
            for picking in book.picking(&event.value) {
                let targets = picking
                    .targets
                    .iter()
                    .filter(|target| !(passed_on && is_bus(&target.arn)));
                made.extend(targets.map(|target| delivery(place, &picking.rule, target, event, now)));
            }
        }
        self.store_deliveries(place, made).await
    }

    /// Lets a rule fire by the clock.
    pub(crate) async fn fire(&self, place: Place, rule: &Rule, event: &Event, now: Timestamp) -> Result<()> {
        let id = [DEFAULT, rule.name.as_str()];
        let targets = self.targets.list(scope(&place), &id, None, usize::MAX).await?.records;
        let made = targets
            .iter()
            .map(|target| delivery(place, rule, &target.record.given.0, event, now));
        self.store_deliveries(place, made.collect()).await
    }

    async fn store_deliveries(&self, place: Place, made: Vec<Made>) -> Result<()> {
        let table = Table::<Delivery>::new(std::sync::Arc::clone(&self.store));
        let mut keys = Vec::with_capacity(made.len());
        let mut made = made.into_iter().peekable();
        while made.peek().is_some() {
            let (mut txn, mut count, mut bytes) = (Txn::new(), 0, 0);
            while let Some((id, delivery)) = made.next_if(|(_, delivery)| {
                count < BATCH && (count == 0 || bytes + delivery.payload.len() * 2 < MAX_TXN_BYTES / 2)
            }) {
                let parts: Vec<&str> = id.iter().map(String::as_str).collect();
                table.stage_put(&mut txn, scope(&place), &parts, &delivery)?;
                count += 1;
                bytes += delivery.payload.len() * 2;
                keys.push(id);
            }
            self.store.commit(txn).await?;
        }
        if let Some(control) = self.control.get() {
            for id in keys {
                control.deliveries.enqueue(DeliveryKey { place, id });
            }
        }
        Ok(())
    }
}

fn is_bus(arn: &str) -> bool {
    roadstead_core::Arn::parse(arn).is_some_and(|arn| arn.service == "events")
}

fn delivery(place: Place, rule: &Rule, target: &api_events::Target, event: &Event, now: Timestamp) -> Made {
    let rule_arn = rule.arn(place);
    let about = About {
        rule_arn: &rule_arn,
        rule: &rule.name,
        ingested: now,
    };
    let at = u64::try_from(now.millis()).unwrap_or_default();
    let id = vec![
        ordered(at),
        event.id.clone(),
        rule.bus.clone(),
        rule.name.clone(),
        target.id.clone(),
    ];
    let delivery = Delivery {
        event: event.id.clone(),
        at: now,
        time: event.time,
        bus: rule.bus.clone(),
        rule: rule.name.clone(),
        payload: input::of(target, &event.text, &about),
        target: Document(target.clone()),
        failed: 0,
        started: 0,
    };
    (id, delivery)
}
