//! How one value of the request compares with one value of the policy, operator by operator.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::text::{Pattern, split_at_colons, symbols};
use crate::context::Context;
use crate::undetermined;

/// Request value, policy value, whether the document has variables, context.
type Test = fn(&str, &str, bool, &dyn Context) -> bool;

/// Finds an operator by its bare name: whether it is negated, and the positive test.
pub(super) fn operator(name: &str) -> Option<(bool, Test)> {
    Some(match name {
        "StringEquals" => (false, string_equals),
        "StringNotEquals" => (true, string_equals),
        "StringEqualsIgnoreCase" => (false, string_equals_ignore_case),
        "StringNotEqualsIgnoreCase" => (true, string_equals_ignore_case),
        "StringLike" => (false, string_like),
        "StringNotLike" => (true, string_like),
        "ArnEquals" | "ArnLike" => (false, arn_like),
        "ArnNotEquals" | "ArnNotLike" => (true, arn_like),
        "IpAddress" => (false, ip_address),
        "NotIpAddress" => (true, ip_address),
        "Bool" => (false, |a, b, _, _| truth(a).is_some() && truth(a) == truth(b)),
        "BinaryEquals" => (false, |a, b, _, _| bits(a).is_some() && bits(a) == bits(b)),
        "NumericEquals" => (false, |a, b, _, _| numbers(a, b) == Some(Ordering::Equal)),
        "NumericNotEquals" => (true, |a, b, _, _| numbers(a, b) == Some(Ordering::Equal)),
        "NumericLessThan" => (false, |a, b, _, _| numbers(a, b) == Some(Ordering::Less)),
        "NumericLessThanEquals" => (false, |a, b, _, _| numbers(a, b).is_some_and(Ordering::is_le)),
        "NumericGreaterThan" => (false, |a, b, _, _| numbers(a, b) == Some(Ordering::Greater)),
        "NumericGreaterThanEquals" => (false, |a, b, _, _| numbers(a, b).is_some_and(Ordering::is_ge)),
        "DateEquals" => (false, |a, b, _, _| dates(a, b) == Some(Ordering::Equal)),
        "DateNotEquals" => (true, |a, b, _, _| dates(a, b) == Some(Ordering::Equal)),
        "DateLessThan" => (false, |a, b, _, _| dates(a, b) == Some(Ordering::Less)),
        "DateLessThanEquals" => (false, |a, b, _, _| dates(a, b).is_some_and(Ordering::is_le)),
        "DateGreaterThan" => (false, |a, b, _, _| dates(a, b) == Some(Ordering::Greater)),
        "DateGreaterThanEquals" => (false, |a, b, _, _| dates(a, b).is_some_and(Ordering::is_ge)),
        _ => return None,
    })
}

/// Whether the request's value is none for the operator's family.
pub(super) fn is_unparsable(name: &str, request: &str) -> bool {
    if name.starts_with("Numeric") {
        number(request).is_none()
    } else if name.starts_with("Date") {
        date(request).is_none()
    } else if name.starts_with("Arn") {
        request.splitn(6, ':').count() < 6
    } else {
        name.ends_with("IpAddress") && request.parse::<IpAddr>().is_err()
    }
}

fn string_equals(request: &str, policy: &str, variables: bool, context: &dyn Context) -> bool {
    Pattern::filled(&symbols(policy, variables), context).is_some_and(|filled| filled.without_wildcards() == request)
}

fn string_equals_ignore_case(request: &str, policy: &str, variables: bool, context: &dyn Context) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let filled = Pattern::filled(&symbols(policy, variables), context);
    filled.is_some_and(|filled| lower(&filled.without_wildcards()) == lower(request))
}

fn string_like(request: &str, policy: &str, variables: bool, context: &dyn Context) -> bool {
    Pattern::filled(&symbols(policy, variables), context).is_some_and(|filled| filled.matches(request))
}

fn arn_like(request: &str, policy: &str, variables: bool, context: &dyn Context) -> bool {
    let parts: Vec<&str> = request.splitn(6, ':').collect();
    if parts.len() < 6 {
        return false;
    }
    if undetermined::is_every_arn(policy) {
        return true;
    }
    let segments = split_at_colons(&symbols(policy, variables), 6);
    segments.len() == 6
        && segments
            .iter()
            .zip(parts)
            .all(|(segment, part)| Pattern::filled(segment, context).is_some_and(|pattern| pattern.matches(part)))
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        other => undetermined::other_word_as_bool(other),
    }
}

fn address_bits(address: IpAddr) -> Vec<bool> {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes
        .into_iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
        .collect()
}

fn ip_address(request: &str, policy: &str, _: bool, _: &dyn Context) -> bool {
    let (network, length) = policy
        .split_once('/')
        .map_or((policy, None), |(network, length)| (network, Some(length)));
    let (Ok(address), Ok(network)) = (request.parse::<IpAddr>(), network.parse::<IpAddr>()) else {
        return false;
    };
    let (address, network) = (address_bits(address), address_bits(network));
    let length = match length {
        Some(text) if text.is_empty() || text.len() > 3 || text.contains(|c: char| !c.is_ascii_digit()) => {
            return false;
        }
        Some(text) => text.parse().unwrap_or(usize::MAX),
        None => network.len(),
    };
    address.len() == network.len() && length <= network.len() && address.get(..length) == network.get(..length)
}

/// The bits of a base64 text.
pub(super) fn bits(text: &str) -> Option<Vec<bool>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bare = text.trim_end_matches('=');
    let padding = text.len() - bare.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) || bare.len() % 4 == 1 {
        return None;
    }
    let mut bits = Vec::new();
    for c in bare.chars() {
        let value = ALPHABET.find(c)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    bits.truncate(bits.len() / 8 * 8);
    Some(bits)
}

