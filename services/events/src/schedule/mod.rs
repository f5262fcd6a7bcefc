//! When rules fire by themselves: `rate(…)` and `cron(…)`, as pure functions of time.

mod cron;
#[cfg(test)]
mod reference;

use roadstead_core::Timestamp;

use cron::Cron;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so many milliseconds, counted from the instant the schedule was given.
    Rate(i64),
    /// At the minutes of a calendar, in UTC.
    Cron(Box<Cron>),
}

impl Schedule {
    /// Reads a schedule; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        match (inside("rate"), inside("cron")) {
            (Some(rate), _) => parse_rate(rate).map(Self::Rate),
            (_, Some(cron)) => Cron::parse(cron).map(|cron| Self::Cron(Box::new(cron))),
            _ => None,
        }
    }

    /// The first time after `after` at which it is due; `since` is when the schedule was given.
    pub fn next(&self, since: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(period) => {
                let past = after.millis().saturating_sub(since.millis()).max(0);
                let times = past.checked_div(*period)?.checked_add(1)?;
                Some(Timestamp::from_millis(
                    since.millis().checked_add(times.checked_mul(*period)?)?,
                ))
            }
            Self::Cron(cron) => cron.next(after),
        }
    }
}

/// `5 minutes`, `1 hour`: the unit is singular for one and plural for more.
fn parse_rate(text: &str) -> Option<i64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let minutes = match (unit.trim(), number) {
        ("minute", 1) | ("minutes", 2..) => 1,
        ("hour", 1) | ("hours", 2..) => 60,
        ("day", 1) | ("days", 2..) => 1440,
        _ => return None,
    };
    number.checked_mul(minutes * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_iso8601(text).unwrap()
    }

    fn check(schedule: &str, after: &str) -> Option<String> {
        let since = at("2026-01-01T00:00:30Z");
        Schedule::parse(schedule)
            .unwrap()
            .next(since, at(after))
            .map(Timestamp::iso8601)
    }

    #[test]
    fn a_rate_counts_from_when_it_was_given() {
        assert_eq!(
            check("rate(5 minutes)", "2026-01-01T00:00:30Z").unwrap(),
            "2026-01-01T00:05:30Z"
        );
        assert_eq!(
            check("rate(5 minutes)", "2026-01-01T00:05:29Z").unwrap(),
            "2026-01-01T00:05:30Z"
        );
        assert_eq!(
            check("rate(5 minutes)", "2026-01-01T00:05:30Z").unwrap(),
            "2026-01-01T00:10:30Z"
        );
        assert_eq!(
            check("rate(1 day)", "2026-02-01T00:00:00Z").unwrap(),
            "2026-02-01T00:00:30Z"
        );
    }

    #[test]
    fn a_cron_expression_names_minutes_in_utc() {
        for (cron, after, due) in [
            ("0 12 * * ? *", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"),
            ("0/15 * * * ? *", "2026-03-01T12:46:00Z", "2026-03-01T13:00:00Z"),
            ("*/20 * * * ? *", "2026-03-01T12:41:00Z", "2026-03-01T13:00:00Z"),
            ("0 18 ? * MON-FRI *", "2026-03-06T18:00:00Z", "2026-03-09T18:00:00Z"),
            ("0 8 1 * ? *", "2026-03-01T09:00:00Z", "2026-04-01T08:00:00Z"),
            ("0 0 L * ? *", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            // 15 August 2026 is a Saturday, 16 August a Sunday; 1 August too is a Saturday.
            ("0 0 15W 8 ? 2026", "2026-08-01T00:00:00Z", "2026-08-14T00:00:00Z"),
            ("0 0 16W 8 ? 2026", "2026-08-01T00:00:00Z", "2026-08-17T00:00:00Z"),
            ("0 0 1W 8 ? 2026", "2026-08-01T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("0 0 LW 5 ? 2026", "2026-01-01T00:00:00Z", "2026-05-29T00:00:00Z"),
            ("0 0 ? * 6#3 *", "2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z"),
            ("0 0 ? * TUE#1 *", "2026-03-04T00:00:00Z", "2026-04-07T00:00:00Z"),
            ("0 0 ? * 6L *", "2026-03-01T00:00:00Z", "2026-03-27T00:00:00Z"),
            ("0 0 ? * L *", "2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z"),
            ("0 0 ? * 1 *", "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"),
            (
                "5,35 14 * JAN,dec ? 2027-2030",
                "2026-06-01T00:00:00Z",
                "2027-01-01T14:05:00Z",
            ),
            ("0 0 29 2 ? *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        ] {
            assert_eq!(check(&format!("cron({cron})"), after).as_deref(), Some(due), "{cron}");
        }
        assert_eq!(check("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00:00Z"), None);
        assert_eq!(check("cron(0 0 31 2 ? *)", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in [
            "",
            "rate",
            "rate()",
            "rate(5)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 seconds)",
            "rate(-5 minutes)",
            "rate(99999999999999999 days)",
            "every(5 minutes)",
            "cron()",
            "cron(* * * * *)",
            "cron(* * * * * *)",
            "cron(* * ? * ? *)",
            "cron(60 * * * ? *)",
            "cron(* 24 * * ? *)",
            "cron(* * 0 * ? *)",
            "cron(* * 32 * ? *)",
            "cron(* * * 13 ? *)",
            "cron(* * ? * 8 *)",
            "cron(* * ? * 0 *)",
            "cron(* * * * ? 1969)",
            "cron(* * * FOO ? *)",
            "cron(0/0 * * * ? *)",
            "cron(L * * * ? *)",
            "cron(* * 5#2 * ? *)",
            "cron(* * ? * 2#6 *)",
            "cron(* * ? * 3W *)",
            "cron(*,1 * * * ? *)",
            "cron(1, * * * ? *)",
            "cron(* * * ? ? *)",
            "cron(* * 3-LW * ? *)",
            " rate(5 minutes)",
            "RATE(5 minutes)",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
    }
}
