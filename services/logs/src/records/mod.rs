//! What CloudWatch Logs stores. Records are ours and versioned; `to_api` turns them into Amazon's types, one way only.

mod chunk;
mod group;
mod policy;
mod stream;

pub use chunk::{Event, OVERHEAD, pack, size_of, unpack};
pub use group::{Class, Group};
pub use policy::Policy;
pub use stream::Stream;
