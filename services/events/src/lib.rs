//! Amazon EventBridge: buses, rules that pick events or fire by the clock, and what their targets get.
//!
//! An accepted event is matched at once; what it causes is stored as deliveries in the same step, so that nothing
//! accepted is lost. Deliveries act in EventBridge's own name or as the role of the target, never otherwise.

mod arn;
mod books;
mod check;
mod control;
mod error;
mod event;
mod input;
mod intake;
mod pattern;
mod policy;
mod records;
mod schedule;

use std::sync::{Arc, OnceLock};

use roadstead_control::Controller;
use roadstead_core::arn::Place;
use roadstead_core::{Tags, Timestamp};
use roadstead_kernel::{Cx, Fault, Kernel, Listeners, Needs, Result, operations, places};
use roadstead_store::{BoxFuture, Scope, Store, Table, Versioned};

pub use control::{Deliveries, DeliveryKey, Timers};
pub use pattern::Pattern;
pub use schedule::Schedule;

use crate::books::Books;
use crate::error::{bus_not_found, managed, rule_not_found};
use crate::records::{Bus, Delivery, Rule, Target};

/// EventBridge in its own name.
pub(crate) const SERVICE: &str = "events.amazonaws.com";

/// What a file with an operation in it needs.
mod prelude {
    pub(crate) use crate::{Events, arn, scope};
    pub(crate) use roadstead_kernel::prelude::*;
    pub(crate) use roadstead_wire::Empty;
}

/// The service.
pub struct Events {
    store: Arc<dyn Store>,
    buses: Table<Bus>,
    rules: Table<Rule>,
    targets: Table<Target>,
    books: Books,
    control: OnceLock<Control>,
}

/// What works for the service in the background.
#[derive(Clone)]
pub struct Control {
    /// Brings events to targets.
    pub deliveries: Arc<Controller<Deliveries>>,
    /// Fires rules by the clock.
    pub timers: Arc<Controller<Timers>>,
}

operations! {
    Events: api_events,
    create_event_bus::CreateEventBus,
    delete_event_bus::DeleteEventBus,
    delete_rule::DeleteRule,
    describe_event_bus::DescribeEventBus,
    describe_rule::DescribeRule,
    disable_rule::DisableRule,
    enable_rule::EnableRule,
    list_event_buses::ListEventBuses,
    list_rule_names_by_target::ListRuleNamesByTarget,
    list_rules::ListRules,
    list_tags_for_resource::ListTagsForResource,
    list_targets_by_rule::ListTargetsByRule,
    put_events::PutEvents,
    put_permission::PutPermission,
    put_rule::PutRule,
    put_targets::PutTargets,
    remove_permission::RemovePermission,
    remove_targets::RemoveTargets,
    tag_resource::TagResource,
    test_event_pattern::TestEventPattern,
    untag_resource::UntagResource,
    update_event_bus::UpdateEventBus,
}

