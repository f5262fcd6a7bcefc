//! One member of a secret that is JSON, as text.

use std::fmt::Write as _;

use serde_json::Value;

/// The member of that name. Ends with the reason where the secret is no JSON object or has no such member.
pub fn member(secret: &str, key: &str) -> Result<String, String> {
    let not_json = || {
        // AWS: the words of the agent's parser, which stops at the first character that cannot begin a value.
        match secret.trim_start().chars().next() {
            None => "unexpected end of JSON input".to_owned(),
            Some(first) => format!("invalid character '{first}' looking for beginning of value"),
        }
    };
    let parsed: Value = serde_json::from_str(secret).map_err(|_| not_json())?;
    match parsed.get(key) {
        Some(value) => {
            let mut text = String::new();
            write(&mut text, value);
            Ok(text)
        }
        None => Err(format!(
            "retrieved secret from Secrets Manager did not contain json key {key}"
        )),
    }
}

// AWS: what is no text is written as the agent's language writes values: `map[a:1]`, `[1 2]`, `<nil>`.
fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::String(own) => text.push_str(own),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { " " });
                write(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push_str("map[");
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            for (at, (name, item)) in sorted.into_iter().enumerate() {
                let _ = write!(text, "{}{name}:", if at == 0 { "" } else { " " });
                write(text, item);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn a_member_is_told_as_the_agent_tells_it() {
        let secret =
            r#"{"text": "a b", "port": 5432, "on": true, "none": null, "list": [1, "x"], "deep": {"b": 2, "a": 1}}"#;
        for (key, value) in [
            ("text", "a b"),
            ("port", "5432"),
            ("on", "true"),
            ("none", "<nil>"),
            ("list", "[1 x]"),
            ("deep", "map[a:1 b:2]"),
        ] {
            assert_eq!(member(secret, key).unwrap(), value);
        }
        assert_eq!(
            member(secret, "other").unwrap_err(),
            "retrieved secret from Secrets Manager did not contain json key other"
        );
        assert_eq!(
            member("'x'", "a").unwrap_err(),
            "invalid character '\\'' looking for beginning of value".replace('\\', "")
        );
        assert!(member("", "a").is_err());
    }
}
