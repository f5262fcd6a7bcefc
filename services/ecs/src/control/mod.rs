//! What moves tasks: a plan that is pure, and the steps that carry it out.

mod events;
mod plan;
mod task;

pub use events::follow_engine;
pub use plan::{Plan, Step, plan};
pub use task::{TaskControl, TaskKey};
