//! The log driver `awslogs` on container instances: tasks without an execution role write as their instance's role.

use roadstead::RootKeys;
use roadstead_containers::{LogStream, Runtime as _};
use serde_json::{Value, json};

use crate::logs::{allow, container, logs, messages};
use crate::world::World;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}"#;

/// A cluster with an instance that root registered, a group `app`, and a definition that logs into it.
async fn stage() -> World {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    able(&world, &arn).await;
    logs(&world, "CreateLogGroup", json!({ "logGroupName": "app" })).await;
    let mut logged = container("simulated/run", &json!({}), json!({}));
    logged["memory"] = json!(100);
    let input = json!({ "family": "plain", "containerDefinitions": [logged] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    world
}

/// Lets an instance take tasks that log.
async fn able(world: &World, arn: &str) {
    let able = ["logging-driver.awslogs", "docker-remote-api.1.19"]
        .map(|name| json!({ "name": format!("com.amazonaws.ecs.capability.{name}"), "targetId": arn }));
    world
        .ecs("PutAttributes", json!({ "cluster": "demo", "attributes": able }))
        .await
        .ok();
}

/// Makes the role of instances with these statements.
async fn role(world: &World, statements: Value) {
    let pairs = [("RoleName", "ecsInstanceRole"), ("AssumeRolePolicyDocument", TRUST)];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let pairs = [
        ("RoleName", "ecsInstanceRole"),
        ("PolicyName", "logs"),
        ("PolicyDocument", document.as_str()),
    ];
    assert_eq!(world.form("iam", "PutRolePolicy", &pairs).await.status, 200);
}

async fn run(world: &World) -> Value {
    let task = world.run_plain(json!({ "launchType": "EC2" })).await["tasks"][0].clone();
    let id = task["taskArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    world.pass(5).await;
    world.task(&id).await
}

#[tokio::test]
async fn a_task_without_an_execution_role_writes_as_the_role_of_its_instance() {
    let world = stage().await;
    role(&world, allow(&["logs:CreateLogStream", "logs:PutLogEvents"])).await;
    let task = run(&world).await;
    let id = task["taskArn"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(task["lastStatus"], "RUNNING", "{task:#}");
    let found = world
        .engine
        .list(&[("com.amazonaws.ecs.container-name", Some("main"))])
        .await
        .unwrap();
    world
        .engine
        .write(&found[0].id, LogStream::Stdout, "from the instance\n")
        .unwrap();
    world.pass(5).await;
    assert_eq!(
        messages(&world, "app", &format!("web/main/{id}")).await,
        ["from the instance"]
    );
}

#[tokio::test]
async fn an_instances_role_that_may_not_write_stops_the_task_by_its_session() {
    let world = stage().await;
    role(&world, allow(&["logs:PutLogEvents"])).await;
    let task = run(&world).await;
    assert_eq!(task["stopCode"], "TaskFailedToStart", "{task:#}");
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(
        reason.contains(
            "assumed-role/ecsInstanceRole/i-0123456789abcdef0 is not authorized to perform: logs:CreateLogStream"
        ),
        "{reason}"
    );
}

#[tokio::test]
async fn the_role_that_registered_an_instance_is_its_role() {
    let world = stage().await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ec2.amazonaws.com", "AWS": "000000000000" }
    }] });
    let pairs = [("RoleName", "agent"), ("AssumeRolePolicyDocument", &*trust.to_string())];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    let allowed = allow(&[
        "ecs:RegisterContainerInstance",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]);
    let document = json!({ "Version": "2012-10-17", "Statement": allowed }).to_string();
    let pairs = [
        ("RoleName", "agent"),
        ("PolicyName", "agent"),
        ("PolicyDocument", document.as_str()),
    ];
    assert_eq!(world.form("iam", "PutRolePolicy", &pairs).await.status, 200);
    let statement = allow(&["sts:AssumeRole"]);
    let user = world.acting(world.user("operator", statement).await);
    let pairs = [
        ("RoleArn", "arn:aws:iam::000000000000:role/agent"),
        ("RoleSessionName", "i-1"),
    ];
    let assumed = user.form("sts", "AssumeRole", &pairs).await;
    let part = |name: &str| {
        let (_, after) = assumed.text.split_once(&format!("<{name}>")).unwrap();
        after.split_once('<').unwrap().0.to_owned()
    };
    let keys = RootKeys {
        access_key_id: part("AccessKeyId"),
        secret_access_key: part("SecretAccessKey"),
    };
    let agent = World {
        token: Some(part("SessionToken")),
        ..world.acting(keys)
    };
    // The one of root is out of the way.
    let listed = world
        .ecs("ListContainerInstances", json!({ "cluster": "demo" }))
        .await
        .ok();
    let drain =
        json!({ "cluster": "demo", "containerInstances": listed["containerInstanceArns"], "status": "DRAINING" });
    world.ecs("UpdateContainerInstancesState", drain).await.ok();
    let arn = agent.instance(1000, 1000, "us-east-1a").await;
    able(&world, &arn).await;
    let task = run(&world).await;
    assert_eq!(task["containerInstanceArn"], json!(arn), "{task:#}");
    assert_eq!(task["lastStatus"], "RUNNING", "{task:#}");
}

#[tokio::test]
async fn without_any_role_the_task_stops_and_says_which_it_wants() {
    let world = stage().await;
    let task = run(&world).await;
    assert_eq!(
        task["stoppedReason"],
        "ResourceInitializationError: failed to validate logger args: the task has no execution role, and the container \
         instance cannot act as the role 'arn:aws:iam::000000000000:role/ecsInstanceRole'"
    );
}
