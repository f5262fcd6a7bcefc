//! A Docker Engine as the runtime, over its HTTP API.

mod ahead;
mod answer;
mod error;
mod group;
mod network;
mod probe;
mod request;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, Volume, VolumeCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, EventsOptions, InspectContainerOptions, KillContainerOptions,
    ListContainersOptions, ListVolumesOptions, LogsOptions, RemoveContainerOptions, RemoveVolumeOptions, StatsOptions,
    StopContainerOptions, WaitContainerOptions,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use roadstead_core::Clock;
use roadstead_core::time::SystemClock;
use tokio::sync::OnceCell;

use crate::ports::Search;
use crate::reference::Reference;
use crate::spec::{ContainerId, ContainerSpec, GroupSpec, Protocol, RegistryAuth, VolumeSpec};
use crate::state::{
    ContainerState, ContainerSummary, Disk, Event, Exit, ImageInfo, LogChunk, LogOptions, LogStream, Stats, Status,
};
pub use network::{Endpoint, EngineNetwork};

use crate::{ImageError, OWNER_LABEL, Probe, Runtime, RuntimeError, limits};

/// How long the engine may take beyond the time a container is given to stop.
const STOP_GRACE: Duration = Duration::from_secs(60);
/// How long after an exit the engine may still learn that it was for lack of memory.
const OOM_SETTLES: Duration = Duration::from_millis(400);

/// Containers run by a Docker Engine.
///
/// Cheap to clone; all clones share the connection. It connects when first used and again whenever the engine was away.
#[derive(Clone)]
pub struct Docker {
    inner: Arc<Inner>,
    lowers_limits: bool,
}

struct Inner {
    owner: String,
    endpoint: String,
    client: OnceCell<bollard::Docker>,
    ports: Search,
    groups: OnceCell<Option<group::Groups>>,
    /// Containers known to be this installation's: an id is never used again, so once is enough.
    ours: Mutex<HashSet<ContainerId>>,
}

impl std::fmt::Debug for Docker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Docker")
            .field("endpoint", &self.inner.endpoint)
            .field("owner", &self.inner.owner)
            .finish_non_exhaustive()
    }
}

impl Docker {
    /// The engine at the usual place: `DOCKER_HOST`, else the first socket there is of those that engines make.
    pub fn new(owner: impl Into<String>) -> Self {
        Self::at(owner, probe::usual_endpoint())
    }

    /// The engine at `endpoint`: `unix:///path` or `tcp://host:port`.
    pub fn at(owner: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let inner = Inner {
            owner: owner.into(),
            endpoint: endpoint.into(),
            client: OnceCell::new(),
            ports: Search::default(),
            groups: OnceCell::new(),
            ours: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
            lowers_limits: false,
        }
    }

    /// Lowers resource limits that the host does not grant, instead of failing to start containers.
    #[must_use]
    pub fn lowering_limits(self, lowers_limits: bool) -> Self {
        Self { lowers_limits, ..self }
    }

    async fn client(&self) -> Result<&bollard::Docker, Error> {
        let connect = || async {
            // Only makes the client and asks for the version; each request opens or reuses a connection.
            bollard::Docker::connect_with_host(&self.inner.endpoint)?
                .negotiate_version()
                .await
        };
        self.inner.client.get_or_try_init(connect).await
    }

    async fn client_for(&self, id: &str) -> Result<&bollard::Docker, RuntimeError> {
        self.client().await.map_err(|error| error::of_container(id, &error))
    }

    /// Looks at a container and makes sure that this installation made it.
    async fn look(&self, id: &ContainerId) -> Result<ContainerInspectResponse, RuntimeError> {
        self.look_with(id, None).await
    }

    async fn look_with(
        &self,
        id: &ContainerId,
        options: Option<InspectContainerOptions>,
    ) -> Result<ContainerInspectResponse, RuntimeError> {
        check_name(&id.0)?;
        let client = self.client_for(&id.0).await?;
        let seen = client
            .inspect_container(&id.0, options)
            .await
            .map_err(|error| error::of_container(&id.0, &error))?;
        let labels = seen.config.as_ref().and_then(|config| config.labels.as_ref());
        if labels.and_then(|labels| labels.get(OWNER_LABEL)) != Some(&self.inner.owner) {
            return Err(RuntimeError::NotOurs(id.0.clone()));
        }
        self.remember(id);
        Ok(seen)
    }

