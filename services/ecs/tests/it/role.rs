//! The service-linked role's life as ECS drives it.

use serde_json::json;

use crate::world::{World, between};

const ROLE: &str = "AWSServiceRoleForECS";
const ROLE_ARN: &str = "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";

async fn role_id(world: &World) -> Option<String> {
    let answer = world.form("iam", "GetRole", &[("RoleName", ROLE)]).await;
    (answer.status == 200).then(|| between(&answer.text, "<RoleId>", "</RoleId>"))
}

async fn delete_role(world: &World) -> String {
    let asked = world
        .form("iam", "DeleteServiceLinkedRole", &[("RoleName", ROLE)])
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let task = between(&asked.text, "<DeletionTaskId>", "</DeletionTaskId>");
    for _ in 0..100 {
        let status = world
            .form(
                "iam",
                "GetServiceLinkedRoleDeletionStatus",
                &[("DeletionTaskId", &task)],
            )
            .await
            .text;
        if !status.contains("IN_PROGRESS") && !status.contains("NOT_STARTED") {
            return status;
        }
        tokio::task::yield_now().await;
    }
    panic!("the deletion does not end");
}

#[tokio::test]
async fn creating_a_cluster_makes_the_role_with_awss_description() {
    let world = World::new();
    assert_eq!(role_id(&world).await, None);
    world.ecs("CreateCluster", json!({})).await.ok();
    let role = world.form("iam", "GetRole", &[("RoleName", ROLE)]).await.text;
    assert_eq!(between(&role, "<Arn>", "</Arn>"), ROLE_ARN);
    assert_eq!(
        between(&role, "<Description>", "</Description>"),
        "Policy to enable Amazon ECS to manage your EC2 instances and related resources."
    );
}

#[tokio::test]
async fn a_caller_who_may_not_make_the_role_gets_the_cluster_all_the_same() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    let cluster = world
        .acting(keys)
        .ecs("CreateCluster", json!({ "clusterName": "demo" }))
        .await
        .ok();
    assert_eq!(cluster["cluster"]["status"], "ACTIVE");
    assert_eq!(role_id(&world).await, None);
    let denied = world
        .installation
        .kernel
        .audit()
        .recent(10, |r| r.operation == "CreateServiceLinkedRole")
        .unwrap();
    assert_eq!(denied.len(), 1);
    let denied = &denied[0];
    assert_eq!(denied.error.as_ref().unwrap().code, "AccessDenied");
    assert_eq!(denied.identity.invoked_by.as_deref(), Some("ecs.amazonaws.com"));
    assert_eq!(
        (denied.source.as_str(), denied.user_agent.as_str()),
        ("ecs.amazonaws.com", "ecs.amazonaws.com")
    );
    assert!(denied.parameters.is_none());
    assert_eq!(
        denied.error.as_ref().unwrap().message,
        format!(
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: iam:CreateServiceLinkedRole on \
             resource: {ROLE_ARN} because no identity-based policy allows the iam:CreateServiceLinkedRole action"
        )
    );
}

#[tokio::test]
async fn a_permission_under_called_via_makes_the_role_through_ecs_and_not_directly() {
    for condition in [
        json!({ "Bool": { "aws:ViaAWSService": "true" } }),
        json!({ "ForAnyValue:StringEquals": { "aws:CalledVia": "ecs.amazonaws.com" } }),
    ] {
        let world = World::new();
        let statements = json!([
            { "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": ROLE_ARN, "Condition": condition }
        ]);
        let alice = world.acting(world.user("alice", statements).await);
        let direct = alice
            .form(
                "iam",
                "CreateServiceLinkedRole",
                &[("AWSServiceName", "ecs.amazonaws.com")],
            )
            .await;
        assert_eq!(between(&direct.text, "<Code>", "</Code>"), "AccessDenied");
        alice.ecs("CreateCluster", json!({})).await.ok();
        assert!(role_id(&world).await.is_some());
    }
}

