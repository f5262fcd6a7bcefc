//! The log driver where it may not, or cannot, make the stream of a container: what the task is told.

use serde_json::{Value, json};

use crate::logs::{ROLE, Stage, TRUST, allow, container, id_of};
use crate::world::definition;

async fn reason(stage: &Stage, options: Value) -> (String, String) {
    let task = stage.run_with("simulated/run", options, json!({})).await;
    stage.world.pass(2).await;
    let stopped = stage.task(&task).await;
    assert_eq!(
        (&stopped["lastStatus"], &stopped["stopCode"]),
        (&json!("STOPPED"), &json!("TaskFailedToStart"))
    );
    assert_eq!(stopped.get("startedAt"), None);
    let main = &stopped["containers"][0];
    assert_eq!(main["lastStatus"], "STOPPED");
    assert!(main["runtimeId"].is_string());
    for absent in ["exitCode", "reason", "imageDigest"] {
        assert_eq!(main.get(absent), None, "{absent}");
    }
    let text = stopped["stoppedReason"].as_str().unwrap();
    let (head, rest) = text.split_once("RequestID: ").unwrap();
    let (request, tail) = rest.split_at(36);
    let records = stage
        .world
        .installation
        .kernel
        .audit()
        .recent(1000, |record| record.request_id == request)
        .unwrap();
    assert_eq!(records.len(), 1, "the request can be traced");
    (task, format!("{head}RequestID: <uuid>{tail}"))
}

#[tokio::test]
async fn a_group_that_is_missing_stops_the_task_in_the_recorded_words() {
    let stage = Stage::new().await;
    let (_, reason) = reason(&stage, json!({})).await;
    assert_eq!(
        reason,
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to \
         create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error StatusCode: \
         400, RequestID: <uuid>, ResourceNotFoundException: The specified log group does not exist. : exit status 1"
    );
}

#[tokio::test]
async fn a_role_that_is_denied_the_stream_stops_the_task_in_the_recorded_words() {
    let stage = Stage::with(json!([
        { "Effect": "Allow", "Action": "logs:*", "Resource": "*" },
        { "Effect": "Deny", "Action": "logs:CreateLogStream", "Resource": "*" }
    ]))
    .await;
    stage.group("app").await;
    let (task, reason) = reason(&stage, json!({})).await;
    assert_eq!(
        reason,
        format!(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
             to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error \
             StatusCode: 400, RequestID: <uuid>, api error AccessDeniedException: User: \
             arn:aws:sts::000000000000:assumed-role/execution/{task} is not authorized to perform: logs:CreateLogStream \
             on resource: arn:aws:logs:us-east-1:000000000000:log-group:app:log-stream:web/main/{task} with an explicit \
             deny in an identity-based policy : exit status 1"
        )
    );
}

#[tokio::test]
async fn a_role_that_may_not_make_the_group_stops_the_task_in_the_recorded_words() {
    let stage = Stage::new().await;
    let (task, reason) = reason(&stage, json!({ "awslogs-create-group": "true" })).await;
    assert_eq!(
        reason,
        format!(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed \
             to create Cloudwatch log group: operation error CloudWatch Logs: CreateLogGroup, https response error \
             StatusCode: 400, RequestID: <uuid>, api error AccessDeniedException: User: \
             arn:aws:sts::000000000000:assumed-role/execution/{task} is not authorized to perform: logs:CreateLogGroup on \
             resource: arn:aws:logs:us-east-1:000000000000:log-group:app because no identity-based policy allows the \
             logs:CreateLogGroup action : exit status 1"
        )
    );
}

#[tokio::test]
async fn a_group_is_made_where_the_definition_asks_for_it_and_the_role_may() {
    let stage = Stage::with(allow(&[
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]))
    .await;
    let task = stage
        .run_with("simulated/run", json!({ "awslogs-create-group": "true" }), json!({}))
        .await;
    stage.write(&task, "hello\n").await;
    stage.world.pass(2).await;
    assert_eq!(stage.read(&task).await, ["hello"]);
    assert_eq!(stage.task(&task).await["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn a_role_that_tasks_may_not_assume_any_more_stops_the_task() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let mut made = definition("logged", json!([container("simulated/run", &json!({}), json!({}))]));
    made["executionRoleArn"] = json!(ROLE);
    stage.world.ecs("RegisterTaskDefinition", made).await.ok();
    let task = id_of(
        &stage
            .world
            .run_task(&stage.subnet, json!({ "taskDefinition": "logged" }))
            .await,
    );
    let nobody = TRUST.replace("ecs-tasks", "ec2");
    let pairs = [("RoleName", "execution"), ("PolicyDocument", nobody.as_str())];
    assert_eq!(
        stage.world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status,
        200
    );
    stage.world.pass(3).await;
    let stopped = stage.task(&task).await;
    assert_eq!(stopped["stopCode"], "TaskFailedToStart");
    assert!(
        stopped["stoppedReason"]
            .as_str()
            .unwrap()
            .starts_with(&format!("ECS was unable to assume the role '{ROLE}'"))
    );
}
