//! What is made, and that all of it is removed again.

use std::net::Ipv4Addr;

use roadstead_network::{Attachment, EniSpec, Kernel, Net, NetError, NetworkNamespace};

use crate::host::{Task, eni, ip, on_a_host};

fn attachment(eni: &EniSpec) -> Attachment {
    Attachment {
        interface: format!("rv{}", eni.id.chars().skip(8).collect::<String>()),
        eni_id: Some(eni.id.clone()),
        address: Some(eni.address),
        subnet: Some(eni.subnet),
    }
}

/// Nothing but what a new namespace has.
async fn nothing_is_left(kernel: &Kernel) {
    assert_eq!(kernel.list().await, Ok(vec![]));
    assert_eq!(ip("-4 route show table main"), "");
    let links = ip("-o link show");
    assert!(!links.contains("rv0") && !links.contains("roadstead0"), "{links}");
}

#[test]
fn a_task_gets_its_address_its_mac_and_its_router() {
    on_a_host(
        "a_task_gets_its_address_its_mac_and_its_router",
        async |kernel: Kernel| {
            let task = Task::new();
            let spec = eni(7, [10, 9, 1, 20]);
            assert_eq!(
                kernel.attach(spec.clone(), task.namespace()).await,
                Ok(attachment(&spec))
            );
            let (address, routes, links) =
                task.inside(|| (ip("-4 -o addr show dev eth0"), ip("-4 route show"), ip("-o link show")));
            assert!(address.contains(" inet 10.9.1.20/24 "), "{address}");
            let routes: Vec<&str> = routes.lines().map(str::trim).collect();
            assert_eq!(routes.len(), 2, "{routes:?}");
            assert!(routes[0].starts_with("default via 10.9.1.1 dev eth0"), "{routes:?}");
            assert!(routes[1].starts_with("10.9.1.0/24 dev eth0"), "{routes:?}");
            assert!(links.contains("02:00:00:00:00:07"), "{links}");
            assert!(
                links
                    .lines()
                    .all(|link| link.contains("LOOPBACK,UP") || link.contains(",UP")),
                "{links}"
            );
            assert_eq!(
                task.inside(|| std::fs::read_to_string("/proc/sys/net/ipv6/conf/all/disable_ipv6").unwrap()),
                "1\n"
            );
            kernel.detach(&spec.id).await.unwrap();
            assert!(!task.inside(|| ip("-o link show")).contains("eth0"));
            nothing_is_left(&kernel).await;
        },
    );
}

#[test]
fn removing_what_is_gone_succeeds() {
    on_a_host("removing_what_is_gone_succeeds", async |kernel: Kernel| {
        let task = Task::new();
        let spec = eni(1, [10, 9, 1, 20]);
        kernel.attach(spec.clone(), task.namespace()).await.unwrap();
        for _ in 0..2 {
            kernel.detach(&spec.id).await.unwrap();
        }
        nothing_is_left(&kernel).await;
    });
}

