//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}` and the literals `${*}`, `${?}`, `${$}`.

/// A piece of a text that may hold variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Plain text, whose `*` and `?` mean what they mean in the element.
    Plain(&'a str),
    /// A text without any special meaning: `*` from `${*}`.
    Literal(&'a str),
    /// A variable, filled in from the request.
    Variable {
        /// The key's name.
        key: &'a str,
        /// What stands in when the key has no value.
        default: Option<&'a str>,
    },
}

/// Whether `text` holds anything that a document of version 2012-10-17 must not take literally.
pub(crate) fn has_variables(text: &str) -> bool {
    text.contains("${")
}

/// Splits a text of a document of version 2012-10-17 into pieces.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(start) = rest.find("${") else {
            return Some(Piece::Plain(std::mem::take(&mut rest)));
        };
        if start > 0 {
            let (plain, behind) = rest.split_at_checked(start)?;
            rest = behind;
            return Some(Piece::Plain(plain));
        }
        // Without an end it is no variable.
        let Some((inside, behind)) = rest.strip_prefix("${").and_then(inside) else {
            return Some(Piece::Plain(std::mem::take(&mut rest)));
        };
        rest = behind;
        Some(variable(inside))
    })
}

/// Cuts an ARN pattern whose variables all stand behind the fifth colon there; `None` without variables, or when one
/// stands before.
pub(crate) fn fixed_arn_head(pattern: &str) -> Option<(&str, &str)> {
    let variable = pattern.find("${")?;
    let fifth = pattern.bytes().enumerate().filter(|(_, byte)| *byte == b':').nth(4)?.0;
    if variable < fifth {
        None
    } else {
        pattern.split_at_checked(fifth + 1)
    }
}

/// What stands before the closing brace, and what behind it; a brace inside the quotes of a default does not close.
fn inside(text: &str) -> Option<(&str, &str)> {
    let brace = text.find('}')?;
    let quote = text.find('\'').filter(|quote| *quote < brace);
    let end = match quote {
        Some(open) => {
            let close = text.get(open + 1..)?.find('\'').map(|at| open + 1 + at);
            close
                .and_then(|close| text.get(close..)?.find('}').map(|at| close + at))
                .unwrap_or(brace)
        }
        None => brace,
    };
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn variable(inside: &str) -> Piece<'_> {
    if matches!(inside, "*" | "?" | "$") {
        return Piece::Literal(inside);
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let quoted = default
                .trim()
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            (key, quoted)
        }
        None => (inside, None),
    };
    Piece::Variable {
        key: key.trim(),
        default,
    }
}

#[cfg(test)]
mod tests {
    use super::Piece::{Literal, Plain, Variable};
    use super::*;

    fn check(text: &str, expected: &[Piece<'_>]) {
        assert_eq!(pieces(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn texts_split_into_pieces() {
        let name = Variable {
            key: "aws:username",
            default: None,
        };
        check("", &[]);
        check("a*", &[Plain("a*")]);
        check("${aws:username}", &[name]);
        check("x/${aws:username}/*", &[Plain("x/"), name, Plain("/*")]);
        check("${*}${?}${$}", &[Literal("*"), Literal("?"), Literal("$")]);
        check(
            "${aws:t, 'a b'}",
            &[Variable {
                key: "aws:t",
                default: Some("a b"),
            }],
        );
        check(
            "${aws:t, ''}x",
            &[
                Variable {
                    key: "aws:t",
                    default: Some(""),
                },
                Plain("x"),
            ],
        );
        check(
            "${aws:t, 'a}b'}",
            &[Variable {
                key: "aws:t",
                default: Some("a}b"),
            }],
        );
        check("${aws:t", &[Plain("${aws:t")]);
        check("$x{y}", &[Plain("$x{y}")]);
        check("${}", &[Variable { key: "", default: None }]);
    }
}
