//! What a container shall be: the whole of it, said once, before it is created.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Labels of a container or volume.
pub type Labels = BTreeMap<String, String>;

/// The engine's id of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerId(pub String);

impl ContainerId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that decides how a container runs; `default()` plus a name and an image is a valid one.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent switch of the container"
)]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerSpec {
    /// Unique name on the engine; letters, digits, `_`, `.`, `-`.
    pub name: String,
    /// Image reference; must be on the machine (see `Runtime::ensure_image`).
    pub image: String,
    /// Program and leading arguments instead of the image's; `Some(vec![])` removes the image's.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments instead of the image's.
    pub command: Option<Vec<String>>,
    /// Environment variables, in this order.
    pub env: Vec<(String, String)>,
    /// Labels; the runtime adds its own that marks the container as made by this installation.
    pub labels: Labels,
    /// `user`, `uid`, `user:group` …
    pub user: Option<String>,
    /// Working directory.
    pub workdir: Option<String>,
    /// Host name; not with `Network::Container` or `Network::Host`.
    pub hostname: Option<String>,
    /// Allocate a terminal; the log then is one stream.
    pub tty: bool,
    /// Keep standard input open.
    pub interactive: bool,
    /// Root file system read only.
    pub readonly_rootfs: bool,
    /// All capabilities and devices of the host.
    pub privileged: bool,
    /// Security options such as `no-new-privileges`.
    pub security_options: Vec<String>,
    /// Resource limits of the processes.
    pub ulimits: Vec<Ulimit>,
    /// Linux-only settings.
    pub linux: LinuxParameters,
    /// Hard memory limit in bytes.
    pub memory: Option<u64>,
    /// Soft memory limit in bytes.
    pub memory_reservation: Option<u64>,
    /// Relative CPU weight (1024 is one CPU's worth in ECS).
    pub cpu_shares: Option<u64>,
    /// CPU limit in billionths of a CPU.
    pub nano_cpus: Option<u64>,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// Take over the mounts of other containers.
    pub volumes_from: Vec<VolumesFrom>,
    /// Network.
    pub network: Network,
    /// Process namespace; private unless said otherwise.
    pub pid: Option<Namespace>,
    /// IPC namespace; the engine's default unless said otherwise.
    pub ipc: Option<Namespace>,
    /// DNS servers; not with `Network::Container`.
    pub dns_servers: Vec<String>,
    /// DNS search domains; not with `Network::Container`.
    pub dns_search: Vec<String>,
    /// Running containers that it reaches by a name, as `/etc/hosts` knows them: container, name; `Network::Bridge` only.
    pub links: Vec<(ContainerId, String)>,
    /// Additional lines of `/etc/hosts`: name, address.
    pub extra_hosts: Vec<(String, String)>,
    /// Health check; `None` leaves the image's.
    pub health_check: Option<HealthCheck>,
    /// Signal that `stop` sends when it is not given one, such as `SIGTERM`.
    pub stop_signal: Option<String>,
    /// What becomes of the output.
    pub log: LogMode,
    /// Parent control group.
    pub cgroup_parent: Option<String>,
}

/// One resource limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulimit {
    /// Name without `RLIMIT_`, lower case: `nofile`, `nproc`, `core` …
    pub name: String,
    /// Soft limit; -1 is unlimited.
    pub soft: i64,
    /// Hard limit; -1 is unlimited.
    pub hard: i64,
}

/// Linux-only settings of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinuxParameters {
    /// Capabilities in addition to the engine's default ones.
    pub cap_add: Vec<String>,
    /// Capabilities taken away; `ALL` is possible.
    pub cap_drop: Vec<String>,
    /// Run an init process that reaps children; `None` is the engine's default.
    pub init: Option<bool>,
    /// Size of `/dev/shm` in bytes.
    pub shm_size: Option<u64>,
    /// Memory plus swap in bytes; -1 is unlimited swap.
    pub memory_swap: Option<i64>,
    /// 0 to 100.
    pub swappiness: Option<i64>,
    /// Devices of the host.
    pub devices: Vec<Device>,
    /// Kernel parameters of the container's namespaces.
    pub sysctls: BTreeMap<String, String>,
}

/// A device of the host inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Path on the host.
    pub host_path: String,
    /// Path in the container.
    pub container_path: String,
    /// Letters of `rwm`.
    pub permissions: String,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Path in the container.
    pub target: String,
    /// No writing.
    pub read_only: bool,
    /// Where it comes from.
    pub source: MountSource,
}

/// Where a mount comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host.
    Bind {
        /// Absolute path.
        host_path: String,
    },
    /// A named volume, made by `Runtime::create_volume` or before.
    Volume {
        /// Its name.
        name: String,
    },
    /// Memory.
    Tmpfs {
        /// Size in bytes.
        size: Option<u64>,
        /// Mount options such as `noexec`, `mode=1777`.
        options: Vec<String>,
    },
}

/// Another container whose mounts are taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumesFrom {
    /// That container.
    pub container: ContainerId,
    /// No writing.
    pub read_only: bool,
}

/// A named volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Unique name on the engine.
    pub name: String,
    /// Volume driver; `None` is the engine's `local`.
    pub driver: Option<String>,
    /// Options of the driver.
    pub options: BTreeMap<String, String>,
    /// Labels; the runtime adds its own.
    pub labels: Labels,
}

/// Limits that several containers share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupSpec {
    /// Unique name among this installation's groups; letters, digits, `_`, `.`, `-`.
    pub name: String,
    /// Most memory of all containers together, in bytes.
    pub memory: Option<u64>,
    /// Most CPU of all containers together, in billionths of a CPU.
    pub nano_cpus: Option<u64>,
}

/// The network of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Network {
    /// A network namespace of its own with nothing but the loopback interface.
    #[default]
    None,
    /// The engine's own bridge, with ports of the host forwarded.
    Bridge {
        /// Forwarded ports.
        ports: Vec<PortBinding>,
    },
    /// The host's network.
    Host,
    /// The network namespace of another container.
    Container(ContainerId),
}

/// A port of the host forwarded to a port of the container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortBinding {
    /// Port in the container.
    pub container_port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Address of the host; `None` is all of them.
    pub host_ip: Option<IpAddr>,
    /// Port of the host; `None` lets the engine choose (read it back from `ContainerState::ports`).
    pub host_port: Option<u16>,
}

/// Transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A namespace that is not the container's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespace {
    /// The host's.
    Host,
    /// Another container's.
    Container(ContainerId),
    /// A private one that others may join (IPC only).
    Shareable,
    /// None at all: a private one without `/dev/shm` (IPC only).
    None,
}

/// A command that tells whether the container is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// `["CMD", program, …]`, `["CMD-SHELL", line]` or `["NONE"]`.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// Time a check may take.
    pub timeout: Duration,
    /// Failures in this time do not count.
    pub start_period: Duration,
    /// Failures in a row until unhealthy.
    pub retries: u32,
}

/// What becomes of a container's output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogMode {
    /// Kept by the engine until the container is removed, readable by `Runtime::logs`.
    #[default]
    Keep,
    /// Kept, but the oldest is dropped when more than about this many bytes are there.
    KeepAtMost(u64),
    /// Thrown away; `Runtime::logs` fails.
    Discard,
}

/// Credentials for an image registry.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    /// User name (`AWS` for ECR).
    pub username: String,
    /// Password or token.
    pub password: String,
    /// The registry these are for; `None` derives it from the image reference.
    pub server: Option<String>,
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryAuth")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
