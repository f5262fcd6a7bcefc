//! A small installation: IAM and STS behind a kernel, called with signed bytes as clients do.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Region, Timestamp};
use roadstead_iam::Iam;
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::linked::{LinkedRoleUsage, RoleUsage};
use roadstead_kernel::{BoxFuture, Kernel, Parts, Peer, Result, Service};
use roadstead_store::{Memory, Store};
use roadstead_sts::Sts;
use roadstead_wire::Request;
use roadstead_wire::sigv4;
use roadstead_wire::sigv4::sign::{Credentials, Signer};

pub const ACCOUNT: &str = "123456789012";

/// What uses the linked role of ECS; set by tests.
#[derive(Default)]
pub struct Usage(pub Mutex<Vec<RoleUsage>>);

impl LinkedRoleUsage for Usage {
    fn service(&self) -> &'static str {
        "ecs.amazonaws.com"
    }

    fn usage(&self, _: AccountId) -> BoxFuture<'_, Result<Vec<RoleUsage>>> {
        Box::pin(std::future::ready(Ok(self.0.lock().unwrap().clone())))
    }
}

pub fn usage(region: &str, resources: &[&str]) -> RoleUsage {
    RoleUsage {
        region: Region::parse(region).unwrap(),
        resources: resources.iter().map(ToString::to_string).collect(),
    }
}

/// The keys of a caller.
#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

pub struct World {
    pub kernel: Arc<Kernel>,
    pub clock: Arc<FakeClock>,
    pub store: Arc<dyn Store>,
    pub usage: Arc<Usage>,
    pub root: Keys,
    pub iam: Arc<Iam>,
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl World {
    pub fn new() -> Self {
        Self::over(Arc::new(Memory::new()))
    }

    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::with(store, Vec::new())
    }

    /// The same with further services that have linked roles.
    pub fn with(store: Arc<dyn Store>, further: Vec<Arc<dyn LinkedRoleUsage>>) -> Self {
        let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_795_500_000)));
        let usage = Arc::new(Usage::default());
        let root = Keys {
            id: "AKIAROOTROOTROOTROOT".into(),
            secret: "rootsecret".into(),
            token: None,
        };
        let account = AccountId::parse(ACCOUNT).unwrap();
        let mut linked = vec![Arc::clone(&usage) as Arc<dyn LinkedRoleUsage>];
        linked.extend(further);
        let iam = Iam::new(Arc::clone(&store), account, &root.id, &root.secret, linked);
        let parts = Parts {
            store: Arc::clone(&store),
            directory: iam.directory(),
            master_key: [7; 32],
            audit: AuditLog::in_memory(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Ids::seeded(11),
        };
        let kernel = Kernel::new(parts, vec![Arc::clone(&iam) as Arc<dyn Service>, Arc::new(Sts)]).unwrap();
        Self {
            kernel,
            clock,
            store,
            usage,
            root,
            iam,
        }
    }

    /// Calls IAM with the given keys; inputs as a form has them.
    pub async fn iam(&self, keys: &Keys, operation: &str, input: &[(&str, &str)]) -> Answer {
        self.call("iam", "2010-05-08", keys, operation, input).await
    }

    /// Calls STS.
    pub async fn sts(&self, keys: &Keys, operation: &str, input: &[(&str, &str)]) -> Answer {
        self.call("sts", "2011-06-15", keys, operation, input).await
    }

    /// Calls IAM as root, which must work.
    pub async fn ok(&self, operation: &str, input: &[(&str, &str)]) -> Answer {
        let answer = self.iam(&self.root, operation, input).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        answer
    }

    /// Calls IAM as root, which must fail with this.
    pub async fn refused(&self, operation: &str, input: &[(&str, &str)], status: u16, code: &str, message: &str) {
        self.iam(&self.root, operation, input)
            .await
            .is_error(status, code, message);
    }

    async fn call(&self, service: &str, version: &str, keys: &Keys, operation: &str, input: &[(&str, &str)]) -> Answer {
        let fields = input.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
        let fields = fields.collect::<Vec<_>>().concat();
        let body = Bytes::from(format!("Action={operation}&Version={version}{fields}"));
        let uri = Uri::from_static("/");
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:4566"));
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        headers.insert("user-agent", HeaderValue::from_static("tests"));
        // Without an id the request goes unsigned.
        if !keys.id.is_empty() {
            self.sign(service, keys, &uri, &body, &mut headers);
        }
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

    fn sign(&self, service: &str, keys: &Keys, uri: &Uri, body: &Bytes, headers: &mut HeaderMap) {
        let credentials = Credentials {
            access_key_id: &keys.id,
            secret_access_key: &keys.secret,
            session_token: keys.token.as_deref(),
        };
        let parts = sigv4::Request::of(&Method::POST, uri, headers);
        let added = Signer::new(credentials, "us-east-1", service)
            .sign(parts, body, self.clock.now())
            .unwrap();
        headers.extend(added.into_iter().map(|(name, value)| (Some(name), value)));
    }

    /// A user with an access key and, if given, an inline policy.
    pub async fn user(&self, name: &str, policy: Option<&str>) -> Keys {
        self.ok("CreateUser", &[("UserName", name)]).await;
        if let Some(policy) = policy {
            let input = [("UserName", name), ("PolicyName", "own"), ("PolicyDocument", policy)];
            self.ok("PutUserPolicy", &input).await;
        }
        let made = self.ok("CreateAccessKey", &[("UserName", name)]).await;
        Keys {
            id: made.text("AccessKeyId"),
            secret: made.text("SecretAccessKey"),
            token: None,
        }
    }

    /// A role that the account trusts.
    pub async fn role(&self, name: &str) -> Answer {
        self.ok(
            "CreateRole",
            &[("RoleName", name), ("AssumeRolePolicyDocument", &trust_account())],
        )
        .await
    }

    /// Assumes a role, which must work.
    pub async fn assume(&self, keys: &Keys, arn: &str, more: &[(&str, &str)]) -> Keys {
        let mut input = vec![("RoleArn", arn), ("RoleSessionName", "session")];
        input.extend_from_slice(more);
        self.sts(keys, "AssumeRole", &input).await.keys()
    }
}

