//! Scalars as text: in forms, XML, headers, labels and query strings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use roadstead_core::time::Timestamp;

use crate::error::{Malformed, Read};
use crate::schema::TimestampFormat;

/// Reads `true` or `false`; boto's capitals too unless strict.
pub(crate) fn boolean(text: &str, strict: bool) -> Read<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        "True" if !strict => Ok(true),
        "False" if !strict => Ok(false),
        _ => Err(Malformed::new("a boolean must be true or false")),
    }
}

/// Reads a whole number.
pub(crate) fn integer(text: &str) -> Read<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Malformed::new("a whole number was expected"));
    }
    text.parse()
        .map_err(|_| Malformed::new("a number is out of range of its type"))
}

/// Reads a number, `NaN` and the infinities.
pub(crate) fn float(text: &str) -> Read<f64> {
    match text {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ if text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) =>
        {
            text.parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .ok_or_else(|| Malformed::new("a number was expected"))
        }
        _ => Err(Malformed::new("a number was expected")),
    }
}

/// Reads base64.
pub(crate) fn blob(text: &str) -> Read<Bytes> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| Malformed::new("base64 was expected"))
}

/// Writes base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads an instant: strictly in the given form, else in any form.
pub(crate) fn timestamp(text: &str, format: TimestampFormat, strict: bool) -> Read<Timestamp> {
    let iso = || Timestamp::parse_iso8601(text);
    let http = || Timestamp::parse_http_date(text);
    let epoch = || float(text).ok().and_then(Timestamp::from_secs_f64);
    let read = match (strict, format) {
        (true, TimestampFormat::Iso8601) => iso().filter(|_| strict_iso(text)),
        (true, TimestampFormat::HttpDate) => http(),
        (true, TimestampFormat::Epoch) => epoch(),
        (false, _) if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) && !dashed(text) => epoch(),
        (false, _) => iso().or_else(http),
    };
    read.ok_or_else(|| Malformed::new("a timestamp was expected"))
}

/// Whether it looks like a date rather than like a number.
fn dashed(text: &str) -> bool {
    text.bytes().skip(1).any(|b| b == b'-')
}

/// `2026-11-23T17:27:02.5Z`, nothing shorter and no offset.
fn strict_iso(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is = |at: usize, c: u8| bytes.get(at) == Some(&c);
    [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18].into_iter().all(digit)
        && is(4, b'-')
        && is(7, b'-')
        && is(10, b'T')
        && is(13, b':')
        && is(16, b':')
        && text.ends_with('Z')
}

/// Writes an instant.
pub(crate) fn format(value: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::Iso8601 => value.iso8601(),
        TimestampFormat::HttpDate => value.http_date(),
        TimestampFormat::Epoch => epoch(value),
    }
}

/// Seconds since 1970, with a fraction only where it is not zero.
pub(crate) fn epoch(value: Timestamp) -> String {
    let mut out = Vec::with_capacity(16);
    push_epoch(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes what [`epoch`] gives.
pub(crate) fn push_epoch(out: &mut Vec<u8>, value: Timestamp) {
    let millis = value.millis();
    let mut fraction = (millis % 1000).unsigned_abs();
    if millis < 0 && millis > -1000 {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(millis / 1000).as_bytes());
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    for unit in [100, 10, 1] {
        if fraction == 0 {
            break;
        }
        out.push(b'0' + u8::try_from(fraction / unit).unwrap_or_default());
        fraction %= unit;
    }
}

/// Writes a number the way all formats do: at least one decimal, words for what is no number.
pub(crate) fn push_float(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_a_fraction_only_where_there_is_one() {
        for (millis, want) in [
            (0, "0"),
            (1_700_000_000_000, "1700000000"),
            (1_700_000_000_120, "1700000000.12"),
            (5, "0.005"),
            (-250, "-0.25"),
            (-1_500, "-1.5"),
        ] {
            assert_eq!(epoch(Timestamp::from_millis(millis)), want);
        }
    }
}
