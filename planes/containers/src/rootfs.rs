//! Root file systems made from what the host has, so that containers run without any registry.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tar::{Builder, EntryType, Header};

/// Why a root file system could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RootfsError {
    /// The program could not be read or run.
    #[error("reading `{path}`")]
    Io {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program needs shared libraries that the root file system would not have.
    #[error("`{0}` is not a statically linked program: install the package busybox-static")]
    NotStatic(PathBuf),
    /// No program was written for this machine's processor.
    #[error("there is no built-in program for the processor `{0}`")]
    Processor(&'static str),
}

/// A statically linked busybox of this machine, if it has one.
pub fn find_static_busybox() -> Option<PathBuf> {
    let places = [
        "/bin/busybox",
        "/usr/bin/busybox",
        "/bin/busybox.static",
        "/usr/local/bin/busybox",
    ];
    places
        .iter()
        .map(PathBuf::from)
        .find(|place| std::fs::read(place).is_ok_and(|program| is_static(&program)))
}

/// A tar of a root file system with busybox as `/bin/busybox` and a link per command it has.
///
/// It has users `root` and `nobody`, a `/tmp` that all may write, and no more.
pub fn busybox_rootfs(busybox: &Path) -> Result<Vec<u8>, RootfsError> {
    let failed = |source| RootfsError::Io {
        path: busybox.to_owned(),
        source,
    };
    let program = std::fs::read(busybox).map_err(failed)?;
    if !is_static(&program) {
        return Err(RootfsError::NotStatic(busybox.to_owned()));
    }
    let listed = Command::new(busybox).arg("--list").output().map_err(failed)?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    let commands: Vec<&str> = listed
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "busybox")
        .collect();
    let mut tree = Tree::default();
    let build = |tree: &mut Tree| -> io::Result<()> {
        for (path, mode) in [
            ("bin", 0o755),
            ("dev", 0o755),
            ("etc", 0o755),
            ("home", 0o755),
            ("proc", 0o555),
            ("root", 0o700),
            ("run", 0o755),
            ("sys", 0o555),
            ("tmp", 0o1777),
            ("usr", 0o755),
            ("usr/bin", 0o755),
            ("var", 0o755),
            ("var/tmp", 0o1777),
            ("var/www", 0o755),
        ] {
            tree.directory(path, mode)?;
        }
        tree.file("bin/busybox", 0o755, &program)?;
        for command in commands {
            tree.link(&format!("bin/{command}"), "busybox")?;
        }
        tree.link("usr/bin/env", "../../bin/busybox")?;
        tree.link("var/run", "../run")?;
        tree.file(
            "etc/passwd",
            0o644,
            b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/false\n",
        )?;
        tree.file("etc/group", 0o644, b"root:x:0:\nnogroup:x:65534:\n")
    };
    build(&mut tree).map_err(failed)?;
    tree.finish().map_err(failed)
}

/// A tar of a root file system whose only content, `/pause`, sleeps until it is killed.
///
/// It holds a network namespace open for the containers that join it, at the cost of two pages of memory. As first
/// process of a container it ends by SIGKILL only.
pub fn pause_rootfs() -> Result<Vec<u8>, RootfsError> {
    let program = pause_program().ok_or(RootfsError::Processor(std::env::consts::ARCH))?;
    let failed = |source| RootfsError::Io {
        path: PathBuf::from("/pause"),
        source,
    };
    let mut tree = Tree::default();
    tree.file("pause", 0o755, &program).map_err(failed)?;
    tree.finish().map_err(failed)
}

