//! Who reaches whom.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use roadstead_network::{Kernel, Net};

use crate::host::{Task, eni, ip, on_a_host};

const PORT: u16 = 80;
const A_WHILE: Duration = Duration::from_secs(10);

/// Answers one connection with the address that it came from.
pub fn answer(listener: &TcpListener) {
    let (mut stream, from) = listener.accept().unwrap();
    stream.write_all(from.ip().to_string().as_bytes()).unwrap();
}

/// Connects and gives back what was answered: the address seen there.
pub fn ask(address: Ipv4Addr) -> std::io::Result<IpAddr> {
    ask_at(address, PORT)
}

fn ask_at(address: Ipv4Addr, port: u16) -> std::io::Result<IpAddr> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((address, port)), A_WHILE)?;
    stream.set_read_timeout(Some(A_WHILE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.parse().unwrap())
}

/// Whether a connection comes about within a short time; packets that are dropped are not answered.
pub fn try_at(address: Ipv4Addr, port: u16) -> Result<(), ErrorKind> {
    connect(address, port, Duration::from_millis(300))
}

/// Whether a connection comes about at all.
pub fn patiently(address: Ipv4Addr, port: u16) -> Result<(), ErrorKind> {
    connect(address, port, A_WHILE)
}

fn connect(address: Ipv4Addr, port: u16, within: Duration) -> Result<(), ErrorKind> {
    let target = SocketAddr::from((address, port));
    TcpStream::connect_timeout(&target, within)
        .map(|_| ())
        .map_err(|error| error.kind())
}

pub fn listen(address: Ipv4Addr) -> TcpListener {
    TcpListener::bind((address, PORT)).unwrap()
}

#[test]
fn tasks_reach_each_other_within_and_across_subnets_on_one_port() {
    on_a_host(
        "tasks_reach_each_other_within_and_across_subnets_on_one_port",
        async |kernel: Kernel| {
            let tasks = [Task::new(), Task::new(), Task::new()];
            let enis = [eni(1, [10, 9, 1, 20]), eni(2, [10, 9, 1, 21]), eni(3, [10, 9, 2, 20])];
            for (task, eni) in tasks.iter().zip(&enis) {
                kernel.attach(eni.clone(), task.namespace()).await.unwrap();
            }
            for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2)] {
                let (source, target) = (enis[from].address, enis[to].address);
                let listener = tasks[to].inside(move || listen(target));
                let server = tasks[to].start(move || answer(&listener));
                let seen = tasks[from].inside(move || ask(target)).unwrap();
                server.join().unwrap();
                assert_eq!(seen, IpAddr::V4(source), "from {from} to {to}");
            }
        },
    );
}

#[test]
fn the_host_reaches_a_task_as_its_router_and_is_reached_as_its_resolver_only() {
    on_a_host(
        "the_host_reaches_a_task_as_its_router_and_is_reached_as_its_resolver_only",
        async |kernel: Kernel| {
            let task = Task::new();
            let mut spec = eni(1, [10, 9, 1, 20]);
            let resolver = Ipv4Addr::new(10, 9, 0, 2);
            spec.host_addresses = vec![resolver];
            kernel.attach(spec.clone(), task.namespace()).await.unwrap();
            let address = spec.address;

            let listener = task.inside(move || listen(address));
            let server = task.start(move || answer(&listener));
            assert_eq!(ask(address).unwrap(), IpAddr::V4(spec.subnet.gateway()));
            server.join().unwrap();

            // At the resolver's port only: nothing else of the host is a task's business, whatever its groups say.
            let listener = TcpListener::bind((resolver, 53)).unwrap();
            let client = task.start(move || ask_at(resolver, 53));
            answer(&listener);
            assert_eq!(client.join().unwrap().unwrap(), IpAddr::V4(address));
            let _listeners = [listen(resolver), listen(spec.subnet.gateway())];
            for own in [resolver, spec.subnet.gateway()] {
                assert_eq!(task.inside(move || try_at(own, PORT)), Err(ErrorKind::TimedOut));
            }
        },
    );
}

#[test]
fn an_address_that_nobody_has_leads_nowhere() {
    on_a_host("an_address_that_nobody_has_leads_nowhere", async |kernel: Kernel| {
        // A way out of the host, which must not be taken.
        ip("link add out type veth peer name beyond");
        ip("addr add 192.0.2.1/24 dev out");
        ip("link set out up");
        ip("link set beyond up");
        ip("route add default via 192.0.2.254");
        let (task, other) = (Task::new(), Task::new());
        let spec = eni(1, [10, 9, 1, 20]);
        kernel.attach(spec, task.namespace()).await.unwrap();
        kernel.attach(eni(2, [10, 9, 2, 20]), other.namespace()).await.unwrap();
        task.inside(|| {
            // Ask for the neighbour quickly, the kernel would take three seconds.
            std::fs::write("/proc/sys/net/ipv4/neigh/eth0/retrans_time_ms", "20").unwrap();
        });
        let same = task.inside(|| ask(Ipv4Addr::new(10, 9, 1, 99))).unwrap_err();
        assert_eq!(same.kind(), ErrorKind::HostUnreachable);
        let across = task.inside(|| ask(Ipv4Addr::new(10, 9, 2, 99))).unwrap_err();
        assert_eq!(across.kind(), ErrorKind::HostUnreachable);
        let host = ask(Ipv4Addr::new(10, 9, 1, 99)).unwrap_err();
        assert_eq!(host.kind(), ErrorKind::HostUnreachable);
    });
}

