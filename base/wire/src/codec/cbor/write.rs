//! Writes values as CBOR.

use roadstead_core::time::Timestamp;

use crate::schema::{Member, Shape};
use crate::value::{Structure, Value, Writer};

/// Writes one CBOR item.
#[derive(Default)]
pub struct CborWriter {
    out: Vec<u8>,
}

impl CborWriter {
    /// A writer at the start.
    pub fn new() -> Self {
        Self {
            out: Vec::with_capacity(512),
        }
    }

    /// What was written.
    pub fn finish(self) -> bytes::Bytes {
        self.out.into()
    }

    /// Opens a map of unknown length.
    pub fn open(&mut self) {
        self.out.push(0xbf);
    }

    /// Closes it.
    pub fn close(&mut self) {
        self.out.push(0xff);
    }

    /// Writes a member with a text.
    pub fn pair(&mut self, name: &str, value: &str) {
        self.string(name);
        self.string(value);
    }

    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let bytes = argument.to_be_bytes();
        let size = match argument {
            0..=23 => 0,
            24..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xffff_ffff => 4,
            _ => 8,
        };
        let first = match size {
            0 => bytes.last().copied().unwrap_or_default(),
            1 => 24,
            2 => 25,
            4 => 26,
            _ => 27,
        };
        self.out.push(major | first);
        self.out.extend_from_slice(bytes.get(8 - size..).unwrap_or_default());
    }

    fn length(&mut self, major: u8, len: usize) {
        self.head(major, u64::try_from(len).unwrap_or(u64::MAX));
    }

    fn string(&mut self, text: &str) {
        self.length(3, text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn whole(&mut self, value: i64) {
        if value < 0 {
            self.head(1, (-1 - value).unsigned_abs());
        } else {
            self.head(0, value.unsigned_abs());
        }
    }

    fn double(&mut self, value: f64) {
        self.out.push(0xfb);
        self.out.extend_from_slice(&value.to_bits().to_be_bytes());
    }
}

impl Writer for CborWriter {
    fn structure(&mut self, shape: &'static Shape, value: &dyn Structure) {
        self.open();
        value.write(shape.members, self);
        self.close();
    }

    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        self.string(member.name);
        value.write(member.shape, self);
    }

    fn list(&mut self, _: &'static Shape, len: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.length(4, len);
        fill(self);
    }

    fn element(&mut self, element: &'static Member, value: &dyn Value) {
        value.write(element.shape, self);
    }

    fn map(&mut self, _: &'static Shape, len: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        self.length(5, len);
        fill(self);
    }

    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value) {
        let Some((_, element)) = shape.entry() else { return };
        self.string(key);
        value.write(element.shape, self);
    }

    fn text(&mut self, _: &'static Shape, value: &str) {
        self.string(value);
    }

    fn boolean(&mut self, _: &'static Shape, value: bool) {
        self.out.push(if value { 0xf5 } else { 0xf4 });
    }

    fn integer(&mut self, _: &'static Shape, value: i64) {
        self.whole(value);
    }

    fn float(&mut self, _: &'static Shape, value: f64) {
        self.double(value);
    }

    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        self.length(2, value.len());
        self.out.extend_from_slice(value);
    }

    fn timestamp(&mut self, _: &'static Shape, value: Timestamp) {
        self.head(6, 1);
        let millis = value.millis();
        if millis % 1000 == 0 {
            self.whole(millis / 1000);
        } else {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age fit a double")]
            self.double(millis as f64 / 1000.0);
        }
    }

    fn document(&mut self, _: &'static Shape, _: &serde_json::Value) {
        self.null();
    }

    fn null(&mut self) {
        self.out.push(0xf6);
    }
}
