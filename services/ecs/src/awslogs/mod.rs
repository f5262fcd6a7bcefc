//! The log driver `awslogs`: the output of containers, put into CloudWatch Logs as the task's execution role, or without one
//! as the role of its container instance.
//!
//! The engine keeps what a container writes; a reconciler per container reads it, puts it in batches and notes how far it
//! came. Nothing is lost when a container ends, as it is removed only after its output was read to the end and delivered
//! (or none could be for [`PATIENCE`]). After a crash the reading goes on from the last note: at most the batch that was
//! being put then is there twice.

mod batch;
mod lines;
mod options;
mod progress;
mod pump;
mod stream;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use api_ecs::ContainerDefinition;
use api_logs::InputLogEvent;
use roadstead_containers::Runtime;
use roadstead_control::{Controller, Next, Reconciler};
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Kernel, Result};
use roadstead_store::Table;

pub use self::options::{check, log_mode, shown};
pub use self::progress::Mark;

use self::options::{Config, Mode, leaves_mode};
use self::pump::Pump;
use self::stream::Sessions;
use self::writer::Writer;
use crate::control::{TaskControl, TaskKey};
use crate::records::{AccountSetting, ContainerInstance, ContainerStatus, LogCursor, LogSink, Task, TaskDefinition};
use crate::run::revision_key;
use crate::scope_of;

/// How long a container that has ended is kept when none of its output can be delivered.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a container is looked at when nothing calls for it.
const LOOK: Duration = Duration::from_secs(30);
/// Calls of one look; a container that needs more is looked at again.
const MAX_STEPS: usize = 16;

/// Names a container whose output is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogKey {
    /// Its task.
    pub task: TaskKey,
    /// Its name.
    pub container: String,
}

/// Delivers the output of containers.
pub struct AwsLogs {
    kernel: Arc<Kernel>,
    runtime: Arc<dyn Runtime>,
    tasks: Table<Task>,
    definitions: Table<TaskDefinition>,
    cursors: Table<LogCursor>,
    settings: Table<AccountSetting>,
    instances: Table<ContainerInstance>,
    sessions: Sessions,
    works: Mutex<HashMap<LogKey, Work>>,
    control: OnceLock<Weak<Controller<Self>>>,
    watcher: OnceLock<Weak<Controller<TaskControl>>>,
}

impl AwsLogs {
    /// Works on the tasks of a store, with an engine.
    pub fn start(
        kernel: Arc<Kernel>,
        runtime: Arc<dyn Runtime>,
        tasks: Table<Task>,
        definitions: Table<TaskDefinition>,
    ) -> Arc<Controller<Self>> {
        let clock = Arc::clone(kernel.clock());
        let cursors = Table::new(Arc::clone(tasks.store()));
        let settings = Table::new(Arc::clone(tasks.store()));
        let instances = Table::new(Arc::clone(tasks.store()));
        let controller = Controller::new(
            Self {
                sessions: Sessions::new(Arc::clone(&kernel)),
                kernel,
                runtime,
                tasks,
                definitions,
                cursors,
                settings,
                instances,
                works: Mutex::default(),
                control: OnceLock::new(),
                watcher: OnceLock::new(),
            },
            clock,
        );
        let itself = Arc::downgrade(&controller);
        controller.reconciler().control.get_or_init(|| itself);
        controller
    }

    /// Tells who waits for output to be delivered; the first one stays.
    pub fn watched_by(&self, tasks: &Arc<Controller<TaskControl>>) {
        self.watcher.get_or_init(|| Arc::downgrade(tasks));
    }

    /// Whether nothing that a container writes is ever dropped, by its definition or else by its account.
    pub async fn keeps_all(&self, place: Place, container: &ContainerDefinition) -> Result<bool> {
        if leaves_mode(container) {
            let root = place.global_arn("iam", "root");
            let id = ["defaultLogDriverMode", root.as_str()];
            let found = self.settings.get(scope_of(place).of(), &id).await?;
            return Ok(found.is_some_and(|found| found.record.value == "blocking"));
        }
        let config = Config::of(container).ok().flatten();
        Ok(config.is_some_and(|config| config.mode == Mode::Blocking))
    }

