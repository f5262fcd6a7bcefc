//! Kernel settings of the namespace that the calling thread is in.

use std::io;

use crate::NetError;

/// Sets a value unless it is set already: reading is allowed where writing is not.
pub(super) fn set(path: &str, value: &str) -> Result<(), NetError> {
    let full = format!("/proc/sys/{path}");
    if std::fs::read_to_string(&full).is_ok_and(|is| is.trim() == value) {
        return Ok(());
    }
    std::fs::write(&full, value).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            NetError::NotPermitted(format!("setting {path} to {value}"))
        }
        _ => NetError::Kernel(format!("setting {path} to {value}: {error}")),
    })
}

/// Sets a value that not every kernel has.
pub(super) fn set_if_there(path: &str, value: &str) -> Result<(), NetError> {
    if std::fs::exists(format!("/proc/sys/{path}")).unwrap_or(false) {
        set(path, value)
    } else {
        Ok(())
    }
}
