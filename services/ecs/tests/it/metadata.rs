//! What containers are told about themselves, the credentials that they get, and the protection that they ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use roadstead::RootKeys;
use roadstead_containers::{ContainerId, Runtime as _};
use roadstead_core::{AccountId, Region};
use roadstead_ecs::control::TaskKey;
use roadstead_metadata::{AgentError, Form, Lack, NoCredentials, Protect, Protection, RoleCredentials, Source, Target};
use serde_json::{Value, json};

use crate::services::Stage;
use crate::world::{World, between, container, container_with, definition};

const ROLE: &str = "arn:aws:iam::000000000000:role/app";

/// A container of a task: its engine's id and its environment.
pub struct Inside {
    pub id: ContainerId,
    env: BTreeMap<String, String>,
    pub source: Arc<dyn Source>,
}

impl Inside {
    pub async fn of(world: &World, task: &str, name: &str) -> Self {
        let labels = [
            ("com.amazonaws.ecs.task-arn", Some(task)),
            ("com.amazonaws.ecs.container-name", Some(name)),
        ];
        let id = world.engine.list(&labels).await.unwrap().remove(0).id;
        let env = world.engine.spec(&id).unwrap().env.iter().cloned().collect();
        let parts: Vec<&str> = task.split([':', '/']).collect();
        let key = TaskKey {
            place: roadstead_core::arn::Place {
                account: AccountId::parse(parts[4]).unwrap(),
                region: Region::parse(parts[3]).unwrap(),
            },
            cluster: parts[6].to_owned(),
            task: parts[7].to_owned(),
        };
        Self {
            id,
            env,
            source: world.installation.tasks.reconciler().metadata().source(&key),
        }
    }

    /// The container's id in the paths of its metadata.
    fn endpoint(&self) -> &str {
        self.env["ECS_CONTAINER_METADATA_URI_V4"].rsplit('/').next().unwrap()
    }

    fn credentials_id(&self) -> &str {
        self.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
            .rsplit('/')
            .next()
            .unwrap()
    }

    pub async fn container(&self, form: Form) -> Value {
        self.source
            .container(Target::Endpoint(self.endpoint()), form)
            .await
            .unwrap()
    }

    pub async fn task(&self, form: Form, with_tags: bool) -> Value {
        self.source
            .task(Target::Endpoint(self.endpoint()), form, with_tags)
            .await
            .unwrap()
    }

    async fn credentials(&self) -> Result<RoleCredentials, NoCredentials> {
        self.source.credentials(self.credentials_id()).await
    }
}

async fn make_role(world: &World, statements: Value) {
    let pairs = [
        ("RoleName", "app"),
        ("AssumeRolePolicyDocument", &trust("ecs-tasks.amazonaws.com")),
    ];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let pairs = [
        ("RoleName", "app"),
        ("PolicyName", "own"),
        ("PolicyDocument", document.as_str()),
    ];
    assert_eq!(world.form("iam", "PutRolePolicy", &pairs).await.status, 200);
}

