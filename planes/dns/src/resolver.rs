//! The sockets: UDP and TCP at the resolver's address of each VPC that has interfaces here.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::answer::{Step, begin};
use crate::forward::{Forwarder, Transport, receive, send};
use crate::upstreams::Upstreams;
use crate::zones::Zones;

/// The port of every resolver.
const PORT: u16 = 53;
/// The most connections at an address at the same time.
const CONNECTIONS: usize = 128;
/// How long a connection may be silent.
const IDLE: Duration = Duration::from_secs(10);
/// How long to wait after a socket failed.
const AGAIN: Duration = Duration::from_millis(50);

/// Answers questions about names; stops when it is dropped.
#[derive(Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
    port: u16,
    listeners: Mutex<HashMap<Ipv4Addr, Listener>>,
}

#[derive(Debug)]
struct Shared {
    zones: Arc<Zones>,
    forwarder: Forwarder,
}

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    loops: [JoinHandle<()>; 2],
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.loops.iter().for_each(JoinHandle::abort);
    }
}

impl Resolver {
    /// Answers from these zones, and asks these servers about other names. Listens nowhere yet.
    pub fn new(zones: Arc<Zones>, upstreams: Upstreams) -> Self {
        let forwarder = Forwarder::new(upstreams);
        Self {
            shared: Arc::new(Shared { zones, forwarder }),
            port: PORT,
            listeners: Mutex::default(),
        }
    }

    /// As [`Resolver::new`], on any free port, and with as much patience for an upstream server; for tests.
    pub fn for_tests(zones: Arc<Zones>, upstreams: Upstreams, patience: Duration) -> Self {
        let mut forwarder = Forwarder::new(upstreams);
        forwarder.set_patience(patience);
        Self {
            shared: Arc::new(Shared { zones, forwarder }),
            port: 0,
            listeners: Mutex::default(),
        }
    }

    /// The zones it answers from.
    pub fn zones(&self) -> &Arc<Zones> {
        &self.shared.zones
    }

    /// Listens at an address of the host, unless it does already; answers where.
    ///
    /// To be called within the network namespace of the host.
    pub async fn listen(&self, at: Ipv4Addr) -> io::Result<SocketAddr> {
        if let Some(listener) = self.listeners().get(&at) {
            return Ok(listener.address);
        }
        let udp = UdpSocket::bind((at, self.port)).await?;
        let address = udp.local_addr()?;
        let tcp = TcpListener::bind(address).await?;
        let loops = [
            tokio::spawn(datagrams(Arc::clone(&self.shared), udp, at)),
            tokio::spawn(connections(Arc::clone(&self.shared), tcp, at)),
        ];
        self.shared.forwarder.set_own(at, true);
        self.listeners().insert(at, Listener { address, loops });
        Ok(address)
    }

    /// Listens at an address no longer.
    pub fn silence(&self, at: Ipv4Addr) {
        if self.listeners().remove(&at).is_some() {
            self.shared.forwarder.set_own(at, false);
        }
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<Ipv4Addr, Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn datagrams(shared: Arc<Shared>, socket: UdpSocket, at: Ipv4Addr) {
    let socket = Arc::new(socket);
    let mut buffer = vec![0; 4096];
    loop {
        let (length, from) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                // Also what an earlier reply met with: a port that is closed by now.
                tracing::trace!(%error, "receiving a question");
                if error.kind() != io::ErrorKind::ConnectionRefused {
                    tokio::time::sleep(AGAIN).await;
                }
                continue;
            }
        };
        let (IpAddr::V4(client), Some(request)) = (from.ip(), buffer.get(..length)) else {
            continue;
        };
        match begin(&shared.zones, &shared.forwarder, request, (client, at), Transport::Udp) {
            Step::Reply(reply) => {
                let _ = socket.send_to(&reply, from).await;
            }
            Step::Ask(pending) => {
                let (shared, socket) = (Arc::clone(&shared), Arc::clone(&socket));
                tokio::spawn(async move {
                    let reply = pending.reply(&shared.forwarder).await;
                    let _ = socket.send_to(&reply, from).await;
                });
            }
            Step::Nothing => {}
        }
    }
}

async fn connections(shared: Arc<Shared>, listener: TcpListener, at: Ipv4Addr) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, from)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    if let IpAddr::V4(client) = from.ip() {
                        let ended = connection(&shared, stream, client, at).await;
                        tracing::trace!(?ended, "a connection ended");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "accepting a connection");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn connection(shared: &Shared, mut stream: TcpStream, client: Ipv4Addr, at: Ipv4Addr) -> io::Result<()> {
    loop {
        let request = tokio::time::timeout(IDLE, receive(&mut stream)).await??;
        let reply = match begin(&shared.zones, &shared.forwarder, &request, (client, at), Transport::Tcp) {
            Step::Reply(reply) => reply,
            Step::Ask(pending) => pending.reply(&shared.forwarder).await,
            Step::Nothing => return Ok(()),
        };
        tokio::time::timeout(IDLE, send(&mut stream, &reply)).await??;
    }
}
