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
    let path = root.join("models/additions.json");
    let text = std::fs::read_to_string(&path).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
    let additions = ordered::Json::parse(&text).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
    for service in services::SERVICES {
        let path = root.join("models").join(format!("{}.json", service.name));
        let text = std::fs::read_to_string(&path).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
        let mut json = ordered::Json::parse(&text).map_err(|why| format!("reading `{}`: {why}", path.display()))?;
        if let Some(added) = additions.get(service.name) {
            json = extended(&json, added);
        }
        let model = model::Model::new(service, &json).map_err(|why| format!("model of {}: {why}", service.name))?;
        for (name, text) in emit::files(&model) {
            files.insert(Path::new("api").join(service.name).join(name), text);
        }
    }
    Ok(files)
}

/// A model with what AWS answers and the model does not know: objects are merged; `order` names members in the order of
/// the wire.
fn extended(model: &ordered::Json, added: &ordered::Json) -> ordered::Json {
    use ordered::Json::Object;
    let Object(entries) = model else { return added.clone() };
    let merged = entries.iter().map(|(key, value)| {
        let value = added
            .get(key)
            .map_or_else(|| value.clone(), |more| extended(value, more));
        (key.clone(), value)
    });
    let mut merged: Vec<_> = merged.collect();
    let is_new = |key: &str| key != "order" && model.get(key).is_none();
    merged.extend(added.entries().iter().filter(|(key, _)| is_new(key)).cloned());
    if let Some(order) = added.get("order") {
        let place = |name: &str| order.items().iter().position(|item| item.text() == Some(name));
        for (key, value) in &mut merged {
            if let ("members", Object(members)) = (key.as_str(), value) {
                members.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
            }
        }
    }
    Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_gets_members_and_their_order_from_what_is_added() {
        let read = |text| ordered::Json::parse(text).unwrap();
        let model = read(r#"{"shapes": {"A": {"type": "structure", "members": {"B": {"shape": "S"}}}, "S": {}}}"#);
        let added = read(r#"{"shapes": {"A": {"members": {"C": {"shape": "T"}}, "order": ["C", "B"]}, "T": {}}}"#);
        let expected = r#"{"shapes": {"A": {"type": "structure", "members": {"C": {"shape": "T"}, "B": {"shape": "S"}}},
            "S": {}, "T": {}}}"#;
        assert_eq!(extended(&model, &added), read(expected));
    }

    #[test]
    fn generated_code_is_fresh() {
        run(true).unwrap();
    }
}
