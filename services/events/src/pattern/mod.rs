//! Event patterns: which events a rule picks, compiled once and matched without allocating.
//!
//! A pattern mirrors the event: objects name members, arrays at the leaves list what a value may be. A value that is an
//! array matches when one of its elements does, and an element that is an object must match as a whole.

mod glob;
mod parse;
#[cfg(test)]
mod reference;
mod test;

use serde_json::{Map, Value};

use test::Test;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Fields);

/// What the members of an object must be; all of it must hold.
#[derive(Clone, Debug, Default)]
struct Fields {
    members: Vec<(String, Node)>,
    /// The alternatives of `$or`.
    any_of: Vec<Fields>,
}

/// What one member must be.
#[derive(Clone, Debug)]
enum Node {
    Object(Fields),
    /// One of these must hold for a value.
    Values(Vec<Test>),
}

impl Pattern {
    /// Compiles a pattern. Errors: why it is none, as `InvalidEventPatternException` tells it.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::pattern(text).map(Self)
    }

    /// Whether the pattern picks the event.
    pub fn matches(&self, event: &Value) -> bool {
        event.as_object().is_some_and(|event| self.0.match_object(event))
    }

    /// Whether events of this source can be picked at all; decides without looking at the rest of the pattern.
    pub fn takes_source(&self, source: &str) -> bool {
        let source = Value::String(source.to_owned());
        self.0
            .members
            .iter()
            .all(|(name, node)| name != "source" || node.matches(Some(&source)))
    }
}

impl Fields {
    fn match_object(&self, object: &Map<String, Value>) -> bool {
        self.members.iter().all(|(name, node)| node.matches(object.get(name)))
            && (self.any_of.is_empty() || self.any_of.iter().any(|fields| fields.match_object(object)))
    }

    /// Matches a value where an object is expected: what has no members has none that exist.
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Object(object)) => self.match_object(object),
            Some(Value::Array(elements)) if !elements.is_empty() => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            _ => self.match_object(&Map::new()),
        }
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(fields) => fields.matches(value),
            Self::Values(tests) => {
                let mut found = false;
                let some = value.is_some_and(|value| any_leaf(value, &mut found, tests));
                some || (!found && tests.iter().any(|test| matches!(test, Test::Exists(false))))
            }
        }
    }
}

