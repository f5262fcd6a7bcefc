//! Interfaces of the Linux kernel: one pair per ENI, routed, without a bridge.
//!
//! The host's end has no address. It answers for every other address (proxy ARP), so that all traffic of a task, also
//! within its subnet, is routed by the host; one route leads back to the task. The router's address of each subnet, and
//! further ones such as a resolver's, are the host's own, on an interface without a cable. Addresses of the subnet that
//! no task has lead nowhere. Security groups are rules of `nft`, where the host has it.

mod claim;
mod conntrack;
mod filter;
mod firewall;
mod inside;
mod listen;
mod netlink;
mod probe;
mod ruleset;
mod sysctl;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::net::{SocketAddrV4, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::RwLock;

use crate::NetError;
use crate::eni::{EniSpec, Mark, PREFIX, Subnet, interface_name};
use crate::group::SecurityGroup;
use crate::net::{Attachment, Carried, Net, NetProbe, NetworkNamespace, Shortfalls};
pub use claim::Claim;
use claim::{Held, Turn, turn};
use filter::Filter;
use firewall::Passage;
use netlink::{Link, Netlink};

/// Interface that carries the host's addresses in the subnets.
const DEVICE: &str = "roadstead0";

/// Interfaces of the Linux kernel, in the network namespace of the threads that call it.
#[derive(Debug)]
pub struct Kernel {
    owner: String,
    /// What all interfaces share (routers' addresses, closed subnets) is added by readers and swept by the writer.
    shared: RwLock<()>,
    held: Held,
    passage: Passage,
    filter: Filter,
}

impl Kernel {
    /// For the installation `owner` (no white space in it): interfaces of other ones are left alone.
    pub fn new(owner: impl Into<String>) -> Result<Self, NetError> {
        let owner = owner.into();
        if owner.is_empty() || owner.len() > 64 || owner.contains(char::is_whitespace) {
            return Err(NetError::InvalidSpec(format!("`{owner}` cannot mark an interface")));
        }
        Ok(Self {
            filter: Filter::new(&owner),
            owner,
            shared: RwLock::new(()),
            held: Held::default(),
            passage: Passage::default(),
        })
    }

    async fn add(&self, eni: EniSpec, namespace: NetworkNamespace) -> Result<Attachment, NetError> {
        eni.check()?;
        let interface = interface_name(&eni.id)?;
        let namespace = open(namespace)?;
        // The rules come first and go last: an interface without rules would let everything pass.
        self.filter.add(&eni).await?;
        let made = {
            let _shared = self.shared.read().await;
            match self.take_turn(&eni).await {
                Ok(_turn) => self.make(&interface, &eni, namespace).await,
                Err(error) => Err(error),
            }
        };
        if let Err(error) = made {
            if let Err(left) = self.filter.remove(&eni.id).await {
                tracing::warn!(
                    interface,
                    "removing the rules of an interface that could not be made: {left}"
                );
            }
            let _shared = self.shared.write().await;
            let swept = async {
                let _turn = turn(true).await?;
                self.sweep(&Netlink::open()?).await
            };
            // An error of this says less than the first one, and the next detachment sweeps again.
            if let Err(left) = swept.await {
                tracing::warn!(interface, "cleaning up after an attachment that failed: {left}");
            }
            return Err(error);
        }
        self.held.add(&eni);
        Ok(Attachment {
            interface,
            eni_id: Some(eni.id),
            address: Some(eni.address),
            subnet: Some(eni.subnet),
        })
    }

    /// Waits until other installations let this one add an interface; an error when the block is another's.
    async fn take_turn(&self, eni: &EniSpec) -> Result<Turn, NetError> {
        if self.held.has(eni.block()) {
            return turn(false).await;
        }
        // The first in a block: two installations must not both find it free.
        let turn = turn(true).await?;
        claim::check(&Netlink::open()?, &self.owner, eni.block()).await?;
        Ok(turn)
    }

    /// The blocks that installations have interfaces in on this host.
    pub async fn claims(&self) -> Result<Vec<Claim>, NetError> {
        claim::claims(&Netlink::open()?).await
    }

    async fn make(&self, interface: &str, eni: &EniSpec, namespace: OwnedFd) -> Result<(), NetError> {
        let netlink = Netlink::open()?;
        if let Some(found) = netlink.find(interface).await? {
            self.may_remove(&found, &eni.id)?;
            netlink.delete(found.index).await?;
        }
        self.prepare(&netlink, eni).await?;
        let made = netlink.pair(interface, eni.mac, namespace.as_fd()).await?;
        let completed = self.complete(&netlink, &made, eni, namespace).await;
        if completed.is_err()
            && let Err(left) = netlink.delete(made.index).await
        {
            tracing::warn!(interface, "removing an interface that could not be completed: {left}");
        }
        completed
    }

