//! What works in the background: deliveries to targets, and rules that fire by the clock.

mod bring;
mod deliver;
mod fire;

pub use deliver::{Deliveries, DeliveryKey};
pub use fire::Timers;
