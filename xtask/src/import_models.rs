//! `cargo xtask import-models`: a pinned botocore becomes `models/*.json`, reduced and without prose.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::codegen::ordered::Json;
use crate::codegen::root;

/// Keys that hold prose; they are dropped from traits, never from among names.
const PROSE: [&str; 4] = [
    "documentation",
    "documentationUrl",
    "deprecatedMessage",
    "deprecatedSince",
];
/// Objects whose keys are names.
const NAMES: [&str; 3] = ["members", "operations", "shapes"];

/// What `models.toml` says.
struct Manifest {
    botocore: String,
    services: Vec<Wanted>,
}

/// A service and the operations of it that are kept; none means all.
struct Wanted {
    name: String,
    version: String,
    operations: Option<Vec<String>>,
}

/// Imports all models, or only the ones named.
pub fn run(args: &[String]) -> Result<(), String> {
    let root = root();
    let manifest = Manifest::read(&root.join("models/models.toml"))?;
    let data = botocore(&manifest.botocore)?;
    for wanted in &manifest.services {
        if !args.is_empty() && !args.contains(&wanted.name) {
            continue;
        }
        let model = import(&data, &wanted.name, &wanted.version, wanted.operations.as_deref())?;
        let path = root.join("models").join(format!("{}.json", wanted.name));
        std::fs::write(&path, model.pretty()).map_err(|why| format!("writing `{}`: {why}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

impl Manifest {
    fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
        Self::parse(&text).ok_or_else(|| format!("`{}` is not as expected", path.display()))
    }

    /// Reads the few forms of TOML that the file uses.
    fn parse(text: &str) -> Option<Self> {
        let mut manifest = Self {
            botocore: String::new(),
            services: Vec::new(),
        };
        let mut listing = false;
        let quoted = |text: &str| Some(text.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned());
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|l| l.strip_suffix(']'))
                .filter(|_| !listing)
            {
                manifest.services.push(Wanted {
                    name: name.to_owned(),
                    version: String::new(),
                    operations: None,
                });
            } else if listing {
                if line == "]" {
                    listing = false;
                } else {
                    let name = quoted(line.strip_suffix(',')?)?;
                    manifest.services.last_mut()?.operations.as_mut()?.push(name);
                }
            } else {
                let (key, value) = line.split_once('=')?;
                match (key.trim(), value.trim()) {
                    ("botocore", value) => manifest.botocore = quoted(value)?,
                    ("version", value) => manifest.services.last_mut()?.version = quoted(value)?,
                    ("operations", "\"all\"") => {}
                    ("operations", "[") => {
                        manifest.services.last_mut()?.operations = Some(Vec::new());
                        listing = true;
                    }
                    _ => return None,
                }
            }
        }
        Some(manifest)
    }
}

/// The data folder of an installed botocore of exactly this version.
fn botocore(version: &str) -> Result<PathBuf, String> {
    let advice = format!("install it with `pip install botocore=={version}`");
    let script = "import botocore; print(botocore.__version__); print(botocore.__path__[0])";
    let output = Command::new("python3")
        .args(["-c", script])
        .output()
        .map_err(|why| format!("running python3: {why}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(found), Some(path)) if found == version => Ok(Path::new(path).join("data")),
        (Some(found), Some(_)) => Err(format!("botocore {version} is pinned, {found} was found: {advice}")),
        _ => Err(format!("botocore {version} was not found: {advice}")),
    }
}

/// Reads a file of botocore's data, compressed or not.
fn load(folder: &Path, name: &str) -> Result<Option<Json>, String> {
    let plain = folder.join(format!("{name}.json"));
    let packed = folder.join(format!("{name}.json.gz"));
    let bad = |why: String| format!("reading `{name}` in `{}`: {why}", folder.display());
    let text = if packed.exists() {
        let bytes = std::fs::read(&packed).map_err(|why| bad(why.to_string()))?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*bytes)
            .read_to_string(&mut text)
            .map_err(|why| bad(why.to_string()))?;
        text
    } else if plain.exists() {
        std::fs::read_to_string(&plain).map_err(|why| bad(why.to_string()))?
    } else {
        return Ok(None);
    };
    Json::parse(&text).map(Some).map_err(bad)
}

/// Reads and reduces one model.
fn import(data: &Path, service: &str, version: &str, operations: Option<&[String]>) -> Result<Json, String> {
    let folder = data.join(service).join(version);
    let model = load(&folder, "service-2")?.ok_or_else(|| format!("no model in `{}`", folder.display()))?;
    let all = model.get("operations").map(Json::entries).unwrap_or_default();
    if let Some(missing) = operations.and_then(|wanted| wanted.iter().find(|name| all.iter().all(|(k, _)| k != *name)))
    {
        return Err(format!("{service} has no operation `{missing}`"));
    }
    let kept = |name: &str| operations.is_none_or(|wanted| wanted.iter().any(|w| w == name));
    let mut reached = BTreeSet::new();
    for (name, operation) in all {
        if kept(name) {
            reach(&model, operation, &mut reached);
        }
    }
    let mut out = Vec::new();
    for (key, value) in without_prose(&model, false).entries() {
        let value = match key.as_str() {
            "version" | "documentation" | "examples" => continue,
            "operations" => select(value, |name| kept(name)),
            "shapes" => select(value, |name| reached.contains(name)),
            _ => value.clone(),
        };
        out.push((key.clone(), value));
    }
    let pagination = load(&folder, "paginators-1")?;
    let pages = pagination
        .as_ref()
        .and_then(|file| file.get("pagination"))
        .map(|all| select(all, |name| kept(name)));
    let waiters = load(&folder, "waiters-2")?;
    let waiters = waiters.as_ref().and_then(|file| file.get("waiters")).map(|all| {
        let entries = all
            .entries()
            .iter()
            .filter(|(_, w)| w.text_of("operation").is_some_and(kept));
        let plain = |waiter: &Json| {
            let kept = waiter.entries().iter().filter(|(key, _)| key != "description");
            Json::Object(kept.cloned().collect())
        };
        Json::Object(entries.map(|(name, waiter)| (name.clone(), plain(waiter))).collect())
    });
    for (key, value) in [("pagination", pages), ("waiters", waiters)] {
        if let Some(value) = value.filter(|value| !value.entries().is_empty()) {
            out.push((key.to_owned(), value));
        }
    }
    Ok(Json::Object(out))
}

fn select(object: &Json, keep: impl Fn(&str) -> bool) -> Json {
    let kept = object.entries().iter().filter(|(name, _)| keep(name));
    Json::Object(kept.cloned().collect())
}

/// Notes the names of all shapes that a value refers to, and those that they refer to.
fn reach(model: &Json, value: &Json, reached: &mut BTreeSet<String>) {
    if let Some(name) = value.text_of("shape")
        && reached.insert(name.to_owned())
        && let Some(shape) = model.get("shapes").and_then(|shapes| shapes.get(name))
    {
        reach_all(model, shape, reached);
    }
    reach_all(model, value, reached);
}

fn reach_all(model: &Json, value: &Json, reached: &mut BTreeSet<String>) {
    for (_, inner) in value.entries() {
        reach(model, inner, reached);
    }
    for inner in value.items() {
        reach(model, inner, reached);
    }
}

/// The value without prose; keys that are names are all kept.
fn without_prose(value: &Json, named: bool) -> Json {
    match value {
        Json::Object(entries) => {
            let kept = entries
                .iter()
                .filter(|(key, _)| named || !PROSE.contains(&key.as_str()));
            let clean = |(key, inner): &(String, Json)| {
                let keyed = !named && NAMES.contains(&key.as_str());
                (key.clone(), without_prose(inner, keyed))
            };
            Json::Object(kept.map(clean).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(|item| without_prose(item, false)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> impl Iterator<Item = (PathBuf, Json)> {
        let manifest = Manifest::read(&root().join("models/models.toml")).unwrap();
        manifest.services.into_iter().map(|service| {
            let path = root().join("models").join(format!("{}.json", service.name));
            let json = Json::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path, json)
        })
    }

    /// The data of the pinned botocore, or a line that says what is skipped.
    fn installed(test: &str) -> Option<(PathBuf, Manifest)> {
        let manifest = Manifest::read(&root().join("models/models.toml")).unwrap();
        match botocore(&manifest.botocore) {
            Ok(data) => Some((data, manifest)),
            Err(why) => {
                println!("SKIPPED {test}: {why}");
                None
            }
        }
    }

    #[test]
    fn the_committed_models_are_what_the_import_writes() {
        let Some((data, manifest)) = installed("the_committed_models_are_what_the_import_writes") else {
            return;
        };
        for wanted in manifest.services {
            let model = import(&data, &wanted.name, &wanted.version, wanted.operations.as_deref()).unwrap();
            let path = root().join("models").join(format!("{}.json", wanted.name));
            assert!(
                model.pretty() == std::fs::read_to_string(&path).unwrap(),
                "{}",
                wanted.name
            );
        }
    }

    #[test]
    fn the_import_reproduces_the_shared_models_byte_for_byte() {
        let name = "the_import_reproduces_the_shared_models_byte_for_byte";
        let Some((data, manifest)) = installed(name) else {
            return;
        };
        let shared = std::env::var_os("ROADSTEAD_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
        for wanted in manifest.services {
            let path = shared.join("data/models-slim").join(format!("{}.json", wanted.name));
            let Ok(expected) = std::fs::read_to_string(&path) else {
                println!("SKIPPED {name}: `data/models-slim/{}.json` is not here", wanted.name);
                continue;
            };
            // The list of operations has grown since: the ones of the shared file are taken.
            let json = Json::parse(&expected).unwrap();
            let operations: Vec<String> = json
                .get("operations")
                .unwrap()
                .entries()
                .iter()
                .map(|(name, _)| name.clone())
                .collect();
            let model = import(&data, &wanted.name, &wanted.version, Some(&operations)).unwrap();
            assert!(model.pretty() == expected, "{}", wanted.name);
        }
    }

    #[test]
    fn models_hold_no_prose_and_every_reference_resolves() {
        for (path, model) in models() {
            assert!(without_prose(&model, false) == model, "{} holds prose", path.display());
            let mut reached = BTreeSet::new();
            reach_all(&model, model.get("operations").unwrap(), &mut reached);
            let shapes = model.get("shapes").unwrap();
            for name in &reached {
                assert!(shapes.get(name).is_some(), "{}: `{name}` is missing", path.display());
            }
            assert_eq!(
                shapes.entries().len(),
                reached.len(),
                "{}: a shape is never used",
                path.display()
            );
        }
    }
}
