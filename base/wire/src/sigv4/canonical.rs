//! The canonical request: the one spelling of a request that both sides hash.

use http::HeaderMap;
use ring::digest;

use super::{ALGORITHM, AuthError, Request, Scope};

/// What is hashed, before it is hashed.
pub(super) struct Canonical<'a> {
    pub request: Request<'a>,
    pub service: &'a str,
    /// The names covered, joined with `;`.
    pub signed_headers: &'a str,
    /// The payload hash in hex, or a literal such as `UNSIGNED-PAYLOAD`.
    pub payload: &'a str,
}

impl Canonical<'_> {
    /// Writes the canonical request; fails when a covered header is not there.
    pub fn text(&self) -> Result<Vec<u8>, AuthError> {
        let mut out = Vec::with_capacity(768);
        out.extend_from_slice(self.request.method.as_bytes());
        out.push(b'\n');
        if self.service == "s3" {
            write_object_path(&mut out, self.request.path);
        } else {
            write_path(&mut out, self.request.path);
        }
        out.push(b'\n');
        write_query(&mut out, self.request.query);
        out.push(b'\n');
        for name in self.signed_headers.split(';') {
            write_header(&mut out, name, self.request.headers)?;
        }
        out.push(b'\n');
        out.extend_from_slice(self.signed_headers.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(self.payload.as_bytes());
        Ok(out)
    }
}

/// The text that is signed: algorithm, time, scope and the hash of the canonical request.
pub(super) fn string_to_sign(date: &str, scope: &Scope<'_>, canonical: &[u8]) -> Vec<u8> {
    let hash = hex(digest::digest(&digest::SHA256, canonical).as_ref());
    let mut out = Vec::with_capacity(192);
    for (part, end) in [
        (ALGORITHM, b'\n'),
        (date, b'\n'),
        (scope.date, b'/'),
        (scope.region, b'/'),
        (scope.service, b'/'),
        ("aws4_request", b'\n'),
    ] {
        out.extend_from_slice(part.as_bytes());
        out.push(end);
    }
    out.extend_from_slice(hash.as_bytes());
    out
}

/// The hash of a body, in lower-case hex.
pub(super) fn payload_hash(body: &[u8]) -> String {
    if body.is_empty() {
        return "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned();
    }
    hex(digest::digest(&digest::SHA256, body).as_ref())
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
    out
}

/// Every service but S3: dot and empty segments resolved, then encoded once more as sent.
fn write_path(out: &mut Vec<u8>, path: &str) {
    if path == "/" {
        out.push(b'/');
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    for segment in &segments {
        out.push(b'/');
        encode(out, segment.as_bytes());
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// S3: object keys may hold dots and slashes, so the path stays as it is, encoded exactly once.
fn write_object_path(out: &mut Vec<u8>, path: &str) {
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        encode(out, &decode(segment.as_bytes(), false));
    }
}

fn write_query(out: &mut Vec<u8>, query: &str) {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == "X-Amz-Signature" {
            continue;
        }
        let again = |text: &str| {
            let mut encoded = Vec::with_capacity(text.len() + 8);
            encode(&mut encoded, &decode(text.as_bytes(), true));
            encoded
        };
        pairs.push((again(name), again(value)));
    }
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

fn write_header(out: &mut Vec<u8>, name: &str, headers: &HeaderMap) -> Result<(), AuthError> {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut count = 0_usize;
    for value in headers.get_all(name) {
        if count > 0 {
            out.push(b',');
        }
        count += 1;
        write_trimmed(out, value.as_bytes());
    }
    out.push(b'\n');
    if count == 0 { Err(AuthError::Mismatch) } else { Ok(()) }
}

/// Without blanks at the ends, and each run of blanks inside as one.
fn write_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let value = value.trim_ascii();
    if !value.windows(2).any(|pair| pair.iter().all(blank)) && !value.contains(&b'\t') {
        out.extend_from_slice(value);
        return;
    }
    let words = value.split(blank).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// Percent-encodes every byte outside the unreserved set.
pub(super) fn encode(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(byte);
        } else {
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Undoes percent-encoding; what is not an escape stays. In a query string `+` means a blank.
pub(super) fn decode(bytes: &[u8], query: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%'
            && let [high, low, after @ ..] = tail
            && let (Some(high), Some(low)) = (nibble(*high), nibble(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else if byte == b'+' && query {
            out.push(b' ');
        } else {
            out.push(byte);
        }
    }
    out
}

/// The value of a hex digit of either case.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
