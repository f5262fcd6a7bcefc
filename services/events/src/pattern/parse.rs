//! From the text of a pattern to its compiled form, refusing what EventBridge refuses.

use serde_json::{Map, Value};

use super::glob::Glob;
use super::test::{Block, Bounds, Test, TextTest};
use super::{Fields, Node};

/// The largest number that ranges may name, either way.
const MAX_NUMBER: f64 = 5.0e9;
/// The member that lists alternatives.
const OR: &str = "$or";

type Parsed<T> = Result<T, String>;

/// Compiles a whole pattern.
pub fn pattern(text: &str) -> Parsed<Fields> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match &value {
        Value::Object(object) => fields(object),
        _ => Err("Filter is not an object".to_owned()),
    }
}

fn fields(object: &Map<String, Value>) -> Parsed<Fields> {
    if object.is_empty() {
        return Err("Empty objects are not allowed".to_owned());
    }
    let mut found = Fields::default();
    for (name, value) in object {
        if let (OR, Value::Array(alternatives)) = (name.as_str(), value) {
            found.any_of = any_of(alternatives)?;
        } else {
            found.members.push((name.clone(), node(name, value)?));
        }
    }
    Ok(found)
}

fn any_of(alternatives: &[Value]) -> Parsed<Vec<Fields>> {
    let of_two = || "There must have at least 2 Objects in \"$or\" relationship".to_owned();
    if alternatives.len() < 2 {
        return Err(of_two());
    }
    alternatives
        .iter()
        .map(|alternative| match alternative {
            Value::Object(object) => fields(object),
            _ => Err(of_two()),
        })
        .collect()
}

fn node(name: &str, value: &Value) -> Parsed<Node> {
    match value {
        Value::Object(object) => fields(object).map(Node::Object),
        Value::Array(tests) if tests.is_empty() => Err("Empty arrays are not allowed".to_owned()),
        Value::Array(tests) => tests.iter().map(test).collect::<Parsed<_>>().map(Node::Values),
        _ => Err(format!("\"{name}\" must be an object or an array")),
    }
}

fn test(value: &Value) -> Parsed<Test> {
    match value {
        Value::Object(object) => operator(object),
        Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
        plain => Ok(Test::Equals(plain.clone())),
    }
}

fn only(object: &Map<String, Value>) -> Parsed<(&str, &Value)> {
    match (object.len(), object.iter().next()) {
        (1, Some((name, value))) => Ok((name, value)),
        (0, _) | (_, None) => Err("Empty match expressions are not allowed".to_owned()),
        _ => Err("Only one key allowed in match expression".to_owned()),
    }
}

fn operator(object: &Map<String, Value>) -> Parsed<Test> {
    let (name, value) = only(object)?;
    match name {
        "exists" => value
            .as_bool()
            .map(Test::Exists)
            .ok_or_else(|| "exists match pattern must be either true or false.".to_owned()),
        "numeric" => bounds(value).map(Test::Numeric),
        "cidr" => {
            let text = value.as_str().ok_or("cidr match pattern must be a string")?;
            let block = Block::parse(text).ok_or_else(|| format!("Malformed CIDR, one '/' required: {text}"))?;
            Ok(Test::Cidr(block))
        }
        "anything-but" => anything_but(value),
        _ => text_test(name, value).map(Test::Text),
    }
}

fn text<'a>(name: &str, value: &'a Value) -> Parsed<&'a str> {
    value
        .as_str()
        .ok_or_else(|| format!("{name} match pattern must be a string"))
}

/// The text of `{"equals-ignore-case": …}` where a prefix or suffix has it.
fn in_any_case<'a>(name: &str, value: &'a Value) -> Parsed<Option<&'a str>> {
    let Value::Object(object) = value else {
        return Ok(None);
    };
    match only(object)? {
        ("equals-ignore-case", value) => text("equals-ignore-case", value).map(Some),
        (other, _) => Err(format!("Unsupported anything-but pattern: {name} {other}")),
    }
}

fn text_test(name: &str, value: &Value) -> Parsed<TextTest> {
    let own = |text: &str| text.to_owned();
    match name {
        "prefix" => Ok(match in_any_case(name, value)? {
            Some(start) => TextTest::PrefixIgnoreCase(own(start)),
            None => TextTest::Prefix(own(text(name, value)?)),
        }),
        "suffix" => Ok(match in_any_case(name, value)? {
            Some(end) => TextTest::SuffixIgnoreCase(own(end)),
            None => TextTest::Suffix(own(text(name, value)?)),
        }),
        "equals-ignore-case" => Ok(TextTest::IgnoreCase(own(text(name, value)?))),
        "wildcard" => Glob::parse(text(name, value)?).map(TextTest::Wildcard),
        other => Err(format!("Unrecognized match type {other}")),
    }
}

