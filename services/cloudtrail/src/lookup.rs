//! Which records a lookup is about, and in which pages they come.

use std::time::Duration;

use api_cloudtrail::{LookupAttribute, LookupAttributeKey, LookupEventsRequest, errors};
use roadstead_core::{AccountId, Region, Timestamp, paging};
use roadstead_kernel::audit::{Position, Record, Search};
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
    attribute: Option<LookupAttribute>,
    /// The list that its tokens belong to.
    list: String,
    /// The record after which the page begins.
    after: Option<Position>,
    /// How many events a page has.
    pub size: usize,
}

impl Lookup {
    /// Checks what was asked for.
    pub fn new(cx: &Cx, input: LookupEventsRequest) -> Result<Self> {
        let mut attributes = input.lookup_attributes.unwrap_or_default();
        let attribute = attributes.pop();
        if !attributes.is_empty() || attribute.as_ref().is_some_and(is_impossible) {
            return Err(errors::INVALID_LOOKUP_ATTRIBUTES_EXCEPTION
                .with("You can specify only one lookup attribute, with a value that it can have.")
                .into());
        }
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && start > end
        {
            return Err(errors::INVALID_TIME_RANGE_EXCEPTION
                .with("The start time must not be after the end time.")
                .into());
        }
        let size = match input.max_results.map(usize::try_from) {
            None => MAX,
            Some(Ok(size @ 1..=MAX)) => size,
            // The model's own constraint comes first; this is for callers from within.
            Some(_) => {
                return Err(errors::INVALID_MAX_RESULTS_EXCEPTION
                    .with("The maximum number of results must be between 1 and 50.")
                    .into());
            }
        };
        // AWS: a token belongs to the parameters it was made for.
        let list = format!(
            "{}:{}:{:?}:{:?}:{:?}",
            cx.account(),
            cx.region(),
            attribute
                .as_ref()
                .map(|one| (one.attribute_key.as_str(), &one.attribute_value)),
            input.start_time.map(Timestamp::millis),
            input.end_time.map(Timestamp::millis),
        );
        let after = match input.next_token {
            Some(token) => Some(position(&list, &token).ok_or_else(|| {
                errors::INVALID_NEXT_TOKEN_EXCEPTION
                    .with("The next token is not valid, or was made for another lookup.")
            })?),
            None => None,
        };
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_millis(cx.now().millis().saturating_sub(kept));
        Ok(Self {
            account: cx.account(),
            region: cx.region(),
            from: input.start_time.map_or(oldest, |start| start.max(oldest)),
            to: input.end_time.unwrap_or(Timestamp::from_millis(i64::MAX)),
            attribute,
            list,
            after,
            size,
        })
    }

    /// What to search the trail for: a page, and one record more to know whether it is the last.
    pub fn search(&self) -> Search {
        Search {
            limit: self.size + 1,
            before: self.after,
            from: self.from,
            // Events are of whole seconds.
            to: self.to.plus(Duration::from_millis(999)),
            needle: Some(self.needle()),
        }
    }

    /// Whether a record is looked up.
    pub fn fits(&self, record: &Record) -> bool {
        record.account == self.account
            && record.region == self.region
            && (self.from..=self.to).contains(&record.time.cut_to_secs())
            && self.attribute.as_ref().is_none_or(|attribute| has(record, attribute))
    }

    /// The token that continues after a record.
    pub fn token(&self, last: Position) -> String {
        paging::token(&self.list, &last.to_string())
    }

    /// A text that is in the stored form of every record that fits, and in as few others as can be.
    fn needle(&self) -> String {
        let by_attribute = self.attribute.as_ref().and_then(
            |LookupAttribute {
                 attribute_key,
                 attribute_value,
             }| {
                let text = serde_json::Value::from(attribute_value.as_str()).to_string();
                Some(match attribute_key {
                    LookupAttributeKey::EventId => format!("\"event_id\":{text}"),
                    LookupAttributeKey::EventName => format!("\"operation\":{text}"),
                    LookupAttributeKey::AccessKeyId => format!("\"access_key_id\":{text}"),
                    LookupAttributeKey::ReadOnly => format!("\"read_only\":{attribute_value}"),
                    // Names may stand inside an ARN; these two may stand nowhere.
                    LookupAttributeKey::Username if attribute_value != event::ROOT => inside(&text),
                    LookupAttributeKey::ResourceName if attribute_value != resources::DEFAULT => inside(&text),
                    _ => return None,
                })
            },
        );
        by_attribute.unwrap_or_else(|| format!("\"region\":\"{}\"", self.region))
    }
}

/// A JSON string without its quotes.
fn inside(text: &str) -> String {
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    bare.unwrap_or(text).to_owned()
}

fn position(list: &str, token: &str) -> Option<Position> {
    paging::key(list, token)?.parse().ok()
}

/// Whether an attribute has a value that no event can have.
fn is_impossible(attribute: &LookupAttribute) -> bool {
    attribute.attribute_key == LookupAttributeKey::ReadOnly
        && !matches!(attribute.attribute_value.as_str(), "true" | "false")
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
