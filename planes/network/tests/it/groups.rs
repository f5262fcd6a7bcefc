//! What security groups let pass, and that nobody sends in another's name.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::time::Duration;

use roadstead_network::{EniSpec, Kernel, Net, NetError, Traffic};

use crate::host::{ANYTHING, Task, eni, group, ip, on_a_host};
use crate::traffic::{answer, ask, listen, patiently, try_at};

const WEB: &str = "sg-0000000000000000a";
const CLIENT: &str = "sg-0000000000000000b";
const OTHER: &str = "sg-0000000000000000c";
const HTTP: Traffic = Traffic::Tcp(80, 80);
const SILENCE: Result<(), ErrorKind> = Err(ErrorKind::TimedOut);

/// A task with an interface in these groups, that accepts connections on port 80 for as long as this lasts.
struct Member {
    task: Task,
    eni: EniSpec,
    listener: TcpListener,
}

impl Member {
    async fn new(kernel: &Kernel, number: u8, address: [u8; 4], groups: &[&str]) -> Self {
        let eni = EniSpec {
            groups: groups.iter().map(|id| (*id).to_owned()).collect(),
            ..eni(number, address)
        };
        let task = Task::new();
        kernel.attach(eni.clone(), task.namespace()).await.unwrap();
        let listener = task.inside(move || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).unwrap());
        Self { task, eni, listener }
    }

    /// Whether it reaches another at a port, however long that takes on a machine with other things to do.
    fn reaches(&self, other: &Self, port: u16) -> Result<(), ErrorKind> {
        let address = other.eni.address;
        self.task.inside(move || patiently(address, port))
    }

    /// Whether it reaches another at a port soon.
    fn tries(&self, other: &Self, port: u16) -> Result<(), ErrorKind> {
        let address = other.eni.address;
        self.task.inside(move || try_at(address, port))
    }
}

/// Says so and gives up where rules cannot be kept.
async fn cannot(kernel: &Kernel, name: &str) -> bool {
    let missing = kernel.probe().await.missing;
    let cannot = missing
        .iter()
        .find(|missing| missing.consequence.contains("security groups"));
    if let Some(missing) = cannot {
        println!("SKIPPED {name}: {} is missing", missing.what);
    }
    cannot.is_some()
}

fn table() -> String {
    let listed = Command::new("nft").args(["list", "ruleset"]).output().unwrap();
    String::from_utf8(listed.stdout).unwrap()
}

#[test]
fn what_no_rule_allows_is_dropped_in_the_subnet_across_subnets_and_from_the_host() {
    const NAME: &str = "what_no_rule_allows_is_dropped_in_the_subnet_across_subnets_and_from_the_host";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let rules = [(HTTP, "10.9.1.21/32"), (Traffic::Icmp(Some(8), None), "0.0.0.0/0")];
        kernel
            .set_groups(vec![group(WEB, &rules, &[]), group(CLIENT, &[], &[ANYTHING])])
            .await
            .unwrap();
        let web = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let allowed = Member::new(&kernel, 2, [10, 9, 1, 21], &[CLIENT]).await;
        let neighbour = Member::new(&kernel, 3, [10, 9, 1, 22], &[CLIENT]).await;
        let across = Member::new(&kernel, 4, [10, 9, 2, 21], &[CLIENT]).await;
        assert_eq!(allowed.reaches(&web, 80), Ok(()));
        assert_eq!(allowed.tries(&web, 81), SILENCE, "another port");
        assert_eq!(neighbour.tries(&web, 80), SILENCE);
        assert_eq!(across.tries(&web, 80), SILENCE);
        assert_eq!(try_at(web.eni.address, 80), SILENCE, "the host is nobody special");
    });
}

#[test]
fn a_group_that_was_never_named_lets_nothing_pass() {
    const NAME: &str = "a_group_that_was_never_named_lets_nothing_pass";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        kernel.set_groups(vec![group(CLIENT, &[], &[ANYTHING])]).await.unwrap();
        let unknown = Member::new(&kernel, 1, [10, 9, 1, 20], &[OTHER]).await;
        let none = Member::new(&kernel, 2, [10, 9, 1, 21], &[]).await;
        let client = Member::new(&kernel, 3, [10, 9, 1, 22], &[CLIENT]).await;
        for silent in [&unknown, &none] {
            assert_eq!(client.tries(silent, 80), SILENCE);
            assert_eq!(silent.tries(&client, 80), SILENCE);
        }
    });
}

