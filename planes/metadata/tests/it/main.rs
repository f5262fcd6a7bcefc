//! The listeners over loopback: paths, status codes and bodies as containers see them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use roadstead_core::Timestamp;
use roadstead_metadata::{
    AgentError, Api, BoxFuture, Form, Lack, NoCredentials, Protect, Protection, RoleCredentials, Served, Source,
    Target, forward, serve,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:task/demo/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A task with one container, `good`; other ids stand for what can go wrong.
struct Task;

fn told(what: &str, of: Target<'_>, form: Form) -> Result<Value, Lack> {
    match of {
        Target::Endpoint("good") | Target::Docker("docker") | Target::Own => Ok(json!({ what: format!("{form:?}") })),
        Target::Endpoint("gone") => Err(Lack::NoState("docker".to_owned())),
        Target::Endpoint("broken") => Err(Lack::Failed),
        Target::Endpoint(_) | Target::Docker(_) => Err(Lack::UnknownId),
    }
}

impl Source for Task {
    fn task_arn(&self) -> &str {
        ARN
    }

    fn container<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move { told("container", of, form) })
    }

    fn task<'a>(&'a self, of: Target<'a>, form: Form, with_tags: bool) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move { told(if with_tags { "tagged" } else { "task" }, of, form) })
    }

    fn container_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move { told("stats", of, form) })
    }

    fn task_stats<'a>(&'a self, of: Target<'a>, form: Form) -> BoxFuture<'a, Result<Value, Lack>> {
        Box::pin(async move { told("all", of, form) })
    }

    fn credentials<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<RoleCredentials, NoCredentials>> {
        Box::pin(async move {
            match id {
                "good" => Ok(RoleCredentials {
                    role_arn: "arn:aws:iam::123456789012:role/TaskRole".to_owned(),
                    access_key_id: "ASIAEXAMPLE".to_owned(),
                    secret_access_key: "secret".to_owned(),
                    token: "token".to_owned(),
                    expiration: Timestamp::from_secs(1_768_579_200),
                }),
                "early" => Err(NoCredentials::Uninitialized),
                "broken" => Err(NoCredentials::Failed),
                _ => Err(NoCredentials::UnknownId),
            }
        })
    }

    fn protection<'a>(&'a self, of: &'a str, change: Option<Protect>) -> BoxFuture<'a, Result<Protection, AgentError>> {
        Box::pin(async move {
            match of {
                "good" => Ok(Protection::Is {
                    enabled: change.is_some_and(|change| change.enabled),
                    expires: change
                        .filter(|change| change.enabled)
                        .map(|change| Timestamp::from_secs(i64::from(change.minutes.unwrap_or(120)) * 60)),
                }),
                "alone" => Ok(Protection::Failure {
                    arn: Some(ARN.to_owned()),
                    reason: Some("TASK_NOT_VALID".to_owned()),
                    detail: None,
                }),
                "roleless" => Err(AgentError::NoRole),
                "denied" => Err(AgentError::Api {
                    status: 400,
                    code: "AccessDeniedException".to_owned(),
                    message: "no".to_owned(),
                    request_id: "r-1".to_owned(),
                }),
                "odd" => Err(AgentError::Unexpected),
                "slow" => std::future::pending().await,
                _ => Err(AgentError::UnknownId),
            }
        })
    }
}

