//! Values of the API as JSON text, for records that keep what a user gave.

use crate::check::Check;
use crate::codec::json::{JsonReader, JsonWriter};
use crate::error::Read;
use crate::meta::ValidationStyle;
use crate::value::{Input, Reader, Structure, Writer};

/// Writes a value as JSON text by its wire names.
pub fn to_json(value: &dyn Structure) -> Vec<u8> {
    let mut writer = JsonWriter::new(false);
    writer.structure(value.shape(), value);
    writer.finish().to_vec()
}

/// Reads a value that [`to_json`] wrote. It was checked when it was accepted, so it is not held to the model again.
pub fn from_json<I: Input>(text: &str) -> Read<I> {
    let mut check = Check::new(
        ValidationStyle::Generic {
            code: "ValidationException",
        },
        false,
    );
    let mut reader = JsonReader::new(text, &mut check, false);
    let mut value = I::default();
    let mut seen = 0;
    reader.members(I::SHAPE, &mut value, &mut seen)?;
    reader.end()?;
    Ok(value)
}
