//! Instants in milliseconds since 1970, the forms AWS writes them in, and the clock that everything is given.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Where the time comes from; tests inject one they can set.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is set; for tests.
#[derive(Debug, Default)]
pub struct FakeClock(std::sync::atomic::AtomicI64);

impl FakeClock {
    /// A clock standing at the given instant.
    pub fn at(start: Timestamp) -> Self {
        Self(std::sync::atomic::AtomicI64::new(start.0))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// The parts of an instant in the proleptic Gregorian calendar, UTC.
struct Civil {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    milli: u32,
    weekday: usize,
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From seconds with a fraction; not-a-number is `None`.
    pub fn from_secs_f64(secs: f64) -> Option<Self> {
        let millis = (secs * 1000.0).round();
        if !(-9.0e15..=9.0e15).contains(&millis) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
        Some(Self(millis as i64))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant cut down to whole seconds, as IAM stores dates.
    #[must_use]
    pub const fn cut_to_secs(self) -> Self {
        Self(self.secs() * 1000)
    }

    /// This instant plus a duration, saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Writes `2026-11-23T17:27:02Z`, with `.mmm` only when the fraction is not zero.
    pub fn iso8601(self) -> String {
        let c = self.civil();
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        if c.milli != 0 {
            let _ = write!(text, ".{:03}", c.milli);
        }
        text.push('Z');
        text
    }

    /// Writes `2026-11-23T17:27:02.000Z`, always with three digits of fraction.
    pub fn iso8601_millis(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.milli
        )
    }

    /// Writes the basic form `20261123T172702Z` that signatures use.
    pub fn basic(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// Writes the HTTP date `Mon, 23 Nov 2026 17:27:02 GMT`.
    pub fn http_date(self) -> String {
        let c = self.civil();
        let weekday = WEEKDAYS.get(c.weekday).unwrap_or(&"");
        let month = MONTHS.get(c.month.saturating_sub(1) as usize).unwrap_or(&"");
        format!(
            "{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
            c.day, c.year, c.hour, c.minute, c.second
        )
    }

    /// Parses ISO 8601 with or without fraction and offset; a bare date is midnight UTC; the basic form is read too.
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let (year, r) = digits(rest, 4)?;
        let dashed = r.starts_with('-');
        rest = r.strip_prefix('-').unwrap_or(r);
        let (month, r) = digits(rest, 2)?;
        rest = if dashed { r.strip_prefix('-')? } else { r };
        let (day, r) = digits(rest, 2)?;
        rest = r;
        let days = days_from_civil(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
        let mut millis = days.checked_mul(DAY_MS)?;
        if rest.is_empty() {
            return Some(Self(millis));
        }
        rest = rest.strip_prefix(['T', 't', ' '])?;
        let (hour, r) = digits(rest, 2)?;
        rest = r.strip_prefix(':').unwrap_or(r);
        let (minute, r) = digits(rest, 2)?;
        rest = r;
        let mut second = 0;
        if let Some((value, r)) = rest.strip_prefix(':').or(Some(rest)).and_then(|r| digits(r, 2)) {
            second = value;
            rest = r;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        if let Some(r) = rest.strip_prefix('.') {
            let count = r.bytes().take_while(u8::is_ascii_digit).count();
            let fraction = r.get(..count).filter(|f| !f.is_empty())?;
            let head: i64 = fraction
                .chars()
                .chain("000".chars())
                .take(3)
                .collect::<String>()
                .parse()
                .ok()?;
            millis += head;
            rest = r.get(count..)?;
        }
        millis += ((hour * 60 + minute) * 60 + second) * 1000;
        millis -= offset_ms(rest)?;
        Some(Self(millis))
    }

    /// Parses an HTTP date such as `Mon, 23 Nov 2026 17:27:02 GMT`, with an optional fraction of the second.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let rest = text.trim().split_once(", ")?.1;
        let mut words = rest.split(' ');
        let day: u32 = words.next()?.parse().ok()?;
        let month = words.next()?;
        let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))?;
        let year: i64 = words.next()?.parse().ok()?;
        let clock = words.next()?;
        if words.next() != Some("GMT") || words.next().is_some() {
            return None;
        }
        let month = u32::try_from(month).ok()? + 1;
        Self::parse_iso8601(&format!("{year:04}-{month:02}-{day:02}T{clock}Z"))
    }

    fn civil(self) -> Civil {
        let days = self.0.div_euclid(DAY_MS);
        let in_day = u32::try_from(self.0.rem_euclid(DAY_MS)).unwrap_or(0);
        let (year, month, day) = civil_from_days(days);
        let seconds = in_day / 1000;
        Civil {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            milli: in_day % 1000,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
        }
    }
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let head = text.get(..count)?;
    if !head.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, text.get(count..)?))
}

/// The offset at the end of an ISO time, in milliseconds; no offset and `Z` are zero.
fn offset_ms(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(text.get(1..)?, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { digits(rest, 2)? };
    rest.is_empty().then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// Days since the epoch of a civil date (the well-known era arithmetic); an impossible date is `None`.
fn days_from_civil(year: i64, month: u32, day: u32) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(day).unwrap_or(1))
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_each_of_the_forms_aws_uses() {
        let at = Timestamp::from_secs(1_795_454_822);
        assert_eq!(at.iso8601(), "2026-11-23T17:27:02Z");
        assert_eq!(
            Timestamp::from_millis(at.millis() + 40).iso8601(),
            "2026-11-23T17:27:02.040Z"
        );
        assert_eq!(at.basic(), "20261123T172702Z");
        assert_eq!(at.http_date(), "Mon, 23 Nov 2026 17:27:02 GMT");
    }

    #[test]
    fn every_form_is_read_back_and_offsets_count() {
        let at = Timestamp::from_secs(1_795_454_822);
        for text in [
            "2026-11-23T17:27:02Z",
            "2026-11-23T18:27:02+01:00",
            "2026-11-23T17:27:02.000Z",
            "20261123T172702Z",
            "2026-11-23T17:27:02",
        ] {
            assert_eq!(Timestamp::parse_iso8601(text), Some(at), "{text}");
        }
        assert_eq!(Timestamp::parse_http_date("Mon, 23 Nov 2026 17:27:02 GMT"), Some(at));
        assert_eq!(
            Timestamp::parse_iso8601("2026-11-23").unwrap().http_date(),
            "Mon, 23 Nov 2026 00:00:00 GMT"
        );
        for wrong in [
            "2026-13-01",
            "2026-02-30",
            "yesterday",
            "",
            "2026-11-23T25:00:00Z",
            "2026-11-23Tx",
        ] {
            assert_eq!(Timestamp::parse_iso8601(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in -30_000_000_000_000_i64..200_000_000_000_000) {
            let at = Timestamp::from_millis(millis);
            proptest::prop_assert_eq!(Timestamp::parse_iso8601(&at.iso8601()), Some(at));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in ".*") {
            let _ = Timestamp::parse_iso8601(&text);
            let _ = Timestamp::parse_http_date(&text);
        }
    }
}
