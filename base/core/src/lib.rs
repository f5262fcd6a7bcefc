//! The words that every floor of Roadstead shares: ARNs, accounts, regions, ids, tags, time and page tokens.
//!
//! Nothing here is async and nothing does I/O, except [`time::SystemClock`] and [`ids::Entropy`] implementations that
//! the binary injects.

pub mod account;
pub mod arn;
pub mod ids;
pub mod paging;
pub mod region;
pub mod tags;
pub mod time;

pub use account::AccountId;
pub use arn::Arn;
pub use ids::Ids;
pub use region::{Partition, Region};
pub use tags::Tags;
pub use time::{Clock, Timestamp};
