//! Services whose tasks have roles: nothing is started that could not assume them, and that is said.

use serde_json::{Value, json};

use crate::services::Stage;
use crate::world::{container, definition};

const ROLE: &str = "arn:aws:iam::000000000000:role/app";

/// Makes the role, or changes whom it trusts.
async fn trust(stage: &Stage, operation: &str, member: &str, service: &str) {
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole"
    }] });
    let pairs = [("RoleName", "app"), (member, &*document.to_string())];
    let answer = stage.world.form("iam", operation, &pairs).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn with_role(member: &str) -> Stage {
    let stage = Stage::new().await;
    trust(&stage, "CreateRole", "AssumeRolePolicyDocument", "ec2.amazonaws.com").await;
    let mut made = definition("web", json!([container("main")]));
    made[member] = json!(ROLE);
    stage.world.ecs("RegisterTaskDefinition", made).await.ok();
    stage
}

#[tokio::test]
async fn a_role_that_does_not_trust_tasks_is_told_once_and_tried_until_it_does() {
    for member in ["taskRoleArn", "executionRoleArn"] {
        let stage = with_role(member).await;
        stage.create(2, json!({})).await;
        stage.world.settle().await;
        stage.world.pass(2).await;
        let text = format!(
            "(service web) failed to launch a task with (error ECS was unable to assume the role '{ROLE}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.)."
        );
        assert_eq!(stage.said().await, [text]);
        assert_eq!(stage.tasks("RUNNING").await, Vec::<String>::new());
        assert!(stage.service().await["deployments"][0]["failedTasks"].as_i64().unwrap() >= 2);
        stage.world.pass(60).await;
        let said = stage.said().await;
        assert_eq!(
            said[1..],
            [
                "(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section."
            ]
        );
        trust(
            &stage,
            "UpdateAssumeRolePolicy",
            "PolicyDocument",
            "ecs-tasks.amazonaws.com",
        )
        .await;
        stage.world.pass(130).await;
        assert_eq!(
            stage.tasks("RUNNING").await.len(),
            2,
            "no call on the service was needed"
        );
        assert_eq!(stage.service().await["deployments"][0]["rolloutState"], "COMPLETED");
    }
}

#[tokio::test]
async fn the_circuit_breaker_counts_tasks_that_cannot_get_their_role() {
    let stage = with_role("taskRoleArn").await;
    let plain = json!({ "taskDefinition": "web:1", "deploymentConfiguration": {
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    } });
    stage.create(1, plain).await;
    stage.world.settle().await;
    stage.world.pass(10).await;
    let before = stage.tasks("RUNNING").await;
    stage.update(json!({ "taskDefinition": "web:2" })).await;
    stage.world.pass(60).await;
    let seen = stage.service().await;
    assert_eq!(
        seen["taskDefinition"],
        "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"
    );
    assert_eq!(seen["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(
        stage.tasks("RUNNING").await,
        before,
        "the task that ran was never touched"
    );
}

#[tokio::test]
async fn a_task_set_waits_for_its_role_too() {
    let stage = with_role("taskRoleArn").await;
    let external = json!({
        "cluster": "demo", "serviceName": "web", "desiredCount": 1, "deploymentController": { "type": "EXTERNAL" }
    });
    stage.world.ecs("CreateService", external).await.ok();
    let set = json!({
        "cluster": "demo", "service": "web", "taskDefinition": "web", "launchType": "FARGATE",
        "scale": { "value": 100.0, "unit": "PERCENT" },
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [stage.subnet] } }
    });
    let made: Value = stage.world.ecs("CreateTaskSet", set).await.ok();
    stage.world.settle().await;
    stage.world.pass(5).await;
    let id = made["taskSet"]["id"].as_str().unwrap();
    let said = stage.said().await;
    let begins = format!("(service web, taskSet {id}) failed to launch a task with (error ECS was unable to assume");
    assert!(said[0].starts_with(&begins), "{said:?}");
    trust(
        &stage,
        "UpdateAssumeRolePolicy",
        "PolicyDocument",
        "ecs-tasks.amazonaws.com",
    )
    .await;
    stage.world.pass(60).await;
    assert_eq!(stage.tasks("RUNNING").await.len(), 1);
}
