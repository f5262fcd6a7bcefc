//! Events as they are stored: many in one record, in a dense form of their own.
//!
//! A stream's events stand in two places below the stream's key. `PutLogEvents` appends its batch to the *journal*, one
//! small record that costs one write however large the stream is. Once the journal holds enough, it is folded into
//! *leaves*: records of about 64 KiB that do not overlap, each keyed by the place of its first event and holding what
//! comes before the next leaf. So 100,000 events of 100 bytes take some 200 records, any time is found with one seek,
//! late events go where they belong, every byte is written about twice, and expired events go a leaf at a time.
//! See `journal.rs` for writing and `cursor.rs` for reading.
//!
//! Not JSON as other records are: escapes could make a permitted batch of 1 MiB larger than a transaction may be, and a
//! text of numbers would double short lines. Byte 0 names the encoding where other records have theirs, byte 1 its version.

use roadstead_kernel::{Fault, Result};

use crate::position::Position;

/// The encoding byte: packed events.
const PACKED: u8 = 2;
/// The version of the encoding.
const VERSION: u8 = 1;
/// What AWS counts for an event beside its text.
pub const OVERHEAD: usize = 26;

/// A log event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands: its time and number.
    pub position: Position,
    /// When it was taken in, in milliseconds.
    pub ingested: i64,
    /// The text.
    pub message: String,
}

impl Event {
    /// Its size as AWS counts it.
    pub fn size(&self) -> usize {
        self.message.len() + OVERHEAD
    }
}

/// The size of some events as AWS counts it.
pub fn size_of(events: &[Event]) -> usize {
    events.iter().map(Event::size).sum()
}

/// Writes events in order. What `PutLogEvents` accepts takes fewer bytes than [`size_of`] counts.
pub fn pack(events: &[Event]) -> Vec<u8> {
    let mut out = Vec::with_capacity(size_of(events) + 2);
    out.extend([PACKED, VERSION]);
    let mut before = (0, 0);
    for event in events {
        let (at, number) = (event.position.at, event.position.number.cast_signed());
        put_difference(&mut out, at, before.0);
        put_difference(&mut out, number, before.1);
        put_difference(&mut out, event.ingested, at);
        put_number(&mut out, event.message.len() as u64);
        out.extend_from_slice(event.message.as_bytes());
        before = (at, number);
    }
    out
}

/// Reads events. Errors: an internal fault where the bytes are not what [`pack`] wrote.
pub fn unpack(stored: &[u8]) -> Result<Vec<Event>> {
    let [PACKED, VERSION, body @ ..] = stored else {
        return Err(Fault::internal(
            "stored log events are in a form that this version does not know",
        ));
    };
    let mut events = Vec::new();
    let mut rest = body;
    let (mut at, mut number) = (0_i64, 0_i64);
    while !rest.is_empty() {
        let event = take_event(&mut rest, &mut at, &mut number);
        events.push(event.ok_or_else(|| Fault::internal("stored log events are damaged"))?);
    }
    Ok(events)
}

fn take_event(rest: &mut &[u8], at: &mut i64, number: &mut i64) -> Option<Event> {
    *at = at.wrapping_add(take_difference(rest)?);
    *number = number.wrapping_add(take_difference(rest)?);
    let ingested = at.wrapping_add(take_difference(rest)?);
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    let position = Position {
        at: *at,
        number: number.cast_unsigned(),
    };
    Some(Event {
        position,
        ingested,
        message: std::str::from_utf8(text).ok()?.to_owned(),
    })
}

/// Differences in zigzag order, so that small ones of either sign are short.
fn put_difference(out: &mut Vec<u8>, now: i64, before: i64) {
    let difference = now.wrapping_sub(before);
    put_number(out, ((difference << 1) ^ (difference >> 63)).cast_unsigned());
}

fn take_difference(rest: &mut &[u8]) -> Option<i64> {
    let folded = take_number(rest)?;
    Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event() -> impl Strategy<Value = Event> {
        (0..(1_i64 << 42), any::<u64>(), 0..(1_i64 << 42), "\\PC{0,12}").prop_map(|(at, number, ingested, message)| {
            Event {
                position: Position { at, number },
                ingested,
                message,
            }
        })
    }

    proptest! {
        #[test]
        fn events_are_read_as_they_were_written(events in prop::collection::vec(event(), 0..20)) {
            let packed = pack(&events);
            prop_assert!(packed.len() <= size_of(&events) + 2 + events.len() * 8);
            prop_assert_eq!(unpack(&packed).unwrap(), events);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes: Vec<u8>) {
            let mut stored = vec![PACKED, VERSION];
            stored.extend(bytes);
            let _ = unpack(&stored);
        }
    }

    #[test]
    fn a_cut_record_is_an_error() {
        let events = [Event {
            position: Position { at: 5, number: 1 },
            ingested: 7,
            message: "hello".to_owned(),
        }];
        let packed = pack(&events);
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
        assert!(unpack(b"").is_err());
        assert!(unpack(&[1, 0, 1]).is_err());
    }
}
