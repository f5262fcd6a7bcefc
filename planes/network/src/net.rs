//! The one trait between a service that owns network interfaces and whatever makes them real.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::eni::{EniSpec, Subnet};
use crate::error::NetError;
use crate::group::SecurityGroup;

/// Attaches interfaces to the network namespaces of tasks.
///
/// All operations are idempotent by ENI id: attaching again makes the interface anew, detaching what is gone succeeds.
pub trait Net: Send + Sync + 'static {
    /// Short name: `kernel`, `simulated`.
    fn name(&self) -> &'static str;

    /// Says what the host can and cannot do; never fails.
    fn probe(&self) -> BoxFuture<'_, NetProbe>;

    /// Makes the interface and puts it into a namespace as `eth0`.
    ///
    /// After an error nothing of it is left. The caller makes sure, after this call, that the process it named still
    /// runs: a process id may have been used again.
    fn attach(&self, eni: EniSpec, namespace: NetworkNamespace) -> BoxFuture<'_, Result<Attachment, NetError>>;

    /// Removes everything made for an ENI, whether its namespace still exists or not.
    fn detach<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<(), NetError>>;

    /// Puts the rules of these groups in the place of those they had; other groups keep theirs.
    ///
    /// To be called before an interface with a group is attached, and whenever its rules change. A group without
    /// rules, or one that was never named here, lets nothing pass.
    fn set_groups(&self, groups: Vec<SecurityGroup>) -> BoxFuture<'_, Result<(), NetError>>;

    /// Says what a VPC is, for those who answer questions about names in it.
    ///
    /// To be called before an interface in it is attached or taken over, and whenever one of it changes.
    fn set_vpc(&self, names: VpcNames) -> BoxFuture<'_, Result<(), NetError>> {
        let _ = names;
        ready(Ok(())).boxed()
    }

    /// What tasks do not have here that they have at AWS.
    fn shortfalls(&self) -> Shortfalls {
        Shortfalls::default()
    }

    /// Takes over after a restart: these are attached, and whatever else this installation left behind is removed.
    ///
    /// To be called before anything is attached, with the groups set. Answers what was removed.
    fn resume(&self, enis: Vec<EniSpec>) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>>;

    /// Lists what is attached, and leftovers of attachments that a crash interrupted.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>>;

    /// Listens inside a namespace for what is sent to these addresses, which its loopback interface is given: only
    /// processes in the namespace can connect, and they can have sockets at the same ports themselves. The sockets do not
    /// block; they keep the namespace alive until they are closed.
    ///
    /// Interfaces that exist in memory only have no sockets: the answer is empty.
    fn listen_inside(
        &self,
        namespace: NetworkNamespace,
        at: Vec<SocketAddrV4>,
    ) -> BoxFuture<'_, Result<Vec<TcpListener>, NetError>>;

    /// What an interface carried since it was attached; `None` when it is not.
    fn carried<'a>(&'a self, eni_id: &'a str) -> BoxFuture<'a, Result<Option<Carried>, NetError>>;
}

/// What an interface carried, as its task sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Receive errors.
    pub rx_errors: u64,
    /// Received packets dropped.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Send errors.
    pub tx_errors: u64,
    /// Sent packets dropped.
    pub tx_dropped: u64,
}

/// A VPC as those need to know it who answer questions about names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcNames {
    /// `vpc-…`.
    pub id: String,
    /// Its block; the third address is its resolver's.
    pub block: Subnet,
    /// The domain of its interfaces' names, such as `ec2.internal`.
    pub domain: String,
    /// Whether its resolver answers: the attribute `enableDnsSupport`.
    pub answers: bool,
}

/// What tasks do not have here that they have at AWS; `default()` is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shortfalls {
    /// The rules of security groups are not enforced.
    pub groups: bool,
    /// There is no resolver at the VPC's address.
    pub resolver: bool,
    /// Nothing can listen inside the namespaces of tasks: they have no metadata and no credentials there.
    pub metadata: bool,
}

/// A network namespace.
#[derive(Debug)]
pub enum NetworkNamespace {
    /// That of a process.
    Process(u32),
    /// That of a container's first process, such as a pause container's: refused when the process is another's.
    Container {
        /// The process.
        pid: u32,
        /// The engine's id of the container.
        id: String,
    },
    /// One that is open.
    Open(OwnedFd),
}

/// An interface as it is found on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Name of the host end.
    pub interface: String,
    /// The ENI; `None` for a leftover that was not completed: detaching the ENI it belongs to removes it.
    pub eni_id: Option<String>,
    /// The ENI's address.
    pub address: Option<Ipv4Addr>,
    /// The ENI's subnet.
    pub subnet: Option<Subnet>,
}

/// What the host can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetProbe {
    /// Whether interfaces can be attached at all.
    pub able: bool,
    /// Whether tasks can be given metadata and credentials.
    pub metadata: bool,
    /// What is missing, each with its consequence and what to do about it.
    pub missing: Vec<Missing>,
}

/// An ability that the host lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is missing.
    pub what: String,
    /// What follows from it.
    pub consequence: String,
    /// What the user can do.
    pub advice: String,
}
