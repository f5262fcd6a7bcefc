//! `roadstead trace`: the calls made on behalf, from the audit trail.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use roadstead_kernel::Result;
use roadstead_kernel::audit::{Record, read_records, tail};

#[derive(Args)]
pub struct TraceArgs {
    #[command(flatten)]
    data: super::DataDirArgs,
    /// Goes on with calls as they are made.
    #[arg(long, short)]
    follow: bool,
    /// Shows every call, not only those made on behalf.
    #[arg(long)]
    all: bool,
    /// The most calls to show of what is past.
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
}

/// Prints one line for each action decided, newest last.
pub fn run(args: &TraceArgs) -> Result<ExitCode> {
    let dir = args.data.data_dir().audit();
    let wanted = |record: &Record| args.all || record.is_on_behalf();
    let mut past = read_records(&dir, args.limit, wanted)?;
    // The trail has them as they were answered; calls that went on at the same time stand in other order.
    past.reverse();
    past.sort_by_key(|record| record.time);
    if !past.iter().all(print) {
        return Ok(ExitCode::SUCCESS);
    }
    if args.follow {
        tail(&dir, |record| !wanted(&record) || print(&record))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a record; `false` when nobody reads any more.
fn print(record: &Record) -> bool {
    lines(record)
        .iter()
        .all(|line| writeln!(std::io::stdout(), "{line}").is_ok())
}

/// Time, region, session, action, resource, decision and statement of each action that was decided.
pub fn lines(record: &Record) -> Vec<String> {
    let who = match record.identity.arn.rsplit_once(":assumed-role/") {
        Some((_, session)) => session,
        None => &record.identity.arn,
    };
    let outcome = |allowed: bool, statement: Option<&str>| match (allowed, &record.error) {
        (false, _) => "denied".to_owned(),
        (true, Some(error)) => format!("allowed by {}, then {}", statement.unwrap_or("-"), error.code),
        (true, None) => format!("allowed by {}", statement.unwrap_or("-")),
    };
    let head = format!("{}  {}  {who}", record.time.iso8601_millis(), record.region);
    if record.decisions.is_empty() {
        return vec![format!(
            "{head}  {}:{}  *  {}",
            record.service,
            record.operation,
            outcome(true, None)
        )];
    }
    record
        .decisions
        .iter()
        .map(|d| {
            format!(
                "{head}  {}  {}  {}",
                d.action,
                d.resource,
                outcome(d.allowed, d.statement.as_deref())
            )
        })
        .collect()
}
