//! JSON patterns: `{ ($.a.b = "x") && ($.n > 3) || ($.list[0] NOT EXISTS) }`.

use roadstead_kernel::Result;
use serde_json::Value;

use super::read::{Comparison, Parser};
use super::{bad_characters, unreadable};

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 32;

/// A condition on a JSON value.
#[derive(Debug)]
pub enum Expression {
    /// One of them holds.
    Any(Vec<Self>),
    /// All of them hold.
    All(Vec<Self>),
    /// A property fulfils a test.
    Test(Vec<Step>, Test),
}

/// A step from a value into it.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// A member by name.
    Member(String),
    /// An element by index.
    Element(usize),
    /// Each element.
    Each,
}

/// What a property is tested for.
#[derive(Debug)]
pub enum Test {
    /// The property is there and compares so.
    Compared(Comparison),
    /// The property is this literal.
    Is(Value),
    /// There is no such property.
    Missing,
}

impl Expression {
    /// Reads a pattern with its braces. Errors: `InvalidParameterException`.
    pub fn parse(text: &str) -> Result<Self> {
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.trim_end().strip_suffix('}'));
        let mut parser = Parser::new(inner.ok_or_else(|| unreadable("a brace is not closed"))?);
        let expression = parser.any(0)?;
        parser.end()?;
        Ok(expression)
    }

    /// Whether a value fulfils the condition.
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(value)),
            Self::All(parts) => parts.iter().all(|part| part.matches(value)),
            Self::Test(path, Test::Missing) => !holds(value, path, &|_| true),
            Self::Test(path, test) => holds(value, path, &|found| test.holds(found)),
        }
    }
}

/// Whether any of the values at the end of a path passes a test.
fn holds(value: &Value, path: &[Step], test: &dyn Fn(&Value) -> bool) -> bool {
    let Some((step, path)) = path.split_first() else {
        return test(value);
    };
    match step {
        Step::Member(name) => value.get(name).is_some_and(|value| holds(value, path, test)),
        Step::Element(index) => value.get(index).is_some_and(|value| holds(value, path, test)),
        Step::Each => value
            .as_array()
            .is_some_and(|list| list.iter().any(|value| holds(value, path, test))),
    }
}

