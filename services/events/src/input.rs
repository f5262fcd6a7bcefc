//! What a target gets: the event, a part of it, a constant, or what a template makes of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api_events::{InputTransformer, Target};
use roadstead_core::Timestamp;
use serde_json::value::RawValue;

/// What templates can name besides the event's own parts.
pub struct About<'a> {
    /// The rule's ARN.
    pub rule_arn: &'a str,
    /// The rule's name.
    pub rule: &'a str,
    /// When the event was accepted.
    pub ingested: Timestamp,
}

/// What the target gets of an event, given as text.
pub fn of(target: &Target, event: &str, about: &About<'_>) -> String {
    if let Some(constant) = &target.input {
        return constant.clone();
    }
    if let Some(path) = &target.input_path {
        return Path::parse(path)
            .and_then(|path| path.find(event))
            .map_or_else(String::new, Cow::into_owned);
    }
    match &target.input_transformer {
        Some(transformer) => transform(transformer, event, about),
        None => event.to_owned(),
    }
}

/// A way into an event: `$.detail.containers[0].name` or `$['detail']['state']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

impl Path {
    /// Reads a path; `None` for what is none, or is more than members and elements.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, after) = after.split_at_checked(end)?;
                if name.is_empty() || name == "*" {
                    return None;
                }
                steps.push(Step::Member(name.to_owned()));
                rest = after;
            } else {
                let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
                let quoted = |quote| inside.strip_prefix(quote)?.strip_suffix(quote);
                steps.push(match quoted('\'').or_else(|| quoted('"')) {
                    Some(name) => Step::Member(name.to_owned()),
                    None => Step::Element(inside.parse().ok()?),
                });
                rest = after;
            }
        }
        Some(Self(steps))
    }

    /// The text of what is there, as it stands in the event.
    pub fn find<'a>(&self, event: &'a str) -> Option<Cow<'a, str>> {
        let mut found: &RawValue = serde_json::from_str(event).ok()?;
        for step in &self.0 {
            found = match step {
                Step::Member(name) => {
                    let members: BTreeMap<String, &RawValue> = serde_json::from_str(found.get()).ok()?;
                    members.get(name).copied()?
                }
                Step::Element(at) => {
                    let elements: Vec<&RawValue> = serde_json::from_str(found.get()).ok()?;
                    elements.get(*at).copied()?
                }
            };
        }
        Some(Cow::Borrowed(found.get()))
    }
}

/// Fills in a template: a variable between quotes becomes text, one outside becomes the JSON value itself.
fn transform(transformer: &InputTransformer, event: &str, about: &About<'_>) -> String {
    let mut values = BTreeMap::new();
    for (name, path) in transformer.input_paths_map.iter().flatten() {
        let found = Path::parse(path).and_then(|path| path.find(event));
        values.insert(name.as_str(), found);
    }
    let value = |name: &str| -> Option<Cow<'_, str>> {
        let text = |text: &str| Some(Cow::Owned(serde_json::Value::from(text).to_string()));
        match name {
            "aws.events.rule-arn" => text(about.rule_arn),
            "aws.events.rule-name" => text(about.rule),
            "aws.events.event.ingestion-time" => text(&about.ingested.iso8601()),
            "aws.events.event" | "aws.events.event.json" => Some(Cow::Borrowed(event)),
            // AWS: documented; what is not in the event does not show.
            name => values.get(name).map(|found| found.clone().unwrap_or_default()),
        }
    };
    let mut made = String::with_capacity(transformer.input_template.len());
    let mut rest = transformer.input_template.as_str();
    let (mut quoted, mut escaped) = (false, false);
    while let Some(character) = rest.chars().next() {
        let variable = rest
            .strip_prefix('<')
            .and_then(|after| after.split_once('>'))
            .and_then(|(name, after)| Some((value(name)?, after)));
        if let Some((value, after)) = variable {
            made.push_str(&if quoted { as_text(&value) } else { value });
            rest = after;
            continue;
        }
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        made.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    made
}

