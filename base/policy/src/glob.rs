//! Matching encoded patterns against text, in time that no pattern can blow up.
//!
//! Patterns are UTF-8 with three bytes that UTF-8 never uses: [`STAR`], [`ONE`] and [`CUT`]. Everything else is
//! literal, so text that comes from a policy variable needs no escaping: its `*` is just a `*`.

/// `*`: any run of characters, the empty one included.
pub(crate) const STAR: u8 = 0xff;
/// `?`: exactly one character.
pub(crate) const ONE: u8 = 0xfe;
/// A colon that separates two segments of an ARN pattern, as opposed to one inside a substituted text.
pub(crate) const CUT: u8 = 0xfd;

/// Appends `text` with its wildcards encoded, runs of stars as one.
pub(crate) fn encode(text: &str, out: &mut Vec<u8>) {
    let mut after_star = false;
    for byte in text.bytes() {
        let repeated = std::mem::replace(&mut after_star, byte == b'*');
        match byte {
            b'*' if repeated => {}
            b'*' => out.push(STAR),
            b'?' => out.push(ONE),
            other => out.push(other),
        }
    }
}

/// Whether the encoded `pattern` matches all of `text`, letter case included.
#[inline]
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [STAR] => true,
        [head @ .., STAR] if !has_wildcard(head) => text.starts_with(head),
        _ => general(pattern, text),
    }
}

/// Whether an encoded pattern holds `*` or `?`.
pub(crate) fn has_wildcard(pattern: &[u8]) -> bool {
    memchr::memchr2(STAR, ONE, pattern).is_some()
}

/// [`matches`] for any pattern.
pub(crate) fn general(pattern: &[u8], text: &[u8]) -> bool {
    if memchr::memchr(ONE, pattern).is_none() {
        return stars(pattern, text);
    }
    if text.is_ascii() {
        return by_units(pattern, text, STAR, ONE);
    }
    // `?` is a character: compare by characters, each of which then is one unit.
    let (star, one) = (u32::from(STAR) << 24, u32::from(ONE) << 24);
    let mut units = Vec::with_capacity(pattern.len());
    for chunk in pattern.utf8_chunks() {
        units.extend(chunk.valid().chars().map(u32::from));
        units.extend(chunk.invalid().iter().map(|byte| u32::from(*byte) << 24));
    }
    let text: Vec<u32> = String::from_utf8_lossy(text).chars().map(u32::from).collect();
    by_units(&units, &text, star, one)
}

/// [`general`] for a pattern without `?`.
///
/// The pattern is a fixed head, runs between stars, and a fixed tail. The head and the tail have one place where they
/// can be; each run is best where it is found first, so nothing is ever tried twice.
pub(crate) fn stars(pattern: &[u8], text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(STAR, pattern) else {
        return pattern == text;
    };
    let (head, rest) = pattern.split_at(first);
    let last = memchr::memrchr(STAR, rest).unwrap_or(0);
    let (middle, tail) = rest.split_at(last);
    let body = text
        .strip_prefix(head)
        .and_then(|text| text.strip_suffix(tail.get(1..).unwrap_or_default()));
    let Some(mut body) = body else {
        return false;
    };
    let mut middle = middle.get(1..).unwrap_or_default();
    while !middle.is_empty() {
        let (run, behind) = middle.split_at(memchr::memchr(STAR, middle).unwrap_or(middle.len()));
        match find(run, body).and_then(|end| body.get(end..)) {
            Some(rest) => body = rest,
            None => return false,
        }
        middle = behind.get(1..).unwrap_or_default();
    }
    true
}

/// Where the first match of a fixed run ends.
fn find(run: &[u8], text: &[u8]) -> Option<usize> {
    /// Runs up to this length are looked for by their first byte; longer ones are worth preparing a search.
    const SHORT: usize = 24;
    if run.len() > SHORT {
        return memchr::memmem::find(text, run).map(|at| at + run.len());
    }
    let (first, rest) = run.split_first()?;
    let end = |at: usize| at + run.len();
    memchr::memchr_iter(*first, text)
        .find(|at| text.get(at + 1..end(*at)) == Some(rest))
        .map(end)
}

/// [`stars`], with `?` as well, over units that are whole characters.
fn by_units<T: Copy + Eq>(pattern: &[T], text: &[T], star: T, one: T) -> bool {
    let mut runs = pattern.split(|unit| *unit == star);
    let head = runs.next().unwrap_or_default();
    let Some(tail) = runs.next_back() else {
        return head.len() == text.len() && fits(head, text, one);
    };
    let Some(body) = text.len().checked_sub(tail.len()) else {
        return false;
    };
    let (body, end) = text.split_at(body);
    let Some(mut body) = body
        .get(head.len()..)
        .filter(|_| fits(head, text, one) && fits(tail, end, one))
    else {
        return false;
    };
    for run in runs.filter(|run| !run.is_empty()) {
        match find_units(run, body, one).and_then(|at| body.get(at + run.len()..)) {
            Some(rest) => body = rest,
            None => return false,
        }
    }
    true
}

