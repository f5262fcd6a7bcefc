//! The container instances of a cluster and the tasks on them, as far as placement needs them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use roadstead_core::Timestamp;

use super::demand::{Demand, Kind, Port, Refusal, Rule, Usage};
use super::query::Facts;
use super::view::View;

/// Views that are kept; the one that was used longest ago makes room.
const VIEWS: usize = 32;

/// A task's id: 32 hexadecimal digits as 16 bytes.
pub type TaskId = [u8; 16];

/// Reads the id of a task.
pub fn task_id(text: &str) -> Option<TaskId> {
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

/// A container instance, as it was registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The id.
    pub id: String,
    /// The EC2 instance.
    pub ec2: Option<String>,
    /// Whether new tasks may be placed on it: `ACTIVE`.
    pub active: bool,
    /// Whether its agent is connected.
    pub connected: bool,
    /// The version of its agent.
    pub agent_version: Option<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// The attributes; an empty text stands for no value.
    pub attributes: BTreeMap<String, String>,
    /// What it has.
    pub total: Left,
}

/// What an instance has, or has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// CPU units; below zero where tasks were there before the instance was registered with less.
    pub cpu: i64,
    /// Memory in MiB.
    pub memory: i64,
    /// GPUs.
    pub gpu: i64,
    /// Ports that are taken.
    pub taken: Vec<Port>,
}

/// An instance and what its tasks take.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) instance: Instance,
    pub(super) kind: Kind,
    pub(super) left: Left,
    /// The groups that its tasks are of, each once.
    groups: Vec<Arc<str>>,
    tasks: u32,
    running: u32,
}

#[derive(Debug)]
struct Placed {
    usage: Arc<Usage>,
    node: u32,
    running: bool,
}

/// How many tasks of a group are on the nodes that have any.
pub(super) type OnNodes = HashMap<u32, u32>;

/// The instances and tasks of a cluster.
#[derive(Debug, Default)]
pub struct Snapshot {
    nodes: Vec<Option<Node>>,
    by_id: HashMap<String, u32>,
    tasks: HashMap<TaskId, Placed>,
    /// Where the tasks of each group are: counted beside the nodes, so that a node with many groups costs nobody more.
    groups: HashMap<Arc<str>, OnNodes>,
    usages: HashSet<Arc<Usage>>,
    views: Vec<View>,
    /// The view that was used last: tasks come in runs that ask for the same.
    last_view: usize,
    /// Nodes that changed, the last at the end; views catch up with it.
    changes: VecDeque<u32>,
    /// How many changes came before those.
    forgotten: u64,
    /// Grows with what makes views useless: instances that come, go or change their attributes.
    epoch: u64,
    used: u64,
    seed: u64,
}

impl Snapshot {
    /// A cluster without instances; the seed decides what is left to chance.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// Adds an instance, or takes over how it is now; its tasks stay.
    pub fn put(&mut self, instance: Instance) {
        let kind = Kind::of(instance.attributes.keys().map(String::as_str));
        let known = self.by_id.get(&instance.id).copied();
        if let (Some(at), Some(node)) = (known, known.and_then(|at| self.node_mut(at))) {
            let is_same_place = node.instance.attributes == instance.attributes;
            let mut left = instance.total.clone();
            node.instance = instance;
            node.kind = kind;
            for placed in self.tasks.values().filter(|placed| placed.node == at) {
                left.take(&placed.usage);
            }
            if let Some(node) = self.node_mut(at) {
                node.left = left;
            }
            if is_same_place {
                self.touch(at);
            } else {
                self.forget_views();
            }
            return;
        }
        let node = Node {
            kind,
            left: instance.total.clone(),
            groups: Vec::new(),
            tasks: 0,
            running: 0,
            instance,
        };
        let free = self.nodes.iter().position(Option::is_none).unwrap_or(self.nodes.len());
        let Ok(at) = u32::try_from(free) else { return };
        self.by_id.insert(node.instance.id.clone(), at);
        match self.nodes.get_mut(free) {
            Some(slot) => *slot = Some(node),
            None => self.nodes.push(Some(node)),
        }
        self.forget_views();
    }

