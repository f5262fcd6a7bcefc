//! Names of private zones and of interfaces.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use roadstead_dns::{Data, Record, Vpc, ZoneError, Zones};

use crate::bed::{AT, Bed, CLIENT, VPC, a, answers, is_negative, question, with_edns};

const ZONE: &str = "shop.internal";

#[tokio::test]
async fn of_twelve_addresses_eight_are_given_and_each_answer_begins_with_another() {
    let bed = Bed::new().await;
    bed.set(ZONE, (1..=12).map(|last| a("web.shop.internal", last)).collect());
    let mut first = BTreeSet::new();
    for _ in 0..12 {
        let reply = bed.ask("web.shop.internal", RecordType::A).await;
        let given = answers(&reply);
        assert_eq!(given.len(), 8);
        assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 8, "none twice: {given:?}");
        assert!(reply.metadata.authoritative && reply.metadata.recursion_available);
        assert!(reply.answers.iter().all(|record| record.ttl == 15));
        first.insert(given[0].clone());
        // What a client asks besides does not disturb the turns.
        bed.ask("web.shop.internal", RecordType::AAAA).await;
    }
    assert_eq!(first.len(), 12);
}

#[tokio::test]
async fn a_service_is_found_with_its_port_and_host() {
    let bed = Bed::new().await;
    let service = Data::Srv {
        priority: 1,
        weight: 2,
        port: 8080,
        target: "one.shop.internal".to_owned(),
    };
    bed.set(
        ZONE,
        vec![
            Record::new("_web._tcp.shop.internal", 60, service),
            a("one.shop.internal", 1),
        ],
    );
    let reply = bed.ask("_web._tcp.shop.internal", RecordType::SRV).await;
    assert_eq!(answers(&reply), ["1 2 8080 one.shop.internal."]);
}

#[tokio::test]
async fn what_is_not_there_is_said_with_the_start_of_the_zone() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("a.b.shop.internal", 1)]);
    is_negative(
        &bed.ask("x.shop.internal", RecordType::A).await,
        ResponseCode::NXDomain,
        ZONE,
    );
    is_negative(
        &bed.ask("x.a.b.shop.internal", RecordType::A).await,
        ResponseCode::NXDomain,
        ZONE,
    );
    is_negative(
        &bed.ask("a.b.shop.internal", RecordType::AAAA).await,
        ResponseCode::NoError,
        ZONE,
    );
    // A name between others is there, though nothing is known of it.
    is_negative(
        &bed.ask("b.shop.internal", RecordType::A).await,
        ResponseCode::NoError,
        ZONE,
    );
    is_negative(&bed.ask(ZONE, RecordType::A).await, ResponseCode::NoError, ZONE);
    let start = bed.ask(ZONE, RecordType::SOA).await;
    assert_eq!(
        answers(&start),
        ["ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"]
    );
}

#[tokio::test]
async fn a_zones_own_start_says_how_long_it_may_be_remembered_that_nothing_is_there() {
    let bed = Bed::new().await;
    let start = Data::Soa {
        server: "ns.shop.internal".to_owned(),
        mailbox: "root.shop.internal".to_owned(),
        serial: 7,
        refresh: 1,
        retry: 2,
        expire: 3,
        minimum: 20,
    };
    bed.set(ZONE, vec![Record::new(ZONE, 300, start)]);
    let reply = bed.ask("x.shop.internal", RecordType::A).await;
    assert_eq!(reply.authorities[0].ttl, 20);
    assert_eq!(
        reply.authorities[0].data.to_string(),
        "ns.shop.internal. root.shop.internal. 7 1 2 3 20"
    );
}

#[tokio::test]
async fn those_that_are_not_well_are_left_out_until_none_is_well() {
    let bed = Bed::new().await;
    let well = |last, healthy| Record {
        healthy,
        ..a("web.shop.internal", last)
    };
    bed.set(ZONE, vec![well(1, true), well(2, false), well(3, true)]);
    let given = |reply: &Message| answers(reply).into_iter().collect::<BTreeSet<_>>();
    let set = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        given(&bed.ask("web.shop.internal", RecordType::A).await),
        set(&["10.0.0.1", "10.0.0.3"])
    );
    bed.set(ZONE, vec![well(1, false), well(2, false)]);
    assert_eq!(
        given(&bed.ask("web.shop.internal", RecordType::A).await),
        set(&["10.0.0.1", "10.0.0.2"])
    );
}

