//! What is stored.

mod parameter;
mod version;

pub use parameter::Parameter;
pub use version::{Kept, Sealed, Superseded, Tier, Type, Version};
