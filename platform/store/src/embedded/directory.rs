//! The directory of a store: who may see it, who has it, and the file in it.

use super::layout::{fault, initialize};
use crate::{Result, StoreError};
use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// How much of the file redb may keep in memory, in bytes. The system's page cache holds the rest.
const CACHE: usize = 4 << 20;
/// The file that everything is in.
const FILE: &str = "store.redb";
/// The file while it is being created: a crash leaves no half-made store.
const NEW_FILE: &str = "store.redb.new";
/// The file whose lock says that a server uses the directory.
const LOCK: &str = "lock";

/// A directory that this process has for itself until this value is dropped.
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Takes the directory, creating it where it does not exist.
    pub(super) fn lock(path: &Path) -> Result<Self> {
        create(path).map_err(|error| StoreError::io(format!("creating the directory `{}`", path.display()), error))?;
        let name = path.join(LOCK);
        let lock = open(&name, true)
            .map_err(|error| StoreError::io(format!("opening the lock file `{}`", name.display()), error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
                directory: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(StoreError::io(format!("locking `{}`", name.display()), error)),
        }
    }

    /// Opens the database in the directory, or creates it.
    pub(super) fn open_database(&self) -> Result<Database> {
        let name = self.path.join(FILE);
        let context = || format!("opening the store `{}`", name.display());
        match open(&name, false) {
            Ok(file) => {
                // An empty file would be taken for a new one, and what was in it would be lost without a word.
                if file.metadata().map_err(|error| StoreError::io(context(), error))?.len() == 0 {
                    return Err(StoreError::Corrupt {
                        context: format!("{}: it is empty", context()),
                    });
                }
                open_backend(backend(file)?, &context())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.create_database(&name),
            Err(error) => Err(StoreError::io(context(), error)),
        }
    }

    fn create_database(&self, name: &Path) -> Result<Database> {
        let new = self.path.join(NEW_FILE);
        let failed = |error| StoreError::io(format!("creating the store `{}`", name.display()), error);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let file = open(&new, true).map_err(failed)?;
        let database = open_backend(backend(file)?, &format!("creating the store `{}`", name.display()))?;
        initialize(&database)?;
        fs::rename(&new, name).map_err(failed)?;
        // Without this a power failure could forget the name, and with it all that was acknowledged.
        File::open(&self.path)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
        Ok(database)
    }
}

/// Opens a database over anything that stores bytes.
pub(super) fn open_backend(backend: impl StorageBackend, context: &str) -> Result<Database> {
    let open = || Builder::new().set_cache_size(CACHE).create_with_backend(backend);
    // redb may panic on a file that was altered behind its back.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(open)) {
        Ok(opened) => opened.map_err(|error| fault(context, error)),
        Err(_) => Err(StoreError::Corrupt {
            context: format!("{context}: it is damaged"),
        }),
    }
}

fn backend(file: File) -> Result<FileBackend> {
    FileBackend::new(file).map_err(|error| fault("opening the store", error))
}

/// Creates a directory that only this user can enter.
fn create(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for reading and writing; what it creates only this user can read.
fn open(path: &Path, create: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
