//! The cluster query language: which container instances an expression means.
//!
//! AWS: the grammar is documented; a comparison alone must not stand in parentheses, and regular expressions match whole
//! values, as Java's do.

use std::fmt;

use regex::Regex;
use roadstead_core::Timestamp;

/// An expression that was read, such as `attribute:ecs.instance-type =~ g2.*`.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    root: Expr,
}

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError(String);

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an expression asks about a container instance.
pub trait Facts {
    /// Whether its agent is connected.
    fn agent_connected(&self) -> bool;
    /// The version of its agent.
    fn agent_version(&self) -> Option<&str>;
    /// The value of an attribute: `None` without the attribute, an empty text without a value.
    fn attribute(&self, name: &str) -> Option<&str>;
    /// Its EC2 instance.
    fn ec2_instance_id(&self) -> Option<&str>;
    /// When it was registered.
    fn registered_at(&self) -> Timestamp;
    /// Its tasks that run.
    fn running_tasks_count(&self) -> u32;
    /// Whether one of its tasks is of a group that the test accepts.
    fn any_group(&self, test: &mut dyn FnMut(&str) -> bool) -> bool;
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

impl std::hash::Hash for Query {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[derive(Clone, Debug)]
enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Is(Subject, Test),
}

#[derive(Clone, Debug)]
enum Subject {
    AgentConnected,
    AgentVersion,
    Attribute(String),
    Ec2InstanceId,
    RegisteredAt,
    RunningTasksCount,
    TaskGroup,
}

/// A comparison; `negated` turns its outcome around.
#[derive(Clone, Debug)]
struct Test {
    negated: bool,
    kind: TestKind,
}

#[derive(Clone, Debug)]
enum TestKind {
    Equals(String),
    Greater(String),
    GreaterOrEqual(String),
    Less(String),
    LessOrEqual(String),
    Exists,
    In(Vec<String>),
    Matches(Regex),
}

impl Query {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut reader = Reader {
            tokens: tokens(text)?,
            at: 0,
        };
        let root = reader.any_of()?;
        match reader.peek() {
            None => Ok(Self {
                text: text.to_owned(),
                root,
            }),
            Some(token) => Err(QueryError(format!("unexpected {token}"))),
        }
    }

    /// The expression as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is true of a container instance.
    pub fn holds(&self, facts: &dyn Facts) -> bool {
        self.root.holds(facts)
    }

    /// Whether its outcome can change with the tasks of an instance.
    pub fn looks_at_tasks(&self) -> bool {
        self.root.looks_at_tasks()
    }
}

impl Expr {
    fn holds(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::And(a, b) => a.holds(facts) && b.holds(facts),
            Self::Or(a, b) => a.holds(facts) || b.holds(facts),
            Self::Not(inner) => !inner.holds(facts),
            Self::Is(subject, test) => test.negated != subject.passes(facts, &test.kind),
        }
    }

    fn looks_at_tasks(&self) -> bool {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.looks_at_tasks() || b.looks_at_tasks(),
            Self::Not(inner) => inner.looks_at_tasks(),
            Self::Is(subject, _) => matches!(subject, Subject::RunningTasksCount | Subject::TaskGroup),
        }
    }
}

impl Subject {
    fn parse(word: &str) -> Result<Self, QueryError> {
        match word {
            "agentConnected" => Ok(Self::AgentConnected),
            "agentVersion" => Ok(Self::AgentVersion),
            "ec2InstanceId" => Ok(Self::Ec2InstanceId),
            "registeredAt" => Ok(Self::RegisteredAt),
            "runningTasksCount" => Ok(Self::RunningTasksCount),
            "task:group" => Ok(Self::TaskGroup),
            _ => match word.strip_prefix("attribute:").filter(|name| !name.is_empty()) {
                Some(name) => Ok(Self::Attribute(name.to_owned())),
                None => Err(QueryError(format!("unknown subject `{word}`"))),
            },
        }
    }

    /// A subject that compares by something else than text takes only values of that kind.
    fn check(&self, kind: &TestKind) -> Result<(), QueryError> {
        let values: &[String] = match kind {
            TestKind::Equals(value)
            | TestKind::Greater(value)
            | TestKind::GreaterOrEqual(value)
            | TestKind::Less(value)
            | TestKind::LessOrEqual(value) => std::slice::from_ref(value),
            TestKind::In(values) => values,
            TestKind::Exists | TestKind::Matches(_) => &[],
        };
        let fits = |value: &String| match self {
            Self::AgentConnected => matches!(value.as_str(), "true" | "false"),
            Self::RegisteredAt => moment(value).is_some(),
            Self::RunningTasksCount => value.parse::<u32>().is_ok(),
            Self::AgentVersion | Self::Attribute(_) | Self::Ec2InstanceId | Self::TaskGroup => true,
        };
        match values.iter().find(|value| !fits(value)) {
            Some(value) => Err(QueryError(format!("invalid value `{value}`"))),
            None => Ok(()),
        }
    }

