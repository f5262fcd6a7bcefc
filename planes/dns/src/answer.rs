//! From a request to its reply: at once where a zone here knows, else with the help of the host's resolvers.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RecordType};

use crate::forward::{self, Forwarder, Leave, Transport};
use crate::zones::{Client, Found, View, Zones};

/// What fits into a datagram without further ado.
const PLAIN: u16 = 512;
/// What is sent in one datagram at most: it passes every link undivided.
const LARGEST: u16 = 1232;
/// The most names that one stands for, one after the other.
const MOST_ALIASES: usize = 8;

/// What is to be done about a request.
#[derive(Debug)]
pub(crate) enum Step {
    /// This is the reply.
    Reply(Vec<u8>),
    /// The host's resolvers must be asked first.
    Ask(Pending),
    /// No reply.
    Nothing,
}

/// A request that waits for the host's resolvers.
#[derive(Debug)]
pub(crate) struct Pending {
    request: Vec<u8>,
    over: Transport,
    /// The reply so far and the name that it led to, where that is not the one asked for.
    begun: Option<Box<(Message, Query)>>,
    leave: Option<Leave>,
}

/// Begins with a request that came from an address to another.
pub(crate) fn begin(
    zones: &Zones,
    forwarder: &Forwarder,
    request: &[u8],
    (from, at): (Ipv4Addr, Ipv4Addr),
    over: Transport,
) -> Step {
    let Ok(parsed) = Message::from_vec(request) else {
        return malformed(request);
    };
    if parsed.metadata.message_type != MessageType::Query {
        return Step::Nothing;
    }
    let mut reply = Message::response(parsed.metadata.id, parsed.metadata.op_code);
    reply.metadata = Metadata::response_from_request(&parsed.metadata);
    reply.add_queries(parsed.queries.iter().cloned());
    let size = limit(&parsed, over);
    if let Some(edns) = &parsed.edns {
        let mut own = Edns::new();
        own.set_max_payload(LARGEST).set_version(0);
        reply.set_edns(own);
        if edns.version() > 0 {
            return finish(reply, ResponseCode::BADVERS, size);
        }
    }
    if parsed.metadata.op_code != OpCode::Query {
        return finish(reply, ResponseCode::NotImp, size);
    }
    let [query] = parsed.queries.as_slice() else {
        return finish(reply, ResponseCode::FormErr, size);
    };
    let transfer = matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR);
    let (view, is_member) = match zones.client(from, at) {
        Client::Member(view) => (view, true),
        Client::Guest(view) => (view, false),
        Client::Unheard => return Step::Nothing,
        Client::Unknown => return finish(reply, ResponseCode::Refused, size),
    };
    if transfer || query.query_class() != DNSClass::IN {
        return finish(reply, ResponseCode::Refused, size);
    }
    reply.metadata.recursion_available = is_member;
    let asker = Asker {
        view,
        forwarder,
        client: is_member.then_some(from),
        over,
        size,
    };
    asker.answer(request, query, reply)
}

struct Asker<'a> {
    view: Arc<View>,
    forwarder: &'a Forwarder,
    /// The client, if other names are asked for it.
    client: Option<Ipv4Addr>,
    over: Transport,
    size: u16,
}

impl Asker<'_> {
    fn answer(&self, request: &[u8], query: &Query, mut reply: Message) -> Step {
        let mut name: Name = query.name().clone();
        for _ in 0..=MOST_ALIASES {
            match self.view.find(&name, query.query_type()) {
                Found::Records(records) => {
                    reply.metadata.authoritative = true;
                    reply.add_answers(records);
                    return finish(reply, ResponseCode::NoError, self.size);
                }
                Found::Alias(record, target) => {
                    reply.metadata.authoritative = true;
                    reply.add_answer(record);
                    name = target;
                }
                Found::Nothing(soa) => {
                    reply.metadata.authoritative = true;
                    reply.add_authority(soa);
                    return finish(reply, ResponseCode::NoError, self.size);
                }
                Found::NoName(soa) => {
                    reply.metadata.authoritative = true;
                    reply.add_authority(soa);
                    return finish(reply, ResponseCode::NXDomain, self.size);
                }
                Found::Elsewhere => {
                    let query = Query::query(name, query.query_type());
                    return self.elsewhere(request, query, reply);
                }
            }
        }
        // Names that stand for each other.
        finish(reply, ResponseCode::ServFail, self.size)
    }

    fn elsewhere(&self, request: &[u8], query: Query, reply: Message) -> Step {
        let begun = !reply.answers.is_empty();
        let Some(client) = self.client else {
            let code = if begun {
                ResponseCode::NoError
            } else {
                ResponseCode::Refused
            };
            return finish(reply, code, self.size);
        };
        let Some(leave) = self.forwarder.leave(client) else {
            tracing::debug!(%client, "too many questions of a task wait for the host's resolvers");
            return finish(reply, ResponseCode::ServFail, self.size);
        };
        Step::Ask(Pending {
            request: request.to_vec(),
            over: self.over,
            begun: begun.then(|| Box::new((reply, query))),
            leave: Some(leave),
        })
    }
}

