//! Reads values from CBOR: definite and indefinite, any head size, all three float sizes.

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use crate::check::Check;
use crate::error::{Malformed, Read};
use crate::limits::MAX_DEPTH;
use crate::schema::Shape;
use crate::value::{Reader, Structure, read_member};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
const BREAK: u8 = 0xff;

/// Reads one CBOR item.
pub struct CborReader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    check: &'a mut Check,
}

/// The first bytes of an item: major type and argument; no argument means indefinite.
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    info: u8,
    argument: Option<u64>,
}

/// How many elements are left in an array or map.
#[derive(Clone, Copy)]
struct Left(Option<u64>);

fn bad(why: &'static str) -> Malformed {
    Malformed::new(why)
}

impl<'a> CborReader<'a> {
    /// A reader at the start; an empty body reads as an empty map.
    pub fn new(bytes: &'a [u8], check: &'a mut Check) -> Self {
        Self {
            bytes: if bytes.is_empty() { &[0xa0] } else { bytes },
            at: 0,
            depth: 0,
            check,
        }
    }

    /// Fails when something follows the item.
    pub fn end(&self) -> Read<()> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(bad("something follows the CBOR item"))
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, len: u64) -> Read<&'a [u8]> {
        let len = usize::try_from(len).ok();
        let end = len.and_then(|len| self.at.checked_add(len));
        let slice = end.and_then(|end| self.bytes.get(self.at..end));
        let slice = slice.ok_or_else(|| bad("the CBOR item ends early"))?;
        self.at += slice.len();
        Ok(slice)
    }

    fn head(&mut self) -> Read<Head> {
        let first = self.byte().ok_or_else(|| bad("the CBOR item ends early"))?;
        self.at += 1;
        let info = first & 0x1f;
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let size = 1_u64 << (info - 24);
                let bytes = self.take(size)?;
                Some(bytes.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)))
            }
            31 => None,
            _ => return Err(bad("a CBOR head is broken")),
        };
        Ok(Head {
            major: first >> 5,
            info,
            argument,
        })
    }

    fn open(&mut self, major: u8, why: &'static str) -> Read<Left> {
        let head = self.head()?;
        if head.major != major {
            return Err(bad(why));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(bad("the CBOR item is nested too deeply"));
        }
        Ok(Left(head.argument))
    }

    /// Whether another element follows.
    fn more(&mut self, left: &mut Left) -> Read<bool> {
        match &mut left.0 {
            Some(0) => {}
            Some(n) => {
                *n -= 1;
                return Ok(true);
            }
            None => match self.byte() {
                Some(BREAK) => self.at += 1,
                Some(_) => return Ok(true),
                None => return Err(bad("the CBOR item ends early")),
            },
        }
        self.depth -= 1;
        Ok(false)
    }

    /// A string of either sort, in one piece or many.
    fn string(&mut self, major: u8, why: &'static str) -> Read<Vec<u8>> {
        let head = self.head()?;
        if head.major != major {
            return Err(bad(why));
        }
        if let Some(len) = head.argument {
            return self.take(len).map(<[u8]>::to_vec);
        }
        let mut out = Vec::new();
        while self.byte() != Some(BREAK) {
            let piece = self.head()?;
            let len = piece
                .argument
                .filter(|_| piece.major == major)
                .ok_or_else(|| bad(why))?;
            out.extend_from_slice(self.take(len)?);
        }
        self.at += 1;
        Ok(out)
    }

    fn utf8(&mut self) -> Read<String> {
        let bytes = self.string(TEXT, "a CBOR text was expected")?;
        String::from_utf8(bytes).map_err(|_| bad("a CBOR text is not UTF-8"))
    }

    fn whole(head: Head) -> Option<i64> {
        let n = head.argument?;
        match head.major {
            UNSIGNED => i64::try_from(n).ok(),
            NEGATIVE => i64::try_from(n).ok().map(|n| -1 - n),
            _ => None,
        }
    }

    /// A number of any sort.
    fn number(&mut self) -> Read<f64> {
        let head = self.head()?;
        let argument = head.argument.unwrap_or_default();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a whole number read as a float is what was asked for"
        )]
        match (head.major, head.info) {
            (UNSIGNED, _) => Ok(argument as f64),
            (NEGATIVE, _) => Ok(-1.0 - argument as f64),
            (SIMPLE, 25) => Ok(half(argument)),
            (SIMPLE, 26) => Ok(f64::from(f32::from_bits(u32::try_from(argument).unwrap_or_default()))),
            (SIMPLE, 27) => Ok(f64::from_bits(argument)),
            _ => Err(bad("a CBOR number was expected")),
        }
    }

    /// Passes over any item.
    fn skip(&mut self) -> Read<()> {
        let start = self.at;
        let head = self.head()?;
        match head.major {
            BYTES | TEXT => {
                self.at = start;
                self.string(head.major, "").map(drop)
            }
            ARRAY | MAP => {
                self.at = start;
                let mut left = self.open(head.major, "")?;
                while self.more(&mut left)? {
                    self.skip()?;
                    if head.major == MAP {
                        self.skip()?;
                    }
                }
                Ok(())
            }
            TAG => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(bad("the CBOR item is nested too deeply"));
                }
                self.skip()?;
                self.depth -= 1;
                Ok(())
            }
            _ if head.argument.is_none() => Err(bad("a CBOR break stands alone")),
            _ => Ok(()),
        }
    }
}

