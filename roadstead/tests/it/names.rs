//! The resolver of a VPC as the tasks in it find it.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use roadstead::Resolving;
use roadstead_dns::{Data, Record, Resolver, Upstreams, Zones};
use roadstead_network::{EniSpec, Kernel, Net, Vpc, VpcNames};

use crate::host::{Task, eni, ip, on_a_host};

fn resolver(block: [u8; 2]) -> Ipv4Addr {
    Ipv4Addr::new(block[0], block[1], 0, 2)
}

/// An interface in the VPC `id` with a block of 65,536 addresses.
fn in_vpc(id: &str, spec: EniSpec) -> EniSpec {
    let [a, b, ..] = spec.address.octets();
    let vpc = Vpc {
        id: id.to_owned(),
        block: format!("{a}.{b}.0.0/16").parse().unwrap(),
    };
    EniSpec {
        host_addresses: vec![resolver([a, b])],
        vpc: Some(vpc),
        ..spec
    }
}

fn names_of(spec: &EniSpec) -> VpcNames {
    let vpc = spec.vpc.clone().unwrap();
    VpcNames {
        id: vpc.id,
        block: vpc.block,
        domain: "ec2.internal".to_owned(),
        answers: true,
    }
}

fn resolving(kernel: Kernel) -> (Resolving, Arc<Zones>) {
    let zones = Arc::new(Zones::new());
    let resolver = Resolver::new(Arc::clone(&zones), Upstreams::fixed(&[]));
    (Resolving::new(Arc::new(kernel), Arc::new(resolver)), zones)
}

