//! What every committed file is held to: length, first sentence, reachability, and things that must not be in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

const MAX_LINES: usize = 800;

/// Files that are committed or about to be, by path from the root.
fn files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("running git: {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    let files: Vec<String> = text
        .lines()
        .filter(|file| root.join(file).is_file())
        .map(str::to_owned)
        .collect();
    if files.is_empty() {
        Err("git lists no files".into())
    } else {
        Ok(files)
    }
}

fn is(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|actual| actual == extension)
}

/// The Rust files that people write, with their text.
fn written(root: &Path) -> Result<Vec<(String, String)>> {
    let mut written = Vec::new();
    for file in files(root)? {
        if is(&file, "rs") {
            let text = fs::read_to_string(root.join(&file))?;
            if !is_generated(&file, &text) {
                written.push((file, text));
            }
        }
    }
    Ok(written)
}

fn is_generated(file: &str, text: &str) -> bool {
    // All of api/ is; elsewhere a file must also say so.
    file.starts_with("api/")
        || (file.contains("/generated/") && text.lines().take(5).any(|line| line.contains("@generated")))
}

pub fn no_file_is_longer_than_it_may_be(root: &Path) -> Result<Vec<String>> {
    let long = |(file, text): (String, String)| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("{file} has {lines} lines; at most {MAX_LINES}"))
    };
    Ok(written(root)?.into_iter().filter_map(long).collect())
}

pub fn every_file_opens_with_a_sentence(root: &Path) -> Result<Vec<String>> {
    let bare = |(file, text): (String, String)| {
        (!text.starts_with("//! ")).then(|| format!("{file} lacks its first line, `//! …`"))
    };
    Ok(written(root)?.into_iter().filter_map(bare).collect())
}

/// Every Rust file is part of some crate: a module, or a target that cargo finds by itself.
pub fn no_file_is_forgotten(root: &Path) -> Result<Vec<String>> {
    let all: BTreeSet<String> = files(root)?.into_iter().filter(|file| is(file, "rs")).collect();
    let mut problems = Vec::new();
    let mut reached = BTreeSet::new();
    for file in &all {
        if !is_target(root, file) {
            continue;
        }
        if is_stray_test(root, file)? {
            problems.push(format!(
                "{file}: integration tests of a crate are modules of tests/it/main.rs"
            ));
        }
        reach(root, file, &mut reached)?;
    }
    problems.extend(
        all.difference(&reached)
            .map(|file| format!("{file} is in no crate; declare its module or delete it")),
    );
    Ok(problems)
}

/// Whether a file is an integration test of its own without a word of why, in the crate's manifest or its first line.
fn is_stray_test(root: &Path, file: &str) -> Result<bool> {
    let Some((crate_folder, test)) = file.split_once("/tests/") else {
        return Ok(false);
    };
    let name = test.trim_end_matches(".rs");
    let manifest = fs::read_to_string(root.join(crate_folder).join("Cargo.toml"))?;
    let asked_for = manifest.contains(&format!("[[test]]\nname = \"{name}\"\n"));
    let explained = fs::read_to_string(root.join(file))?
        .lines()
        .next()
        .is_some_and(|line| line.contains("binary of its own"));
    Ok(test != "it/main.rs" && !asked_for && !explained)
}

/// Whether cargo takes a file as the root of a target.
fn is_target(root: &Path, file: &str) -> bool {
    let path = Path::new(file);
    let mut crate_folder = path;
    loop {
        let Some(parent) = crate_folder.parent() else {
            return false;
        };
        crate_folder = parent;
        if root.join(crate_folder).join("Cargo.toml").is_file() {
            break;
        }
    }
    let Ok(inside) = path.strip_prefix(crate_folder) else {
        return false;
    };
    let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] | ["src", "bin", _] => true,
        ["tests" | "benches" | "examples" | "fuzz_targets", rest @ ..] => match rest {
            [_] => true,
            [_, file] => *file == "main.rs",
            _ => false,
        },
        _ => false,
    }
}

/// Follows `mod` declarations from one file on.
fn reach(root: &Path, file: &str, reached: &mut BTreeSet<String>) -> Result<()> {
    if !reached.insert(file.to_owned()) {
        return Ok(());
    }
    let path = Path::new(file);
    let folder = path.parent().unwrap_or(Path::new(""));
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let own = matches!(stem, "lib" | "main" | "mod") || is_target(root, file);
    let children = if own { folder.to_path_buf() } else { folder.join(stem) };
    let text = fs::read_to_string(root.join(file))?;
    let mut given_path = None;
    let mut in_table = false;
    for line in text.lines().map(str::trim) {
        in_table = (in_table || line.contains("operations!")) && !line.starts_with(['}', ')']);
        if in_table {
            for operation in line.split(',').filter_map(operation_file) {
                reach_if_there(root, &[children.join("ops").join(format!("{operation}.rs"))], reached)?;
            }
        }
        if let Some(given) = line.strip_prefix("#[path = \"").and_then(|rest| rest.split('"').next()) {
            given_path = Some(folder.join(given));
            continue;
        }
        if let Some(included) = line.split("include!(\"").nth(1).and_then(|rest| rest.split('"').next()) {
            reach_if_there(root, &[folder.join(included)], reached)?;
        }
        let Some(name) = declared_module(line) else { continue };
        let candidates = match given_path.take() {
            Some(given) => vec![given],
            None => vec![children.join(format!("{name}.rs")), children.join(name).join("mod.rs")],
        };
        reach_if_there(root, &candidates, reached)?;
    }
    Ok(())
}

