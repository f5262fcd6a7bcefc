//! An ENI as the kernel needs to know it, and the names that follow from its id.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::NetError;

/// Prefix of the name of each host end; what follows comes from the ENI's id.
pub(crate) const PREFIX: &str = "rv";
/// Interface names have at most 15 characters: the prefix and so many of the id.
const DIGITS: usize = 13;

/// An IPv4 network of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subnet {
    /// Its first address.
    pub network: Ipv4Addr,
    /// Its prefix length.
    pub prefix: u8,
}

impl Subnet {
    /// A subnet; an error when the address is not the first of it or there is no room for a gateway and a host.
    pub fn new(network: Ipv4Addr, prefix: u8) -> Result<Self, NetError> {
        let subnet = Self { network, prefix };
        if !(1..=30).contains(&prefix) || subnet.first_of(network) != u32::from(network) {
            return Err(NetError::InvalidSpec(format!("`{subnet}` is no subnet")));
        }
        Ok(subnet)
    }

    fn first_of(self, address: Ipv4Addr) -> u32 {
        let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
        u32::from(address) & mask
    }

    /// Whether the address is in it.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        self.first_of(address) == u32::from(self.network)
    }

    /// Its router: the second address.
    pub fn gateway(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.network) | 1)
    }

    /// Whether the two have an address in common.
    pub fn overlaps(self, other: Self) -> bool {
        if self.prefix <= other.prefix {
            self.contains(other.network)
        } else {
            other.contains(self.network)
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl FromStr for Subnet {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let parsed = text
            .split_once('/')
            .and_then(|(network, prefix)| Some((network.parse().ok()?, prefix.parse().ok()?)));
        let (network, prefix) = parsed.ok_or_else(|| NetError::InvalidSpec(format!("`{text}` is no subnet")))?;
        Self::new(network, prefix)
    }
}

/// A hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl FromStr for MacAddress {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let invalid = || NetError::InvalidSpec(format!("`{text}` is no hardware address"));
        let bytes: Result<Vec<u8>, NetError> = text
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).map_err(|_| invalid()))
            .collect();
        bytes?.try_into().map(Self).map_err(|_| invalid())
    }
}

/// The VPC of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its block; on one host, it is one installation's alone.
    pub block: Subnet,
}

/// What an interface shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EniSpec {
    /// `eni-` and 17 hexadecimal digits; decides the names of everything made for it.
    pub id: String,
    /// Hardware address of the task's end.
    pub mac: MacAddress,
    /// Private address.
    pub address: Ipv4Addr,
    /// The subnet it is in; its second address becomes the router, one of the host's own.
    pub subnet: Subnet,
    /// The VPC it is in; `None` for one that was attached before it was noted.
    pub vpc: Option<Vpc>,
    /// Further addresses that the host shall answer at, such as the VPC's resolver.
    pub host_addresses: Vec<Ipv4Addr>,
    /// Its security groups, by id; without any, nothing passes.
    pub groups: Vec<String>,
}

impl EniSpec {
    /// The block that is its installation's alone: the VPC's, or the subnet's where no more is known.
    pub(crate) fn block(&self) -> Subnet {
        self.vpc.as_ref().map_or(self.subnet, |vpc| vpc.block)
    }

    pub(crate) fn check(&self) -> Result<(), NetError> {
        interface_name(&self.id)?;
        self.groups.iter().try_for_each(|group| crate::group::check_id(group))?;
        Subnet::new(self.subnet.network, self.subnet.prefix)?;
        if let Some(vpc) = &self.vpc
            && !(vpc.block.prefix <= self.subnet.prefix && vpc.block.overlaps(self.subnet))
        {
            return Err(NetError::InvalidSpec(format!(
                "{} is not in {}",
                self.subnet, vpc.block
            )));
        }
        if !self.subnet.contains(self.address) || self.address == self.subnet.gateway() {
            return Err(NetError::InvalidSpec(format!(
                "{} is no address for an interface in {}",
                self.address, self.subnet
            )));
        }
        if self.mac.0.first().is_none_or(|first| first & 1 == 1) || self.mac.0 == [0; 6] {
            return Err(NetError::InvalidSpec(format!(
                "`{}` is no hardware address of one interface",
                self.mac
            )));
        }
        Ok(())
    }
}