    /// The part of the host that all interfaces of a subnet share.
    async fn prepare(&self, netlink: &Netlink, eni: &EniSpec) -> Result<(), NetError> {
        sysctl::set("net/ipv4/ip_forward", "1")?;
        self.passage.open()?;
        let device = netlink.ensure_device(DEVICE).await?;
        for other in netlink
            .addresses()
            .await?
            .iter()
            .filter(|other| other.index != device.index)
        {
            let theirs = Subnet {
                network: first_of(other.ip, other.prefix),
                prefix: other.prefix,
            };
            if theirs.overlaps(eni.subnet) {
                let address = format!("{}/{}", other.ip, other.prefix);
                return Err(NetError::SubnetInUse {
                    subnet: eni.subnet,
                    address,
                });
            }
        }
        for address in std::iter::once(eni.subnet.gateway()).chain(eni.host_addresses.iter().copied()) {
            netlink.add_address(device.index, address, 32).await?;
        }
        netlink.close(eni.subnet).await
    }

    async fn complete(
        &self,
        netlink: &Netlink,
        made: &Link,
        eni: &EniSpec,
        namespace: OwnedFd,
    ) -> Result<(), NetError> {
        let name = &made.name;
        sysctl::set_if_there(&format!("net/ipv6/conf/{name}/disable_ipv6"), "1")?;
        sysctl::set(&format!("net/ipv4/conf/{name}/proxy_arp"), "1")?;
        sysctl::set(&format!("net/ipv4/conf/{name}/rp_filter"), "1")?;
        sysctl::set(&format!("net/ipv4/neigh/{name}/proxy_delay"), "0")?;
        let mark = Mark::of(&self.owner, eni).to_string();
        netlink.set_up(made.index, Some(&mark)).await?;
        netlink.route_to(eni.address, made.index, eni.subnet.gateway()).await?;
        inside::configure(namespace, eni.clone()).await
    }

    /// Whether an interface that has the name of an ENI's is that ENI's, or a leftover of making it.
    fn may_remove(&self, found: &Link, eni_id: &str) -> Result<(), NetError> {
        let ours = match found.alias.as_deref() {
            None => true,
            Some(alias) => Mark::parse(alias).is_some_and(|mark| mark.owner == self.owner && mark.eni == eni_id),
        };
        if ours {
            Ok(())
        } else {
            Err(NetError::InterfaceTaken(found.name.clone()))
        }
    }

    async fn remove(&self, eni_id: &str) -> Result<(), NetError> {
        let interface = interface_name(eni_id)?;
        let mut address = self.filter.address(eni_id);
        {
            let _shared = self.shared.write().await;
            let _turn = turn(true).await?;
            let netlink = Netlink::open()?;
            if let Some(found) = netlink.find(&interface).await? {
                self.may_remove(&found, eni_id)?;
                address = address.or_else(|| Some(Mark::parse(found.alias.as_deref()?)?.address));
                // The other end goes with it, wherever it is, and so do the routes.
                netlink.delete(found.index).await?;
            }
            self.sweep(&netlink).await?;
        }
        self.held.remove(eni_id);
        // Before anybody can be given the address again. A kernel that remembers no flows has none to forget.
        if let Some(address) = address
            && let Err(error) = conntrack::forget(address).await
        {
            tracing::warn!(%address, "the flows of an address that is free again are still remembered: {error}");
        }
        self.filter.remove(eni_id).await
    }

    async fn take_over(&self, enis: Vec<EniSpec>) -> Result<Vec<Attachment>, NetError> {
        enis.iter().try_for_each(EniSpec::check)?;
        self.filter.resume(&enis).await?;
        let kept: BTreeSet<&str> = enis.iter().map(|eni| eni.id.as_str()).collect();
        let mut removed = Vec::new();
        for found in self.found().await? {
            // One without a mark is completed or removed with the interface that it was going to be.
            let Some(eni) = found.eni_id.clone().filter(|eni| !kept.contains(eni.as_str())) else {
                continue;
            };
            self.remove(&eni).await?;
            removed.push(found);
        }
        for eni in &enis {
            self.held.add(eni);
        }
        let _shared = self.shared.write().await;
        let _turn = turn(true).await?;
        self.sweep(&Netlink::open()?).await?;
        Ok(removed)
    }