    fn passes(&self, facts: &dyn Facts, kind: &TestKind) -> bool {
        match self {
            Self::AgentConnected => compare_text(kind, Some(if facts.agent_connected() { "true" } else { "false" })),
            Self::Ec2InstanceId => compare_text(kind, facts.ec2_instance_id()),
            Self::Attribute(name) => compare_text(kind, facts.attribute(name)),
            Self::AgentVersion => compare(kind, facts.agent_version(), |own, given| {
                version(own).cmp(&version(given))
            }),
            Self::TaskGroup => facts.any_group(&mut |group| compare_text(kind, Some(group))),
            Self::RunningTasksCount => {
                let own = facts.running_tasks_count();
                let order = |own: &str, given: &str| own.parse::<u32>().ok().cmp(&given.parse().ok());
                compare(kind, Some(&own.to_string()), order)
            }
            Self::RegisteredAt => {
                let own = facts.registered_at();
                // Only the given text is read: what it is compared with is known already.
                let order = |_: &str, given: &str| Some(own).cmp(&moment(given));
                compare(kind, Some(&own.iso8601()), order)
            }
        }
    }
}

fn compare_text(kind: &TestKind, own: Option<&str>) -> bool {
    compare(kind, own, |own, given| {
        match (own.parse::<f64>(), given.parse::<f64>()) {
            (Ok(own), Ok(given)) => own.total_cmp(&given),
            _ => own.cmp(given),
        }
    })
}

fn compare(kind: &TestKind, own: Option<&str>, order: impl Fn(&str, &str) -> std::cmp::Ordering) -> bool {
    let Some(own) = own else { return false };
    match kind {
        TestKind::Exists => true,
        TestKind::Equals(value) => own == value || order(own, value).is_eq(),
        TestKind::Greater(value) => order(own, value).is_gt(),
        TestKind::GreaterOrEqual(value) => order(own, value).is_ge(),
        TestKind::Less(value) => order(own, value).is_lt(),
        TestKind::LessOrEqual(value) => order(own, value).is_le(),
        TestKind::In(values) => values.iter().any(|value| own == value || order(own, value).is_eq()),
        TestKind::Matches(pattern) => pattern.is_match(own),
    }
}

/// The numbers of a version such as `1.14.5`.
fn version(text: &str) -> Vec<u64> {
    text.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect()
}

/// An instant in one of the documented forms; without an offset it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse_iso8601(text).or_else(|| Timestamp::parse_iso8601(&format!("{text}Z")))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Open,
    Close,
    ListOpen,
    ListClose,
    Comma,
    Sign(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Quoted(text) => write!(f, "`{text}`"),
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
            Self::ListOpen => f.write_str("`[`"),
            Self::ListClose => f.write_str("`]`"),
            Self::Comma => f.write_str("`,`"),
            Self::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

/// Signs, the longest first.
const SIGNS: [&str; 11] = ["==", "!=", ">=", "<=", "=~", "!~", "&&", "||", ">", "<", "!"];

fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let single = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '[' => Some(Token::ListOpen),
            ']' => Some(Token::ListClose),
            ',' => Some(Token::Comma),
            _ => None,
        };
        // After an operator that takes a pattern, brackets and the like belong to it.
        let wants_pattern = match found.last() {
            Some(Token::Sign("=~" | "!~")) => true,
            Some(Token::Word(word)) => matches!(word.as_str(), "matches" | "not_matches"),
            _ => false,
        };
        if first == '\'' || first == '"' {
            let inner = rest.strip_prefix(first).unwrap_or_default();
            let Some((quoted, after)) = inner.split_once(first) else {
                return Err(QueryError("a quotation mark is missing".to_owned()));
            };
            found.push(Token::Quoted(quoted.to_owned()));
            rest = after.trim_start();
        } else if wants_pattern {
            let (pattern, after) = pattern(rest);
            found.push(Token::Quoted(pattern.to_owned()));
            rest = after.trim_start();
        } else if let Some(token) = single {
            found.push(token);
            rest = rest.strip_prefix(first).unwrap_or_default().trim_start();
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            found.push(Token::Sign(sign));
            rest = rest.strip_prefix(sign).unwrap_or_default().trim_start();
        } else {
            let ends = |c: char| c.is_whitespace() || "()[],'\"=!<>&|~".contains(c);
            let end = rest.find(ends).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.is_empty() {
                return Err(QueryError(format!("unexpected `{first}`")));
            }
            found.push(Token::Word(word.to_owned()));
            rest = after.trim_start();
        }
    }
    Ok(found)
}

