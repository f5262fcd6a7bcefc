//! What is seen of containers: state, events, output, resource use.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use roadstead_core::Timestamp;

use crate::{ContainerId, Labels, PortBinding};

/// An image on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageInfo {
    /// The engine's id of the image: `sha256:…`.
    pub id: String,
    /// `sha256:…` of the manifest in its registry; of an image that never was in one, its id.
    pub digest: String,
    /// Whether this call fetched it.
    pub pulled: bool,
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Exit status; 128 + signal for a process that was killed.
    pub code: i32,
    /// The kernel killed it because its memory limit was reached.
    pub oom: bool,
}

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Made, not started.
    Created,
    /// Its main process runs.
    Running,
    /// Its main process ended.
    Exited(Exit),
}

/// What the health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// There is no health check.
    #[default]
    None,
    /// Not known yet.
    Starting,
    /// The last check passed.
    Healthy,
    /// As many checks in a row as `HealthCheck::retries` failed.
    Unhealthy,
}

/// A container as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// The image reference it was made from.
    pub image: String,
    /// The engine's id of that image.
    pub image_id: String,
    /// Its labels, the runtime's own included.
    pub labels: Arc<Labels>,
    /// Where it is in its life.
    pub status: Status,
    /// Process id of its main process in the host's namespace, while it runs.
    pub pid: Option<u32>,
    /// The signal that asks it to end: its own, else its image's; `None` is `SIGTERM`.
    pub stop_signal: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When its main process started last.
    pub started_at: Option<Timestamp>,
    /// When its main process ended last.
    pub finished_at: Option<Timestamp>,
    /// What its health check says.
    pub health: Health,
    /// What its health check answered last.
    pub checked: Option<Checked>,
    /// Why its start failed, in the engine's words.
    pub error: Option<String>,
    /// Forwarded ports, with the host's ports filled in, while it runs.
    pub ports: Vec<PortBinding>,
    /// Addresses on the engine's own networks, while it runs.
    pub addresses: Vec<IpAddr>,
    /// What is mounted in it, in the order of the paths.
    pub mounted: Vec<Mounted>,
}

/// One answer of a health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The exit code of its command.
    pub exit_code: i32,
    /// What its command wrote, as much as the engine keeps.
    pub output: String,
}

/// A mount as the engine shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The volume's name, for a named one.
    pub name: Option<String>,
    /// Path of the host; none for memory.
    pub source: Option<String>,
    /// Path in the container.
    pub destination: String,
}

/// Disk that a container takes, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disk {
    /// What it wrote itself, volumes excluded.
    pub written: u64,
    /// Its image, which it may share with others.
    pub image: u64,
}

/// Where a container is in its life, without how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Made, not started.
    Created,
    /// Its main process runs.
    Running,
    /// Its main process ended.
    Exited,
}

/// One line of a listing; `Runtime::inspect` says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSummary {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// The image reference it was made from.
    pub image: String,
    /// Its labels, the runtime's own included.
    pub labels: Arc<Labels>,
    /// Where it is in its life.
    pub phase: Phase,
}

/// Something that happened to a container of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The container.
    pub id: ContainerId,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Its main process started.
    Started,
    /// Its main process ended; whether for lack of memory, `Runtime::wait` says.
    Died {
        /// Exit status.
        code: i32,
    },
    /// The kernel killed a process of it because its memory limit was reached.
    Oom,
    /// The health check says something new.
    Health(Health),
    /// It was removed.
    Destroyed,
}

/// Which of its two outputs a container wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// Standard output (and everything, with a terminal).
    Stdout,
    /// Standard error.
    Stderr,
}

/// A piece of output: a line with its end, or a part of a very long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// Which output.
    pub stream: LogStream,
    /// The bytes as written, line end included.
    pub bytes: Bytes,
    /// When the engine read them.
    pub at: Timestamp,
}

/// What to read of a container's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Stay until the container ends.
    pub follow: bool,
    /// Only what was written at or after this time.
    pub since: Option<Timestamp>,
}

/// Resource use of a running container at one moment; rates come from two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// When it was read.
    pub at: Timestamp,
    /// CPU time used since the start, in nanoseconds.
    pub cpu_total: u64,
    /// Part of it in user mode.
    pub cpu_user: u64,
    /// Part of it in kernel mode.
    pub cpu_system: u64,
    /// CPU time of the whole machine since its start, in nanoseconds.
    pub host_cpu_total: u64,
    /// CPUs the container may use.
    pub online_cpus: u32,
    /// Memory in use, in bytes.
    pub memory_usage: u64,
    /// Most memory ever in use, where known.
    pub memory_max: Option<u64>,
    /// Memory limit, in bytes (the machine's memory without one).
    pub memory_limit: u64,
    /// The kernel's detailed counters, such as `cache`, `rss`, `inactive_file`.
    pub memory_detail: BTreeMap<String, u64>,
    /// Processes and threads.
    pub pids: u64,
    /// Bytes read from block devices.
    pub block_read: u64,
    /// Bytes written to block devices.
    pub block_write: u64,
    /// Per interface of the engine's own networks.
    pub networks: BTreeMap<String, NetworkStats>,
}

/// Counters of one network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkStats {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Receive errors.
    pub rx_errors: u64,
    /// Received packets dropped.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Send errors.
    pub tx_errors: u64,
    /// Sent packets dropped.
    pub tx_dropped: u64,
}
