//! Where new tasks of a service go: over zones as evenly as can be.

use std::collections::BTreeMap;

use super::service_plan::{SeenTask, TaskState};

/// Gives out subnets, each time one in the zone that has fewest tasks.
pub struct Spread<'a> {
    subnets: &'a [(String, String)],
    zones: BTreeMap<&'a str, usize>,
    used: Vec<usize>,
}

impl<'a> Spread<'a> {
    /// Counts the tasks that already take a place.
    pub fn new(subnets: &'a [(String, String)], tasks: &[SeenTask]) -> Self {
        let mut zones: BTreeMap<&str, usize> = subnets.iter().map(|(_, zone)| (zone.as_str(), 0)).collect();
        for task in tasks
            .iter()
            .filter(|task| matches!(task.state, TaskState::Pending | TaskState::Running(..)))
        {
            if let Some(count) = zones.get_mut(task.zone.as_str()) {
                *count += 1;
            }
        }
        Self {
            subnets,
            zones,
            used: vec![0; subnets.len()],
        }
    }
}

impl<'a> Iterator for Spread<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rank = |(at, (_, zone)): (usize, &(String, String))| {
            (
                self.zones.get(zone.as_str()).copied().unwrap_or(0),
                self.used.get(at).copied().unwrap_or(0),
                at,
            )
        };
        let (_, _, at) = self.subnets.iter().enumerate().map(rank).min()?;
        let (subnet, zone) = self.subnets.get(at)?;
        *self.zones.entry(zone.as_str()).or_insert(0) += 1;
        if let Some(used) = self.used.get_mut(at) {
            *used += 1;
        }
        Some((subnet, zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::service_plan::{End, TaskHealth};
    use roadstead_core::Timestamp;

    fn task(zone: &str, state: TaskState) -> SeenTask {
        SeenTask {
            id: String::new(),
            deployment: String::new(),
            zone: zone.to_owned(),
            provider: None,
            instance: None,
            evicted: false,
            protected_until: None,
            state,
        }
    }

    #[test]
    fn new_tasks_go_to_the_zone_with_fewest() {
        let subnets: Vec<(String, String)> = [("s1", "a"), ("s2", "b"), ("s3", "b")]
            .map(|(s, z)| (s.to_owned(), z.to_owned()))
            .into();
        let running = TaskState::Running(Timestamp::from_secs(1), TaskHealth::Unchecked);
        let tasks = [
            task("a", running),
            task("a", TaskState::Pending),
            task("b", TaskState::Ended(End::Fine)),
        ];
        let chosen: Vec<&str> = Spread::new(&subnets, &tasks)
            .take(5)
            .map(|(subnet, _)| subnet)
            .collect();
        assert_eq!(chosen, ["s2", "s3", "s1", "s2", "s1"]);
    }
}
