//! The state of all simulated containers, and how it changes as time goes by.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use roadstead_core::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::names::{id_text, number_of, signal_name, signal_number};
use super::script::{Behaviour, NO_SPACE, STDERR, STDOUT};
use crate::RuntimeError;
use crate::spec::{ContainerId, ContainerSpec, GroupSpec, Labels, MountSource, Network, PortBinding, VolumeSpec};
use crate::state::{
    Checked, ContainerState, Event, EventKind, Exit, Health, ImageInfo, LogChunk, LogStream, Mounted, Phase, Stats,
    Status,
};

/// Events that may wait for one reader; at more it is cut off and told so.
const EVENT_BACKLOG: usize = 1 << 20;
/// No real process has a higher id on Linux, so a simulated one can never be taken for real.
const PID_BASE: u32 = 1 << 23;
const FIRST_DYNAMIC_PORT: u16 = 32_768;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const DEFAULT_MEMORY: u64 = 16 << 20;
const HOST_CPUS: u32 = 2;

/// One container.
pub(super) struct Container {
    pub(super) name: Box<str>,
    pub(super) image: Arc<str>,
    pub(super) image_id: Arc<str>,
    labels: Packed,
    pub(super) spec: Option<Arc<ContainerSpec>>,
    behaviour: Arc<Behaviour>,
    stop_signal: i32,
    memory_limit: Option<u64>,
    joins: Option<u64>,
    volumes: Box<[String]>,
    ports: Box<[PortBinding]>,
    pub(super) status: Status,
    /// Counts starts: what was due in an earlier run does not happen in a later one.
    run: u32,
    health: Health,
    health_interval: Option<Duration>,
    created: Timestamp,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    load: Load,
    waiting: Vec<oneshot::Sender<Exit>>,
    output: Option<Box<Output>>,
}

/// Labels in one piece, each name and each value closed by a zero: a map of them is several times as large.
struct Packed(Box<str>);

/// Use of the processor and memory; constant until it is set anew.
#[derive(Clone, Copy)]
struct Load {
    cpu_percent: u32,
    memory: u64,
    used: Duration,
    since: Timestamp,
}

#[derive(Default)]
struct Output {
    chunks: Vec<LogChunk>,
    followers: Vec<mpsc::UnboundedSender<LogChunk>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Health(bool),
    OutOfMemory,
    Exit(i32),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Timestamp,
    order: u64,
    container: u64,
    run: u32,
    due: Due,
}

/// What the containers of an image share.
#[derive(Clone)]
struct Known {
    image: Arc<str>,
    id: Arc<str>,
    behaviour: Arc<Behaviour>,
}

/// All of it.
#[derive(Default)]
pub(super) struct World {
    pub(super) owner: String,
    /// Boxed: the map's nodes are half empty when keys only ever grow.
    pub(super) containers: BTreeMap<u64, Box<Container>>,
    pub(super) images: HashMap<String, ImageInfo>,
    pub(super) scripts: HashMap<String, Behaviour>,
    pub(super) keep_specs: bool,
    pub(super) unreachable: bool,
    names: HashMap<Box<str>, u64>,
    known_images: HashMap<String, Known>,
    volumes: HashMap<String, (usize, VolumeSpec)>,
    pub(super) groups: BTreeMap<String, GroupSpec>,
    agenda: BinaryHeap<Reverse<Entry>>,
    order: u64,
    made: u64,
    ports_given: u16,
    readers: Vec<mpsc::Sender<Event>>,
}

impl World {
    pub(super) fn new(owner: String) -> Self {
        Self {
            owner,
            keep_specs: true,
            ..Self::default()
        }
    }

    pub(super) fn find(&self, id: &ContainerId) -> Result<(u64, &Container), RuntimeError> {
        let found = number_of(id).and_then(|number| Some((number, &**self.containers.get(&number)?)));
        found.ok_or_else(|| RuntimeError::NotFound(id.0.clone()))
    }

