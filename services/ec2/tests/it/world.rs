//! EC2 behind a kernel with a few principals of the test's own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Tags, Timestamp};
use roadstead_ec2::Ec2;
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::{
    AccessKey, BoxFuture, Claims, Directory, Identity, Kernel, Parts, Peer, Result, Role, Secret, Service, SessionKind,
    Sessions, Who,
};
use roadstead_policy::{Document, PolicyLabel, PolicySet, PolicyType, Program};
use roadstead_store::{Memory, Store};
use roadstead_wire::Request;
use roadstead_wire::sigv4;
use roadstead_wire::sigv4::sign::{Credentials, Signer};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";

/// What the policy of ECS's role says about interfaces.
const ECS_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "ECSTaskManagement", "Effect": "Allow", "Resource": "*", "Action": [
        "ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission", "ec2:Describe*",
        "ec2:DetachNetworkInterface"]},
    {"Sid": "ECSTagging", "Effect": "Allow", "Action": ["ec2:CreateTags"],
     "Resource": "arn:aws:ec2:*:*:network-interface/*"}]}"#;

/// The keys of a caller.
#[derive(Clone, Debug)]
pub struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// The principals, by key and by id.
#[derive(Default)]
struct People {
    keys: Mutex<HashMap<String, Arc<AccessKey>>>,
    identities: Mutex<HashMap<Who, Arc<Identity>>>,
}

