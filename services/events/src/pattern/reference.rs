//! A second, slow and obvious matcher, to compare the real one with.
//!
//! It says what the documentation says: an event is flattened, with one element chosen of every array, into names and
//! values; a pattern is a choice of alternatives, each a list of names with what their values may be.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Pattern;

type Flat = BTreeMap<String, Value>;

/// Every flat form of a value: one for each choice of elements.
fn flatten(name: &str, value: &Value) -> Vec<Flat> {
    match value {
        Value::Object(members) => {
            let mut all = vec![Flat::new()];
            for (member, value) in members {
                let name = format!("{name}/{member}");
                let choices = flatten(&name, value);
                all = all
                    .iter()
                    .flat_map(|flat| {
                        choices.iter().map(|choice| {
                            let mut joined = flat.clone();
                            joined.extend(choice.clone());
                            joined
                        })
                    })
                    .collect();
            }
            all
        }
        Value::Array(elements) if elements.is_empty() => vec![Flat::new()],
        Value::Array(elements) => elements.iter().flat_map(|element| flatten(name, element)).collect(),
        leaf => vec![Flat::from([(name.to_owned(), leaf.clone())])],
    }
}

/// Every way to fulfil a pattern.
fn alternatives(name: &str, pattern: &Value) -> Vec<Vec<(String, Value)>> {
    let mut all = vec![Vec::new()];
    for (member, value) in pattern.as_object().unwrap() {
        let choices: Vec<Vec<(String, Value)>> = if member == "$or" {
            value
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|one| alternatives(name, one))
                .collect()
        } else if value.is_object() {
            alternatives(&format!("{name}/{member}"), value)
        } else {
            vec![vec![(format!("{name}/{member}"), value.clone())]]
        };
        all = all
            .iter()
            .flat_map(|so_far| {
                choices
                    .iter()
                    .map(|choice| [so_far.as_slice(), choice.as_slice()].concat())
            })
            .collect();
    }
    all
}

fn matches(pattern: &Value, event: &Value) -> bool {
    flatten("", event).iter().any(|flat| {
        alternatives("", pattern).iter().any(|all| {
            all.iter()
                .all(|(name, tests)| tests.as_array().unwrap().iter().any(|test| holds(test, flat.get(name))))
        })
    })
}

fn holds(test: &Value, value: Option<&Value>) -> bool {
    let Some((operator, wanted)) = test.as_object().map(|object| object.iter().next().unwrap()) else {
        return value == Some(test);
    };
    if operator == "exists" {
        return value.is_some() == wanted.as_bool().unwrap();
    }
    let Some(value) = value else { return false };
    let string = value.as_str();
    match (operator.as_str(), wanted) {
        ("prefix", Value::String(start)) => string.is_some_and(|string| string.get(..start.len()) == Some(start)),
        ("suffix", Value::String(end)) => string.is_some_and(|string| string.ends_with(end.as_str())),
        ("prefix", wanted) => string.is_some_and(|string| {
            let start = wanted["equals-ignore-case"].as_str().unwrap().to_lowercase();
            string.to_lowercase().starts_with(&start)
        }),
        ("suffix", wanted) => string.is_some_and(|string| {
            let end = wanted["equals-ignore-case"].as_str().unwrap().to_lowercase();
            string.to_lowercase().ends_with(&end)
        }),
        ("equals-ignore-case", wanted) => {
            string.is_some_and(|string| string.to_lowercase() == wanted.as_str().unwrap().to_lowercase())
        }
        ("wildcard", wanted) => {
            string.is_some_and(|string| glob(wanted.as_str().unwrap().as_bytes(), string.as_bytes()))
        }
        ("cidr", wanted) => {
            let (block, prefix) = wanted.as_str().unwrap().split_once('/').unwrap();
            let bits = |address: IpAddr| -> Vec<bool> {
                let bytes = match address {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                };
                bytes
                    .iter()
                    .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
                    .collect()
            };
            let block = bits(block.parse().unwrap());
            let prefix: usize = prefix.parse().unwrap();
            let address = string.and_then(|string| string.parse().ok()).map(bits);
            address.is_some_and(|a| a.len() == block.len() && a[..prefix] == block[..prefix])
        }
        ("numeric", wanted) => value.as_f64().is_some_and(|number| {
            wanted.as_array().unwrap().chunks(2).all(|pair| {
                let bound = pair[1].as_f64().unwrap();
                match pair[0].as_str().unwrap() {
                    "=" => (number - bound).abs() < 1e-9,
                    "<" => number < bound,
                    "<=" => number <= bound,
                    ">" => number > bound,
                    _ => number >= bound,
                }
            })
        }),
        (_, Value::Array(none)) => !none.contains(value),
        (_, Value::Object(inner)) => {
            let (name, wanted) = inner.iter().next().unwrap();
            let one = |wanted: &Value| {
                let mut test = json!({});
                test[name] = wanted.clone();
                holds(&test, Some(value))
            };
            match wanted {
                Value::Array(all) => !all.iter().any(one),
                single => !one(single),
            }
        }
        (_, none) => none != value,
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, _) => text.is_empty(),
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        (Some((b'\\', rest)), Some((byte, after))) => rest[0] == *byte && glob(&rest[1..], after),
        (Some((wanted, rest)), Some((byte, after))) => wanted == byte && glob(rest, after),
        (Some(_), None) => false,
    }
}

