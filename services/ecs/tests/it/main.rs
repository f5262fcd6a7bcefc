//! ECS in an in-memory installation: a real kernel, real IAM, STS and EC2, simulated containers, a clock that is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "tests"
)]

mod account_settings;
mod behalf;
mod capacity_providers;
mod clusters;
mod crashes;
mod definitions;
mod events;
mod instance_events;
mod instance_logs;
mod instance_services;
mod instance_settings;
mod instances;
mod life_cycle;
mod logs;
mod logs_refused;
mod metadata;
mod metadata_members;
mod network;
mod public_addresses;
mod requests;
mod role;
mod secrets;
mod service_balance;
mod service_breaker;
mod service_deployments;
mod service_monitoring;
mod service_roles;
mod service_scheduler;
mod services;
mod settings;
mod task_sets;
mod tasks;
mod tokens;
mod words;
mod world;