impl Directory for People {
    fn access_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Arc<AccessKey>>>> {
        let found = self.keys.lock().unwrap().get(id).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn identity<'a>(&'a self, _: AccountId, who: &'a Who) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        let found = self.identities.lock().unwrap().get(who).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn role<'a>(&'a self, _: AccountId, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<Role>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn user<'a>(&'a self, _: AccountId, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn managed_policy<'a>(&'a self, _: AccountId, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<Program>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn home_account(&self) -> AccountId {
        account()
    }
}

pub fn account() -> AccountId {
    AccountId::parse(ACCOUNT).unwrap()
}

#[derive(Clone)]
pub struct World {
    pub kernel: Arc<Kernel>,
    pub clock: Arc<FakeClock>,
    people: Arc<People>,
    ids: Ids,
    /// May do everything.
    pub root: Keys,
    /// A session of ECS's service-linked role.
    pub ecs: Keys,
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl World {
    pub fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
        let people = Arc::new(People::default());
        let ids = Ids::seeded(11);
        let parts = Parts {
            store: Arc::clone(&store),
            directory: Arc::clone(&people) as Arc<dyn Directory>,
            master_key: [7; 32],
            audit: AuditLog::in_memory(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: ids.clone(),
        };
        let kernel = Kernel::new(parts, vec![Arc::new(Ec2::new(store)) as Arc<dyn Service>]).unwrap();
        let nobody = Keys {
            id: String::new(),
            secret: String::new(),
            token: None,
        };
        let mut world = Self {
            kernel,
            clock,
            people,
            ids,
            root: nobody.clone(),
            ecs: nobody,
        };
        world.root = world.person(Who::Root, "", None);
        world.ecs = world.linked("ecs.amazonaws.com", "AWSServiceRoleForECS", ECS_POLICY);
        world
    }

    /// A user with the policy.
    pub fn user(&self, name: &str, policy: &str) -> Keys {
        self.person(Who::User(self.ids.iam("AIDA")), name, Some(policy))
    }

    fn person(&self, who: Who, name: &str, policy: Option<&str>) -> Keys {
        let arn = match &who {
            Who::Root => format!("arn:aws:iam::{ACCOUNT}:root"),
            _ => format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
        };
        self.identity(&who, &arn, name, policy, None);
        let keys = Keys {
            id: self.ids.access_key("AKIA"),
            secret: self.ids.secret_key(),
            token: None,
        };
        let secret = Secret::new(keys.secret.clone());
        let key = AccessKey {
            account: account(),
            who,
            secret,
            active: true,
        };
        self.people.keys.lock().unwrap().insert(keys.id.clone(), Arc::new(key));
        keys
    }

    /// A session of a service-linked role.
    pub fn linked(&self, service: &str, role: &str, policy: &str) -> Keys {
        let id = self.ids.iam("AROA");
        let who = Who::Role(id.clone());
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{role}");
        self.identity(&who, &arn, role, Some(policy), Some(service));
        let issued = self.clock.now();
        let claims = Claims {
            key: String::new(),
            account: account(),
            who,
            kind: SessionKind::Role,
            arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/ecs-eni-provisioning"),
            user_id: format!("{id}:ecs-eni-provisioning"),
            issued,
            expires: issued.plus(Duration::from_secs(3600)),
            policy: None,
            policy_arns: Vec::new(),
            tags: Tags::new(),
            transitive: Vec::new(),
            source_identity: None,
            service: Some(service.to_owned()),
        };
        let issued = Sessions::new(&[7; 32], self.ids.clone())
            .unwrap()
            .issue(claims)
            .unwrap();
        Keys {
            id: issued.access_key_id,
            secret: issued.secret_access_key.expose().to_owned(),
            token: Some(issued.session_token.expose().to_owned()),
        }
    }

    fn identity(&self, who: &Who, arn: &str, name: &str, policy: Option<&str>, service: Option<&str>) {
        let compiled = |text: &str| {
            let label = PolicyLabel::new(PolicyType::Identity, "own");
            Arc::new(Program::compile(&Document::parse(text).unwrap(), label))
        };
        let policies = PolicySet {
            identity: policy.map(compiled).into_iter().collect(),
            ..PolicySet::default()
        };
        let identity = Identity {
            who: who.clone(),
            account: account(),
            arn: arn.to_owned(),
            id: match who {
                Who::Root => ACCOUNT.to_owned(),
                Who::User(id) | Who::Role(id) => id.clone(),
            },
            name: name.to_owned(),
            tags: Tags::new(),
            linked_service: service.map(str::to_owned),
            policies,
        };
        self.people
            .identities
            .lock()
            .unwrap()
            .insert(who.clone(), Arc::new(identity));
    }

    /// Calls an operation as root, which must work.
    pub async fn ok(&self, operation: &str, input: &[(&str, &str)]) -> Answer {
        self.ok_as(&self.root, operation, input).await
    }

    /// Calls an operation with the keys, which must work.
    pub async fn ok_as(&self, keys: &Keys, operation: &str, input: &[(&str, &str)]) -> Answer {
        let answer = self.call(keys, REGION, operation, input).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        answer
    }

    /// Calls an operation as root, which must be refused with this code and message.
    pub async fn refused(&self, operation: &str, input: &[(&str, &str)], code: &str, message: &str) {
        self.refused_as(&self.root, operation, input, code, message).await;
    }

    /// Calls an operation with the keys, which must be refused with this code and message.
    pub async fn refused_as(&self, keys: &Keys, operation: &str, input: &[(&str, &str)], code: &str, message: &str) {
        let answer = self.call(keys, REGION, operation, input).await;
        let got = (answer.status, answer.code(), answer.text("Message"));
        assert_eq!(got, (400, code.to_owned(), message.to_owned()), "{operation}");
    }

    /// Calls an operation.
    pub async fn call(&self, keys: &Keys, region: &str, operation: &str, input: &[(&str, &str)]) -> Answer {
        let mut form = format!("Action={operation}&Version=2016-11-15");
        for (name, value) in input {
            let _ = write!(form, "&{name}={}", encoded(value));
        }
        let body = Bytes::from(form);
        let uri = Uri::from_static("/");
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:4566"));
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        headers.insert("user-agent", HeaderValue::from_static("tests"));
        let credentials = Credentials {
            access_key_id: &keys.id,
            secret_access_key: &keys.secret,
            session_token: keys.token.as_deref(),
        };
        let parts = sigv4::Request::of(&Method::POST, &uri, &headers);
        let added = Signer::new(credentials, region, "ec2")
            .sign(parts, &body, self.clock.now())
            .unwrap();
        headers.extend(added.into_iter().map(|(name, value)| (Some(name), value)));
        let request = Request {
            method: Method::POST,
            uri,
            headers,
            body,
        };
        let peer = Peer {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
        };
        let response = self.kernel.answer(&request, peer).await;
        Answer {
            status: response.status.as_u16(),
            body: String::from_utf8(response.body.to_vec()).unwrap(),
        }
    }

    /// Calls an operation as root so often at the same time.
    pub async fn at_once(&self, times: usize, operation: &'static str, input: &[(&'static str, &str)]) -> Vec<Answer> {
        let input: Vec<(&str, String)> = input.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let calls: Vec<_> = (0..times)
            .map(|_| {
                let (world, input) = (self.clone(), input.clone());
                tokio::spawn(async move {
                    let input: Vec<(&str, &str)> = input.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    world.call(&world.root, REGION, operation, &input).await
                })
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.unwrap());
        }
        answers
    }

    /// The default subnet of the zone, by its letter.
    pub async fn subnet(&self, letter: char) -> String {
        let zone = format!("{REGION}{letter}");
        let input = [
            ("Filter.1.Name", "availability-zone"),
            ("Filter.1.Value.1", zone.as_str()),
        ];
        self.ok("DescribeSubnets", &input).await.text("subnetId")
    }

    /// The default VPC.
    pub async fn default_vpc(&self) -> String {
        self.ok(
            "DescribeVpcs",
            &[("Filter.1.Name", "is-default"), ("Filter.1.Value.1", "true")],
        )
        .await
        .text("vpcId")
    }

    /// A new security group in the default VPC.
    pub async fn group(&self, name: &str) -> String {
        self.ok(
            "CreateSecurityGroup",
            &[("GroupName", name), ("GroupDescription", "for tests")],
        )
        .await
        .text("groupId")
    }
}

impl Answer {
    /// The texts of all elements of that name, in order.
    pub fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let empty = format!("<{element}/>");
        let mut found = Vec::new();
        let mut rest = self.body.as_str();
        loop {
            match (rest.find(&open), rest.find(&empty)) {
                (None, None) => return found,
                (Some(at), other) if other.is_none_or(|other| at < other) => {
                    rest = &rest[at + open.len()..];
                    let end = rest.find(&close).unwrap();
                    found.push(plain(&rest[..end]));
                    rest = &rest[end..];
                }
                (_, other) => {
                    found.push(String::new());
                    rest = &rest[other.unwrap() + empty.len()..];
                }
            }
        }
    }

    /// The text of the first element of that name.
    pub fn text(&self, element: &str) -> String {
        self.texts(element)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {element} in {}", self.body))
    }

    /// Whether there is an element of that name.
    pub fn has(&self, element: &str) -> bool {
        !self.texts(element).is_empty()
    }

    /// The error's code.
    pub fn code(&self) -> String {
        self.text("Code")
    }
}

fn plain(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}