    pub(super) fn find_mut(&mut self, id: &ContainerId) -> Result<(u64, &mut Container), RuntimeError> {
        let number = self.find(id)?.0;
        let found = self
            .containers
            .get_mut(&number)
            .map(|container| (number, &mut **container));
        found.ok_or_else(|| RuntimeError::NotFound(id.0.clone()))
    }

    /// What containers of this image do.
    pub(super) fn behaviour(&self, image: &str) -> Result<Behaviour, String> {
        self.scripts
            .get(image)
            .map_or_else(|| Behaviour::of_image(image), |behaviour| Ok(*behaviour))
    }

    pub(super) fn create(&mut self, mut spec: ContainerSpec, now: Timestamp) -> Result<ContainerId, RuntimeError> {
        let Some(image) = self.images.get(&spec.image) else {
            return Err(RuntimeError::NoSuchImage(format!(
                "Error response from daemon: No such image: {}",
                spec.image
            )));
        };
        if spec.name.is_empty() {
            return Err(RuntimeError::InvalidSpec(
                "`` cannot name a container or volume".to_owned(),
            ));
        }
        if self.names.contains_key(spec.name.as_str()) {
            return Err(RuntimeError::NameInUse(format!(
                "Error response from daemon: Conflict. The container name \"/{}\" is already in use by container",
                spec.name
            )));
        }
        let image_id = image.id.clone();
        let behaviour = self
            .behaviour(&spec.image)
            .and_then(|behaviour| behaviour.with_environment(&spec));
        let behaviour = behaviour.map_err(RuntimeError::InvalidSpec)?;
        if behaviour.create_fails {
            return Err(RuntimeError::InvalidSpec(
                "Error response from daemon: simulated failure to create".to_owned(),
            ));
        }
        if behaviour.disk_full {
            return Err(RuntimeError::Engine(format!(
                "Error response from daemon: mkdir /var/lib/docker/overlay2/init: {NO_SPACE}"
            )));
        }
        let joins = match &spec.network {
            Network::Container(other) => Some(self.find(other)?.0),
            _ => None,
        };
        let stop_signal = match spec.stop_signal.as_deref() {
            Some(name) => signal_number(name).ok_or_else(|| {
                RuntimeError::InvalidSpec(format!("Error response from daemon: Invalid signal: {name}"))
            })?,
            None => behaviour.stop_signal.unwrap_or(SIGTERM),
        };
        for other in spec
            .volumes_from
            .iter()
            .map(|from| &from.container)
            .chain(spec.links.iter().map(|link| &link.0))
        {
            self.find(other)?;
        }
        if spec
            .labels
            .iter()
            .any(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            return Err(RuntimeError::InvalidSpec(
                "a label with a zero byte cannot be expressed".to_owned(),
            ));
        }
        let number = self.made;
        self.made += 1;
        spec.labels.insert(crate::OWNER_LABEL.to_owned(), self.owner.clone());
        let known = self.known_images.entry(spec.image.clone()).or_insert_with(|| Known {
            image: spec.image.as_str().into(),
            id: image_id.as_str().into(),
            behaviour: Arc::new(behaviour),
        });
        let Known {
            image,
            id: image_id,
            behaviour: usual,
        } = known.clone();
        // Most containers of an image behave alike.
        let behaviour = if *usual == behaviour {
            usual
        } else {
            Arc::new(behaviour)
        };
        let name: Box<str> = spec.name.as_str().into();
        let volumes: Vec<String> = spec
            .mounts
            .iter()
            .filter_map(|mount| match &mount.source {
                MountSource::Volume { name } => Some(name.clone()),
                _ => None,
            })
            .collect();
        for volume in &volumes {
            // As an engine does: a volume that nobody made is made, and belongs to nobody.
            let made = || {
                let spec = VolumeSpec {
                    name: volume.clone(),
                    ..VolumeSpec::default()
                };
                (0, spec)
            };
            self.volumes.entry(volume.clone()).or_insert_with(made).0 += 1;
        }
        let written = |name: &str, stream: LogStream| {
            let text = spec
                .env
                .iter()
                .rfind(|(key, _)| key == name)
                .map_or("", |(_, text)| text.as_str());
            text.lines()
                .map(move |line| LogChunk {
                    stream,
                    bytes: Bytes::from(format!("{line}\n")),
                    at: now,
                })
                .collect::<Vec<_>>()
        };
        let mut chunks = written(STDOUT, LogStream::Stdout);
        chunks.extend(written(STDERR, LogStream::Stderr));
        let checked = spec
            .health_check
            .as_ref()
            .filter(|check| check.test.first().is_some_and(|kind| kind != "NONE"));
        let container = Container {
            labels: Packed::new(&spec.labels),
            image,
            image_id,
            behaviour,
            stop_signal,
            memory_limit: spec.memory,
            joins,
            volumes: volumes.into(),
            ports: match &spec.network {
                Network::Bridge { ports } => ports.clone().into(),
                _ => Box::default(),
            },
            status: Status::Created,
            run: 0,
            health: Health::None,
            health_interval: checked.map(|check| check.interval),
            created: now,
            started: None,
            finished: None,
            load: Load {
                cpu_percent: 1,
                memory: DEFAULT_MEMORY,
                used: Duration::ZERO,
                since: now,
            },
            waiting: Vec::new(),
            output: (!chunks.is_empty()).then(|| {
                Box::new(Output {
                    chunks,
                    followers: Vec::new(),
                })
            }),
            spec: self.keep_specs.then(|| Arc::new(spec)),
            name: name.clone(),
        };
        self.names.insert(name, number);
        self.containers.insert(number, Box::new(container));
        Ok(ContainerId(id_text(number)))
    }