    /// Removes what interfaces shared that are gone: routers' addresses, closed subnets, at last the device itself.
    async fn sweep(&self, netlink: &Netlink) -> Result<(), NetError> {
        let marks: Vec<Mark> = netlink
            .links()
            .await?
            .iter()
            .filter_map(|link| Mark::parse(link.alias.as_deref()?))
            .collect();
        let subnets: BTreeSet<Subnet> = marks.iter().map(|mark| mark.subnet).collect();
        for (subnet, route) in netlink.closed().await? {
            if !subnets.contains(&subnet) {
                netlink.open_again(route).await?;
            }
        }
        if marks.is_empty() {
            self.passage.close();
        }
        let Some(device) = netlink.find(DEVICE).await? else {
            return Ok(());
        };
        if marks.is_empty() {
            return netlink.delete(device.index).await;
        }
        let used: BTreeSet<_> = marks
            .iter()
            .flat_map(|mark| mark.host_addresses.iter().copied().chain([mark.subnet.gateway()]))
            .collect();
        for address in netlink.addresses().await? {
            if address.index == device.index && !used.contains(&address.ip) {
                netlink.delete_address(address).await?;
            }
        }
        Ok(())
    }

    async fn found(&self) -> Result<Vec<Attachment>, NetError> {
        let links = Netlink::open()?.links().await?;
        let ours = links.into_iter().filter_map(|link| {
            let mark = match link.alias.as_deref() {
                None if is_host_end(&link.name) => None,
                None => return None,
                Some(alias) => Some(Mark::parse(alias).filter(|mark| mark.owner == self.owner)?),
            };
            Some(Attachment {
                interface: link.name,
                address: mark.as_ref().map(|mark| mark.address),
                subnet: mark.as_ref().map(|mark| mark.subnet),
                eni_id: mark.map(|mark| mark.eni),
            })
        });
        Ok(ours.collect())
    }
}

fn is_host_end(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|tail| matches!(tail.len(), 8 | 13) && tail.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn first_of(address: std::net::Ipv4Addr, prefix: u8) -> std::net::Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    std::net::Ipv4Addr::from(u32::from(address) & mask)
}

/// Opens a namespace and makes sure that it is not the one this thread is in.
fn open(namespace: NetworkNamespace) -> Result<OwnedFd, NetError> {
    let failed = |error: &io::Error| NetError::Kernel(format!("opening a network namespace: {error}"));
    let of_process = |pid: u32| {
        File::open(format!("/proc/{pid}/ns/net")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => NetError::NoNamespace(pid),
            io::ErrorKind::PermissionDenied => {
                NetError::NotPermitted(format!("opening the network namespace of process {pid}"))
            }
            _ => failed(&error),
        })
    };
    let file = match namespace {
        NetworkNamespace::Open(fd) => File::from(fd),
        NetworkNamespace::Process(pid) => of_process(pid)?,
        NetworkNamespace::Container { pid, id } => {
            let file = of_process(pid)?;
            // Looked at after opening: the number may be another process's by now, or of an engine on another machine.
            let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
            if id.is_empty() || !groups.contains(&id) {
                return Err(NetError::NoNamespace(pid));
            }
            file
        }
    };
    let theirs = file.metadata().map_err(|error| failed(&error))?;
    let ours = std::fs::metadata("/proc/thread-self/ns/net").map_err(|error| failed(&error))?;
    if (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()) {
        return Err(NetError::HostNamespace);
    }
    Ok(file.into())
}

impl Net for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn probe(&self) -> BoxFuture<'_, NetProbe> {
        probe::probe().boxed()
    }

    fn attach(&self, eni: EniSpec, namespace: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>> {
        self.add(eni, namespace).boxed()
    }

    fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>> {
        self.remove(eni_id).boxed()
    }

    fn set_groups(&self, groups: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>> {
        self.filter.set_groups(groups).boxed()
    }

    fn shortfalls(&self) -> Shortfalls {
        Shortfalls {
            groups: self.filter.is_unable(),
            resolver: false,
            metadata: self.filter.is_unable(),
        }
    }

    fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        self.take_over(enis).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>> {
        self.found().boxed()
    }

    fn listen_inside(
        &self,
        namespace: NetworkNamespace,
        at: Vec<SocketAddrV4>,
    ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>> {
        async move { listen::listen(open(namespace)?, at).await }.boxed()
    }

    fn carried<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>> {
        async move { Netlink::open()?.carried(&interface_name(eni_id)?).await }.boxed()
    }
}
