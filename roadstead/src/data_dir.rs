//! The data directory: keys, store, audit trail, and the mark of a running server. Owner only.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use roadstead_core::Ids;
use roadstead_kernel::{Fault, MASTER_KEY_LEN, Result};
use serde::{Deserialize, Serialize};

/// The root user's keys.
#[derive(Clone, Serialize, Deserialize)]
pub struct RootKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
}

impl std::fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKeys({})", self.access_key_id)
    }
}

/// The mark that a running server leaves, for the tools beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The default region.
    pub region: String,
    /// The server's process id.
    pub pid: u32,
}

/// A data directory.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The directory at a path; nothing is read or made yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is when nobody says otherwise: `$XDG_DATA_HOME/roadstead`, else `~/.local/share/roadstead`.
    pub fn default_path() -> PathBuf {
        let set = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
        data.unwrap_or_else(|| PathBuf::from(".")).join("roadstead")
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the directory if it is missing; only its owner may look in.
    pub fn create(&self) -> Result<()> {
        let refused = |error| {
            Fault::internal(format_args!(
                "making the data directory `{}`: {error}",
                self.0.display()
            ))
        };
        fs::create_dir_all(&self.0).map_err(refused)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700)).map_err(refused)?;
        }
        Ok(())
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// Where the audit trail is.
    pub fn audit(&self) -> PathBuf {
        self.0.join("audit")
    }

    /// The root user's keys: those of the environment, else those kept here, made at the first start.
    pub fn root_keys(&self, ids: &Ids) -> Result<RootKeys> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (id, secret) = (
            set("ROADSTEAD_ROOT_ACCESS_KEY_ID"),
            set("ROADSTEAD_ROOT_SECRET_ACCESS_KEY"),
        );
        match (id, secret) {
            (Some(access_key_id), Some(secret_access_key)) => {
                let keys = RootKeys {
                    access_key_id,
                    secret_access_key,
                };
                write_private(&self.root_file(), &to_json(&keys)?)?;
                Ok(keys)
            }
            (None, None) => match self.kept_root_keys()? {
                Some(keys) => Ok(keys),
                None => {
                    let keys = RootKeys {
                        access_key_id: ids.access_key("AKIA"),
                        secret_access_key: ids.secret_key(),
                    };
                    write_private(&self.root_file(), &to_json(&keys)?)?;
                    Ok(keys)
                }
            },
            _ => Err(Fault::internal(
                "set both `ROADSTEAD_ROOT_ACCESS_KEY_ID` and `ROADSTEAD_ROOT_SECRET_ACCESS_KEY`, or neither",
            )),
        }
    }

    /// The root user's keys that are kept here.
    pub fn kept_root_keys(&self) -> Result<Option<RootKeys>> {
        read_json(&self.root_file())
    }

    /// The installation's secret, made at the first start.
    pub fn master_key(&self, ids: &Ids) -> Result<[u8; MASTER_KEY_LEN]> {
        let path = self.0.join("master.key");
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| {
                Fault::internal(format_args!(
                    "`{}` is not a key of this program; restore it from a backup",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = ids.bytes();
                write_private(&path, &key)?;
                Ok(key)
            }
            Err(error) => Err(Fault::internal(format_args!("reading `{}`: {error}", path.display()))),
        }
    }

    /// Leaves the mark of a running server.
    pub fn set_running(&self, running: &Running) -> Result<()> {
        write_private(&self.running_file(), &to_json(running)?)
    }

    /// Takes the mark away.
    pub fn clear_running(&self) {
        let _ = fs::remove_file(self.running_file());
    }

    /// The mark of a running server, if one was left.
    pub fn running(&self) -> Result<Option<Running>> {
        read_json(&self.running_file())
    }

    /// The container instances that this machine was registered as, by cluster.
    pub fn instances(&self) -> Result<BTreeMap<String, String>> {
        Ok(read_json(&self.instances_file())?.unwrap_or_default())
    }

    /// Keeps the container instances that this machine was registered as.
    pub fn set_instances(&self, instances: &BTreeMap<String, String>) -> Result<()> {
        write_private(&self.instances_file(), &to_json(instances)?)
    }

    fn instances_file(&self) -> PathBuf {
        self.0.join("instances.json")
    }

    fn root_file(&self) -> PathBuf {
        self.0.join("root-keys.json")
    }

    fn running_file(&self) -> PathBuf {
        self.0.join("server.json")
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(Fault::internal)
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Fault::internal(format_args!("`{}` is damaged: {error}", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::internal(format_args!("reading `{}`: {error}", path.display()))),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |error| Fault::internal(format_args!("writing `{}`: {error}", path.display()));
    let temporary = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary).map_err(refused)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(refused)?;
    fs::rename(&temporary, path).map_err(refused)
}
