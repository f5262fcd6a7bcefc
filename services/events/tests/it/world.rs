//! An installation in memory, called with signed requests, with a clock that the tests set.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead::{Installation, RootKeys};
use roadstead_containers::Simulated;
use roadstead_core::Clock as _;
use roadstead_core::time::FakeClock;
use roadstead_kernel::Peer;
use roadstead_wire::sigv4;
use roadstead_wire::sigv4::sign::{Credentials, Signer};
use serde_json::{Value, json};

/// The ARN of something in the home account's first region.
pub fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:000000000000:{resource}")
}

/// The installation, its clock, its container engine, and whose keys sign.
#[derive(Clone)]
pub struct World {
    pub installation: Arc<Installation>,
    pub clock: Arc<FakeClock>,
    pub engine: Arc<Simulated>,
    pub keys: RootKeys,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// The body as JSON, of a call that succeeded.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Code and message of an error.
    #[track_caller]
    pub fn error(self) -> (String, String) {
        assert_ne!(self.status, 200, "{}", self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (text("__type"), text("message") + &text("Message"))
    }
}

impl World {
    pub fn new() -> Self {
        let (installation, clock, engine) = Installation::in_memory(11).unwrap();
        let keys = installation.root.clone();
        Self {
            installation: Arc::new(installation),
            clock,
            engine,
            keys,
        }
    }

    async fn send(&self, service: &str, headers: &[(&'static str, String)], body: String) -> Answer {
        let mut map = HeaderMap::new();
        map.insert("host", HeaderValue::from_static("127.0.0.1:4566"));
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let uri = Uri::from_static("/");
        let credentials = Credentials {
            access_key_id: &self.keys.access_key_id,
            secret_access_key: &self.keys.secret_access_key,
            session_token: None,
        };
        let unsigned = sigv4::Request::of(&Method::POST, &uri, &map);
        let signed = Signer::new(credentials, "us-east-1", service).sign(unsigned, body.as_bytes(), self.clock.now());
        map.extend(signed.unwrap().into_iter().map(|(name, value)| (Some(name), value)));
        let request = roadstead_wire::Request {
            method: Method::POST,
            uri,
            headers: map,
            body: Bytes::from(body),
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

    async fn json(&self, service: &str, target: &str, operation: &str, input: Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{target}.{operation}")),
        ];
        self.send(service, &headers, input.to_string()).await
    }

    /// Calls EventBridge.
    pub async fn events(&self, operation: &str, input: Value) -> Answer {
        self.json("events", "AWSEvents", operation, input).await
    }

    /// Calls CloudWatch Logs.
    pub async fn logs(&self, operation: &str, input: Value) -> Answer {
        self.json("logs", "Logs_20140328", operation, input).await
    }

    /// Calls ECS.
    pub async fn ecs(&self, operation: &str, input: Value) -> Answer {
        self.json("ecs", "AmazonEC2ContainerServiceV20141113", operation, input)
            .await
    }

    /// Calls a form service: `iam`, `GetRole`, pairs.
    pub async fn form(&self, service: &str, operation: &str, pairs: &[(&str, &str)]) -> Answer {
        let version = if service == "iam" { "2010-05-08" } else { "2016-11-15" };
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in pairs {
            let _ = write!(body, "&{name}={}", percent(value));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.send(service, &headers, body).await
    }

    /// The same installation, called by a new user with these statements.
    pub async fn user(&self, name: &str, statements: Value) -> Self {
        assert_eq!(self.form("iam", "CreateUser", &[("UserName", name)]).await.status, 200);
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let pairs = [
            ("UserName", name),
            ("PolicyName", "inline"),
            ("PolicyDocument", policy.as_str()),
        ];
        let put = self.form("iam", "PutUserPolicy", &pairs).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let made = self.form("iam", "CreateAccessKey", &[("UserName", name)]).await.text;
        let keys = RootKeys {
            access_key_id: between(&made, "<AccessKeyId>", "</AccessKeyId>"),
            secret_access_key: between(&made, "<SecretAccessKey>", "</SecretAccessKey>"),
        };
        Self { keys, ..self.clone() }
    }

    /// A role that a service may assume, with these statements, if any; its ARN.
    pub async fn role(&self, name: &str, trusted: &str, statements: Value) -> String {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": trusted }, "Action": "sts:AssumeRole"
        }] });
        let pairs = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        let made = self.form("iam", "CreateRole", &pairs).await;
        assert_eq!(made.status, 200, "{}", made.text);
        if statements == json!([]) {
            return format!("arn:aws:iam::000000000000:role/{name}");
        }
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let pairs = [
            ("RoleName", name),
            ("PolicyName", "inline"),
            ("PolicyDocument", policy.as_str()),
        ];
        let put = self.form("iam", "PutRolePolicy", &pairs).await;
        assert_eq!(put.status, 200, "{}", put.text);
        format!("arn:aws:iam::000000000000:role/{name}")
    }

    /// A log group that EventBridge may write to.
    pub async fn group(&self, name: &str) -> String {
        self.logs("CreateLogGroup", json!({ "logGroupName": name })).await.ok();
        let document = json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "TrustEventsToStoreLogEvent", "Effect": "Allow",
            "Principal": { "Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", "log-group:/aws/events/*:*")
        }] });
        let policy = json!({ "policyName": "events", "policyDocument": document.to_string() });
        self.logs("PutResourcePolicy", policy).await.ok();
        arn("logs", &format!("log-group:{name}"))
    }

    /// The messages of a log group, in order of time.
    pub async fn messages(&self, group: &str) -> Vec<String> {
        let found = self
            .logs("FilterLogEvents", json!({ "logGroupName": group }))
            .await
            .ok();
        let events = found["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A rule with this pattern and one target; the rule's ARN.
    pub async fn rule(&self, name: &str, pattern: Value, target: Value) -> String {
        let put = json!({ "Name": name, "EventPattern": pattern.to_string() });
        let arn = self.events("PutRule", put).await.ok()["RuleArn"]
            .as_str()
            .unwrap()
            .to_owned();
        let put = self
            .events("PutTargets", json!({ "Rule": name, "Targets": [target] }))
            .await
            .ok();
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
        arn
    }

    /// Puts an event of the source `mine`; its id.
    pub async fn put(&self, detail: Value) -> String {
        let entry = json!({ "Source": "mine", "DetailType": "Said", "Detail": detail.to_string() });
        let put = self.events("PutEvents", json!({ "Entries": [entry] })).await.ok();
        put["Entries"][0]["EventId"].as_str().unwrap().to_owned()
    }

    /// Lets the reconcilers do what is due now.
    pub async fn settle(&self) {
        self.installation.settle().await;
    }

    /// Lets time pass and everything that falls due happen, second by second.
    pub async fn pass(&self, secs: u64) {
        for _ in 0..secs {
            self.clock.advance(Duration::from_secs(1));
            self.engine.tick();
            self.settle().await;
        }
    }

    /// How many deliveries succeeded, and how many were given up.
    pub fn counts(&self) -> (u64, u64) {
        self.installation.events.deliveries.reconciler().counts()
    }
}

/// The first text between two marks; empty without one.
pub fn between(body: &str, from: &str, to: &str) -> String {
    let rest = body.split_once(from).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once(to))
        .map(|(found, _)| found.to_owned())
        .unwrap_or_default()
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
