//! Makes up policies and requests that meet often: patterns are made from the request, values from the context.

use std::net::IpAddr;

use super::{Documents, ResourceRules};
use crate::action::Action;
use crate::context::{Context, Value};
use crate::document::Document;
use crate::json::write_text;
use crate::key::Key;
use crate::operator::Operator;
use crate::principal::Principal;
use crate::request::Request;
use crate::resource::Resource;

/// Where choices come from: the bytes of a fuzzer first, then (or only) a generator started with a seed.
pub struct Entropy<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl<'a> Entropy<'a> {
    /// Choices by seed alone.
    pub fn seeded(seed: u64) -> Entropy<'static> {
        Entropy {
            bytes: &[],
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03,
        }
    }

    /// Choices by the bytes of a fuzzer; when they are used up, the first choice each time.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, state: 0 }
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let value = match self.bytes {
            [first, rest @ ..] => {
                self.bytes = rest;
                u64::from(*first)
            }
            [] if self.state == 0 => 0,
            [] => {
                // xorshift64*
                self.state ^= self.state >> 12;
                self.state ^= self.state << 25;
                self.state ^= self.state >> 27;
                self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
            }
        };
        usize::try_from(value).unwrap_or(0) % limit.max(1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn pick<'b, T: ?Sized>(&mut self, from: &[&'b T]) -> &'b T {
        let at = self.below(from.len());
        from.get(at).copied().unwrap_or_else(|| unreachable_pick(from))
    }
}

#[expect(clippy::indexing_slicing, reason = "no list of choices is empty")]
fn unreachable_pick<'b, T: ?Sized>(from: &[&'b T]) -> &'b T {
    from[0]
}

/// A made-up request with the policies that govern it.
pub struct Case {
    /// The policies.
    pub documents: Documents,
    /// The caller.
    pub principal: Principal,
    /// The action's name.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The account that owns it.
    pub resource_account: Option<&'static str>,
    /// The condition keys.
    pub context: MadeUpContext,
}

impl Case {
    /// Makes a case up.
    pub fn new(entropy: &mut Entropy<'_>) -> Self {
        let action = recased(entropy, ACTIONS);
        let resource = entropy.pick(RESOURCES).to_owned();
        let context = MadeUpContext::new(entropy);
        let principal = principal(entropy);
        let resource_account = [Some(OWN), None, Some(OTHER), Some(OWN)]
            .get(entropy.below(4))
            .copied()
            .flatten();
        let mut writer = Writer {
            entropy,
            action: &action,
            resource: &resource,
            context: &context,
        };
        let documents = writer.documents();
        Self {
            documents,
            principal,
            action,
            resource,
            resource_account,
            context,
        }
    }

    /// The request.
    pub fn request(&self) -> Request<'_> {
        Request {
            principal: &self.principal,
            action: Action::named(&self.action),
            resource: Resource::new(&self.resource),
            resource_account: self.resource_account,
            context: &self.context,
        }
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:?} {} on {} of {:?}",
            self.principal, self.action, self.resource, self.resource_account
        )?;
        writeln!(f, "{:#?}", self.context.entries)?;
        let documents = &self.documents;
        let mut list = |name: &str, documents: &mut dyn Iterator<Item = &Document>| -> std::fmt::Result {
            for document in documents {
                writeln!(f, "{name}: {}", document.to_json())?;
            }
            Ok(())
        };
        list("identity", &mut documents.identity.iter())?;
        list("boundary", &mut documents.boundary.iter())?;
        list("session", &mut documents.session.iter().flatten())?;
        list("scp", &mut documents.scps.iter().flatten())?;
        list("rcp", &mut documents.rcps.iter().flatten())?;
        list("endpoint", &mut documents.endpoint.iter())?;
        list("resource", &mut documents.resource.iter().map(|(document, _)| document))?;
        let rules = documents.resource.as_ref().map(|(_, rules)| rules);
        writeln!(
            f,
            "rules {rules:?}, session {}, levels {}",
            documents.session.is_some(),
            documents.scps.len()
        )
    }
}

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

const ACTIONS: &[&str] = &[
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:FooBar",
    "s3:GetObject",
    "dynamodb:GetItem",
    "iam:PassRole",
    "sts:AssumeRole",
    "ec2:DescribeInstances",
    "autoscaling:DescribeTags",
    "sts:GetCallerIdentity",
    "RunTask",
];

const RESOURCES: &[&str] = &[
    "arn:aws:ecs:us-east-1:111122223333:task-definition/web:1",
    "arn:aws:s3:::shared/k",
    "*",
    "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/ecs/x:log-stream:y",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:s3:::b/é*?",
    "arn:aws:ecs:us-east-1",
    "not-an-arn",
    "arn:aws:sns:us-east-1:1:",
    "",
];

