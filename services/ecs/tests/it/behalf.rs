//! What ECS does on behalf is what the role's policy allows, no more; the rest of the policy is listed as not yet used.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{World, between};

/// Actions that the policy allows and ECS does not use yet. May only shrink.
const NOT_YET_USED: &str = include_str!("not_yet_used.txt");
/// How many lines that list may have at the most.
const NOT_YET_USED_AT_MOST: usize = 59;

async fn policy(world: &World) -> Value {
    let arn = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy";
    let found = world
        .form("iam", "GetPolicyVersion", &[("PolicyArn", arn), ("VersionId", "v24")])
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    let encoded = between(&found.text, "<Document>", "</Document>");
    let mut bytes = Vec::new();
    let mut rest = encoded.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let texts = |value: &Value| match value {
        Value::Array(list) => list.iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    };
    policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| texts(&statement["Action"]))
        .collect()
}

/// The operations that `behalf.rs` calls, with their service.
fn called() -> BTreeSet<String> {
    let source = include_str!("../../src/behalf.rs");
    source
        .split("call::<")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .map(|operation| {
            let service = ["autoscaling", "ec2", "logs", "elbv2", "servicediscovery"]
                .into_iter()
                .find(|service| {
                    let import = source.split(&format!("use api_{service}::op::")).nth(1);
                    import.is_some_and(|text| {
                        let list = text.split(';').next().unwrap();
                        list.split(|c: char| !c.is_alphanumeric()).any(|word| word == operation)
                    })
                });
            format!(
                "{}:{operation}",
                service.unwrap_or_else(|| panic!("{operation} is not imported from an api crate"))
            )
        })
        .collect()
}

fn allows(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => action.starts_with(head),
        None => pattern == action,
    }
}

#[tokio::test]
async fn nothing_is_called_that_the_policy_does_not_allow() {
    let allowed = actions(&policy(&World::new()).await);
    for action in called() {
        assert!(
            allowed.iter().any(|pattern| allows(pattern, &action)),
            "{action} is outside AmazonECSServiceRolePolicy"
        );
    }
}

#[tokio::test]
async fn everything_the_policy_allows_is_called_or_listed_as_not_yet_used() {
    let called = called();
    let listed: BTreeSet<String> = NOT_YET_USED.lines().map(ToOwned::to_owned).collect();
    let unused: BTreeSet<String> = actions(&policy(&World::new()).await)
        .into_iter()
        .filter(|pattern| !called.iter().any(|action| allows(pattern, action)))
        .collect();
    assert_eq!(unused, listed);
    assert!(listed.len() <= NOT_YET_USED_AT_MOST, "the list may only shrink");
}

#[tokio::test]
async fn a_role_that_is_gone_leaves_a_stopping_task_with_its_interface_until_it_is_back() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let started = world.run_task(&subnet, json!({})).await;
    let arn = started["taskArn"].as_str().unwrap().to_owned();
    world.pass(3).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    // Deleted behind ECS's back: the store is the only one who lets this happen while the cluster is active.
    let store = world.installation.store();
    let (entries, _) = store.range(roadstead_store::Range::all()).await.unwrap();
    let role = entries.iter().find(|entry| {
        let parts = roadstead_store::KeyParts::parse(&entry.key);
        parts.is_some_and(|p| p.table == "iam/role" && p.id.iter().any(|id| id == "awsserviceroleforecs"))
    });
    let role = role.expect("the role is stored").clone();
    store
        .commit(roadstead_store::Txn::new().delete(role.key.clone()))
        .await
        .unwrap();
    world.form("iam", "CreateUser", &[("UserName", "anybody")]).await;
    world.pass(60).await;
    let task = world.task(&arn).await;
    assert_eq!(task["lastStatus"], "DEPROVISIONING", "the interface is not forgotten");
    store
        .commit(roadstead_store::Txn::new().put(role.key, role.value))
        .await
        .unwrap();
    world.form("iam", "CreateUser", &[("UserName", "somebody")]).await;
    world.pass(60).await;
    assert_eq!(world.task(&arn).await["lastStatus"], "STOPPED");
}

#[tokio::test]
async fn with_another_policy_on_the_role_ecs_fails() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    world.run_task(&subnet, json!({})).await;
    // The API refuses to change the role, so the record is changed behind its back.
    let store = world.installation.store();
    let (entries, _) = store.range(roadstead_store::Range::all()).await.unwrap();
    let policy = "aws-service-role/AmazonECSServiceRolePolicy";
    let is_role = |entry: &&roadstead_store::Entry| {
        let parts = roadstead_store::KeyParts::parse(&entry.key);
        parts.is_some_and(|p| p.table == "iam/role") && String::from_utf8_lossy(&entry.value).contains(policy)
    };
    let role = entries.iter().find(is_role).expect("the role is stored").clone();
    let other = String::from_utf8(role.value.to_vec()).unwrap();
    let other = other.replace(policy, "aws-service-role/AmazonECSComputeServiceRolePolicy");
    store
        .commit(roadstead_store::Txn::new().put(role.key, other.into_bytes()))
        .await
        .unwrap();
    world.form("iam", "CreateUser", &[("UserName", "anybody")]).await;
    let input = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
    });
    let (code, message) = world.ecs("RunTask", input).await.error();
    assert_eq!(code, "InvalidParameterException");
    assert!(
        message.starts_with(&format!("Error retrieving subnet information for [{subnet}]: ")),
        "{message}"
    );
    assert!(message.ends_with("(ErrorCode: UnauthorizedOperation)"), "{message}");
    assert!(
        message.contains("because no identity-based policy allows the ec2:DescribeSubnets action"),
        "{message}"
    );
    let denied = world
        .installation
        .kernel
        .audit()
        .recent(1, |r| r.operation == "DescribeSubnets")
        .unwrap();
    assert!(!denied[0].decisions[0].allowed);
}