    /// Makes the stream of a container before it starts; `None` with another driver.
    ///
    /// The inner error is why the task stops, in AWS's words.
    pub async fn open(
        &self,
        place: Place,
        task: &Task,
        definition: &TaskDefinition,
        container: &ContainerDefinition,
        engine_id: &str,
    ) -> Result<Result<Option<LogSink>, (LogSink, String)>> {
        let name = container.name.as_deref().unwrap_or_default();
        let config = match Config::of(container) {
            Ok(Some(config)) => config,
            Ok(None) => return Ok(Ok(None)),
            Err(why) => return Ok(Err((LogSink::default(), stream::invalid(&why)))),
        };
        let sink = LogSink {
            region: config.region.as_str().to_owned(),
            group: config.group.clone(),
            stream: config.stream(name, &task.id, engine_id),
            blocking: self.keeps_all(place, container).await?,
            drained: false,
            delivered_at: None,
        };
        let failed = |why: String| {
            let sink = LogSink {
                drained: true,
                ..sink.clone()
            };
            Ok(Err((sink, why)))
        };
        let Some(writer) = Writer::of(&self.instances, place, task, definition).await? else {
            return failed(stream::invalid("the task has no execution role"));
        };
        let session = match self.sessions.of(place, task, &writer, config.region).await {
            Ok(session) => session,
            Err(Fault::Api(_)) => return failed(writer.refused()),
            Err(internal) => return Err(internal),
        };
        match stream::create(&session, &config, &sink).await? {
            Ok(()) => Ok(Ok(Some(sink))),
            Err(why) => failed(why),
        }
    }

    /// Asks for a look at a container.
    pub fn look(&self, task: &TaskKey, container: &str) {
        if let Some(control) = self.control.get().and_then(Weak::upgrade) {
            control.enqueue(LogKey {
                task: task.clone(),
                container: container.to_owned(),
            });
        }
    }

    /// Asks for a look at a container that is not looked after yet.
    pub fn attend(&self, task: &TaskKey, container: &str) {
        let key = LogKey {
            task: task.clone(),
            container: container.to_owned(),
        };
        if !self.works().contains_key(&key) {
            self.look(task, container);
        }
    }

    /// How far the output of a container was delivered, if any was.
    pub async fn delivered(&self, task: &TaskKey, container: &str) -> Result<Option<LogCursor>> {
        let id = [task.cluster.as_str(), &task.task, container];
        let found = self.cursors.get(scope_of(task.place).of(), &id).await?;
        Ok(found.map(|found| found.record))
    }

    /// Forgets how far the output of a task's containers was delivered.
    pub async fn forget(&self, task: &TaskKey) -> Result<()> {
        self.sessions.close(task.place, &task.task);
        let scope = scope_of(task.place);
        let below = [task.cluster.as_str(), &task.task];
        for found in self.cursors.list(scope.of(), &below, None, usize::MAX).await?.records {
            let id = [below[0], below[1], &found.record.container];
            self.cursors.delete(scope.of(), &id, found.revision).await?;
        }
        Ok(())
    }

    fn works(&self) -> MutexGuard<'_, HashMap<LogKey, Work>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A container whose output is delivered, as it is on record.
struct Source {
    task: Task,
    sink: LogSink,
    engine_id: String,
    ended: bool,
}

/// The work on one container, as long as the program runs.
struct Work {
    pump: Pump,
    config: Config,
    writer: Writer,
}

impl AwsLogs {
    /// What is to be delivered; `None` when nothing is any more.
    async fn source(&self, key: &LogKey) -> Result<Option<Source>> {
        let id = [key.task.cluster.as_str(), &key.task.task];
        let found = self.tasks.get(scope_of(key.task.place).of(), &id).await?;
        let Some(task) = found.map(|found| found.record) else {
            return Ok(None);
        };
        let container = task.containers.iter().find(|container| container.name == key.container);
        let Some((container, sink)) = container.and_then(|container| Some((container, container.log.clone()?))) else {
            return Ok(None);
        };
        let Some(engine_id) = container.engine_id.clone().filter(|_| !sink.drained) else {
            return Ok(None);
        };
        Ok(Some(Source {
            ended: container.status == ContainerStatus::Stopped,
            sink,
            engine_id,
            task,
        }))
    }

    /// The work that goes on already, or work that goes on from where a run before this one came; `None` where there is
    /// none to do.
    async fn begin(&self, key: &LogKey, source: &Source) -> Result<Option<Work>> {
        if let Some(work) = self.works().remove(key) {
            return Ok(Some(work));
        }
        let scope = scope_of(key.task.place);
        let id = [source.task.family.as_str(), &revision_key(source.task.revision)];
        let Some(definition) = self.definitions.get(scope.of(), &id).await?.map(|found| found.record) else {
            return Ok(None);
        };
        let writer = Writer::of(&self.instances, key.task.place, &source.task, &definition).await?;
        let wanted = definition
            .containers()
            .iter()
            .find(|c| c.name.as_deref() == Some(&key.container));
        let config = wanted.and_then(|wanted| Config::of(wanted).ok().flatten());
        let (Some(mut config), Some(writer)) = (config, writer) else {
            return Ok(None);
        };
        if source.sink.blocking {
            config.mode = Mode::Blocking;
        }
        let id = [key.task.cluster.as_str(), &key.task.task, &key.container];
        let cursor = self.cursors.get(scope.of(), &id).await?.map(|found| found.record);
        // All is delivered, but the task's record does not say so yet.
        if cursor.as_ref().is_some_and(|cursor| cursor.drained) {
            return Ok(None);
        }
        let mark = cursor.map(|cursor| cursor.mark).unwrap_or_default();
        let control = self.control.get().cloned().unwrap_or_default();
        let pump = Pump::new(key.clone(), control, &source.engine_id, &config, mark);
        Ok(Some(Work { pump, config, writer }))
    }

