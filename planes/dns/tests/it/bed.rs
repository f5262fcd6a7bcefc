//! A resolver on loopback, clients of it, and an upstream that says what the test wants.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record as Answer, RecordType};
use roadstead_dns::{Data, Record, Resolver, Upstreams, Vpc, Zones};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// A client of the VPC.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 5);
/// The address of the VPC's resolver.
pub const AT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
pub const VPC: &str = "vpc-1";

pub struct Bed {
    pub resolver: Resolver,
    pub at: SocketAddr,
}

pub fn a(name: &str, last: u8) -> Record {
    Record::new(name, 15, Data::A([10, 0, 0, last].into()))
}

impl Bed {
    /// One VPC with a client, without an upstream.
    pub async fn new() -> Self {
        Self::with(Upstreams::fixed(&[])).await
    }

    pub async fn with(upstreams: Upstreams) -> Self {
        let zones = Arc::new(Zones::new());
        let vpc = Vpc {
            id: VPC.to_owned(),
            block: (Ipv4Addr::new(127, 0, 0, 0), 16),
            domain: "ec2.internal".to_owned(),
            answers: true,
        };
        zones.set_vpc(vpc).unwrap();
        zones.add_client(CLIENT, VPC);
        let resolver = Resolver::for_tests(zones, upstreams, Duration::from_millis(300));
        let at = resolver.listen(AT).await.unwrap();
        Self { resolver, at }
    }

    pub fn set(&self, zone: &str, records: Vec<Record>) {
        self.resolver.zones().set(VPC, zone, records).unwrap();
    }

    pub async fn ask(&self, name: &str, kind: RecordType) -> Message {
        self.ask_from(CLIENT, &question(name, kind)).await.expect("a reply")
    }

    /// Asks over UDP; `None` when no reply comes.
    pub async fn ask_from(&self, client: Ipv4Addr, question: &Message) -> Option<Message> {
        let bytes = self.raw(client, &question.to_vec().unwrap()).await?;
        Some(Message::from_vec(&bytes).unwrap())
    }

    pub async fn raw(&self, client: Ipv4Addr, bytes: &[u8]) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind((client, 0)).await.unwrap();
        socket.send_to(bytes, self.at).await.unwrap();
        let mut buffer = vec![0; 65535];
        let heard = tokio::time::timeout(Duration::from_secs(3), socket.recv(&mut buffer)).await;
        let length = heard.ok()?.unwrap();
        Some(buffer[..length].to_vec())
    }

    /// Asks several questions over one TCP connection.
    pub async fn ask_tcp(&self, questions: &[Message]) -> Vec<Message> {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((CLIENT, 0).into()).unwrap();
        let mut stream = socket.connect(self.at).await.unwrap();
        let mut replies = Vec::new();
        for question in questions {
            write(&mut stream, &question.to_vec().unwrap()).await;
            replies.push(Message::from_vec(&read(&mut stream).await.unwrap()).unwrap());
        }
        replies
    }
}

pub fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("{name}.")).unwrap(), kind));
    message
}

pub fn with_edns(mut question: Message, payload: u16) -> Message {
    let mut edns = Edns::new();
    edns.set_max_payload(payload).set_version(0);
    question.set_edns(edns);
    question
}

/// The data of the answers, as text, in their order.
pub fn answers(reply: &Message) -> Vec<String> {
    reply.answers.iter().map(|record| record.data.to_string()).collect()
}

pub fn is_negative(reply: &Message, code: ResponseCode, zone: &str) {
    assert_eq!((reply.metadata.response_code, reply.answers.len()), (code, 0));
    assert!(reply.metadata.authoritative);
    let start: Vec<(String, RecordType)> = reply
        .authorities
        .iter()
        .map(|record| (record.name.to_string(), record.record_type()))
        .collect();
    assert_eq!(start, [(format!("{zone}."), RecordType::SOA)]);
}

/// Sockets of both kinds at one port; a port that is free for one may be another's for the other, so several are tried.
async fn both() -> (UdpSocket, TcpListener) {
    for _ in 0..20 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

/// An upstream server: what it says to a message that came over UDP (`false`) or TCP (`true`).
pub struct Upstream {
    pub at: SocketAddr,
    pub asked: Arc<AtomicUsize>,
}

impl Upstream {
    pub async fn new(say: impl Fn(Message, bool) -> Option<Message> + Clone + Send + 'static) -> Self {
        let (udp, tcp) = both().await;
        let at = udp.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (also, count, counted) = (say.clone(), Arc::clone(&asked), Arc::clone(&asked));
        tokio::spawn(async move {
            let mut buffer = vec![0; 65535];
            loop {
                let (length, from) = udp.recv_from(&mut buffer).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(reply) = say(Message::from_vec(&buffer[..length]).unwrap(), false) {
                    udp.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = tcp.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let request = read(&mut stream).await.unwrap();
                if let Some(reply) = also(Message::from_vec(&request).unwrap(), true) {
                    write(&mut stream, &reply.to_vec().unwrap()).await;
                }
            }
        });
        Self { at, asked }
    }

    pub fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// An upstream's reply with this many addresses.
pub fn addresses(request: &Message, count: u8) -> Message {
    let mut reply = request.clone().into_response();
    let name = request.queries[0].name().clone();
    for last in 1..=count {
        reply.add_answer(Answer::from_rdata(
            name.clone(),
            30,
            RData::A(Ipv4Addr::new(192, 0, 2, last).into()),
        ));
    }
    reply
}

async fn write(stream: &mut TcpStream, message: &[u8]) {
    stream.write_u16(u16::try_from(message.len()).unwrap()).await.unwrap();
    stream.write_all(message).await.unwrap();
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
