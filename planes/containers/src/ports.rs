//! Ports of this host that nobody uses, one after the other.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use crate::spec::Protocol;

/// Where Linux says which ports it gives out by itself.
const RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// The ports that are meant where it does not say so.
// AWS: documented.
const USUAL: RangeInclusive<u16> = 49_153..=65_535;

/// Searches for free ports; what one search found, the next ones leave alone for as long as there are others.
#[derive(Debug, Default)]
pub struct Search {
    after: Mutex<u16>,
}

impl Search {
    /// The first of so many free ports in a row; `None` where there are not so many.
    pub fn find(&self, count: u16, protocol: Protocol) -> Option<u16> {
        let range = std::fs::read_to_string(RANGE).ok();
        let range = range.as_deref().and_then(read).unwrap_or(USUAL);
        let mut after = self.after.lock().unwrap_or_else(PoisonError::into_inner);
        let first = in_a_row(&range, *after, count, |port| is_free(port, protocol))?;
        *after = first.saturating_add(count - 1);
        Some(first)
    }
}

/// Two numbers, the first and the last port.
fn read(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    Some(first.parse().ok()?..=last.trim().parse().ok()?)
}

/// Looks behind a port first, and then from the beginning.
fn in_a_row(range: &RangeInclusive<u16>, after: u16, count: u16, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
    if count == 0 {
        return None;
    }
    let mut search = |ports: RangeInclusive<u16>| {
        let mut found = 0;
        for port in ports {
            found = if is_free(port) { found + 1 } else { 0 };
            if found == count {
                return Some(port - (count - 1));
            }
        }
        None
    };
    let behind = after.saturating_add(1).max(*range.start());
    search(behind..=*range.end()).or_else(|| search(range.clone()))
}

fn is_free(port: u16, protocol: Protocol) -> bool {
    let free = |address: SocketAddr| {
        let bound = match protocol {
            Protocol::Tcp => TcpListener::bind(address).map(|_| ()),
            Protocol::Udp => UdpSocket::bind(address).map(|_| ()),
        };
        match bound {
            Ok(()) => true,
            // A host without IPv6 has nothing there that could be in use.
            Err(error) => error.kind() != ErrorKind::AddrInUse && address.is_ipv6(),
        }
    };
    free((Ipv4Addr::UNSPECIFIED, port).into()) && free((Ipv6Addr::UNSPECIFIED, port).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_in_a_row_behind_those_found_before() {
        let taken = [12, 15];
        let find = |after, count| in_a_row(&(10..=20), after, count, |port| !taken.contains(&port));
        assert_eq!(find(0, 2), Some(10));
        assert_eq!(find(0, 3), Some(16));
        assert_eq!(find(17, 3), Some(18));
        assert_eq!(find(18, 3), Some(16));
        assert_eq!(find(0, 5), Some(16));
        assert_eq!(find(0, 6), None);
        assert_eq!(find(20, 1), Some(10));
    }

    #[test]
    fn the_hosts_range_is_read() {
        assert_eq!(read("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(read("32768"), None);
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port, Protocol::Tcp));
    }
}
