//! What moves tasks and services: plans that are pure, and the steps that carry them out.

mod events;
mod instances;
mod leftovers;
mod network;
pub(crate) mod order;
mod pace;
mod plan;
mod service;
mod service_books;
mod service_images;
mod service_plan;
mod service_start;
mod spread;
mod starting;
mod storage;
mod strategy;
mod task;
mod task_sets;
mod vpcs;

pub use events::follow_engine;
pub use instances::{NO_INSTANCES, UNPLACED, UNSUITED};
pub use network::Networks;
pub use pace::Pace;
pub use plan::{Plan, Step, plan};
pub use service::{ServiceControl, ServiceKey, ServiceTables};
pub use service_books::said_rolling_back;
pub use service_plan::{Problem, pause_after};
pub use service_start::UNLAUNCHED;
pub use strategy::choose_provider;
pub use task::{TaskControl, TaskKey};
pub use vpcs::private_domain;
