//! An address that was another's before, and blocks that are another installation's.

use std::fs::File;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use roadstead_network::{Claim, EniSpec, Kernel, Net, NetError, Traffic, Vpc};

use crate::host::{ANYTHING, Task, eni, group, ip, on_a_host};

const WEB: &str = "sg-0000000000000000a";
const CLIENT: &str = "sg-0000000000000000b";
const CLOSED: &str = "sg-0000000000000000c";

fn socket(task: &Task, at: Ipv4Addr, port: u16) -> UdpSocket {
    task.inside(move || {
        let socket = UdpSocket::bind((at, port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    })
}

fn heard(socket: &UdpSocket, within: u64) -> Result<Vec<u8>, ErrorKind> {
    socket.set_read_timeout(Some(Duration::from_millis(within))).unwrap();
    let mut buffer = [0; 16];
    let length = socket.recv(&mut buffer).map_err(|error| error.kind())?;
    Ok(buffer[..length].to_vec())
}

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

fn in_group(spec: EniSpec, id: &str) -> EniSpec {
    EniSpec {
        groups: vec![id.to_owned()],
        ..spec
    }
}

#[test]
fn a_flow_does_not_reach_the_next_owner_of_an_address() {
    const NAME: &str = "a_flow_does_not_reach_the_next_owner_of_an_address";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let groups = vec![
            group(WEB, &[(Traffic::Udp(7, 7), CLIENT)], &[]),
            group(CLIENT, &[], &[ANYTHING]),
            group(CLOSED, &[], &[]),
        ];
        kernel.set_groups(groups).await.unwrap();
        let client = Task::new();
        let client_eni = in_group(eni(99, [10, 9, 2, 20]), CLIENT);
        kernel.attach(client_eni.clone(), client.namespace()).await.unwrap();
        let from = socket(&client, client_eni.address, 4000);
        let address = Ipv4Addr::new(10, 9, 1, 20);
        for round in 0..15 {
            let (first, second) = (Task::new(), Task::new());
            let owner = in_group(eni(2 * round + 1, address.octets()), WEB);
            kernel.attach(owner.clone(), first.namespace()).await.unwrap();
            let at = socket(&first, address, 7);
            from.send_to(b"first", (address, 7)).unwrap();
            assert_eq!(heard(&at, 5000).as_deref(), Ok(&b"first"[..]), "round {round}");
            // An answer makes it a flow that goes on, whatever the rules say later.
            at.send_to(b"yes", (client_eni.address, 4000)).unwrap();
            assert_eq!(heard(&from, 5000).as_deref(), Ok(&b"yes"[..]), "round {round}");
            kernel.detach(&owner.id).await.unwrap();
            let heir = in_group(eni(2 * round + 2, address.octets()), CLOSED);
            kernel.attach(heir.clone(), second.namespace()).await.unwrap();
            let at = socket(&second, address, 7);
            from.send_to(b"second", (address, 7)).unwrap();
            assert_eq!(heard(&at, 100), Err(ErrorKind::WouldBlock), "round {round}");
            kernel.detach(&heir.id).await.unwrap();
        }
        kernel.detach(&client_eni.id).await.unwrap();
        assert_eq!(ip("-4 route show"), "");
    });
}

#[test]
fn flows_of_others_go_on() {
    const NAME: &str = "flows_of_others_go_on";
    on_a_host(NAME, async |kernel: Kernel| {
        if cannot(&kernel, NAME).await {
            return;
        }
        let open = || {
            vec![
                group(WEB, &[(Traffic::Udp(7, 7), CLIENT)], &[]),
                group(CLIENT, &[], &[ANYTHING]),
            ]
        };
        kernel.set_groups(open()).await.unwrap();
        let tasks = [Task::new(), Task::new(), Task::new()];
        let enis = [
            in_group(eni(1, [10, 9, 1, 20]), WEB),
            in_group(eni(2, [10, 9, 1, 21]), CLIENT),
            in_group(eni(3, [10, 9, 1, 22]), WEB),
        ];
        for (task, spec) in tasks.iter().zip(&enis) {
            kernel.attach(spec.clone(), task.namespace()).await.unwrap();
        }
        let (at, from) = (
            socket(&tasks[0], enis[0].address, 7),
            socket(&tasks[1], enis[1].address, 4000),
        );
        from.send_to(b"one", (enis[0].address, 7)).unwrap();
        heard(&at, 5000).unwrap();
        at.send_to(b"yes", (enis[1].address, 4000)).unwrap();
        heard(&from, 5000).unwrap();
        kernel.detach(&enis[2].id).await.unwrap();
        // Nobody may begin a flow any more; this one was begun before.
        kernel.set_groups(vec![group(WEB, &[], &[])]).await.unwrap();
        from.send_to(b"two", (enis[0].address, 7)).unwrap();
        assert_eq!(heard(&at, 5000).as_deref(), Ok(&b"two"[..]));
    });
}