    pub(super) fn start(&mut self, id: &ContainerId, now: Timestamp) -> Result<(), RuntimeError> {
        let (number, seen) = self.find(id)?;
        if seen.status == Status::Running {
            return Ok(());
        }
        if seen.behaviour.start_fails {
            return Err(RuntimeError::StartFailed(
                "Error response from daemon: simulated failure to start".to_owned(),
            ));
        }
        if let Some(other) = seen.joins
            && !self
                .containers
                .get(&other)
                .is_some_and(|other| other.status == Status::Running)
        {
            return Err(RuntimeError::StartFailed(format!(
                "Error response from daemon: cannot join network of a non running container: {}",
                id_text(other)
            )));
        }
        let mut given = self.ports_given;
        let (_, container) = self.find_mut(id)?;
        for port in container.ports.iter_mut().filter(|port| port.host_port.is_none()) {
            port.host_port = Some(FIRST_DYNAMIC_PORT + given % FIRST_DYNAMIC_PORT);
            given = given.wrapping_add(1);
        }
        container.status = Status::Running;
        container.run += 1;
        container.started = Some(now);
        container.finished = None;
        container.load.since = now;
        // What is written at the first start; what an earlier run wrote keeps its time.
        if container.run == 1 {
            for chunk in container.output.iter_mut().flat_map(|output| &mut output.chunks) {
                chunk.at = now;
            }
        }
        let behaviour = *container.behaviour;
        let healthy = behaviour.healthy_after.or(container
            .health_interval
            .filter(|_| behaviour.unhealthy_after.is_none()));
        container.health = if healthy.or(behaviour.unhealthy_after).is_some() {
            Health::Starting
        } else {
            Health::None
        };
        self.ports_given = given;
        self.tell(number, now, EventKind::Started);
        let agenda = [
            healthy.map(|after| (after, Due::Health(true))),
            behaviour.unhealthy_after.map(|after| (after, Due::Health(false))),
            behaviour.runs_out_of_memory.map(|after| (after, Due::OutOfMemory)),
            behaviour.exits.map(|(after, code)| (after, Due::Exit(code))),
        ];
        for (after, due) in agenda.into_iter().flatten() {
            self.plan(number, now.plus(after), due);
        }
        self.advance(now);
        Ok(())
    }

