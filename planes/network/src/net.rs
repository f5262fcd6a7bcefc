//! The one trait between a service that owns network interfaces and whatever makes them real.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use futures_util::future::BoxFuture;

use crate::eni::{EniSpec, Subnet};
use crate::error::NetError;

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

    /// Lists what is attached, and leftovers of attachments that a crash interrupted.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Attachment>, NetError>>;
}

/// A network namespace.
#[derive(Debug)]
pub enum NetworkNamespace {
    /// That of a process, such as a pause container's.
    Process(u32),
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
