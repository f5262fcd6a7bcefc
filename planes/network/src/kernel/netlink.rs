//! The few things that are asked of the Linux kernel over netlink, in words of this crate.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

use futures_util::TryStreamExt;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use rtnetlink::{Error, Handle, LinkBridge, LinkDummy, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};

use crate::NetError;
use crate::eni::{MacAddress, Subnet};
use crate::net::Carried;

/// Marks the routes made here among all others: "R".
const PROTOCOL: RouteProtocol = RouteProtocol::Other(82);

/// A netlink connection to the namespace of the thread that opened it.
pub(super) struct Netlink {
    handle: Handle,
    connection: tokio::task::JoinHandle<()>,
}

/// An interface.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub index: u32,
    pub name: String,
    pub alias: Option<String>,
}

/// An IPv4 address on an interface.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub index: u32,
    pub ip: Ipv4Addr,
    pub prefix: u8,
    message: AddressMessage,
}

impl Drop for Netlink {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// The number of the error, if the kernel sent one.
fn errno(error: &Error) -> Option<i32> {
    match error {
        Error::NetlinkError(message) => message.code.map(|code| -code.get()),
        _ => None,
    }
}

fn is(error: &Error, number: nix::errno::Errno) -> bool {
    errno(error) == Some(number as i32)
}

fn failed(doing: &str, error: &Error) -> NetError {
    match errno(error).map(io::Error::from_raw_os_error) {
        Some(kernel) if kernel.kind() == io::ErrorKind::PermissionDenied => NetError::NotPermitted(doing.to_owned()),
        Some(kernel) => NetError::Kernel(format!("{doing}: {kernel}")),
        None => NetError::Kernel(format!("{doing}: {error}")),
    }
}

fn link(message: &LinkMessage) -> Link {
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        alias: None,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::IfAlias(alias) => link.alias = Some(alias.clone()),
            _ => {}
        }
    }
    link
}

impl Netlink {
    pub(super) fn open() -> Result<Self, NetError> {
        let (connection, handle, _) = rtnetlink::new_connection()
            .map_err(|error| NetError::Kernel(format!("opening a netlink socket: {error}")))?;
        Ok(Self {
            handle,
            connection: tokio::spawn(connection),
        })
    }

