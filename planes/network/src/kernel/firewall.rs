//! The one rule set of another program's that is touched: Docker's chain for rules of the user.
//!
//! When Docker turns forwarding on, it lets nothing pass between interfaces that are not its own. Two rules in the chain
//! it keeps for the user let our interfaces through; which traffic a task may have is decided elsewhere. Nothing is done
//! where that chain is missing: that firewall is somebody's decision.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::NetError;
use crate::eni::PREFIX;

const CHAIN: &str = "DOCKER-USER";

/// Whether the rules are known to be as they must be.
#[derive(Debug, Default)]
pub(super) struct Passage(AtomicBool);

/// How packets between interfaces fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwarding {
    /// They pass.
    Open,
    /// They are dropped, but Docker's chain lets rules be added.
    Closed,
    /// They are dropped, and there is no place for a rule of ours.
    ClosedByOthers,
}

/// What the command answered; `None` when it failed or is not there.
///
/// It runs in the network namespace of this thread, and is short; so it is not handed to another thread.
fn iptables(arguments: &[&str]) -> Option<String> {
    let output = Command::new("iptables")
        .arg("-w")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn rules() -> [[String; 4]; 2] {
    ["-i", "-o"].map(|side| {
        [
            side.to_owned(),
            format!("{PREFIX}+"),
            "-j".to_owned(),
            "ACCEPT".to_owned(),
        ]
    })
}

fn with<'a>(action: &'a str, rule: &'a [String; 4]) -> Vec<&'a str> {
    [action, CHAIN]
        .into_iter()
        .chain(rule.iter().map(String::as_str))
        .collect()
}

/// Looks how packets between interfaces fare, leaving our own rules out of account.
pub(super) fn look() -> Forwarding {
    let drops =
        iptables(&["-S", "FORWARD"]).is_some_and(|listing| listing.lines().any(|line| line == "-P FORWARD DROP"));
    match drops {
        false => Forwarding::Open,
        true if iptables(&["-S", CHAIN]).is_some() => Forwarding::Closed,
        true => Forwarding::ClosedByOthers,
    }
}

impl Passage {
    /// Lets our interfaces through.
    pub(super) fn open(&self) -> Result<(), NetError> {
        if self.0.load(Ordering::Acquire) {
            return Ok(());
        }
        if look() == Forwarding::Closed {
            for rule in &rules() {
                if iptables(&with("-C", rule)).is_none() && iptables(&with("-I", rule)).is_none() {
                    return Err(NetError::Kernel(format!(
                        "adding a rule to the firewall's chain {CHAIN} failed"
                    )));
                }
            }
        }
        self.0.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes the rules away, also those of a program that was killed.
    pub(super) fn close(&self) {
        for rule in &rules() {
            while iptables(&with("-D", rule)).is_some() {}
        }
        self.0.store(false, Ordering::Release);
    }
}