/// A program of a few instructions: one system call that sleeps, in a loop, in an ELF file of one segment.
fn pause_program() -> Option<Vec<u8>> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let (machine, code): (u16, &[u8]) = match std::env::consts::ARCH {
        "x86_64" => (
            62,
            &[
                0xb8, 0x22, 0x00, 0x00, 0x00, // mov eax, 34 (pause)
                0x0f, 0x05, // syscall
                0xeb, 0xf7, // jmp to the start
            ],
        ),
        "aarch64" => (
            183,
            &[
                0x00, 0x00, 0x80, 0xd2, // mov x0, 0: no descriptors
                0x01, 0x00, 0x80, 0xd2, // mov x1, 0
                0x02, 0x00, 0x80, 0xd2, // mov x2, 0: no time-out
                0x03, 0x00, 0x80, 0xd2, // mov x3, 0: no signal mask
                0x28, 0x09, 0x80, 0xd2, // mov x8, 73 (ppoll)
                0x01, 0x00, 0x00, 0xd4, // svc 0
                0xfa, 0xff, 0xff, 0x17, // b to the start
            ],
        ),
        _ => return None,
    };
    let size = HEADERS + code.len() as u64;
    let mut elf = Vec::new();
    elf.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    elf.extend_from_slice(&2u16.to_le_bytes()); // an executable at a fixed address
    elf.extend_from_slice(&machine.to_le_bytes());
    elf.extend_from_slice(&1u32.to_le_bytes());
    elf.extend_from_slice(&(BASE + HEADERS).to_le_bytes()); // entry
    elf.extend_from_slice(&64u64.to_le_bytes()); // program headers
    elf.extend_from_slice(&0u64.to_le_bytes()); // no section headers
    elf.extend_from_slice(&0u32.to_le_bytes());
    for field in [64u16, 56, 1, 64, 0, 0] {
        elf.extend_from_slice(&field.to_le_bytes());
    }
    elf.extend_from_slice(&1u32.to_le_bytes()); // load
    elf.extend_from_slice(&5u32.to_le_bytes()); // readable, executable
    for field in [0, BASE, BASE, size, size, 0x1000] {
        elf.extend_from_slice(&field.to_le_bytes());
    }
    elf.extend_from_slice(code);
    Some(elf)
}

/// Whether these bytes are a 64-bit little-endian ELF program that names no interpreter.
fn is_static(program: &[u8]) -> bool {
    const INTERPRETER: u64 = 3;
    let number = |at: usize, size: usize| -> Option<u64> {
        let bytes = program.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return false;
    }
    let (Some(table), Some(size), Some(count)) = (number(32, 8), number(54, 2), number(56, 2)) else {
        return false;
    };
    (0..count).all(|index| {
        let at = usize::try_from(table.saturating_add(index * size)).ok();
        at.and_then(|at| number(at, 4)).is_some_and(|kind| kind != INTERPRETER)
    })
}

/// A tar in the making; everything belongs to root and is of 1970, so that equal content gives equal bytes.
struct Tree(Builder<Vec<u8>>);

impl Default for Tree {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

impl Tree {
    fn directory(&mut self, path: &str, mode: u32) -> io::Result<()> {
        let mut header = header(EntryType::Directory, mode, 0);
        self.0.append_data(&mut header, format!("{path}/"), io::empty())
    }

    fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        let mut header = header(EntryType::Regular, mode, content.len() as u64);
        self.0.append_data(&mut header, path, content)
    }

    fn link(&mut self, path: &str, target: &str) -> io::Result<()> {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        self.0.append_link(&mut header, path, target)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        self.0.into_inner()
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_no_static_program() {
        assert!(!is_static(b"#!/bin/sh\n"));
        assert!(!is_static(b"\x7fELF\x02\x01"));
    }

    #[test]
    fn a_program_with_an_interpreter_is_not_static() {
        let program = pause_program().unwrap();
        assert!(is_static(&program));
        let mut dynamic = program;
        dynamic[64] = 3;
        assert!(!is_static(&dynamic));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_pause_program_runs_until_it_is_killed() {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::process::ExitStatusExt;
        let path = std::env::temp_dir().join(format!("roadstead-pause-{}", std::process::id()));
        std::fs::write(&path, pause_program().unwrap()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = Command::new(&path).spawn().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
