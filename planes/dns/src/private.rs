//! EC2's own names: one for each private address of a VPC, computed from it, in both directions.

use std::net::Ipv4Addr;

use hickory_proto::rr::rdata::{A, PTR};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::zones::{Found, Vpc, default_soa};

// From memory: EC2's private names may be kept for a minute.
const TTL: u32 = 60;
/// Blocks that are nobody's on the internet: their reverse names are answered here, never asked for elsewhere.
const PRIVATE: [(Ipv4Addr, u8); 3] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

pub(crate) fn is_in(address: Ipv4Addr, (first, prefix): (Ipv4Addr, u8)) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    u32::from(address) & mask == u32::from(first) & mask
}

/// What EC2 says to a name; [`Found::Elsewhere`] when it is not one of its own.
pub(crate) fn find(vpc: &Vpc, domain: &Name, asked: &Name, kind: RecordType) -> Found {
    if domain == asked {
        return Found::Nothing(default_soa(domain));
    }
    if domain.zone_of(asked) {
        return match host(domain, asked).filter(|address| is_in(*address, vpc.block)) {
            Some(address) => one(asked, kind, RecordType::A, || Some(RData::A(A(address))), domain),
            None => Found::NoName(default_soa(domain)),
        };
    }
    let Some((address, length)) = reverse(asked) else {
        return Found::Elsewhere;
    };
    let mine = is_in(address, vpc.block);
    if !mine && !PRIVATE.iter().any(|block| length >= block.1 && is_in(address, *block)) {
        return Found::Elsewhere;
    }
    let zone = asked.trim_to(3);
    match length {
        32 if mine => {
            let octets = address.octets().map(|octet| octet.to_string()).join("-");
            let host = || domain.prepend_label(format!("ip-{octets}")).ok();
            one(asked, kind, RecordType::PTR, || Some(RData::PTR(PTR(host()?))), &zone)
        }
        32 => Found::NoName(default_soa(&zone)),
        _ => Found::Nothing(default_soa(&zone)),
    }
}

fn one(name: &Name, kind: RecordType, has: RecordType, data: impl Fn() -> Option<RData>, zone: &Name) -> Found {
    match data().filter(|_| kind == has || kind == RecordType::ANY) {
        Some(data) => Found::Records(vec![Record::from_rdata(name.clone(), TTL, data)]),
        None => Found::Nothing(default_soa(zone)),
    }
}

/// The address in `ip-10-0-1-5.<domain>`.
fn host(domain: &Name, asked: &Name) -> Option<Ipv4Addr> {
    if asked.num_labels() != domain.num_labels() + 1 {
        return None;
    }
    let label = std::str::from_utf8(asked.iter().next()?).ok()?.to_ascii_lowercase();
    let digits = label.strip_prefix("ip-")?;
    let address: Ipv4Addr = digits.replace('-', ".").parse().ok()?;
    (address.to_string().replace('.', "-") == digits).then_some(address)
}

/// The address, or the first of its octets, in a name below `in-addr.arpa`, and how many bits of it were named.
fn reverse(asked: &Name) -> Option<(Ipv4Addr, u8)> {
    let labels: Vec<&[u8]> = asked.iter().collect();
    let (octets, suffix) = labels.split_at(labels.len().checked_sub(2)?);
    let is = |label: &[u8], text: &str| label.eq_ignore_ascii_case(text.as_bytes());
    if !matches!(suffix, [first, second] if is(first, "in-addr") && is(second, "arpa")) || octets.is_empty() {
        return None;
    }
    let mut address = [0; 4];
    for (slot, label) in address.iter_mut().zip(octets.iter().rev()) {
        *slot = std::str::from_utf8(label).ok()?.parse().ok()?;
    }
    let bits = u8::try_from(octets.len()).ok().filter(|count| *count <= 4)? * 8;
    Some((Ipv4Addr::from(address), bits))
}