#[test]
fn a_rule_may_name_a_group_and_means_whoever_is_in_it_now() {
    const NAME: &str = "a_rule_may_name_a_group_and_means_whoever_is_in_it_now";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let groups = vec![
            group(WEB, &[(HTTP, CLIENT)], &[]),
            group(CLIENT, &[], &[(HTTP, WEB)]),
            group(OTHER, &[], &[ANYTHING]),
        ];
        kernel.set_groups(groups).await.unwrap();
        let web = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let stranger = Member::new(&kernel, 2, [10, 9, 1, 21], &[OTHER]).await;
        assert_eq!(stranger.tries(&web, 80), SILENCE);
        let client = Member::new(&kernel, 3, [10, 9, 1, 22], &[CLIENT]).await;
        assert_eq!(client.reaches(&web, 80), Ok(()));
        assert_eq!(
            client.tries(&stranger, 80),
            SILENCE,
            "its own rules name the other group only"
        );
        // The union of two groups.
        let both = Member::new(&kernel, 4, [10, 9, 2, 22], &[OTHER, CLIENT]).await;
        assert_eq!(both.reaches(&web, 80), Ok(()));
        // The address of one that left means nothing any more.
        kernel.detach(&client.eni.id).await.unwrap();
        let heir = Member::new(&kernel, 5, [10, 9, 1, 22], &[OTHER]).await;
        assert_eq!(heir.tries(&web, 80), SILENCE);
    });
}

#[test]
fn a_changed_rule_is_in_force_at_once_for_new_connections_and_open_ones_go_on() {
    const NAME: &str = "a_changed_rule_is_in_force_at_once_for_new_connections_and_open_ones_go_on";
    on_a_host(NAME, async |kernel: Kernel| {
        use std::io::{Read, Write};
        if cannot(&kernel, NAME).await {
            return;
        }
        let closed = || vec![group(WEB, &[], &[])];
        let open = || vec![group(WEB, &[(HTTP, "10.9.0.0/16")], &[])];
        kernel.set_groups(vec![group(CLIENT, &[], &[ANYTHING])]).await.unwrap();
        kernel.set_groups(closed()).await.unwrap();
        let web = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let client = Member::new(&kernel, 2, [10, 9, 1, 21], &[CLIENT]).await;
        assert_eq!(client.tries(&web, 80), SILENCE);
        kernel.set_groups(open()).await.unwrap();
        let address = web.eni.address;
        let mut stream = client
            .task
            .inside(move || std::net::TcpStream::connect((address, 80)).unwrap());
        let (mut accepted, _) = web.listener.accept().unwrap();
        kernel.set_groups(closed()).await.unwrap();
        assert_eq!(client.tries(&web, 80), SILENCE);
        stream.write_all(b"still there?").unwrap();
        let mut heard = [0; 12];
        accepted.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"still there?");
    });
}

#[test]
fn what_a_task_sends_needs_a_rule_too() {
    const NAME: &str = "what_a_task_sends_needs_a_rule_too";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let groups = vec![
            group(WEB, &[ANYTHING], &[]),
            group(CLIENT, &[], &[(HTTP, "10.9.1.20/32")]),
        ];
        kernel.set_groups(groups).await.unwrap();
        let first = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let second = Member::new(&kernel, 2, [10, 9, 1, 21], &[WEB]).await;
        let client = Member::new(&kernel, 3, [10, 9, 1, 22], &[CLIENT]).await;
        assert_eq!(client.reaches(&first, 80), Ok(()));
        assert_eq!(client.tries(&second, 80), SILENCE);
        assert_eq!(first.tries(&second, 80), SILENCE, "its group lets nothing out");
        assert_eq!(patiently(first.eni.address, 80), Ok(()), "answers need no rule");
    });
}

