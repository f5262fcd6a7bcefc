//! CloudTrail: the kernel's record of calls in Amazon's form, and trails as stored data.
//!
//! LookupEvents reads what the kernel recorded anyway; a trail delivers nothing, it is kept and shown.

mod elements;
mod event;
mod lookup;
mod records;
mod resources;
mod selectors;
mod tags;
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
    add_tags::AddTags,
    create_trail::CreateTrail,
    delete_trail::DeleteTrail,
    describe_trails::DescribeTrails,
    get_event_selectors::GetEventSelectors,
    get_insight_selectors::GetInsightSelectors,
    get_trail::GetTrail,
    get_trail_status::GetTrailStatus,
    list_tags::ListTags,
    list_trails::ListTrails,
    lookup_events::LookupEvents,
    put_event_selectors::PutEventSelectors,
    remove_tags::RemoveTags,
    start_logging::StartLogging,
    stop_logging::StopLogging,
    update_trail::UpdateTrail,
}
