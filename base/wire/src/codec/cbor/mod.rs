//! CBOR bodies.

mod read;
mod write;

pub use read::CborReader;
pub use write::CborWriter;