fn word() -> impl Strategy<Value = String> {
    "[abB*]{0,3}"
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        word().prop_map(Value::from),
        (-2..4i32).prop_map(Value::from),
        Just(json!(0.5)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just("10.0.0.1"), Just("10.0.3.9"), Just("::1")].prop_map(Value::from),
    ]
}

fn event() -> impl Strategy<Value = Value> {
    let object = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map("[abc]", inner, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed()
    };
    let leaves = || prop_oneof![3 => leaf(), 1 => prop::collection::vec(leaf(), 0..3).prop_map(Value::Array)].boxed();
    let inner = object(leaves());
    let members = prop_oneof![
        2 => leaves(),
        2 => inner.clone(),
        // All elements of an array are of one kind: what a mixed one means is documented nowhere.
        1 => prop::collection::vec(inner, 1..3).prop_map(Value::Array),
    ];
    object(members.boxed())
}

fn wildcard() -> impl Strategy<Value = String> {
    "(a|b|\\\\\\*|\\\\\\\\){0,2}(\\*(a|b){1,2}){0,2}\\*?"
}

fn test() -> impl Strategy<Value = Value> {
    let numeric = prop_oneof![
        (
            prop_oneof![Just("="), Just("<"), Just("<="), Just(">"), Just(">=")],
            -2..4i32
        )
            .prop_map(|(o, n)| json!([o, n])),
        (
            prop_oneof![Just(">"), Just(">=")],
            -2..1i32,
            prop_oneof![Just("<"), Just("<=")],
            1..4i32
        )
            .prop_map(|(low, from, high, to)| json!([low, from, high, to])),
    ];
    let inner = || {
        prop_oneof![
            word().prop_map(|w| json!({ "prefix": w })),
            word().prop_map(|w| json!({ "suffix": w })),
            word().prop_map(|w| json!({ "equals-ignore-case": w })),
            wildcard().prop_map(|w| json!({ "wildcard": w })),
            prop::collection::vec(word(), 1..3).prop_map(|all| json!({ "prefix": all })),
        ]
    };
    prop_oneof![
        4 => leaf(),
        1 => word().prop_map(|w| json!({ "prefix": w })),
        1 => word().prop_map(|w| json!({ "suffix": w })),
        1 => word().prop_map(|w| json!({ "prefix": { "equals-ignore-case": w } })),
        1 => word().prop_map(|w| json!({ "suffix": { "equals-ignore-case": w } })),
        1 => word().prop_map(|w| json!({ "equals-ignore-case": w })),
        1 => wildcard().prop_map(|w| json!({ "wildcard": w })),
        1 => numeric.prop_map(|n| json!({ "numeric": n })),
        1 => any::<bool>().prop_map(|e| json!({ "exists": e })),
        1 => prop_oneof![Just("10.0.0.0/23"), Just("10.0.0.0/8"), Just("::/64"), Just("0.0.0.0/0")].prop_map(|c| json!({ "cidr": c })),
        1 => word().prop_map(|w| json!({ "anything-but": w })),
        1 => (-2..4i32).prop_map(|n| json!({ "anything-but": [n] })),
        1 => prop::collection::vec(word(), 1..3).prop_map(|all| json!({ "anything-but": all })),
        1 => inner().prop_map(|i| json!({ "anything-but": i })),
    ]
}

fn pattern() -> impl Strategy<Value = Value> {
    let tests = || prop::collection::vec(test(), 1..3).prop_map(Value::Array).boxed();
    let object = |inner: BoxedStrategy<Value>, names: &'static str| {
        prop::collection::btree_map(names, inner, 1..3)
            .prop_map(|m| Value::Object(m.into_iter().collect()))
            .boxed()
    };
    let inner = (
        object(tests(), "[abc]"),
        prop::option::of(prop::collection::vec(object(tests(), "[abc]"), 2..3)),
    )
        .prop_map(|(mut members, or)| {
            if let Some(or) = or {
                members["$or"] = Value::Array(or);
            }
            members
        });
    let nested = || prop_oneof![1 => tests(), 1 => inner.clone().boxed()].boxed();
    // Alternatives and the rest of a pattern name different members: an element chosen for one need not be that of the other.
    (
        object(nested(), "[ab]"),
        prop::option::of(prop::collection::vec(object(nested(), "[c]"), 2..3)),
    )
        .prop_map(|(mut members, or)| {
            if let Some(or) = or {
                members["$or"] = Value::Array(or);
            }
            members
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_compiled_matcher_agrees_with_the_obvious_one(pattern in pattern(), event in event()) {
        let compiled = Pattern::parse(&pattern.to_string()).map_err(|why| TestCaseError::fail(format!("{why}: {pattern}")))?;
        prop_assert_eq!(compiled.matches(&event), matches(&pattern, &event), "{} on {}", pattern, event);
    }

    #[test]
    fn no_text_breaks_the_parser(text in r#"[\[\]{}:,"a-c$*\\0-9 ]{0,40}"#) {
        let _ = Pattern::parse(&text);
    }
}