    /// Sends a signal; a signal of 0 stands for the container's own stop signal.
    pub(super) fn signal(&mut self, id: &ContainerId, signal: i32, now: Timestamp) -> Result<(), RuntimeError> {
        let (number, container) = self.find(id)?;
        if container.status != Status::Running {
            return Ok(());
        }
        let signal = if signal == 0 { container.stop_signal } else { signal };
        let after = match signal {
            SIGKILL => Duration::ZERO,
            // Hang-up, interrupt, quit, terminate: what programs end by. The rest they are taken to handle.
            1 | 2 | 3 | 15 if !container.behaviour.stubborn => container.behaviour.stop_takes,
            _ => return Ok(()),
        };
        self.plan(number, now.plus(after), Due::Exit(128 + signal));
        self.advance(now);
        Ok(())
    }

    /// Lets a running container be killed at `at`, if it still runs then.
    pub(super) fn kill_at(&mut self, id: &ContainerId, at: Timestamp) -> Result<(), RuntimeError> {
        let number = self.find(id)?.0;
        self.plan(number, at, Due::Exit(128 + SIGKILL));
        Ok(())
    }

    pub(super) fn remove(&mut self, number: u64, now: Timestamp) {
        self.finish(
            number,
            Exit {
                code: 128 + SIGKILL,
                oom: false,
            },
            now,
        );
        self.tell(number, now, EventKind::Destroyed);
        if let Some(container) = self.containers.remove(&number) {
            self.names.remove(&container.name);
            for volume in &container.volumes {
                if let Some((users, _)) = self.volumes.get_mut(volume) {
                    *users = users.saturating_sub(1);
                }
            }
        }
    }

    /// So many ports in a row that no container was given lately; the first of them.
    pub fn give_ports(&mut self, count: u16) -> Option<u16> {
        if count == 0 || count > FIRST_DYNAMIC_PORT {
            return None;
        }
        let mut given = self.ports_given % FIRST_DYNAMIC_PORT;
        if given > FIRST_DYNAMIC_PORT - count {
            given = 0;
        }
        self.ports_given = given + count;
        Some(FIRST_DYNAMIC_PORT + given)
    }

    /// Ends a running container; does nothing to one that does not run.
    pub(super) fn finish(&mut self, number: u64, exit: Exit, at: Timestamp) {
        let Some(container) = self
            .containers
            .get_mut(&number)
            .filter(|container| container.status == Status::Running)
        else {
            return;
        };
        container.settle(at);
        container.status = Status::Exited(exit);
        container.finished = Some(at);
        for waiting in std::mem::take(&mut container.waiting) {
            // Who waited may have given up.
            let _ = waiting.send(exit);
        }
        if let Some(output) = &mut container.output {
            output.followers.clear();
        }
        if exit.oom {
            self.tell(number, at, EventKind::Oom);
        }
        self.tell(number, at, EventKind::Died { code: exit.code });
    }

    pub(super) fn set_health(&mut self, number: u64, health: Health, at: Timestamp) {
        let Some(container) = self.containers.get_mut(&number) else {
            return;
        };
        if container.status == Status::Running && container.health != health {
            container.health = health;
            self.tell(number, at, EventKind::Health(health));
        }
    }

    fn plan(&mut self, number: u64, at: Timestamp, due: Due) {
        let Some(container) = self.containers.get(&number) else {
            return;
        };
        let entry = Entry {
            at,
            order: self.order,
            container: number,
            run: container.run,
            due,
        };
        self.order += 1;
        self.agenda.push(Reverse(entry));
    }

