//! An engine that exists in memory only: for tests with a clock of their own, and for many more containers than a machine
//! can hold.

mod names;
mod script;
mod world;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use roadstead_core::{Clock, Timestamp};
use tokio::sync::Notify;

pub use script::{Behaviour, PullFailure};
use world::World;

use crate::reference::Reference;
use crate::spec::{ContainerId, ContainerSpec, GroupSpec, Protocol, RegistryAuth, VolumeSpec};
use crate::state::{
    ContainerState, ContainerSummary, Disk, Event, Exit, Health, ImageInfo, LogChunk, LogOptions, LogStream, Stats,
};
use crate::{ImageError, Probe, Runtime, RuntimeError, limits};

const HOST_MEMORY: u64 = 8 << 30;
/// Every image takes so much.
const IMAGE_SIZE: u64 = 5 << 20;
const NOT_ANSWERING: &str = "the simulated engine was told not to answer";

/// Containers that exist in memory only.
///
/// What they do is written in their image's name and environment (see [`Behaviour::of_image`]). Time is the given
/// clock's: what is due happens during the next call of any operation, or of [`Simulated::tick`], in order and with its
/// own time. With a clock that goes by itself, spawn [`Simulated::run`] once. Clones share the same containers, which is
/// how a test restarts what uses them.
#[derive(Clone)]
pub struct Simulated {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    /// The credentials that images were asked for with last.
    asked_with: Mutex<HashMap<String, RegistryAuth>>,
    /// What limits are lowered to, by their names.
    granted: Mutex<HashMap<String, u64>>,
    changed: Notify,
}

impl std::fmt::Debug for Simulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulated")
            .field("containers", &self.world().containers.len())
            .finish_non_exhaustive()
    }
}

impl Simulated {
    /// An engine without containers for the installation `owner`.
    pub fn new(owner: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        let world = World::new(owner.into());
        Self {
            inner: Arc::new(Inner {
                clock,
                world: Mutex::new(world),
                asked_with: Mutex::default(),
                granted: Mutex::default(),
                changed: Notify::new(),
            }),
        }
    }

