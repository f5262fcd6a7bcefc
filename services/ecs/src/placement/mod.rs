//! Where tasks go: from the container instances of a cluster, as they are now, to the one that a task is placed on.
//!
//! Everything here is pure: no store, no clock, no await. A [`Snapshot`] knows what each instance has left; it is changed by
//! what is placed and released, and keeps for each kind of demand a [`view`] of the instances that can meet it, so that the
//! cost of a placement grows neither with the tasks nor with the instances that are there.

mod demand;
mod query;
mod snapshot;
mod view;

pub use demand::{Demand, Kind, PlacementError, Port, Refusal, Rule, Strategy, Usage, ZONE};
#[cfg(test)]
use demand::{Field, Resource};
pub use query::Query;
pub use snapshot::{Instance, Left, Snapshot, TaskId, task_id};

#[cfg(test)]
mod tests;
