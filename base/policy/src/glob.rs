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

/// The pattern is a fixed head, runs between stars, and a fixed tail. The head and the tail have one place where they
/// can be; each run is best where it is found first, so nothing is ever tried twice.
pub(crate) fn general(pattern: &[u8], text: &[u8]) -> bool {
    by_runs::<true>(pattern, text)
}

/// [`general`] for a pattern without `?`.
pub(crate) fn stars(pattern: &[u8], text: &[u8]) -> bool {
    by_runs::<false>(pattern, text)
}

#[inline]
fn by_runs<const ONES: bool>(pattern: &[u8], text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(STAR, pattern) else {
        return prefix::<ONES>(pattern, text) == Some(text.len());
    };
    let (head, rest) = pattern.split_at(first);
    let Some(after_head) = prefix::<ONES>(head, text) else {
        return false;
    };
    let last = memchr::memrchr(STAR, rest).unwrap_or(0);
    let (middle, tail) = rest.split_at(last);
    let tail = tail.get(1..).unwrap_or_default();
    let Some(body) = text
        .get(after_head..)
        .and_then(|text| without_suffix::<ONES>(tail, text))
    else {
        return false;
    };
    let (mut body, mut middle) = (body, middle.get(1..).unwrap_or_default());
    let mut ascii = None;
    while !middle.is_empty() {
        let end = memchr::memchr(STAR, middle).unwrap_or(middle.len());
        let (run, behind) = middle.split_at(end);
        match find::<ONES>(run, body, &mut ascii).and_then(|end| body.get(end..)) {
            Some(rest) => body = rest,
            None => return false,
        }
        middle = behind.get(1..).unwrap_or_default();
    }
    true
}

/// The length of text that a pattern without stars matches at the start.
fn prefix<const ONES: bool>(pattern: &[u8], text: &[u8]) -> Option<usize> {
    if !ONES || memchr::memchr(ONE, pattern).is_none() {
        return text.starts_with(pattern).then_some(pattern.len());
    }
    let mut at = 0;
    for byte in pattern {
        let there = *text.get(at)?;
        if *byte == ONE {
            at += character_length(there)?;
        } else if *byte == there {
            at += 1;
        } else {
            return None;
        }
    }
    (at <= text.len()).then_some(at)
}

/// The text before what a pattern without stars matches at the end.
fn without_suffix<'a, const ONES: bool>(pattern: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
    if !ONES || memchr::memchr(ONE, pattern).is_none() {
        return text.strip_suffix(pattern);
    }
    let mut end = text.len();
    for byte in pattern.iter().rev() {
        end = end.checked_sub(1)?;
        if *byte == ONE {
            while is_continuation(*text.get(end)?) {
                end = end.checked_sub(1)?;
            }
        } else if text.get(end) != Some(byte) {
            return None;
        }
    }
    text.get(..end)
}

/// Where the first match of a pattern without stars ends; `ascii` remembers whether the text is.
fn find<const ONES: bool>(run: &[u8], text: &[u8], ascii: &mut Option<bool>) -> Option<usize> {
    let (first, rest) = run.split_first()?;
    if !ONES || memchr::memchr(ONE, run).is_none() {
        return if run.len() > SHORT {
            memchr::memmem::find(text, run).map(|at| at + run.len())
        } else {
            let mut starts = memchr::memchr_iter(*first, text);
            let end = |at: usize| at + run.len();
            starts.find(|at| text.get(at + 1..end(*at)) == Some(rest)).map(end)
        };
    }
    if run.iter().all(|byte| *byte == ONE) {
        return prefix::<true>(run, text);
    }
    if *ascii.get_or_insert_with(|| text.is_ascii()) {
        return find_fixed(run, text).map(|at| at + run.len());
    }
    let mut starts = (0..text.len()).filter(|at| text.get(*at).is_some_and(|byte| !is_continuation(*byte)));
    starts.find_map(|at| prefix::<true>(run, text.get(at..)?).map(|length| at + length))
}

/// Runs up to this length are looked for by their first byte; longer ones are worth preparing a search.
const SHORT: usize = 24;

/// Where a run with `?` begins in ASCII text, where every `?` is one byte.
///
/// Whole blocks of places are tested at once, each against a few of the run's fixed bytes; only what passes is compared
/// in full. Without this, many short patterns could make a decision slow.
fn find_fixed(run: &[u8], text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let places = text.len().checked_sub(run.len())? + 1;
    let fixed = || run.iter().enumerate().filter(|(_, byte)| **byte != ONE);
    let total = fixed().count();
    let chosen = fixed()
        .enumerate()
        .filter(|(at, _)| *at < 3 || at + 3 >= total)
        .map(|(_, (offset, byte))| (offset, *byte));
    let mut probes = [(0, 0); 6];
    let count = probes
        .iter_mut()
        .zip(chosen)
        .map(|(probe, chosen)| *probe = chosen)
        .count();
    let probes = probes.get(..count).unwrap_or_default();
    let mut start = 0;
    while start < places {
        let mut wrong = [0_u8; BLOCK];
        let whole = probes.iter().all(|(offset, byte)| {
            match text.get(start + offset..).and_then(|text| text.first_chunk::<BLOCK>()) {
                Some(block) => {
                    for (wrong, there) in wrong.iter_mut().zip(block) {
                        *wrong |= there ^ byte;
                    }
                    true
                }
                None => false,
            }
        });
        if !whole {
            break;
        }
        let mut passing = wrong
            .iter()
            .enumerate()
            .filter(|(_, wrong)| **wrong == 0)
            .map(|(at, _)| start + at);
        if wrong.contains(&0)
            && let Some(found) = passing.find(|at| *at < places && fits(run, text.get(*at..).unwrap_or_default()))
        {
            return Some(found);
        }
        start += BLOCK;
    }
    (start..places).find(|at| fits(run, text.get(*at..).unwrap_or_default()))
}

/// Whether ASCII text begins with a run; by blocks, without a branch per byte.
fn fits(run: &[u8], text: &[u8]) -> bool {
    let Some(text) = text.get(..run.len()) else {
        return false;
    };
    let differ = |run: &[u8], text: &[u8]| {
        run.iter().zip(text).fold(0, |wrong, (byte, there)| {
            wrong | if *byte == ONE { 0 } else { there ^ byte }
        })
    };
    let ((runs, run_rest), (texts, text_rest)) = (run.as_chunks::<32>(), text.as_chunks::<32>());
    runs.iter().zip(texts).all(|(run, text)| differ(run, text) == 0) && differ(run_rest, text_rest) == 0
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

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
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
