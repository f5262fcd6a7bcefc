//! A kernel with one service alone, a root user, and a user whose policy a test writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use roadstead_core::time::FakeClock;
use roadstead_core::{AccountId, Clock, Ids, Partition, Region, Tags, Timestamp, arn};
use roadstead_kernel::audit::AuditLog;
use roadstead_kernel::{
    AccessKey, BoxFuture, Directory, Identity, Kernel, MASTER_KEY_LEN, Parts, Peer, Result, Role, Secret, Service,
    ServiceMeta, Who,
};
use roadstead_policy::{Document, PolicyLabel, PolicySet, PolicyType, Program};
use roadstead_store::Store;
use roadstead_wire::sigv4;
use roadstead_wire::sigv4::sign::{Credentials, Signer};
use roadstead_wire::{Request, Response};
use serde_json::{Value, json};

/// The account.
pub const ACCOUNT: &str = "123456789012";
/// When it is, until a test advances the clock, in milliseconds.
pub const NOW: i64 = 1_790_000_000_000;
/// A day, in milliseconds.
pub const DAY: i64 = 86_400_000;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ROOT: &str = "AKIAROOT000000000000";
const USER: &str = "AKIAUSER000000000000";

/// The kernel, what it keeps, and the clock that a test sets.
pub struct Bed {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<FakeClock>,
    service: &'static ServiceMeta,
}

/// An error's code and message.
#[derive(Debug, PartialEq)]
pub struct Refused {
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
}

struct Principals {
    root: Arc<Identity>,
    user: Arc<Identity>,
}

impl Bed {
    /// A kernel with a service that keeps its records in this store, and a user with this policy.
    pub fn over(store: Arc<dyn Store>, service: Arc<dyn Service>, policy: Option<&Value>) -> Self {
        let clock = Arc::new(FakeClock::at(Timestamp::from_millis(NOW)));
        let parts = Parts {
            store: Arc::clone(&store),
            directory: Arc::new(Principals::new(policy)),
            master_key: [7; MASTER_KEY_LEN],
            audit: AuditLog::in_memory(),
            clock: Arc::<FakeClock>::clone(&clock),
            ids: Ids::seeded(5),
        };
        Self {
            service: service.meta(),
            kernel: Kernel::new(parts, vec![service]).unwrap(),
            store,
            clock,
        }
    }

    /// Lets time pass.
    pub fn advance(&self, millis: i64) {
        self.clock
            .advance(Duration::from_millis(u64::try_from(millis).unwrap()));
    }

    /// Whether a text can be found anywhere in the store.
    pub async fn stores(&self, text: &str) -> bool {
        let (entries, _) = self.store.range(roadstead_store::Range::all()).await.unwrap();
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        entries.iter().any(|entry| holds(&entry.value) || holds(&entry.key))
    }