    /// Ends the work on a container, and the task's session with the last one.
    fn end(&self, key: &LogKey) {
        let mut works = self.works();
        works.remove(key);
        if !works.keys().any(|other| other.task == key.task) {
            self.sessions.close(key.task.place, &key.task.task);
        }
    }

    /// Reads and puts until there is nothing to do now; when to look again.
    async fn advance(&self, key: &LogKey, source: &Source, work: &mut Work) -> Result<Next> {
        let Work { pump, config, writer } = work;
        for _ in 0..MAX_STEPS {
            let now = self.kernel.clock().now();
            let pause = pump.read(&*self.runtime, source.ended, now);
            let dropped = pump.take_dropped();
            if dropped > 0 {
                tracing::warn!(
                    ?key,
                    dropped,
                    "lines were dropped: they could not be delivered and their buffer is full"
                );
            }
            if pump.is_drained() {
                self.note(key, Mark::default(), true).await?;
                if let Some(tasks) = self.watcher.get().and_then(Weak::upgrade) {
                    tasks.enqueue(key.task.clone());
                }
                return Ok(Next::Forget);
            }
            let count = pump.due(now);
            if count == 0 {
                return Ok(Next::In(pump.next(&pause, now, LOOK)));
            }
            match self
                .put(key, source, (config, writer), pump.waiting().batch(count))
                .await
            {
                Ok(()) => self.note(key, pump.done(count, now), false).await?,
                Err(Fault::Api(error)) if error.name() == "InvalidParameterException" => {
                    tracing::warn!(?key, %error, count, "lines were given up: CloudWatch Logs does not take them");
                    self.note(key, pump.done(count, now), false).await?;
                }
                Err(fault) => {
                    pump.failed(now);
                    let failures = pump.failures();
                    tracing::warn!(?key, %fault, failures, "lines could not be delivered; it is tried again");
                }
            }
        }
        Ok(Next::In(Duration::ZERO))
    }

    async fn put(
        &self,
        key: &LogKey,
        source: &Source,
        (config, writer): (&Config, &Writer),
        batch: Vec<InputLogEvent>,
    ) -> Result<()> {
        let place = key.task.place;
        let session = self.sessions.of(place, &source.task, writer, config.region).await?;
        let put = stream::put(&session, &source.sink, batch).await;
        match &put {
            // The stream was deleted meanwhile, or its group: another one, or the next failure says why not.
            Err(Fault::Api(error)) if error.name() == "ResourceNotFoundException" => {
                if let Err(why) = stream::create(&session, config, &source.sink).await? {
                    tracing::warn!(?key, why, "a log stream is gone and could not be made again");
                }
            }
            Err(Fault::Api(error)) if error.name().contains("Token") => {
                self.sessions.close(key.task.place, &source.task.id);
            }
            _ => {}
        }
        put
    }

    async fn note(&self, key: &LogKey, mark: Mark, drained: bool) -> Result<()> {
        let cursor = LogCursor {
            container: key.container.clone(),
            mark,
            drained,
            at: Some(self.kernel.clock().now()),
        };
        let id = [key.task.cluster.as_str(), &key.task.task, &key.container];
        self.cursors.put(scope_of(key.task.place).of(), &id, &cursor).await?;
        Ok(())
    }
}

impl Reconciler for AwsLogs {
    type Key = LogKey;

    fn name(&self) -> &'static str {
        "ecs/awslogs"
    }

    async fn reconcile(&self, key: &LogKey) -> Result<Next> {
        let Some(source) = self.source(key).await? else {
            self.end(key);
            return Ok(Next::Forget);
        };
        let Some(mut work) = self.begin(key, &source).await? else {
            return Ok(Next::Forget);
        };
        let next = self.advance(key, &source, &mut work).await;
        match next {
            Ok(Next::Forget) => self.end(key),
            Ok(_) => {
                self.works().insert(key.clone(), work);
            }
            // Work whose note could not be written begins anew, from the note before.
            Err(_) => {}
        }
        next
    }
}