const USER: &str = "arn:aws:iam::111122223333:user/dev/alice";
const ROLE: &str = "arn:aws:iam::111122223333:role/path/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/s1";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/fred";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/example.com";
const ROOT: &str = "arn:aws:iam::111122223333:root";

const KEYS: &[&str] = &[
    "aws:PrincipalTag/team",
    "aws:TagKeys",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SecureTransport",
    "aws:MultiFactorAuthAge",
    "aws:username",
    "ec2:InstanceType",
    "custom:Thing",
    "aws:ResourceTag/AmazonECSManaged",
    "s3:ExistingObjectTag/Team",
    "test:bin",
];

const TEXTS: &[&str] = &[
    "red",
    "Red",
    "a*",
    "*",
    "t2.micro",
    "",
    "alice",
    "é",
    "É",
    "true",
    "FALSE",
    "10",
    "10.50",
    "-2",
    "1e1",
    "abc",
    "203.0.113.7",
    "2001:db8::1",
    "::ffff:10.1.2.3",
    "2026-01-01T00:00:00Z",
    "2026-01-01",
    "1767225600",
    "QmluYXJ5",
    "arn:aws:ecs:us-east-1:111122223333:task/c/abc",
    "arn:aws:s3:::b/k:1",
    "yes",
    "10",
    "?",
];

const POLICY_TEXTS: &[&str] = &[
    "red",
    "RED",
    "r*",
    "*",
    "?ed",
    "t2.*",
    "",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'red'}",
    "${*}",
    "a${*}",
    "${aws:TagKeys}",
    "true",
    "False",
    "10",
    "10.5",
    "-1",
    "1e1",
    "203.0.113.0/24",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "2001:DB8::/32",
    "2026-01-01T01:00:00+01:00",
    "2026-01-01",
    "1767225600",
    "QmluYXJ5",
    "QmluYXJ5Cg==",
    "arn:*",
    "arn:aws:ecs:*:*:task/*",
    "arn:aws:ecs:*:task/*",
    "arn:aws:s3:::${aws:username}/k:?",
    "arn:aws:ecs:us-east-1:111122223333:*",
    "${aws:SourceArn}",
    "${custom:Thing}x${aws:username}",
    "yes",
    "${unclosed",
    "${aws:PrincipalTag/none}",
];

fn principal(entropy: &mut Entropy<'_>) -> Principal {
    match entropy.below(12) {
        0..=2 => Principal::user(USER),
        3..=5 => Principal::role_session(SESSION, ROLE),
        6 => Principal::service_linked_session(SESSION, ROLE),
        7 => Principal::federated_session(FEDERATED, Some(USER)),
        8 => Principal::root(ROOT),
        9 => Principal::service("ecs.amazonaws.com"),
        10 => Principal::federated(PROVIDER),
        _ => match entropy.below(3) {
            0 => Principal::anonymous(),
            1 => Principal::role(ROLE, false),
            _ => Principal::user(USER).with_canonical_user("canonical"),
        },
    }
}

/// One of the words, in another letter case now and then.
fn recased(entropy: &mut Entropy<'_>, words: &[&str]) -> String {
    let word = entropy.pick(words);
    match entropy.below(6) {
        0 => word.to_ascii_lowercase(),
        1 => word.to_ascii_uppercase(),
        _ => word.to_owned(),
    }
}

/// A context with values of every form.
#[derive(Clone, Debug)]
pub struct MadeUpContext {
    entries: Vec<(String, Entry)>,
}

#[derive(Clone, Debug)]
enum Entry {
    Text(String),
    Made(String),
    List(Vec<String>),
    Bool(bool),
    Number(i64),
    Time(i64),
    Ip(IpAddr),
}

impl MadeUpContext {
    fn new(entropy: &mut Entropy<'_>) -> Self {
        let mut entries = Vec::new();
        for key in KEYS {
            if entropy.one_in(3) {
                continue;
            }
            let text = entropy.pick(TEXTS).to_owned();
            let entry = match entropy.below(12) {
                0..=5 => Entry::Text(text),
                6 => Entry::Made(text),
                7 | 8 => Entry::List((0..entropy.below(4)).map(|_| entropy.pick(TEXTS).to_owned()).collect()),
                9 => Entry::Bool(entropy.one_in(2)),
                10 if entropy.one_in(2) => Entry::Time(1_767_225_600_000 + 500 * i64::from(entropy.one_in(2))),
                10 => text.parse().map_or(Entry::Number(10), Entry::Ip),
                _ => Entry::Number([10, -2, 1_767_225_600].get(entropy.below(3)).copied().unwrap_or(0)),
            };
            entries.push((recased(entropy, &[key]), entry));
        }
        Self { entries }
    }

