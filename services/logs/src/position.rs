//! Where an event stands in its stream, and the 56 digits that event ids and page tokens write it in.

use std::fmt::Write as _;

/// A place in a stream: ordered by time, then by the number the event got when it was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Milliseconds since 1970, not negative.
    pub at: i64,
    /// The event's number within its stream; events have 1 and more.
    pub number: u64,
}

/// How many decimal digits AWS writes.
const DIGITS: usize = 56;
/// The largest time that fits into the digits: the year 2109.
const MAX_AT: i64 = (1 << 42) - 1;
/// The limbs of 32 bits, the most significant first: 42 bits of time, 64 of number, 16 of nothing, 64 of check.
const LIMBS: usize = 6;
type Wide = [u32; LIMBS];

impl Position {
    /// Before all events.
    pub const FIRST: Self = Self { at: 0, number: 0 };
    /// After all events.
    pub const LAST: Self = Self {
        at: i64::MAX,
        number: u64::MAX,
    };

    /// Before all events of that time.
    pub fn from(at: i64) -> Self {
        Self { at, number: 0 }
    }

    /// The next place: everything after this one is there or later.
    pub fn next(self) -> Self {
        match self.number.checked_add(1) {
            Some(number) => Self { number, ..self },
            None => Self {
                at: self.at.saturating_add(1),
                number: 0,
            },
        }
    }

    /// The place before, so that what comes after it includes this one.
    pub fn previous(self) -> Self {
        match self.number.checked_sub(1) {
            Some(number) => Self { number, ..self },
            None if self.at == 0 => self,
            None => Self {
                at: self.at - 1,
                number: u64::MAX,
            },
        }
    }

    /// The 56 digits: the time in front, so that they sort by it, and a mark of the stream at the end.
    // AWS: an event id divided by 2^144 is the event's time in milliseconds; tokens of GetLogEvents hold the same digits.
    pub fn digits(self, stream: &str) -> String {
        let at = u64::try_from(self.at.clamp(0, MAX_AT)).unwrap_or_default();
        let (high, low) = (halves(self.number), halves(self.check(stream)));
        // 144 bits below the time: it begins in the middle of a limb.
        let top = halves(at << 16);
        decimal([
            top.0,
            top.1 | (high.0 >> 16),
            (high.0 << 16) | (high.1 >> 16),
            high.1 << 16,
            low.0,
            low.1,
        ])
    }

    /// Reads the digits back; `None` for others than [`Position::digits`] made for the stream.
    pub fn parse(digits: &str, stream: &str) -> Option<Self> {
        if digits.len() != DIGITS {
            return None;
        }
        let [top, second, third, fourth, check @ ..] = binary(digits)?;
        let at = i64::try_from(joined(top, second) >> 16).ok()?;
        let number = joined((second << 16) | (third >> 16), (third << 16) | (fourth >> 16));
        let found = Self { at, number };
        // Whatever was altered, the digits are then others than those of the place they seem to name.
        (check == <[u32; 2]>::from(halves(found.check(stream))) && found.digits(stream) == digits).then_some(found)
    }

    /// A mark over stream and place that detects tokens of other streams and altered ones; not a secret.
    fn check(self, stream: &str) -> u64 {
        let at = self.at.clamp(0, MAX_AT).to_be_bytes();
        let bytes = stream.bytes().chain(at).chain(self.number.to_be_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
fn halves(wide: u64) -> (u32, u32) {
    ((wide >> 32) as u32, wide as u32)
}

fn joined(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

/// The digits of a number, the last 56 of them; no number made here has more.
fn decimal(mut number: Wide) -> String {
    const BILLION: u64 = 1_000_000_000;
    let mut groups = [0_u64; 7];
    for group in groups.iter_mut().rev() {
        let mut rest = 0;
        for limb in &mut number {
            let value = (rest << 32) | u64::from(*limb);
            *limb = halves(value / BILLION).1;
            rest = value % BILLION;
        }
        *group = rest;
    }
    let mut text = String::with_capacity(63);
    for group in groups {
        let _ = write!(text, "{group:09}");
    }
    text.split_off(text.len() - DIGITS)
}

/// The number of some digits; `None` for other characters and for numbers that are too large.
fn binary(digits: &str) -> Option<Wide> {
    let mut number = Wide::default();
    for digit in digits.chars() {
        let mut carry = u64::from(digit.to_digit(10)?);
        for limb in number.iter_mut().rev() {
            let value = u64::from(*limb) * 10 + carry;
            let (high, low) = halves(value);
            (*limb, carry) = (low, u64::from(high));
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_read_back_for_their_own_stream_only(at in 0..=MAX_AT, number: u64) {
            let position = Position { at, number };
            let digits = position.digits("a");
            prop_assert_eq!(digits.len(), DIGITS);
            prop_assert_eq!(Position::parse(&digits, "a"), Some(position));
            prop_assert_eq!(Position::parse(&digits, "b"), None);
        }

        #[test]
        fn digits_sort_as_positions_do(a in (0..4_i64, 0..4_u64), b in (0..4_i64, 0..4_u64)) {
            let [a, b] = [a, b].map(|(at, number)| Position { at, number });
            prop_assert_eq!(a.cmp(&b), a.digits("s").cmp(&b.digits("s")));
        }

        #[test]
        fn neighbours_are_next_to_each_other(at in 0..1000_i64, number: u64) {
            let position = Position { at, number };
            prop_assert_eq!(position.next().previous(), position);
            prop_assert!(position.next() > position);
        }
    }

    #[test]
    fn the_digits_begin_as_awss_do() {
        // An id that AWS gave to an event of 1396035378988 begins with the same digits.
        let digits = Position {
            at: 1_396_035_378_988,
            number: 0,
        }
        .digits("s");
        assert!(digits.starts_with("311326292"), "{digits}");
    }

    #[test]
    fn altered_digits_are_refused() {
        let digits = Position { at: 1, number: 2 }.digits("s");
        assert_eq!(Position::parse(&digits.replace('1', "2"), "s"), None);
        assert_eq!(Position::parse("x", "s"), None);
        assert_eq!(Position::parse(&"9".repeat(DIGITS), "s"), None);
    }
}
