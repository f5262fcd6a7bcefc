//! The instances that can meet a demand, in the order of its strategies.
//!
//! A tree with one level for each strategy. `binpack` and `spread` over instances sort by a number of the instance itself;
//! `spread` over an attribute has a branch for each value, and the count of tasks there is kept beside the tree, because
//! instances that are full or draining count too. A change of one instance moves that instance alone.

use std::collections::{BTreeMap, HashMap};

use super::demand::{Demand, Field, MAX_STRATEGIES, Resource, Strategy};
use super::snapshot::{Node, OnNodes};

/// The instances that can meet a demand.
#[derive(Debug)]
pub(super) struct View {
    demand: Demand,
    /// How far it has followed the changes.
    pub(super) seen: u64,
    /// The epoch that it belongs to; another one makes it useless.
    pub(super) epoch: u64,
    /// When it was used last.
    pub(super) used: u64,
    entries: Vec<Entry>,
    /// Tasks of the group by bucket: one bucket for each value of an attribute, within the buckets of earlier levels.
    counts: Vec<u32>,
    root: Branch,
}

/// What the view knows of an instance.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Its bucket for each level, in order; 0 where the level has none.
    buckets: Vec<u32>,
    /// Its tasks of the group, as they are counted now.
    counted: u32,
    /// The way to its leaf, where it can take the task.
    path: Option<Vec<u32>>,
    /// Where it stands in the leaf.
    at: usize,
}

#[derive(Debug)]
enum Branch {
    /// By a number, the lowest first.
    Ordered(BTreeMap<u32, Branch>),
    /// By bucket; the one with the lowest count first.
    Spread(Vec<(u32, Branch)>),
    /// Any of these.
    Leaf(Vec<u32>),
}

impl View {
    pub(super) fn new(demand: Demand) -> Self {
        Self {
            demand,
            seen: 0,
            // No snapshot has this epoch.
            epoch: u64::MAX,
            used: 0,
            entries: Vec::new(),
            counts: Vec::new(),
            root: Branch::Leaf(Vec::new()),
        }
    }

    pub(super) fn is_for(&self, demand: &Demand) -> bool {
        self.demand == *demand
    }

    /// Strategies after a random one say nothing any more.
    fn levels(&self) -> impl Iterator<Item = &Strategy> {
        self.demand
            .strategies
            .iter()
            .take_while(|strategy| **strategy != Strategy::Random)
    }

    /// Begins anew.
    pub(super) fn rebuild(&mut self, nodes: &[Option<Node>], on_nodes: Option<&OnNodes>, epoch: u64) {
        self.epoch = epoch;
        let levels: Vec<Strategy> = self.levels().cloned().collect();
        self.root = Branch::of(levels.first());
        self.entries = vec![Entry::default(); nodes.len()];
        self.counts = Vec::new();
        let mut known: HashMap<(usize, u32, String), u32> = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            let mut outer = 0;
            let mut buckets = Vec::with_capacity(levels.len());
            for (level, strategy) in levels.iter().enumerate() {
                let Strategy::Spread(Field::Attribute(name)) = strategy else {
                    buckets.push(0);
                    continue;
                };
                let value = node.instance.attributes.get(name).cloned().unwrap_or_default();
                let next = self.counts.len();
                let bucket = *known.entry((level, outer, value)).or_insert_with(|| {
                    self.counts.push(0);
                    u32::try_from(next).unwrap_or(u32::MAX)
                });
                // Buckets of later levels are within this one.
                outer = bucket + 1;
                buckets.push(bucket);
            }
            if let Some(entry) = self.entries.get_mut(at) {
                entry.buckets = buckets;
            }
        }
        for (at, node) in (0_u32..).zip(nodes) {
            self.refresh(at, node.as_ref(), on_nodes);
        }
    }

    /// Takes over how an instance is now; `on_nodes` says where the tasks of the demand's group are.
    pub(super) fn refresh(&mut self, at: u32, node: Option<&Node>, on_nodes: Option<&OnNodes>) {
        let Self {
            demand,
            entries,
            counts,
            root,
            ..
        } = self;
        let levels = || {
            let all = demand.strategies.iter();
            all.take_while(|strategy| **strategy != Strategy::Random)
        };
        let Some(entry) = entries.get_mut(at as usize) else {
            return;
        };
        let path = entry.path.take();
        let place = entry.at;
        if let Some(path) = path
            && let Some(moved) = root.remove(&path, place)
            && let Some(other) = entries.get_mut(moved as usize)
        {
            other.at = place;
        }
        let Some(entry) = entries.get_mut(at as usize) else {
            return;
        };
        let Some(node) = node else { return };
        let now = on_nodes.and_then(|on_nodes| on_nodes.get(&at)).copied().unwrap_or(0);
        if now != entry.counted {
            for (bucket, strategy) in entry.buckets.iter().zip(levels()) {
                if let (Strategy::Spread(Field::Attribute(_)), Some(count)) =
                    (strategy, counts.get_mut(*bucket as usize))
                {
                    *count = *count + now - entry.counted;
                }
            }
            entry.counted = now;
        }
        if node.kind != demand.kind || node.refusal(demand, now).is_some() {
            return;
        }
        let step = |(strategy, bucket): (&Strategy, &u32)| match strategy {
            Strategy::Binpack(Resource::Cpu) => step_of(node.left.cpu),
            Strategy::Binpack(Resource::Memory) => step_of(node.left.memory),
            Strategy::Spread(Field::Instance) => now,
            Strategy::Spread(Field::Attribute(_)) | Strategy::Random => *bucket,
        };
        let path: Vec<u32> = levels().zip(&entry.buckets).map(step).collect();
        let strategies: Vec<&Strategy> = levels().collect();
        entry.at = root.insert(&path, &strategies, at);
        entry.path = Some(path);
    }

    /// The best instance; of those that are equally good, the one that chance picks.
    pub(super) fn best(&self, chance: u64) -> Option<u32> {
        self.search(&self.root, chance, 0).map(|(_, node)| node)
    }

    /// The best instance of a branch, and how good it is: a number for each level from this one on, lower is better.
    fn search(&self, branch: &Branch, chance: u64, level: usize) -> Option<(Rank, u32)> {
        match branch {
            Branch::Ordered(children) => {
                let (step, child) = children.first_key_value()?;
                let (rank, node) = self.search(child, chance, level + 1)?;
                Some((rank.at(level, *step), node))
            }
            Branch::Spread(children) => {
                let count = |bucket: u32| self.counts.get(bucket as usize).copied().unwrap_or(0);
                let fewest = children.iter().map(|(bucket, _)| count(*bucket)).min()?;
                let tied = || children.iter().filter(|(bucket, _)| count(*bucket) == fewest);
                if tied().all(|(_, child)| matches!(child, Branch::Leaf(_))) {
                    let picked = chance.checked_rem(tied().count() as u64)?;
                    let (_, child) = tied().nth(usize::try_from(picked).ok()?)?;
                    let (rank, node) = self.search(child, chance.rotate_left(32), level + 1)?;
                    return Some((rank.at(level, fewest), node));
                }
                let found = tied().filter_map(|(_, child)| self.search(child, chance, level + 1));
                let (rank, node) = found.min_by_key(|(rank, _)| *rank)?;
                Some((rank.at(level, fewest), node))
            }
            Branch::Leaf(nodes) => {
                let picked = chance.checked_rem(nodes.len() as u64)?;
                Some((Rank::default(), nodes.get(usize::try_from(picked).ok()?).copied()?))
            }
        }
    }
}

