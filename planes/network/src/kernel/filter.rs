//! Security groups in force: one table of `nft` per installation, changed in one transaction at a time.
//!
//! What is wanted is kept in memory; what is in the kernel is what was put there last. Whoever comes while a transaction
//! runs waits and finds that the next one did the work of all that waited. When a change is refused, such as after
//! somebody flushed all tables, the whole table is made anew.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::ruleset::{Member, Ruleset};
use crate::NetError;
use crate::eni::{EniSpec, interface_name};
use crate::group::SecurityGroup;

/// The rules of one installation.
#[derive(Debug)]
pub(super) struct Filter {
    table: String,
    able: OnceCell<bool>,
    wanted: Mutex<Wanted>,
    installed: tokio::sync::Mutex<Installed>,
}

#[derive(Debug, Default)]
struct Wanted {
    members: BTreeMap<String, Member>,
    groups: BTreeMap<String, SecurityGroup>,
    /// Grows with every change.
    generation: u64,
}

#[derive(Debug, Default)]
struct Installed {
    state: State,
    generation: u64,
}

/// What is in the kernel.
#[derive(Debug, Default)]
enum State {
    /// Whatever somebody left there.
    #[default]
    Unknown,
    NoTable,
    Table(Ruleset),
}

/// Runs `nft`; what it said when it failed.
async fn nft(arguments: &[&str], script: &str) -> Result<(), String> {
    // Started from this thread, so that it works in this thread's network namespace.
    let mut child = Command::new("nft")
        .args(arguments)
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("starting `nft`: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Should it end early, what it says is worth more than that it did not read on.
        let _ = stdin.write_all(script.as_bytes()).await;
    }
    let output = child
        .wait_with_output()
        .await
        .map_err(|error| format!("waiting for `nft`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .lines()
        .find(|line| line.contains("Error"))
        .unwrap_or("`nft` failed")
        .trim()
        .to_owned())
}

/// Whether rules can be kept on this host: `nft` is there and may change the kernel's tables.
pub(super) async fn is_able() -> bool {
    // More than once: for a passing failure, such as a lack of memory, tasks must not go without rules ever after.
    for _ in 0..3 {
        match nft(&["list", "tables"], "").await {
            Ok(()) => return true,
            Err(said) => tracing::debug!(said, "looking whether rules can be kept"),
        }
    }
    false
}

impl Filter {
    /// The rules of the installation `owner`.
    pub(super) fn new(owner: &str) -> Self {
        let word = owner.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let table = if word {
            format!("roadstead-{owner}")
        } else {
            let hash = owner.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
                (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
            });
            format!("roadstead-{hash:016x}")
        };
        Self {
            table,
            able: OnceCell::new(),
            wanted: Mutex::default(),
            installed: tokio::sync::Mutex::default(),
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is known that rules cannot be kept here.
    pub(super) fn is_unable(&self) -> bool {
        self.able.get() == Some(&false)
    }

    async fn able(&self) -> bool {
        *self.able.get_or_init(is_able).await
    }

    /// The address of an interface that has rules.
    pub(super) fn address(&self, eni_id: &str) -> Option<Ipv4Addr> {
        self.wanted().members.get(eni_id).map(|member| member.address)
    }

    /// Puts rules in force for an interface that is about to be made.
    pub(super) async fn add(&self, eni: &EniSpec) -> Result<(), NetError> {
        let member = member(eni)?;
        let taken = |(id, other): (&String, &Member)| *id != eni.id && other.address == member.address;
        if self.wanted().members.iter().any(taken) {
            return Err(NetError::AddressInUse(member.address));
        }
        self.change(|wanted| wanted.members.insert(eni.id.clone(), member))
            .await
    }

    /// Takes away the rules of an interface that is gone.
    pub(super) async fn remove(&self, eni_id: &str) -> Result<(), NetError> {
        if self.wanted().members.contains_key(eni_id) {
            self.change(|wanted| wanted.members.remove(eni_id)).await?;
        }
        Ok(())
    }

    /// Puts the rules of groups in the place of those they had.
    pub(super) async fn set_groups(&self, groups: Vec<SecurityGroup>) -> Result<(), NetError> {
        groups.iter().try_for_each(SecurityGroup::check)?;
        let changed = {
            let wanted = self.wanted();
            groups.iter().any(|group| wanted.groups.get(&group.id) != Some(group))
        };
        if changed {
            let named = groups.into_iter().map(|group| (group.id.clone(), group));
            self.change(|wanted| wanted.groups.extend(named)).await?;
        }
        Ok(())
    }

    /// Puts rules in force for exactly these interfaces, whatever was in the kernel.
    pub(super) async fn resume(&self, enis: &[EniSpec]) -> Result<(), NetError> {
        let members: Result<_, NetError> = enis.iter().map(|eni| Ok((eni.id.clone(), member(eni)?))).collect();
        let members = members?;
        *self.installed.lock().await = Installed::default();
        self.change(|wanted| wanted.members = members).await
    }

    async fn change<T>(&self, change: impl FnOnce(&mut Wanted) -> T) -> Result<(), NetError> {
        let mine = {
            let mut wanted = self.wanted();
            change(&mut wanted);
            wanted.generation += 1;
            wanted.generation
        };
        if self.able().await {
            self.install(mine).await
        } else {
            Ok(())
        }
    }

    /// Brings the kernel to what is wanted, at least as of the given change.
    async fn install(&self, mine: u64) -> Result<(), NetError> {
        let mut installed = self.installed.lock().await;
        if installed.generation >= mine {
            return Ok(());
        }
        let (rules, generation, empty) = {
            let wanted = self.wanted();
            let rules = Ruleset::wanted(&wanted.members, &wanted.groups);
            (rules, wanted.generation, wanted.members.is_empty())
        };
        let table = &self.table;
        // Whoever gives up waiting for what follows leaves it unknown.
        let before = std::mem::take(&mut installed.state);
        installed.generation = 0;
        let done = match before {
            State::NoTable if empty => Ok(()),
            _ if empty => {
                nft(
                    &["-f", "-"],
                    &format!("add table inet {table}\ndelete table inet {table}\n"),
                )
                .await
            }
            State::Table(before) => self.lead(&before, &rules).await,
            State::Unknown | State::NoTable => nft(&["-f", "-"], &rules.anew(table)).await,
        };
        done.map_err(|said| NetError::Kernel(format!("changing the rules of security groups: {said}")))?;
        installed.state = if empty { State::NoTable } else { State::Table(rules) };
        installed.generation = generation;
        Ok(())
    }

    async fn lead(&self, before: &Ruleset, rules: &Ruleset) -> Result<(), String> {
        let table = &self.table;
        let script = rules.from(before, table);
        if script.is_empty() {
            return Ok(());
        }
        let Err(said) = nft(&["-f", "-"], &script).await else {
            return Ok(());
        };
        tracing::warn!(
            table,
            said,
            "the rules of tasks were changed by another: they are made anew"
        );
        nft(&["-f", "-"], &rules.anew(table)).await
    }
}

fn member(eni: &EniSpec) -> Result<Member, NetError> {
    Ok(Member {
        interface: interface_name(&eni.id)?,
        address: eni.address,
        resolvers: eni.host_addresses.clone(),
        groups: eni.groups.clone(),
    })
}