/// Whether a test holds for one of the leaves of a value; notes whether there are any.
fn any_leaf(value: &Value, found: &mut bool, tests: &[Test]) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| any_leaf(element, found, tests)),
        Value::Object(_) => false,
        leaf => {
            *found = true;
            tests.iter().any(|test| test.holds(leaf))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "as `json!` gives them")]
    fn check(pattern: Value, event: Value) -> bool {
        Pattern::parse(&pattern.to_string()).unwrap().matches(&event)
    }

    #[test]
    fn values_match_one_of_those_listed() {
        let pattern = json!({"source": ["aws.ecs", "mine"], "detail": {"state": ["RUNNING"]}});
        assert!(check(
            pattern.clone(),
            json!({"source": "mine", "detail": {"state": "RUNNING", "more": 1}})
        ));
        assert!(!check(
            pattern.clone(),
            json!({"source": "mine", "detail": {"state": "STOPPED"}})
        ));
        assert!(!check(pattern.clone(), json!({"source": "mine"})));
        assert!(!check(
            pattern,
            json!({"source": "other", "detail": {"state": "RUNNING"}})
        ));
        assert!(check(json!({"a": [null, true, 3]}), json!({"a": null})));
        assert!(check(json!({"a": [null, true, 3]}), json!({"a": true})));
        assert!(!check(json!({"a": [null, true, 3]}), json!({"a": "3"})));
        assert!(check(json!({"a": [""]}), json!({"a": ""})));
        assert!(!check(json!({"a": [""]}), json!({"a": null})));
        // AWS: documented; numbers are compared as they are written.
        assert!(check(json!({"a": [300]}), json!({"a": 300})));
        assert!(!check(json!({"a": [300]}), json!({"a": 300.0})));
    }

    #[test]
    fn an_array_matches_when_one_element_does() {
        assert!(check(json!({"r": ["b"]}), json!({"r": ["a", "b"]})));
        assert!(!check(json!({"r": ["b"]}), json!({"r": []})));
        let of_one = json!({"c": {"name": ["web"], "status": ["STOPPED"]}});
        assert!(check(
            of_one.clone(),
            json!({"c": [{"name": "web", "status": "STOPPED"}, {"name": "x"}]})
        ));
        let mixed = json!({"c": [{"name": "web", "status": "RUNNING"}, {"name": "x", "status": "STOPPED"}]});
        assert!(!check(of_one, mixed));
    }

    #[test]
    fn texts_are_tested_by_prefix_suffix_case_and_wildcard() {
        let has = |test: Value, value: &str| check(json!({"a": [test]}), json!({"a": value}));
        assert!(has(json!({"prefix": "us-"}), "us-east-1") && !has(json!({"prefix": "us-"}), "eu"));
        assert!(has(json!({"suffix": ".png"}), "x.png") && !has(json!({"suffix": ".png"}), "x.PNG"));
        assert!(has(json!({"suffix": {"equals-ignore-case": ".png"}}), "x.PNG"));
        assert!(has(json!({"prefix": {"equals-ignore-case": "EventB"}}), "eventbridge"));
        assert!(has(json!({"equals-ignore-case": "Alice"}), "aLICE") && !has(json!({"equals-ignore-case": "a"}), "b"));
        assert!(
            has(json!({"wildcard": "dir/*.png"}), "dir/a/b.png") && !has(json!({"wildcard": "dir/*.png"}), "dir.png")
        );
        assert!(has(json!({"wildcard": "a\\*b"}), "a*b") && !has(json!({"wildcard": "a\\*b"}), "axb"));
        assert!(has(json!({"wildcard": "*"}), ""));
    }

    #[test]
    fn anything_but_needs_a_value_that_is_none_of_those() {
        let has = |test: Value, value: Value| check(json!({"a": [{"anything-but": test}]}), json!({"a": value}));
        assert!(has(json!("x"), json!("y")) && !has(json!("x"), json!("x")));
        assert!(has(json!(["x", "y"]), json!("z")) && !has(json!(["x", "y"]), json!("y")));
        assert!(has(json!([1, 2]), json!(3)) && !has(json!([1, 2]), json!(2)));
        assert!(has(json!({"prefix": "us-"}), json!("eu-1")) && !has(json!({"prefix": "us-"}), json!("us-1")));
        assert!(!has(json!({"prefix": ["us-", "eu-"]}), json!("eu-1")));
        assert!(!has(json!({"suffix": ".png"}), json!("a.png")));
        assert!(!has(json!({"equals-ignore-case": ["INIT"]}), json!("init")));
        assert!(!has(json!({"wildcard": "*/lib/*"}), json!("/usr/lib/x")));
        assert!(has(json!({"wildcard": ["*/lib/*", "*/bin/*"]}), json!("/usr/share/x")));
        assert!(!check(json!({"a": [{"anything-but": "x"}]}), json!({})));
        assert!(has(json!("x"), json!(["x", "y"])), "one element is enough");
    }

    #[test]
    fn numbers_are_tested_by_range() {
        let has = |test: Value, value: Value| check(json!({"a": [{"numeric": test}]}), json!({"a": value}));
        assert!(
            has(json!(["=", 100]), json!(100))
                && has(json!(["=", 100]), json!(1e2))
                && !has(json!(["=", 100]), json!("100"))
        );
        assert!(has(json!([">", 10, "<=", 20]), json!(20)) && !has(json!([">", 10, "<=", 20]), json!(10)));
        assert!(has(json!(["<", 0.5]), json!(0.25)) && !has(json!(["<", 0.5]), json!(0.5)));
        assert!(has(json!([">=", -3.1]), json!(-3.1)));
    }

    #[test]
    fn members_can_be_asked_to_exist_or_not() {
        let has = json!({"a": {"b": [{"exists": true}]}});
        assert!(check(has.clone(), json!({"a": {"b": null}})) && !check(has.clone(), json!({"a": {"b": {"c": 1}}})));
        assert!(!check(has, json!({"a": {}})));
        let hasnt = json!({"a": {"b": [{"exists": false}]}});
        assert!(check(hasnt.clone(), json!({})) && check(hasnt.clone(), json!({"a": {"c": 1}})));
        assert!(!check(hasnt, json!({"a": {"b": 1}})));
    }

    #[test]
    fn addresses_are_tested_by_block() {
        let has = |block: &str, value: &str| check(json!({"ip": [{"cidr": block}]}), json!({"ip": value}));
        assert!(has("10.0.0.0/24", "10.0.0.255") && !has("10.0.0.0/24", "10.0.1.0") && !has("10.0.0.0/24", "::1"));
        assert!(has("2001:db8::/32", "2001:db8:1::1") && !has("2001:db8::/32", "2001:db9::1"));
        assert!(has("0.0.0.0/0", "255.255.255.255") && !has("0.0.0.0/0", "x"));
    }

    #[test]
    fn or_picks_one_of_several_objects() {
        let pattern =
            json!({"source": ["mine"], "$or": [{"detail": {"a": [1]}}, {"detail": {"b": [{"prefix": "x"}]}}]});
        assert!(check(pattern.clone(), json!({"source": "mine", "detail": {"a": 1}})));
        assert!(check(
            pattern.clone(),
            json!({"source": "mine", "detail": {"a": 2, "b": "xy"}})
        ));
        assert!(!check(pattern.clone(), json!({"source": "mine", "detail": {"a": 2}})));
        assert!(!check(pattern, json!({"source": "other", "detail": {"a": 1}})));
    }

    #[test]
    fn the_source_alone_can_tell_that_nothing_is_picked() {
        let ours = Pattern::parse(r#"{"source": [{"prefix": "my."}], "detail": {"a": [1]}}"#).unwrap();
        assert!(ours.takes_source("my.app") && !ours.takes_source("aws.ecs"));
        assert!(
            Pattern::parse(r#"{"detail": {"a": [1]}}"#)
                .unwrap()
                .takes_source("aws.ecs")
        );
    }
}
