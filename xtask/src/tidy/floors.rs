//! Directories are floors: a crate depends on lower floors only, a service never on a service.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::{Result, cargo};

/// Edges inside one floor.
const SIDEWAYS: [(&str, &str); 5] = [
    ("base/wire", "base/core"),
    ("base/policy", "base/core"),
    ("platform/kernel", "platform/store"),
    ("platform/control", "platform/store"),
    ("platform/control", "platform/kernel"),
];

/// The floor of a crate by its folder; what is not part of the product has none.
fn floor(folder: &str) -> Option<u8> {
    match folder.split('/').next()? {
        "base" => Some(0),
        "api" => Some(1),
        "platform" | "planes" => Some(2),
        "services" => Some(3),
        "roadstead" => Some(4),
        _ => None,
    }
}

/// Why a crate may not depend on another; `None` when it may.
fn objection(from: &str, to: &str) -> Option<String> {
    // A crate may name itself to test with other features.
    if from == to || SIDEWAYS.contains(&(from, to)) {
        return None;
    }
    let why = match (floor(from), floor(to)) {
        (None, Some(3 | 4)) => "only the binary names the services",
        (None, _) => return None,
        (Some(_), None) => "the product does not depend on tools",
        (Some(3), Some(3)) => "if you need a sibling you need a call, not a dependency",
        (Some(2), Some(_)) if from.starts_with("planes/") && !to.starts_with("base/") => "a plane stands on base alone",
        (Some(above), Some(below)) if below < above => return None,
        _ => "a crate looks only down",
    };
    Some(format!("{from} depends on {to}: {why}"))
}

pub fn crates_look_only_down(root: &Path) -> Result<Vec<String>> {
    let output = cargo(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    // Tests of a service may compose what they talk to; the product may not.
    let is_part = |need: &&Value| need.get("kind").and_then(Value::as_str) != Some("dev");
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let relative = |path: &str| {
        Path::new(path)
            .strip_prefix(root)
            .ok()
            .map(|path| path.to_string_lossy().into_owned())
    };
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in list(&metadata, "packages") {
        let manifest = text(&package, "manifest_path");
        let folder = manifest
            .strip_suffix("/Cargo.toml")
            .and_then(relative)
            .ok_or("a crate lies outside the root")?;
        let needs = list(&package, "dependencies");
        edges.insert(
            folder,
            needs
                .iter()
                .filter(is_part)
                .filter_map(|need| relative(&text(need, "path")))
                .collect(),
        );
    }
    if edges.len() < 10 {
        return Err(format!("only {} crates found", edges.len()).into());
    }
    Ok(edges
        .iter()
        .flat_map(|(from, to)| to.iter().filter_map(|to| objection(from, to)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::objection;

    #[test]
    fn downward_edges_are_allowed() {
        for (from, to) in [
            ("base/wire", "base/core"),
            ("api/ecs", "base/wire"),
            ("platform/kernel", "base/policy"),
            ("platform/control", "platform/kernel"),
            ("planes/network", "base/core"),
            ("services/ecs", "planes/containers"),
            ("services/ecs", "api/ec2"),
            ("roadstead", "services/iam"),
            ("benches/load", "base/wire"),
            ("xtask", "base/wire"),
        ] {
            assert_eq!(objection(from, to), None);
        }
    }

    #[test]
    fn upward_and_sideways_edges_are_refused() {
        for (from, to) in [
            ("base/core", "base/wire"),
            ("base/wire", "base/policy"),
            ("base/wire", "api/ecs"),
            ("api/ecs", "api/ec2"),
            ("platform/store", "platform/kernel"),
            ("planes/containers", "platform/store"),
            ("planes/containers", "api/ecs"),
            ("platform/kernel", "planes/containers"),
            ("platform/kernel", "services/iam"),
            ("services/ecs", "services/ec2"),
            ("services/ecs", "roadstead"),
            ("xtask", "services/ecs"),
            ("roadstead", "xtask"),
        ] {
            assert!(objection(from, to).is_some(), "{from} -> {to}");
        }
    }
}
