//! Staging labels: each is on one version at a time, and `AWSPREVIOUS` follows where `AWSCURRENT` leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use roadstead_core::Timestamp;

use crate::records::Version;

/// The version that is read where none is named.
pub const CURRENT: &str = "AWSCURRENT";
/// The one that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// Most versions that are kept, those with labels aside.
const MAX_DEPRECATED: usize = 100;
/// How long a version is kept in any case.
const KEPT: Duration = Duration::from_secs(86_400);

/// The version that has a label.
pub fn holder<'a>(versions: &'a BTreeMap<String, Version>, stage: &str) -> Option<&'a str> {
    let found = versions
        .iter()
        .find(|(_, version)| version.stages.iter().any(|own| own == stage));
    found.map(|(id, _)| id.as_str())
}

/// Takes a label off the version that has it.
pub fn detach(versions: &mut BTreeMap<String, Version>, stage: &str) {
    for version in versions.values_mut() {
        version.stages.retain(|own| own != stage);
    }
}

/// Puts a label on a version; no other has it then.
pub fn attach(versions: &mut BTreeMap<String, Version>, id: &str, stage: &str) {
    let before = holder(versions, stage).map(str::to_owned);
    if before.as_deref() == Some(id) {
        return;
    }
    detach(versions, stage);
    if stage == CURRENT {
        detach(versions, PREVIOUS);
        if let Some(version) = before.and_then(|before| versions.get_mut(&before)) {
            version.stages.push(PREVIOUS.to_owned());
        }
    }
    if let Some(version) = versions.get_mut(id) {
        version.stages.push(stage.to_owned());
    }
}

/// Lets go of the oldest versions without labels when there are too many; tells which.
pub fn prune(versions: &mut BTreeMap<String, Version>, now: Timestamp) -> Vec<String> {
    let mut deprecated: Vec<(Timestamp, String)> = versions
        .iter()
        .filter(|(_, version)| version.stages.is_empty())
        .map(|(id, version)| (version.created_at, id.clone()))
        .collect();
    deprecated.sort_unstable();
    let too_many = deprecated.len().saturating_sub(MAX_DEPRECATED);
    let old = deprecated
        .into_iter()
        .take(too_many)
        .filter(|(created_at, _)| created_at.plus(KEPT) <= now);
    let pruned: Vec<String> = old.map(|(_, id)| id).collect();
    for id in &pruned {
        versions.remove(id);
    }
    pruned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(all: &[(&str, &[&str])]) -> BTreeMap<String, Version> {
        let version = |(id, stages): &(&str, &[&str])| {
            let version = Version {
                created_at: Timestamp::from_secs(0),
                stages: stages.iter().map(|&stage| stage.to_owned()).collect(),
                accessed_on: None,
            };
            ((*id).to_owned(), version)
        };
        all.iter().map(version).collect()
    }

    fn check(before: &[(&str, &[&str])], id: &str, stage: &str, after: &[(&str, &[&str])]) {
        let mut made = versions(before);
        attach(&mut made, id, stage);
        let told: Vec<(&str, Vec<&str>)> = made
            .iter()
            .map(|(id, version)| (id.as_str(), version.stages.iter().map(String::as_str).collect()))
            .collect();
        let after: Vec<(&str, Vec<&str>)> = after.iter().map(|(id, stages)| (*id, stages.to_vec())).collect();
        assert_eq!(told, after);
    }

    #[test]
    fn the_previous_version_is_the_one_that_was_current() {
        check(&[("a", &[])], "a", CURRENT, &[("a", &[CURRENT])]);
        check(
            &[("a", &[CURRENT]), ("b", &[])],
            "b",
            CURRENT,
            &[("a", &[PREVIOUS]), ("b", &[CURRENT])],
        );
        check(
            &[("a", &[PREVIOUS]), ("b", &[CURRENT, "mine"]), ("c", &["AWSPENDING"])],
            "c",
            CURRENT,
            &[("a", &[]), ("b", &["mine", PREVIOUS]), ("c", &["AWSPENDING", CURRENT])],
        );
        let back: &[(&str, &[&str])] = &[("a", &[CURRENT]), ("b", &[PREVIOUS])];
        check(&[("a", &[PREVIOUS]), ("b", &[CURRENT])], "a", CURRENT, back);
        check(back, "a", CURRENT, back);
        check(&[("a", &["x"]), ("b", &[])], "b", "x", &[("a", &[]), ("b", &["x"])]);
    }

    #[test]
    fn old_versions_without_labels_are_let_go_when_there_are_too_many() {
        let mut made = versions(&[("current", &[CURRENT])]);
        for at in 0..105 {
            let version = Version {
                created_at: Timestamp::from_secs(at),
                stages: vec![],
                accessed_on: None,
            };
            made.insert(format!("v{at:03}"), version);
        }
        assert_eq!(prune(&mut made, Timestamp::from_secs(3)), Vec::<String>::new());
        let pruned = prune(&mut made, Timestamp::from_secs(86_402));
        assert_eq!(pruned, ["v000", "v001", "v002"]);
        assert_eq!(made.len(), 103);
    }
}