#[tokio::test]
async fn the_case_of_a_question_does_not_matter_and_is_kept() {
    let bed = Bed::new().await;
    bed.set("Shop.Internal", vec![a("WEB.shop.internal", 1)]);
    let asked = "wEb.sHOp.InTErnal";
    let reply = bed.ask(asked, RecordType::A).await;
    assert_eq!(answers(&reply), ["10.0.0.1"]);
    assert_eq!(reply.answers[0].name.to_string(), format!("{asked}."));
    assert_eq!(reply.queries[0].name().to_string(), format!("{asked}."));
}

#[tokio::test]
async fn a_removed_instance_is_gone_with_the_next_question() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("web.shop.internal", 1), a("web.shop.internal", 2)]);
    assert_eq!(bed.ask("web.shop.internal", RecordType::A).await.answers.len(), 2);
    bed.set(ZONE, vec![a("web.shop.internal", 2)]);
    assert_eq!(
        answers(&bed.ask("web.shop.internal", RecordType::A).await),
        ["10.0.0.2"]
    );
    bed.resolver.zones().remove(VPC, ZONE);
    let reply = bed.ask("web.shop.internal", RecordType::A).await;
    assert_eq!(
        reply.metadata.response_code,
        ResponseCode::ServFail,
        "nobody upstream to ask"
    );
}

#[tokio::test]
async fn what_does_not_fit_a_datagram_is_asked_for_again_over_tcp() {
    let bed = Bed::new().await;
    let text = |n: u8| Record::new("big.shop.internal", 60, Data::Txt(vec![vec![b'a' + n; 200]]));
    bed.set(ZONE, (0..4).map(text).collect());
    let plain = question("big.shop.internal", RecordType::TXT);
    let cut = bed.ask_from(CLIENT, &plain).await.unwrap();
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    let larger = bed.ask_from(CLIENT, &with_edns(plain.clone(), 4096)).await.unwrap();
    assert!(!larger.metadata.truncation);
    assert_eq!((larger.answers.len(), larger.edns.unwrap().max_payload()), (4, 1232));
    let whole = bed.ask_tcp(&[plain.clone(), plain.clone()]).await;
    assert!(
        whole
            .iter()
            .all(|reply| !reply.metadata.truncation && reply.answers.len() == 4)
    );
    // More than any datagram takes, however much the client says it takes.
    bed.set(ZONE, (0..9).map(text).collect());
    let cut = bed.ask_from(CLIENT, &with_edns(plain.clone(), 4096)).await.unwrap();
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    assert_eq!(bed.ask_tcp(&[plain]).await[0].answers.len(), 9);
}

#[tokio::test]
async fn a_name_that_stands_for_another_leads_to_it() {
    let bed = Bed::new().await;
    let alias = |name: &str, target: &str| Record::new(name, 60, Data::Cname(target.to_owned()));
    bed.set(
        ZONE,
        vec![
            alias("www.shop.internal", "web.shop.internal"),
            alias("there.shop.internal", "db.data.internal"),
            alias("gone.shop.internal", "no.data.internal"),
            alias("round.shop.internal", "about.shop.internal"),
            alias("about.shop.internal", "round.shop.internal"),
            a("web.shop.internal", 1),
        ],
    );
    bed.set("data.internal", vec![a("db.data.internal", 9)]);
    let reply = bed.ask("www.shop.internal", RecordType::A).await;
    assert_eq!(answers(&reply), ["web.shop.internal.", "10.0.0.1"]);
    let reply = bed.ask("there.shop.internal", RecordType::A).await;
    assert_eq!(answers(&reply), ["db.data.internal.", "10.0.0.9"]);
    let reply = bed.ask("gone.shop.internal", RecordType::A).await;
    assert_eq!(reply.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(answers(&reply), ["no.data.internal."]);
    let reply = bed.ask("www.shop.internal", RecordType::CNAME).await;
    assert_eq!(answers(&reply), ["web.shop.internal."]);
    let reply = bed.ask("round.shop.internal", RecordType::A).await;
    assert_eq!(reply.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn an_asterisk_stands_for_names_that_are_not_there() {
    let bed = Bed::new().await;
    bed.set(
        ZONE,
        vec![
            a("*.shop.internal", 1),
            a("web.shop.internal", 2),
            a("x.deep.shop.internal", 3),
        ],
    );
    let given = async |name: &str| answers(&bed.ask(name, RecordType::A).await);
    assert_eq!(given("any.shop.internal").await, ["10.0.0.1"]);
    assert_eq!(given("two.any.shop.internal").await, ["10.0.0.1"]);
    assert_eq!(given("web.shop.internal").await, ["10.0.0.2"]);
    assert_eq!(
        bed.ask("any.shop.internal", RecordType::A).await.answers[0]
            .name
            .to_string(),
        "any.shop.internal."
    );
    let below = bed.ask("y.deep.shop.internal", RecordType::A).await;
    is_negative(&below, ResponseCode::NXDomain, ZONE);
}

#[tokio::test]
async fn the_smallest_zone_decides() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("web.shop.internal", 1), a("x.eu.shop.internal", 2)]);
    bed.set("eu.shop.internal", vec![a("web.eu.shop.internal", 3)]);
    assert_eq!(
        answers(&bed.ask("web.eu.shop.internal", RecordType::A).await),
        ["10.0.0.3"]
    );
    let hidden = bed.ask("x.eu.shop.internal", RecordType::A).await;
    is_negative(&hidden, ResponseCode::NXDomain, "eu.shop.internal");
}