    /// When something will happen next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.agenda.peek().map(|Reverse(entry)| entry.at)
    }

    /// Lets everything happen that was due until `now`, in its order and at its own time.
    pub(super) fn advance(&mut self, now: Timestamp) {
        while self.next().is_some_and(|at| at <= now) {
            let Some(Reverse(entry)) = self.agenda.pop() else { break };
            let current = self
                .containers
                .get(&entry.container)
                .is_some_and(|container| container.run == entry.run);
            if !current {
                continue;
            }
            match entry.due {
                Due::Health(good) => {
                    let health = if good { Health::Healthy } else { Health::Unhealthy };
                    self.set_health(entry.container, health, entry.at);
                }
                Due::OutOfMemory => {
                    self.finish(
                        entry.container,
                        Exit {
                            code: 128 + SIGKILL,
                            oom: true,
                        },
                        entry.at,
                    );
                }
                Due::Exit(code) => self.finish(entry.container, Exit { code, oom: false }, entry.at),
            }
        }
    }

    pub(super) fn read_events(&mut self) -> mpsc::Receiver<Event> {
        let (sender, receiver) = mpsc::channel(EVENT_BACKLOG);
        self.readers.push(sender);
        receiver
    }

    /// Cuts all readers of events and of output off, as an engine does that goes away.
    pub(super) fn hang_up(&mut self) {
        self.readers.clear();
        for output in self
            .containers
            .values_mut()
            .filter_map(|container| container.output.as_mut())
        {
            output.followers.clear();
        }
    }

    fn tell(&mut self, number: u64, at: Timestamp, kind: EventKind) {
        if self.readers.is_empty() {
            return;
        }
        let Some(container) = self.containers.get(&number) else {
            return;
        };
        let event = Event {
            id: ContainerId(id_text(number)),
            labels: container.labels(),
            at,
            kind,
        };
        self.readers.retain(|reader| reader.try_send(event.clone()).is_ok());
    }

    pub(super) fn make_volume(&mut self, mut spec: VolumeSpec) {
        let owner = self.owner.clone();
        self.volumes.entry(spec.name.clone()).or_insert_with(|| {
            spec.labels.insert(crate::OWNER_LABEL.to_owned(), owner);
            (0, spec)
        });
    }

    /// A volume that is there before anybody asks for one.
    pub(super) fn add_volume(&mut self, spec: VolumeSpec) {
        self.volumes.insert(spec.name.clone(), (0, spec));
    }

    pub(super) fn volumes(&self) -> impl Iterator<Item = &VolumeSpec> {
        self.volumes.values().map(|(_, spec)| spec)
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Result<(), RuntimeError> {
        if self.volumes.get(name).is_some_and(|(users, _)| *users > 0) {
            return Err(RuntimeError::Engine(format!(
                "Error response from daemon: remove {name}: volume is in use"
            )));
        }
        self.volumes.remove(name);
        Ok(())
    }
}

impl Packed {
    fn new(labels: &Labels) -> Self {
        let mut text = String::with_capacity(labels.iter().map(|(name, value)| name.len() + value.len() + 2).sum());
        for (name, value) in labels {
            text.extend([name, "\0", value, "\0"]);
        }
        Self(text.into())
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut words = self.0.split_terminator('\0');
        std::iter::from_fn(move || Some((words.next()?, words.next()?)))
    }
}

