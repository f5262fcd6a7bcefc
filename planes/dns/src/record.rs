//! Records of a zone in plain words.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, NULL, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, RecordType};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its whole name, such as `api.example.internal`; a first label `*` stands for every name that has no records.
    pub name: String,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
    /// Whether what it names is well: as long as one of a name and type is, those that are not are left out.
    pub healthy: bool,
}

impl Record {
    /// A record of something that is well.
    pub fn new(name: impl Into<String>, ttl: u32, data: Data) -> Self {
        Self {
            name: name.into(),
            ttl,
            data,
            healthy: true,
        }
    }
}

/// What a record says; names in it are whole ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that this one stands for.
    Cname(String),
    /// A mail server: its preference and name.
    Mx(u16, String),
    /// A name server.
    Ns(String),
    /// The name of an address.
    Ptr(String),
    /// The start of a zone; a zone without one is given Route 53's.
    Soa {
        /// The zone's first name server.
        server: String,
        /// Who is responsible, with a dot in the place of the `@`.
        mailbox: String,
        /// Its version.
        serial: u32,
        /// Seconds until secondary servers ask again.
        refresh: i32,
        /// Seconds until they ask again after a failure.
        retry: i32,
        /// Seconds until they give up.
        expire: i32,
        /// The most seconds for which it may be remembered that there is no such name.
        minimum: u32,
    },
    /// Where a service is.
    Srv {
        /// The lowest is tried first.
        priority: u16,
        /// Its share among those of one priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The host's name.
        target: String,
    },
    /// Texts of at most 255 bytes each.
    Txt(Vec<Vec<u8>>),
    /// Another type, by its number, in the form that is sent, without compressed names.
    Other(u16, Vec<u8>),
}

/// Why a zone cannot be as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// What should be a name is none.
    #[error("`{0}` is no domain name")]
    InvalidName(String),
    /// A record is not in the zone.
    #[error("`{0}` is not in the zone `{1}`")]
    OutsideZone(String, String),
    /// The data cannot be sent.
    #[error("the {0} record of `{1}` cannot be sent")]
    InvalidData(&'static str, String),
}

/// A name that ends at the root.
pub(crate) fn name(text: &str) -> Result<Name, ZoneError> {
    let mut name = Name::from_ascii(text).map_err(|_| ZoneError::InvalidName(text.to_owned()))?;
    name.set_fqdn(true);
    Ok(name)
}

pub(crate) fn rdata(record: &Record) -> Result<RData, ZoneError> {
    Ok(match &record.data {
        Data::A(address) => RData::A(A(*address)),
        Data::Aaaa(address) => RData::AAAA(AAAA(*address)),
        Data::Cname(target) => RData::CNAME(CNAME(name(target)?)),
        Data::Mx(preference, server) => RData::MX(MX::new(*preference, name(server)?)),
        Data::Ns(server) => RData::NS(NS(name(server)?)),
        Data::Ptr(host) => RData::PTR(PTR(name(host)?)),
        Data::Soa {
            server,
            mailbox,
            serial,
            refresh,
            retry,
            expire,
            minimum,
        } => RData::SOA(SOA::new(
            name(server)?,
            name(mailbox)?,
            *serial,
            *refresh,
            *retry,
            *expire,
            *minimum,
        )),
        Data::Srv {
            priority,
            weight,
            port,
            target,
        } => RData::SRV(SRV::new(*priority, *weight, *port, name(target)?)),
        Data::Txt(texts) => {
            if texts.is_empty() || texts.iter().any(|text| text.len() > 255) {
                return Err(ZoneError::InvalidData("TXT", record.name.clone()));
            }
            RData::TXT(TXT::from_bytes(texts.iter().map(Vec::as_slice).collect()))
        }
        Data::Other(kind, bytes) => {
            if bytes.is_empty() || bytes.len() > usize::from(u16::MAX) {
                return Err(ZoneError::InvalidData("TYPE", format!("{} ({kind})", record.name)));
            }
            RData::Unknown {
                code: RecordType::from(*kind),
                rdata: NULL::with(bytes.clone()),
            }
        }
    })
}