#[tokio::test]
async fn every_interface_of_the_vpc_has_a_name_in_both_directions() {
    let bed = Bed::new().await;
    let host = "ip-127-0-1-5.ec2.internal";
    let reply = bed.ask(host, RecordType::A).await;
    assert_eq!(
        (answers(&reply), reply.answers[0].ttl),
        (vec!["127.0.1.5".to_owned()], 60)
    );
    assert_eq!(
        answers(&bed.ask("IP-127-0-1-5.EC2.Internal", RecordType::A).await),
        ["127.0.1.5"]
    );
    is_negative(
        &bed.ask(host, RecordType::AAAA).await,
        ResponseCode::NoError,
        "ec2.internal",
    );
    for name in [
        "ip-10-0-1-5.ec2.internal",
        "ip-127-0-1.ec2.internal",
        "ip-127-0-01-5.ec2.internal",
        "x.ip-127-0-1-5.ec2.internal",
        "web.ec2.internal",
    ] {
        is_negative(
            &bed.ask(name, RecordType::A).await,
            ResponseCode::NXDomain,
            "ec2.internal",
        );
    }
    let back = bed.ask("5.1.0.127.in-addr.arpa", RecordType::PTR).await;
    assert_eq!(answers(&back), ["ip-127-0-1-5.ec2.internal."]);
    // Another private address is nobody's; those of the internet are asked for elsewhere.
    is_negative(
        &bed.ask("1.0.0.10.in-addr.arpa", RecordType::PTR).await,
        ResponseCode::NXDomain,
        "10.in-addr.arpa",
    );
    let elsewhere = bed.ask("1.2.0.192.in-addr.arpa", RecordType::PTR).await;
    assert_eq!(elsewhere.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn a_vpc_without_dns_support_has_no_resolver_until_it_is_turned_on() {
    let bed = Bed::new().await;
    let vpc = |answers| Vpc {
        id: VPC.to_owned(),
        block: (Ipv4Addr::new(127, 0, 0, 0), 16),
        domain: "ec2.internal".to_owned(),
        answers,
    };
    bed.set(ZONE, vec![a("web.shop.internal", 1)]);
    bed.resolver.zones().set_vpc(vpc(false)).unwrap();
    let web = question("web.shop.internal", RecordType::A);
    assert_eq!(bed.ask_from(CLIENT, &web).await, None);
    bed.resolver.zones().set_vpc(vpc(true)).unwrap();
    assert_eq!(answers(&bed.ask_from(CLIENT, &web).await.unwrap()), ["10.0.0.1"]);
}

#[tokio::test]
async fn two_vpcs_see_each_its_own_also_with_the_same_block() {
    let bed = Bed::new().await;
    let (zones, other) = (bed.resolver.zones(), Ipv4Addr::new(127, 0, 1, 6));
    let vpc = Vpc {
        id: "vpc-2".to_owned(),
        block: (Ipv4Addr::new(127, 0, 0, 0), 16),
        domain: "eu-west-1.compute.internal".to_owned(),
        answers: true,
    };
    zones.set_vpc(vpc).unwrap();
    zones.add_client(other, "vpc-2");
    bed.set(ZONE, vec![a("web.shop.internal", 1)]);
    zones.set("vpc-2", ZONE, vec![a("web.shop.internal", 2)]).unwrap();
    let web = question("web.shop.internal", RecordType::A);
    assert_eq!(answers(&bed.ask_from(CLIENT, &web).await.unwrap()), ["10.0.0.1"]);
    assert_eq!(answers(&bed.ask_from(other, &web).await.unwrap()), ["10.0.0.2"]);
    let back = bed
        .ask_from(other, &question("9.1.0.127.in-addr.arpa", RecordType::PTR))
        .await
        .unwrap();
    assert_eq!(answers(&back), ["ip-127-0-1-9.eu-west-1.compute.internal."]);
    // Somebody who belongs to neither cannot be told apart.
    let stranger = bed.ask_from(Ipv4Addr::LOCALHOST, &web).await.unwrap();
    assert_eq!(stranger.metadata.response_code, ResponseCode::Refused);
    zones.remove_client(other);
    let gone = bed.ask_from(other, &web).await.unwrap();
    assert_eq!(gone.metadata.response_code, ResponseCode::Refused);
}

#[tokio::test]
async fn what_is_no_question_is_refused_or_left_unanswered() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("web.shop.internal", 1)]);
    let code = async |message: Message| {
        bed.ask_from(CLIENT, &message)
            .await
            .map(|reply| reply.metadata.response_code)
    };
    let web = || question("web.shop.internal", RecordType::A);
    let mut two = web();
    two.add_queries(web().queries);
    assert_eq!(code(two).await, Some(ResponseCode::FormErr));
    let mut update = web();
    update.metadata.op_code = OpCode::Update;
    assert_eq!(code(update).await, Some(ResponseCode::NotImp));
    assert_eq!(
        code(question(ZONE, RecordType::AXFR)).await,
        Some(ResponseCode::Refused)
    );
    assert_eq!(code(web().into_response()).await, None);
    let mut newer = with_edns(web(), 1232);
    newer.edns.as_mut().unwrap().set_version(1);
    // The number 16 has two names.
    assert_eq!(code(newer).await.map(u16::from), Some(u16::from(ResponseCode::BADVERS)));
    let mut garbage = web().to_vec().unwrap();
    garbage.truncate(20);
    let reply = bed.raw(CLIENT, &garbage).await.unwrap();
    assert_eq!(
        Message::from_vec(&reply).unwrap().metadata.response_code,
        ResponseCode::FormErr
    );
    assert_eq!(bed.raw(CLIENT, &garbage[..5]).await, None);
    assert_eq!(code(web()).await, Some(ResponseCode::NoError));
}