    pub(super) async fn links(&self) -> Result<Vec<Link>, NetError> {
        let links = self.handle.link().get().execute();
        links
            .map_ok(|message| link(&message))
            .try_collect()
            .await
            .map_err(|error| failed("listing interfaces", &error))
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<Link>, NetError> {
        match self.handle.link().get().match_name(name).execute().try_next().await {
            Ok(found) => Ok(found.as_ref().map(link)),
            Err(error) if is(&error, nix::errno::Errno::ENODEV) => Ok(None),
            Err(error) => Err(failed("looking up an interface", &error)),
        }
    }

    /// What the other end of a pair carried; `None` without an interface of that name.
    pub(super) async fn carried(&self, host: &str) -> Result<Option<Carried>, NetError> {
        let found = self.handle.link().get().match_name(host.to_owned()).execute();
        let message = match found.into_stream().try_next().await {
            Ok(found) => found,
            Err(error) if is(&error, nix::errno::Errno::ENODEV) => None,
            Err(error) => return Err(failed("reading the counters of an interface", &error)),
        };
        let counters = message.into_iter().flat_map(|message| message.attributes);
        Ok(counters.into_iter().find_map(|attribute| match attribute {
            // What this end sends, the other one receives.
            LinkAttribute::Stats64(stats) => Some(Carried {
                rx_bytes: stats.tx_bytes,
                rx_packets: stats.tx_packets,
                rx_errors: stats.tx_errors,
                rx_dropped: stats.tx_dropped,
                tx_bytes: stats.rx_bytes,
                tx_packets: stats.rx_packets,
                tx_errors: stats.rx_errors,
                tx_dropped: stats.rx_dropped,
            }),
            _ => None,
        }))
    }

    /// Removes an interface; one that is gone already is no error.
    pub(super) async fn delete(&self, index: u32) -> Result<(), NetError> {
        match self.handle.link().del(index).execute().await {
            Err(error) if !is(&error, nix::errno::Errno::ENODEV) => Err(failed("removing an interface", &error)),
            _ => Ok(()),
        }
    }

    /// Makes a pair of interfaces: `host` here, `eth0` with the hardware address in the other namespace.
    pub(super) async fn pair(&self, host: &str, mac: MacAddress, namespace: BorrowedFd<'_>) -> Result<Link, NetError> {
        let peer = LinkMessageBuilder::<LinkUnspec>::new()
            .name("eth0".to_owned())
            .address(mac.0.to_vec())
            .setns_by_fd(namespace.as_raw_fd())
            .build();
        let pair = LinkMessageBuilder::<LinkVeth>::new(host, "eth0")
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
            .build();
        let made = self.handle.link().add(pair).execute().await;
        made.map_err(|error| failed("making a pair of interfaces", &error))?;
        self.find(host)
            .await?
            .ok_or_else(|| NetError::Kernel(format!("the interface {host} vanished")))
    }

    pub(super) async fn set_up(&self, index: u32, alias: Option<&str>) -> Result<(), NetError> {
        let mut message = LinkUnspec::new_with_index(index).up();
        if let Some(alias) = alias {
            message = message.append_extra_attribute(LinkAttribute::IfAlias(alias.to_owned()));
        }
        let done = self.handle.link().change(message.build()).execute().await;
        done.map_err(|error| failed("setting an interface up", &error))
    }

    /// An interface without a cable that addresses of the host can be put on; finds the one that exists.
    pub(super) async fn ensure_device(&self, name: &str) -> Result<Link, NetError> {
        if let Some(found) = self.find(name).await? {
            return Ok(found);
        }
        let exists = nix::errno::Errno::EEXIST;
        match self
            .handle
            .link()
            .add(LinkDummy::new(name).up().build())
            .execute()
            .await
        {
            Ok(()) => {}
            Err(error) if is(&error, exists) => {}
            // Not every kernel has dummy interfaces; a bridge without ports does as well.
            Err(_) => match self
                .handle
                .link()
                .add(LinkBridge::new(name).up().build())
                .execute()
                .await
            {
                Err(error) if !is(&error, exists) => {
                    return Err(failed("making an interface for host addresses", &error));
                }
                _ => {}
            },
        }
        self.find(name)
            .await?
            .ok_or_else(|| NetError::Kernel(format!("the interface {name} vanished")))
    }

    pub(super) async fn addresses(&self) -> Result<Vec<Address>, NetError> {
        let all: Vec<AddressMessage> = self
            .handle
            .address()
            .get()
            .execute()
            .try_collect()
            .await
            .map_err(|error| failed("listing addresses", &error))?;
        let address = |message: AddressMessage| {
            let found = message.attributes.iter().find_map(|attribute| match attribute {
                AddressAttribute::Local(IpAddr::V4(address)) => Some(*address),
                _ => None,
            })?;
            Some(Address {
                index: message.header.index,
                ip: found,
                prefix: message.header.prefix_len,
                message,
            })
        };
        Ok(all.into_iter().filter_map(address).collect())
    }

    /// Gives an interface an address, if it has not got it yet.
    pub(super) async fn add_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> Result<(), NetError> {
        match self
            .handle
            .address()
            .add(index, IpAddr::V4(address), prefix)
            .execute()
            .await
        {
            Err(error) if !is(&error, nix::errno::Errno::EEXIST) => Err(failed("adding an address", &error)),
            _ => Ok(()),
        }
    }

    pub(super) async fn delete_address(&self, address: Address) -> Result<(), NetError> {
        match self.handle.address().del(address.message).execute().await {
            Err(error) if !is(&error, nix::errno::Errno::EADDRNOTAVAIL) => Err(failed("removing an address", &error)),
            _ => Ok(()),
        }
    }

    /// Sends what goes to `address` out by one interface, with `source` as the sender of what the host itself sends.
    pub(super) async fn route_to(&self, address: Ipv4Addr, index: u32, source: Ipv4Addr) -> Result<(), NetError> {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(address, 32)
            .output_interface(index)
            .scope(RouteScope::Link)
            .pref_source(source)
            .protocol(PROTOCOL)
            .build();
        match self.handle.route().add(route).execute().await {
            Err(error) if is(&error, nix::errno::Errno::EEXIST) => Err(NetError::AddressInUse(address)),
            done => done.map_err(|error| failed("adding a route", &error)),
        }
    }

    pub(super) async fn default_route(&self, gateway: Ipv4Addr) -> Result<(), NetError> {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .gateway(gateway)
            .protocol(PROTOCOL)
            .build();
        let done = self.handle.route().add(route).execute().await;
        done.map_err(|error| failed("adding the default route", &error))
    }

    /// Makes the addresses of a subnet that nobody has lead nowhere, rather than out of the house.
    pub(super) async fn close(&self, subnet: Subnet) -> Result<(), NetError> {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(subnet.network, subnet.prefix)
            .kind(RouteType::Unreachable)
            .protocol(PROTOCOL)
            .build();
        match self.handle.route().add(route).execute().await {
            Err(error) if !is(&error, nix::errno::Errno::EEXIST) => Err(failed("closing a subnet", &error)),
            _ => Ok(()),
        }
    }

    /// The subnets that were closed, with the means to open them.
    pub(super) async fn closed(&self) -> Result<Vec<(Subnet, RouteMessage)>, NetError> {
        let filter = RouteMessageBuilder::<Ipv4Addr>::new().build();
        let routes: Vec<RouteMessage> = self
            .handle
            .route()
            .get(filter)
            .execute()
            .try_collect()
            .await
            .map_err(|error| failed("listing routes", &error))?;
        let ours = routes.into_iter().filter(|route| {
            route.header.protocol == PROTOCOL
                && route.header.kind == RouteType::Unreachable
                && route.header.address_family == AddressFamily::Inet
        });
        let subnet = |route: RouteMessage| {
            let network = route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(network)) => Some(*network),
                _ => None,
            })?;
            Some((
                Subnet {
                    network,
                    prefix: route.header.destination_prefix_length,
                },
                route,
            ))
        };
        Ok(ours.filter_map(subnet).collect())
    }

    pub(super) async fn open_again(&self, route: RouteMessage) -> Result<(), NetError> {
        match self.handle.route().del(route).execute().await {
            Err(error) if !is(&error, nix::errno::Errno::ESRCH) => Err(failed("removing a route", &error)),
            _ => Ok(()),
        }
    }
}
