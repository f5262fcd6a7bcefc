//! A server that is started, looked at from outside and stopped again.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

pub const ACCESS_KEY_ID: &str = "AKIAROADSTEADLOAD000";
pub const SECRET_ACCESS_KEY: &str = "a-secret-of-the-load-generator-0000000000";
pub const REGION: &str = "us-east-1";

/// A running server with a directory of its own.
pub struct Server {
    program: PathBuf,
    folder: PathBuf,
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its first answer.
    pub first_answer: Duration,
}

impl Server {
    /// Starts a server with an empty directory and waits for its first answer.
    pub fn start(program: &Path) -> Result<Self> {
        // On the disk where builds go: a temporary directory may be in memory, where durable costs nothing.
        let folder = program.with_file_name(format!("roadstead-load-{}", std::process::id()));
        let (child, address, first_answer) = launch(program, &folder)?;
        Ok(Self {
            program: program.to_owned(),
            folder,
            child,
            address,
            first_answer,
        })
    }

    /// Stops the server and starts it again with what it has stored.
    pub fn restart(&mut self) -> Result<()> {
        self.end()?;
        (self.child, self.address, self.first_answer) = launch(&self.program, &self.folder)?;
        Ok(())
    }

    /// Stops the server; its directory goes too.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    /// CPU time that it used so far.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold blanks; what follows its bracket does not.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|ticks| ticks.parse::<u64>().ok())
                .ok_or("no CPU time")
        };
        // Linux counts these in hundredths of a second for every program.
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no resident size")?;
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024)
    }

    /// Bytes of its records, without the audit trail.
    pub fn stored(&self) -> Result<u64> {
        let audit = self.folder.join("audit");
        let trail = if audit.exists() { size(&audit)? } else { 0 };
        Ok(size(&self.folder)?.saturating_sub(trail))
    }

    fn end(&mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing to kill; after an error there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn launch(program: &Path, folder: &Path) -> Result<(Child, SocketAddr, Duration)> {
    let begin = Instant::now();
    let mut child = Command::new(program)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--runtime",
            "simulated",
            "--log",
            "warn",
            "--data-dir",
        ])
        .arg(folder)
        .env("ROADSTEAD_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("ROADSTEAD_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("starting {}: {error}", program.display()))?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    let address = line
        .trim()
        .strip_prefix("roadstead: ready on http://")
        .ok_or(format!("the server says `{line}`"))?;
    let address = address.parse()?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /_roadstead/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        return Err(format!("the server is not well: {answer}").into());
    }
    Ok((child, address, begin.elapsed()))
}

fn size(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
