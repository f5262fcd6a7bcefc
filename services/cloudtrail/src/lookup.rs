//! Which records a lookup is about, and in which pages they come: newest first.

use std::cell::Cell;
use std::time::Duration;

use api_cloudtrail::{LookupAttribute, LookupAttributeKey, LookupEventsRequest, errors};
use roadstead_core::{AccountId, Region, Timestamp, paging};
use roadstead_kernel::audit::Record;
use roadstead_kernel::{Cx, Result};

use crate::{event, resources};

/// How long events can be looked up.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// The most events of a page, and how many there are when the caller does not say.
const MAX: usize = 50;

/// A lookup, checked.
#[derive(Debug)]
pub struct Lookup {
    account: AccountId,
    region: Region,
    from: Timestamp,
    to: Timestamp,
    attributes: Vec<LookupAttribute>,
    /// The list that its tokens belong to.
    list: String,
    /// The event after which the page begins.
    after: Option<String>,
    /// How many events a page has.
    pub size: usize,
}

impl Lookup {
    /// Checks what was asked for.
    pub fn new(cx: &Cx, input: LookupEventsRequest) -> Result<Self> {
        let attributes = input.lookup_attributes.unwrap_or_default();
        if attributes.len() > 1 {
            return Err(errors::INVALID_LOOKUP_ATTRIBUTES_EXCEPTION
                .with("You can specify only one lookup attribute.")
                .into());
        }
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && start > end
        {
            return Err(errors::INVALID_TIME_RANGE_EXCEPTION
                .with("Start time must be before end time.")
                .into());
        }
        let oldest = Timestamp::from_millis(cx.now().millis() - i64::try_from(KEPT.as_millis()).unwrap_or(0));
        let asked = attributes
            .first()
            .map(|one| format!("{}={}", one.attribute_key, one.attribute_value));
        let list = format!("{}:{}", cx.region(), asked.unwrap_or_default());
        let after = match input.next_token {
            Some(token) => Some(paging::key(&list, &token).ok_or_else(|| {
                errors::INVALID_NEXT_TOKEN_EXCEPTION.with("The next token is not valid for this lookup.")
            })?),
            None => None,
        };
        Ok(Self {
            account: cx.account(),
            region: cx.region(),
            from: input.start_time.unwrap_or(oldest).max(oldest),
            to: input.end_time.unwrap_or(Timestamp::from_millis(i64::MAX)),
            attributes,
            list,
            after,
            size: input
                .max_results
                .and_then(|max| usize::try_from(max).ok())
                .map_or(MAX, |max| max.clamp(1, MAX)),
        })
    }

    /// Tells, of records that come newest first, which are wanted on this page.
    pub fn wanted(&self) -> impl Fn(&Record) -> bool {
        let begun = Cell::new(self.after.is_none());
        move |record| {
            if begun.get() {
                return self.fits(record);
            }
            if self.after.as_ref() == Some(&record.event_id) {
                begun.set(true);
            }
            false
        }
    }

    fn fits(&self, record: &Record) -> bool {
        record.account == self.account
            && record.region == self.region
            && (self.from..=self.to).contains(&record.time)
            && self.attributes.iter().all(|attribute| has(record, attribute))
    }

    /// The token that continues after an event.
    pub fn token(&self, event_id: &str) -> String {
        paging::token(&self.list, event_id)
    }
}

fn has(record: &Record, attribute: &LookupAttribute) -> bool {
    let wanted = attribute.attribute_value.as_str();
    match &attribute.attribute_key {
        LookupAttributeKey::EventId => record.event_id == wanted,
        LookupAttributeKey::EventName => record.operation == wanted,
        LookupAttributeKey::ReadOnly => record.read_only.to_string() == wanted,
        LookupAttributeKey::Username => event::user_name(&record.identity) == Some(wanted),
        LookupAttributeKey::EventSource => event::source(record) == wanted,
        LookupAttributeKey::AccessKeyId => record.identity.access_key_id == wanted,
        LookupAttributeKey::ResourceType => resources::of(record)
            .iter()
            .any(|resource| resource.resource_type.as_deref() == Some(wanted)),
        LookupAttributeKey::ResourceName => resources::of(record)
            .iter()
            .any(|resource| resource.resource_name.as_deref() == Some(wanted)),
        LookupAttributeKey::Other(_) => false,
    }
}