fn in_block(spec: EniSpec) -> EniSpec {
    let [a, b, ..] = spec.address.octets();
    let vpc = Vpc {
        id: format!("vpc-{a}-{b}"),
        block: format!("{a}.{b}.0.0/16").parse().unwrap(),
    };
    EniSpec { vpc: Some(vpc), ..spec }
}

#[test]
fn a_block_is_one_installations_alone_as_long_as_it_has_interfaces_there() {
    const NAME: &str = "a_block_is_one_installations_alone_as_long_as_it_has_interfaces_there";
    on_a_host(NAME, async |kernel: Kernel| {
        let other = Kernel::new("other").unwrap();
        other
            .set_groups(vec![group(crate::host::OPEN, &[ANYTHING], &[ANYTHING])])
            .await
            .unwrap();
        let tasks = [Task::new(), Task::new(), Task::new()];
        let mine = in_block(eni(1, [10, 9, 1, 20]));
        let theirs = in_block(eni(2, [10, 9, 2, 20]));
        let elsewhere = in_block(eni(3, [10, 8, 1, 20]));
        kernel.attach(mine.clone(), tasks[0].namespace()).await.unwrap();
        let refused = Err(NetError::BlockInUse {
            block: "10.9.0.0/16".parse().unwrap(),
            theirs: "10.9.0.0/16".parse().unwrap(),
            owner: "test".to_owned(),
        });
        let attach = async || other.attach(theirs.clone(), tasks[1].namespace()).await.map(|_| ());
        let before = (ip("-4 route show"), ip("-4 -o addr show"));
        assert_eq!(attach().await, refused);
        assert_eq!(
            (ip("-4 route show"), ip("-4 -o addr show")),
            before,
            "the first is not disturbed"
        );
        assert_eq!(other.list().await, Ok(vec![]));
        other.attach(elsewhere.clone(), tasks[2].namespace()).await.unwrap();
        let claim = |owner: &str, block: &str| Claim {
            owner: owner.to_owned(),
            block: block.parse().unwrap(),
            interfaces: 1,
        };
        let claims = other.claims().await.unwrap();
        assert_eq!(claims, [claim("other", "10.8.0.0/16"), claim("test", "10.9.0.0/16")]);
        // It stays so over a restart of the first.
        drop(kernel);
        let again = Kernel::new("test").unwrap();
        again.resume(vec![mine.clone()]).await.unwrap();
        assert_eq!(attach().await, refused);
        again.detach(&mine.id).await.unwrap();
        assert_eq!(attach().await, Ok(()));
        let late = again.attach(mine.clone(), tasks[0].namespace()).await;
        assert!(matches!(late, Err(NetError::BlockInUse { .. })), "{late:?}");
        for id in [&theirs.id, &elsewhere.id] {
            other.detach(id).await.unwrap();
        }
        assert_eq!(ip("-4 route show"), "");
    });
}

#[test]
fn of_two_installations_that_begin_at_once_in_one_block_one_has_it() {
    const NAME: &str = "of_two_installations_that_begin_at_once_in_one_block_one_has_it";
    on_a_host(NAME, async |kernel: Kernel| {
        let other = Kernel::new("other").unwrap();
        for round in 0..10 {
            let tasks = [Task::new(), Task::new()];
            let enis = [
                in_block(eni(2 * round, [10, 9, 1, 20])),
                in_block(eni(2 * round + 1, [10, 9, 2, 20])),
            ];
            let attached = futures_util::future::join(
                kernel.attach(enis[0].clone(), tasks[0].namespace()),
                other.attach(enis[1].clone(), tasks[1].namespace()),
            )
            .await;
            assert!(attached.0.is_ok() != attached.1.is_ok(), "round {round}: {attached:?}");
            kernel.detach(&enis[0].id).await.unwrap();
            other.detach(&enis[1].id).await.unwrap();
        }
        assert_eq!(ip("-4 route show"), "");
    });
}

#[test]
fn installations_take_turns_at_what_they_share() {
    const NAME: &str = "installations_take_turns_at_what_they_share";
    on_a_host(NAME, async |kernel: Kernel| {
        // As another process would, on the namespace that both are in.
        let turn = File::open("/proc/thread-self/ns/net").unwrap();
        turn.lock().unwrap();
        let task = Task::new();
        let spec = in_block(eni(1, [10, 9, 1, 20]));
        let mut attaching = kernel.attach(spec.clone(), task.namespace());
        let early = tokio::time::timeout(Duration::from_millis(50), &mut attaching).await;
        assert!(early.is_err(), "{early:?}");
        assert!(!ip("-o link show").contains("rv0"));
        turn.unlock().unwrap();
        attaching.await.unwrap();
        turn.lock_shared().unwrap();
        let mut detaching = kernel.detach(&spec.id);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), &mut detaching)
                .await
                .is_err()
        );
        turn.unlock().unwrap();
        detaching.await.unwrap();
    });
}