/// A decimal number: whether negative, its digits before the point without leading zeros, those behind without
/// trailing ones.
#[derive(PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

pub(super) fn number(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.to_lowercase().split_once('e') {
        Some((mantissa, exponent)) => {
            let digits = exponent.trim_start_matches(['+', '-']);
            let signs = exponent.len() - digits.len();
            if signs > 1 || !(1..=2).contains(&digits.len()) || digits.contains(|c: char| !c.is_ascii_digit()) {
                return None;
            }
            (
                mantissa.to_owned(),
                exponent.trim_start_matches('+').parse::<i32>().ok()?,
            )
        }
        None => (text.to_owned(), 0),
    };
    let negative = mantissa.starts_with('-');
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(&mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || all.contains(|c: char| !c.is_ascii_digit()) {
        return None;
    }
    // Move the point by the exponent, one place at a time.
    let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
    for _ in 0..exponent.abs() {
        if exponent > 0 {
            whole.push(if fraction.is_empty() { '0' } else { fraction.remove(0) });
        } else {
            fraction.insert(0, whole.pop().unwrap_or('0'));
        }
    }
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let zero = whole.is_empty() && fraction.is_empty();
    let fits = whole.len() <= 19 && fraction.len() <= 18;
    fits.then_some(Decimal {
        negative: negative && !zero,
        whole,
        fraction,
    })
}

fn numbers(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (number(a)?, number(b)?);
    let size = |a: &Decimal, b: &Decimal| {
        let whole = a.whole.len().cmp(&b.whole.len()).then_with(|| a.whole.cmp(&b.whole));
        whole.then_with(|| a.fraction.cmp(&b.fraction))
    };
    Some(match (a.negative, b.negative) {
        (false, false) => size(&a, &b),
        (true, true) => size(&b, &a),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

fn dates(a: &str, b: &str) -> Option<Ordering> {
    Some(date(a)?.cmp(&date(b)?))
}

/// Milliseconds since the epoch.
pub(super) fn date(text: &str) -> Option<i64> {
    let digits_only = |text: &str| !text.is_empty() && !text.contains(|c: char| !c.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (seconds, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if digits_only(seconds) && digits_only(fraction) && text.len() != 4 {
        if seconds.len() > 15 {
            return None;
        }
        let millis: i64 = format!("{seconds}{}", thousandths(fraction)).parse().ok()?;
        return Some(if text.starts_with('-') { -millis } else { millis });
    }
    let upper = text.to_ascii_uppercase();
    let (day, time) = upper
        .split_once('T')
        .map_or((upper.as_str(), None), |(day, time)| (day, Some(time)));
    // A zone may follow a day alone; its sign is then the third dash or a plus.
    let zone_at = match time {
        Some(time) => time.find(['Z', '+', '-']),
        None => day
            .find(['Z', '+'])
            .or_else(|| day.match_indices('-').nth(2).map(|(at, _)| at)),
    };
    let zoned = time.unwrap_or(day);
    let (clock, zone) = zone_at
        .and_then(|at| zoned.split_at_checked(at))
        .unwrap_or((zoned, "Z"));
    let day = if time.is_some() { day } else { clock };
    let field = |text: &str, low: i64, high: i64| {
        let value = (text.len() == 2 && digits_only(text))
            .then(|| text.parse().ok())
            .flatten()?;
        (low..=high).contains(&value).then_some(value)
    };
    let parts: Vec<&str> = day.split('-').collect();
    let (year, month, date) = match parts.as_slice() {
        [year] => (*year, "01", "01"),
        [year, month] => (*year, *month, "01"),
        [year, month, date] => (*year, *month, *date),
        _ => return None,
    };
    if year.len() != 4 || !digits_only(year) {
        return None;
    }
    let year: i64 = year.parse().ok()?;
    let lengths = [
        31,
        if is_leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month = usize::try_from(field(month, 1, 12)?).ok()?;
    let date = field(date, 1, *lengths.get(month - 1)?)?;
    let mut days: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    days -= (year..1970)
        .map(|year| if is_leap(year) { 366 } else { 365 })
        .sum::<i64>();
    days += lengths.iter().take(month - 1).sum::<i64>() + date - 1;
    let mut millis = days * 24 * 60 * 60 * 1000;
    if time.is_some() {
        let parts: Vec<&str> = clock.split(':').collect();
        let (hour, minute, second) = match parts.as_slice() {
            [hour, minute] => (*hour, *minute, "00"),
            [hour, minute, second] => (*hour, *minute, *second),
            _ => return None,
        };
        let (second, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
        if !digits_only(fraction) {
            return None;
        }
        let minutes = field(hour, 0, 23)? * 60 + field(minute, 0, 59)?;
        millis += (minutes * 60 + field(second, 0, 59)?) * 1000 + thousandths(fraction).parse::<i64>().ok()?;
    }
    if zone == "Z" {
        return Some(millis);
    }
    let offset = zone.get(1..)?;
    let (hours, minutes) = match offset.len() {
        2 => (offset, "00"),
        4 => offset.split_at_checked(2)?,
        _ => offset.split_once(':')?,
    };
    let shift = (field(hours, 0, 23)? * 60 + field(minutes, 0, 59)?) * 60 * 1000;
    match zone.get(..1)? {
        "+" => Some(millis - shift),
        "-" => Some(millis + shift),
        _ => None,
    }
}

fn thousandths(fraction: &str) -> String {
    format!("{fraction}000").chars().take(3).collect()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
