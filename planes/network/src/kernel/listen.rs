//! Sockets that are opened inside a namespace, reachable from nowhere else.
//!
//! A socket at `169.254.170.2:80` itself would keep every container from listening on port 80 of all addresses: the kernel
//! lets no two sockets have a port of which one has it everywhere. So the sockets are at ports of the loopback address that
//! the stock agent keeps for itself on its hosts, and what is sent to the address is led there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use socket2::{Domain, Socket, Type};

use super::inside;
use super::netlink::Netlink;
use crate::NetError;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 64;
/// The port of the first socket; the next ones follow.
const FIRST_PORT: u16 = 51_679;

/// Puts the addresses on the namespace's loopback interface, listens, and leads there what is sent to them.
pub(super) async fn listen(namespace: OwnedFd, at: Vec<SocketAddrV4>) -> Result<Vec<TcpListener>, NetError> {
    inside::run(namespace, move |runtime| {
        runtime.block_on(async {
            let netlink = Netlink::open()?;
            let lo = netlink.find("lo").await?;
            let lo = lo.ok_or_else(|| NetError::Kernel("the namespace has no loopback interface".to_owned()))?;
            netlink.set_up(lo.index, None).await?;
            for address in &at {
                netlink.add_address(lo.index, *address.ip(), 32).await?;
            }
            Ok(())
        })?;
        let doors: Vec<(SocketAddrV4, u16)> = at.into_iter().zip(FIRST_PORT..).collect();
        let sockets = doors.iter().map(|(_, port)| socket(*port)).collect::<Result<_, _>>()?;
        lead(&doors)?;
        Ok(sockets)
    })
    .await
}

fn socket(port: u16) -> Result<TcpListener, NetError> {
    let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let open = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // A server that was started again finds connections of the one before it.
        socket.set_reuse_address(true)?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    open().map_err(|error: std::io::Error| NetError::Kernel(format!("listening on {at} in a namespace: {error}")))
}

/// The rules that lead connections to the sockets, in the place of those of a server before this one.
fn script(doors: &[(SocketAddrV4, u16)]) -> String {
    let mut script =
        "table ip roadstead_inside\ndelete table ip roadstead_inside\ntable ip roadstead_inside {\n".to_owned();
    script.push_str("chain output { type nat hook output priority -100;\n");
    for (at, port) in doors {
        let _ = writeln!(
            script,
            "ip daddr {} tcp dport {} dnat to 127.0.0.1:{port}",
            at.ip(),
            at.port()
        );
    }
    script.push_str("}\n}\n");
    script
}

/// Has `nft` make the rules, in the namespace of this thread, which a child inherits.
fn lead(doors: &[(SocketAddrV4, u16)]) -> Result<(), NetError> {
    let run = || {
        let mut child = Command::new("nft")
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(script(doors).as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(std::io::Error::other(
            said.lines().next().unwrap_or("`nft` failed").to_owned(),
        ))
    };
    run().map_err(|error: std::io::Error| NetError::Kernel(format!("leading connections to their sockets: {error}")))
}
