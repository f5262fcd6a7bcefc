//! A value of the API kept as the document that the user gave: as JSON by Amazon's own names.
//!
//! See `docs/decisions/0004-api-documents-in-records.md`.

use roadstead_wire::{Input, from_json, to_json};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A value of the API inside a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document<T>(pub T);

impl<T: Input> Serialize for Document<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = String::from_utf8(to_json(&self.0)).map_err(serde::ser::Error::custom)?;
        RawValue::from_string(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(to)
    }
}

impl<'de, T: Input> Deserialize<'de> for Document<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(from)?;
        from_json(raw.get()).map(Self).map_err(serde::de::Error::custom)
    }
}
