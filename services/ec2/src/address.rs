//! IPv4 blocks, and which address of a subnet comes next.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Addresses at the start of every subnet that AWS keeps: network, router, DNS, future use.
const RESERVED_HEAD: u32 = 4;
/// The address at the end that AWS keeps: broadcast.
const RESERVED_TAIL: u32 = 1;

/// An IPv4 block in canonical form: no bit beyond the prefix is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Block {
    base: u32,
    prefix: u8,
}

impl Block {
    /// Reads `a.b.c.d/n` and cuts it to canonical form, as AWS does; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        Some(Self::of(u32::from(address), parse_prefix(prefix, 32)?))
    }

    fn of(address: u32, prefix: u8) -> Self {
        Self {
            base: address & mask(prefix),
            prefix,
        }
    }

    /// The prefix length.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    fn last(self) -> u32 {
        self.base | !mask(self.prefix)
    }

    /// Whether the address lies in the block.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.prefix) == self.base
    }

    /// Whether the other block lies within this one.
    pub fn covers(self, other: Self) -> bool {
        other.prefix >= self.prefix && other.base & mask(self.prefix) == self.base
    }

    /// Whether the blocks share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The `n`th block of the given prefix length within this one; `None` beyond its end.
    pub fn part(self, prefix: u8, n: u32) -> Option<Self> {
        let size = 1_u64.checked_shl(u32::from(32_u8.checked_sub(prefix)?))?;
        let base = u64::from(self.base).checked_add(size.checked_mul(u64::from(n))?)?;
        let part = Self::of(u32::try_from(base).ok()?, prefix);
        self.covers(part).then_some(part)
    }

    /// How many addresses of the block, as a subnet, can be given to interfaces.
    pub fn capacity(self) -> u32 {
        let size = u64::from(self.last() - self.base) + 1;
        u32::try_from(size.saturating_sub(u64::from(RESERVED_HEAD + RESERVED_TAIL))).unwrap_or(u32::MAX)
    }

    /// Whether the address lies in the block but is one that AWS keeps for itself.
    pub fn is_reserved(self, address: Ipv4Addr) -> bool {
        let address = u32::from(address);
        self.contains(address.into()) && (address - self.base < RESERVED_HEAD || self.last() - address < RESERVED_TAIL)
    }

    /// The address that a random draw falls on, never a reserved one; `None` when the block has none to give.
    pub fn draw(self, random: u64) -> Option<Ipv4Addr> {
        let at = random.checked_rem(u64::from(self.capacity()))?;
        let offset = u32::try_from(at).ok()?;
        Some(Ipv4Addr::from(self.base + RESERVED_HEAD + offset))
    }
}

/// The first address from `from` on that is neither taken nor chosen, and whether a taken one comes after it: otherwise
/// it is only as good as `taken` is complete. The taken ones are in order, none before `from`.
pub fn gap(from: u32, taken: impl IntoIterator<Item = u32>, is_chosen: impl Fn(u32) -> bool) -> (u32, bool) {
    let skip = |mut at: u32| {
        while is_chosen(at) {
            at = at.saturating_add(1);
        }
        at
    };
    let mut free = skip(from);
    for taken in taken {
        if free < taken {
            return (free, true);
        }
        free = skip(free.max(taken.saturating_add(1)));
    }
    (free, false)
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        block.to_string()
    }
}

impl TryFrom<String> for Block {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an IPv4 block")
    }
}

/// Reads an IPv6 block and cuts it to canonical form; anything else is `None`.
pub fn parse_v6(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let address: Ipv6Addr = address.parse().ok()?;
    let prefix = parse_prefix(prefix, 128)?;
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    Some(format!("{}/{prefix}", Ipv6Addr::from(u128::from(address) & mask)))
}

fn parse_prefix(text: &str, most: u8) -> Option<u8> {
    let plain = !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    let prefix: u8 = text.parse().ok().filter(|_| plain)?;
    (prefix <= most).then_some(prefix)
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(text: &str) -> Block {
        Block::parse(text).unwrap()
    }

    #[test]
    fn a_block_is_cut_to_its_canonical_form() {
        assert_eq!(block("100.68.0.18/18").to_string(), "100.68.0.0/18");
        assert_eq!(block("0.0.0.0/0").to_string(), "0.0.0.0/0");
        assert_eq!(block("10.1.2.3/32").to_string(), "10.1.2.3/32");
        assert_eq!(parse_v6("2001:db8::1/32").unwrap(), "2001:db8::/32");
        assert_eq!(parse_v6("::/0").unwrap(), "::/0");
    }

    #[test]
    fn what_is_not_a_block_is_refused() {
        for wrong in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "x/8",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(Block::parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse_v6("::/129"), None);
    }

    #[test]
    fn a_twenty_eight_gives_eleven_addresses() {
        let subnet = block("10.0.0.0/28");
        assert_eq!(subnet.capacity(), 11);
        assert_eq!(block("172.31.0.0/20").capacity(), 4091);
        for (last, reserved) in [(0, true), (3, true), (4, false), (14, false), (15, true)] {
            assert_eq!(subnet.is_reserved(Ipv4Addr::new(10, 0, 0, last)), reserved, "{last}");
        }
        assert!(!subnet.is_reserved(Ipv4Addr::new(10, 0, 1, 0)));
        assert_eq!(block("10.0.0.0/31").draw(7), None);
    }

    #[test]
    fn parts_of_a_block_stay_within_it() {
        let vpc = block("172.31.0.0/16");
        assert_eq!(vpc.part(20, 2), Some(block("172.31.32.0/20")));
        assert_eq!(vpc.part(20, 16), None);
        assert_eq!(vpc.part(8, 0), None);
    }

    proptest! {
        #[test]
        fn a_gap_is_the_first_address_that_nobody_has(
            from in 0_u32..40,
            taken in prop::collection::btree_set(0_u32..40, 0..40),
            chosen in prop::collection::btree_set(0_u32..45, 0..5),
        ) {
            let expected = (from..100).find(|address| !taken.contains(address) && !chosen.contains(address)).unwrap();
            let (free, is_gap) = gap(from, taken.range(from..).copied(), |address| chosen.contains(&address));
            prop_assert_eq!(free, expected);
            prop_assert_eq!(is_gap, taken.range(expected..).next().is_some());
        }

        #[test]
        fn a_drawn_address_is_in_the_block_and_not_reserved(base in any::<u32>(), prefix in 16_u8..=28, random in any::<u64>()) {
            let subnet = Block::of(base, prefix);
            let address = subnet.draw(random).unwrap();
            prop_assert!(subnet.contains(address) && !subnet.is_reserved(address));
        }

        #[test]
        fn blocks_overlap_exactly_when_they_share_an_end(a in any::<u32>(), b in any::<u32>(), p in 0_u8..=32, q in 0_u8..=32) {
            let (one, two) = (Block::of(a, p), Block::of(b & 0xff | a & !0xff, q));
            let shared = one.base.max(two.base) <= one.last().min(two.last());
            prop_assert_eq!(one.overlaps(two), shared);
            prop_assert_eq!(Block::parse(&one.to_string()), Some(one));
        }
    }
}