#[test]
fn nobody_sends_with_the_address_of_another_task() {
    const NAME: &str = "nobody_sends_with_the_address_of_another_task";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let udp = (Traffic::Udp(7, 7), CLIENT);
        let groups = vec![
            group(WEB, &[udp], &[]),
            group(CLIENT, &[], &[ANYTHING]),
            group(OTHER, &[], &[ANYTHING]),
        ];
        kernel.set_groups(groups).await.unwrap();
        let web = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let trusted = Member::new(&kernel, 2, [10, 9, 1, 21], &[CLIENT]).await;
        let liar = Member::new(&kernel, 3, [10, 9, 1, 22], &[OTHER]).await;
        let target = web.eni.address;
        let socket = web.task.inside(move || {
            let socket = UdpSocket::bind((target, 7)).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            socket
        });
        let heard = |socket: &UdpSocket| {
            let mut buffer = [0; 16];
            socket
                .recv_from(&mut buffer)
                .map(|(_, from)| from.ip())
                .map_err(|error| error.kind())
        };
        let send = |member: &Member, from: Ipv4Addr| {
            member.task.inside(move || {
                UdpSocket::bind((from, 0))
                    .unwrap()
                    .send_to(b"hello", (target, 7))
                    .map(|_| ())
            })
        };
        send(&trusted, trusted.eni.address).unwrap();
        assert_eq!(
            heard(&socket),
            Ok(IpAddr::V4(trusted.eni.address)),
            "the trusted one's own packet arrives"
        );
        // The liar takes the trusted one's address on its own end, with a way to send from there.
        let claimed = trusted.eni.address;
        liar.task.inside(move || ip(&format!("addr add {claimed}/32 dev eth0")));
        let packets = || {
            liar.task
                .inside(|| std::fs::read_to_string("/proc/thread-self/net/dev").unwrap())
        };
        let before = packets();
        send(&liar, claimed).unwrap();
        assert_eq!(heard(&socket), Err(ErrorKind::WouldBlock));
        assert_ne!(before, packets(), "the packet was sent");
        send(&trusted, trusted.eni.address).unwrap();
        assert_eq!(heard(&socket), Ok(IpAddr::V4(trusted.eni.address)));
    });
}

#[test]
fn many_tasks_listen_on_one_port() {
    const NAME: &str = "many_tasks_listen_on_one_port";
    on_a_host(NAME, async |kernel: Kernel| {
        let mut tasks = Vec::new();
        for number in 1..=12 {
            let task = Task::new();
            let spec = eni(number, [10, 9, number % 3, 20 + number]);
            kernel.attach(spec.clone(), task.namespace()).await.unwrap();
            tasks.push((task, spec.address));
        }
        let client = Task::new();
        kernel.attach(eni(99, [10, 9, 9, 9]), client.namespace()).await.unwrap();
        let servers: Vec<_> = tasks
            .iter()
            .map(|(task, address)| {
                let address = *address;
                let listener = task.inside(move || listen(address));
                task.start(move || answer(&listener))
            })
            .collect();
        for (_, address) in &tasks {
            let address = *address;
            assert_eq!(
                client.inside(move || ask(address)).unwrap(),
                IpAddr::from([10, 9, 9, 9])
            );
        }
        for server in servers {
            server.join().unwrap();
        }
    });
}

#[test]
fn rules_come_and_go_with_their_interfaces_and_the_table_with_the_last() {
    const NAME: &str = "rules_come_and_go_with_their_interfaces_and_the_table_with_the_last";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        kernel
            .set_groups(vec![group(WEB, &[(HTTP, CLIENT)], &[ANYTHING])])
            .await
            .unwrap();
        assert_eq!(table(), "");
        let first = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let with_one = table();
        let second = Member::new(&kernel, 2, [10, 9, 1, 21], &[OTHER, WEB]).await;
        assert!(table().contains(&format!("chain in-{OTHER}")), "{}", table());
        kernel.detach(&second.eni.id).await.unwrap();
        assert_eq!(table(), with_one);
        kernel.detach(&first.eni.id).await.unwrap();
        assert_eq!(table(), "");
    });
}

#[test]
fn rules_that_somebody_flushed_are_made_anew_with_the_next_change() {
    const NAME: &str = "rules_that_somebody_flushed_are_made_anew_with_the_next_change";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let first = Member::new(&kernel, 1, [10, 9, 1, 20], &[OTHER]).await;
        Command::new("nft").args(["flush", "ruleset"]).status().unwrap();
        let second = Member::new(&kernel, 2, [10, 9, 1, 21], &[crate::host::OPEN]).await;
        assert_eq!(second.tries(&first, 80), SILENCE);
        kernel.detach(&first.eni.id).await.unwrap();
    });
}