/// What a resolver says to a question that is sent from an address within the calling thread's namespace.
fn look_up(at: Ipv4Addr, from: Ipv4Addr, name: &str, kind: RecordType) -> Result<Vec<String>, ErrorKind> {
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let socket = UdpSocket::bind((from, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let failed = |error: std::io::Error| error.kind();
    socket.send_to(&question.to_vec().unwrap(), (at, 53)).map_err(failed)?;
    let mut buffer = [0; 1500];
    let (length, sender) = socket.recv_from(&mut buffer).map_err(failed)?;
    assert_eq!(sender.ip(), IpAddr::V4(at));
    let reply = Message::from_vec(&buffer[..length]).unwrap();
    match reply.metadata.response_code {
        ResponseCode::NoError => Ok(reply.answers.iter().map(|record| record.data.to_string()).collect()),
        code => Ok(vec![code.to_string()]),
    }
}

/// Looks up from inside a task, while this thread serves.
async fn ask(task: &Task, spec: &EniSpec, name: &'static str, kind: RecordType) -> Result<Vec<String>, ErrorKind> {
    ask_as(task, spec, spec.address, name, kind).await
}

async fn ask_as(
    task: &Task,
    spec: &EniSpec,
    from: Ipv4Addr,
    name: &'static str,
    kind: RecordType,
) -> Result<Vec<String>, ErrorKind> {
    let at = spec.host_addresses[0];
    let asked = task.start(move || look_up(at, from, name, kind));
    while !asked.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    asked.join().unwrap()
}

fn found(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn a(name: &str, address: [u8; 4]) -> Record {
    Record::new(name, 60, Data::A(address.into()))
}

#[test]
fn tasks_of_two_vpcs_see_each_its_own_records_at_its_own_resolver() {
    const NAME: &str = "tasks_of_two_vpcs_see_each_its_own_records_at_its_own_resolver";
    on_a_host(NAME, async |kernel: Kernel| {
        let (net, zones) = resolving(kernel);
        let tasks = [Task::new(), Task::new(), Task::new()];
        let enis = [
            in_vpc("vpc-1", eni(1, [10, 9, 1, 20])),
            in_vpc("vpc-2", eni(2, [10, 8, 1, 20])),
            // Another VPC with the block of the first, as the default VPCs of two regions.
            in_vpc("vpc-3", eni(3, [10, 9, 2, 20])),
        ];
        for (task, spec) in tasks.iter().zip(&enis) {
            net.set_vpc(names_of(spec)).await.unwrap();
            net.attach(spec.clone(), task.namespace()).await.unwrap();
        }
        for (vpc, last) in [("vpc-1", 1), ("vpc-2", 2), ("vpc-3", 3)] {
            zones
                .set(vpc, "shop.internal", vec![a("web.shop.internal", [192, 0, 2, last])])
                .unwrap();
        }
        for (index, address) in ["192.0.2.1", "192.0.2.2", "192.0.2.3"].iter().enumerate() {
            let seen = ask(&tasks[index], &enis[index], "web.shop.internal.", RecordType::A).await;
            assert_eq!(seen, Ok(found(address)));
        }
        let host = ask(&tasks[0], &enis[0], "ip-10-9-1-20.ec2.internal.", RecordType::A).await;
        assert_eq!(host, Ok(found("10.9.1.20")));
        let back = ask(&tasks[1], &enis[1], "20.1.8.10.in-addr.arpa.", RecordType::PTR).await;
        assert_eq!(back, Ok(found("ip-10-8-1-20.ec2.internal.")));
        let across = ask(
            &tasks[0],
            &EniSpec {
                host_addresses: vec![resolver([10, 8])],
                ..enis[0].clone()
            },
            "web.shop.internal.",
            RecordType::A,
        )
        .await;
        assert_eq!(
            across,
            Ok(found("192.0.2.1")),
            "whoever asks sees his own VPC, wherever he asks"
        );
    });
}

#[test]
fn the_resolver_listens_from_the_first_interface_of_a_vpc_to_the_last_and_over_a_restart() {
    const NAME: &str = "the_resolver_listens_from_the_first_interface_of_a_vpc_to_the_last_and_over_a_restart";
    on_a_host(NAME, async |kernel: Kernel| {
        let (net, _) = resolving(kernel);
        let tasks = [Task::new(), Task::new()];
        let enis = [
            in_vpc("vpc-1", eni(1, [10, 9, 1, 20])),
            in_vpc("vpc-1", eni(2, [10, 9, 2, 20])),
        ];
        let listens = || !listening(resolver([10, 9])).is_empty();
        assert!(!listens());
        net.set_vpc(names_of(&enis[0])).await.unwrap();
        for (task, spec) in tasks.iter().zip(&enis) {
            net.attach(spec.clone(), task.namespace()).await.unwrap();
            assert!(listens());
        }
        drop(net);
        assert!(closed(resolver([10, 9])).await);

        let (again, _) = resolving(Kernel::new("test").unwrap());
        again
            .set_groups(vec![crate::host::group(crate::host::OPEN, &[], &[])])
            .await
            .unwrap();
        again.set_vpc(names_of(&enis[0])).await.unwrap();
        assert_eq!(again.resume(enis.to_vec()).await, Ok(vec![]));
        let host = ask(&tasks[1], &enis[1], "ip-10-9-1-20.ec2.internal.", RecordType::A).await;
        assert_eq!(host, Ok(found("10.9.1.20")), "also where no group lets anything out");
        again.detach(&enis[0].id).await.unwrap();
        assert!(listens());
        again.detach(&enis[1].id).await.unwrap();
        assert!(closed(resolver([10, 9])).await);
    });
}

/// The sockets at port 53 of an address, as the kernel lists them.
fn listening(at: Ipv4Addr) -> Vec<String> {
    let hex = format!("{:08X}:0035", u32::from_le_bytes(at.octets()));
    ["tcp", "udp"]
        .iter()
        .flat_map(|kind| {
            let table = std::fs::read_to_string(format!("/proc/thread-self/net/{kind}")).unwrap();
            table
                .lines()
                .filter(|line| line.contains(&hex))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether the sockets at an address close: their tasks end with the next turns.
async fn closed(at: Ipv4Addr) -> bool {
    for _ in 0..1000 {
        if listening(at).is_empty() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[test]
fn a_vpc_without_dns_support_has_no_resolver() {
    const NAME: &str = "a_vpc_without_dns_support_has_no_resolver";
    on_a_host(NAME, async |kernel: Kernel| {
        let (net, _) = resolving(kernel);
        let (task, spec) = (Task::new(), in_vpc("vpc-1", eni(1, [10, 9, 1, 20])));
        let silent = VpcNames {
            answers: false,
            ..names_of(&spec)
        };
        net.set_vpc(silent).await.unwrap();
        net.attach(spec.clone(), task.namespace()).await.unwrap();
        let host = "ip-10-9-1-20.ec2.internal.";
        assert_eq!(ask(&task, &spec, host, RecordType::A).await, Err(ErrorKind::WouldBlock));
        net.set_vpc(names_of(&spec)).await.unwrap();
        assert_eq!(ask(&task, &spec, host, RecordType::A).await, Ok(found("10.9.1.20")));
    });
}

#[test]
fn a_question_with_the_address_of_another_task_does_not_arrive() {
    const NAME: &str = "a_question_with_the_address_of_another_task_does_not_arrive";
    on_a_host(NAME, async |kernel: Kernel| {
        let missing = kernel.probe().await.missing;
        if let Some(missing) = missing
            .iter()
            .find(|missing| missing.consequence.contains("security groups"))
        {
            println!("SKIPPED {NAME}: {} is missing", missing.what);
            return;
        }
        let (net, zones) = resolving(kernel);
        let tasks = [Task::new(), Task::new()];
        let enis = [
            in_vpc("vpc-1", eni(1, [10, 9, 1, 20])),
            in_vpc("vpc-1", eni(2, [10, 9, 1, 21])),
        ];
        net.set_vpc(names_of(&enis[0])).await.unwrap();
        for (task, spec) in tasks.iter().zip(&enis) {
            net.attach(spec.clone(), task.namespace()).await.unwrap();
        }
        zones
            .set("vpc-1", "shop.internal", vec![a("web.shop.internal", [192, 0, 2, 1])])
            .unwrap();
        let claimed = enis[1].address;
        let sent = || tasks[0].inside(|| std::fs::read_to_string("/proc/thread-self/net/dev").unwrap());
        tasks[0].inside(move || ip(&format!("addr add {claimed}/32 dev eth0")));
        let before = sent();
        let lied = ask_as(&tasks[0], &enis[0], claimed, "web.shop.internal.", RecordType::A).await;
        assert_eq!(lied, Err(ErrorKind::WouldBlock));
        assert_ne!(before, sent(), "the question was sent");
        let honest = ask(&tasks[1], &enis[1], "web.shop.internal.", RecordType::A).await;
        assert_eq!(honest, Ok(found("192.0.2.1")));
    });
}