    /// Removes an instance, and what was known of its tasks.
    pub fn remove(&mut self, id: &str) {
        let Some(at) = self.by_id.remove(id) else { return };
        self.tasks.retain(|_, placed| placed.node != at);
        let removed = self.nodes.get_mut(at as usize).and_then(Option::take);
        for group in removed.iter().flat_map(|node| &node.groups) {
            if let Some(on_nodes) = self.groups.get_mut(group) {
                on_nodes.remove(&at);
                if on_nodes.is_empty() {
                    self.groups.remove(group);
                }
            }
        }
        self.forget_views();
    }

    /// Changes whether the agent of an instance is connected.
    pub fn set_connected(&mut self, id: &str, connected: bool) {
        let Some(at) = self.by_id.get(id).copied() else { return };
        if let Some(node) = self.node_mut(at) {
            node.instance.connected = connected;
            self.touch(at);
        }
    }

    /// The instances.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.nodes.iter().flatten().map(|node| &node.instance)
    }

    /// An instance.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.find(id).map(|node| &node.instance)
    }

    /// What an instance has left.
    pub fn left(&self, id: &str) -> Option<&Left> {
        self.find(id).map(|node| &node.left)
    }

    /// Tasks on an instance: those that run, and those on their way there.
    pub fn counts(&self, id: &str) -> Option<(u32, u32)> {
        self.find(id).map(|node| (node.running, node.tasks - node.running))
    }

    /// Whether an instance has tasks of other groups than those that the test accepts.
    pub fn has_others(&self, id: &str, mut accepts: impl FnMut(&str) -> bool) -> bool {
        self.find(id)
            .is_some_and(|node| node.groups.iter().any(|group| !accepts(group)))
    }

    /// Where a task is.
    pub fn place_of(&self, task: TaskId) -> Option<&Instance> {
        let placed = self.tasks.get(&task)?;
        self.node(placed.node).map(|node| &node.instance)
    }

    /// How many tasks are placed.
    pub fn placed(&self) -> usize {
        self.tasks.len()
    }

    /// Whether an expression holds of an instance.
    pub fn holds(&self, id: &str, query: &super::Query) -> bool {
        self.find(id).is_some_and(|node| query.holds(node))
    }

    /// Places a task on the best instance that can take it; the instance, or nothing where none can.
    pub fn place(&mut self, demand: &Demand, task: TaskId) -> Option<&Instance> {
        let at = self.best(demand)?;
        self.occupy_node(at, &demand.usage, task);
        self.node(at).map(|node| &node.instance)
    }

    /// Places a task on an instance, if it can take it.
    pub fn place_on(&mut self, id: &str, demand: &Demand, task: TaskId) -> Result<(), Refusal> {
        let at = self.by_id.get(id).copied().ok_or(Refusal::Inactive)?;
        let node = self.node(at).ok_or(Refusal::Inactive)?;
        match node.refusal(demand, self.of_group(at, &demand.usage.group)) {
            Some(refusal) => Err(refusal),
            None => {
                self.occupy_node(at, &demand.usage, task);
                Ok(())
            }
        }
    }

    /// Notes a task that is on an instance already, whether or not it fits.
    pub fn occupy(&mut self, id: &str, usage: &Arc<Usage>, task: TaskId) {
        if let Some(at) = self.by_id.get(id).copied() {
            self.release(task);
            self.occupy_node(at, usage, task);
        }
    }

    /// Gives back what a task took; whether it took anything.
    pub fn release(&mut self, task: TaskId) -> bool {
        let Some(placed) = self.tasks.remove(&task) else {
            return false;
        };
        let (group, at) = (&placed.usage.group, placed.node);
        let is_last = self.count_out(group, at);
        if let Some(node) = self.node_mut(at) {
            node.left.give(&placed.usage);
            node.tasks -= 1;
            node.running -= u32::from(placed.running);
            if is_last && let Some(known) = node.groups.iter().position(|known| known == group) {
                node.groups.swap_remove(known);
            }
            self.touch(at);
        }
        true
    }

    /// Counts a task of a group on a node less; whether it was the last one there.
    fn count_out(&mut self, group: &Arc<str>, at: u32) -> bool {
        let Some(on_nodes) = self.groups.get_mut(group) else {
            return false;
        };
        let left = on_nodes.get(&at).copied().unwrap_or(0).saturating_sub(1);
        if left > 0 {
            on_nodes.insert(at, left);
            return false;
        }
        on_nodes.remove(&at);
        if on_nodes.is_empty() {
            self.groups.remove(group);
        }
        true
    }

    /// Notes whether a task runs.
    pub fn set_running(&mut self, task: TaskId, running: bool) {
        let Some(placed) = self.tasks.get_mut(&task).filter(|placed| placed.running != running) else {
            return;
        };
        placed.running = running;
        let at = placed.node;
        if let Some(node) = self.node_mut(at) {
            node.running = if running { node.running + 1 } else { node.running - 1 };
            self.touch(at);
        }
    }

    /// Why each instance that could be meant does not take a task.
    pub fn refusals(&self, demand: &Demand) -> Vec<(&Instance, Refusal)> {
        let nodes = (0_u32..).zip(&self.nodes);
        let nodes = nodes.filter_map(|(at, node)| Some((at, node.as_ref().filter(|node| node.kind == demand.kind)?)));
        nodes
            .filter_map(|(at, node)| {
                let own = self.of_group(at, &demand.usage.group);
                Some((&node.instance, node.refusal(demand, own)?))
            })
            .collect()
    }

    /// Why an instance does not take a task, apart from what it has left.
    pub fn is_suited(&self, id: &str, demand: &Demand) -> bool {
        let Some(at) = self.by_id.get(id).copied() else {
            return false;
        };
        let own = self.of_group(at, &demand.usage.group);
        self.node(at).is_some_and(|node| {
            node.kind == demand.kind
                && node
                    .refusal(demand, own)
                    .is_none_or(|refusal| refusal > Refusal::MemberOf)
        })
    }

    /// The best instance that can take a task.
    fn best(&mut self, demand: &Demand) -> Option<u32> {
        self.used += 1;
        let is_last = self.views.get(self.last_view).is_some_and(|view| view.is_for(demand));
        let known = if is_last {
            Some(self.last_view)
        } else {
            self.views.iter().position(|view| view.is_for(demand))
        };
        let at = if let Some(at) = known {
            at
        } else {
            let view = View::new(demand.clone());
            if self.views.len() < VIEWS {
                self.views.push(view);
                self.views.len() - 1
            } else {
                let oldest = (0..self.views.len()).min_by_key(|at| self.views.get(*at).map(|view| view.used))?;
                *self.views.get_mut(oldest)? = view;
                oldest
            }
        };
        self.last_view = at;
        let total = self.forgotten + self.changes.len() as u64;
        let view = self.views.get_mut(at)?;
        view.used = self.used;
        let missed = total.saturating_sub(view.seen);
        let on_nodes = self.groups.get(&demand.usage.group);
        if view.epoch != self.epoch || view.seen < self.forgotten || missed > self.nodes.len() as u64 {
            view.rebuild(&self.nodes, on_nodes, self.epoch);
        } else {
            let from = usize::try_from(view.seen - self.forgotten).unwrap_or(0);
            for changed in self.changes.range(from..) {
                let node = self.nodes.get(*changed as usize).and_then(Option::as_ref);
                view.refresh(*changed, node, on_nodes);
            }
        }
        view.seen = total;
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        view.best(mix(self.seed))
    }

    fn occupy_node(&mut self, at: u32, usage: &Arc<Usage>, task: TaskId) {
        let usage = match self.usages.get(usage) {
            Some(known) => Arc::clone(known),
            None => {
                if self.usages.len() > 2 * self.nodes.len() + 1024 {
                    self.usages.retain(|usage| Arc::strong_count(usage) > 1);
                }
                self.usages.insert(Arc::clone(usage));
                Arc::clone(usage)
            }
        };
        let Some(node) = self.nodes.get_mut(at as usize).and_then(Option::as_mut) else {
            return;
        };
        node.left.take(&usage);
        node.tasks += 1;
        let on_nodes = match self.groups.get_mut(&usage.group) {
            Some(known) => known,
            None => self.groups.entry(Arc::clone(&usage.group)).or_default(),
        };
        let count = on_nodes.entry(at).or_default();
        *count += 1;
        if *count == 1 {
            node.groups.push(Arc::clone(&usage.group));
        }
        let placed = Placed {
            usage,
            node: at,
            running: false,
        };
        self.tasks.insert(task, placed);
        self.touch(at);
    }

    fn touch(&mut self, at: u32) {
        self.changes.push_back(at);
        while self.changes.len() > self.nodes.len().max(64) {
            self.changes.pop_front();
            self.forgotten += 1;
        }
    }

    fn forget_views(&mut self) {
        self.epoch += 1;
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize).and_then(Option::as_ref)
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node> {
        self.nodes.get_mut(at as usize).and_then(Option::as_mut)
    }

    /// The tasks of a group on a node.
    fn of_group(&self, at: u32, group: &str) -> u32 {
        let on_nodes = self.groups.get(group);
        on_nodes.and_then(|on_nodes| on_nodes.get(&at)).copied().unwrap_or(0)
    }

    fn find(&self, id: &str) -> Option<&Node> {
        self.by_id.get(id).and_then(|at| self.node(*at))
    }
}

