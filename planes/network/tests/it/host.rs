//! A host and namespaces of tasks that vanish with the test.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use nix::sched::{CloneFlags, setns, unshare};
use roadstead_network::{EniSpec, Kernel, Net, NetworkNamespace, Peer, Rule, SecurityGroup, Traffic};

/// A task's namespace; it lasts as long as this.
pub struct Task(OwnedFd);

impl Task {
    pub fn new() -> Self {
        let opened = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap()
        });
        Self(opened.join().unwrap().into())
    }

    pub fn namespace(&self) -> NetworkNamespace {
        NetworkNamespace::Open(self.0.try_clone().unwrap())
    }

    /// A name that `ip` knows the namespace by, as long as this thread runs.
    #[allow(dead_code, reason = "not every test that shares this file needs it")]
    pub fn path(&self) -> String {
        use std::os::fd::AsRawFd;
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }

    /// Does something on a thread inside the namespace.
    pub fn inside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.start(work).join().unwrap()
    }

    /// Starts something on a thread inside the namespace.
    pub fn start<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
        let namespace = self.0.try_clone().unwrap();
        std::thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        })
    }
}

/// Runs a test on a thread that is a host of its own; says so when that is not allowed.
pub fn on_a_host<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Kernel) -> F + Send + 'static) {
    if std::process::Command::new("ip").arg("-V").output().is_err() {
        println!("SKIPPED {name}: the program `ip` (package iproute2) is missing");
        return;
    }
    let run = move || {
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            return Some(error);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let kernel = Kernel::new("test").unwrap();
            kernel
                .set_groups(vec![group(OPEN, &[ANYTHING], &[ANYTHING])])
                .await
                .unwrap();
            test(kernel).await;
        });
        None
    };
    match std::thread::spawn(run).join() {
        Ok(None) => {}
        Ok(Some(error)) => println!("SKIPPED {name}: no network namespace can be made: {error}"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// The `number`th interface, with this address in a subnet of 256 addresses.
pub fn eni(number: u8, address: [u8; 4]) -> EniSpec {
    let [a, b, c, _] = address;
    EniSpec {
        id: format!("eni-0{number:016x}"),
        mac: format!("02:00:00:00:00:{number:02x}").parse().unwrap(),
        address: Ipv4Addr::from(address),
        subnet: format!("{a}.{b}.{c}.0/24").parse().unwrap(),
        vpc: None,
        host_addresses: Vec::new(),
        groups: vec![OPEN.to_owned()],
    }
}

/// A group that lets everything pass.
pub const OPEN: &str = "sg-00000000000000001";

/// Everything, from and to anybody.
pub const ANYTHING: (Traffic, &str) = (Traffic::All, "0.0.0.0/0");

/// A group with rules for these kinds of traffic with these blocks or groups.
pub fn group(id: &str, ingress: &[(Traffic, &str)], egress: &[(Traffic, &str)]) -> SecurityGroup {
    let rules = |list: &[(Traffic, &str)]| {
        let rule = |(traffic, peer): &(Traffic, &str)| Rule {
            traffic: *traffic,
            peer: match peer.split_once('/') {
                Some((address, prefix)) => Peer::Block(address.parse().unwrap(), prefix.parse().unwrap()),
                None => Peer::Group((*peer).to_owned()),
            },
        };
        list.iter().map(rule).collect()
    };
    SecurityGroup {
        id: id.to_owned(),
        ingress: rules(ingress),
        egress: rules(egress),
    }
}

/// What `ip` says in the namespace of the calling thread.
pub fn ip(arguments: &str) -> String {
    let output = std::process::Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "ip {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