    /// Forgets specifications once a container is made: for very many containers ([`Simulated::spec`] then is `None`).
    #[must_use]
    pub fn without_specs(self) -> Self {
        self.world().keep_specs = false;
        self
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn granted(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.inner.granted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants no more of a resource limit from now on, and lowers what asks for more.
    pub fn grant(&self, name: &str, most: u64) {
        self.granted().insert(name.to_owned(), most);
    }

    fn asked_with(&self) -> MutexGuard<'_, HashMap<String, RegistryAuth>> {
        self.inner.asked_with.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credentials that an image was asked for with last, if with any.
    pub fn credentials_for(&self, image: &str) -> Option<RegistryAuth> {
        self.asked_with().get(image).cloned()
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Does something to the world as it is now, unless the engine is told not to answer.
    fn act<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> Result<T, RuntimeError>) -> Result<T, RuntimeError> {
        let now = self.now();
        let mut world = self.world();
        if world.unreachable {
            return Err(RuntimeError::Unreachable(NOT_ANSWERING.to_owned()));
        }
        world.advance(now);
        let next = world.next();
        let done = act(&mut world, now);
        let sooner = world.next() != next;
        drop(world);
        if sooner {
            self.inner.changed.notify_one();
        }
        done
    }

    /// Lets everything happen that is due by the clock, and says when something will be due next.
    pub fn tick(&self) -> Option<Timestamp> {
        let now = self.now();
        let mut world = self.world();
        world.advance(now);
        world.next()
    }

    /// Ticks whenever something is due, for a clock that goes by itself; never returns.
    pub async fn run(self) {
        loop {
            let changed = self.inner.changed.notified();
            match self.tick() {
                Some(next) => {
                    let left = next.since(self.now()).max(Duration::from_millis(1));
                    // Whichever comes first: both lead to another look.
                    let _ = tokio::time::timeout(left, changed).await;
                }
                None => changed.await,
            }
        }
    }

    /// Says what containers of an image do, instead of the image's name; later ones only.
    pub fn script(&self, image: &str, behaviour: Behaviour) {
        let mut world = self.world();
        world.images.remove(image);
        world.scripts.insert(image.to_owned(), behaviour);
    }

    /// The specification a container was made from.
    pub fn spec(&self, id: &ContainerId) -> Option<Arc<ContainerSpec>> {
        self.world()
            .find(id)
            .ok()
            .and_then(|(_, container)| container.spec.clone())
    }

    /// A volume that somebody else made.
    pub fn add_volume(&self, spec: VolumeSpec) {
        self.world().add_volume(spec);
    }

    /// The control group of a name, if it is there.
    pub fn group(&self, name: &str) -> Option<GroupSpec> {
        self.world().groups.get(name).cloned()
    }

    /// Lets a container's program end by itself.
    pub fn exit(&self, id: &ContainerId, code: i32) -> Result<(), RuntimeError> {
        self.finish(id, Exit { code, oom: false })
    }

    /// Lets a container be killed for lack of memory.
    pub fn run_out_of_memory(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.finish(id, Exit { code: 137, oom: true })
    }

    fn finish(&self, id: &ContainerId, exit: Exit) -> Result<(), RuntimeError> {
        self.act(|world, now| {
            let number = world.find(id)?.0;
            world.finish(number, exit, now);
            Ok(())
        })
    }

    /// Lets a container disappear, as if somebody else had removed it.
    pub fn vanish(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.act(|world, now| {
            let number = world.find(id)?.0;
            world.remove(number, now);
            Ok(())
        })
    }

    /// Changes what a running container's health check says.
    pub fn set_health(&self, id: &ContainerId, health: Health) -> Result<(), RuntimeError> {
        self.act(|world, now| {
            let number = world.find(id)?.0;
            world.set_health(number, health, now);
            Ok(())
        })
    }

    /// Changes how much of one CPU, in percent, and how many bytes of memory a container uses from now on.
    pub fn set_load(&self, id: &ContainerId, cpu_percent: u32, memory: u64) -> Result<(), RuntimeError> {
        self.act(|world, now| {
            world.find_mut(id)?.1.set_load(cpu_percent, memory, now);
            Ok(())
        })
    }

    /// Lets a container write.
    pub fn write(&self, id: &ContainerId, stream: LogStream, text: &str) -> Result<(), RuntimeError> {
        self.act(|world, now| {
            world.find_mut(id)?.1.write(stream, text, now);
            Ok(())
        })
    }

    /// Lets the engine stop answering, or answer again; its containers run on, readers of events and
    /// of output are cut off.
    pub fn set_reachable(&self, reachable: bool) {
        let mut world = self.world();
        world.unreachable = !reachable;
        if !reachable {
            world.hang_up();
        }
    }

    async fn end(&self, id: &ContainerId, signal: Option<&str>, timeout: Duration) -> Result<(), RuntimeError> {
        let signal = signal.map_or(Ok(0), known_signal)?;
        let ended = self.act(|world, now| {
            world.signal(id, signal, now)?;
            world.kill_at(id, now.plus(timeout))?;
            world.advance(now);
            Ok(world.find_mut(id)?.1.wait())
        })?;
        if let Some(Err(running)) = ended {
            // The sender is dropped without a word when the container is removed meanwhile: it ended all the same.
            let _ = running.await;
        }
        Ok(())
    }

    async fn ended(&self, id: &ContainerId) -> Result<Exit, RuntimeError> {
        match self.act(|world, _| Ok(world.find_mut(id)?.1.wait()))? {
            None => Err(RuntimeError::NotStarted(id.clone())),
            Some(Ok(exit)) => Ok(exit),
            Some(Err(running)) => running.await.map_err(|_| RuntimeError::NotFound(id.0.clone())),
        }
    }

    fn add_image(&self, image: &str, pulled: bool) -> Result<ImageInfo, ImageError> {
        Reference::parse(image).map_err(ImageError::InvalidReference)?;
        let mut world = self.world();
        if world.unreachable {
            return Err(ImageError::EngineUnreachable(NOT_ANSWERING.to_owned()));
        }
        if let Some(known) = world.images.get(image) {
            return Ok(ImageInfo {
                pulled: false,
                ..known.clone()
            });
        }
        if pulled {
            let behaviour = world.behaviour(image).map_err(ImageError::InvalidReference)?;
            if let Some(failure) = behaviour.pull_fails {
                return Err(failure.error(image));
            }
        }
        let info = ImageInfo {
            id: names::digest_of(&format!("id {image}")),
            digest: names::digest_of(image),
            pulled,
        };
        world.images.insert(image.to_owned(), info.clone());
        Ok(info)
    }
}

fn known_signal(name: &str) -> Result<i32, RuntimeError> {
    let invalid = || RuntimeError::InvalidSpec(format!("Error response from daemon: Invalid signal: {name}"));
    names::signal_number(name).ok_or_else(invalid)
}

impl Runtime for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn probe(&self) -> BoxFuture<'_, Probe> {
        let world = self.world();
        let probe = Probe {
            reachable: !world.unreachable,
            engine: "Simulated".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api_version: String::new(),
            endpoint: "memory".to_owned(),
            facts: vec![("containers".to_owned(), world.containers.len().to_string())],
            missing: Vec::new(),
        };
        ready(probe).boxed()
    }