    /// A text that some key has, if any.
    fn some_text(&self, entropy: &mut Entropy<'_>) -> Option<String> {
        let (_, entry) = self.entries.get(entropy.below(self.entries.len()))?;
        entry.value().texts().pop()
    }
}

impl Entry {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Str(text),
            Self::Made(text) => Value::Text(text.clone()),
            Self::List(list) => Value::List(list),
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(*value),
            Self::Time(value) => Value::Time(*value),
            Self::Ip(value) => Value::Ip(*value),
        }
    }
}

impl Context for MadeUpContext {
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>> {
        self.entries
            .iter()
            .find(|(name, _)| key.is_named(name))
            .map(|(_, entry)| entry.value())
    }
}

/// Writes documents that are likely to meet the request.
struct Writer<'a, 'b> {
    entropy: &'a mut Entropy<'b>,
    action: &'a str,
    resource: &'a str,
    context: &'a MadeUpContext,
}

impl Writer<'_, '_> {
    fn documents(&mut self) -> Documents {
        let mut documents = Documents {
            identity: self.several(3, false),
            ..Documents::default()
        };
        if self.entropy.one_in(3) {
            documents.boundary = Some(self.document(false));
        }
        if self.entropy.one_in(3) {
            documents.session = Some(self.several(2, false));
        }
        if self.entropy.one_in(3) {
            documents.scps = (0..=self.entropy.below(2)).map(|_| self.several(2, false)).collect();
        }
        if self.entropy.one_in(6) {
            documents.rcps = vec![self.several(2, true)];
        }
        if self.entropy.one_in(2) {
            let rules = match self.entropy.below(6) {
                0 => ResourceRules::Key,
                1 => ResourceRules::Trust(false),
                2 => ResourceRules::Trust(true),
                _ => ResourceRules::Ordinary,
            };
            documents.resource = Some((self.document(true), rules));
        }
        if self.entropy.one_in(10) {
            documents.endpoint = Some(self.document(true));
        }
        documents
    }

    fn several(&mut self, most: usize, principals: bool) -> Vec<Document> {
        (0..self.entropy.below(most + 1))
            .map(|_| self.document(principals))
            .collect()
    }

    fn document(&mut self, principals: bool) -> Document {
        let version = self.entropy.pick(&[
            "\"Version\":\"2012-10-17\",",
            "\"Version\":\"2012-10-17\",",
            "",
            "\"Version\":\"2008-10-17\",",
        ]);
        let mut text = format!("{{{version}\"Statement\":[");
        for at in 0..=self.entropy.below(3) {
            if at > 0 {
                text.push(',');
            }
            self.statement(&mut text, principals);
        }
        text.push_str("]}");
        let document = Document::parse(&text);
        debug_assert!(document.is_ok(), "{text}: {document:?}");
        document.unwrap_or_else(|_| empty_document())
    }

    fn statement(&mut self, out: &mut String, principals: bool) {
        let effect = if self.entropy.one_in(4) { "Deny" } else { "Allow" };
        out.push_str("{\"Effect\":\"");
        out.push_str(effect);
        out.push('"');
        if principals && !self.entropy.one_in(12) {
            let not = self.entropy.one_in(6);
            out.push_str(if not { ",\"NotPrincipal\":" } else { ",\"Principal\":" });
            self.principal(out);
        }
        let not = self.entropy.one_in(7);
        out.push_str(if not { ",\"NotAction\":" } else { ",\"Action\":" });
        self.list(out, Self::action_pattern);
        if !self.entropy.one_in(12) {
            let not = self.entropy.one_in(7);
            out.push_str(if not { ",\"NotResource\":" } else { ",\"Resource\":" });
            self.list(out, Self::resource_pattern);
        }
        if self.entropy.one_in(2) {
            out.push_str(",\"Condition\":{");
            let first = self.operator_name();
            self.operator(out, &first);
            let second = self.operator_name();
            if second != first && self.entropy.one_in(3) {
                out.push(',');
                self.operator(out, &second);
            }
            out.push('}');
        }
        out.push('}');
    }

    fn principal(&mut self, out: &mut String) {
        if self.entropy.one_in(6) {
            out.push_str("\"*\"");
            return;
        }
        out.push('{');
        let kind = self
            .entropy
            .pick(&["AWS", "AWS", "AWS", "AWS", "Service", "Federated", "CanonicalUser"]);
        write_text(out, kind);
        out.push(':');
        self.list(out, |writer| {
            let names = match kind {
                "AWS" => &[
                    USER,
                    ROLE,
                    SESSION,
                    FEDERATED,
                    ROOT,
                    OWN,
                    OTHER,
                    "*",
                    "arn:aws:iam::444455556666:root",
                    "arn:aws:iam::111122223333:user/*",
                    "arn:aws:iam::111122223333:user/dev/ALICE",
                    "ecs.amazonaws.com",
                ][..],
                "Service" => &["ecs.amazonaws.com", "ecs-tasks.amazonaws.com", "*"],
                "Federated" => &[PROVIDER, "accounts.google.com"],
                _ => &["canonical", "other"],
            };
            writer.entropy.pick(names).to_owned()
        });
        out.push('}');
    }

