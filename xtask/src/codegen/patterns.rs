//! Patterns of the models, written for Java's engine, in the syntax and meaning of the `regex` crate.

use roadstead_wire::Pattern;

/// Patterns that need a translation by hand: the model's text, ours, a text it accepts, a text it rejects.
pub const BY_HAND: &[(&str, &str, &str, &str)] = &[
    // Surrogate pairs stand for everything above U+FFFF.
    (
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*",
        r"[\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}\r\n\t]*",
        "service/c/s \u{1F600}",
        "a\u{1}",
    ),
    // `\u10000` is read as `\u1000` and a zero; U+10000 is meant.
    (
        r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
        r"[\x{9}\x{A}\x{D}\x{20}-\x{7E}\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+",
        "arn:aws:iam::123456789012:role/\u{1F600}",
        "arn\u{7F}",
    ),
    (r"\p{Print}+", r"[\x20-\x7E]+", "cpu 50%", "zu\u{e4}"),
    (r"\p{ASCII}+", r"[\x00-\x7F]+", "a-1", "\u{e4}"),
    // No control character, colon, slash or bar, and no blank at either end.
    (
        r"(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+",
        r"[^\x{0}-\x{1F}\x{7F}-\x{9F}:/| ](?:[^\x{0}-\x{1F}\x{7F}-\x{9F}:/|]*[^\x{0}-\x{1F}\x{7F}-\x{9F}:/| ])?",
        "every day",
        "every/day",
    ),
    (r"^(?!\s*$).+", r".*[^ \t\n\x0B\f\r].*", " a ", "  "),
    // Anything but a text that starts with `arn:`.
    (
        r"^(?!arn:)[!-~]{1,1024}$",
        r"[!-~]{1,3}|(?:[!-`b-~][!-~]{3}|a[!-qs-~][!-~]{2}|ar[!-mo-~][!-~]|arn[!-9;-~])[!-~]{0,1020}",
        "arnold",
        "arn:aws",
    ),
    (
        r"^(?!arn:)[!-~]{1,253}$",
        r"[!-~]{1,3}|(?:[!-`b-~][!-~]{3}|a[!-qs-~][!-~]{2}|ar[!-mo-~][!-~]|arn[!-9;-~])[!-~]{0,249}",
        "internal.example",
        "arn:x",
    ),
    // The look-ahead's 127 characters cannot be said together with the parts; each part keeps its own bound.
    (
        r"((?=^.{1,127}$)^([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*$)|(^\.$)",
        r"(?:[a-zA-Z0-9_][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9_][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*|\.",
        "web.v1",
        "web..v1",
    ),
    // No two hyphens in a row; the shape's length says at most 63.
    (
        r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
        r"[a-z0-9](?:-[a-z0-9]|[a-z0-9]-?[a-z0-9])(?:-?[a-z0-9])*",
        "my-account",
        "my--account",
    ),
];

/// Translates a pattern, or says why it cannot.
pub fn translate(source: &str) -> Result<String, String> {
    let translated = BY_HAND
        .iter()
        .find(|(from, ..)| *from == source)
        .map_or_else(|| classes(source), |(_, to, ..)| (*to).to_owned());
    if translated.contains("(?=") || translated.contains("(?!") || translated.contains("(?<") {
        return Err("it looks ahead or behind".to_owned());
    }
    Pattern::compiles(&translated)?;
    Ok(translated)
}

/// Gives `\w`, `\d`, `\s` and `\S` Java's ASCII meaning and `\uXXXX` a form that both engines read alike.
fn classes(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 16);
    let mut inside = false;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(next) = chars.next() else { break };
                let set = match next {
                    'w' => "0-9A-Za-z_",
                    'd' => "0-9",
                    's' => r" \t\n\x0B\f\r",
                    'S' if !inside => {
                        out.push_str(r"[^ \t\n\x0B\f\r]");
                        continue;
                    }
                    'u' => {
                        out.push_str(r"\x{");
                        for _ in 0..4 {
                            out.extend(chars.next());
                        }
                        out.push('}');
                        continue;
                    }
                    other => {
                        out.push('\\');
                        out.push(other);
                        continue;
                    }
                };
                if inside {
                    out.push_str(set);
                    // A hyphen after a class stands for itself.
                    if chars.peek() == Some(&'-') {
                        chars.next();
                        out.push_str(r"\-");
                    }
                } else {
                    out.push('[');
                    out.push_str(set);
                    out.push(']');
                }
            }
            '[' if inside => out.push_str(r"\["),
            '[' => {
                inside = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
            }
            ']' => {
                inside = false;
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_translation_by_hand_accepts_and_rejects() {
        for (source, ours, accept, reject) in BY_HAND {
            let pattern = Pattern::new(source, ours);
            assert!(pattern.matches(accept), "{source} should accept {accept:?}");
            assert!(!pattern.matches(reject), "{source} should reject {reject:?}");
        }
    }

    #[test]
    fn an_account_alias_has_three_to_many_characters() {
        let ours = BY_HAND.iter().find(|p| p.0.contains("-(?!-)")).unwrap().1;
        let pattern = Pattern::new("", ours);
        for (text, want) in [
            ("ab", false),
            ("abc", true),
            ("a-b", true),
            ("a-", false),
            ("a--b", false),
            ("ab-c", true),
        ] {
            assert_eq!(pattern.matches(text), want, "{text}");
        }
    }

    #[test]
    fn classes_mean_ascii_as_in_java() {
        let translated = translate(r"[\w+=,.@-]+").unwrap();
        assert_eq!(translated, "[0-9A-Za-z_+=,.@-]+");
        assert_eq!(translate(r"[\w-_]*").unwrap(), r"[0-9A-Za-z_\-_]*");
        assert_eq!(translate(r"\S{36,128}").unwrap(), r"[^ \t\n\x0B\f\r]{36,128}");
    }

    #[test]
    fn a_look_ahead_without_translation_is_refused() {
        assert!(translate("(?!x).+").is_err());
    }
}
