//! XML bodies.

mod parse;
mod read;
mod write;

pub use parse::Document;
pub use read::XmlReader;
pub use write::XmlWriter;
