//! An event as rules see it and targets get it.

use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Result};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// An event in AWS's envelope; members are written in this order.
#[derive(Debug, Serialize)]
struct Envelope {
    version: String,
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    source: String,
    account: String,
    time: String,
    region: String,
    resources: Vec<String>,
    detail: Box<RawValue>,
}

/// What goes into an envelope.
pub struct Content<'a> {
    /// The event's id.
    pub id: String,
    /// Who tells of it.
    pub source: &'a str,
    /// What kind of event it is.
    pub detail_type: &'a str,
    /// When it happened.
    pub time: Timestamp,
    /// The ARNs of what it is about.
    pub resources: Vec<String>,
    /// A JSON object.
    pub detail: &'a str,
}

/// An event: its text, and what patterns look at.
#[derive(Clone, Debug)]
pub struct Event {
    /// The id.
    pub id: String,
    /// When it happened.
    pub time: Timestamp,
    /// The whole event as JSON.
    pub text: String,
    /// The same, read.
    pub value: Value,
}

impl Event {
    /// Puts content into an envelope. Errors: internal, when the detail is no JSON.
    pub fn new(place: Place, content: Content<'_>) -> Result<Self> {
        let detail = RawValue::from_string(content.detail.to_owned()).map_err(Fault::internal)?;
        let envelope = Envelope {
            version: "0".to_owned(),
            id: content.id.clone(),
            detail_type: content.detail_type.to_owned(),
            source: content.source.to_owned(),
            account: place.account.to_string(),
            // AWS: documented; whole seconds.
            time: content.time.cut_to_secs().iso8601(),
            region: place.region.as_str().to_owned(),
            resources: content.resources,
            detail,
        };
        let text = serde_json::to_string(&envelope).map_err(Fault::internal)?;
        Ok(Self {
            id: content.id,
            time: content.time,
            value: serde_json::from_str(&text).map_err(Fault::internal)?,
            text,
        })
    }
}