    fn remember(&self, id: &ContainerId) {
        self.inner
            .ours
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone());
    }

    /// The client, once it is certain that the container is this installation's.
    async fn client_of(&self, id: &ContainerId) -> Result<&bollard::Docker, RuntimeError> {
        let known = self
            .inner
            .ours
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id);
        if !known {
            self.look(id).await?;
        }
        self.client_for(&id.0).await
    }

    async fn local(&self, wanted: &Reference<'_>) -> Result<Option<ImageInfo>, ImageError> {
        let client = self.client().await.map_err(|error| error::of_image(&error))?;
        match client.inspect_image(&wanted.full()).await {
            Ok(seen) => Ok(Some(answer::image_info(seen, wanted, false))),
            Err(error) if error::is_status(&error, 404) => Ok(None),
            Err(error) => Err(error::of_image(&error)),
        }
    }

    async fn pull(&self, image: &str, auth: Option<&RegistryAuth>) -> Result<ImageInfo, ImageError> {
        let wanted = Reference::parse(image).map_err(ImageError::InvalidReference)?;
        if let Some(there) = self.local(&wanted).await? {
            return Ok(there);
        }
        let client = self.client().await.map_err(|error| error::of_image(&error))?;
        let full = wanted.full();
        let options = CreateImageOptions {
            from_image: Some(full.clone()),
            ..CreateImageOptions::default()
        };
        let credentials = auth.map(|auth| DockerCredentials {
            username: Some(auth.username.clone()),
            password: Some(auth.password.clone()),
            serveraddress: Some(auth.server.clone().unwrap_or_else(|| wanted.registry().to_owned())),
            ..DockerCredentials::default()
        });
        let mut progress = client.create_image(Some(options), None, credentials).boxed();
        while let Some(step) = progress.next().await {
            step.map_err(|error| error::of_image(&error))?;
        }
        let seen = client
            .inspect_image(&full)
            .await
            .map_err(|error| error::of_image(&error))?;
        Ok(answer::image_info(seen, &wanted, true))
    }

    async fn import(&self, image: &str, tar: Vec<u8>, command: &[&str]) -> Result<ImageInfo, ImageError> {
        let wanted = Reference::parse(image).map_err(ImageError::InvalidReference)?;
        let client = self.client().await.map_err(|error| error::of_image(&error))?;
        let words: Vec<String> = command.iter().map(|word| format!("{word:?}")).collect();
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(wanted.repository.to_owned()),
            tag: Some(wanted.version.to_owned()),
            changes: if words.is_empty() {
                Vec::new()
            } else {
                vec![format!("CMD [{}]", words.join(","))]
            },
            ..CreateImageOptions::default()
        };
        let body = bollard::body_full(Bytes::from(tar));
        let steps = client.create_image(Some(options), Some(body), None);
        steps
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(|error| error::of_image(&error))?;
        let seen = client
            .inspect_image(&wanted.full())
            .await
            .map_err(|error| error::of_image(&error))?;
        Ok(answer::image_info(seen, &wanted, false))
    }

    async fn make(&self, spec: ContainerSpec) -> Result<ContainerId, RuntimeError> {
        check_name(&spec.name)?;
        let name = spec.name.clone();
        let body = request::create_body(spec, &self.inner.owner)?;
        let client = self.client_for(&name).await?;
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            ..CreateContainerOptions::default()
        };
        let made = client.create_container(Some(options), body).await;
        let made = made.map_err(|error| error::of_container(&name, &error))?;
        for warning in made.warnings {
            tracing::warn!(container = name, "the container engine warns: {warning}");
        }
        let id = ContainerId(made.id);
        self.remember(&id);
        Ok(id)
    }

    async fn begin(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let client = self.client_of(id).await?;
        let Err(failed) = client.start_container(&id.0, None).await else {
            return Ok(());
        };
        let message = match error::answered(&failed) {
            Some((404, message)) if message.contains("No such container") => None,
            Some((_, message)) => Some(message),
            None => None,
        };
        let Some(message) = message else {
            return Err(error::of_container(&id.0, &failed));
        };
        if let Some(name) = error::refused_rlimit(message) {
            let seen = self.look(id).await?;
            let limits = seen.host_config.and_then(|host| host.ulimits).unwrap_or_default();
            let asked = limits
                .into_iter()
                .find(|limit| limit.name.as_deref() == Some(name))
                .and_then(|limit| limit.hard);
            let granted = probe::granted_limit(&self.inner.endpoint, name);
            return Err(RuntimeError::LimitNotGranted {
                name: name.to_owned(),
                asked: asked.unwrap_or(0),
                granted,
            });
        }
        Err(error::start_failed(message))
    }

    async fn end(&self, id: &ContainerId, signal: Option<&str>, timeout: Duration) -> Result<(), RuntimeError> {
        let client = self.client_of(id).await?;
        let Some(signal) = signal else {
            let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
            let options = StopContainerOptions {
                signal: None,
                t: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
            };
            let patient = client.clone().with_timeout(timeout.saturating_add(STOP_GRACE));
            let done = patient.stop_container(&id.0, Some(options)).await;
            return done.map_err(|error| error::of_container(&id.0, &error));
        };
        // Engines before API 1.42 ignore a signal given to stop.
        if matches!(answer::container_state(self.look(id).await?).status, Status::Created) {
            return Ok(());
        }
        self.signal(id, signal).await?;
        if let Ok(ended) = tokio::time::timeout(timeout, self.ended(id)).await {
            return ended.map(|_| ());
        }
        self.signal(id, "SIGKILL").await?;
        self.ended(id).await.map(|_| ())
    }

    async fn signal(&self, id: &ContainerId, signal: &str) -> Result<(), RuntimeError> {
        let client = self.client_of(id).await?;
        let options = KillContainerOptions {
            signal: signal.to_owned(),
        };
        match client.kill_container(&id.0, Some(options)).await {
            Err(error) if error::is_status(&error, 409) => Ok(()),
            done => done.map_err(|error| error::of_container(&id.0, &error)),
        }
    }

    async fn discard(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let client = match self.client_of(id).await {
            Err(RuntimeError::NotFound(_)) => return Ok(()),
            found => found?,
        };
        let options = RemoveContainerOptions {
            v: true,
            force: true,
            link: false,
        };
        let done = client.remove_container(&id.0, Some(options)).await;
        match done {
            // Gone already, or another removal of it is under way.
            Err(error) if error::is_status(&error, 404) || error::is_status(&error, 409) => {}
            done => done.map_err(|error| error::of_container(&id.0, &error))?,
        }
        self.inner
            .ours
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        Ok(())
    }

    async fn ended(&self, id: &ContainerId) -> Result<Exit, RuntimeError> {
        let seen = self.look(id).await?;
        match answer::status_of(&seen) {
            Status::Exited(_) => return self.settled(id, seen).await,
            Status::Created => return Err(RuntimeError::NotStarted(id.clone())),
            Status::Running => {}
        }
        let client = self.client_of(id).await?;
        // It was running a moment ago, so "not running" cannot mean "not yet".
        let options = WaitContainerOptions {
            condition: "not-running".to_owned(),
        };
        let answer = client.wait_container(&id.0, Some(options)).boxed().next().await;
        let code = match answer {
            Some(Ok(done)) => done.status_code,
            // bollard reports every exit status above zero as an error.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(error)) => return Err(error::of_container(&id.0, &error)),
            None => {
                return Err(RuntimeError::Unreachable(
                    "the engine hung up while waiting for a container".to_owned(),
                ));
            }
        };
        match self.look(id).await {
            Ok(seen) if matches!(answer::status_of(&seen), Status::Exited(_)) => self.settled(id, seen).await,
            // Removed or started again since: the exit status is known, the rest is not.
            Ok(_) | Err(RuntimeError::NotFound(_)) => Ok(Exit {
                code: answer::code(code),
                oom: false,
            }),
            Err(error) => Err(error),
        }
    }

    /// How a container ended, once the engine knows all of it.
    ///
    /// The engine hears of a lack of memory on another way than of the exit, and sometimes a moment later. A container
    /// with a memory limit that was killed just now is therefore looked at again for a short time.
    async fn settled(&self, id: &ContainerId, mut seen: ContainerInspectResponse) -> Result<Exit, RuntimeError> {
        let limited = seen
            .host_config
            .as_ref()
            .and_then(|host| host.memory)
            .is_some_and(|memory| memory > 0);
        loop {
            let state = seen.state.unwrap_or_default();
            let exit = answer::exit(&state);
            let recent = answer::finished(&state)
                .is_some_and(|at| SystemClock.now().since(at) < OOM_SETTLES && SystemClock.now() >= at);
            if exit.code != 137 || exit.oom || !limited || !recent {
                return Ok(exit);
            }
            tokio::time::sleep(OOM_SETTLES / 20).await;
            seen = match self.look(id).await {
                Ok(seen) if matches!(answer::status_of(&seen), Status::Exited(_)) => seen,
                Ok(_) | Err(RuntimeError::NotFound(_)) => return Ok(exit),
                Err(error) => return Err(error),
            };
        }
    }

    async fn listed(&self, labels: &[(&str, Option<&str>)]) -> Result<Vec<ContainerSummary>, RuntimeError> {
        let client = self.client_for("").await?;
        let options = ListContainersOptions {
            all: true,
            filters: Some(self.filters(labels)),
            ..ListContainersOptions::default()
        };
        let seen = client
            .list_containers(Some(options))
            .await
            .map_err(|error| error::of_container("", &error))?;
        let found: Vec<ContainerSummary> = seen.into_iter().map(answer::container_summary).collect();
        for container in &found {
            self.remember(&container.id);
        }
        Ok(found)
    }

    /// What picks this installation's containers or volumes with these labels.
    fn filters(&self, labels: &[(&str, Option<&str>)]) -> HashMap<String, Vec<String>> {
        let mut wanted = vec![format!("{OWNER_LABEL}={}", self.inner.owner)];
        wanted.extend(labels.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => (*name).to_owned(),
        }));
        HashMap::from([("label".to_owned(), wanted)])
    }

    /// Opens a stream of the engine's answers and hides the wait for the connection inside it.
    fn streamed<T: Send + 'static>(
        open: impl Future<Output = Result<BoxStream<'static, Result<T, RuntimeError>>, RuntimeError>> + Send + 'static,
    ) -> BoxStream<'static, Result<T, RuntimeError>> {
        stream::once(open).try_flatten().boxed()
    }

    async fn measured(&self, id: &ContainerId) -> Result<Stats, RuntimeError> {
        let client = self.client_of(id).await?;
        let options = StatsOptions {
            stream: false,
            one_shot: true,
        };
        let seen = client.stats(&id.0, Some(options)).boxed().next().await;
        let seen = seen.ok_or_else(|| RuntimeError::NotFound(id.0.clone()))?;
        let seen = seen.map_err(|error| error::of_container(&id.0, &error))?;
        answer::stats(seen).ok_or_else(|| RuntimeError::NotStarted(id.clone()))
    }

    async fn volume(&self, spec: VolumeSpec) -> Result<(), RuntimeError> {
        if self.owned_volume(&spec.name).await? {
            return Ok(());
        }
        let client = self.client_for(&spec.name).await?;
        let mut labels: HashMap<String, String> = spec.labels.into_iter().collect();
        labels.insert(OWNER_LABEL.to_owned(), self.inner.owner.clone());
        let wanted = VolumeCreateRequest {
            name: Some(spec.name.clone()),
            driver: spec.driver,
            driver_opts: Some(spec.options.into_iter().collect()),
            labels: Some(labels),
            cluster_volume_spec: None,
        };
        let made = client.create_volume(wanted).await;
        made.map(|_| ())
            .map_err(|error| error::of_container(&spec.name, &error))
    }

    /// Whether the volume is there; an error when it is but somebody else made it.
    async fn owned_volume(&self, name: &str) -> Result<bool, RuntimeError> {
        check_name(name)?;
        match self.client_for(name).await?.inspect_volume(name).await {
            Ok(seen) if seen.labels.get(OWNER_LABEL) == Some(&self.inner.owner) => Ok(true),
            Ok(_) => Err(RuntimeError::NotOurs(name.to_owned())),
            Err(error) if error::is_status(&error, 404) => Ok(false),
            Err(error) => Err(error::of_container(name, &error)),
        }
    }

    async fn named_volume(&self, name: &str) -> Result<Option<VolumeSpec>, RuntimeError> {
        check_name(name)?;
        match self.client_for(name).await?.inspect_volume(name).await {
            Ok(seen) => Ok(Some(volume_spec(seen))),
            Err(error) if error::is_status(&error, 404) => Ok(None),
            Err(error) => Err(error::of_container(name, &error)),
        }
    }

    async fn listed_volumes(&self, labels: &[(&str, Option<&str>)]) -> Result<Vec<VolumeSpec>, RuntimeError> {
        let options = ListVolumesOptions {
            filters: Some(self.filters(labels)),
        };
        let seen = self.client_for("").await?.list_volumes(Some(options)).await;
        let seen = seen.map_err(|error| error::of_container("", &error))?;
        Ok(seen.volumes.unwrap_or_default().into_iter().map(volume_spec).collect())
    }

    /// The control groups of this installation, where the engine's host lets this program make some.
    async fn groups(&self) -> Result<Option<&group::Groups>, RuntimeError> {
        let find = || async {
            let info = self.client_for("").await?.info().await;
            let info = info.map_err(|error| error::of_container("", &error))?;
            let driver = info.cgroup_driver.map(|driver| driver.to_string()).unwrap_or_default();
            Ok(group::Groups::find(&self.inner.owner, &self.inner.endpoint, &driver))
        };
        Ok(self.inner.groups.get_or_try_init(find).await?.as_ref())
    }

    async fn group(&self, spec: GroupSpec) -> Result<Option<String>, RuntimeError> {
        check_name(&spec.name)?;
        match self.groups().await? {
            Some(groups) => groups.create(&spec),
            None => Ok(None),
        }
    }

    async fn discard_group(&self, name: &str) -> Result<(), RuntimeError> {
        check_name(name)?;
        match self.groups().await? {
            Some(groups) => groups.remove(name).await,
            None => Ok(()),
        }
    }

    async fn discard_volume(&self, name: &str) -> Result<(), RuntimeError> {
        if !self.owned_volume(name).await? {
            return Ok(());
        }
        let done = self
            .client_for(name)
            .await?
            .remove_volume(name, None::<RemoveVolumeOptions>)
            .await;
        done.map_err(|error| error::of_container(name, &error))
    }
}

