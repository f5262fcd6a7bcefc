//! This machine as a container instance: registered through the ordinary door, as a container agent would.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Peer, Result};
use roadstead_wire::sigv4::sign::{Credentials, Signer};
use roadstead_wire::{Request, sigv4};
use serde_json::{Value, json};

use crate::Installation;

/// TCP ports that the stock agent keeps from tasks: SSH, the container engine, its own two.
const RESERVED_PORTS: [u16; 5] = [22, 2375, 2376, 51678, 51679];

/// What this machine can do for tasks, in the stock agent's words.
const CAPABILITIES: [&str; 20] = [
    "com.amazonaws.ecs.capability.ecr-auth",
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "com.amazonaws.ecs.capability.logging-driver.json-file",
    "com.amazonaws.ecs.capability.logging-driver.none",
    "com.amazonaws.ecs.capability.privileged-container",
    "com.amazonaws.ecs.capability.task-iam-role",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.container-restart-policy",
    "ecs.capability.docker-plugin.local",
    "ecs.capability.execution-role-awslogs",
    "ecs.capability.full-sync",
    "ecs.capability.network.container-port-range",
    "ecs.capability.pid-ipc-namespace-sharing",
    "ecs.capability.private-registry-authentication.secretsmanager",
    "ecs.capability.secrets.asm.environment-variables",
    "ecs.capability.secrets.ssm.environment-variables",
    "ecs.capability.increased-task-cpu-limit",
    "ecs.capability.task-cpu-mem-limit",
    "ecs.capability.task-eni",
];

/// Versions of the engine's API that the stock agent names.
const ENGINE_APIS: [u16; 13] = [17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 32];

/// The ARNs of this machine by cluster, as the last run was given them; the stock agent keeps its own alike.
pub type Known = BTreeMap<String, String>;

/// Registers this machine with clusters of a region, as the root user, and says that its agent is connected; the ARNs.
///
/// A cluster that is not there is made, as the stock agent makes `default`. `known` are the ARNs of earlier runs: with them the
/// instance and its tasks stay what they were.
pub async fn register(
    installation: &Installation,
    place: Place,
    clusters: &[String],
    own_port: u16,
    known: &Known,
) -> Result<Known> {
    let mut registered = Known::new();
    for cluster in clusters {
        let arn = register_with(installation, place.region, cluster, own_port, known.get(cluster)).await?;
        let since = installation.kernel.clock().now();
        if !installation.ecs().connect_instance(place, &arn, Some(since)).await? {
            return Err(Fault::internal(format_args!("`{arn}` was registered and is not there")));
        }
        tracing::info!(cluster, arn, "this machine is a container instance");
        registered.insert(cluster.clone(), arn);
    }
    Ok(registered)
}

async fn register_with(
    installation: &Installation,
    region: Region,
    cluster: &str,
    own_port: u16,
    known: Option<&String>,
) -> Result<String> {
    if let Some(arn) = known {
        // The instance keeps the id that it was given first.
        let mut again = registration(region, cluster, own_port, None);
        if let Some(fields) = again.as_object_mut() {
            fields.insert("containerInstanceArn".to_owned(), json!(arn));
        }
        match call(installation, region, "RegisterContainerInstance", &again).await? {
            Ok(answer) => return arn_of(&answer),
            Err(refused) => tracing::info!(arn, %refused, "this machine is registered anew"),
        }
    }
    let id = installation.kernel.ids().ec2("i");
    let input = registration(region, cluster, own_port, Some(&id));
    match call(installation, region, "RegisterContainerInstance", &input).await? {
        Ok(answer) => return arn_of(&answer),
        Err(refused) if refused.contains("ClusterNotFoundException") || refused.contains("Cluster was not ACTIVE") => {}
        Err(refused) => return Err(Fault::internal(format_args!("registering this machine: {refused}"))),
    }
    let made = call(
        installation,
        region,
        "CreateCluster",
        &json!({ "clusterName": cluster }),
    )
    .await?;
    made.map_err(|refused| Fault::internal(format_args!("making the cluster `{cluster}`: {refused}")))?;
    match call(installation, region, "RegisterContainerInstance", &input).await? {
        Ok(answer) => arn_of(&answer),
        Err(refused) => Err(Fault::internal(format_args!("registering this machine: {refused}"))),
    }
}

fn arn_of(answer: &Value) -> Result<String> {
    let arn = answer
        .pointer("/containerInstance/containerInstanceArn")
        .and_then(Value::as_str);
    arn.map(ToOwned::to_owned)
        .ok_or_else(|| Fault::internal("a registration was answered without an ARN"))
}