    /// Calls as root.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Refused> {
        read(&self.answer(ROOT, operation, input).await)
    }

    /// Calls as the user with the policy.
    pub async fn call_as_user(&self, operation: &str, input: Value) -> Result<Value, Refused> {
        read(&self.answer(USER, operation, input).await)
    }

    /// Calls as root what has to succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input)
            .await
            .unwrap_or_else(|refused| panic!("{operation}: {refused:?}"))
    }

    /// Calls as root what has to fail with that code; the message.
    pub async fn refused(&self, operation: &str, input: Value, code: &str) -> String {
        let refused = self.call(operation, input).await.expect_err(operation);
        assert_eq!(refused.code, code, "{}", refused.message);
        refused.message
    }

    /// The reply to root as it is.
    pub async fn reply(&self, operation: &str, input: Value) -> Response {
        self.answer(ROOT, operation, input).await
    }

    async fn answer(&self, key: &str, operation: &str, input: Value) -> Response {
        let mut request = Request {
            method: http::Method::POST,
            uri: "/".parse().unwrap(),
            headers: http::HeaderMap::new(),
            body: input.to_string().into(),
        };
        let (host, target) = (self.service.endpoint_prefix, self.service.target_prefix.unwrap());
        let headers = &mut request.headers;
        headers.insert(HOST, format!("{host}.us-east-1.amazonaws.com").parse().unwrap());
        headers.insert("content-type", "application/x-amz-json-1.1".parse().unwrap());
        headers.insert("x-amz-target", format!("{target}.{operation}").parse().unwrap());
        let credentials = Credentials {
            access_key_id: key,
            secret_access_key: SECRET,
            session_token: None,
        };
        let signer = Signer::new(credentials, "us-east-1", self.service.signing_name);
        let parts = sigv4::Request::of(&request.method, &request.uri, &request.headers);
        let signature = signer.sign(parts, &request.body, self.clock.now()).unwrap();
        request
            .headers
            .extend(signature.into_iter().map(|(name, value)| (Some(name), value)));
        let peer = Peer {
            address: [127, 0, 0, 1].into(),
            secure: false,
        };
        self.kernel.answer(&request, peer).await
    }
}

fn read(response: &Response) -> Result<Value, Refused> {
    let body: Value = if response.body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&response.body).unwrap()
    };
    if response.status.is_success() {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Err(Refused {
        code: text("__type"),
        // Some models' own errors spell it so, the others in lower case.
        message: text("Message") + &text("message"),
    })
}

impl Principals {
    fn new(policy: Option<&Value>) -> Self {
        let account = AccountId::parse(ACCOUNT).unwrap();
        let identity = |who, arn: String, id: &str, name: &str, policies| {
            Arc::new(Identity {
                who,
                account,
                arn,
                id: id.to_owned(),
                name: name.to_owned(),
                tags: Tags::new(),
                linked_service: None,
                policies,
            })
        };
        let compile = |policy: &Value| {
            let document = Document::parse(&policy.to_string()).unwrap();
            Arc::new(Program::compile(
                &document,
                PolicyLabel::new(PolicyType::Identity, "test"),
            ))
        };
        let policies = PolicySet {
            identity: policy.into_iter().map(compile).collect(),
            ..PolicySet::default()
        };
        let place = arn::Place {
            account,
            region: Region::US_EAST_1,
        };
        let user = Who::User("AIDATEST".to_owned());
        Self {
            root: identity(
                Who::Root,
                arn::root(Partition::Aws, account),
                ACCOUNT,
                "",
                PolicySet::default(),
            ),
            user: identity(user, place.global_arn("iam", "user/test"), "AIDATEST", "test", policies),
        }
    }
}

impl Directory for Principals {
    fn access_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Arc<AccessKey>>>> {
        let identity = match id {
            ROOT => Some(&self.root),
            USER => Some(&self.user),
            _ => None,
        };
        let key = identity.map(|identity| {
            let (account, who) = (identity.account, identity.who.clone());
            Arc::new(AccessKey {
                account,
                who,
                secret: Secret::new(SECRET),
                active: true,
            })
        });
        Box::pin(async { Ok(key) })
    }

    fn identity<'a>(&'a self, _: AccountId, who: &'a Who) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        let found = [&self.root, &self.user]
            .into_iter()
            .find(|identity| identity.who == *who)
            .map(Arc::clone);
        Box::pin(async { Ok(found) })
    }

    fn role<'a>(&'a self, _: AccountId, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<Role>>>> {
        Box::pin(async { Ok(None) })
    }

    fn user<'a>(&'a self, _: AccountId, name: &'a str) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        let found = (name == self.user.name).then(|| Arc::clone(&self.user));
        Box::pin(async { Ok(found) })
    }

    fn managed_policy<'a>(&'a self, _: AccountId, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<Program>>>> {
        Box::pin(async { Ok(None) })
    }

    fn home_account(&self) -> AccountId {
        self.root.account
    }
}
