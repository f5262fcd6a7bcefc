//! The wire formats: each reads and writes values without knowing their types.

pub(crate) mod bound;
pub mod cbor;
pub mod form;
pub mod json;
pub mod plain;
pub(crate) mod text;
pub mod xml;