    fn free_ports(&self, count: u16, _protocol: Protocol) -> Option<u16> {
        self.world().give_ports(count)
    }

    fn ensure_image<'a>(
        &'a self,
        image: &'a str,
        auth: Option<&'a RegistryAuth>,
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>> {
        if let Some(auth) = auth {
            self.asked_with().insert(image.to_owned(), auth.clone());
        }
        async move { self.add_image(image, true) }.boxed()
    }

    fn local_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<Option<ImageInfo>, ImageError>> {
        async move {
            let world = self.world();
            if world.unreachable {
                return Err(ImageError::EngineUnreachable(NOT_ANSWERING.to_owned()));
            }
            Ok(world.images.get(image).map(|known| ImageInfo {
                pulled: false,
                ..known.clone()
            }))
        }
        .boxed()
    }

    fn lower_limits(&self, spec: &mut ContainerSpec) -> Vec<String> {
        limits::lower(spec, |name| self.granted().get(name).copied())
    }

    fn create(&self, spec: ContainerSpec) -> BoxFuture<'_, Result<ContainerId, RuntimeError>> {
        async move { self.act(|world, now| world.create(spec, now)) }.boxed()
    }

    fn start<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>> {
        async move { self.act(|world, now| world.start(id, now)) }.boxed()
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
        async move { known_signal(signal).and_then(|signal| self.act(|world, now| world.signal(id, signal, now))) }
            .boxed()
    }

    fn remove<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<(), RuntimeError>> {
        async move {
            self.act(|world, now| {
                if let Ok((number, _)) = world.find(id) {
                    world.remove(number, now);
                }
                Ok(())
            })
        }
        .boxed()
    }

    fn inspect<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<ContainerState, RuntimeError>> {
        async move { self.act(|world, _| world.find(id).map(|(number, container)| container.state(number))) }.boxed()
    }

    fn disk<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Disk, RuntimeError>> {
        let taken = |container: &world::Container| Disk {
            written: container.written(),
            image: IMAGE_SIZE,
        };
        async move { self.act(|world, _| world.find(id).map(|(_, container)| taken(container))) }.boxed()
    }

    fn wait<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Exit, RuntimeError>> {
        self.ended(id).boxed()
    }

    fn list<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<ContainerSummary>, RuntimeError>> {
        async move {
            self.act(|world, _| {
                let ours = world.containers.iter().filter(|(_, container)| container.has(labels));
                let summary = |number: &u64, container: &world::Container| ContainerSummary {
                    id: ContainerId(names::id_text(*number)),
                    name: container.name.to_string(),
                    image: container.image.to_string(),
                    labels: container.labels(),
                    phase: container.phase(),
                };
                Ok(ours.map(|(number, container)| summary(number, container)).collect())
            })
        }
        .boxed()
    }

    fn events(&self) -> BoxStream<'static, Result<Event, RuntimeError>> {
        let receiver = match self.act(|world, _| Ok(world.read_events())) {
            Ok(receiver) => receiver,
            Err(error) => return stream::once(ready(Err(error))).boxed(),
        };
        let read = stream::unfold(receiver, async |mut receiver| {
            let event = receiver.recv().await?;
            Some((Ok(event), receiver))
        });
        // The engine only ever lets go of a reader that cannot follow, or when it goes away.
        read.chain(stream::once(ready(Err(RuntimeError::EventsLost)))).boxed()
    }

    fn logs(&self, id: &ContainerId, options: LogOptions) -> BoxStream<'static, Result<LogChunk, RuntimeError>> {
        let (chunks, more) = match self.act(|world, _| Ok(world.find_mut(id)?.1.read(options.follow))) {
            Ok(read) => read,
            Err(error) => return stream::once(ready(Err(error))).boxed(),
        };
        let wanted = move |chunk: &LogChunk| options.since.is_none_or(|since| chunk.at >= since);
        let written: Vec<_> = chunks.into_iter().filter(wanted).map(Ok).collect();
        let written = stream::iter(written);
        match more {
            None => written.boxed(),
            Some(receiver) => {
                let later = stream::unfold(receiver, async |mut receiver| {
                    let chunk = receiver.recv().await?;
                    Some((Ok(chunk), receiver))
                });
                written.chain(later).boxed()
            }
        }
    }

    fn stats<'a>(&'a self, id: &'a ContainerId) -> BoxFuture<'a, Result<Stats, RuntimeError>> {
        async move {
            self.act(|world, now| {
                let stats = world.find_mut(id)?.1.stats(now, HOST_MEMORY);
                stats.ok_or_else(|| RuntimeError::NotStarted(id.clone()))
            })
        }
        .boxed()
    }

    fn create_volume(&self, spec: VolumeSpec) -> BoxFuture<'_, Result<(), RuntimeError>> {
        async move {
            self.act(|world, _| {
                world.make_volume(spec);
                Ok(())
            })
        }
        .boxed()
    }

    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>> {
        async move { self.act(|world, _| world.remove_volume(name)) }.boxed()
    }

    fn find_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<VolumeSpec>, RuntimeError>> {
        async move { self.act(|world, _| Ok(world.volumes().find(|volume| volume.name == name).cloned())) }.boxed()
    }

    fn list_volumes<'a>(
        &'a self,
        labels: &'a [(&'a str, Option<&'a str>)],
    ) -> BoxFuture<'a, Result<Vec<VolumeSpec>, RuntimeError>> {
        async move {
            self.act(|world, _| {
                let has = |volume: &VolumeSpec, name: &str, value: Option<&str>| {
                    volume
                        .labels
                        .get(name)
                        .is_some_and(|found| value.is_none_or(|value| value == found))
                };
                let ours = |volume: &&VolumeSpec| {
                    has(volume, crate::OWNER_LABEL, Some(&world.owner))
                        && labels.iter().all(|(name, value)| has(volume, name, *value))
                };
                let mut found: Vec<VolumeSpec> = world.volumes().filter(ours).cloned().collect();
                found.sort_by(|one, other| one.name.cmp(&other.name));
                Ok(found)
            })
        }
        .boxed()
    }

    fn create_group(&self, spec: GroupSpec) -> BoxFuture<'_, Result<Option<String>, RuntimeError>> {
        async move {
            self.act(|world, _| {
                let parent = format!("/ecs-{}/{}", world.owner, spec.name);
                world.groups.insert(spec.name.clone(), spec);
                Ok(Some(parent))
            })
        }
        .boxed()
    }

    fn remove_group<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), RuntimeError>> {
        async move {
            self.act(|world, _| {
                world.groups.remove(name);
                Ok(())
            })
        }
        .boxed()
    }

    fn list_groups(&self) -> BoxFuture<'_, Result<Vec<String>, RuntimeError>> {
        async move { self.act(|world, _| Ok(world.groups.keys().cloned().collect())) }.boxed()
    }

    fn import_rootfs<'a>(
        &'a self,
        image: &'a str,
        _tar: Vec<u8>,
        _command: &'a [&'a str],
    ) -> BoxFuture<'a, Result<ImageInfo, ImageError>> {
        async move { self.add_image(image, false) }.boxed()
    }
}
