//! CloudTrail: the kernel's record of calls in Amazon's form, and trails as stored data.
//!
//! LookupEvents reads what the kernel recorded anyway; a trail delivers nothing, it is kept and shown.

mod elements;
mod event;
mod lookup;
mod records;
mod resources;
mod trails;

use std::sync::Arc;

use roadstead_store::{Store, Table};

use crate::records::Trail;

/// What a file with an operation in it needs.
mod prelude {
    pub use crate::CloudTrail;
    pub use roadstead_kernel::prelude::*;
}

/// The service.
pub struct CloudTrail {
    trails: Table<Trail>,
}

impl CloudTrail {
    /// CloudTrail over a store.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            trails: Table::new(store),
        })
    }
}

roadstead_kernel::operations! {
    CloudTrail: api_cloudtrail,
    create_trail::CreateTrail,
    delete_trail::DeleteTrail,
    describe_trails::DescribeTrails,
    get_trail_status::GetTrailStatus,
    lookup_events::LookupEvents,
    start_logging::StartLogging,
    stop_logging::StopLogging,
}
