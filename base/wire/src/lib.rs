//! How AWS clients talk: schemas, one codec per wire format, validation, errors on the wire.
//!
//! Types never see formats and formats never see types: both meet at [`Reader`] and [`Writer`].

pub mod check;
pub mod error;
pub mod limits;
pub mod meta;
pub mod pattern;
pub mod schema;
pub mod sigv4;
pub mod value;

pub use check::Check;
pub use error::{ApiError, Malformed, Read};
pub use meta::{ErrorMeta, Fault, Operation, OperationMeta, Paging, Protocol, ServiceMeta, Shaped, ValidationStyle};
pub use pattern::Pattern;
pub use schema::{Kind, Location, Member, Shape, TimestampFormat};
pub use value::{Empty, Input, Output, Reader, Structure, Value, Writer};

/// Writes a structure for logs, secrets masked.
pub fn debug(value: &dyn Structure, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_str(value.shape().name)
}