impl Test {
    fn holds(&self, found: &Value) -> bool {
        match self {
            Self::Compared(comparison) => comparison.holds_for(found),
            Self::Is(literal) => found == literal,
            Self::Missing => false,
        }
    }
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.all(depth)?];
        while self.take("||") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::Any(parts)
        })
    }

    fn all(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.one(depth)?];
        while self.take("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::All(parts)
        })
    }

    fn one(&mut self, depth: usize) -> Result<Expression> {
        if depth > MAX_DEPTH {
            return Err(unreadable("parentheses are nested too deeply"));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(unreadable("a parenthesis is not closed"))
            };
        }
        let path = self.path()?;
        Ok(Expression::Test(path, self.test()?))
    }

    /// `$.name[0].other`, dots and brackets without blanks between.
    fn path(&mut self) -> Result<Vec<Step>> {
        if !self.take("$") {
            return Err(unreadable("a property selector begins with `$`"));
        }
        let mut path = Vec::new();
        loop {
            if let Some(after) = self.rest.strip_prefix('.') {
                self.rest = after;
                let name = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
                if name.is_empty() {
                    return Err(bad_characters(&self.rest.chars().take(1).collect::<String>()));
                }
                path.push(Step::Member(name));
            } else if let Some(after) = self.rest.strip_prefix('[') {
                let (index, after) = after
                    .split_once(']')
                    .ok_or_else(|| unreadable("a bracket is not closed"))?;
                self.rest = after;
                path.push(match index.trim() {
                    "*" => Step::Each,
                    index => Step::Element(index.parse().map_err(|_| unreadable("an index is not a number"))?),
                });
            } else {
                return if path.is_empty() {
                    Err(unreadable("a property selector names no property"))
                } else {
                    Ok(path)
                };
            }
        }
    }

    fn test(&mut self) -> Result<Test> {
        if self.take_word("IS") {
            let literals = [
                ("TRUE", Value::Bool(true)),
                ("FALSE", Value::Bool(false)),
                ("NULL", Value::Null),
            ];
            for (word, literal) in literals {
                if self.take_word(word) {
                    return Ok(Test::Is(literal));
                }
            }
            return Err(unreadable("IS is followed by TRUE, FALSE or NULL"));
        }
        if self.take_word("NOT") {
            return if self.take_word("EXISTS") {
                Ok(Test::Missing)
            } else {
                Err(unreadable("NOT is followed by EXISTS"))
            };
        }
        match self.comparison()? {
            Some(comparison) => Ok(Test::Compared(comparison)),
            None => Err(unreadable("a property selector is followed by an operator")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","other"],
        "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"detail-type":"x",
        "latency":70.5,"status":404}"#;

    fn check(pattern: &str) -> bool {
        Expression::parse(pattern)
            .unwrap()
            .matches(&serde_json::from_str(EVENT).unwrap())
    }

    #[test]
    fn properties_are_compared_with_text_and_numbers() {
        for (pattern, expected) in [
            (r#"{ $.eventType = "UpdateTrail" }"#, true),
            ("{ $.eventType = UpdateTrail }", true),
            ("{$.eventType=updatetrail}", false),
            (r#"{ $.sourceIPAddress != "123.123.*" }"#, true),
            ("{ $.sourceIPAddress != 123.123.* }", true),
            (r#"{ $.sourceIPAddress = "111.*.111" }"#, false),
            (r#"{ $.eventType = "*Trail" }"#, true),
            ("{ $.eventType = *date* }", true),
            ("{ $.latency = * }", true),
            ("{ $.missing = * }", false),
            ("{ $.arrayKey = value }", false),
            ("{ $.arrayKey != 1 }", false),
            ("{ $.latency > +70 }", true),
            ("{ $.status != 500 }", true),
            (r#"{ $.missing != "x" }"#, false),
            (r#"{ $.arrayKey[0] = "value" }"#, true),
            (r#"{ $.arrayKey[1] = "value" }"#, false),
            (r#"{ $.arrayKey[*] = "other" }"#, true),
            ("{ $.objectList[1].id = 2 }", true),
            ("{ $.latency > 70 }", true),
            ("{ $.latency <= 70.5 }", true),
            ("{ $.latency < 7.05e1 }", false),
            ("{ $.eventType > 1 }", false),
            ("{ $.status = 4* }", true),
            ("{ $.detail-type = x }", true),
            ("{ $.eventType = %Trail$% }", true),
        ] {
            assert_eq!(check(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn presence_and_literals_are_tested() {
        for (pattern, expected) in [
            ("{ $.SomeObject IS NULL }", true),
            ("{ $.eventType IS NULL }", false),
            ("{ $.SomeOtherObject NOT EXISTS }", true),
            ("{ $.eventType NOT EXISTS }", false),
            ("{ $.ThisFlag IS TRUE }", true),
            ("{ $.ThisFlag is false }", false),
        ] {
            assert_eq!(check(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn conditions_join_and_before_or() {
        for (pattern, expected) in [
            ("{ $.status = 404 && $.ThisFlag IS TRUE }", true),
            ("{ ($.status = 500) || ($.eventType = UpdateTrail) }", true),
            ("{ $.status = 404 || $.status = 500 && $.missing = 1 }", true),
            ("{ ($.status = 404 || $.status = 500) && $.missing = 1 }", false),
        ] {
            assert_eq!(check(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(100), ")".repeat(100));
        for pattern in [
            "{",
            "{}",
            "{ $ = 1 }",
            "{ $.a }",
            "{ a = 1 }",
            "{ $.a = }",
            "{ $.a = 1",
            "{ ($.a = 1 }",
            "{ $.a = 1 $.b = 2 }",
            "{ $.a > x }",
            "{ $.a[x] = 1 }",
            "{ $.\"a\" = 1 }",
            "{ $.a IS x }",
            "{ $.a NOT }",
            "{ $.a = %x% || $.a = %y% || $.a = %z% }",
            &deep,
        ] {
            let refused = Expression::parse(pattern).expect_err(pattern);
            assert_eq!(refused.api().unwrap().name(), "InvalidParameterException", "{pattern}");
        }
    }
}
