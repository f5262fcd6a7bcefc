//! Sockets that are opened inside a namespace, reachable from nowhere else.

use std::net::{SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;

use socket2::{Domain, Socket, Type};

use super::inside;
use super::netlink::Netlink;
use crate::NetError;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 64;

/// Puts the addresses on the namespace's loopback interface and listens there.
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
        at.into_iter().map(socket).collect()
    })
    .await
}

fn socket(at: SocketAddrV4) -> Result<TcpListener, NetError> {
    let open = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // A server that was started again finds connections of the one before it.
        socket.set_reuse_address(true)?;
        // Whatever comes by another interface with this address as its destination is not for us.
        socket.bind_device(Some(b"lo"))?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    open().map_err(|error: std::io::Error| NetError::Kernel(format!("listening on {at} in a namespace: {error}")))
}
