//! The commands, one file each.

mod demo;
mod doctor;
mod env;
mod explain;
mod network;
mod serve;
mod trace;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use roadstead::DataDir;

/// Amazon ECS on your own machines, with the service-linked role.
#[derive(Parser)]
#[command(name = "roadstead", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Serve(Box<serve::ServeArgs>),
    /// Prints the environment that points the AWS CLI, SDKs and Terraform at the running server.
    Env(DataDirArgs),
    /// Shows the main job on real input: a cluster, its role, a task and its interface, and the end of all of them.
    Demo(demo::DemoArgs),
    /// Lists the calls made on behalf, newest last.
    Trace(trace::TraceArgs),
    /// Says why a principal may or may not do an action on a resource.
    Explain(explain::ExplainArgs),
    /// Checks what tasks need on this host.
    Doctor(DataDirArgs),
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the modelled operations as JSON, each with whether it is implemented.
    #[command(hide = true)]
    Operations,
}

/// Which data directory.
#[derive(Args)]
struct DataDirArgs {
    /// The data directory [default: $XDG_DATA_HOME/roadstead or ~/.local/share/roadstead].
    #[arg(long, env = "ROADSTEAD_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataDirArgs {
    fn data_dir(&self) -> DataDir {
        DataDir::new(self.data_dir.clone().unwrap_or_else(DataDir::default_path))
    }
}

/// Runs the command that was given.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(*args),
        Command::Env(args) => env::run(&args.data_dir()),
        Command::Demo(args) => demo::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Doctor(args) => doctor::run(&args.data_dir()),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "roadstead", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Operations => operations(),
    };
    outcome.unwrap_or_else(|fault| {
        eprintln!("roadstead: {fault}");
        ExitCode::FAILURE
    })
}

fn operations() -> roadstead_kernel::Result<ExitCode> {
    let (installation, ..) = roadstead::Installation::in_memory(0)?;
    // Whoever stopped reading has what was wanted.
    let _ = writeln!(std::io::stdout(), "{}", roadstead::admin::operations(&installation));
    Ok(ExitCode::SUCCESS)
}

/// A runtime for commands that need one.
fn tokio() -> roadstead_kernel::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(roadstead_kernel::Fault::internal)
}