#[tokio::test]
async fn any_bytes_are_survived() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("web.shop.internal", 1)]);
    let mut seed = 7_u32;
    let mut byte = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    };
    let socket = tokio::net::UdpSocket::bind((CLIENT, 0)).await.unwrap();
    let valid = with_edns(question("web.shop.internal", RecordType::A), 1232)
        .to_vec()
        .unwrap();
    for round in 0..2000 {
        let mut bytes = valid.clone();
        for _ in 0..=round % 7 {
            let at = usize::from(byte()) % bytes.len();
            bytes[at] = byte();
        }
        bytes.truncate(usize::from(byte()).max(1));
        socket.send_to(&bytes, bed.at).await.unwrap();
    }
    assert_eq!(
        answers(&bed.ask("web.shop.internal", RecordType::A).await),
        ["10.0.0.1"]
    );
}

#[test]
fn a_zone_that_cannot_be_is_refused() {
    let zones = Zones::new();
    let outside = zones.set(VPC, ZONE, vec![a("web.other.internal", 1)]);
    assert_eq!(
        outside,
        Err(ZoneError::OutsideZone("web.other.internal".to_owned(), ZONE.to_owned()))
    );
    let long = format!("{}.shop.internal", "a".repeat(64));
    assert_eq!(
        zones.set(VPC, ZONE, vec![a(&long, 1)]),
        Err(ZoneError::InvalidName(long))
    );
    let text = Record::new("t.shop.internal", 1, Data::Txt(vec![vec![b'x'; 256]]));
    assert_eq!(
        zones.set(VPC, ZONE, vec![text]),
        Err(ZoneError::InvalidData("TXT", "t.shop.internal".to_owned()))
    );
    assert!(Name::from_ascii(ZONE).is_ok());
}

#[tokio::test]
async fn it_listens_as_long_as_it_shall() {
    let bed = Bed::new().await;
    bed.set(ZONE, vec![a("web.shop.internal", 1)]);
    assert_eq!(bed.resolver.listen(AT).await.unwrap(), bed.at);
    bed.resolver.silence(AT);
    // The sockets are closed when their tasks are gone.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    tokio::net::UdpSocket::bind(bed.at).await.unwrap();
    tokio::net::TcpListener::bind(bed.at).await.unwrap();
}
