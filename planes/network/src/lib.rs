//! Gives a task's network namespace its interface: the private address, MAC and routes of one ENI, and the rules of its
//! security groups.

mod eni;
mod error;
mod group;
#[cfg(target_os = "linux")]
mod kernel;
mod net;
mod simulated;

pub use eni::{EniSpec, MacAddress, Subnet, Vpc};
pub use error::NetError;
pub use futures_util::future::BoxFuture;
pub use group::{Peer, Rule, SecurityGroup, Traffic};
#[cfg(target_os = "linux")]
pub use kernel::{Claim, Kernel};
pub use net::{Attachment, Carried, Missing, Net, NetProbe, NetworkNamespace, Shortfalls, VpcNames};
pub use simulated::SimulatedNet;