/// The name of the host end of an ENI.
pub(crate) fn interface_name(eni: &str) -> Result<String, NetError> {
    let digits = eni
        .strip_prefix("eni-")
        .filter(|digits| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    let tail = digits
        .filter(|digits| matches!(digits.len(), 8 | 17))
        .and_then(|d| d.get(d.len().saturating_sub(DIGITS)..));
    let tail = tail.ok_or_else(|| NetError::InvalidSpec(format!("`{eni}` is no id of a network interface")))?;
    Ok(format!("{PREFIX}{tail}"))
}

/// What is written on the host end, so that it can be told whose it is after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub owner: String,
    pub eni: String,
    pub address: Ipv4Addr,
    pub subnet: Subnet,
    pub block: Subnet,
    pub host_addresses: Vec<Ipv4Addr>,
}

impl Mark {
    pub(crate) fn of(owner: &str, spec: &EniSpec) -> Self {
        Self {
            owner: owner.to_owned(),
            eni: spec.id.clone(),
            address: spec.address,
            subnet: spec.subnet,
            block: spec.block(),
            host_addresses: spec.host_addresses.clone(),
        }
    }

    pub(crate) fn parse(alias: &str) -> Option<Self> {
        let mut words = alias.split(' ');
        if words.next()? != "roadstead" {
            return None;
        }
        let (owner, eni, address) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
        let subnets = words.next()?;
        // Marks that say nothing of the block are older than it.
        let (subnet, block) = subnets.split_once(',').unwrap_or((subnets, subnets));
        let mark = Self {
            owner: owner.to_owned(),
            eni: eni.to_owned(),
            address,
            subnet: subnet.parse().ok()?,
            block: block.parse().ok()?,
            host_addresses: words
                .next()
                .map_or(Ok(Vec::new()), |list| list.split(',').map(str::parse).collect())
                .ok()?,
        };
        words.next().is_none().then_some(mark)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "roadstead {} {} {} {}",
            self.owner, self.eni, self.address, self.subnet
        )?;
        if self.block != self.subnet {
            write!(f, ",{}", self.block)?;
        }
        for (index, address) in self.host_addresses.iter().enumerate() {
            write!(f, "{}{address}", if index == 0 { ' ' } else { ',' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_knows_its_router_and_its_members() {
        let subnet: Subnet = "10.0.16.0/20".parse().unwrap();
        assert_eq!(subnet.gateway(), Ipv4Addr::new(10, 0, 16, 1));
        assert!(subnet.contains(Ipv4Addr::new(10, 0, 31, 255)));
        assert!(!subnet.contains(Ipv4Addr::new(10, 0, 32, 0)));
        for text in ["10.0.16.1/20", "10.0.0.0/31", "10.0.0.0/0", "10.0.0.0", "x/20"] {
            assert!(text.parse::<Subnet>().is_err(), "{text}");
        }
    }

    #[test]
    fn subnets_overlap_in_both_directions() {
        let subnet = |text: &str| text.parse::<Subnet>().unwrap();
        assert!(subnet("10.0.0.0/8").overlaps(subnet("10.1.0.0/16")));
        assert!(subnet("10.1.0.0/16").overlaps(subnet("10.0.0.0/8")));
        assert!(!subnet("10.1.0.0/16").overlaps(subnet("10.2.0.0/16")));
    }

    #[test]
    fn a_name_comes_from_the_id_and_fits_the_kernel() {
        assert_eq!(interface_name("eni-0a1b2c3d4e5f60718").unwrap(), "rv2c3d4e5f60718");
        assert_eq!(interface_name("eni-0a1b2c3d4e5f60718").unwrap().len(), 15);
        assert_eq!(interface_name("eni-0a1b2c3d").unwrap(), "rv0a1b2c3d");
        for id in ["eni-", "eni-xyz", "0a1b2c3d", "eni-0A1B2C3D", "eni-0a1b2c3d4e5f6071"] {
            assert!(interface_name(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_hardware_address_is_read_as_it_was_written() {
        let text = "02:0a:00:ff:10:9c";
        assert_eq!(text.parse::<MacAddress>().unwrap().to_string(), text);
        for text in ["02:0a:00:ff:10", "02:0a:00:ff:10:9c:00", "02:0a:00:ff:10:xx", ""] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let resolvers = vec![Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3)];
        for (block, host_addresses) in [("10.0.1.0/24", vec![]), ("10.0.0.0/16", resolvers)] {
            let mark = Mark {
                owner: "one".to_owned(),
                eni: "eni-0a1b2c3d4e5f60718".to_owned(),
                address: Ipv4Addr::new(10, 0, 1, 5),
                subnet: "10.0.1.0/24".parse().unwrap(),
                block: block.parse().unwrap(),
                host_addresses,
            };
            assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        }
        assert_eq!(Mark::parse("some other alias of five"), None);
    }
}
