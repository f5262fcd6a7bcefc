//! Control groups on the engine's host, whose limits several containers share.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::probe;
use crate::RuntimeError;
use crate::spec::GroupSpec;

/// The period of CPU quotas, in microseconds: the engine's own.
const PERIOD: u64 = 100_000;
/// How often and how long an engine is waited for that has not yet left the group of a container it removed.
const TRIES: u32 = 50;
const AGAIN: Duration = Duration::from_millis(20);

/// The control groups of an installation: directories below one of its own.
#[derive(Debug)]
pub(super) struct Groups {
    /// The installation's directory, relative to that of a controller.
    parent: String,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// One hierarchy per controller.
    First { root: PathBuf },
    /// One hierarchy for all.
    Second { root: PathBuf },
}

impl Groups {
    /// Where this program can make groups that the engine finds; `None` where it cannot.
    ///
    /// The engine must manage the groups of its containers itself (its driver is `cgroupfs`): a service manager takes
    /// units only.
    pub(super) fn find(owner: &str, endpoint: &str, driver: &str) -> Option<Self> {
        if driver != "cgroupfs" || !probe::is_here(endpoint) {
            return None;
        }
        Self::below(Path::new("/sys/fs/cgroup"), owner)
    }

    fn below(root: &Path, owner: &str) -> Option<Self> {
        let writable = |path: &Path| fs::metadata(path).is_ok_and(|found| !found.permissions().readonly());
        let layout = if root.join("cgroup.controllers").exists() && writable(&root.join("cgroup.subtree_control")) {
            Layout::Second { root: root.to_owned() }
        } else if ["memory/memory.limit_in_bytes", "cpu/cpu.shares"]
            .iter()
            .all(|file| root.join(file).exists())
        {
            Layout::First { root: root.to_owned() }
        } else {
            return None;
        };
        let owner: String = owner
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
            .collect();
        let groups = Self {
            parent: format!("ecs-{owner}"),
            layout,
        };
        // Making one shows whether this program may.
        groups.prepare("probe").and_then(|()| groups.discard("probe")).ok()?;
        Some(groups)
    }

    /// Makes the group or sets its limits; answers the parent to give to the engine.
    pub(super) fn create(&self, spec: &GroupSpec) -> Result<Option<String>, RuntimeError> {
        // The installation's directory goes with its last group, which another call may be removing just now.
        self.prepare(&spec.name)
            .or_else(|_| self.prepare(&spec.name))
            .and_then(|()| self.limit(spec))
            .map_err(|error| RuntimeError::Engine(format!("making the control group `{}`: {error}", spec.name)))?;
        Ok(Some(format!("/{}/{}", self.parent, spec.name)))
    }

    fn prepare(&self, name: &str) -> io::Result<()> {
        match &self.layout {
            Layout::First { root } => {
                for controller in ["memory", "cpu"] {
                    fs::create_dir_all(root.join(controller).join(&self.parent).join(name))?;
                }
            }
            Layout::Second { root } => {
                let parent = root.join(&self.parent);
                fs::create_dir_all(parent.join(name))?;
                for directory in [root, &parent] {
                    fs::write(directory.join("cgroup.subtree_control"), "+cpu +memory")?;
                }
            }
        }
        Ok(())
    }

    fn limit(&self, spec: &GroupSpec) -> io::Result<()> {
        let quota = spec.nano_cpus.map(|nanos| (nanos / (1_000_000_000 / PERIOD)).max(1000));
        match &self.layout {
            Layout::First { root } => {
                let file =
                    |controller: &str, name: &str| root.join(controller).join(&self.parent).join(&spec.name).join(name);
                if let Some(memory) = spec.memory {
                    fs::write(file("memory", "memory.limit_in_bytes"), memory.to_string())?;
                }
                if let Some(quota) = quota {
                    fs::write(file("cpu", "cpu.cfs_period_us"), PERIOD.to_string())?;
                    fs::write(file("cpu", "cpu.cfs_quota_us"), quota.to_string())?;
                }
            }
            Layout::Second { root } => {
                let file = |name: &str| root.join(&self.parent).join(&spec.name).join(name);
                if let Some(memory) = spec.memory {
                    fs::write(file("memory.max"), memory.to_string())?;
                }
                if let Some(quota) = quota {
                    fs::write(file("cpu.max"), format!("{quota} {PERIOD}"))?;
                }
            }
        }
        Ok(())
    }

    /// Removes a group in all hierarchies; one that is in use after a second is left, and said.
    pub(super) async fn remove(&self, name: &str) -> Result<(), RuntimeError> {
        for _ in 0..TRIES {
            if self.discard(name).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
        tracing::warn!(group = name, "a control group is still in use and was left");
        Ok(())
    }

    fn discard(&self, name: &str) -> io::Result<()> {
        for directory in self.directories() {
            remove_tree(&directory.join(name))?;
            // Fails while other groups are there.
            let _ = fs::remove_dir(&directory);
        }
        Ok(())
    }

    /// The names of the groups that are there.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .directories()
            .iter()
            .flat_map(|directory| children(directory))
            .filter_map(|child| Some(child.file_name()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The installation's directory in each hierarchy that has it.
    fn directories(&self) -> Vec<PathBuf> {
        let roots = match &self.layout {
            Layout::First { root } => children(root),
            Layout::Second { root } => vec![root.clone()],
        };
        roots
            .into_iter()
            .map(|root| root.join(&self.parent))
            .filter(|directory| directory.is_dir())
            .collect()
    }
}

/// The directories in a directory; none where there is no such directory. Names of other hierarchies are links.
fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Removes a group and those in it; the files of a group are not removed but go with it.
fn remove_tree(group: &Path) -> io::Result<()> {
    for child in children(group) {
        remove_tree(&child)?;
    }
    match fs::remove_dir(group) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("roadstead-group-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn the_limits_are_written_where_each_layout_has_them() {
        let spec = GroupSpec {
            name: "t".to_owned(),
            memory: Some(512 << 20),
            nano_cpus: Some(250_000_000),
        };
        let root = directory("first");
        for file in ["memory/memory.limit_in_bytes", "cpu/cpu.shares"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        let groups = Groups::below(&root, "a/b").unwrap();
        assert_eq!(groups.create(&spec).unwrap().as_deref(), Some("/ecs-a-b/t"));
        let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(read("memory/ecs-a-b/t/memory.limit_in_bytes"), "536870912");
        assert_eq!(read("cpu/ecs-a-b/t/cpu.cfs_quota_us"), "25000");
        assert_eq!(groups.names(), ["t"]);
        fs::remove_dir_all(&root).unwrap();

        let root = directory("second");
        for file in ["cgroup.controllers", "cgroup.subtree_control"] {
            fs::write(root.join(file), "").unwrap();
        }
        let groups = Groups::below(&root, "o").unwrap();
        assert_eq!(groups.create(&spec).unwrap().as_deref(), Some("/ecs-o/t"));
        let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
        assert_eq!(read("ecs-o/t/memory.max"), "536870912");
        assert_eq!(read("ecs-o/t/cpu.max"), "25000 100000");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_host_without_control_groups_has_no_groups() {
        let root = directory("none");
        assert!(Groups::below(&root, "o").is_none());
        fs::remove_dir_all(&root).unwrap();
        assert!(Groups::find("o", "unix:///var/run/docker.sock", "systemd").is_none());
    }
}
