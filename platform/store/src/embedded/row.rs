//! How a row's head is packed before its value: three numbers of variable length, six bytes for most rows.

use crate::LeaseId;
use crate::apply::Head;

/// The bytes of a 64-bit number at most, seven bits in each.
const NUMBER: usize = 10;

/// A packed head: when created, how many revisions later modified, and the lease or zero.
pub(super) struct Packed {
    bytes: [u8; 3 * NUMBER],
    length: usize,
}

impl Packed {
    pub(super) fn new(head: Head) -> Self {
        let mut packed = Self {
            bytes: [0; 3 * NUMBER],
            length: 0,
        };
        packed.push(head.created);
        packed.push(head.modified.saturating_sub(head.created));
        packed.push(head.lease.map_or(0, |lease| lease.0));
        packed
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends a number, the low bits first; the high bit of a byte says that more follow.
    fn push(&mut self, mut number: u64) {
        for byte in self.bytes.iter_mut().skip(self.length) {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            self.length += 1;
            *byte = if number == 0 { low & 0x7f } else { low | 0x80 };
            if number == 0 {
                return;
            }
        }
    }
}

/// Takes a stored row apart; `None` where it is damaged.
pub(super) fn unpack(stored: &[u8]) -> Option<(Head, &[u8])> {
    let (created, rest) = number(stored)?;
    let (later, rest) = number(rest)?;
    let (lease, value) = number(rest)?;
    let lease = (lease != 0).then_some(LeaseId(lease));
    Some((
        Head {
            created,
            modified: created.checked_add(later)?,
            lease,
        },
        value,
    ))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(NUMBER) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_comes_apart_into_what_it_was_made_of(a: u64, b: u64, lease: u64, value: Vec<u8>) {
            let lease = (lease != 0).then_some(LeaseId(lease));
            let head = Head { created: a.min(b), modified: a.max(b), lease };
            let mut stored = Packed::new(head).as_slice().to_vec();
            stored.extend(&value);
            prop_assert_eq!(unpack(&stored), Some((head, value.as_slice())));
        }

        #[test]
        fn damaged_rows_do_not_panic(stored: Vec<u8>) {
            let _ = unpack(&stored);
        }
    }

    #[test]
    fn most_heads_take_six_bytes() {
        let head = Head {
            created: 1_000_000,
            modified: 1_000_000,
            lease: None,
        };
        assert!(Packed::new(head).as_slice().len() <= 6);
    }
}
