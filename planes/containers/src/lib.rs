//! Runs containers: one trait, a Docker Engine behind it, and an engine that only exists in memory.

mod docker;
mod error;
mod limits;
mod ports;
mod reference;
pub mod rootfs;
mod runtime;
mod select;
mod simulated;
mod spec;
mod state;

pub use docker::{Docker, Endpoint, EngineNetwork};
pub use error::{ImageError, RuntimeError};
pub use futures_util::future::BoxFuture;
pub use futures_util::stream::BoxStream;
pub use roadstead_core::{Clock, Timestamp};
pub use runtime::{Missing, OWNER_LABEL, Probe, Runtime};
pub use select::{NoEngine, auto};
pub use simulated::{Behaviour, PullFailure, Simulated};
pub use spec::{
    ContainerId, ContainerSpec, Device, GroupSpec, HealthCheck, Labels, LinuxParameters, LogMode, Mount, MountSource,
    Namespace, Network, PortBinding, Protocol, RegistryAuth, Ulimit, VolumeSpec, VolumesFrom,
};
pub use state::{
    Checked, ContainerState, ContainerSummary, Disk, Event, EventKind, Exit, Health, ImageInfo, LogChunk, LogOptions,
    LogStream, Mounted, NetworkStats, Phase, Stats, Status,
};
