//! Cron expressions of six fields: minutes, hours, day of the month, month, day of the week, year.

use roadstead_core::Timestamp;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIRST_YEAR: i64 = 1970;
const LAST_YEAR: i64 = 2199;
const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A compiled expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    months: u64,
    /// One bit for each year from 1970.
    years: [u64; 4],
    days: Vec<Day>,
}

/// Which days of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// Days of the month, one bit each.
    OfMonth(u64),
    /// The last one.
    Last,
    /// The weekday nearest to a day, within the month.
    NearestWeekday(i64),
    /// The last one from Monday to Friday.
    LastWeekday,
    /// Days of the week, one bit each, Sunday the first.
    OfWeek(u64),
    /// The last such day of the week in the month; Sunday is 0.
    LastOfWeek(i64),
    /// The so-manieth such day of the week in the month; Sunday is 0.
    Nth(i64, i64),
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// The length of the month.
    length: i64,
}

impl Cron {
    /// Reads the six fields; `None` for what EventBridge refuses.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
            return None;
        };
        // AWS: exactly one of the two days must be left open.
        let days = match (*day, *weekday) {
            ("?", "?") => return None,
            (day, "?") => days_of_month(day)?,
            ("?", weekday) => days_of_week(weekday)?,
            _ => return None,
        };
        let mut years = [0; 4];
        for year in values(year, FIRST_YEAR, LAST_YEAR, &[])? {
            let at = usize::try_from(year - FIRST_YEAR).ok()?;
            *years.get_mut(at / 64)? |= 1 << (at % 64);
        }
        Some(Self {
            minutes: bits(&values(minutes, 0, 59, &[])?),
            hours: bits(&values(hours, 0, 23, &[])?),
            months: bits(&values(month, 1, 12, &MONTHS)?),
            years,
            days,
        })
    }

    /// The first such minute after an instant.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let first = after.millis().div_euclid(MINUTE).checked_add(1)?.checked_mul(MINUTE)?;
        let mut day = first.div_euclid(DAY);
        let mut earliest = first.rem_euclid(DAY) / MINUTE;
        loop {
            let date = Date::of(day);
            if date.year > LAST_YEAR {
                return None;
            }
            if !self.has_year(date.year) || !has(self.months, date.month) {
                day += date.length - date.day + 1;
                earliest = 0;
                continue;
            }
            if self.days.iter().any(|kind| kind.holds(date))
                && let Some(minute) = self.minute_from(earliest)
            {
                return Some(Timestamp::from_millis(day * DAY + minute * MINUTE));
            }
            day += 1;
            earliest = 0;
        }
    }

    fn has_year(&self, year: i64) -> bool {
        usize::try_from(year - FIRST_YEAR).is_ok_and(|at| {
            self.years
                .get(at / 64)
                .is_some_and(|years| years & (1 << (at % 64)) != 0)
        })
    }

    /// The first minute of a day that is not before `earliest`.
    fn minute_from(&self, earliest: i64) -> Option<i64> {
        let hours = (earliest / 60..24).filter(|hour| has(self.hours, *hour));
        hours
            .flat_map(|hour| {
                (0..60)
                    .filter(|minute| has(self.minutes, *minute))
                    .map(move |minute| hour * 60 + minute)
            })
            .find(|minute| *minute >= earliest)
    }
}

impl Day {
    fn holds(self, date: Date) -> bool {
        match self {
            Self::OfMonth(days) => has(days, date.day),
            Self::Last => date.day == date.length,
            Self::OfWeek(days) => has(days, date.weekday + 1),
            Self::LastOfWeek(weekday) => date.weekday == weekday && date.day + 7 > date.length,
            Self::Nth(weekday, nth) => date.weekday == weekday && (date.day - 1) / 7 + 1 == nth,
            Self::NearestWeekday(wanted) => wanted <= date.length && date.day == date.nearest_weekday(wanted),
            Self::LastWeekday => date.day == date.nearest_weekday(date.length),
        }
    }
}

impl Date {
    /// The date of a day, counted from 1 January 1970.
    fn of(day: i64) -> Self {
        // The civil calendar from days: eras of 400 years that begin on 1 March.
        let shifted = day + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year,
            month,
            day: of_year - (153 * shifted_month + 2) / 5 + 1,
            weekday: (day + 4).rem_euclid(7),
            length: month_length(year, month),
        }
    }

    /// The day from Monday to Friday that is nearest to a day of this month, without leaving it.
    fn nearest_weekday(self, wanted: i64) -> i64 {
        match (self.weekday + wanted - self.day).rem_euclid(7) {
            // Saturday
            6 if wanted == 1 => 3,
            6 => wanted - 1,
            // Sunday
            0 if wanted == self.length => wanted - 2,
            0 => wanted + 1,
            _ => wanted,
        }
    }
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn bits(values: &[i64]) -> u64 {
    values.iter().fold(0, |bits, value| bits | (1 << value))
}

fn has(bits: u64, value: i64) -> bool {
    bits & (1 << value) != 0
}

fn days_of_month(text: &str) -> Option<Vec<Day>> {
    parts(text, |part| match part {
        "L" => Some(Day::Last),
        "LW" => Some(Day::LastWeekday),
        part => match part.strip_suffix('W') {
            Some(day) => value(day, 1, 31, &[]).map(Day::NearestWeekday),
            None => Some(Day::OfMonth(bits(&span(part, 1, 31, &[])?))),
        },
    })
}

fn days_of_week(text: &str) -> Option<Vec<Day>> {
    parts(text, |part| {
        if part == "L" {
            return Some(Day::OfWeek(1 << 7));
        }
        if let Some(weekday) = part.strip_suffix('L') {
            return Some(Day::LastOfWeek(value(weekday, 1, 7, &WEEKDAYS)? - 1));
        }
        if let Some((weekday, nth)) = part.split_once('#') {
            return Some(Day::Nth(value(weekday, 1, 7, &WEEKDAYS)? - 1, value(nth, 1, 5, &[])?));
        }
        Some(Day::OfWeek(bits(&span(part, 1, 7, &WEEKDAYS)?)))
    })
}

/// The parts of a list; a star stands alone.
fn parts<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > 1 && parts.contains(&"*") {
        return None;
    }
    parts.into_iter().map(read).collect()
}

/// The values that a field names.
fn values(text: &str, from: i64, to: i64, names: &[&str]) -> Option<Vec<i64>> {
    Some(parts(text, |part| span(part, from, to, names))?.concat())
}

/// The values of one part: `*`, `5`, `5-7`, `5/2`, `*/2` or `5-20/2`; a span that ends before it begins goes around.
fn span(part: &str, from: i64, to: i64, names: &[&str]) -> Option<Vec<i64>> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<i64>().ok().filter(|step| *step > 0)?)),
        None => (part, None),
    };
    let (first, last) = match range.split_once('-') {
        Some((first, last)) => (value(first, from, to, names)?, value(last, from, to, names)?),
        None if range == "*" => (from, to),
        None => {
            let first = value(range, from, to, names)?;
            (first, if step.is_some() { to } else { first })
        }
    };
    let step = usize::try_from(step.unwrap_or(1)).ok()?;
    Some(if first <= last {
        (first..=last).step_by(step).collect()
    } else {
        (first..=to).chain(from..=last).step_by(step).collect()
    })
}

/// A number within bounds, or a name; the first name stands for 1.
fn value(text: &str, from: i64, to: i64, names: &[&str]) -> Option<i64> {
    if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return i64::try_from(at + 1).ok();
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|value| digits && (from..=to).contains(value))
}
