//! A second, slow and obvious reading of cron expressions: every minute is looked at by itself.

use proptest::prelude::*;
use roadstead_core::Timestamp;

use super::Schedule;

/// A minute, taken from the text that the clock writes.
struct Moment {
    minute: i64,
    hour: i64,
    day: i64,
    month: i64,
    year: i64,
    /// 1 is Sunday.
    weekday: i64,
    at: Timestamp,
}

impl Moment {
    fn of(at: Timestamp) -> Self {
        let text = at.iso8601();
        let number = |from: usize, to: usize| text.get(from..to).unwrap().parse().unwrap();
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let weekday = names.iter().position(|name| at.http_date().starts_with(name)).unwrap();
        Self {
            minute: number(14, 16),
            hour: number(11, 13),
            day: number(8, 10),
            month: number(5, 7),
            year: number(0, 4),
            weekday: i64::try_from(weekday).unwrap() + 1,
            at,
        }
    }

    fn days_on(&self, days: i64) -> Self {
        Self::of(Timestamp::from_millis(self.at.millis() + days * 86_400_000))
    }

    fn is_last_of_month(&self) -> bool {
        self.days_on(1).month != self.month
    }

    fn is_weekday(&self) -> bool {
        (2..=6).contains(&self.weekday)
    }

    /// Whether no weekday of the month is nearer to the wanted day; of two that are as near, the earlier one.
    fn is_nearest_weekday_to(&self, wanted: i64) -> bool {
        let of_month: Vec<Self> = (-31..=31)
            .map(|days| self.days_on(days))
            .filter(|day| day.month == self.month && day.year == self.year)
            .collect();
        let nearest = of_month.iter().filter(|day| day.is_weekday()).min_by_key(|day| {
            // A Saturday goes back to Friday and a Sunday on to Monday: both are one day away.
            ((day.day - wanted).abs(), day.day)
        });
        of_month.iter().any(|day| day.day == wanted) && nearest.unwrap().day == self.day
    }
}

fn simple(field: &str, value: i64, from: i64, to: i64, names: &[&str]) -> bool {
    let number = |text: &str| -> i64 {
        names
            .iter()
            .position(|name| *name == text)
            .map_or_else(|| text.parse().unwrap(), |at| i64::try_from(at).unwrap() + 1)
    };
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "0"));
        let step: i64 = step.parse().unwrap();
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None if range == "*" => (from, to),
            None if step > 0 => (number(range), to),
            None => (number(range), number(range)),
        };
        (first..=last).contains(&value) && (step == 0 || (value - first) % step == 0)
    })
}

fn is_due(cron: &str, at: &Moment) -> bool {
    let fields: Vec<&str> = cron.split(' ').collect();
    let day = |part: &str| match part {
        "?" => true,
        "L" => at.is_last_of_month(),
        "LW" => {
            at.is_weekday()
                && (1..=3).all(|days| {
                    let later = at.days_on(days);
                    later.month != at.month || !later.is_weekday()
                })
        }
        part => match part.strip_suffix('W') {
            Some(wanted) => at.is_nearest_weekday_to(wanted.parse().unwrap()),
            None => simple(part, at.day, 1, 31, &[]),
        },
    };
    let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let weekday = |part: &str| match part {
        "?" => true,
        "L" => at.weekday == 7,
        part => {
            if let Some(wanted) = part.strip_suffix('L') {
                return at.weekday == wanted.parse::<i64>().unwrap() && at.days_on(7).month != at.month;
            }
            match part.split_once('#') {
                Some((wanted, nth)) => {
                    let before = (1..5).filter(|weeks| at.days_on(-7 * weeks).month == at.month).count();
                    at.weekday == wanted.parse::<i64>().unwrap() && before + 1 == nth.parse::<usize>().unwrap()
                }
                None => simple(part, at.weekday, 1, 7, &names),
            }
        }
    };
    simple(fields[0], at.minute, 0, 59, &[])
        && simple(fields[1], at.hour, 0, 23, &[])
        && fields[2].split(',').any(day)
        && simple(fields[3], at.month, 1, 12, &["JAN", "FEB", "MAR"])
        && fields[4].split(',').any(weekday)
        && simple(fields[5], at.year, 1970, 2199, &[])
}

