//! Names that are asked for at the host's own resolvers.

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use roadstead_dns::{Data, Record, Upstreams};

use crate::bed::{AT, Bed, CLIENT, Upstream, addresses, answers, question, with_edns};

async fn bed(upstreams: &[&Upstream]) -> Bed {
    let servers: Vec<SocketAddr> = upstreams.iter().map(|upstream| upstream.at).collect();
    Bed::with(Upstreams::fixed(&servers)).await
}

fn saying(code: ResponseCode) -> impl Fn(Message, bool) -> Option<Message> + Clone + Send {
    move |request, _| {
        let mut reply = request.into_response();
        reply.metadata.response_code = code;
        Some(reply)
    }
}

#[tokio::test]
async fn what_upstream_says_is_passed_on() {
    let upstream = Upstream::new(|request, _| Some(addresses(&request, 2))).await;
    let bed = bed(&[&upstream]).await;
    let asked = question("Www.Example.COM", RecordType::A);
    let reply = bed.ask_from(CLIENT, &asked).await.unwrap();
    assert_eq!(answers(&reply), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(reply.metadata.id, asked.metadata.id);
    assert_eq!(reply.queries[0].name().to_string(), "Www.Example.COM.");
    assert_eq!(answers(&bed.ask_tcp(&[asked]).await[0]), ["192.0.2.1", "192.0.2.2"]);
    let none = Upstream::new(saying(ResponseCode::NXDomain)).await;
    let bed = self::bed(&[&none]).await;
    let reply = bed.ask("no.example.com", RecordType::A).await;
    assert_eq!(reply.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn a_refusal_upstream_is_a_failure_here() {
    let upstream = Upstream::new(saying(ResponseCode::Refused)).await;
    let bed = bed(&[&upstream]).await;
    let asked = with_edns(question("www.example.com", RecordType::A), 1232);
    let reply = bed.ask_from(CLIENT, &asked).await.unwrap();
    assert_eq!(reply.metadata.response_code, ResponseCode::ServFail);
    assert_eq!((reply.metadata.id, reply.queries), (asked.metadata.id, asked.queries));
    assert!(!reply.metadata.authoritative && reply.metadata.recursion_available);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_followed_by_the_next() {
    let silent = Upstream::new(|_, _| None).await;
    let good = Upstream::new(|request, _| Some(addresses(&request, 1))).await;
    let bed = bed(&[&silent, &good]).await;
    assert_eq!(answers(&bed.ask("www.example.com", RecordType::A).await), ["192.0.2.1"]);
    assert_eq!((silent.count(), good.count()), (1, 1));
    let bed = self::bed(&[&silent]).await;
    let reply = bed.ask("www.example.com", RecordType::A).await;
    assert_eq!(reply.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn a_reply_to_another_question_is_not_taken() {
    let forger = Upstream::new(|request, _| {
        Some(addresses(&question("evil.example.com", RecordType::A), 1)).map(|mut reply| {
            reply.metadata.id = request.metadata.id;
            reply
        })
    })
    .await;
    let guesser = Upstream::new(|request, _| {
        Some(addresses(&request, 1)).map(|mut reply| {
            reply.metadata.id = request.metadata.id.wrapping_add(1);
            reply
        })
    })
    .await;
    let bed = bed(&[&forger, &guesser]).await;
    let reply = bed.ask("www.example.com", RecordType::A).await;
    assert_eq!(
        (reply.metadata.response_code, reply.answers.len()),
        (ResponseCode::ServFail, 0)
    );
    assert_eq!((forger.count(), guesser.count()), (1, 1));
}

#[tokio::test]
async fn what_upstream_cut_is_asked_for_again_over_tcp_by_the_client() {
    let upstream = Upstream::new(|request, over_tcp| {
        if over_tcp {
            return Some(addresses(&request, 100));
        }
        let mut cut = request.into_response();
        cut.metadata.truncation = true;
        Some(cut)
    })
    .await;
    let bed = bed(&[&upstream]).await;
    let asked = question("www.example.com", RecordType::A);
    assert!(bed.ask_from(CLIENT, &asked).await.unwrap().metadata.truncation);
    assert_eq!(bed.ask_tcp(&[asked]).await[0].answers.len(), 100);
    // A name of ours that leads there: the rest is fetched before the reply.
    let alias = Record::new("www.shop.internal", 60, Data::Cname("www.example.com".to_owned()));
    bed.set("shop.internal", vec![alias]);
    let asked = question("www.shop.internal", RecordType::A);
    assert!(bed.ask_from(CLIENT, &asked).await.unwrap().metadata.truncation);
    let whole = bed.ask_tcp(&[asked]).await;
    assert_eq!(answers(&whole[0]).len(), 101);
    assert_eq!(answers(&whole[0])[..2], ["www.example.com.", "192.0.2.1"]);
}

#[tokio::test]
async fn a_name_here_may_stand_for_one_elsewhere() {
    let upstream = Upstream::new(|request, _| Some(addresses(&request, 1))).await;
    let bed = bed(&[&upstream]).await;
    let alias = Record::new("www.shop.internal", 60, Data::Cname("www.example.com".to_owned()));
    bed.set("shop.internal", vec![alias]);
    let reply = bed.ask("www.shop.internal", RecordType::A).await;
    assert_eq!(answers(&reply), ["www.example.com.", "192.0.2.1"]);
    assert!(reply.metadata.authoritative);
}

#[tokio::test]
async fn names_elsewhere_are_asked_for_on_behalf_of_interfaces_only() {
    let upstream = Upstream::new(|request, _| Some(addresses(&request, 1))).await;
    let bed = bed(&[&upstream]).await;
    bed.set("shop.internal", vec![crate::bed::a("web.shop.internal", 1)]);
    for host in [AT, Ipv4Addr::LOCALHOST] {
        let own = bed
            .ask_from(host, &question("web.shop.internal", RecordType::A))
            .await
            .unwrap();
        assert_eq!(answers(&own), ["10.0.0.1"], "{host}");
        let other = bed
            .ask_from(host, &question("www.example.com", RecordType::A))
            .await
            .unwrap();
        assert_eq!(other.metadata.response_code, ResponseCode::Refused, "{host}");
        assert!(!other.metadata.recursion_available);
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_host_that_asks_this_resolver_is_not_asked_back() {
    // The host's list names the VPC's resolver itself, as after `nameserver 10.0.0.2`.
    let upstream = Upstream::new(|request, _| Some(addresses(&request, 1))).await;
    let looping: SocketAddr = (AT, 53).into();
    let bed = Bed::with(Upstreams::fixed(&[looping, upstream.at])).await;
    assert_eq!(answers(&bed.ask("www.example.com", RecordType::A).await), ["192.0.2.1"]);
    let bed = Bed::with(Upstreams::fixed(&[looping])).await;
    let reply = bed.ask("www.example.com", RecordType::A).await;
    assert_eq!(reply.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn one_client_cannot_keep_the_others_from_asking() {
    let silent = Upstream::new(|request, _| {
        request.queries[0]
            .name()
            .to_string()
            .starts_with("quick")
            .then(|| addresses(&request, 1))
    })
    .await;
    let bed = bed(&[&silent]).await;
    let other = Ipv4Addr::new(127, 0, 1, 9);
    bed.resolver.zones().add_client(other, crate::bed::VPC);
    let socket = tokio::net::UdpSocket::bind((CLIENT, 0)).await.unwrap();
    for number in 0..200 {
        let asked = question(&format!("slow{number}.example.com"), RecordType::A);
        socket.send_to(&asked.to_vec().unwrap(), bed.at).await.unwrap();
    }
    let quick = question("quick.example.com", RecordType::A);
    assert_eq!(answers(&bed.ask_from(other, &quick).await.unwrap()), ["192.0.2.1"]);
    let mut replies = Vec::new();
    let mut buffer = [0; 512];
    while replies.len() < 200 {
        let length = socket.recv(&mut buffer).await.unwrap();
        replies.push(Message::from_vec(&buffer[..length]).unwrap().metadata.response_code);
    }
    assert!(replies.iter().all(|code| *code == ResponseCode::ServFail));
    assert!(
        silent.count() < 140,
        "the others were turned away at once: {}",
        silent.count()
    );
    assert_eq!(
        answers(&bed.ask_from(CLIENT, &quick).await.unwrap()),
        ["192.0.2.1"],
        "it may ask again"
    );
}

#[tokio::test]
async fn the_hosts_list_is_read_from_its_file() {
    let file = std::env::temp_dir().join(format!("roadstead-dns-{}", std::process::id()));
    std::fs::write(&file, "nameserver 127.0.0.250\n").unwrap();
    let upstreams = Upstreams::of_file(&file);
    assert_eq!(
        upstreams.servers().to_vec(),
        ["127.0.0.250:53".parse::<SocketAddr>().unwrap()]
    );
    std::fs::remove_file(&file).unwrap();
    assert_eq!(Upstreams::of_file(&file).servers().len(), 0);
}
