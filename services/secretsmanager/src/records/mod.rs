//! What is stored.

mod secret;
mod value;

pub use secret::{Secret, Version};
pub use value::Value;