#[test]
fn a_firewall_that_docker_closed_lets_tasks_through_as_long_as_there_are_any() {
    const NAME: &str = "a_firewall_that_docker_closed_lets_tasks_through_as_long_as_there_are_any";
    on_a_host(NAME, async |kernel: Kernel| {
        let iptables = |arguments: &str| {
            std::process::Command::new("iptables")
                .args(arguments.split(' '))
                .output()
        };
        if !iptables("-w -P FORWARD DROP").is_ok_and(|output| output.status.success()) {
            println!("SKIPPED {NAME}: the program `iptables` is missing or cannot be used");
            return;
        }
        iptables("-w -N DOCKER-USER").unwrap();
        iptables("-w -I FORWARD -j DOCKER-USER").unwrap();
        let tasks = [Task::new(), Task::new()];
        let enis = [eni(1, [10, 9, 1, 20]), eni(2, [10, 9, 1, 21])];
        for (task, eni) in tasks.iter().zip(&enis) {
            kernel.attach(eni.clone(), task.namespace()).await.unwrap();
        }
        let target = enis[1].address;
        let listener = tasks[1].inside(move || listen(target));
        let server = tasks[1].start(move || answer(&listener));
        let seen = tasks[0].inside(move || ask(target)).unwrap();
        server.join().unwrap();
        assert_eq!(seen, IpAddr::V4(enis[0].address));

        for eni in &enis {
            kernel.detach(&eni.id).await.unwrap();
        }
        let rules = iptables("-w -S DOCKER-USER").unwrap().stdout;
        assert_eq!(String::from_utf8(rules).unwrap(), "-N DOCKER-USER\n");
    });
}

#[test]
fn a_task_reaches_the_outside_with_the_address_of_the_host() {
    const NAME: &str = "a_task_reaches_the_outside_with_the_address_of_the_host";
    on_a_host(NAME, async |kernel: Kernel| {
        let missing = kernel.probe().await.missing;
        if let Some(missing) = missing
            .iter()
            .find(|missing| missing.consequence.contains("security groups"))
        {
            println!("SKIPPED {NAME}: {} is missing", missing.what);
            return;
        }
        // The outside is a namespace at the other end of the host's cable.
        let outside = Task::new();
        ip("link add out type veth peer name beyond");
        ip("addr add 192.0.2.1/24 dev out");
        ip("link set out up");
        let far = outside.path();
        ip(&format!("link set beyond netns {far}"));
        outside.inside(|| {
            ip("addr add 192.0.2.9/24 dev beyond");
            ip("addr add 169.254.169.254/32 dev beyond");
            ip("link set beyond up");
        });
        // As on a machine of a cloud.
        ip("route add 169.254.169.254/32 via 192.0.2.9");
        let task = Task::new();
        kernel.attach(eni(1, [10, 9, 1, 20]), task.namespace()).await.unwrap();
        let target = Ipv4Addr::new(192, 0, 2, 9);
        let listener = outside.inside(move || listen(target));
        let server = outside.start(move || answer(&listener));
        let seen = task.inside(move || ask(target)).unwrap();
        server.join().unwrap();
        assert_eq!(seen, IpAddr::from([192, 0, 2, 1]));
        let cloud = Ipv4Addr::new(169, 254, 169, 254);
        let listener = outside.inside(move || listen(cloud));
        assert_eq!(try_at(cloud, PORT), Ok(()), "the host reaches it");
        let asked = task.inside(move || try_at(cloud, PORT));
        assert!(asked.is_err(), "a task must not get the credentials of the host");
        drop(listener);
        // Nobody out there reaches the task, whatever its groups allow, unless the host's own routes lead there.
        let task_address = Ipv4Addr::new(10, 9, 1, 20);
        assert!(outside.inside(move || try_at(task_address, PORT)).is_err());
    });
}

#[test]
fn a_firewall_that_others_closed_is_reported_and_the_rules_that_are_advised_open_it() {
    const NAME: &str = "a_firewall_that_others_closed_is_reported_and_the_rules_that_are_advised_open_it";
    on_a_host(NAME, async |kernel: Kernel| {
        let iptables = |arguments: &str| {
            let run = std::process::Command::new("iptables")
                .args(arguments.split(' '))
                .output();
            run.is_ok_and(|output| output.status.success())
        };
        if !iptables("-w -P FORWARD DROP") {
            println!("SKIPPED {NAME}: the program `iptables` is missing or cannot be used");
            return;
        }
        let reported = kernel.probe().await.missing;
        let reported = reported
            .iter()
            .find(|missing| missing.what.contains("FORWARD"))
            .unwrap();
        let tasks = [Task::new(), Task::new()];
        let enis = [eni(1, [10, 9, 1, 20]), eni(2, [10, 9, 1, 21])];
        for (task, eni) in tasks.iter().zip(&enis) {
            kernel.attach(eni.clone(), task.namespace()).await.unwrap();
        }
        let target = enis[1].address;
        let listener = tasks[1].inside(move || listen(target));
        assert_eq!(tasks[0].inside(move || try_at(target, PORT)), Err(ErrorKind::TimedOut));
        let advised: Vec<&str> = reported
            .advice
            .split('`')
            .filter(|text| text.starts_with("iptables "))
            .collect();
        assert_eq!(advised.len(), 2, "{}", reported.advice);
        for command in advised {
            assert!(iptables(command.trim_start_matches("iptables ")), "{command}");
        }
        assert_eq!(tasks[0].inside(move || patiently(target, PORT)), Ok(()));
        drop(listener);
    });
}
