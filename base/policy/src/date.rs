//! Instants as conditions write them: ISO 8601 forms and epoch seconds.

use std::fmt::{self, Write};

const DAY: i64 = 86_400_000;

/// Parses an instant to milliseconds since the epoch.
///
/// Forms: `2026`, `2026-01`, `2026-01-01`, those with `T00:00`, `T00:00:00` or `T00:00:00.123`, each with `Z`, an
/// offset (`+01:00`, `+0100`, `+01`) or nothing (UTC); or epoch seconds: any other number, with an optional fraction.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if bytes.len() != 4 && unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return epoch(text);
    }
    let mut rest = bytes;
    let year = digits(&mut rest, 4)?;
    let (mut month, mut day) = (1, 1);
    if take(&mut rest, b"-") {
        month = digits(&mut rest, 2)?;
        if take(&mut rest, b"-") {
            day = digits(&mut rest, 2)?;
        }
    }
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let mut millis = days_from_civil(year, month, day) * DAY;
    if take(&mut rest, b"Tt") {
        let hour = digits(&mut rest, 2)?;
        if !take(&mut rest, b":") {
            return None;
        }
        let minute = digits(&mut rest, 2)?;
        let mut second = 0;
        if take(&mut rest, b":") {
            second = digits(&mut rest, 2)?;
            if take(&mut rest, b".,") {
                millis += fraction(&mut rest)?;
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        millis += ((hour * 60 + minute) * 60 + second) * 1000;
    }
    let sign = match rest.first() {
        None => return Some(millis),
        Some(b'Z' | b'z') => return (rest.len() == 1).then_some(millis),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    rest = rest.get(1..)?;
    let hours = digits(&mut rest, 2)?;
    let colon = take(&mut rest, b":");
    let minutes = if rest.is_empty() && !colon {
        0
    } else {
        digits(&mut rest, 2)?
    };
    (rest.is_empty() && hours <= 23 && minutes <= 59).then_some(millis - sign * (hours * 60 + minutes) * 60_000)
}

/// Writes an instant in ISO 8601, with milliseconds only when there are any.
pub(crate) fn write(millis: i64, out: &mut dyn Write) -> fmt::Result {
    let (days, time) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    let (seconds, fraction) = (time / 1000, time % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
    if fraction != 0 {
        write!(out, ".{fraction:03}")?;
    }
    out.write_char('Z')
}

fn epoch(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction_text) = text.split_once('.').unwrap_or((text, "0"));
    // Fifteen digits of seconds are thirty million years; more would overflow.
    if whole.is_empty() || whole.len() > 15 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut rest = fraction_text.as_bytes();
    let fraction = fraction(&mut rest)?;
    let millis = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(fraction)?;
    rest.is_empty().then_some(sign * millis)
}

/// Digits after the decimal point, to milliseconds; further digits are read and dropped.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let (mut value, mut scale, mut seen) = (0, 100, false);
    while let [digit @ b'0'..=b'9', tail @ ..] = *rest {
        value += i64::from(digit - b'0') * scale;
        scale /= 10;
        seen = true;
        *rest = tail;
    }
    seen.then_some(value)
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    head.iter().try_fold(0, |value, b| {
        b.is_ascii_digit().then(|| value * 10 + i64::from(b - b'0'))
    })
}

fn take(rest: &mut &[u8], any_of: &[u8]) -> bool {
    match *rest {
        [first, tail @ ..] if any_of.contains(first) => {
            *rest = tail;
            true
        }
        _ => false,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days between 1970-01-01 and a date of the proleptic Gregorian calendar, counting years from March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: Option<i64>) {
        assert_eq!(parse(text), millis, "{text}");
    }

    #[test]
    fn every_documented_form_is_the_same_instant() {
        for text in [
            "2026-01-01T00:00:00Z",
            "2026-01-01",
            "2026-01",
            "2026",
            "1767225600",
            "2026-01-01T01:00:00+01:00",
            "2025-12-31T19:00:00-0500",
            "2026-01-01T00:00Z",
            "2026-01-01t00:00:00.000z",
            "1767225600.0",
            "2026-01-01T00:00:00",
            "2026-01-01T01:00+01",
        ] {
            check(text, Some(1_767_225_600_000));
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "notadate",
            "2026-13-01",
            "2026-02-30",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60Z",
            "2026-1-1",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T",
            "2026-01-01T00",
            "-",
            "12x",
            "2026-01-01T00:00:00+1",
            "1.",
            "2026-01-01T00:00:00+01:",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn writing_and_parsing_agree() {
        for millis in [
            0,
            1,
            -1,
            1_767_225_600_000,
            951_782_399_999,
            4_102_444_800_000,
            -62_135_596_800_000,
        ] {
            let mut text = String::new();
            write(millis, &mut text).unwrap();
            check(&text, Some(millis));
        }
    }
}