impl Container {
    pub(super) fn labels(&self) -> Arc<Labels> {
        Arc::new(
            self.labels
                .pairs()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Whether it has all of these labels; `None` as value matches any.
    pub(super) fn has(&self, wanted: &[(&str, Option<&str>)]) -> bool {
        wanted.iter().all(|(name, value)| {
            self.labels
                .pairs()
                .any(|(found, has)| found == *name && value.is_none_or(|value| value == has))
        })
    }

    pub(super) fn phase(&self) -> Phase {
        match self.status {
            Status::Created => Phase::Created,
            Status::Running => Phase::Running,
            Status::Exited(_) => Phase::Exited,
        }
    }

    pub(super) fn state(&self, number: u64) -> ContainerState {
        let running = self.status == Status::Running;
        ContainerState {
            id: ContainerId(id_text(number)),
            name: self.name.to_string(),
            image: self.image.to_string(),
            image_id: self.image_id.to_string(),
            labels: self.labels(),
            status: self.status,
            pid: running.then(|| PID_BASE.saturating_add(u32::try_from(number).unwrap_or(u32::MAX))),
            stop_signal: Some(signal_name(self.stop_signal)),
            created_at: Some(self.created),
            started_at: self.started,
            finished_at: self.finished,
            health: self.health,
            checked: match self.health {
                Health::None | Health::Starting => None,
                Health::Healthy | Health::Unhealthy => Some(Checked {
                    exit_code: i32::from(self.health == Health::Unhealthy),
                    output: String::new(),
                }),
            },
            error: None,
            ports: if running { self.ports.to_vec() } else { Vec::new() },
            addresses: Vec::new(),
            mounted: self.mounted(),
        }
    }

    fn mounted(&self) -> Vec<Mounted> {
        let mounts = self.spec.iter().flat_map(|spec| &spec.mounts);
        let mut found: Vec<Mounted> = mounts
            .map(|mount| {
                let (name, source) = match &mount.source {
                    MountSource::Bind { host_path } => (None, Some(host_path.clone())),
                    MountSource::Volume { name } => (Some(name.clone()), Some(format!("/volumes/{name}"))),
                    MountSource::Tmpfs { .. } => (None, None),
                };
                Mounted {
                    name,
                    source,
                    destination: mount.target.clone(),
                }
            })
            .collect();
        found.sort_by(|a, b| a.destination.cmp(&b.destination));
        found
    }

    /// Bytes of its output: it writes nothing else.
    pub(super) fn written(&self) -> u64 {
        let chunks = self.output.iter().flat_map(|output| &output.chunks);
        chunks.map(|chunk| chunk.bytes.len() as u64).sum()
    }

    /// Tells when it ends; `None` when it never started.
    pub(super) fn wait(&mut self) -> Option<Result<Exit, oneshot::Receiver<Exit>>> {
        match self.status {
            Status::Created => None,
            Status::Exited(exit) => Some(Ok(exit)),
            Status::Running => {
                let (sender, receiver) = oneshot::channel();
                self.waiting.push(sender);
                Some(Err(receiver))
            }
        }
    }

    pub(super) fn write(&mut self, stream: LogStream, text: &str, at: Timestamp) {
        let output = self.output.get_or_insert_default();
        let chunk = LogChunk {
            stream,
            bytes: Bytes::from(text.to_owned()),
            at,
        };
        output.followers.retain(|follower| follower.send(chunk.clone()).is_ok());
        output.chunks.push(chunk);
    }

    /// What was written so far, and what will be, when it still runs.
    pub(super) fn read(&mut self, follow: bool) -> (Vec<LogChunk>, Option<mpsc::UnboundedReceiver<LogChunk>>) {
        if self.status == Status::Created {
            return (Vec::new(), None);
        }
        let chunks = self
            .output
            .as_ref()
            .map(|output| output.chunks.clone())
            .unwrap_or_default();
        if !follow || self.status != Status::Running {
            return (chunks, None);
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        self.output.get_or_insert_default().followers.push(sender);
        (chunks, Some(receiver))
    }

    /// Adds up the processor time used until `now`.
    fn settle(&mut self, now: Timestamp) {
        if self.status == Status::Running {
            self.load.used += now.since(self.load.since) * self.load.cpu_percent / 100;
        }
        self.load.since = now;
    }

    pub(super) fn set_load(&mut self, cpu_percent: u32, memory: u64, now: Timestamp) {
        self.settle(now);
        self.load.cpu_percent = cpu_percent;
        self.load.memory = memory;
    }

    pub(super) fn stats(&mut self, now: Timestamp, host_memory: u64) -> Option<Stats> {
        if self.status != Status::Running {
            return None;
        }
        self.settle(now);
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let used = nanos(self.load.used);
        Some(Stats {
            at: now,
            cpu_total: used,
            cpu_user: used,
            cpu_system: 0,
            host_cpu_total: nanos(now.since(Timestamp::from_millis(0))).saturating_mul(u64::from(HOST_CPUS)),
            online_cpus: HOST_CPUS,
            memory_usage: self.load.memory,
            memory_max: None,
            memory_limit: self.memory_limit.unwrap_or(host_memory),
            memory_detail: BTreeMap::new(),
            pids: 1,
            block_read: 0,
            block_write: 0,
            networks: BTreeMap::new(),
        })
    }
}