impl Answer {
    /// The text of the first element of that name.
    pub fn text(&self, element: &str) -> String {
        self.texts(element)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {element} in {}", self.body))
    }

    /// The texts of all elements of that name.
    pub fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let mut found = Vec::new();
        let mut rest = self.body.as_str();
        while let Some(at) = rest.find(&open) {
            rest = &rest[at + open.len()..];
            let end = rest.find(&close).unwrap();
            found.push(
                rest[..end]
                    .replace("&quot;", "\"")
                    .replace("&lt;", "<")
                    .replace("&amp;", "&"),
            );
            rest = &rest[end..];
        }
        found
    }

    /// Whether there is an element of that name, empty ones included.
    pub fn has(&self, element: &str) -> bool {
        self.body.contains(&format!("<{element}>")) || self.body.contains(&format!("<{element}/>"))
    }

    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str, message: &str) {
        assert_eq!(
            (self.status, self.text("Code").as_str(), self.text("Message").as_str()),
            (status, code, message)
        );
    }

    #[track_caller]
    pub fn is_ok(&self) -> &Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// The credentials in the answer.
    #[track_caller]
    pub fn keys(&self) -> Keys {
        self.is_ok();
        Keys {
            id: self.text("AccessKeyId"),
            secret: self.text("SecretAccessKey"),
            token: Some(self.text("SessionToken")),
        }
    }
}

/// A text as forms have it.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A policy of one statement.
pub fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// A trust policy for the account itself.
pub fn trust_account() -> String {
    trust(&format!("arn:aws:iam::{ACCOUNT}:root"))
}

/// A trust policy for one principal.
pub fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}]}}"#
    )
}

/// The ARN of a role at the root path.
pub fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// A path below the account's IAM.
pub fn arn(resource: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{resource}")
}
