//! The resolvers that the host itself asks.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How often it is looked whether the file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// As many as the host's own library asks.
const MOST: usize = 3;

/// Where names are asked for that are in no zone here.
#[derive(Debug)]
pub struct Upstreams {
    file: Option<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    servers: Arc<[SocketAddr]>,
    changed: Option<SystemTime>,
    looked: Option<Instant>,
}

impl Upstreams {
    /// These.
    pub fn fixed(servers: &[SocketAddr]) -> Self {
        Self::new(None, servers.into())
    }

    /// Those of a file in the form of `/etc/resolv.conf`, also after it changed.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Some(path.into()), Arc::from([]))
    }

    fn new(file: Option<PathBuf>, servers: Arc<[SocketAddr]>) -> Self {
        let known = Known {
            servers,
            changed: None,
            looked: None,
        };
        Self {
            file,
            known: Mutex::new(known),
        }
    }

    /// Those to ask now, best first.
    pub fn servers(&self) -> Arc<[SocketAddr]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file
            && known.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY)
        {
            let changed = std::fs::metadata(file).and_then(|about| about.modified()).ok();
            if known.looked.is_none() || changed != known.changed {
                known.servers = read(file);
                known.changed = changed;
            }
            known.looked = Some(Instant::now());
        }
        Arc::clone(&known.servers)
    }
}

fn read(file: &Path) -> Arc<[SocketAddr]> {
    match std::fs::read_to_string(file) {
        Ok(text) => parse(&text),
        Err(error) => {
            tracing::warn!("reading the host's resolvers in `{}`: {error}", file.display());
            Arc::from([])
        }
    }
}

fn parse(text: &str) -> Arc<[SocketAddr]> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, 53))
    };
    text.lines().filter_map(server).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_a_file_are_read_as_the_hosts_own_library_reads_them() {
        let text = "# nameserver 1.1.1.1\nsearch a b\nnameserver 127.0.0.53 # ours\n\tnameserver\t::1\nnameserver x\n\
                    nameserver 10.0.0.1\nnameserver 10.0.0.2\n";
        let expected: Vec<SocketAddr> = ["127.0.0.53:53", "[::1]:53", "10.0.0.1:53"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        assert_eq!(parse(text).to_vec(), expected);
        assert_eq!(parse("").len(), 0);
    }
}