fn anything_but(value: &Value) -> Parsed<Test> {
    let malformed = || "Value of anything-but must be an array or single string/number value.".to_owned();
    match value {
        Value::String(_) | Value::Number(_) => Ok(Test::AnythingBut(vec![value.clone()])),
        Value::Array(all) if all.is_empty() => Err("Empty arrays are not allowed".to_owned()),
        Value::Array(all) if all.iter().all(Value::is_string) || all.iter().all(Value::is_number) => {
            Ok(Test::AnythingBut(all.clone()))
        }
        Value::Array(all) if all.iter().all(|one| one.is_string() || one.is_number()) => Err(
            "Inside anything but list, either all values are number or string, mixed type is not supported".to_owned(),
        ),
        Value::Object(object) => {
            let (name, value) = only(object)?;
            if !matches!(name, "prefix" | "suffix" | "equals-ignore-case" | "wildcard") {
                return Err(format!("Unsupported anything-but pattern: {name}"));
            }
            match value {
                Value::Array(all) if all.is_empty() => Err("Empty arrays are not allowed".to_owned()),
                Value::Array(all) => {
                    let tests = all.iter().map(|one| text_test(name, one)).collect::<Parsed<_>>()?;
                    Ok(Test::Not(tests))
                }
                one => Ok(Test::Not(vec![text_test(name, one)?])),
            }
        }
        _ => Err(malformed()),
    }
}

fn bounds(value: &Value) -> Parsed<Bounds> {
    let parts = value.as_array().ok_or("Value of numeric must be an array.")?;
    let mut pairs = parts.chunks(2).map(|pair| match pair {
        [Value::String(comparison), Value::Number(number)] => {
            let number = number.as_f64().filter(|number| number.abs() <= MAX_NUMBER);
            let number = number.ok_or("Value must be between -5.0E9 and 5.0E9, inclusive")?;
            Ok((comparison.as_str(), number))
        }
        [Value::String(comparison)] => Err(format!("Value of {comparison} must be numeric")),
        _ => Err("Invalid member in numeric match".to_owned()),
    });
    let first = pairs.next().ok_or("Invalid member in numeric match")??;
    let second = pairs.next().transpose()?;
    let mut found = Bounds::default();
    match (first, second) {
        (("=", number), None) => (found.lower, found.upper) = (Some((number, true)), Some((number, true))),
        (("<", number), None) => found.upper = Some((number, false)),
        (("<=", number), None) => found.upper = Some((number, true)),
        ((">", number), None) => found.lower = Some((number, false)),
        ((">=", number), None) => found.lower = Some((number, true)),
        ((low @ (">" | ">="), from), Some((high @ ("<" | "<="), to))) => {
            if from >= to {
                return Err("Bottom must be less than top".to_owned());
            }
            found.lower = Some((from, low == ">="));
            found.upper = Some((to, high == "<="));
        }
        ((comparison, _), _) => return Err(format!("Unrecognized numeric range operator: {comparison}")),
    }
    match pairs.next() {
        None => Ok(found),
        Some(_) => Err("Too many elements in numeric expression".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_refused_with_the_reason() {
        for (text, reason) in [
            ("{", "EOF"),
            ("[]", "Filter is not an object"),
            ("{}", "Empty objects are not allowed"),
            (r#"{"source": {}}"#, "Empty objects are not allowed"),
            (r#"{"source": []}"#, "Empty arrays are not allowed"),
            (r#"{"source": "aws.ecs"}"#, "\"source\" must be an object or an array"),
            (r#"{"source": [["a"]]}"#, "Match value must be"),
            (r#"{"a": [{"like": "x"}]}"#, "Unrecognized match type like"),
            (
                r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
                "Only one key allowed in match expression",
            ),
            (r#"{"a": [{"prefix": 1}]}"#, "prefix match pattern must be a string"),
            (
                r#"{"a": [{"exists": "yes"}]}"#,
                "exists match pattern must be either true or false.",
            ),
            (r#"{"a": [{"numeric": [">"]}]}"#, "Value of > must be numeric"),
            (r#"{"a": [{"numeric": []}]}"#, "Invalid member in numeric match"),
            (
                r#"{"a": [{"numeric": [">", 5, "<", 1]}]}"#,
                "Bottom must be less than top",
            ),
            (
                r#"{"a": [{"numeric": ["!", 5]}]}"#,
                "Unrecognized numeric range operator: !",
            ),
            (
                r#"{"a": [{"numeric": ["=", 1, "=", 2]}]}"#,
                "Unrecognized numeric range operator: =",
            ),
            (r#"{"a": [{"numeric": ["<", 6e9]}]}"#, "Value must be between"),
            (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "Malformed CIDR"),
            (r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#, "Malformed CIDR"),
            (r#"{"a": [{"anything-but": ["x", 1]}]}"#, "Inside anything but list"),
            (r#"{"a": [{"anything-but": []}]}"#, "Empty arrays are not allowed"),
            (
                r#"{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}"#,
                "Unsupported anything-but pattern: cidr",
            ),
            (r#"{"a": [{"anything-but": null}]}"#, "Value of anything-but"),
            (
                r#"{"a": [{"wildcard": "a**b"}]}"#,
                "Consecutive wildcard characters at pos 1",
            ),
            (r#"{"a": [{"wildcard": "a\\b"}]}"#, "Invalid escape character at pos 1"),
            (r#"{"$or": [{"a": [1]}]}"#, "There must have at least 2 Objects"),
        ] {
            let said = pattern(text).unwrap_err();
            assert!(said.starts_with(reason), "{text}: {said}");
        }
    }
}
