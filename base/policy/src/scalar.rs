//! Values of conditions other than texts and dates: numbers, booleans, addresses, bytes.

use std::net::IpAddr;

use crate::undetermined::other_word_as_bool;

/// Digits after the point that a number may have.
const SCALE: u32 = 18;

/// Parses a decimal number exactly, scaled by 10^18.
///
/// An optional sign, digits with an optional point, an optional exponent. Numbers that need more than nineteen digits
/// before the point or eighteen behind it do not parse.
pub(crate) fn number(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, small_exponent(exponent)?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    // Zeros are held back until another digit follows, so that trailing ones cost nothing.
    let (mut value, mut zeros, mut seen, mut last, mut before_point) = (0_i128, 0_u32, 0_i32, 0_i32, None);
    for byte in digits {
        match byte {
            b'.' if before_point.is_none() => before_point = Some(seen),
            b'0'..=b'9' => {
                seen += 1;
                if *byte == b'0' {
                    zeros += 1;
                } else {
                    value = shift(value, zeros + 1)?.checked_add(i128::from(byte - b'0'))?;
                    (zeros, last) = (0, seen);
                }
            }
            _ => return None,
        }
    }
    if seen == 0 {
        return None;
    }
    if value == 0 {
        return Some(0);
    }
    let shift_by = SCALE.cast_signed() + exponent + before_point.unwrap_or(seen) - last;
    let value = shift(value, u32::try_from(shift_by).ok()?)?;
    let limit = 10_i128.pow(SCALE + 19);
    (value < limit).then_some(if negative { -value } else { value })
}

/// A whole number in the scale of [`number`].
pub(crate) fn whole_number(value: i64) -> i128 {
    i128::from(value) * 10_i128.pow(SCALE)
}

fn shift(value: i128, digits: u32) -> Option<i128> {
    if value == 0 {
        Some(0)
    } else {
        value.checked_mul(10_i128.checked_pow(digits)?)
    }
}

fn small_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if plain {
        text.strip_prefix('+').unwrap_or(text).parse().ok()
    } else {
        None
    }
}

/// Parses `true` or `false` in any letter case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        other_word_as_bool(text)
    }
}

/// A network: its bits, shifted to the high end for either family, and how many of them count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    bits: u128,
    mask: u128,
    v6: bool,
}

impl Network {
    /// Parses an address with an optional prefix length; bits beyond the prefix are ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => {
                let plain = (1..=3).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_digit());
                (address, Some(plain.then(|| length.parse::<u32>().ok()).flatten()?))
            }
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().ok()?;
        let (bits, v6) = high_bits(address);
        let width = if v6 { 128 } else { 32 };
        let length = length.unwrap_or(width);
        if length > width {
            return None;
        }
        let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
        Some(Self {
            bits: bits & mask,
            mask,
            v6,
        })
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (bits, v6) = high_bits(address);
        v6 == self.v6 && bits & self.mask == self.bits
    }
}

fn high_bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, false),
        IpAddr::V6(address) => (address.to_bits(), true),
    }
}

/// The bytes of a base64 text, padded or not; `None` when it is none.
pub(crate) fn base64(text: &str) -> Option<impl Iterator<Item = u8> + '_> {
    let bare = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text)
        .as_bytes();
    let padded = bare.len() != text.len();
    let whole = if padded {
        text.len().is_multiple_of(4)
    } else {
        bare.len() % 4 != 1
    };
    if !whole || bare.len() % 4 == 1 || !bare.iter().all(|byte| sextet(*byte).is_some()) {
        return None;
    }
    Some(bare.chunks(4).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 6 | u32::from(sextet(*byte).unwrap_or(0)));
        let [_, bytes @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        bytes.into_iter().take(group.len() - 1)
    }))
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_decimals() {
        assert_eq!(number("10.5"), number("10.50"));
        assert_eq!(number("1e3"), number("1000"));
        assert_eq!(number("1500e-2"), number("15"));
        assert_eq!(number("-0"), number("0"));
        assert_eq!(number(".5"), number("0.5"));
        assert_eq!(number("5."), number("5"));
        assert_eq!(number("00012"), number("12"));
        assert_eq!(number("9223372036854775807"), Some(whole_number(i64::MAX)));
        assert_eq!(number(&format!("1.{}", "0".repeat(60))), number("1"));
        assert!(number("0.000000000000000001") > number("0"));
        assert!(number("-2") < number("-1"));
        for text in [
            "",
            "-",
            ".",
            "abc",
            "1 ",
            "0x10",
            "1e",
            "1e999",
            "1.2.3",
            "--1",
            "0.0000000000000000001",
            "NaN",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number(&"9".repeat(20)), None);
    }

    #[test]
    fn base64_gives_bytes() {
        let decode = |text: &str| base64(text).map(Iterator::collect::<Vec<u8>>);
        assert_eq!(decode("QmluYXJ5").as_deref(), Some(&b"Binary"[..]));
        assert_eq!(decode("YQ==").as_deref(), Some(&b"a"[..]));
        assert_eq!(decode("YWI=").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode("YWI").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode("").as_deref(), Some(&b""[..]));
        for text in ["Y", "Y===", "YQ=", "Y W", "YQ==YQ==", "-_-_"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn networks_keep_their_family() {
        let inside = |network: &str, address: &str| {
            Network::parse(network).is_some_and(|network| network.contains(address.parse().unwrap()))
        };
        assert!(inside("203.0.113.9/24", "203.0.113.7"));
        assert!(inside("0.0.0.0/0", "1.2.3.4") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("::/0", "2001:db8::1") && !inside("::/0", "1.2.3.4"));
        assert!(!inside("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(inside("2001:DB8::/32", "2001:db8:1::") && !inside("2001:db8::/32", "2001:db9::"));
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "1.2.3.4/",
            "1.2.3.4/+8",
            "fe80::1%eth0",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