/// Where a run with `?` first begins.
///
/// Whole blocks of places are tested at once, each against a few of the run's fixed units; only what passes is compared
/// in full. Without this, many short patterns could make a decision slow.
fn find_units<T: Copy + Eq>(run: &[T], text: &[T], one: T) -> Option<usize> {
    const BLOCK: usize = 32;
    let places = text.len().checked_sub(run.len())? + 1;
    let fixed = || run.iter().enumerate().filter(|(_, unit)| **unit != one);
    let total = fixed().count();
    let chosen = fixed().enumerate().filter(|(at, _)| *at < 3 || at + 3 >= total);
    let mut probes = [(0, one); 6];
    let count = probes
        .iter_mut()
        .zip(chosen)
        .map(|(probe, (_, (at, unit)))| *probe = (at, *unit))
        .count();
    let probes = probes.get(..count).unwrap_or_default();
    let mut start = 0;
    while start < places {
        let mut wrong = [false; BLOCK];
        for (offset, unit) in probes {
            let Some(block) = text.get(start + offset..).and_then(|text| text.first_chunk::<BLOCK>()) else {
                return (start..places).find(|at| fits(run, text.get(*at..).unwrap_or_default(), one));
            };
            for (wrong, there) in wrong.iter_mut().zip(block) {
                *wrong |= there != unit;
            }
        }
        if wrong.contains(&false) {
            let mut passing = wrong
                .iter()
                .zip(start..places)
                .filter(|(wrong, _)| !**wrong)
                .map(|(_, at)| at);
            if let Some(found) = passing.find(|at| fits(run, text.get(*at..).unwrap_or_default(), one)) {
                return Some(found);
            }
        }
        start += BLOCK;
    }
    None
}

/// Whether a text begins with a run; by blocks, without a branch per unit.
#[expect(clippy::needless_bitwise_bool, reason = "a branch per unit is what makes it slow")]
fn fits<T: Copy + Eq>(run: &[T], text: &[T], one: T) -> bool {
    let Some(text) = text.get(..run.len()) else {
        return false;
    };
    let differ = |run: &[T], text: &[T]| {
        run.iter()
            .zip(text)
            .fold(false, |wrong, (unit, there)| wrong | ((unit != there) & (*unit != one)))
    };
    let ((runs, run_rest), (texts, text_rest)) = (run.as_chunks::<32>(), text.as_chunks::<32>());
    !runs.iter().zip(texts).any(|(run, text)| differ(run, text)) && !differ(run_rest, text_rest)
}

/// Whether `pattern` (plain text, with `*` and `?`) matches all of `text` without regard to ASCII case; for the names
/// of actions, which are short.
pub(crate) fn matches_ignoring_case(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut resume: Option<(usize, usize)> = None;
    while let Some(there) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                resume = Some((p, t));
                continue;
            }
            Some(b'?') => {
                p += 1;
                t += character_length(*there).unwrap_or(1);
                continue;
            }
            Some(byte) if byte.eq_ignore_ascii_case(there) => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        // Only the last star can help: whatever an earlier one could take, it can take as well.
        let Some((after_star, from)) = resume else {
            return false;
        };
        let from = from + text.get(from).and_then(|byte| character_length(*byte)).unwrap_or(1);
        (p, t) = (after_star, from);
        resume = Some((after_star, from));
    }
    t == text.len() && pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// The length of the character that starts with `byte`; a continuation byte starts none.
fn character_length(byte: u8) -> Option<usize> {
    match byte {
        0..0x80 => Some(1),
        0x80..0xc0 => None,
        0xc0..0xe0 => Some(2),
        0xe0..0xf0 => Some(3),
        _ => Some(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        let mut encoded = Vec::new();
        encode(pattern, &mut encoded);
        assert_eq!(matches(&encoded, text.as_bytes()), expected, "{pattern} {text}");
        let folded = matches_ignoring_case(pattern.as_bytes(), text.to_uppercase().as_bytes());
        if text.is_ascii() {
            assert_eq!(folded, expected, "{pattern} {text} without case");
        }
    }

    #[test]
    fn stars_and_question_marks_match_as_documented() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "x", true),
            ("?", "", false),
            ("?", "a", true),
            ("a*c", "abcc", true),
            ("a*c", "abcd", false),
            ("*a*b*", "xaybz", true),
            ("*ab*ab", "ab", false),
            ("*ab*ab", "abab", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*?", "", false),
            ("*?", "a", true),
            ("*??", "a", false),
            ("?*?", "ab", true),
            ("a*?b*c", "axxbyc", true),
            ("*a?b*", "xxacbyy", true),
            ("*a?b*", "xxabyy", false),
            ("a*b?d", "abbcd", true),
        ] {
            check(pattern, text, expected);
        }
    }

    #[test]
    fn a_question_mark_is_one_character_not_one_byte() {
        for (pattern, text, expected) in [
            ("?", "é", true),
            ("??", "é", false),
            ("*??", "é", false),
            ("*?", "é", true),
            ("??*", "é", false),
            ("*?b*", "éb", true),
            ("*a?c*", "xaéc", true),
            ("*??", "aé", true),
            ("a?*", "aé", true),
        ] {
            check(pattern, text, expected);
        }
    }
}
