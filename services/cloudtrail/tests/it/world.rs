//! A small installation: IAM, STS and CloudTrail behind a kernel, called with signed bytes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead_cloudtrail::CloudTrail;
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Timestamp};
use roadstead_iam::Iam;
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::{Kernel, Parts, Peer, Service};
use roadstead_store::{Memory, Store};
use roadstead_sts::Sts;
use roadstead_wire::Request;
use roadstead_wire::sigv4::{self, sign};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";

#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

pub struct World {
    pub kernel: Arc<Kernel>,
    pub clock: Arc<FakeClock>,
    pub root: Keys,
}

impl World {
    pub fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
        let root = Keys {
            id: "AKIAROOTROOTROOTROOT".into(),
            secret: "rootsecret".into(),
            token: None,
        };
        let account = AccountId::parse(ACCOUNT).unwrap();
        let iam = Iam::new(Arc::clone(&store), account, &root.id, &root.secret, Vec::new());
        let parts = Parts {
            store: Arc::clone(&store),
            directory: iam.directory(),
            master_key: [7; 32],
            audit: AuditLog::in_memory(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Ids::seeded(5),
        };
        let services: Vec<Arc<dyn Service>> = vec![iam, Arc::new(Sts), CloudTrail::new(store)];
        Self {
            kernel: Kernel::new(parts, services).unwrap(),
            clock,
            root,
        }
    }

    /// Calls a query service; answers the body.
    pub async fn query(&self, keys: &Keys, service: &str, operation: &str, input: &[(&str, &str)]) -> (u16, String) {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let fields = input.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        let body = format!(
            "Action={operation}&Version={version}{}",
            fields.collect::<Vec<_>>().concat()
        );
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.send(keys, "us-east-1", service, &headers, body).await
    }

    /// Calls CloudTrail in a region; answers status and body.
    pub async fn trail(&self, keys: &Keys, region: &str, operation: &str, input: Value) -> (u16, Value) {
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target),
        ];
        let (status, body) = self.send(keys, region, "cloudtrail", &headers, input.to_string()).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Calls CloudTrail as root in us-east-1, which must work.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        let (status, body) = self.trail(&self.root, "us-east-1", operation, input).await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    /// The events of a lookup by one attribute.
    pub async fn events(&self, key: &str, value: &str) -> Vec<Value> {
        let input = json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]});
        self.ok("LookupEvents", input).await["Events"]
            .as_array()
            .unwrap()
            .clone()
    }

    async fn send(
        &self,
        keys: &Keys,
        region: &str,
        service: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> (u16, String) {
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
        let added = sign::Signer::new(credentials, region, service)
            .sign(parts, &body, self.clock.now())
            .unwrap();
        sent.extend(added.into_iter().map(|(name, value)| (Some(name), value)));
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
        let response = self.kernel.answer(&request, peer).await;
        (
            response.status.as_u16(),
            String::from_utf8(response.body.to_vec()).unwrap(),
        )
    }

    /// A user who may do everything.
    pub async fn admin(&self, name: &str) -> Keys {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        self.query(&self.root, "iam", "CreateUser", &[("UserName", name)]).await;
        let input = [("UserName", name), ("PolicyName", "all"), ("PolicyDocument", policy)];
        self.query(&self.root, "iam", "PutUserPolicy", &input).await;
        let (_, made) = self
            .query(&self.root, "iam", "CreateAccessKey", &[("UserName", name)])
            .await;
        Keys {
            id: text(&made, "AccessKeyId"),
            secret: text(&made, "SecretAccessKey"),
            token: None,
        }
    }
}

/// The text of the first element of that name.
pub fn text(body: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let from = body.find(&open).unwrap_or_else(|| panic!("no {element} in {body}")) + open.len();
    body[from..from + body[from..].find(&close).unwrap()].to_owned()
}

fn encoded(text: &str) -> String {
    let each = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    each.collect::<Vec<_>>().concat()
}
