//! The project's own tasks: `cargo xtask TASK`.

mod bench;
mod codegen;
mod conformance;
mod coverage;
mod env;
mod fmt;
mod import_models;
mod sar;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What a task ends with; the text of an error is for whoever ran it.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
cargo xtask TASK [options]

  test [--fast] [--only PART]   everything that must hold: fmt, clippy, tests, coverage, conformance
                                (--fast leaves out conformance; PART is one of the five)
  fmt [--check]                 formats what is written by hand, or says what would change
  tidy                          the rules of the repository itself (also run as tests)
  conformance [pytest options]  real clients against a real server
  bench [NAME [options]]        how fast and how small, printed as a table
  coverage [--check]            writes docs/coverage.md, or says whether it is up to date
  codegen [--check]             writes api/ from models/, or says whether it is up to date
  import-models [SERVICE]...    writes models/ from the pinned botocore
  sar [--check | --from SHARED] writes the policy engine's tables from models/sar (which --from makes first)
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match task.as_str() {
        "test" => test::run(&rest),
        "fmt" => fmt::run(rest.iter().any(|argument| argument == "--check")),
        "tidy" => tidy::run(),
        "conformance" => conformance::run(&rest),
        "bench" => bench::run(&rest),
        "coverage" => coverage::run(&rest),
        "codegen" => codegen::run(rest.iter().any(|argument| argument == "--check")).map_err(Into::into),
        "import-models" => import_models::run(&rest).map_err(Into::into),
        "sar" => service_authorization(&rest),
        "" | "help" | "--help" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("there is no task `{other}`\n\n{USAGE}").into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes or checks the tables that the policy engine has of actions, resources and condition keys.
fn service_authorization(arguments: &[String]) -> Result<()> {
    let (models, out) = (root().join("models/sar"), root().join("base/policy/src/generated"));
    match arguments {
        [] => sar::generate(&models, &out),
        [option] if option == "--check" => tidy::policy_tables_are_fresh(&models, &out),
        [option, shared] if option == "--from" => {
            sar::reduce(Path::new(shared), &models)?;
            sar::generate(&models, &out)
        }
        _ => Err("usage: cargo xtask sar [--check | --from SHARED]".into()),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, in the root of the repository.
fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(root())
        .stdin(std::process::Stdio::null());
    command
}

/// Runs a command to its end, its output going where ours goes; fails when it fails.
fn must(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command
        .status()
        .map_err(|error| format!("running `{shown}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}").into())
    }
}