    fn list(&mut self, out: &mut String, item: impl Fn(&mut Self) -> String) {
        if self.entropy.one_in(2) {
            write_text(out, &item(self));
            return;
        }
        out.push('[');
        for at in 0..self.entropy.below(4) {
            if at > 0 {
                out.push(',');
            }
            write_text(out, &item(self));
        }
        out.push(']');
    }

    fn action_pattern(&mut self) -> String {
        match self.entropy.below(10) {
            0 => "*".to_owned(),
            1 => recased(self.entropy, ACTIONS),
            2 => self
                .entropy
                .pick(&[
                    "ecs:*",
                    "e*",
                    "s3:Get*",
                    "*:*",
                    "ec2:Describe*",
                    "*Task",
                    "**",
                    "ecs:*ask",
                    "?cs:*",
                ])
                .to_owned(),
            3 => self.action.to_ascii_uppercase(),
            _ => {
                let action = self.action.to_owned();
                self.blurred(&action)
            }
        }
    }

    fn resource_pattern(&mut self) -> String {
        match self.entropy.below(12) {
            0..=2 => "*".to_owned(),
            3 => self.entropy.pick(RESOURCES).to_owned(),
            4 => self
                .entropy
                .pick(&[
                    "arn:*",
                    "arn:aws:ecs:*",
                    "arn:aws:*:*:*:*",
                    "arn:aws:s3:::*",
                    "arn:aws:ecs:us-east-1:*",
                    "arn:aws:logs:*:*:log-group:/aws/ecs/*:log-stream:*",
                    "**",
                    "arn:aws:s3:::shared/${aws:username}",
                    "arn:aws:iam::111122223333:user/${aws:username}",
                    "arn:aws:s3:::b/${*}",
                    "arn:aws:iam::111122223333:user/${aws:PrincipalTag/team, 'alice'}",
                    "arn:aws:iam::${custom:Thing}:user/alice",
                    "arn:aws:s3:::${unclosed",
                    "arn:aws:${x",
                    "${aws:SourceArn}",
                    "arn:aws:ecs:us-east-1:111122223333:task-definition/w${?}b*",
                ])
                .to_owned(),
            _ => {
                let resource = self.resource.to_owned();
                self.blurred(&resource)
            }
        }
    }

    fn operator_name(&mut self) -> String {
        let names: Vec<&str> = Operator::names().collect();
        let name = self.entropy.pick(&names);
        let set = self.entropy.pick(&["", "", "", "ForAllValues:", "ForAnyValue:"]);
        let suffix = if name != "Null" && self.entropy.one_in(4) {
            "IfExists"
        } else {
            ""
        };
        let unknown = if self.entropy.one_in(40) { "X" } else { "" };
        format!("{set}{name}{suffix}{unknown}")
    }

    fn operator(&mut self, out: &mut String, name: &str) {
        write_text(out, name);
        out.push_str(":{");
        let first = recased(self.entropy, KEYS);
        write_text(out, &first);
        out.push(':');
        self.list(out, Self::policy_text);
        out.push('}');
    }

    fn policy_text(&mut self) -> String {
        match self.entropy.below(4) {
            0 => match self.context.some_text(self.entropy) {
                Some(text) => self.blurred(&text),
                None => "x".to_owned(),
            },
            1 => self.context.some_text(self.entropy).unwrap_or_default(),
            _ => self.entropy.pick(POLICY_TEXTS).to_owned(),
        }
    }

    /// The text with a few places turned into wildcards, or cut short.
    fn blurred(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let place = |writer: &mut Self| writer.entropy.below(chars.len() + 1);
        let (a, b) = (place(self), place(self));
        let (a, b) = (a.min(b), a.max(b));
        let take = |from: usize, to: usize| chars.iter().take(to).skip(from).collect::<String>();
        match self.entropy.below(6) {
            0 => text.to_owned(),
            1 => format!("{}*", take(0, a)),
            2 => format!("{}*{}", take(0, a), take(b, chars.len())),
            3 => format!("{}?{}", take(0, a), take(a + 1, chars.len())),
            4 => format!("*{}*", take(a, b)),
            _ => text
                .split(':')
                .map(|part| if self.entropy.one_in(3) { "*" } else { part })
                .collect::<Vec<_>>()
                .join(":"),
        }
    }
}

#[expect(clippy::expect_used, reason = "the text is constant")]
fn empty_document() -> Document {
    Document::parse(r#"{"Statement":{"Effect":"Allow"}}"#).expect("a constant document parses")
}