#[tokio::test]
async fn the_creation_is_attempted_once_per_region_while_the_role_exists() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "a" })).await.ok();
    world.ecs("CreateCluster", json!({ "clusterName": "b" })).await.ok();
    let elsewhere = world.within("eu-west-1");
    elsewhere.ecs("CreateCluster", json!({ "clusterName": "a" })).await.ok();
    elsewhere.ecs("CreateCluster", json!({ "clusterName": "b" })).await.ok();
    let attempts = world
        .installation
        .kernel
        .audit()
        .recent(10, |r| r.operation == "CreateServiceLinkedRole")
        .unwrap();
    let outcomes: Vec<_> = attempts
        .iter()
        .rev()
        .map(|r| r.error.as_ref().map(|e| e.code.clone()))
        .collect();
    assert_eq!(outcomes, [None, Some("InvalidInputException".to_owned())]);
    assert!(
        attempts.iter().all(|attempt| attempt.region.as_str() == "us-east-1"),
        "IAM is recorded in us-east-1"
    );
}

#[tokio::test]
async fn the_role_stays_while_a_cluster_is_active_in_any_region_and_the_answer_names_them_all() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "a" })).await.ok();
    world
        .within("eu-west-1")
        .ecs("CreateCluster", json!({ "clusterName": "b" }))
        .await
        .ok();
    let before = role_id(&world).await;
    let status = delete_role(&world).await;
    assert_eq!(between(&status, "<Status>", "</Status>"), "FAILED");
    for text in [
        "Role in use.",
        "<Region>us-east-1</Region>",
        "<Region>eu-west-1</Region>",
        "arn:aws:ecs:us-east-1:000000000000:cluster/a",
        "arn:aws:ecs:eu-west-1:000000000000:cluster/b",
    ] {
        assert!(status.contains(text), "{text}: {status}");
    }
    assert_eq!(
        role_id(&world).await,
        before,
        "a failed deletion leaves the role as it was"
    );
}

#[tokio::test]
async fn without_clusters_the_role_goes_and_the_next_cluster_makes_another_one() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "a" })).await.ok();
    let first = role_id(&world).await.unwrap();
    world.ecs("DeleteCluster", json!({ "cluster": "a" })).await.ok();
    assert_eq!(
        between(&delete_role(&world).await, "<Status>", "</Status>"),
        "SUCCEEDED"
    );
    assert_eq!(role_id(&world).await, None);
    world.ecs("CreateCluster", json!({ "clusterName": "b" })).await.ok();
    let second = role_id(&world).await.unwrap();
    assert_ne!(first, second);
}

#[tokio::test]
async fn an_idempotent_creation_makes_a_role_that_is_missing() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    world
        .acting(keys)
        .ecs("CreateCluster", json!({ "clusterName": "demo" }))
        .await
        .ok();
    assert_eq!(role_id(&world).await, None);
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    assert!(role_id(&world).await.is_some());
}

#[tokio::test]
async fn nobody_but_ecs_assumes_the_role() {
    let world = World::new();
    world.ecs("CreateCluster", json!({})).await.ok();
    let keys = world
        .user("admin", json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]))
        .await;
    for caller in [world.acting(keys), world.acting(world.keys.clone())] {
        let pairs = [("RoleArn", ROLE_ARN), ("RoleSessionName", "mine")];
        let answer = caller.form("sts", "AssumeRole", &pairs).await;
        assert_eq!(
            (answer.status, between(&answer.text, "<Code>", "</Code>")),
            (403, "AccessDenied".into())
        );
    }
}

#[tokio::test]
async fn what_ec2_refuses_can_be_decoded_by_who_may() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    let refused = world.acting(keys).form("ec2", "DescribeSubnets", &[]).await;
    assert_eq!(between(&refused.text, "<Code>", "</Code>"), "UnauthorizedOperation");
    let text = between(&refused.text, "<Message>", "</Message>");
    let encoded = text.rsplit("Encoded authorization failure message: ").next().unwrap();
    let decoded = world
        .form("sts", "DecodeAuthorizationMessage", &[("EncodedMessage", encoded)])
        .await;
    let json = between(&decoded.text, "<DecodedMessage>", "</DecodedMessage>").replace("&quot;", "\"");
    let message: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&message["allowed"], &message["explicitDeny"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(message["context"]["action"], "ec2:DescribeSubnets");
    assert_eq!(message["context"]["principal"]["name"], "alice");
}