#[test]
fn a_restart_takes_over_what_is_kept_with_its_rules_and_removes_the_rest() {
    const NAME: &str = "a_restart_takes_over_what_is_kept_with_its_rules_and_removes_the_rest";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let rules = || vec![group(WEB, &[(HTTP, CLIENT)], &[]), group(CLIENT, &[], &[ANYTHING])];
        kernel.set_groups(rules()).await.unwrap();
        let web = Member::new(&kernel, 1, [10, 9, 1, 20], &[WEB]).await;
        let client = Member::new(&kernel, 2, [10, 9, 1, 21], &[CLIENT]).await;
        let forgotten = Member::new(&kernel, 3, [10, 9, 2, 20], &[CLIENT]).await;
        drop(kernel);
        let again = Kernel::new("test").unwrap();
        again.set_groups(rules()).await.unwrap();
        let removed = again.resume(vec![web.eni.clone(), client.eni.clone()]).await.unwrap();
        let removed: Vec<_> = removed.into_iter().filter_map(|gone| gone.eni_id).collect();
        assert_eq!(removed, [forgotten.eni.id]);
        assert_eq!(client.reaches(&web, 80), Ok(()));
        assert_eq!(try_at(web.eni.address, 80), SILENCE);
        assert!(!ip("-4 route show").contains("10.9.2."));
        assert_eq!(again.resume(vec![]).await.unwrap().len(), 2);
        assert_eq!((table(), ip("-4 route show")), (String::new(), String::new()));
    });
}

#[test]
fn words_that_are_no_ids_are_refused() {
    on_a_host("words_that_are_no_ids_are_refused", async |kernel: Kernel| {
        for id in ["", "sg-", "sg-0 drop", "sg-0000000000000000g", "default"] {
            let refused = kernel.set_groups(vec![group(id, &[], &[])]).await;
            assert!(matches!(refused, Err(NetError::InvalidSpec(_))), "{id}");
            let named = kernel.set_groups(vec![group(WEB, &[(HTTP, id)], &[])]).await;
            assert!(matches!(named, Err(NetError::InvalidSpec(_))), "{id}");
        }
    });
}

#[test]
fn a_long_history_of_changes_leaves_the_rules_that_a_fresh_start_would_make() {
    const NAME: &str = "a_long_history_of_changes_leaves_the_rules_that_a_fresh_start_would_make";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let ids: Vec<String> = (1..=5).map(|number| format!("sg-{number:017x}")).collect();
        let mut seed = 12_345_u32;
        let mut draw = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let pick = |number: u32| ids[number as usize].as_str();
        let mut known = std::collections::BTreeMap::new();
        let mut attached = std::collections::BTreeMap::new();
        for _ in 0..60 {
            let number = u8::try_from(draw(6)).unwrap() + 1;
            match draw(4) {
                0 | 1 => {
                    let (from, port) = (pick(draw(5)), u16::try_from(draw(100)).unwrap());
                    let changed = group(pick(draw(5)), &[(Traffic::Tcp(port, port + 9), from)], &[ANYTHING]);
                    kernel.set_groups(vec![changed.clone()]).await.unwrap();
                    known.insert(changed.id.clone(), changed);
                }
                2 => {
                    let groups = [pick(draw(5)), pick(draw(5))].map(str::to_owned);
                    let spec = EniSpec {
                        groups: groups.to_vec(),
                        ..eni(number, [10, 9, 1, 20 + number])
                    };
                    let task = Task::new();
                    kernel.attach(spec.clone(), task.namespace()).await.unwrap();
                    attached.insert(number, (task, spec));
                }
                _ => {
                    kernel.detach(&eni(number, [10, 9, 1, 20]).id).await.unwrap();
                    attached.remove(&number);
                }
            }
        }
        assert!(!attached.is_empty());
        // Elements of sets are listed in no particular order.
        let words = || {
            let listed = table();
            let mut words: Vec<String> = listed.split([' ', ',', '\n', '\t']).map(str::to_owned).collect();
            words.retain(|word| !word.is_empty());
            words.sort();
            words
        };
        let after_all = words();
        let fresh = Kernel::new("test").unwrap();
        fresh.set_groups(known.into_values().collect()).await.unwrap();
        let specs = attached.values().map(|(_, spec)| spec.clone()).collect();
        assert_eq!(fresh.resume(specs).await, Ok(vec![]));
        assert_eq!(after_all, words());
    });
}
