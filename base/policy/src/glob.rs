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

fn has_wildcard(pattern: &[u8]) -> bool {
    memchr::memchr2(STAR, ONE, pattern).is_some()
}

/// The pattern is a fixed head, runs between stars, and a fixed tail. The head and the tail have one place where they
/// can be; each run is best where it is found first, so nothing is ever tried twice.
fn general(pattern: &[u8], text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(STAR, pattern) else {
        return prefix(pattern, text) == Some(text.len());
    };
    let (head, rest) = pattern.split_at(first);
    let Some(after_head) = prefix(head, text) else {
        return false;
    };
    let last = memchr::memrchr(STAR, rest).unwrap_or(0);
    let (middle, tail) = rest.split_at(last);
    let tail = tail.get(1..).unwrap_or_default();
    let Some(body) = text.get(after_head..).and_then(|text| without_suffix(tail, text)) else {
        return false;
    };
    let mut body = body;
    for run in middle.split(|byte| *byte == STAR) {
        match find(run, body).and_then(|end| body.get(end..)) {
            Some(behind) => body = behind,
            None => return false,
        }
    }
    true
}

/// The length of text that a pattern without stars matches at the start.
fn prefix(pattern: &[u8], text: &[u8]) -> Option<usize> {
    if memchr::memchr(ONE, pattern).is_none() {
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
fn without_suffix<'a>(pattern: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
    if memchr::memchr(ONE, pattern).is_none() {
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

/// Where the first match of a pattern without stars ends.
fn find(run: &[u8], text: &[u8]) -> Option<usize> {
    let anyone = run.iter().take_while(|byte| **byte == ONE).count();
    if anyone == run.len() {
        return prefix(run, text);
    }
    match memchr::memchr(ONE, run) {
        None if run.len() == 1 => run
            .first()
            .and_then(|byte| memchr::memchr(*byte, text))
            .map(|at| at + 1),
        None => memchr::memmem::find(text, run).map(|at| at + run.len()),
        Some(_) if text.is_ascii() => find_fixed(run, text),
        Some(_) => (0..text.len())
            .filter(|at| text.get(*at).is_some_and(|byte| !is_continuation(*byte)))
            .find_map(|at| prefix(run, text.get(at..)?).map(|length| at + length)),
    }
}

/// [`find`] in ASCII text, where every `?` is one byte: the comparison goes by blocks without a branch per byte.
fn find_fixed(run: &[u8], text: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    text.windows(run.len())
        .position(|window| {
            window.chunks(BLOCK).zip(run.chunks(BLOCK)).all(|(window, run)| {
                let wrong = window.iter().zip(run).fold(0, |wrong, (there, byte)| {
                    wrong | if *byte == ONE { 0 } else { there ^ byte }
                });
                wrong == 0
            })
        })
        .map(|at| at + run.len())
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
