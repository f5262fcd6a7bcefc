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

/// The installation, its clock and its container engine.
pub struct World {
    pub installation: Arc<Installation>,
    pub clock: Arc<FakeClock>,
    pub engine: Arc<Simulated>,
    pub keys: RootKeys,
    pub region: &'static str,
    pub token: Option<String>,
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
        serde_json::from_str(&self.text).unwrap()
    }

    /// Code and message of a JSON service's error.
    #[track_caller]
    pub fn error(self) -> (String, String) {
        assert_ne!(self.status, 200, "{}", self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap();
        (
            body["__type"].as_str().unwrap().to_owned(),
            body["message"].as_str().unwrap().to_owned(),
        )
    }
}

impl World {
    pub fn new() -> Self {
        let (installation, clock, engine) = Installation::in_memory(7).unwrap();
        let keys = installation.root.clone();
        Self {
            installation: Arc::new(installation),
            clock,
            engine,
            keys,
            region: "us-east-1",
            token: None,
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
            session_token: self.token.as_deref(),
        };
        let unsigned = sigv4::Request::of(&Method::POST, &uri, &map);
        let signed = Signer::new(credentials, self.region, service).sign(unsigned, body.as_bytes(), self.clock.now());
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

    /// Calls ECS.
    pub async fn ecs(&self, operation: &str, input: Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            (
                "x-amz-target",
                format!("AmazonEC2ContainerServiceV20141113.{operation}"),
            ),
        ];
        self.send("ecs", &headers, input.to_string()).await
    }

    /// Calls Parameter Store or Secrets Manager.
    pub async fn kept(&self, service: &str, operation: &str, input: Value) -> Answer {
        let head = if service == "ssm" { "AmazonSSM" } else { service };
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{head}.{operation}")),
        ];
        self.send(service, &headers, input.to_string()).await
    }

    /// Calls CloudWatch Logs.
    pub async fn logs(&self, operation: &str, input: Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("Logs_20140328.{operation}")),
        ];
        self.send("logs", &headers, input.to_string()).await
    }

    /// Calls EventBridge.
    pub async fn events(&self, operation: &str, input: Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("AWSEvents.{operation}")),
        ];
        self.send("events", &headers, input.to_string()).await
    }

    /// Calls a form service: `iam`, `GetRole`, pairs.
    pub async fn form(&self, service: &str, operation: &str, pairs: &[(&str, &str)]) -> Answer {
        let version = match service {
            "iam" => "2010-05-08",
            "sts" => "2011-06-15",
            _ => "2016-11-15",
        };
        let mut body = format!("Action={operation}&Version={version}");
        for (name, value) in pairs {
            let _ = write!(body, "&{name}={}", percent(value));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        self.send(service, &headers, body).await
    }

    /// Makes an IAM user with an inline policy, and its keys.
    pub async fn user(&self, name: &str, statements: Value) -> RootKeys {
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
        RootKeys {
            access_key_id: between(&made, "<AccessKeyId>", "</AccessKeyId>"),
            secret_access_key: between(&made, "<SecretAccessKey>", "</SecretAccessKey>"),
        }
    }

    /// The same installation, called by another user.
    pub fn acting(&self, keys: RootKeys) -> Self {
        let (installation, clock, engine) = (
            Arc::clone(&self.installation),
            Arc::clone(&self.clock),
            Arc::clone(&self.engine),
        );
        Self {
            installation,
            clock,
            engine,
            keys,
            region: self.region,
            token: None,
        }
    }

    /// The same installation, called with temporary credentials.
    pub fn acting_as(&self, keys: RootKeys, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.acting(keys)
        }
    }

    /// The same installation, called in another region.
    pub fn within(&self, region: &'static str) -> Self {
        Self {
            region,
            ..self.acting(self.keys.clone())
        }
    }

    /// Lets the reconcilers do what is due now.
    pub async fn settle(&self) {
        self.installation.settle().await;
    }

    /// Lets time pass and everything that falls due happen.
    pub async fn pass(&self, secs: u64) {
        for _ in 0..secs {
            self.clock.advance(Duration::from_secs(1));
            self.engine.tick();
            self.settle().await;
        }
    }

    /// A cluster and a task definition `web` with one container, and the first subnet of the default VPC.
    pub async fn cluster_and_definition(&self) -> String {
        self.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
        self.ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
            .await
            .ok();
        self.subnet().await
    }

    /// The first subnet of the default VPC.
    pub async fn subnet(&self) -> String {
        let subnets = self.form("ec2", "DescribeSubnets", &[]).await.text;
        between(&subnets, "<subnetId>", "</subnetId>")
    }

    /// Runs a task of `web` and returns its ARN.
    pub async fn run_task(&self, subnet: &str, more: Value) -> Value {
        let mut input = json!({
            "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
        });
        merge(&mut input, more);
        self.ecs("RunTask", input).await.ok()["tasks"][0].clone()
    }

    /// The task as it is described now.
    pub async fn task(&self, arn: &str) -> Value {
        let answer = self
            .ecs(
                "DescribeTasks",
                json!({ "cluster": "demo", "tasks": [arn], "include": ["TAGS"] }),
            )
            .await
            .ok();
        answer["tasks"][0].clone()
    }
}

/// A task definition for Fargate with the given containers.
pub fn definition(family: &str, containers: Value) -> Value {
    let mut made = json!({
        "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512"
    });
    made["containerDefinitions"] = containers;
    made
}

/// A container that runs until it is stopped.
pub fn container(name: &str) -> Value {
    json!({ "name": name, "image": "simulated/run" })
}

/// A container with more members.
pub fn container_with(name: &str, more: Value) -> Value {
    let mut made = container(name);
    merge(&mut made, more);
    made
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
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
