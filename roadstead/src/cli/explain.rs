//! `roadstead explain`: why a principal may or may not do something.

use std::process::ExitCode;

use clap::Args;
use roadstead::client::Client;
use roadstead_kernel::{Explained, Fault, Question, Result};

#[derive(Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    data: super::DataDirArgs,
    /// The ARN of a user, a role or a role's session.
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// The action, such as `ecs:RunTask`.
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The resource's ARN.
    #[arg(long, default_value = "*", value_name = "ARN")]
    resource: String,
    /// A condition key and its value, such as `aws:RequestedRegion=eu-west-1`; may be given several times.
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
}

fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Asks the running server; exit status 0 when the action is allowed, 2 when it is denied.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    let data_dir = args.data.data_dir();
    let (Some(keys), Some(running)) = (data_dir.kept_root_keys()?, data_dir.running()?) else {
        return Err(super::env::not_running(&data_dir));
    };
    let question = Question {
        principal: args.principal.clone(),
        action: args.action.clone(),
        resource: args.resource.clone(),
        context: args.context.clone(),
    };
    let body = serde_json::to_string(&question).map_err(Fault::internal)?;
    let answer = Client::new(&running.endpoint, keys, &running.region).own("/_roadstead/explain", &body)?;
    if answer.status != 200 {
        return Err(Fault::internal(answer.body.trim()));
    }
    let explained: Explained = serde_json::from_str(&answer.body).map_err(Fault::internal)?;
    print(args, &explained);
    Ok(if explained.decision == "allowed" {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn print(args: &ExplainArgs, explained: &Explained) {
    println!("{}: {} on {}", explained.decision, args.action, args.resource);
    if let Some(message) = &explained.message {
        println!("{message}");
    }
    if explained.policies.is_empty() {
        println!("\nNo policy applies to this principal.");
    }
    for policy in &explained.policies {
        println!("\n{} `{}`", policy.kind, policy.name);
        for statement in &policy.statements {
            match &statement.because {
                None => println!("  {:<8} {}  applies", statement.effect, statement.name),
                Some(why) => println!("  {:<8} {}  does not apply: {why}", statement.effect, statement.name),
            }
        }
    }
    for remark in &explained.remarks {
        println!("\n{remark}");
    }
}