/// A value inside a text: a text without its quotes, anything else as JSON with its quotes escaped.
fn as_text(value: &str) -> Cow<'_, str> {
    let inside = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inside {
        Some(inside) => Cow::Borrowed(inside),
        None => Cow::Owned(value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"version":"0","detail-type":"T","source":"mine","resources":["a","b"],"detail":{"z":1,"a":{"b":"x \"y\""},"n":2.50,"c":[{"k":null}]}}"#;

    fn about() -> About<'static> {
        About {
            rule_arn: "arn:aws:events:us-east-1:000000000000:rule/r",
            rule: "r",
            ingested: Timestamp::from_secs(1_795_500_000),
        }
    }

    fn check(path: &str) -> Option<String> {
        Path::parse(path).and_then(|path| path.find(EVENT).map(Cow::into_owned))
    }

    fn template(paths: &[(&str, &str)], template: &str) -> String {
        let own = |(name, path): &(&str, &str)| ((*name).to_owned(), (*path).to_owned());
        let target = Target {
            input_transformer: Some(InputTransformer {
                input_paths_map: Some(paths.iter().map(own).collect()),
                input_template: template.to_owned(),
            }),
            ..Target::default()
        };
        of(&target, EVENT, &about())
    }

    #[test]
    fn a_path_leads_to_a_part_of_the_event_as_it_is_written() {
        assert_eq!(check("$").as_deref(), Some(EVENT));
        assert_eq!(check("$.detail.a").as_deref(), Some(r#"{"b":"x \"y\""}"#));
        assert_eq!(check("$.detail.n").as_deref(), Some("2.50"));
        assert_eq!(check("$.resources[1]").as_deref(), Some("\"b\""));
        assert_eq!(check("$.detail.c[0].k").as_deref(), Some("null"));
        assert_eq!(check("$['detail-type']").as_deref(), Some("\"T\""));
        assert_eq!(check("$.detail-type").as_deref(), Some("\"T\""));
        assert_eq!(check("$.detail.nowhere"), None);
        assert_eq!(check("$.resources[7]"), None);
        for text in [
            "", "detail", "$detail", "$.", "$..a", "$.a[", "$.a[*]", "$.*", "$.a[-1]",
        ] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }

    #[test]
    fn variables_are_text_between_quotes_and_values_outside() {
        let paths = [
            ("b", "$.detail.a.b"),
            ("n", "$.detail.n"),
            ("a", "$.detail.a"),
            ("no", "$.no"),
        ];
        assert_eq!(template(&paths, r#""It is <b>, <n>.""#), r#""It is x \"y\", 2.50.""#);
        assert_eq!(
            template(&paths, r#"{"b": <b>, "n": <n>, "a": <a>}"#),
            r#"{"b": "x \"y\"", "n": 2.50, "a": {"b":"x \"y\""}}"#
        );
        assert_eq!(
            template(&paths, r#"{"a": "is <a>", "gone": "<no>"}"#),
            r#"{"a": "is {\"b\":\"x \\\"y\\\"\"}", "gone": ""}"#
        );
        assert_eq!(
            template(&paths, r#""1 < 2, <unknown> and \"<b>""#),
            r#""1 < 2, <unknown> and \"x \"y\"""#
        );
        assert_eq!(
            template(
                &[],
                r#"{"rule": <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>, "all": <aws.events.event>}"#
            ),
            format!(r#"{{"rule": "r", "at": "2026-11-24T06:00:00Z", "all": {EVENT}}}"#)
        );
    }

    #[test]
    fn a_constant_a_part_and_nothing_in_particular() {
        let with = |input: Option<&str>, path: Option<&str>| {
            let target = Target {
                input: input.map(ToOwned::to_owned),
                input_path: path.map(ToOwned::to_owned),
                ..Target::default()
            };
            of(&target, EVENT, &about())
        };
        assert_eq!(with(Some("{\"a\":1}"), None), "{\"a\":1}");
        assert_eq!(with(None, Some("$.detail.z")), "1");
        assert_eq!(with(None, None), EVENT);
    }
}