#[test]
fn what_subnets_share_stays_until_the_last_of_them_leaves() {
    on_a_host(
        "what_subnets_share_stays_until_the_last_of_them_leaves",
        async |kernel: Kernel| {
            let tasks = [Task::new(), Task::new(), Task::new()];
            let mut enis = [eni(1, [10, 9, 1, 20]), eni(2, [10, 9, 1, 21]), eni(3, [10, 9, 2, 20])];
            for eni in &mut enis {
                eni.host_addresses = vec![Ipv4Addr::new(10, 9, 0, 2)];
            }
            for (task, eni) in tasks.iter().zip(&enis) {
                kernel.attach(eni.clone(), task.namespace()).await.unwrap();
            }
            let mut listed = kernel.list().await.unwrap();
            listed.sort_by(|a, b| a.interface.cmp(&b.interface));
            assert_eq!(listed, enis.iter().map(attachment).collect::<Vec<_>>());
            let shared = || {
                let addresses = ip("-4 -o addr show dev roadstead0");
                let words = addresses.split_whitespace().filter(|word| word.starts_with("10."));
                let mut addresses: Vec<String> = words.map(str::to_owned).collect();
                addresses.sort();
                let closed: Vec<String> = ip("-4 route show type unreachable")
                    .lines()
                    .filter_map(|line| line.split(' ').nth(1).map(str::to_owned))
                    .collect();
                (addresses.join(" "), closed.join(" "))
            };
            let expected = |addresses: &str, closed: &str| (addresses.to_owned(), closed.to_owned());
            assert_eq!(
                shared(),
                expected("10.9.0.2/32 10.9.1.1/32 10.9.2.1/32", "10.9.1.0/24 10.9.2.0/24")
            );
            kernel.detach(&enis[0].id).await.unwrap();
            assert_eq!(
                shared(),
                expected("10.9.0.2/32 10.9.1.1/32 10.9.2.1/32", "10.9.1.0/24 10.9.2.0/24")
            );
            kernel.detach(&enis[1].id).await.unwrap();
            assert_eq!(shared(), expected("10.9.0.2/32 10.9.2.1/32", "10.9.2.0/24"));
            kernel.detach(&enis[2].id).await.unwrap();
            nothing_is_left(&kernel).await;
        },
    );
}

#[test]
fn attaching_again_makes_the_interface_anew() {
    on_a_host("attaching_again_makes_the_interface_anew", async |kernel: Kernel| {
        let (first, second) = (Task::new(), Task::new());
        let spec = eni(1, [10, 9, 1, 20]);
        for task in [&first, &first, &second] {
            kernel.attach(spec.clone(), task.namespace()).await.unwrap();
        }
        assert!(!first.inside(|| ip("-o link show")).contains("eth0"));
        assert!(second.inside(|| ip("-o link show")).contains("eth0"));
        assert_eq!(kernel.list().await, Ok(vec![attachment(&spec)]));
    });
}

#[test]
fn an_address_belongs_to_one_interface() {
    on_a_host("an_address_belongs_to_one_interface", async |kernel: Kernel| {
        let (one, two) = (Task::new(), Task::new());
        let (first, second) = (eni(1, [10, 9, 1, 20]), eni(2, [10, 9, 1, 20]));
        kernel.attach(first.clone(), one.namespace()).await.unwrap();
        let refused = kernel.attach(second, two.namespace()).await;
        assert_eq!(refused, Err(NetError::AddressInUse(first.address)));
        assert!(!two.inside(|| ip("-o link show")).contains("eth0"));
        assert_eq!(kernel.list().await, Ok(vec![attachment(&first)]));
    });
}

#[test]
fn a_namespace_that_vanished_takes_its_interface_with_it() {
    on_a_host(
        "a_namespace_that_vanished_takes_its_interface_with_it",
        async |kernel: Kernel| {
            let task = Task::new();
            let spec = eni(1, [10, 9, 1, 20]);
            kernel.attach(spec.clone(), task.namespace()).await.unwrap();
            drop(task);
            kernel.detach(&spec.id).await.unwrap();
            nothing_is_left(&kernel).await;
        },
    );
}

#[test]
fn the_same_address_can_be_taken_and_left_again_and_again() {
    on_a_host(
        "the_same_address_can_be_taken_and_left_again_and_again",
        async |kernel: Kernel| {
            for number in 1..=40 {
                let task = Task::new();
                let spec = eni(number, [10, 9, 1, 20]);
                kernel.attach(spec.clone(), task.namespace()).await.unwrap();
                drop(task);
                kernel.detach(&spec.id).await.unwrap();
            }
            nothing_is_left(&kernel).await;
        },
    );
}

#[test]
fn many_are_attached_at_once() {
    on_a_host("many_are_attached_at_once", async |kernel: Kernel| {
        let tasks: Vec<(Task, EniSpec)> = (1..=30)
            .map(|n| (Task::new(), eni(n, [10, 9, n % 3, 20 + n])))
            .collect();
        let attach = |(task, spec): &(Task, EniSpec)| kernel.attach(spec.clone(), task.namespace());
        for attached in futures_util::future::join_all(tasks.iter().map(attach)).await {
            attached.unwrap();
        }
        assert_eq!(kernel.list().await.unwrap().len(), 30);
        for detached in futures_util::future::join_all(tasks.iter().map(|(_, spec)| kernel.detach(&spec.id))).await {
            detached.unwrap();
        }
        nothing_is_left(&kernel).await;
    });
}

