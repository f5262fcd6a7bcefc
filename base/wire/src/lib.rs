//! How AWS clients talk: schemas, one codec per wire format, validation, errors on the wire.
//!
//! Types never see formats and formats never see types: both meet at [`Reader`] and [`Writer`].

pub mod check;
pub mod codec;
pub mod decode;
pub mod dynamic;
pub mod encode;
pub mod error;
pub mod frames;
pub mod limits;
pub mod message;
pub mod meta;
mod negotiate;
pub mod pattern;
pub mod route;
pub mod schema;
pub mod sigv4;
mod stored;
pub mod uri;
pub mod value;

pub use check::Check;
pub use codec::plain::{HIDDEN, Names, to_value};
pub use decode::{decode, decode_into};
pub use dynamic::Dynamic;
pub use encode::{encode, encode_error, encode_frames, encode_value};
pub use error::{ApiError, Malformed, Read};
pub use frames::Frames;
pub use message::{Request, Response};
pub use meta::{ErrorMeta, Fault, Operation, OperationMeta, Paging, Protocol, ServiceMeta, Shaped, ValidationStyle};
pub use pattern::Pattern;
pub use route::{Call, Routed, Unrouted, route};
pub use schema::{Kind, Location, Member, Shape, TimestampFormat};
pub use stored::{from_json, to_json};
pub use value::{Empty, Input, Output, Reader, Structure, Value, Writer};

/// Writes a structure for logs, secrets masked.
pub fn debug(value: &dyn Structure, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    write!(f, "{}{}", value.shape().name, to_value(value, Names::Model))
}