fn trust(service: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

async fn register(world: &World, containers: Value, role: bool) {
    let mut made = definition("web", containers);
    if role {
        made["taskRoleArn"] = json!(ROLE);
    }
    world.ecs("RegisterTaskDefinition", made).await.ok();
}

/// A task of these containers, running; its ARN.
async fn run(world: &World, containers: Value, role: bool, more: Value) -> String {
    let subnet = world.cluster_and_definition().await;
    register(world, containers, role).await;
    let arn = world.run_task(&subnet, more).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    arn
}

#[tokio::test]
async fn containers_are_led_to_their_metadata_and_to_the_apis() {
    let world = World::new();
    let other = container_with(
        "other",
        json!({ "environment": [
            { "name": "AWS_DEFAULT_REGION", "value": "eu-west-1" },
            { "name": "AWS_ENDPOINT_URL", "value": "http://elsewhere" },
            { "name": "ECS_AGENT_URI", "value": "http://forged" },
        ] }),
    );
    let arn = run(&world, json!([container("main"), other]), false, json!({})).await;
    let main = Inside::of(&world, &arn, "main").await;
    let id = main.endpoint();
    assert_eq!(id.len(), 36);
    let expected = [
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", "http://169.254.170.2:4566".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("ECS_AGENT_URI", format!("http://169.254.170.2/api/{id}")),
        ("ECS_CONTAINER_METADATA_URI", format!("http://169.254.170.2/v3/{id}")),
        ("ECS_CONTAINER_METADATA_URI_V4", format!("http://169.254.170.2/v4/{id}")),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(name, value)| (name.to_owned(), value)).into();
    assert_eq!(main.env, expected);
    let other = Inside::of(&world, &arn, "other").await;
    assert_ne!(other.endpoint(), id);
    assert!(!other.env.contains_key("AWS_REGION"), "both regions or none");
    assert_eq!(other.env["AWS_DEFAULT_REGION"], "eu-west-1");
    assert_eq!(other.env["AWS_ENDPOINT_URL"], "http://elsewhere");
    assert!(other.env["ECS_AGENT_URI"].starts_with("http://169.254.170.2/api/"));
}

#[tokio::test]
async fn a_container_is_told_what_fargate_tells() {
    let world = World::new();
    let main = container_with(
        "main",
        json!({ "memory": 64, "dockerLabels": { "team": "a" }, "portMappings": [{ "containerPort": 80 }] }),
    );
    let arn = run(&world, json!([main, container("side")]), false, json!({})).await;
    let task = world.task(&arn).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let told = inside.container(Form::V4).await;
    let described = &task["containers"][0];
    let detail = |name: &str| {
        let details = task["attachments"][0]["details"].as_array().unwrap();
        details.iter().find(|d| d["name"] == name).unwrap()["value"].clone()
    };
    let subnet = detail("subnetId");
    let subnets = world
        .form("ec2", "DescribeSubnets", &[("SubnetId.1", subnet.as_str().unwrap())])
        .await
        .text;
    let block = between(&subnets, "<cidrBlock>", "</cidrBlock>");
    let gateway = block.replace(".0/", ".1/");
    let expected = json!({
        "DockerId": described["runtimeId"], "Name": "main", "DockerName": "main", "Image": "simulated/run",
        "ImageID": described["imageDigest"],
        "Ports": [{ "ContainerPort": 80, "Protocol": "tcp", "HostPort": 80 }],
        "Labels": {
            "com.amazonaws.ecs.cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
            "com.amazonaws.ecs.container-name": "main", "com.amazonaws.ecs.task-arn": arn,
            "com.amazonaws.ecs.task-definition-family": "web", "com.amazonaws.ecs.task-definition-version": "2",
            "team": "a"
        },
        "DesiredStatus": "RUNNING", "KnownStatus": "RUNNING", "Limits": { "CPU": 2, "Memory": 64 },
        "CreatedAt": told["StartedAt"], "StartedAt": told["StartedAt"], "Type": "NORMAL",
        "ContainerARN": described["containerArn"], "Snapshotter": "overlayfs",
        "Networks": [{
            "NetworkMode": "awsvpc", "IPv4Addresses": [described["networkInterfaces"][0]["privateIpv4Address"]],
            "AttachmentIndex": 0, "MACAddress": detail("macAddress"), "IPv4SubnetCIDRBlock": block,
            "DomainNameServers": ["172.31.0.2"], "DomainNameSearchList": ["ec2.internal"],
            "PrivateDNSName": detail("privateDnsName"), "SubnetGatewayIpv4Address": gateway
        }]
    });
    assert_eq!(told, expected);
    let side = Inside::of(&world, &arn, "side").await.container(Form::V4).await;
    assert_eq!(side["Limits"], json!({ "CPU": 2 }), "no limit, no member");
    let third = inside.container(Form::V3).await;
    for member in ["ContainerARN", "Snapshotter", "LogDriver"] {
        assert!(third.get(member).is_none(), "{member}");
    }
    let network = third["Networks"][0].as_object().unwrap();
    assert_eq!(network.keys().collect::<Vec<_>>(), ["IPv4Addresses", "NetworkMode"]);
}

#[tokio::test]
async fn a_task_is_told_what_fargate_tells() {
    let world = World::new();
    let more = json!({ "tags": [{ "key": "team", "value": "a" }] });
    let arn = run(&world, json!([container("main"), container("side")]), false, more).await;
    let task = world.task(&arn).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let mut told = inside.task(Form::V4, false).await;
    let containers = told.as_object_mut().unwrap().remove("Containers").unwrap();
    let names: Vec<_> = containers
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["Name"].clone())
        .collect();
    assert_eq!(names, ["main", "side"]);
    assert_eq!(containers[0], inside.container(Form::V4).await);
    let expected = json!({
        "Cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/demo", "TaskARN": arn, "Family": "web", "Revision": "2",
        "DesiredStatus": "RUNNING", "KnownStatus": "RUNNING", "Limits": { "CPU": 0.25, "Memory": 512 },
        "PullStartedAt": told["PullStartedAt"], "PullStoppedAt": told["PullStoppedAt"],
        "AvailabilityZone": task["availabilityZone"], "AvailabilityZoneID": told["AvailabilityZoneID"],
        "LaunchType": "FARGATE", "Group": "family:web", "FaultInjectionEnabled": false,
        "ClockDrift": {
            "ClockErrorBound": 0.0, "ReferenceTimestamp": told["ClockDrift"]["ReferenceTimestamp"],
            "ClockSynchronizationStatus": "SYNCHRONIZED"
        },
        "EphemeralStorageMetrics": { "Utilized": 5, "Reserved": 20496 }
    });
    assert!(
        told["ClockDrift"]["ReferenceTimestamp"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert_eq!(told, expected);
    assert!(told["PullStartedAt"].as_str().unwrap().ends_with('Z'));
    assert!(told["AvailabilityZoneID"].as_str().unwrap().starts_with("use1-az"));
    let tagged = inside.task(Form::V4, true).await;
    assert_eq!(tagged["TaskTags"], json!({ "team": "a" }));
    let third = inside.task(Form::V3, true).await;
    assert_eq!(third["TaskTags"], json!({ "team": "a" }));
    for member in ["LaunchType", "Group", "FaultInjectionEnabled", "AvailabilityZoneID"] {
        assert!(third.get(member).is_none(), "{member}");
    }
    let own = inside.source.task(Target::Own, Form::V2, false).await.unwrap();
    assert_eq!(own, inside.task(Form::V3, false).await);
}

#[tokio::test]
async fn a_container_that_ended_is_told_with_its_exit_code() {
    let world = World::new();
    let containers = json!([container("main"), container_with("side", json!({ "essential": false }))]);
    let arn = run(&world, containers, false, json!({})).await;
    let side = Inside::of(&world, &arn, "side").await;
    world.engine.exit(&side.id, 7).unwrap();
    let told = Inside::of(&world, &arn, "main").await.task(Form::V4, false).await;
    let side = &told["Containers"][1];
    assert_eq!(
        (side["KnownStatus"].as_str(), side["ExitCode"].as_i64()),
        (Some("STOPPED"), Some(7))
    );
    assert!(side["FinishedAt"].is_string());
}

#[tokio::test]
async fn only_the_ids_of_a_task_open_it() {
    let world = World::new();
    let arn = run(&world, json!([container("main")]), false, json!({})).await;
    let other = world.run_task(&world.subnet().await, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let (one, two) = (
        Inside::of(&world, &arn, "main").await,
        Inside::of(&world, &other, "main").await,
    );
    let container_id = world.task(&arn).await["containers"][0]["containerArn"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = container_id.rsplit('/').next().unwrap();
    for id in [two.endpoint(), shown, ""] {
        let told = one.source.container(Target::Endpoint(id), Form::V4).await;
        assert_eq!(told, Err(Lack::UnknownId), "{id}");
        let told = one.source.task(Target::Endpoint(id), Form::V4, false).await;
        assert_eq!(told, Err(Lack::UnknownId), "{id}");
    }
    assert_eq!(one.source.credentials("").await.err(), Some(NoCredentials::UnknownId));
}

#[tokio::test]
async fn stats_are_the_engines_with_the_interface_of_the_task() {
    let world = World::new();
    let arn = run(&world, json!([container("main"), container("side")]), false, json!({})).await;
    let inside = Inside::of(&world, &arn, "main").await;
    world.engine.set_load(&inside.id, 50, 1 << 20).unwrap();
    let of = Target::Endpoint(inside.endpoint());
    let first = inside.source.container_stats(of, Form::V4).await.unwrap();
    assert_eq!(first["memory_stats"]["usage"], 1 << 20);
    assert_eq!(first["networks"]["eth0"]["rx_bytes"], 0);
    assert!(first.get("network_rate_stats").is_none());
    world.pass(2).await;
    let second = inside.source.container_stats(of, Form::V4).await.unwrap();
    let used = |told: &Value, of: &str| told[of]["cpu_usage"]["total_usage"].as_u64().unwrap();
    assert_eq!(
        used(&second, "cpu_stats") - used(&second, "precpu_stats"),
        1_000_000_000
    );
    assert_eq!(
        second["network_rate_stats"],
        json!({ "rx_bytes_per_sec": 0.0, "tx_bytes_per_sec": 0.0 })
    );
    let all = inside.source.task_stats(of, Form::V4).await.unwrap();
    let ids: Vec<_> = world.task(&arn).await["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["runtimeId"].as_str().unwrap().to_owned())
        .collect();
    for id in &ids {
        assert!(all[id]["cpu_stats"].is_object(), "{id}");
    }
    let side = Inside::of(&world, &arn, "side").await;
    world.engine.exit(&side.id, 0).unwrap();
    let all = inside.source.task_stats(of, Form::V4).await.unwrap();
    assert_eq!(all[&ids[1]], json!({}));
    let all = inside.source.task_stats(of, Form::V3).await.unwrap();
    assert_eq!(all[&ids[1]], Value::Null);
}

#[tokio::test]
async fn credentials_are_a_session_of_the_role_named_after_the_task() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
    )
    .await;
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let given = inside.credentials().await.unwrap();
    assert_eq!(given.role_arn, ROLE);
    assert!(given.access_key_id.starts_with("ASIA"));
    let keys = |given: &RoleCredentials| {
        world.acting_as(
            RootKeys {
                access_key_id: given.access_key_id.clone(),
                secret_access_key: given.secret_access_key.clone(),
            },
            &given.token,
        )
    };
    let acting = keys(&given);
    let who = acting.form("sts", "GetCallerIdentity", &[]).await.text;
    let id = arn.rsplit('/').next().unwrap();
    assert_eq!(
        between(&who, "<Arn>", "</Arn>"),
        format!("arn:aws:sts::000000000000:assumed-role/app/{id}")
    );
    acting.ecs("ListClusters", json!({})).await.ok();
    let (code, message) = acting.ecs("ListTasks", json!({ "cluster": "demo" })).await.error();
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains(&format!(
        "assumed-role/app/{id} is not authorized to perform: ecs:ListTasks"
    )));
}

#[tokio::test]
async fn credentials_are_renewed_under_the_same_id_long_before_they_end() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
    )
    .await;
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let first = inside.credentials().await.unwrap();
    world.clock.advance(std::time::Duration::from_secs(25 * 60));
    assert_eq!(inside.credentials().await.unwrap().access_key_id, first.access_key_id);
    world.clock.advance(std::time::Duration::from_secs(10 * 60));
    let second = inside.credentials().await.unwrap();
    assert_ne!(second.access_key_id, first.access_key_id);
    assert!(second.expiration > first.expiration);
}