/// Spreads a number over all its bits.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Left {
    fn take(&mut self, usage: &Usage) {
        self.cpu -= i64::from(usage.cpu);
        self.memory -= i64::from(usage.memory);
        self.gpu -= i64::from(usage.gpu);
        self.taken.extend_from_slice(&usage.ports);
    }

    fn give(&mut self, usage: &Usage) {
        self.cpu += i64::from(usage.cpu);
        self.memory += i64::from(usage.memory);
        self.gpu += i64::from(usage.gpu);
        for port in &usage.ports {
            if let Some(at) = self.taken.iter().rposition(|taken| taken == port) {
                self.taken.swap_remove(at);
            }
        }
    }
}

impl Node {
    /// Why it does not take a task; `own` are its tasks of the same group.
    pub(super) fn refusal(&self, demand: &Demand, own: u32) -> Option<Refusal> {
        let (instance, usage) = (&self.instance, &demand.usage);
        if !instance.active {
            return Some(Refusal::Inactive);
        }
        if !instance.connected {
            return Some(Refusal::Agent);
        }
        let has = |(name, value): &(String, Option<String>)| {
            let own = instance.attributes.get(name);
            own.is_some_and(|own| value.as_ref().is_none_or(|value| value == own))
        };
        if self.kind != demand.kind || !demand.attributes.iter().all(has) {
            return Some(Refusal::Attribute);
        }
        for rule in &demand.rules {
            match rule {
                Rule::Located(query) if !query.holds(self) => return Some(Refusal::Location),
                Rule::MemberOf(query) if !query.holds(self) => return Some(Refusal::MemberOf),
                Rule::Located(_) | Rule::MemberOf(_) | Rule::Distinct => {}
            }
        }
        if own > 0 && demand.rules.contains(&Rule::Distinct) {
            return Some(Refusal::Distinct);
        }
        if self.left.cpu < i64::from(usage.cpu) {
            return Some(Refusal::Cpu);
        }
        if self.left.memory < i64::from(usage.memory) {
            return Some(Refusal::Memory);
        }
        if self.left.gpu < i64::from(usage.gpu) {
            return Some(Refusal::Gpu);
        }
        let taken = usage.ports.iter().any(|port| self.left.taken.contains(port));
        taken.then_some(Refusal::Ports)
    }
}

impl Facts for Node {
    fn agent_connected(&self) -> bool {
        self.instance.connected
    }

    fn agent_version(&self) -> Option<&str> {
        self.instance.agent_version.as_deref()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.instance.attributes.get(name).map(String::as_str)
    }

    fn ec2_instance_id(&self) -> Option<&str> {
        self.instance.ec2.as_deref()
    }

    fn registered_at(&self) -> Timestamp {
        self.instance.registered_at
    }

    fn running_tasks_count(&self) -> u32 {
        self.running
    }

    fn any_group(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.groups.iter().any(|group| test(group))
    }
}
