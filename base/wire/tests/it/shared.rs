//! Where the shared data lies.

use std::path::{Path, PathBuf};

/// A file of the shared data, or nothing and a line that says so.
pub fn read(name: &str, path: &str) -> Option<String> {
    let folder = std::env::var_os("ROADSTEAD_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(path)).ok();
    if text.is_none() {
        println!("SKIPPED {name}: the shared data `{path}` is not here");
    }
    text
}
