//! What a value may be: the tests at the leaves of a pattern.

use std::net::IpAddr;

use serde_json::{Number, Value};

use super::glob::Glob;

/// One test of a value.
#[derive(Clone, Debug)]
pub enum Test {
    /// It is this.
    Equals(Value),
    /// It is a text, and this holds for it.
    Text(TextTest),
    /// It is a number within these bounds.
    Numeric(Bounds),
    /// It is the text of an address in a block.
    Cidr(Block),
    /// It exists, or does not.
    Exists(bool),
    /// It exists and is none of these.
    AnythingBut(Vec<Value>),
    /// It exists and none of these holds for it.
    Not(Vec<TextTest>),
}

/// One test of a text.
#[derive(Clone, Debug)]
pub enum TextTest {
    /// It begins so.
    Prefix(String),
    /// It begins so, in any letter case.
    PrefixIgnoreCase(String),
    /// It ends so.
    Suffix(String),
    /// It ends so, in any letter case.
    SuffixIgnoreCase(String),
    /// It is so, in any letter case.
    IgnoreCase(String),
    /// It is like that.
    Wildcard(Glob),
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The lower one, and whether it is itself within.
    pub lower: Option<(f64, bool)>,
    /// The upper one, and whether it is itself within.
    pub upper: Option<(f64, bool)>,
}

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    bits: u128,
    prefix: u32,
    is_v4: bool,
}

impl Test {
    /// Whether it holds for a value that is neither object nor array.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => wanted == value,
            Self::Text(test) => value.as_str().is_some_and(|text| test.holds(text)),
            Self::Numeric(bounds) => value.as_number().is_some_and(|number| bounds.hold(number)),
            Self::Cidr(block) => value
                .as_str()
                .and_then(|text| text.parse().ok())
                .is_some_and(|address| block.holds(address)),
            Self::Exists(wanted) => *wanted,
            Self::AnythingBut(none) => !none.contains(value),
            Self::Not(none) => !value
                .as_str()
                .is_some_and(|text| none.iter().any(|test| test.holds(text))),
        }
    }
}

impl TextTest {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Prefix(start) => text.starts_with(start.as_str()),
            Self::Suffix(end) => text.ends_with(end.as_str()),
            Self::PrefixIgnoreCase(start) => begins(text.chars(), start.chars()),
            Self::SuffixIgnoreCase(end) => begins(text.chars().rev(), end.chars().rev()),
            Self::IgnoreCase(whole) => {
                begins(text.chars(), whole.chars()) && text.chars().count() == whole.chars().count()
            }
            Self::Wildcard(glob) => glob.matches(text),
        }
    }
}

fn begins(text: impl Iterator<Item = char>, mut start: impl Iterator<Item = char>) -> bool {
    let mut text = text;
    start.all(|wanted| text.next().is_some_and(|found| is_same(found, wanted)))
}

fn is_same(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase())
}

impl Bounds {
    /// Whether a number is within.
    fn hold(&self, number: &Number) -> bool {
        let Some(number) = number.as_f64() else {
            return false;
        };
        let above = |(bound, with): (f64, bool)| number > bound || (with && is(number, bound));
        let below = |(bound, with): (f64, bool)| number < bound || (with && is(number, bound));
        self.lower.is_none_or(above) && self.upper.is_none_or(below)
    }
}

/// Numbers are the same to six digits after the point, as EventBridge documents.
fn is(one: f64, other: f64) -> bool {
    (one - other).abs() < 5e-7
}

impl Block {
    /// Reads `10.0.0.0/8` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix): (IpAddr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
        let (is_v4, most) = (address.is_ipv4(), if address.is_ipv4() { 32 } else { 128 });
        (prefix <= most).then(|| Self {
            bits: bits(address),
            prefix: if is_v4 { prefix + 96 } else { prefix },
            is_v4,
        })
    }

    fn holds(self, address: IpAddr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
        self.is_v4 == address.is_ipv4() && (bits(address) & mask) == (self.bits & mask)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}