#[tokio::test]
async fn credentials_of_another_task_are_not_found() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
    )
    .await;
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    let other = world.run_task(&world.subnet().await, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let (one, two) = (
        Inside::of(&world, &arn, "main").await,
        Inside::of(&world, &other, "main").await,
    );
    assert_ne!(one.credentials_id(), two.credentials_id());
    let given = one.source.credentials(two.credentials_id()).await;
    assert_eq!(given.err(), Some(NoCredentials::UnknownId));
}

#[tokio::test]
async fn credentials_outlive_the_trust_until_they_end_and_no_longer() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
    )
    .await;
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    let inside = Inside::of(&world, &arn, "main").await;
    inside.credentials().await.unwrap();
    let distrust = trust("lambda.amazonaws.com");
    let pairs = [("RoleName", "app"), ("PolicyDocument", distrust.as_str())];
    assert_eq!(world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status, 200);
    world.clock.advance(std::time::Duration::from_secs(50 * 60));
    inside.credentials().await.unwrap();
    world.clock.advance(std::time::Duration::from_secs(11 * 60));
    assert_eq!(inside.credentials().await.err(), Some(NoCredentials::Uninitialized));
}

#[tokio::test]
async fn a_task_waits_for_a_role_that_cannot_be_assumed() {
    let world = World::new();
    // AWS: recorded; the literal star passes RunTask's own test and no real task's.
    let only = |resource: &str, operator: &str| {
        let condition =
            json!({ operator: { "aws:SourceArn": format!("arn:aws:ecs:us-east-1:000000000000:{resource}") } });
        let statement = json!({
            "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole",
            "Condition": condition
        });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let pairs = [
        ("RoleName", "app"),
        ("AssumeRolePolicyDocument", &only("task/*", "StringEquals")),
    ];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    world.pass(60).await;
    assert_eq!(world.task(&arn).await["lastStatus"], "PENDING");
    let pairs = [("RoleName", "app"), ("PolicyDocument", &only("task/*", "ArnLike"))];
    assert_eq!(world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status, 200);
    world.pass(20).await;
    assert_eq!(world.task(&arn).await["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn a_waiting_task_can_be_stopped() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
    )
    .await;
    let subnet = world.cluster_and_definition().await;
    register(&world, json!([container("main")]), true).await;
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    let pairs = [("RoleName", "app"), ("PolicyName", "own")];
    assert_eq!(world.form("iam", "DeleteRolePolicy", &pairs).await.status, 200);
    assert_eq!(
        world.form("iam", "DeleteRole", &[("RoleName", "app")]).await.status,
        200
    );
    world.pass(5).await;
    assert_eq!(world.task(&arn).await["lastStatus"], "PENDING");
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    world.pass(5).await;
    assert_eq!(world.task(&arn).await["lastStatus"], "STOPPED");
}

#[tokio::test]
async fn the_agents_api_protects_as_the_tasks_role() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let actions = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"];
    make_role(
        world,
        json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]),
    )
    .await;
    register(world, json!([container("main")]), true).await;
    stage.create(1, json!({})).await;
    world.pass(3).await;
    let arn = stage.tasks("RUNNING").await.remove(0);
    let inside = Inside::of(world, &arn, "main").await;
    let ask = |change| inside.source.protection(inside.endpoint(), change);
    assert_eq!(
        ask(None).await,
        Ok(Protection::Is {
            enabled: false,
            expires: None
        })
    );
    let wish = Protect {
        enabled: true,
        minutes: Some(60),
    };
    let Ok(Protection::Is { enabled: true, expires }) = ask(Some(wish)).await else {
        panic!("not protected")
    };
    let input = json!({ "cluster": "demo", "tasks": [arn] });
    let shown = world.ecs("GetTaskProtection", input).await.ok();
    assert_eq!(shown["protectedTasks"][0]["protectionEnabled"], true);
    assert!(expires.is_some());
    let pairs = [("RoleName", "app"), ("PolicyName", "own")];
    assert_eq!(world.form("iam", "DeleteRolePolicy", &pairs).await.status, 200);
    let Err(AgentError::Api {
        status,
        code,
        message,
        request_id,
    }) = ask(None).await
    else {
        panic!("allowed without a policy")
    };
    assert_eq!((status, code.as_str()), (400, "AccessDeniedException"));
    let id = arn.rsplit('/').next().unwrap();
    let who = format!(
        "User: arn:aws:sts::000000000000:assumed-role/app/{id} is not authorized to perform: ecs:GetTaskProtection"
    );
    assert!(message.starts_with(&who), "{message}");
    assert_eq!(request_id.len(), 36);
    assert_eq!(inside.source.protection("no", None).await, Err(AgentError::UnknownId));
}

