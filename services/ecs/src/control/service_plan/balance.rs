//! Balancing a service over availability zones: first more tasks where there are too few, then fewer where there are too
//! many; never in the midst of anything else.

use std::collections::BTreeMap;

use super::{Leaving, SeenTask, Step, Turn, Why};
use crate::records::Rollout;

/// How many tasks each zone has.
pub type ZoneCounts = Vec<(String, usize)>;

/// How many tasks each zone shall have: as even as can be, the fullest zones keeping one more where it does not divide.
fn targets<'a>(counts: &BTreeMap<&'a str, usize>, desired: usize) -> BTreeMap<&'a str, usize> {
    let zones = counts.len().max(1);
    let (each, over) = (desired / zones, desired % zones);
    let mut ranked: Vec<(&str, usize)> = counts.iter().map(|(zone, count)| (*zone, *count)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let share = |(at, (zone, _)): (usize, (&'a str, usize))| (zone, each + usize::from(at < over));
    ranked.into_iter().enumerate().map(share).collect()
}

impl Turn<'_> {
    /// The wanted tasks of each zone, where zones are to be balanced and nothing else is in the way.
    fn zones(&self) -> Option<BTreeMap<&str, usize>> {
        let seen = self.seen;
        let is_calm = seen.rollout == Rollout::Completed && !seen.draining && !seen.has_others && seen.placeable;
        if seen.zones.len() < 2 || !is_calm || !self.crowd.replaced.is_empty() {
            return None;
        }
        let mut counts: BTreeMap<&str, usize> = seen.zones.iter().map(|zone| (zone.as_str(), 0)).collect();
        for task in &self.crowd.wanted {
            *counts.get_mut(task.zone.as_str())? += 1;
        }
        Some(counts)
    }

    /// Whether tasks are being moved right now.
    pub(super) fn is_balancing(&self) -> bool {
        self.seen.balancing && self.zones().is_some()
    }

    /// The surplus tasks to stop while tasks are moved: those of the fullest zones, once their replacements do their
    /// work. Tasks that are on their way to where they are missing are waited for.
    pub(super) fn leaving_by_zone(&self, budget: &mut usize) -> Vec<Leaving> {
        let Some(mut counts) = self.zones() else {
            return Vec::new();
        };
        let goal = targets(&counts, self.seen.desired);
        let goal_of = |zone: &str| goal.get(zone).copied().unwrap_or(0);
        let is_healthy = |task: &SeenTask| task.is_healthy(self.seen, self.now);
        let arriving = |task: &&&SeenTask| {
            let count = counts.get(task.zone.as_str()).copied().unwrap_or(0);
            !is_healthy(task) && count <= goal_of(&task.zone)
        };
        let awaited = self.crowd.wanted.iter().filter(arriving).count();
        let surplus = self.crowd.wanted.len().saturating_sub(self.seen.desired);
        let mut candidates: Vec<&SeenTask> = self.crowd.wanted.clone();
        candidates.sort_by_key(|task| (is_healthy(task), task.id.as_str()));
        let mut chosen = Vec::new();
        while chosen.len() < surplus.saturating_sub(awaited) {
            let excess = counts
                .iter()
                .map(|(zone, count)| (count.saturating_sub(goal_of(zone)), *zone));
            let Some((over, fullest)) = excess.max() else {
                break;
            };
            let may_leave = |task: &&SeenTask| task.zone == fullest && (!is_healthy(task) || *budget > 0);
            let Some(at) = candidates.iter().position(&may_leave).filter(|_| over > 0) else {
                break;
            };
            let task = candidates.remove(at);
            *budget -= usize::from(is_healthy(task));
            if let Some(count) = counts.get_mut(fullest) {
                *count -= 1;
            }
            chosen.push(task.leaving(Why::Balancing));
        }
        chosen
    }

    /// What to do about the balance of a service that is at rest, or was to be balanced.
    pub(super) fn balance(&self, at_rest: bool) -> Vec<Step> {
        let Some(counts) = self.zones() else {
            return if self.seen.balancing {
                vec![Step::StopBalancing]
            } else {
                Vec::new()
            };
        };
        if !at_rest {
            return Vec::new();
        }
        let told = || -> ZoneCounts {
            let mut told: ZoneCounts = counts
                .iter()
                .map(|(zone, count)| ((*zone).to_owned(), *count))
                .collect();
            told.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            told
        };
        let spread = counts
            .values()
            .max()
            .zip(counts.values().min())
            .map_or(0, |(most, fewest)| most - fewest);
        if spread <= 1 {
            return if self.seen.balancing {
                vec![Step::Balanced(told())]
            } else {
                Vec::new()
            };
        }
        let goal = targets(&counts, self.seen.desired);
        let missing = |(zone, count): (&&str, &usize)| goal.get(zone).copied().unwrap_or(0).saturating_sub(*count);
        let moves: usize = counts.iter().map(missing).sum();
        let room = self.seen.maximum.saturating_sub(self.crowd.occupied());
        let count = moves.min(room);
        if count == 0 || !self.may_start() {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if !self.seen.balancing {
            steps.push(Step::Unbalanced(told()));
        }
        steps.push(Step::Rebalance { count });
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_get_equal_shares_and_the_fullest_the_rest() {
        let check = |counts: &[(&str, usize)], desired, wanted: &[(&str, usize)]| {
            let counts: BTreeMap<&str, usize> = counts.iter().copied().collect();
            assert_eq!(
                targets(&counts, desired),
                wanted.iter().copied().collect(),
                "{counts:?}"
            );
        };
        check(&[("a", 3), ("b", 1)], 4, &[("a", 2), ("b", 2)]);
        check(&[("a", 1), ("b", 3), ("c", 1)], 5, &[("a", 2), ("b", 2), ("c", 1)]);
        check(&[("a", 0), ("b", 0)], 1, &[("a", 1), ("b", 0)]);
        check(&[("a", 2), ("b", 0)], 0, &[("a", 0), ("b", 0)]);
    }
}
