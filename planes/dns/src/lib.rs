//! The resolver that tasks find at the third address of their VPC: private zones, the names of interfaces, and whatever
//! else the host's own resolvers know.

mod answer;
mod forward;
mod private;
mod record;
mod resolver;
mod upstreams;
mod zones;

pub use record::{Data, Record, ZoneError};
pub use resolver::Resolver;
pub use upstreams::Upstreams;
pub use zones::{Vpc, Zones};
