//! The one trait between a service that decides and an engine that runs containers.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::error::{ImageError, RuntimeError};
use crate::spec::{ContainerId, ContainerSpec, GroupSpec, Protocol, RegistryAuth, VolumeSpec};
use crate::state::{ContainerState, ContainerSummary, Disk, Event, Exit, ImageInfo, LogChunk, LogOptions, Stats};

/// Label that every container and volume made here carries; its value names the installation that made it.
///
/// A runtime never touches what lacks it or names another installation.
pub const OWNER_LABEL: &str = "roadstead.installation";

/// Runs containers.
///
/// One value serves one installation (see [`OWNER_LABEL`]). All operations may be repeated: creating a name twice is an
/// error, but starting what runs, stopping or killing what ended, and removing what is gone succeed.
pub trait Runtime: Send + Sync + 'static {
    /// Short name: `docker`, `simulated`.
    fn name(&self) -> &'static str;

    /// Asks the engine who it is; never fails, says what is missing instead.
    fn probe(&self) -> BoxFuture<'_, Probe>;

    /// Sees to it that an image is on the machine: uses a local one, else pulls it.
    fn ensure_image<'a>(
        &'a self,
        image: &'a str,
        auth: Option<&'a RegistryAuth>,
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>>;

    /// Finds an image that is on the machine already; asks no registry.
    fn local_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<Option<ImageInfo>, ImageError>>;

    /// Lowers the resource limits that the host does not grant, where this runtime was told to; says what was lowered.
    fn lower_limits(&self, spec: &mut ContainerSpec) -> Vec<String> {
        let _ = spec;
        Vec::new()
    }

    /// Makes a container without starting it.
    fn create(&self, spec: ContainerSpec) -> BoxFuture<'_, Result<ContainerId, RuntimeError>>;

    /// The first of so many free ports of the host in a row, for containers whose ports are to be forwarded as a range; `None`
    /// where there are not so many. Nothing is reserved: another program may take them before the container does.
    fn free_ports(&self, count: u16, protocol: Protocol) -> Option<u16>;

    /// Starts a container that was created or has ended.
    fn start<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// Sends `signal` (else the container's stop signal), waits at most `timeout`, then kills; returns when it ended.
    fn stop<'a>(
        &'a self,
        id: &'a ContainerId,
        signal: Option<&'a str>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// Sends a signal, such as `SIGKILL`, to the main process.
    fn kill<'a>(&'a self, id: &'a ContainerId, signal: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// Removes a container with its output and anonymous volumes; kills it first if it still runs.
    fn remove<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// Says what state a container is in.
    fn inspect<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<ContainerState, RuntimeError>>;

    /// Waits until a started container ends; at once if it already has.
    ///
    /// Its answer is the one to trust on `Exit::oom`: an engine may learn of a lack of memory a moment after the exit.
    fn wait<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Exit, RuntimeError>>;

    /// Lists this installation's containers, ended ones included, whose labels match all of `labels`.
    ///
    /// `None` as value matches any.
    fn list<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<ContainerSummary>, RuntimeError>>;

    /// What happens to this installation's containers from the time of this call on.
    ///
    /// The stream ends with an error when the engine goes away or the reader was too slow: call again, then list.
    /// An event may come twice; none is lost between this call and the first poll.
    fn events(&self) -> BoxStream<'static, Result<Event, RuntimeError>>;

    /// The output of a container.
    fn logs(&self, id: &ContainerId, options: LogOptions) -> BoxStream<'static, Result<LogChunk, RuntimeError>>;

    /// Disk that a container takes now. An engine may have to walk through its files for that.
    fn disk<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Disk, RuntimeError>>;

    /// Resource use of a running container now.
    fn stats<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Stats, RuntimeError>>;

    /// Makes a named volume; one of this installation that exists already is kept as it is.
    fn create_volume(&self, spec: VolumeSpec) -> BoxFuture<'_, Result<(), RuntimeError>>;

    /// Removes a named volume of this installation; fails while a container uses it.
    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// A named volume, whoever made it, with its driver, options and labels.
    fn find_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<VolumeSpec>, RuntimeError>>;

    /// Lists this installation's volumes whose labels match all of `labels`; `None` as value matches any.
    fn list_volumes<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<VolumeSpec>, RuntimeError>>;

    /// Makes a control group whose limits its containers share, or sets the limits of the one that is there.
    ///
    /// Answers what to give as `ContainerSpec::cgroup_parent`, or `None` where the engine's host cannot share limits.
    fn create_group(&self, spec: GroupSpec) -> BoxFuture<'_, Result<Option<String>, RuntimeError>>;

    /// Removes a control group, once its containers are gone.
    fn remove_group<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// The names of this installation's control groups.
    fn list_groups(&self) -> BoxFuture<'_, Result<Vec<String>, RuntimeError>>;

    /// Makes an image of one layer from an uncompressed tar of a root file system (see `rootfs`) and a default command.
    fn import_rootfs<'a>(
        &'a self,
        image: &'a str,
        tar: Vec<u8>,
        command: &'a [&'a str],
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>>;
}

/// What an engine said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether it answers.
    pub reachable: bool,
    /// Its name, such as `Docker Engine`.
    pub engine: String,
    /// Its version; empty when it does not answer.
    pub version: String,
    /// Version of its API that is spoken; empty when it does not answer.
    pub api_version: String,
    /// How it is reached, such as `unix:///var/run/docker.sock`.
    pub endpoint: String,
    /// Facts worth showing: storage driver, control groups, kernel …
    pub facts: Vec<(String, String)>,
    /// What is missing, each with its consequence and what to do about it.
    pub missing: Vec<Missing>,
}

/// An ability the host or engine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is missing.
    pub what: String,
    /// What follows from it.
    pub consequence: String,
    /// What the user can do.
    pub advice: String,
}