/// A pattern without quotation marks: up to a space, or to a parenthesis that was opened before it.
fn pattern(text: &str) -> (&str, &str) {
    let mut open = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return text.split_at(at),
            ')' => open -= 1,
            c if c.is_whitespace() => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes the next token if it is that sign or that word.
    fn takes(&mut self, sign: &str, word: &str) -> bool {
        let is_it = match self.peek() {
            Some(Token::Sign(found)) => *found == sign,
            Some(Token::Word(found)) => found.eq_ignore_ascii_case(word),
            _ => false,
        };
        self.at += usize::from(is_it);
        is_it
    }

    fn any_of(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.all_of()?;
        while self.takes("||", "or") {
            left = Expr::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.one()?;
        while self.takes("&&", "and") {
            left = Expr::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Expr, QueryError> {
        if self.takes("!", "not") {
            self.expect(&Token::Open)?;
            let inner = self.any_of()?;
            self.expect(&Token::Close)?;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.any_of()?;
            self.expect(&Token::Close)?;
            // AWS: documented.
            return match inner {
                Expr::Is(..) => Err(QueryError("parentheses around a single comparison".to_owned())),
                compound => Ok(compound),
            };
        }
        self.comparison()
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), QueryError> {
        match self.next() {
            Some(found) if found == *wanted => Ok(()),
            Some(found) => Err(QueryError(format!("{wanted} is missing before {found}"))),
            None => Err(QueryError(format!("{wanted} is missing at the end"))),
        }
    }

    fn comparison(&mut self) -> Result<Expr, QueryError> {
        let subject = match self.next() {
            Some(Token::Word(word)) => Subject::parse(&word)?,
            Some(other) => return Err(QueryError(format!("a subject is missing before {other}"))),
            None => return Err(QueryError("a subject is missing at the end".to_owned())),
        };
        let test = self.test()?;
        subject.check(&test.kind)?;
        Ok(Expr::Is(subject, test))
    }

    fn test(&mut self) -> Result<Test, QueryError> {
        let operator = match self.next() {
            Some(Token::Sign("!")) => match self.next() {
                Some(Token::Word(word)) if matches!(word.as_str(), "exists" | "in") => format!("not_{word}"),
                _ => return Err(QueryError("`exists` or `in` is missing after `!`".to_owned())),
            },
            Some(Token::Sign(sign)) => sign.to_owned(),
            Some(Token::Word(word)) => word,
            Some(other) => return Err(QueryError(format!("an operator is missing before {other}"))),
            None => return Err(QueryError("an operator is missing at the end".to_owned())),
        };
        let (negated, kind) = match operator.as_str() {
            "==" | "equals" => (false, TestKind::Equals(self.value()?)),
            "!=" | "not_equals" => (true, TestKind::Equals(self.value()?)),
            ">" | "greater_than" => (false, TestKind::Greater(self.value()?)),
            ">=" | "greater_than_equal" => (false, TestKind::GreaterOrEqual(self.value()?)),
            "<" | "less_than" => (false, TestKind::Less(self.value()?)),
            "<=" | "less_than_equal" => (false, TestKind::LessOrEqual(self.value()?)),
            "exists" => (false, TestKind::Exists),
            "not_exists" => (true, TestKind::Exists),
            "in" => (false, TestKind::In(self.list()?)),
            "not_in" => (true, TestKind::In(self.list()?)),
            "=~" | "matches" => (false, TestKind::Matches(self.regex()?)),
            "!~" | "not_matches" => (true, TestKind::Matches(self.regex()?)),
            other => return Err(QueryError(format!("unknown operator `{other}`"))),
        };
        Ok(Test { negated, kind })
    }

    fn value(&mut self) -> Result<String, QueryError> {
        match self.next() {
            Some(Token::Word(value) | Token::Quoted(value)) => Ok(value),
            Some(other) => Err(QueryError(format!("a value is missing before {other}"))),
            None => Err(QueryError("a value is missing at the end".to_owned())),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, QueryError> {
        self.expect(&Token::ListOpen)?;
        let mut values = vec![self.value()?];
        loop {
            match self.next() {
                Some(Token::Comma) => values.push(self.value()?),
                Some(Token::ListClose) => return Ok(values),
                _ => return Err(QueryError("`]` is missing".to_owned())),
            }
        }
    }

    fn regex(&mut self) -> Result<Regex, QueryError> {
        let pattern = self.value()?;
        Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|_| QueryError(format!("invalid regular expression `{pattern}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Box1;

    impl Facts for Box1 {
        fn agent_connected(&self) -> bool {
            true
        }
        fn agent_version(&self) -> Option<&str> {
            Some("1.14.10")
        }
        fn attribute(&self, name: &str) -> Option<&str> {
            match name {
                "ecs.instance-type" => Some("g2.2xlarge"),
                "ecs.availability-zone" => Some("us-east-1a"),
                "ecs.os-type" => Some("linux"),
                "slots" => Some("10"),
                "flag" => Some(""),
                _ => None,
            }
        }
        fn ec2_instance_id(&self) -> Option<&str> {
            Some("i-abcd1234")
        }
        fn registered_at(&self) -> Timestamp {
            Timestamp::parse_iso8601("2018-06-18T22:28:28Z").unwrap()
        }
        fn running_tasks_count(&self) -> u32 {
            2
        }
        fn any_group(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
            ["service:production", "family:web"].into_iter().any(test)
        }
    }

    fn check(text: &str, expected: bool) {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.holds(&Box1), expected, "{text}");
    }

    #[test]
    fn documented_expressions_mean_what_is_documented() {
        check(
            "attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d",
            true,
        );
        check("task:group == service:production", true);
        check("not(task:group == database)", true);
        check("runningTasksCount == 1", false);
        check("agentVersion < 1.14.5", false);
        check("agentVersion > 1.9", true);
        check("registeredAt < 2018-02-13", false);
        check("registeredAt >= 2018-06-18T22:28:28+00:00", true);
        check("registeredAt == 2018-06-18T22:28:28", true);
        check("ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", true);
        check("attribute:ecs.os-type == linux", true);
        check("agentConnected == true", true);
    }

    #[test]
    fn words_and_signs_are_the_same_operators() {
        for (sign, word) in [
            ("attribute:slots > 9", "attribute:slots greater_than 9"),
            ("attribute:slots >= 10", "attribute:slots greater_than_equal 10"),
            ("attribute:slots < 11", "attribute:slots less_than 11"),
            ("attribute:slots <= 10", "attribute:slots less_than_equal 10"),
            ("attribute:none !exists", "attribute:none not_exists"),
            (
                "attribute:ecs.os-type !in [windows]",
                "attribute:ecs.os-type not_in [windows]",
            ),
            (
                "attribute:ecs.os-type !~ win.*",
                "attribute:ecs.os-type not_matches win.*",
            ),
            (
                "attribute:ecs.os-type != windows",
                "attribute:ecs.os-type not_equals windows",
            ),
        ] {
            check(sign, true);
            check(word, true);
        }
        check("attribute:flag exists", true);
        check("attribute:none == a", false);
        check("attribute:none != a", true);
    }

    #[test]
    fn and_binds_closer_than_or() {
        check(
            "runningTasksCount == 2 or runningTasksCount == 3 and agentConnected == false",
            true,
        );
        check(
            "(runningTasksCount == 2 or runningTasksCount == 3) and agentConnected == false",
            false,
        );
        check(
            "!(runningTasksCount == 2 && agentConnected == true) || attribute:ecs.os-type == linux",
            true,
        );
    }

    #[test]
    fn patterns_match_whole_values() {
        check("attribute:ecs.instance-type =~ g2", false);
        check("attribute:ecs.instance-type =~ (g2|g3)\\..*", true);
        check("not(attribute:ecs.instance-type =~ g[23]..*)", false);
        check("attribute:ecs.instance-type matches 't2.*'", false);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "linux",
            "attribute: == a",
            "attribute:a",
            "attribute:a ==",
            "attribute:a = b",
            "(attribute:a == b)",
            "attribute:a == b and",
            "attribute:a == b c",
            "color == red",
            "runningTasksCount == many",
            "registeredAt < yesterday",
            "agentConnected == maybe",
            "attribute:a in b",
            "attribute:a in [b",
            "attribute:a == 'b",
            "attribute:a =~ (",
            "not attribute:a == b",
        ] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }
}
