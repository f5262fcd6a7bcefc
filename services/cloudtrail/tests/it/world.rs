//! An installation in memory, called with signed requests.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead::Installation;
use roadstead_containers::Simulated;
use roadstead_core::Clock as _;
use roadstead_core::time::FakeClock;
use roadstead_kernel::Peer;
use roadstead_wire::Request;
use roadstead_wire::sigv4::{self, sign};
use serde_json::{Value, json};

/// The installation's account.
pub const ACCOUNT: &str = "000000000000";
/// A trust policy that lets the account decide.
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}"#;
/// When the world begins.
pub const BEGIN: &str = "2026-11-24T06:00:00Z";

/// What a caller signs with.
#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// The body of a JSON service's success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// The code of a JSON service's refusal.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.status, 400, "{}", self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap();
        body["__type"].as_str().unwrap().to_owned()
    }

    /// The text of the first XML element of that name.
    #[track_caller]
    pub fn text(&self, element: &str) -> String {
        let rest = self.text.split_once(&format!("<{element}>")).map(|(_, rest)| rest);
        let found = rest.and_then(|rest| rest.split_once(&format!("</{element}>")));
        found
            .unwrap_or_else(|| panic!("no {element} in {}", self.text))
            .0
            .to_owned()
    }
}

pub struct World {
    installation: Installation,
    clock: Arc<FakeClock>,
    engine: Arc<Simulated>,
    pub root: Keys,
}

impl World {
    pub fn new() -> Self {
        let (installation, clock, engine) = Installation::in_memory(5).unwrap();
        let root = Keys {
            id: installation.root.access_key_id.clone(),
            secret: installation.root.secret_access_key.clone(),
            token: None,
        };
        Self {
            installation,
            clock,
            engine,
            root,
        }
    }

    /// Lets time pass and everything that falls due happen.
    pub async fn pass(&self, secs: u64) {
        for _ in 0..secs {
            self.advance(Duration::from_secs(1));
            self.engine.tick();
            self.installation.settle().await;
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Calls a service with forms: IAM, STS or EC2.
    pub async fn form(&self, keys: &Keys, service: &str, operation: &str, pairs: &[(&str, &str)]) -> Answer {
        let version = match service {
            "iam" => "2010-05-08",
            "sts" => "2011-06-15",
            _ => "2016-11-15",
        };
        let fields = pairs.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        let body = format!("Action={operation}&Version={version}{}", fields.collect::<String>());
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.send(keys, "us-east-1", service, &headers, body).await
    }

    /// Calls ECS.
    pub async fn ecs(&self, keys: &Keys, region: &str, operation: &str, input: Value) -> Answer {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        self.json(keys, region, "ecs", target, input).await
    }

    /// Calls Parameter Store or Secrets Manager as root in us-east-1.
    pub async fn kept(&self, service: &str, operation: &str, input: Value) -> Answer {
        let head = if service == "ssm" { "AmazonSSM" } else { service };
        let target = format!("{head}.{operation}");
        self.json(&self.root, "us-east-1", service, target, input).await
    }

    /// Calls CloudTrail.
    pub async fn trail(&self, keys: &Keys, region: &str, operation: &str, input: Value) -> Answer {
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        self.json(keys, region, "cloudtrail", target, input).await
    }

    /// Calls CloudTrail as root in us-east-1.
    pub async fn here(&self, operation: &str, input: Value) -> Answer {
        self.trail(&self.root, "us-east-1", operation, input).await
    }

    /// The events of a lookup by one attribute, in us-east-1.
    pub async fn events(&self, key: &str, value: &str) -> Vec<Value> {
        let input = json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
        self.here("LookupEvents", input).await.ok()["Events"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The only event of that name in us-east-1, and its record.
    pub async fn event(&self, name: &str) -> (Value, Value) {
        let events = self.events("EventName", name).await;
        let [event] = events.as_slice() else {
            panic!("{name}: {events:?}")
        };
        (event.clone(), record(event))
    }

    /// A user who may do everything.
    pub async fn admin(&self, name: &str) -> Keys {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        let keys = self.user(name).await;
        let input = [("UserName", name), ("PolicyName", "all"), ("PolicyDocument", policy)];
        assert_eq!(self.form(&self.root, "iam", "PutUserPolicy", &input).await.status, 200);
        keys
    }

    /// A user who may do nothing.
    pub async fn user(&self, name: &str) -> Keys {
        self.form(&self.root, "iam", "CreateUser", &[("UserName", name)]).await;
        let made = self
            .form(&self.root, "iam", "CreateAccessKey", &[("UserName", name)])
            .await;
        Keys {
            id: made.text("AccessKeyId"),
            secret: made.text("SecretAccessKey"),
            token: None,
        }
    }

    /// Makes a role that the account may assume.
    pub async fn role(&self, keys: &Keys, name: &str) -> Answer {
        let input = [("RoleName", name), ("AssumeRolePolicyDocument", TRUST)];
        self.form(keys, "iam", "CreateRole", &input).await
    }

    /// A session of a role.
    pub async fn assume(&self, keys: &Keys, role: &str, session: &str) -> Keys {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        let input = [("RoleArn", arn.as_str()), ("RoleSessionName", session)];
        let made = self.form(keys, "sts", "AssumeRole", &input).await;
        Keys {
            id: made.text("AccessKeyId"),
            secret: made.text("SecretAccessKey"),
            token: Some(made.text("SessionToken")),
        }
    }

    async fn json(&self, keys: &Keys, region: &str, service: &str, target: String, input: Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target),
        ];
        self.send(keys, region, service, &headers, input.to_string()).await
    }

    async fn send(
        &self,
        keys: &Keys,
        region: &str,
        service: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Answer {
        let (uri, body) = (Uri::from_static("/"), Bytes::from(body));
        let mut sent = HeaderMap::new();
        sent.insert("host", HeaderValue::from_static("localhost:4566"));
        sent.insert("user-agent", HeaderValue::from_static("tests/1.0"));
        for (name, value) in headers {
            sent.insert(*name, value.parse().unwrap());
        }
        let credentials = sign::Credentials {
            access_key_id: &keys.id,
            secret_access_key: &keys.secret,
            session_token: keys.token.as_deref(),
        };
        let parts = sigv4::Request::of(&Method::POST, &uri, &sent);
        let signed = sign::Signer::new(credentials, region, service).sign(parts, &body, self.clock.now());
        sent.extend(signed.unwrap().into_iter().map(|(name, value)| (Some(name), value)));
        let request = Request {
            method: Method::POST,
            uri,
            headers: sent,
            body,
        };
        let peer = Peer {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
        };
        let response = self.installation.kernel.answer(&request, peer).await;
        Answer {
            status: response.status.as_u16(),
            text: String::from_utf8(response.body.to_vec()).unwrap(),
        }
    }
}

/// The record in an event.
pub fn record(event: &Value) -> Value {
    serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap()
}

/// The members of a JSON object, in the order of their names.
pub fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn encoded(text: &str) -> String {
    let each = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    each.collect()
}