/// How good an instance is, by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank([u32; MAX_STRATEGIES]);

impl Rank {
    fn at(mut self, level: usize, number: u32) -> Self {
        if let Some(slot) = self.0.get_mut(level) {
            *slot = number;
        }
        self
    }
}

/// What is left, as a step of a path.
fn step_of(left: i64) -> u32 {
    u32::try_from(left.max(0)).unwrap_or(u32::MAX)
}

impl Branch {
    fn of(strategy: Option<&Strategy>) -> Self {
        match strategy {
            Some(Strategy::Binpack(_) | Strategy::Spread(Field::Instance)) => Self::Ordered(BTreeMap::new()),
            Some(Strategy::Spread(Field::Attribute(_))) => Self::Spread(Vec::new()),
            Some(Strategy::Random) | None => Self::Leaf(Vec::new()),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Ordered(children) => children.is_empty(),
            Self::Spread(children) => children.is_empty(),
            Self::Leaf(nodes) => nodes.is_empty(),
        }
    }

    /// Adds an instance; where it stands in its leaf.
    fn insert(&mut self, path: &[u32], strategies: &[&Strategy], node: u32) -> usize {
        let inner = || Self::of(strategies.get(1).copied());
        let rest = (
            path.get(1..).unwrap_or_default(),
            strategies.get(1..).unwrap_or_default(),
        );
        match (self, path.first()) {
            (Self::Ordered(children), Some(step)) => {
                children.entry(*step).or_insert_with(inner).insert(rest.0, rest.1, node)
            }
            (Self::Spread(children), Some(step)) => {
                let known = children.binary_search_by_key(step, |(bucket, _)| *bucket);
                let at = match known {
                    Ok(at) => at,
                    Err(at) => {
                        children.insert(at, (*step, inner()));
                        at
                    }
                };
                match children.get_mut(at) {
                    Some((_, child)) => child.insert(rest.0, rest.1, node),
                    None => 0,
                }
            }
            (Self::Leaf(nodes), _) => {
                nodes.push(node);
                nodes.len() - 1
            }
            (Self::Ordered(_) | Self::Spread(_), None) => 0,
        }
    }

    /// Removes an instance from where it stands; the one that took its place, if one did.
    fn remove(&mut self, path: &[u32], at: usize) -> Option<u32> {
        let rest = path.get(1..).unwrap_or_default();
        match self {
            Self::Ordered(children) => {
                let step = path.first()?;
                let child = children.get_mut(step)?;
                let moved = child.remove(rest, at);
                if child.is_empty() {
                    children.remove(step);
                }
                moved
            }
            Self::Spread(children) => {
                let step = path.first()?;
                let known = children.binary_search_by_key(step, |(bucket, _)| *bucket).ok()?;
                let (_, child) = children.get_mut(known)?;
                let moved = child.remove(rest, at);
                if child.is_empty() {
                    children.remove(known);
                }
                moved
            }
            Self::Leaf(nodes) => {
                if at < nodes.len() {
                    nodes.swap_remove(at);
                }
                nodes.get(at).copied()
            }
        }
    }
}
