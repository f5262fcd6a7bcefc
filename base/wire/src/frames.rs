//! Replies that go on after their beginning: the frames of event streams.

use std::fmt;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Crc;

use crate::stored::to_json;
use crate::value::Structure;

/// The media type of a reply of frames.
pub const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";
/// The type of a header whose value is text.
const TEXT: u8 = 7;
/// The bytes of a frame beside its headers and its payload.
const FIXED: usize = 16;

/// What asks for the next frame.
type Next = dyn FnMut(&mut Context<'_>) -> Poll<Option<Bytes>> + Send;

/// Frames as they come; none after the last one.
pub struct Frames(Box<Next>);

impl Frames {
    /// Frames of what answers as a stream's `poll_next` does.
    pub fn new(next: impl FnMut(&mut Context<'_>) -> Poll<Option<Bytes>> + Send + 'static) -> Self {
        Self(Box::new(next))
    }

    /// The next frame, when there is one.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        (self.0)(cx)
    }

    /// The same frames after another one.
    #[must_use]
    pub fn after(mut self, first: Bytes) -> Self {
        let mut first = Some(first);
        Self::new(move |cx| match first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => self.poll_next(cx),
        })
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frames")
    }
}

/// The frame of an event, by its name in the stream.
pub fn event(name: &str, payload: &dyn Structure) -> Bytes {
    let headers = [
        (":message-type", "event"),
        (":event-type", name),
        (":content-type", "application/json"),
    ];
    frame(&headers, &to_json(payload))
}

/// The frame of an error that ends a stream, by its name in it.
pub fn exception(name: &str, payload: &dyn Structure) -> Bytes {
    let headers = [
        (":message-type", "exception"),
        (":exception-type", name),
        (":content-type", "application/json"),
    ];
    frame(&headers, &to_json(payload))
}

/// The frame that protocols without paths begin with: the members of the reply beside the stream, of which there are none.
pub fn initial_response() -> Bytes {
    let headers = [
        (":message-type", "event"),
        (":event-type", "initial-response"),
        (":content-type", "application/json"),
    ];
    frame(&headers, b"{}")
}

/// Lengths, their checksum, headers, payload, and the checksum of all.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut out = BytesMut::with_capacity(FIXED + size + payload.len());
    out.put_u32(u32::try_from(FIXED + size + payload.len()).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(size).unwrap_or(u32::MAX));
    out.put_u32(checksum(&out));
    for (name, value) in headers {
        out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.put_slice(name.as_bytes());
        out.put_u8(TEXT);
        out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        out.put_slice(value.as_bytes());
    }
    out.put_slice(payload);
    out.put_u32(checksum(&out));
    out.freeze()
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_laid_out_as_the_format_says() {
        let frame = frame(&[("a", "bc")], b"{}");
        assert_eq!(frame.len(), 16 + 7 + 2);
        assert_eq!(frame[..8], [0, 0, 0, 25, 0, 0, 0, 7]);
        assert_eq!(frame[8..12], checksum(&frame[..8]).to_be_bytes());
        assert_eq!(&frame[12..19], b"\x01a\x07\x00\x02bc");
        assert_eq!(&frame[19..21], b"{}");
        assert_eq!(frame[21..], checksum(&frame[..21]).to_be_bytes());
        // The checksum is the one that zip files have.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn frames_come_after_the_first_one_until_there_are_none() {
        let mut left = vec![Bytes::from_static(b"3"), Bytes::from_static(b"2")];
        let mut frames = Frames::new(move |_| Poll::Ready(left.pop())).after(Bytes::from_static(b"1"));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut seen = Vec::new();
        while let Poll::Ready(Some(frame)) = frames.poll_next(&mut cx) {
            seen.push(frame);
        }
        assert_eq!(seen, ["1", "2", "3"]);
    }
}
