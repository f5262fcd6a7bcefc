//! Which texts AWS takes as dates when a policy is written.

/// Whether AWS stores `text` as the value of a date condition: an ISO 8601 form, or whole seconds since the epoch.
///
/// Laxer than the evaluator: what is stored though it is no instant simply never matches.
pub(super) fn is_date(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    if text.contains(['t', '-']) {
        let (date, time) = text.split_once('t').unwrap_or((&text, ""));
        is_day(date) && (time.is_empty() || is_time(time))
    } else {
        in_range(&text, 0, i64::MAX)
    }
}

fn is_day(text: &str) -> bool {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut parts = text.split('-');
    let year = parts.next().unwrap_or_default();
    let limit = if negative { 292_275_054 } else { 292_278_993 };
    in_range(year, 0, limit)
        && parts.next().is_none_or(|month| in_range(month, 1, 12))
        && parts.next().is_none_or(|day| in_range(day, 1, 31))
        && parts.next().is_none()
}

fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['z', '+', '-']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let mut parts = clock.split(':');
    let hours = parts
        .next()
        .is_none_or(|hours| hours.is_empty() || in_range(hours, 0, 23));
    let minutes = parts.next().is_none_or(|minutes| in_range(minutes, 0, 59));
    let seconds = parts.next().is_none_or(|seconds| {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        in_range(whole, 0, 59) && in_range(fraction, 0, 999_999_999)
    });
    hours && minutes && seconds && parts.next().is_none() && is_zone(zone)
}

fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return text.is_empty() || text == "z";
    };
    let two = |part: &str, limit| part.len() == 2 && in_range(part, 0, limit);
    match offset.split_once(':') {
        Some((hours, minutes)) => two(hours, 23) && two(minutes, 59),
        None if offset.len() == 4 => offset
            .split_at_checked(2)
            .is_some_and(|(h, m)| two(h, 23) && two(m, 59)),
        None => two(offset, 23),
    }
}

fn in_range(digits: &str, least: i64, most: i64) -> bool {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain && digits.parse::<i64>().is_ok_and(|value| (least..=most).contains(&value))
}