fn reach_if_there(root: &Path, candidates: &[PathBuf], reached: &mut BTreeSet<String>) -> Result<()> {
    for candidate in candidates.iter().filter(|candidate| root.join(candidate).is_file()) {
        let mut plain = PathBuf::new();
        for part in candidate {
            if part == ".." {
                plain.pop();
            } else {
                plain.push(part);
            }
        }
        reach(root, &plain.to_string_lossy(), reached)?;
    }
    Ok(())
}

/// The name in `mod name;` of any visibility.
fn declared_module(line: &str) -> Option<&str> {
    let rest = line.strip_suffix(';')?;
    let (visibility, name) = rest
        .split_once("mod ")
        .or_else(|| rest.strip_prefix("mod ").map(|name| ("", name)))?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let visible = matches!(visibility, "" | "pub ") || (visibility.starts_with("pub(") && visibility.ends_with(") "));
    (plain && visible).then_some(name)
}

/// The file in `create_cluster::CreateCluster`, an entry of an `operations!` table.
fn operation_file(entry: &str) -> Option<&str> {
    let (file, operation) = entry.trim().rsplit_once("::")?;
    if !operation.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let file = file.rsplit([' ', '{', '(']).next().unwrap_or(file).trim();
    file.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        .then_some(file)
}

/// ARNs are put together in one place, where partitions are thought of.
pub fn only_core_spells_arns(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (file, text) in written(root)? {
        // Tests and measurements spell out what they expect.
        let exempt = ["base/core/", "xtask/", "benches/"]
            .iter()
            .any(|folder| file.starts_with(folder))
            || ["/tests/", "/benches/", "/examples/"]
                .iter()
                .any(|folder| file.contains(folder));
        if exempt || file.ends_with("/tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let quoted = line
                .match_indices("\"arn:{")
                .any(|(at, _)| !line.get(..at).is_some_and(|before| before.ends_with('\\')));
            let spelled = quoted || (line.contains("format!(\"arn:") && line.contains('{'));
            if spelled && !line.trim_start().starts_with("//") {
                problems.push(format!("{file}:{}: build ARNs with roadstead_core::Arn", number + 1));
            }
        }
    }
    Ok(problems)
}

pub fn no_path_of_a_machine_is_committed(root: &Path) -> Result<Vec<String>> {
    // Split, so that this file passes.
    let paths = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/home/", "runner"),
    ];
    let mut problems = Vec::new();
    for file in files(root)? {
        let Ok(text) = fs::read_to_string(root.join(&file)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = paths.iter().find(|path| is_absolute(line, path)) {
                problems.push(format!("{file}:{}: names {path} of some machine", number + 1));
            }
        }
    }
    Ok(problems)
}

/// Whether a line has a path that begins so, and not one that merely goes through a folder of that name.
fn is_absolute(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| before.is_whitespace() || "\"'`=(:".contains(before))
    })
}

pub fn models_hold_no_prose(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in files(root)?
        .into_iter()
        .filter(|file| file.starts_with("models/") && is(file, "json"))
    {
        let text = fs::read_to_string(root.join(&file))?;
        if text.contains("\"documentation\":") || text.contains("\"documentationUrl\":") {
            problems.push(format!("{file} holds documentation text of AWS"));
        }
    }
    Ok(problems)
}

/// `xtask/ratchet.txt` names each list of exceptions and how long it may be: as long as it is, never longer.
pub fn lists_of_exceptions_only_shrink(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let entries = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .count()
    };
    let ratchet = fs::read_to_string(root.join("xtask/ratchet.txt"))?;
    for line in ratchet
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (file, limit) = line
            .split_once(' ')
            .ok_or(format!("ratchet.txt: `{line}` is not `FILE NUMBER`"))?;
        let limit: usize = limit.trim().parse()?;
        let length = entries(&fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?);
        if length > limit {
            problems.push(format!(
                "{file} has {length} entries, {limit} are allowed: mend the new ones instead"
            ));
        }
        if length < limit {
            problems.push(format!(
                "{file} has only {length} entries: lower its number in xtask/ratchet.txt"
            ));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::{declared_module, is_absolute, operation_file};

    #[test]
    fn module_declarations_are_read_whatever_their_visibility() {
        for line in ["mod a_b;", "pub mod a_b;", "pub(crate) mod a_b;", "pub(super) mod a_b;"] {
            assert_eq!(declared_module(line), Some("a_b"), "{line}");
        }
        for line in ["mod a_b {", "// mod a_b;", "use a::mod_b;", "let x = mod a;"] {
            assert_eq!(declared_module(line), None, "{line}");
        }
    }

    #[test]
    fn the_table_of_operations_names_files() {
        assert_eq!(
            operation_file("  create_cluster::CreateCluster"),
            Some("create_cluster")
        );
        assert_eq!(
            operation_file("operations! { Ecs: ecs, run_task::RunTask"),
            Some("run_task")
        );
        assert_eq!(operation_file("crate::operations!"), None);
        assert_eq!(operation_file(""), None);
    }

    #[test]
    fn only_paths_from_the_root_of_a_machine_count() {
        for line in ["/x/y", "see /x/y", "\"/x/y\"", "a=/x/y"] {
            assert!(is_absolute(line, "/x/"), "{line}");
        }
        assert!(!is_absolute("base/x/y https://host/x/y", "/x/"));
    }
}