#[test]
fn a_leftover_of_a_crash_is_found_and_removed() {
    on_a_host("a_leftover_of_a_crash_is_found_and_removed", async |kernel: Kernel| {
        let spec = eni(1, [10, 9, 1, 20]);
        let name = attachment(&spec).interface;
        ip(&format!("link add {name} type veth peer name other"));
        let leftover = Attachment {
            interface: name,
            eni_id: None,
            address: None,
            subnet: None,
        };
        assert_eq!(kernel.list().await, Ok(vec![leftover]));
        kernel.detach(&spec.id).await.unwrap();
        nothing_is_left(&kernel).await;
    });
}

#[test]
fn interfaces_of_others_are_left_alone() {
    on_a_host("interfaces_of_others_are_left_alone", async |kernel: Kernel| {
        let task = Task::new();
        let spec = eni(1, [10, 9, 1, 20]);
        kernel.attach(spec.clone(), task.namespace()).await.unwrap();
        let other = Kernel::new("other").unwrap();
        let taken = Err(NetError::InterfaceTaken(attachment(&spec).interface));
        assert_eq!(other.list().await, Ok(vec![]));
        assert_eq!(other.detach(&spec.id).await, taken);
        let same_id = eni(1, [10, 9, 3, 20]);
        assert_eq!(other.attach(same_id, task.namespace()).await.map(|_| ()), taken);
        // The other's own coming and going leaves what both share.
        let second = eni(2, [10, 9, 2, 21]);
        let guest = Task::new();
        other.attach(second.clone(), guest.namespace()).await.unwrap();
        other.detach(&second.id).await.unwrap();
        assert!(ip("-4 -o addr show dev roadstead0").contains("10.9.1.1/32"));
        assert_eq!(kernel.list().await, Ok(vec![attachment(&spec)]));
    });
}

#[test]
fn a_subnet_that_the_host_is_in_is_refused() {
    on_a_host("a_subnet_that_the_host_is_in_is_refused", async |kernel: Kernel| {
        ip("link add lan type veth peer name cable");
        ip("addr add 10.9.0.5/16 dev lan");
        let task = Task::new();
        let spec = eni(1, [10, 9, 1, 20]);
        let refused = kernel.attach(spec.clone(), task.namespace()).await;
        assert_eq!(
            refused,
            Err(NetError::SubnetInUse {
                subnet: spec.subnet,
                address: "10.9.0.5/16".to_owned()
            })
        );
        assert!(!ip("-o link show").contains("roadstead0"));
    });
}

#[test]
fn the_hosts_own_namespace_is_refused() {
    on_a_host("the_hosts_own_namespace_is_refused", async |kernel: Kernel| {
        let own = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
        let refused = kernel
            .attach(eni(1, [10, 9, 1, 20]), NetworkNamespace::Open(own.into()))
            .await;
        assert_eq!(refused, Err(NetError::HostNamespace));
        let refused = kernel
            .attach(eni(1, [10, 9, 1, 20]), NetworkNamespace::Process(u32::MAX))
            .await;
        assert_eq!(refused, Err(NetError::NoNamespace(u32::MAX)));
        nothing_is_left(&kernel).await;
    });
}

#[test]
fn an_address_outside_its_subnet_is_refused() {
    on_a_host("an_address_outside_its_subnet_is_refused", async |kernel: Kernel| {
        let task = Task::new();
        for address in [[10, 9, 2, 20], [10, 9, 1, 1]] {
            let spec = EniSpec {
                address: Ipv4Addr::from(address),
                ..eni(1, [10, 9, 1, 20])
            };
            let refused = kernel.attach(spec, task.namespace()).await;
            assert!(matches!(refused, Err(NetError::InvalidSpec(_))), "{refused:?}");
        }
        nothing_is_left(&kernel).await;
    });
}