fn volume_spec(seen: Volume) -> VolumeSpec {
    VolumeSpec {
        name: seen.name,
        driver: Some(seen.driver),
        options: seen.options.into_iter().collect(),
        labels: seen.labels.into_iter().collect(),
    }
}

/// Refuses what would change the meaning of the address it becomes a part of.
fn check_name(name: &str) -> Result<(), RuntimeError> {
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if fits {
        Ok(())
    } else {
        Err(RuntimeError::InvalidSpec(format!(
            "`{name}` cannot name a container or volume"
        )))
    }
}

fn log_chunk(output: LogOutput) -> Option<LogChunk> {
    let (stream, message) = match output {
        LogOutput::StdOut { message } | LogOutput::Console { message } => (LogStream::Stdout, message),
        LogOutput::StdErr { message } => (LogStream::Stderr, message),
        LogOutput::StdIn { .. } => return None,
    };
    let (at, bytes) = answer::log_line(&message)?;
    Some(LogChunk { stream, bytes, at })
}

impl Runtime for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn probe(&self) -> BoxFuture<'_, Probe> {
        async move { probe::probe(&self.inner.endpoint, self.client().await).await }.boxed()
    }

    fn free_ports(&self, count: u16, protocol: Protocol) -> Option<u16> {
        self.inner.ports.find(count, protocol)
    }

    fn ensure_image<'a>(
        &'a self,
        image: &'a str,
        auth: Option<&'a RegistryAuth>,
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>> {
        self.pull(image, auth).boxed()
    }

    fn local_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<Option<ImageInfo>, ImageError>> {
        async move {
            self.local(&Reference::parse(image).map_err(ImageError::InvalidReference)?)
                .await
        }
        .boxed()
    }

    fn lower_limits(&self, spec: &mut ContainerSpec) -> Vec<String> {
        if self.lowers_limits {
            limits::lower(spec, |name| probe::granted_limit(&self.inner.endpoint, name))
        } else {
            Vec::new()
        }
    }

    fn create(&self, spec: ContainerSpec) -> BoxFuture<'_, Result<ContainerId, RuntimeError>> {
        self.make(spec).boxed()
    }

    fn start<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.begin(id).boxed()
    }

    fn stop<'a>(
        &'a self,
        id: &'a ContainerId,
        signal: Option<&'a str>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.end(id, signal, timeout).boxed()
    }

    fn kill<'a>(&'a self, id: &'a ContainerId, signal: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.signal(id, signal).boxed()
    }

    fn remove<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.discard(id).boxed()
    }

    fn inspect<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<ContainerState, RuntimeError>> {
        async move { self.look(id).await.map(answer::container_state) }.boxed()
    }

    fn disk<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Disk, RuntimeError>> {
        let with_sizes = Some(InspectContainerOptions { size: true });
        async move { self.look_with(id, with_sizes).await.map(|seen| answer::disk(&seen)) }.boxed()
    }

    fn wait<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Exit, RuntimeError>> {
        self.ended(id).boxed()
    }

    fn list<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<ContainerSummary>, RuntimeError>> {
        self.listed(labels).boxed()
    }

    fn events(&self) -> BoxStream<'static, Result<Event, RuntimeError>> {
        // The engine keeps its last events: asking from now on closes the gap until the stream is polled.
        let now = SystemClock.now().millis();
        let since = format!("{}.{:03}000000", now.div_euclid(1000), now.rem_euclid(1000));
        let this = self.clone();
        Self::streamed(async move {
            let client = this.client_for("").await?;
            let filters = HashMap::from([
                ("type".to_owned(), vec!["container".to_owned()]),
                ("label".to_owned(), vec![format!("{OWNER_LABEL}={}", this.inner.owner)]),
            ]);
            let seen = client.events(Some(EventsOptions {
                since: Some(since),
                until: None,
                filters: Some(filters),
            }));
            let ours = seen.filter_map(async |event| match event {
                Ok(event) => answer::event(event).map(Ok),
                Err(error) => Some(Err(error::of_container("", &error))),
            });
            let gone = stream::once(async {
                Err(RuntimeError::Unreachable(
                    "the engine ended the stream of events".to_owned(),
                ))
            });
            Ok(ours.chain(gone).boxed())
        })
    }

    fn logs(&self, id: &ContainerId, options: LogOptions) -> BoxStream<'static, Result<LogChunk, RuntimeError>> {
        let this = self.clone();
        let id = id.clone();
        Self::streamed(async move {
            let client = this.client_of(&id).await?;
            let since = options.since;
            let wanted = LogsOptions {
                follow: options.follow,
                stdout: true,
                stderr: true,
                // Whole seconds only; the rest is dropped below.
                since: since.map_or(0, |at| i32::try_from(at.secs()).unwrap_or(i32::MAX)),
                timestamps: true,
                tail: "all".to_owned(),
                ..LogsOptions::default()
            };
            let seen = client.logs(&id.0, Some(wanted));
            let chunks = seen.filter_map(move |output| {
                let chunk = match output {
                    Ok(output) => log_chunk(output)
                        .filter(|chunk| since.is_none_or(|since| chunk.at >= since))
                        .map(Ok),
                    Err(error) => Some(Err(error::of_container(&id.0, &error))),
                };
                async move { chunk }
            });
            Ok(ahead::read_ahead(chunks.boxed()))
        })
    }

    fn stats<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Stats, RuntimeError>> {
        self.measured(id).boxed()
    }

    fn create_volume(&self, spec: VolumeSpec) -> BoxFuture<'_, Result<(), RuntimeError>> {
        self.volume(spec).boxed()
    }

    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.discard_volume(name).boxed()
    }

    fn find_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<VolumeSpec>, RuntimeError>> {
        self.named_volume(name).boxed()
    }

    fn list_volumes<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<VolumeSpec>, RuntimeError>> {
        self.listed_volumes(labels).boxed()
    }

    fn create_group(&self, spec: GroupSpec) -> BoxFuture<'_, Result<Option<String>, RuntimeError>> {
        self.group(spec).boxed()
    }

    fn remove_group<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>> {
        self.discard_group(name).boxed()
    }

    fn list_groups(&self) -> BoxFuture<'_, Result<Vec<String>, RuntimeError>> {
        async move { Ok(self.groups().await?.map(group::Groups::names).unwrap_or_default()) }.boxed()
    }

    fn import_rootfs<'a>(
        &'a self,
        image: &'a str,
        tar: Vec<u8>,
        command: &'a [&'a str],
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>> {
        self.import(image, tar, command).boxed()
    }
}
