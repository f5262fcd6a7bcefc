//! The flows that the kernel remembers: those of an address are forgotten with its interface.
//!
//! A packet of a flow that was let pass once is let pass again; the next owner of an address must not inherit that.

use std::io;
use std::net::Ipv4Addr;

use nix::libc;
use rtnetlink::sys::{Socket, SocketAddr};

use crate::NetError;

// From the kernel's linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h.
const NETLINK_NETFILTER: isize = 12;
const SUBSYSTEM: u16 = 1 << 8;
const NEW: u16 = SUBSYSTEM;
const GET: u16 = SUBSYSTEM | 1;
const DELETE: u16 = SUBSYSTEM | 2;
const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const ID: u16 = 12;
const ZONE: u16 = 18;
const TUPLE_IP: u16 = 1;
const SOURCE: u16 = 1;
const DESTINATION: u16 = 2;

// From linux/netlink.h.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const ACK: u16 = 4;
const DUMP: u16 = 0x300;
const KIND: u16 = 0x3fff;
const HEADER: usize = 16;
const ATTRIBUTE: usize = 4;
/// The part of a message before its attributes: the family and two more fields.
const FAMILY: [u8; 4] = [2, 0, 0, 0];

/// Forgets every flow from or to an address; answers how many there were.
///
/// Works in the network namespace of the thread that calls it.
pub(super) async fn forget(address: Ipv4Addr) -> Result<usize, NetError> {
    let socket = open().map_err(|error| failed("opening a socket for flows", &error))?;
    // The table of a busy host is long.
    let work = move || forget_with(&socket, address).map_err(|error| failed("forgetting flows", &error));
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| NetError::Kernel(format!("forgetting flows: {error}")))?
}

fn failed(doing: &str, error: &io::Error) -> NetError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => NetError::NotPermitted(doing.to_owned()),
        _ => NetError::Kernel(format!("{doing}: {error}")),
    }
}

fn open() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok(socket)
}

fn forget_with(socket: &Socket, address: Ipv4Addr) -> io::Result<usize> {
    let mut found = Vec::new();
    socket.send(&message(GET, REQUEST | DUMP, &[]), 0)?;
    read(socket, |kind, body| {
        if kind == NEW
            && let Some(name) = body
                .get(FAMILY.len()..)
                .and_then(|attributes| naming(attributes, address))
        {
            found.push(name);
        }
    })?;
    for name in &found {
        socket.send(&message(DELETE, REQUEST | ACK, name), 0)?;
        match read(socket, |_, _| {}) {
            // It ended by itself.
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
            other => other?,
        }
    }
    Ok(found.len())
}

fn message(kind: u16, flags: u16, attributes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + FAMILY.len() + attributes.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&FAMILY);
    bytes.extend_from_slice(attributes);
    bytes
}

/// Reads what the kernel says, to its end.
fn read(socket: &Socket, mut seen: impl FnMut(u16, &[u8])) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(1 << 16);
    loop {
        buffer.clear();
        socket.recv(&mut buffer, 0)?;
        let mut rest = buffer.as_slice();
        while let Some((length, kind)) = word(rest, 0).zip(half(rest, 4)) {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some(body) = rest.get(HEADER..length) else { break };
            match kind {
                DONE => return Ok(()),
                ERROR => {
                    let code = word(body, 0).map_or(0, u32::cast_signed);
                    return if code == 0 {
                        Ok(())
                    } else {
                        Err(io::Error::from_raw_os_error(-code))
                    };
                }
                kind => seen(kind, body),
            }
            rest = rest.get(padded(length)..).unwrap_or_default();
        }
    }
}

/// The attributes that name a flow, if it is from or to the address.
fn naming(flow: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let is_of = |tuple: &[u8]| {
        let ends = attributes(tuple).find(|(kind, ..)| *kind == TUPLE_IP);
        ends.is_some_and(|(_, ends, _)| {
            attributes(ends).any(|(kind, end, _)| matches!(kind, SOURCE | DESTINATION) && end == address.octets())
        })
    };
    let concerned = attributes(flow)
        .filter(|(kind, ..)| matches!(*kind, TUPLE_ORIGINAL | TUPLE_REPLY))
        .any(|(_, tuple, _)| is_of(tuple));
    let names = attributes(flow).filter(|(kind, ..)| matches!(*kind, TUPLE_ORIGINAL | ID | ZONE));
    concerned.then(|| names.flat_map(|(_, _, whole)| whole.to_vec()).collect())
}

/// Attributes: the kind, the value, and the whole of it with its padding.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (length, kind) = (usize::from(half(rest, 0)?), half(rest, 2)? & KIND);
        let value = rest.get(ATTRIBUTE..length)?;
        let whole = rest.get(..padded(length)).unwrap_or(rest);
        rest = rest.get(padded(length)..).unwrap_or_default();
        Some((kind, value, whole))
    })
}

fn padded(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(value.len() + 4).unwrap().to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(padded(bytes.len()), 0);
        bytes
    }

    fn tuple(kind: u16, from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
        const NESTED: u16 = 0x8000;
        let ends = [attribute(SOURCE, &from), attribute(DESTINATION, &to)].concat();
        let protocol = attribute(2 | NESTED, &attribute(1, &[17]));
        let parts = [attribute(TUPLE_IP | NESTED, &ends), protocol].concat();
        attribute(kind | NESTED, &parts)
    }

    #[test]
    fn a_flow_is_known_by_either_end_in_either_direction() {
        // What a task sends to the outside comes back to the address that the host lent it.
        let (task, outside, host) = ([10, 0, 0, 9], [192, 0, 2, 1], [192, 0, 2, 9]);
        let original = tuple(TUPLE_ORIGINAL, task, outside);
        let id = attribute(ID, &[0, 0, 0, 7]);
        let flow = [
            original.clone(),
            tuple(TUPLE_REPLY, outside, host),
            attribute(3, &[0; 4]),
            id.clone(),
        ]
        .concat();
        for end in [task, outside, host] {
            assert_eq!(
                naming(&flow, end.into()),
                Some([original.clone(), id.clone()].concat()),
                "{end:?}"
            );
        }
        assert_eq!(naming(&flow, [10, 0, 0, 8].into()), None);
    }

    #[test]
    fn what_is_cut_short_is_no_flow() {
        let flow = tuple(TUPLE_ORIGINAL, [10, 0, 0, 9], [10, 0, 0, 8]);
        for length in 0..flow.len() {
            let _ = naming(&flow[..length], [10, 0, 0, 9].into());
        }
        assert_eq!(naming(&[], [10, 0, 0, 9].into()), None);
    }
}