/// What this machine is registered with.
fn registration(region: Region, cluster: &str, own_port: u16, id: Option<&str>) -> Value {
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    let identity = json!({
        "version": "2017-09-30",
        "instanceId": id,
        "region": region.as_str(),
        "availabilityZone": format!("{}a", region.as_str()),
        "architecture": architecture,
    });
    let mut ports: Vec<String> = RESERVED_PORTS.iter().map(ToString::to_string).collect();
    ports.push(own_port.to_string());
    let mut attributes: Vec<Value> = CAPABILITIES.iter().map(|name| json!({ "name": name })).collect();
    let apis = ENGINE_APIS
        .iter()
        .map(|minor| format!("com.amazonaws.ecs.capability.docker-remote-api.1.{minor}"));
    attributes.extend(apis.map(|name| json!({ "name": name })));
    for (name, value) in [
        ("ecs.os-type", "linux"),
        ("ecs.os-family", "LINUX"),
        ("ecs.cpu-architecture", architecture),
    ] {
        attributes.push(json!({ "name": name, "value": value }));
    }
    json!({
        "cluster": cluster,
        "instanceIdentityDocument": identity.to_string(),
        "instanceIdentityDocumentSignature": "",
        "totalResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": cpu_units() },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": memory() },
            { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ports },
            { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] },
        ],
        "attributes": attributes,
        "versionInfo": { "agentVersion": crate::VERSION },
    })
}

/// CPU units of this machine: 1,024 for each processor.
fn cpu_units() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get) * 1024
}

/// Memory of this machine in MiB; where it cannot be read, as much as a small one has.
fn memory() -> u64 {
    let read = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = read.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.map_or(4096, |kib| kib / 1024)
}

/// Calls ECS with a request that the root user signs; what was refused is no fault.
async fn call(
    installation: &Installation,
    region: Region,
    operation: &str,
    input: &Value,
) -> Result<std::result::Result<Value, String>> {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1"));
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
    let agent = format!("roadstead/{}", crate::VERSION);
    headers.insert("user-agent", HeaderValue::from_str(&agent).map_err(Fault::internal)?);
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    headers.insert("x-amz-target", HeaderValue::from_str(&target).map_err(Fault::internal)?);
    let body = input.to_string();
    let uri = Uri::from_static("/");
    let credentials = Credentials {
        access_key_id: &installation.root.access_key_id,
        secret_access_key: &installation.root.secret_access_key,
        session_token: None,
    };
    let now = installation.kernel.clock().now();
    let signed = Signer::new(credentials, region.as_str(), "ecs")
        .sign(sigv4::Request::of(&Method::POST, &uri, &headers), body.as_bytes(), now)
        .map_err(|error| Fault::internal(format_args!("signing a request: {error:?}")))?;
    headers.extend(signed.into_iter().map(|(name, value)| (Some(name), value)));
    let request = Request {
        method: Method::POST,
        uri,
        headers,
        body: Bytes::from(body),
    };
    let peer = Peer {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: false,
    };
    let response = installation.kernel.answer(&request, peer).await;
    let text = String::from_utf8_lossy(&response.body).into_owned();
    if !response.status.is_success() {
        return Ok(Err(text));
    }
    serde_json::from_str(&text).map(Ok).map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            account: roadstead_core::AccountId::parse("000000000000").unwrap(),
            region: Region::US_EAST_1,
        }
    }

    async fn listed(installation: &Installation) -> Vec<Value> {
        let input = json!({ "cluster": "demo" });
        let answer = call(installation, Region::US_EAST_1, "ListContainerInstances", &input).await;
        answer.unwrap().unwrap()["containerInstanceArns"]
            .as_array()
            .unwrap()
            .clone()
    }

    #[tokio::test]
    async fn this_machine_is_registered_once_and_makes_its_cluster() {
        let (installation, _, _) = Installation::in_memory(5).unwrap();
        let clusters = ["demo".to_owned()];
        let first = register(&installation, place(), &clusters, 4566, &Known::new())
            .await
            .unwrap();
        assert_eq!(listed(&installation).await, [json!(first["demo"])]);
        // As after a restart of the program.
        let again = register(&installation, place(), &clusters, 4566, &first).await.unwrap();
        assert_eq!(again, first);
        let input = json!({ "cluster": "demo", "containerInstances": [first["demo"]] });
        let answer = call(&installation, Region::US_EAST_1, "DescribeContainerInstances", &input).await;
        let shown = &answer.unwrap().unwrap()["containerInstances"][0];
        assert_eq!(
            (&shown["status"], &shown["agentConnected"]),
            (&json!("ACTIVE"), &json!(true))
        );
    }

    #[tokio::test]
    async fn a_machine_that_was_deregistered_is_registered_anew() {
        let (installation, _, _) = Installation::in_memory(5).unwrap();
        let clusters = ["demo".to_owned()];
        let first = register(&installation, place(), &clusters, 4566, &Known::new())
            .await
            .unwrap();
        let input = json!({ "cluster": "demo", "containerInstance": first["demo"] });
        call(&installation, Region::US_EAST_1, "DeregisterContainerInstance", &input)
            .await
            .unwrap()
            .unwrap();
        let again = register(&installation, place(), &clusters, 4566, &first).await.unwrap();
        assert_ne!(again, first);
        assert_eq!(listed(&installation).await, [json!(again["demo"])]);
    }
}