impl Pending {
    /// Asks the host's resolvers and gives the reply.
    pub(crate) async fn reply(mut self, forwarder: &Forwarder) -> Vec<u8> {
        let _leave = self.leave.take();
        match self.begun {
            None => match forwarder.ask(&self.request, self.over).await {
                Some(reply) => reply,
                None => forward::failure(&self.request),
            },
            Some(begun) => {
                let (reply, query) = *begun;
                complete(forwarder, &self.request, reply, query, self.over).await
            }
        }
    }
}

/// Adds to a reply what the host's resolvers say about the name that it led to.
async fn complete(forwarder: &Forwarder, request: &[u8], mut reply: Message, query: Query, over: Transport) -> Vec<u8> {
    let size = Message::from_vec(request).map_or(PLAIN, |request| limit(&request, over));
    let mut further = Message::query();
    further.metadata.recursion_desired = true;
    further.add_query(query);
    let asked = further.to_vec().unwrap_or_default();
    let mut said = forwarder.ask(&asked, over).await;
    if over == Transport::Udp && said.as_deref().is_some_and(is_cut) {
        said = forwarder.ask(&asked, Transport::Tcp).await;
    }
    match said.and_then(|said| Message::from_vec(&said).ok()) {
        Some(said) => {
            reply.metadata.response_code = said.metadata.response_code;
            reply.answers.extend(said.answers);
            reply.authorities.extend(said.authorities);
        }
        None => reply.metadata.response_code = ResponseCode::ServFail,
    }
    encode(&reply, size).unwrap_or_else(|| forward::failure(request))
}

fn is_cut(reply: &[u8]) -> bool {
    reply.get(2).is_some_and(|flags| flags & 2 != 0)
}

/// The most bytes of the reply to a request.
fn limit(request: &Message, over: Transport) -> u16 {
    match (over, &request.edns) {
        (Transport::Tcp, _) => u16::MAX,
        (Transport::Udp, Some(edns)) => edns.max_payload().clamp(PLAIN, LARGEST),
        (Transport::Udp, None) => PLAIN,
    }
}

fn finish(mut reply: Message, code: ResponseCode, size: u16) -> Step {
    reply.metadata.response_code = code;
    match encode(&reply, size) {
        Some(bytes) => Step::Reply(bytes),
        None => Step::Nothing,
    }
}

/// The reply as it is sent; what does not fit is left out, and the flag says so.
fn encode(reply: &Message, size: u16) -> Option<Vec<u8>> {
    let whole = reply.to_vec().ok();
    match whole.filter(|bytes| bytes.len() <= usize::from(size)) {
        Some(bytes) => Some(bytes),
        None => reply.truncate().to_vec().ok(),
    }
}

/// What cannot be read is answered by its number, if it has one and is not itself a reply.
fn malformed(request: &[u8]) -> Step {
    let (Some(number), Some(flags)) = (
        request.get(..2).and_then(|number| number.try_into().ok()),
        request.get(2),
    ) else {
        return Step::Nothing;
    };
    if flags & 0x80 != 0 || request.len() < 12 {
        return Step::Nothing;
    }
    let reply = Message::error_msg(u16::from_be_bytes(number), OpCode::Query, ResponseCode::FormErr);
    finish(reply, ResponseCode::FormErr, PLAIN)
}