fn numbers(from: i64, to: i64) -> impl Strategy<Value = String> {
    let within = from..=to;
    prop_oneof![
        2 => Just("*".to_owned()),
        2 => within.clone().prop_map(|n| n.to_string()),
        1 => (within.clone(), within.clone()).prop_map(|(a, b)| format!("{a},{b}")),
        1 => (within.clone(), within.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (within.clone(), 1..20i64).prop_map(|(a, step)| format!("{a}/{step}")),
        1 => (1..20i64).prop_map(|step| format!("*/{step}")),
        1 => (within.clone(), within, 1..9i64).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
    ]
}

fn cron() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        3 => numbers(1, 31),
        1 => Just("L".to_owned()),
        1 => Just("LW".to_owned()),
        1 => (1..=31i64).prop_map(|day| format!("{day}W")),
        1 => (1..=31i64).prop_map(|day| format!("L,{day}")),
    ];
    let weekday = prop_oneof![
        3 => numbers(1, 7),
        1 => Just("MON-FRI".to_owned()),
        1 => Just("L".to_owned()),
        1 => (1..=7i64).prop_map(|day| format!("{day}L")),
        1 => (1..=7i64, 1..=5i64).prop_map(|(day, nth)| format!("{day}#{nth}")),
    ];
    let days = prop_oneof![
        day.prop_map(|day| (day, "?".to_owned())),
        weekday.prop_map(|day| ("?".to_owned(), day))
    ];
    let month = prop_oneof![3 => Just("*".to_owned()), 1 => numbers(1, 12), 1 => Just("JAN,MAR".to_owned())];
    (numbers(0, 59), numbers(0, 23), days, month)
        .prop_map(|(m, h, (day, weekday), month)| format!("{m} {h} {day} {month} {weekday} *"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Days are compared over four months, minutes over the day that was found.
    #[test]
    fn the_next_time_is_the_first_minute_that_is_due(cron in cron(), start in 0..2_000_000_000i64) {
        let after = Timestamp::from_secs(start);
        let schedule = Schedule::parse(&format!("cron({cron})")).ok_or_else(|| TestCaseError::fail(format!("no schedule: {cron}")))?;
        let found = schedule.next(after, after);
        let minute = |at: i64| Timestamp::from_millis(at * 60_000);
        let first = after.millis().div_euclid(60_000) + 1;
        if let Some(found) = found {
            prop_assert!(found > after && found.millis() % 60_000 == 0);
            prop_assert!(is_due(&cron, &Moment::of(found)), "{} is not due at {}", cron, found.iso8601());
        }
        let end = found.map_or(first + 180_000, |found| found.millis() / 60_000);
        // Every minute of the first day and of the last two hours before it, and every 37th of those between.
        let looked = (first..first + 1440).chain((end - 120).max(first)..end).chain((first..first + 180_000).step_by(37));
        for at in looked.filter(|at| *at < end) {
            prop_assert!(!is_due(&cron, &Moment::of(minute(at))), "{} was due at {}", cron, minute(at).iso8601());
        }
    }

    #[test]
    fn rates_come_again_and_again_without_drift(count in 2..500i64, start in 0..2_000_000_000i64, later in 0..10_000_000i64) {
        let schedule = Schedule::parse(&format!("rate({count} minutes)")).ok_or_else(|| TestCaseError::fail("no rate"))?;
        let since = Timestamp::from_secs(start);
        let after = Timestamp::from_secs(start + later);
        let next = schedule.next(since, after).ok_or_else(|| TestCaseError::fail("never"))?;
        prop_assert!(next > after);
        prop_assert!(next.millis() - after.millis() <= count * 60_000);
        prop_assert_eq!((next.millis() - since.millis()) % (count * 60_000), 0);
    }
}
