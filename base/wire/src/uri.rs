//! Paths and query strings: percent decoding and path templates.

use std::borrow::Cow;

/// Decodes `%XX`, and `+` as a blank when `plus` says so; `None` when the escapes are broken or no UTF-8 comes out.
pub fn decode(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|b| b == b'%' || (plus && b == b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'%' => {
                let high = hex(bytes.next()?)?;
                let low = hex(bytes.next()?)?;
                out.push(high << 4 | low);
            }
            b'+' if plus => out.push(b' '),
            b => out.push(b),
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn hex(b: u8) -> Option<u8> {
    (b as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The pairs of a query string or form, still encoded; the value is empty where there is no `=`.
pub fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Matches a path against a template such as `/2013-04-01/hostedzone/{Id}`; labels come back as sent, by name.
///
/// The template's query part (`/x?list`) must be among the request's parameters.
pub fn matches<'a>(template: &'static str, path: &'a str, query: &str) -> Option<Vec<(&'static str, &'a str)>> {
    let (template, wanted) = template.split_once('?').unwrap_or((template, ""));
    for (key, value) in pairs(wanted) {
        if !pairs(query).any(|(k, v)| k == key && (value.is_empty() || v == value)) {
            return None;
        }
    }
    let mut labels = Vec::new();
    let mut parts = template.trim_start_matches('/').split('/').peekable();
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    loop {
        let part = parts.next()?;
        let (greedy, label) = match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(label) => match label.strip_suffix('+') {
                Some(label) => (true, Some(label)),
                None => (false, Some(label)),
            },
            None => (false, None),
        };
        if greedy {
            // What follows a greedy label is matched from the end.
            let tail: Vec<&str> = parts.collect();
            let tail = tail.join("/");
            let value = if tail.is_empty() {
                rest
            } else {
                rest.strip_suffix(tail.as_str())?.strip_suffix('/')?
            };
            labels.push((label?, value));
            return Some(labels);
        }
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        match label {
            Some(label) => labels.push((label, segment)),
            None if segment == part => {}
            None => return None,
        }
        match (parts.peek(), after) {
            (None, None | Some("")) => return Some(labels),
            (Some(_), Some(after)) => rest = after,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_and_give_their_labels() {
        assert_eq!(matches("/", "/", ""), Some(vec![]));
        assert_eq!(
            matches("/v/zone/{Id}/rrset", "/v/zone/Z1/rrset", ""),
            Some(vec![("Id", "Z1")])
        );
        assert_eq!(matches("/v/zone/{Id}", "/v/zone/Z1/rrset", ""), None);
        assert_eq!(matches("/a/{b+}", "/a/x/y", ""), Some(vec![("b", "x/y")]));
        assert_eq!(matches("/a/{b+}/end", "/a/x/y/end", ""), Some(vec![("b", "x/y")]));
        assert_eq!(matches("/a?list", "/a", "list=1"), Some(vec![]));
        assert_eq!(matches("/a?list", "/a", "x"), None);
    }

    #[test]
    fn broken_escapes_are_refused() {
        assert_eq!(decode("a%20b+c", true).as_deref(), Some("a b c"));
        assert_eq!(decode("a+b", false).as_deref(), Some("a+b"));
        assert_eq!(decode("%2", true), None);
        assert_eq!(decode("%zz", true), None);
        assert_eq!(decode("%ff", true), None);
    }
}
