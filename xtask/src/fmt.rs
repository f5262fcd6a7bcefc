//! `cargo xtask fmt`: formats every file that is written by hand, also those that only a macro declares.

use std::process::Command;

use crate::{Result, must, root};

/// Formats, or with `check` only says what would change.
///
/// `cargo fmt` follows module declarations and so misses the files that `operations!` declares (decision 0005).
pub fn run(check: bool) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "*.rs"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("listing the files with git: {error}"))?;
    let listed = String::from_utf8(listed.stdout)?;
    let by_hand = listed
        .lines()
        .filter(|path| !path.starts_with("api/") && !path.contains("/generated/"));
    let existing = by_hand.filter(|path| root().join(path).exists());
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(check.then_some("--check"));
    must(rustfmt.args(existing).current_dir(root()))
}