impl Events {
    /// The service over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            buses: Table::new(Arc::clone(&store)),
            rules: Table::new(Arc::clone(&store)),
            targets: Table::new(Arc::clone(&store)),
            books: Books::new(Arc::clone(&store)),
            control: OnceLock::new(),
            store,
        })
    }

    /// Joins the service with the kernel that its deliveries act through.
    pub fn start(self: &Arc<Self>, kernel: &Arc<Kernel>) -> Control {
        let make = || {
            let clock = || Arc::clone(kernel.clock());
            let deliveries = Deliveries::new(Arc::clone(kernel), Table::<Delivery>::new(Arc::clone(&self.store)));
            let timers = Timers::new(Arc::clone(kernel), Arc::downgrade(self));
            Control {
                deliveries: Controller::new(deliveries, clock()),
                timers: Controller::new(timers, clock()),
            }
        };
        self.control.get_or_init(make).clone()
    }

    /// Asks for a look at everything that waits: called once after a start.
    ///
    /// Schedules go on from now: what was due while no server ran is not made up for, as with AWS's own outages.
    pub async fn resume(&self) -> Result<()> {
        let Some(control) = self.control.get() else {
            return Ok(());
        };
        for place in places(&*self.store).await? {
            let stored = Table::<Delivery>::new(Arc::clone(&self.store));
            for found in stored.list_all(scope(&place)).await? {
                if let Some(id) = Table::<Delivery>::parse_key(&found.key).map(|parts| parts.id) {
                    control.deliveries.enqueue(DeliveryKey { place, id });
                }
            }
            for found in self
                .rules
                .list(scope(&place), &[arn::DEFAULT], None, usize::MAX)
                .await?
                .records
            {
                self.look_at_schedule(place, &found.record.name);
            }
        }
        Ok(())
    }

    /// Asks for a look at the schedule of a rule.
    pub(crate) fn look_at_schedule(&self, place: Place, rule: &str) {
        if let Some(control) = self.control.get() {
            control.timers.enqueue((place, rule.to_owned()));
        }
    }

    /// A bus by name; `ResourceNotFoundException` without one.
    pub(crate) async fn bus(&self, place: Place, name: &str) -> Result<Bus> {
        let found = self.buses.get(scope(&place), &[name]).await?;
        match found {
            Some(found) => Ok(found.record),
            None if name == arn::DEFAULT => Ok(Bus::default_bus()),
            None => Err(bus_not_found(name)),
        }
    }

    /// Changes a bus; `ResourceNotFoundException` without one.
    pub(crate) async fn change_bus(
        &self,
        place: Place,
        name: &str,
        now: Timestamp,
        change: impl Fn(&mut Bus) -> Result<()>,
    ) -> Result<Bus> {
        for _ in 0..TRIES {
            let found = self.buses.get(scope(&place), &[name]).await?;
            let (mut bus, at) = match found {
                Some(found) => (found.record, Some(found.revision)),
                None if name == arn::DEFAULT => (Bus::default_bus(), None),
                None => return Err(bus_not_found(name)),
            };
            change(&mut bus)?;
            bus.modified_at = Some(now);
            let id = [name];
            let written = match at {
                Some(revision) => self.buses.replace(scope(&place), &id, revision, &bus).await,
                None => self.buses.put_new(scope(&place), &id, &bus).await,
            };
            match written {
                Ok(_) => return Ok(bus),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(error::busy(&format!("Event bus {name}")))
    }

    /// A rule by bus and name; `ResourceNotFoundException` without one, or without its bus.
    pub(crate) async fn rule(&self, place: Place, bus: &str, name: &str) -> Result<Versioned<Rule>> {
        let found = self.rules.get(scope(&place), &[bus, name]).await?;
        match found {
            Some(found) => Ok(found),
            None => {
                self.bus(place, bus).await?;
                Err(rule_not_found(name, bus))
            }
        }
    }

    /// Changes a rule that the caller may change; the rule as it is afterwards.
    pub(crate) async fn change_rule(&self, cx: &Cx, bus: &str, name: &str, change: impl Fn(&mut Rule)) -> Result<Rule> {
        self.rule(cx.place(), bus, name).await?;
        let id = [bus, name];
        let apply = |rule: &mut Rule| {
            check_owner(cx, rule, false)?;
            change(rule);
            Ok::<_, Fault>(())
        };
        let changed = self.rules.update(scope(&cx.place()), &id, apply).await?;
        let changed = changed.ok_or_else(|| rule_not_found(name, bus))?;
        self.rule_changed(cx.place(), bus, name);
        Ok(changed.record)
    }

    /// Forgets what is kept of a bus's rules, and asks for a look at a rule's schedule.
    pub(crate) fn rule_changed(&self, place: Place, bus: &str, name: &str) {
        self.books.forget(place, bus);
        if bus == arn::DEFAULT {
            self.look_at_schedule(place, name);
        }
    }

    /// Needs on a rule, with its tags and whose it is.
    pub(crate) async fn needs_on_rule(&self, cx: &Cx, bus: Option<&str>, name: &str) -> Result<Needs> {
        let bus = arn::bus_name(cx.place(), bus)?;
        let found = self
            .rules
            .get(scope(&cx.place()), &[&bus, name])
            .await?
            .map(|found| found.record);
        // A rule belongs to the service whose role made it; one that is about to be made, to the role that asks.
        let manager = match &found {
            Some(rule) => rule.managed_by.clone(),
            None => cx.caller().linked_service().map(ToOwned::to_owned),
        };
        let needs = Needs::on(arn::rule(cx.place(), &bus, name))
            .key("events:creatorAccount", cx.account().to_string())
            .key_if("events:ManagedBy", manager);
        Ok(with_tags(needs, found.map(|rule| rule.tags).as_ref()))
    }

    /// Needs on a bus, with its tags.
    pub(crate) async fn needs_on_bus(&self, cx: &Cx, name: &str) -> Result<Needs> {
        let found = self.buses.get(scope(&cx.place()), &[name]).await?;
        let tags = found.map(|found| found.record.tags);
        Ok(with_tags(Needs::on(arn::bus(cx.place(), name)), tags.as_ref()))
    }
}

impl Listeners for Events {
    fn listen<'a>(&'a self, place: Place, source: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(self.books.of(place, arn::DEFAULT).await?.take_source(source)) })
    }
}

/// How often a change is tried again that lost a race.
pub(crate) const TRIES: usize = 16;

/// The scope of a place's records.
pub(crate) fn scope(place: &Place) -> Scope<'_> {
    Scope::new(place.account.as_str(), place.region.as_str())
}

/// Refuses to touch a rule that a service of AWS manages, unless that service asks or force is used.
pub(crate) fn check_owner(cx: &Cx, rule: &Rule, force: bool) -> Result<()> {
    match &rule.managed_by {
        Some(service) if !force && cx.caller().linked_service() != Some(service) => Err(managed(&rule.name, service)),
        _ => Ok(()),
    }
}

fn with_tags(needs: Needs, tags: Option<&Tags>) -> Needs {
    let keys = tags.into_iter().flat_map(Tags::iter);
    keys.fold(needs, |needs, (key, value)| {
        needs.key(format!("aws:ResourceTag/{key}"), value)
    })
}
