//! What is stored: buses, rules, targets, and deliveries that are not done.

mod bus;
mod delivery;
mod document;
mod rule;

pub use bus::Bus;
pub use delivery::Delivery;
pub use document::Document;
pub use rule::{Rule, Target};
