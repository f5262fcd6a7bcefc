//! Tasks of the repository: `cargo xtask <task>`.

mod codegen;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let done = match args.next().as_deref() {
        Some("codegen") => codegen::run(args.any(|arg| arg == "--check")),
        _ => Err("usage: cargo xtask codegen [--check]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