#[tokio::test]
async fn a_task_of_no_service_or_without_a_role_is_not_protected() {
    let world = World::new();
    make_role(
        &world,
        json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
    )
    .await;
    let arn = run(&world, json!([container("main")]), true, json!({})).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let failure = Protection::Failure {
        arn: Some(arn.clone()),
        reason: Some("TASK_NOT_VALID".to_owned()),
        detail: None,
    };
    assert_eq!(inside.source.protection(inside.endpoint(), None).await, Ok(failure));
    register(&world, json!([container("main")]), false).await;
    let arn = world.run_task(&world.subnet().await, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let inside = Inside::of(&world, &arn, "main").await;
    let refused = inside.source.protection(inside.endpoint(), None).await;
    assert_eq!(refused, Err(AgentError::NoRole));
}

#[tokio::test]
async fn protection_is_for_tasks_of_services_and_for_two_days_at_most() {
    let stage = Stage::new().await;
    let world = &stage.world;
    stage.create(1, json!({})).await;
    let alone = world.run_task(&stage.subnet, json!({})).await["taskArn"].clone();
    world.pass(3).await;
    let arn = stage.tasks("RUNNING").await.remove(0);
    let protect = async |tasks: Value, more: Value| {
        let mut input = json!({ "cluster": "demo", "tasks": tasks, "protectionEnabled": true });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.ecs("UpdateTaskProtection", input).await
    };
    let missing = "arn:aws:ecs:us-east-1:000000000000:task/demo/ffffffffffffffffffffffffffffffff";
    let done = protect(json!([arn, alone, missing]), json!({})).await.ok();
    let until = done["protectedTasks"][0]["expirationDate"].as_i64().unwrap();
    assert_eq!(
        done["protectedTasks"],
        json!([{ "taskArn": arn, "protectionEnabled": true, "expirationDate": until }])
    );
    let failures = json!([{ "arn": alone, "reason": "TASK_NOT_VALID" }, { "arn": missing, "reason": "MISSING" }]);
    assert_eq!(done["failures"], failures);
    let one_minute = protect(json!([arn]), json!({ "expiresInMinutes": 1 })).await.ok();
    let sooner = one_minute["protectedTasks"][0]["expirationDate"].as_i64().unwrap();
    assert!((until - sooner - 119 * 60).abs() < 2, "two hours without a wish");
    for minutes in [0, 2881, -1] {
        let refused = protect(json!([arn]), json!({ "expiresInMinutes": minutes }))
            .await
            .error();
        assert_eq!(refused.0, "InvalidParameterException", "{minutes}");
    }
    assert_eq!(
        protect(json!([]), json!({})).await.error().0,
        "InvalidParameterException"
    );
    let many = json!(vec![arn.clone(); 11]);
    assert_eq!(protect(many, json!({})).await.error().0, "InvalidParameterException");
    let input = json!({ "cluster": "demo", "tasks": [arn], "protectionEnabled": false });
    let off = world.ecs("UpdateTaskProtection", input).await.ok();
    assert_eq!(
        off["protectedTasks"],
        json!([{ "taskArn": arn, "protectionEnabled": false }])
    );
}

#[tokio::test]
async fn a_protected_task_stays_when_its_service_shrinks_until_the_time_is_over() {
    let stage = Stage::new().await;
    let world = &stage.world;
    stage.create(3, json!({})).await;
    world.pass(5).await;
    let tasks = stage.tasks("RUNNING").await;
    let input =
        json!({ "cluster": "demo", "tasks": [tasks[0], tasks[1]], "protectionEnabled": true, "expiresInMinutes": 1 });
    world.ecs("UpdateTaskProtection", input).await.ok();
    let input = json!({ "cluster": "demo", "service": "web", "desiredCount": 1 });
    world.ecs("UpdateService", input).await.ok();
    world.pass(10).await;
    let mut left = stage.tasks("RUNNING").await;
    left.sort();
    let mut kept = vec![tasks[0].clone(), tasks[1].clone()];
    kept.sort();
    assert_eq!(left, kept);
    let said = stage.said().await;
    let last = said.last().unwrap();
    assert!(
        last.ends_with(
            "was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks."
        ),
        "{said:?}"
    );
    world.pass(60).await;
    assert_eq!(stage.tasks("RUNNING").await.len(), 1);
    assert!(
        stage
            .said()
            .await
            .last()
            .unwrap()
            .ends_with("has reached a steady state.")
    );
}

#[tokio::test]
async fn a_protected_task_stays_through_a_deployment_until_it_is_released() {
    let stage = Stage::new().await;
    let world = &stage.world;
    stage.create(2, json!({})).await;
    world.pass(5).await;
    let tasks = stage.tasks("RUNNING").await;
    let protect = |on: bool| json!({ "cluster": "demo", "tasks": [tasks[0]], "protectionEnabled": on });
    world.ecs("UpdateTaskProtection", protect(true)).await.ok();
    let input = json!({ "cluster": "demo", "service": "web", "forceNewDeployment": true });
    world.ecs("UpdateService", input).await.ok();
    world.pass(60).await;
    let now = stage.tasks("RUNNING").await;
    assert!(now.contains(&tasks[0]), "{now:?}");
    assert!(!now.contains(&tasks[1]), "{now:?}");
    assert_eq!(stage.service().await["deployments"].as_array().unwrap().len(), 2);
    world.ecs("UpdateTaskProtection", protect(false)).await.ok();
    world.pass(60).await;
    assert!(!stage.tasks("RUNNING").await.contains(&tasks[0]));
    assert_eq!(stage.service().await["deployments"].as_array().unwrap().len(), 1);
}
