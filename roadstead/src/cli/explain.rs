//! `roadstead explain`: why a principal may or may not do something.

use std::process::ExitCode;

use clap::Args;
use roadstead_kernel::{Fault, Result};

#[derive(Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    data: super::DataDirArgs,
    /// The ARN of the user or role.
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// The action, such as `ecs:RunTask`.
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The resource's ARN.
    #[arg(long, default_value = "*", value_name = "ARN")]
    resource: String,
    /// A condition key and its value, such as `aws:RequestedRegion=eu-west-1`; may be given several times.
    #[arg(long = "context", value_name = "KEY=VALUE")]
    context: Vec<String>,
}

/// Asks the running server.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    let _ = (&args.principal, &args.action, &args.resource, &args.context, args.data.data_dir());
    Err(Fault::internal("not yet"))
}