struct Agent {
    address: SocketAddr,
    _served: Served,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

fn listener() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

impl Agent {
    fn start() -> Self {
        let (listener, address) = listener();
        Self {
            address,
            _served: serve(listener, Arc::new(Task)).unwrap(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 169.254.170.2\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    #[track_caller]
    fn check(&self, path: &str, status: u16, expected: &Value) -> impl Future<Output = ()> {
        self.check_sent("GET", path, "", status, expected)
    }

    async fn check_sent(&self, method: &str, path: &str, body: &str, status: u16, expected: &Value) {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(
            answer.head.contains("content-type: application/json"),
            "{path}: {}",
            answer.head
        );
        let said: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(&said, expected, "{path}");
    }
}

#[tokio::test]
async fn each_version_tells_containers_tasks_and_stats() {
    let agent = Agent::start();
    for (path, what, form) in [
        ("/v4/good", "container", "V4"),
        ("/v4/good/task", "task", "V4"),
        ("/v4/good/taskWithTags", "tagged", "V4"),
        ("/v4/good/stats", "stats", "V4"),
        ("/v4/good/task/stats", "all", "V4"),
        ("/v3/good", "container", "V3"),
        ("/v3/good/task", "task", "V3"),
        ("/v3/good/taskWithTags", "tagged", "V3"),
        ("/v3/good/stats", "stats", "V3"),
        ("/v3/good/task/stats", "all", "V3"),
        ("/v2/metadata", "task", "V2"),
        ("/v2/metadata/", "task", "V2"),
        ("/v2/metadataWithTags", "tagged", "V2"),
        ("/v2/metadata/docker", "container", "V2"),
        ("/v2/stats", "all", "V2"),
        ("/v2/stats/docker", "stats", "V2"),
    ] {
        agent.check(path, 200, &json!({ what: form })).await;
    }
    agent
        .check("/v4/good/associations/gpu", 200, &json!({ "Associations": [] }))
        .await;
}

#[tokio::test]
async fn what_is_not_told_is_refused_in_the_agents_words() {
    let agent = Agent::start();
    let v4_container = "V4 container metadata handler: unable to get container ID from request: unable to get docker ID from v3 endpoint ID: no";
    let v4_task =
        "V4 task metadata handler: unable to get task arn from request: unable to get task Arn from v3 endpoint ID: no";
    for (path, status, text) in [
        ("/v4/no", 404, v4_container.to_owned()),
        ("/v3/no", 500, v4_container.replace("V4", "V3")),
        ("/v4/no/task", 404, v4_task.to_owned()),
        ("/v3/no/taskWithTags", 500, v4_task.replace("V4", "V3")),
        (
            "/v4/gone",
            500,
            "unable to generate metadata for container 'docker'".to_owned(),
        ),
        (
            "/v3/gone",
            500,
            "Unable to generate metadata for container 'docker'".to_owned(),
        ),
        (
            "/v4/gone/task",
            500,
            format!("Unable to generate metadata for v4 task: '{ARN}'"),
        ),
        (
            "/v3/gone/task",
            500,
            format!("Unable to generate metadata for task: '{ARN}'"),
        ),
        (
            "/v4/gone/stats",
            500,
            "Unable to get container stats for: docker".to_owned(),
        ),
        (
            "/v4/gone/task/stats",
            500,
            format!("Unable to get task stats for: {ARN}"),
        ),
        ("/v4/broken", 500, "failed to get container metadata".to_owned()),
        ("/v4/broken/task", 500, "failed to get task metadata".to_owned()),
        ("/v4/broken/stats", 500, "failed to get stats".to_owned()),
    ] {
        agent.check(path, status, &text.into()).await;
    }
    for (path, status, start) in [
        ("/v4/no/stats", 404, "V4 container stats handler: "),
        ("/v4/no/task/stats", 404, "V4 task stats handler: "),
        ("/v3/no/stats", 400, "V3 container stats handler: "),
        ("/v4/no/associations/gpu", 400, "V4 container associations handler: "),
        (
            "/v4/good/associations/gpu/x",
            400,
            "V4 container associations handler: ",
        ),
    ] {
        let answer = agent.send("GET", path, "").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.body.starts_with(&format!("\"{start}")),
            "{path}: {}",
            answer.body
        );
    }
    for nowhere in ["/", "/v4/good/tasks", "/v4/good/tasks/stats", "/latest/meta-data"] {
        assert_eq!(agent.send("GET", nowhere, "").await.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn credentials_have_exactly_five_members() {
    let agent = Agent::start();
    let good = json!({
        "RoleArn": "arn:aws:iam::123456789012:role/TaskRole", "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "secret", "Token": "token", "Expiration": "2026-01-16T16:00:00Z"
    });
    agent.check("/v2/credentials/good", 200, &good).await;
    agent.check("/v1/credentials?id=good", 200, &good).await;
}

#[tokio::test]
async fn credentials_are_refused_in_the_agents_words() {
    let agent = Agent::start();
    for (path, status, code, message) in [
        (
            "/v2/credentials",
            400,
            "NoIdInRequest",
            "CredentialsV2Request: No Credential ID in the request",
        ),
        (
            "/v2/credentials/",
            400,
            "NoIdInRequest",
            "CredentialsV2Request: No Credential ID in the request",
        ),
        (
            "/v1/credentials",
            400,
            "NoIdInRequest",
            "CredentialsV1Request: No Credential ID in the request",
        ),
        (
            "/v2/credentials/no",
            400,
            "InvalidIdInRequest",
            "CredentialsV2Request: Credentials not found",
        ),
        (
            "/v1/credentials?id=no",
            400,
            "InvalidIdInRequest",
            "CredentialsV1Request: Credentials not found",
        ),
        (
            "/v2/credentials/early",
            503,
            "CredentialsUninitialized",
            "CredentialsV2Request: Credentials uninitialized for ID",
        ),
        (
            "/v2/credentials/broken",
            500,
            "InternalServerError",
            "Internal server error",
        ),
    ] {
        let expected = json!({ "code": code, "message": message, "HTTPErrorCode": status });
        agent.check(path, status, &expected).await;
    }
}

#[tokio::test]
async fn protection_is_read_and_changed() {
    let agent = Agent::start();
    let path = "/api/good/task-protection/v1/state";
    let none = json!({ "protection": { "ExpirationDate": null, "ProtectionEnabled": false, "TaskArn": ARN } });
    agent.check(path, 200, &none).await;
    let protected =
        |date: &str| json!({ "protection": { "ExpirationDate": date, "ProtectionEnabled": true, "TaskArn": ARN } });
    let body = r#"{"ProtectionEnabled":true,"ExpiresInMinutes":60}"#;
    agent
        .check_sent("PUT", path, body, 200, &protected("1970-01-01T01:00:00Z"))
        .await;
    // Go reads names in any case.
    let body = r#"{"protectionEnabled":true,"ExpiresInMinutes":null}"#;
    agent
        .check_sent("PUT", path, body, 200, &protected("1970-01-01T02:00:00Z"))
        .await;
    agent
        .check_sent("PUT", path, r#"{"ProtectionEnabled":false}"#, 200, &none)
        .await;
    let failure = json!({ "failure": { "Arn": ARN, "Detail": null, "Reason": "TASK_NOT_VALID" } });
    agent.check("/api/alone/task-protection/v1/state", 200, &failure).await;
    assert_eq!(agent.send("POST", path, "").await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn protection_is_refused_in_the_agents_words() {
    let agent = Agent::start();
    let error = |code: &str, message: &str| json!({ "error": { "Code": code, "Message": message } });
    let undecodable = error(
        "InvalidParameterException",
        "UpdateTaskProtection: failed to decode request",
    );
    let about = |code: &str, message: &str| json!({ "error": { "Arn": ARN, "Code": code, "Message": message } });
    let path = |id: &str| format!("/api/{id}/task-protection/v1/state");
    for body in [
        "",
        "x",
        "[]",
        r#"{"ProtectionEnabled":"yes"}"#,
        r#"{"ProtectionEnabled":true,"Other":1}"#,
    ] {
        // The body counts before the id does.
        agent.check_sent("PUT", &path("no"), body, 400, &undecodable).await;
    }
    let missing = error(
        "InvalidParameterException",
        "Invalid request: does not contain 'ProtectionEnabled' field",
    );
    agent
        .check_sent("PUT", &path("good"), r#"{"ExpiresInMinutes":1}"#, 400, &missing)
        .await;
    let unknown = error("ResourceNotFoundException", "Failed to find a task for the request");
    agent.check(&path("no"), 404, &unknown).await;
    let roleless = about(
        "AccessDeniedException",
        "Invalid Request: no task IAM role credentials available for task",
    );
    agent.check(&path("roleless"), 403, &roleless).await;
    let mut denied = about("AccessDeniedException", "no");
    denied["requestID"] = "r-1".into();
    agent.check(&path("denied"), 400, &denied).await;
    agent
        .check(
            &path("odd"),
            500,
            &about("ServerException", "Unexpected error occurred"),
        )
        .await;
    let slow = about("RequestCanceled", "Timed out calling ECS Task Protection API");
    agent.check(&path("slow"), 504, &slow).await;
}

#[tokio::test]
async fn a_path_that_is_not_clean_is_moved() {
    let agent = Agent::start();
    let answer = agent.send("GET", "//v4//good", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (301, ""));
    assert!(answer.head.contains("location: /v4/good"), "{}", answer.head);
}

#[tokio::test]
async fn who_says_first_that_nothing_more_comes_is_answered() {
    let agent = Agent::start();
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(b"GET /v4/good HTTP/1.0\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with(r#"{"container":"V4"}"#), "{text}");
}

#[tokio::test]
async fn who_asks_too_often_has_to_wait() {
    let agent = Agent::start();
    let mut refused = 0;
    for _ in 0..200 {
        let answer = agent.send("GET", "/v4/good", "").await;
        assert!(matches!(answer.status, 200 | 429), "{}", answer.status);
        refused += usize::from(answer.status == 429);
    }
    assert!(refused > 0, "200 requests at once");
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let agent = Agent::start();
    let body = "x".repeat(70 << 10);
    let answer = agent.send("PUT", "/api/good/task-protection/v1/state", &body).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_listener_ends_with_its_connections() {
    let agent = Agent::start();
    let address = agent.address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /v4/good HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(stream.read(&mut [0; 16]).await.unwrap() > 0);
    drop(agent);
    let mut rest = Vec::new();
    // Either end is one: what was written before may still come.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}

/// Says where a connection comes from.
struct Echo;

impl Api for Echo {
    fn serve(&self, mut connection: TcpStream, from: IpAddr) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            connection.write_all(from.to_string().as_bytes()).await.unwrap();
        })
    }
}

#[tokio::test]
async fn the_api_is_told_the_address_of_the_task() {
    let (listener, address) = listener();
    let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    let _served = forward(listener, from, Arc::new(Echo)).unwrap();
    let mut said = String::new();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "10.0.0.7");
}
