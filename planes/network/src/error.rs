//! Why an interface could not be attached or removed.

use std::net::Ipv4Addr;

use crate::Subnet;

/// Why an operation on an interface failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The specification contradicts itself.
    #[error("{0}")]
    InvalidSpec(String),
    /// The process whose namespace was meant is gone.
    #[error("no network namespace of process {0}: it is gone")]
    NoNamespace(u32),
    /// The namespace is the host's own: it is never changed.
    #[error("the network namespace is the host's own")]
    HostNamespace,
    /// Another attached interface has this address.
    #[error("the address {0} is in use by another interface")]
    AddressInUse(Ipv4Addr),
    /// The host has addresses of its own there; taking the subnet would cut it off.
    #[error("the subnet {subnet} overlaps the address {address} that the host has on another interface")]
    SubnetInUse {
        /// The subnet asked for.
        subnet: Subnet,
        /// The host's address and prefix length in it, or around it.
        address: String,
    },
    /// Another installation has interfaces there: sharing a block would disturb both.
    #[error(
        "the block {block} is in use by another installation on this host, `{owner}`, whose tasks are in {theirs}: \
         stop them, or give the VPC another block; `roadstead doctor` says how to remove what is left of one that is gone"
    )]
    BlockInUse {
        /// The VPC's block.
        block: Subnet,
        /// The block that the other has interfaces in.
        theirs: Subnet,
        /// The other installation.
        owner: String,
    },
    /// An interface of that name exists and is another one's.
    #[error("the interface {0} exists and belongs to another")]
    InterfaceTaken(String),
    /// The process lacks a capability.
    #[error("not permitted: {0}")]
    NotPermitted(String),
    /// The kernel refused.
    #[error("{0}")]
    Kernel(String),
}
