//! Names that are in no zone here are asked for at the host's own resolvers, for interfaces only.
//!
//! The question goes on as it came, but for its number, and so does the reply.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::upstreams::Upstreams;

/// Questions that wait for upstream at the same time, of all clients.
const AT_ONCE: usize = 512;
/// Questions of one client that wait for upstream at the same time.
const AT_ONCE_EACH: usize = 64;
/// How long one upstream server may take.
const PATIENCE: Duration = Duration::from_secs(2);
const HEADER: usize = 12;

/// How a question came, and how it is asked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

#[derive(Debug)]
pub(crate) struct Forwarder {
    upstreams: Upstreams,
    patience: Duration,
    all: Arc<Semaphore>,
    each: Arc<Mutex<HashMap<Ipv4Addr, usize>>>,
    /// Where this program listens: never asked, or the question would come back for ever.
    own: Mutex<BTreeSet<Ipv4Addr>>,
    complained: AtomicBool,
}

/// Leave to wait for upstream; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Leave {
    client: Ipv4Addr,
    each: Arc<Mutex<HashMap<Ipv4Addr, usize>>>,
    _all: OwnedSemaphorePermit,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut each = lock(&self.each);
        if let Some(waiting) = each.get_mut(&self.client) {
            *waiting -= 1;
            if *waiting == 0 {
                each.remove(&self.client);
            }
        }
    }
}

impl Forwarder {
    pub(crate) fn new(upstreams: Upstreams) -> Self {
        Self {
            upstreams,
            patience: PATIENCE,
            all: Arc::new(Semaphore::new(AT_ONCE)),
            each: Arc::default(),
            own: Mutex::default(),
            complained: AtomicBool::new(false),
        }
    }

    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Says where this program listens or does not listen any more.
    pub(crate) fn set_own(&self, address: Ipv4Addr, listens: bool) {
        let mut own = lock(&self.own);
        if listens {
            own.insert(address);
        } else {
            own.remove(&address);
        }
        drop(own);
        self.complained.store(false, Ordering::Relaxed);
    }

    /// Whether another question of this client may wait for upstream.
    pub(crate) fn leave(&self, client: Ipv4Addr) -> Option<Leave> {
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut each = lock(&self.each);
        let waiting = each.entry(client).or_default();
        if *waiting >= AT_ONCE_EACH {
            return None;
        }
        *waiting += 1;
        Some(Leave {
            client,
            each: Arc::clone(&self.each),
            _all: all,
        })
    }

    /// What the first upstream server says that says something; `None` when none does.
    pub(crate) async fn ask(&self, request: &[u8], over: Transport) -> Option<Vec<u8>> {
        for server in self.servers() {
            let asked = async {
                match over {
                    Transport::Udp => ask_udp(server, request).await,
                    Transport::Tcp => ask_tcp(server, request).await,
                }
            };
            match tokio::time::timeout(self.patience, asked).await {
                Ok(Ok(reply)) if code(&reply) == Some(REFUSED) => {
                    tracing::warn!(%server, "the host's resolver refuses to answer");
                    return Some(failure(request));
                }
                Ok(Ok(reply)) => return Some(reply),
                Ok(Err(error)) => tracing::debug!(%server, %error, "asking the host's resolver"),
                Err(_) => tracing::debug!(%server, "the host's resolver does not answer"),
            }
        }
        None
    }

    fn servers(&self) -> Vec<SocketAddr> {
        let all = self.upstreams.servers();
        let own = lock(&self.own);
        let is_own = |server: &SocketAddr| match server.ip() {
            IpAddr::V4(address) => own.contains(&address),
            IpAddr::V6(_) => false,
        };
        let (ours, others): (Vec<SocketAddr>, Vec<SocketAddr>) = all.iter().partition(|server| is_own(server));
        if (!ours.is_empty() || others.is_empty()) && !self.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                loops = ?ours,
                others = others.len(),
                "the host's list of resolvers names this program, or nobody: tasks resolve names through others only"
            );
        }
        others
    }
}

const REFUSED: u8 = 5;

fn code(reply: &[u8]) -> Option<u8> {
    reply.get(3).map(|flags| flags & 0xf)
}

/// The bytes of the only question of a message.
pub(crate) fn question(message: &[u8]) -> Option<&[u8]> {
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return message.get(HEADER..at + 5),
            1..=63 => at += length + 1,
            _ => return None,
        }
    }
}

/// The header and question of a request as a reply that says that the server failed.
pub(crate) fn failure(request: &[u8]) -> Vec<u8> {
    const SERVER_FAILURE: u8 = 2;
    let mut reply = request.get(..HEADER).map(<[u8]>::to_vec).unwrap_or_default();
    let mut set = |at: usize, to: &dyn Fn(u8) -> u8| {
        if let Some(byte) = reply.get_mut(at) {
            *byte = to(*byte);
        }
    };
    // A response, neither authoritative nor cut, with nothing but the question.
    set(2, &|flags| 0x80 | (flags & 0x79));
    set(3, &|_| 0x80 | SERVER_FAILURE);
    for at in (4..HEADER).filter(|at| *at != 5) {
        set(at, &|_| 0);
    }
    reply.extend_from_slice(question(request).unwrap_or_default());
    reply
}

/// The request under a number that nobody can guess.
fn renumbered(request: &[u8]) -> Vec<u8> {
    with_number(request, Message::query().metadata.id)
}

fn with_number(message: &[u8], number: u16) -> Vec<u8> {
    let mut message = message.to_vec();
    if let Some(place) = message.get_mut(..2) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    message
}

/// The reply under the request's number, if it is the reply to it.
fn matching(asked: &[u8], request: &[u8], reply: &[u8]) -> Option<Vec<u8>> {
    let is_response = reply.get(2)? & 0x80 != 0;
    let same_number = reply.get(..2)? == asked.get(..2)?;
    let same_question = question(reply)?.eq_ignore_ascii_case(question(asked)?);
    let number = u16::from_be_bytes(request.get(..2)?.try_into().ok()?);
    (is_response && same_number && same_question).then(|| with_number(reply, number))
}

async fn ask_udp(server: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // A port of its own for each question: one more thing to guess.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    let asked = renumbered(request);
    socket.send(&asked).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let reply = buffer.get(..length).and_then(|reply| matching(&asked, request, reply));
        if let Some(reply) = reply {
            return Ok(reply);
        }
    }
}

async fn ask_tcp(server: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let asked = renumbered(request);
    send(&mut stream, &asked).await?;
    let reply = receive(&mut stream).await?;
    matching(&asked, request, &reply).ok_or_else(|| io::Error::other("the reply is to another question"))
}

/// Sends a message on a stream, its length before it.
pub(crate) async fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    stream.write_all(&framed).await
}

/// Receives a message from a stream.
pub(crate) async fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
