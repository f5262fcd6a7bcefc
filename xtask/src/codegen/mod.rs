//! `cargo xtask codegen`: `models/*.json` become `api/<service>/`.

mod emit;
mod model;
mod names;
pub mod ordered;
mod patterns;
mod services;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Writes the generated crates, or with `check` only says whether the written ones are fresh.
pub fn run(check: bool) -> Result<(), String> {
    let root = root();
    let mut stale = Vec::new();
    for (path, text) in generate(&root)? {
        let path = root.join(path);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|why| format!("making `{}`: {why}", folder.display()))?;
        }
        std::fs::write(&path, text).map_err(|why| format!("writing `{}`: {why}", path.display()))?;
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "generated code is stale, run `cargo xtask codegen`: {}",
        stale.join(", ")
    ))
}

/// All generated files by path from the root, in memory.
pub fn generate(root: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut files = BTreeMap::new();
    for service in services::SERVICES {
        let path = root.join("models").join(format!("{}.json", service.name));
        let text = std::fs::read_to_string(&path).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
        let json = ordered::Json::parse(&text).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
        let model = model::Model::new(service, &json).map_err(|why| format!("model of {}: {why}", service.name))?;
        for (name, text) in emit::files(&model) {
            files.insert(Path::new("api").join(service.name).join(name), text);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_code_is_fresh() {
        run(true).unwrap();
    }
}