/// The value of a half-precision float.
fn half(bits: u64) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::try_from(bits >> 10 & 0x1f).unwrap_or_default();
    let fraction = f64::from(u32::try_from(bits & 0x3ff).unwrap_or_default());
    let value = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
    };
    sign * value
}

impl Reader for CborReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }

    fn members(&mut self, shape: &'static Shape, target: &mut dyn Structure, seen: &mut u128) -> Read<()> {
        let mut left = self.open(MAP, "a CBOR map was expected")?;
        let mut next = 0;
        while self.more(&mut left)? {
            let key = self.utf8()?;
            let found = match shape.members.get(next) {
                Some(member) if member.name == key => Some((next, member)),
                _ => shape.members.iter().enumerate().find(|(_, member)| member.name == key),
            };
            match found {
                Some((at, member)) => {
                    next = at + 1;
                    if !self.null() {
                        read_member(self, at, member, target, seen)?;
                    }
                }
                None => self.skip()?,
            }
        }
        Ok(())
    }

    fn list(&mut self, shape: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        let mut left = self.open(ARRAY, "a CBOR array was expected")?;
        while self.more(&mut left)? {
            if shape.sparse || !self.null() {
                each(self)?;
            }
        }
        Ok(())
    }

    fn map(&mut self, shape: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        let mut left = self.open(MAP, "a CBOR map was expected")?;
        while self.more(&mut left)? {
            let key = self.utf8()?;
            if shape.sparse || !self.null() {
                each(key, self)?;
            }
        }
        Ok(())
    }

    fn text(&mut self) -> Read<String> {
        self.utf8()
    }

    fn boolean(&mut self) -> Read<bool> {
        match self.byte() {
            Some(0xf4) => {
                self.at += 1;
                Ok(false)
            }
            Some(0xf5) => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(bad("a CBOR boolean was expected")),
        }
    }

    fn integer(&mut self) -> Read<i64> {
        let head = self.head()?;
        Self::whole(head).ok_or_else(|| bad("a CBOR integer was expected"))
    }

    fn float(&mut self) -> Read<f64> {
        self.number()
    }

    fn blob(&mut self) -> Read<Bytes> {
        self.string(BYTES, "a CBOR byte string was expected").map(Bytes::from)
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        if self.byte().is_some_and(|b| b >> 5 == TAG) && self.head()?.argument != Some(1) {
            return Err(bad("a CBOR timestamp has tag 1"));
        }
        Timestamp::from_secs_f64(self.number()?).ok_or_else(|| bad("a timestamp is out of range"))
    }

    fn document(&mut self) -> Read<serde_json::Value> {
        self.skip()?;
        Ok(serde_json::Value::Null)
    }

    fn null(&mut self) -> bool {
        let null = matches!(self.byte(), Some(0xf6 | 0xf7));
        if null {
            self.at += 1;
        }
        null
    }
}
