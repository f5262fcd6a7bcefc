//! The command line: `roadstead serve` and the tools around it.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
