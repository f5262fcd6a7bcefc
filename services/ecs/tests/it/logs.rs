//! The log driver `awslogs`: what containers write is in CloudWatch Logs, all of it, in order, as the execution role may.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use roadstead::{Installation, Options};
use roadstead_containers::{ContainerId, LogMode, LogStream, Runtime};
use roadstead_core::{AccountId, Clock, Ids};
use roadstead_kernel::audit::AuditLog;
use roadstead_network::{Net, SimulatedNet};
use serde_json::{Value, json};

use crate::world::{World, container_with, definition};

pub const ROLE: &str = "arn:aws:iam::000000000000:role/execution";
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}"#;

/// A world with a cluster, a subnet and an execution role.
pub struct Stage {
    pub world: World,
    pub subnet: String,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(allow(&["logs:CreateLogStream", "logs:PutLogEvents"])).await
    }

    /// With an execution role that has these statements.
    pub async fn with(statements: Value) -> Self {
        let world = World::new();
        let subnet = world.cluster_and_definition().await;
        let role = [("RoleName", "execution"), ("AssumeRolePolicyDocument", TRUST)];
        assert_eq!(world.form("iam", "CreateRole", &role).await.status, 200);
        let stage = Self { world, subnet };
        stage.may(statements).await;
        stage
    }

    /// Changes what the execution role may.
    pub async fn may(&self, statements: Value) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let pairs = [
            ("RoleName", "execution"),
            ("PolicyName", "logs"),
            ("PolicyDocument", document.as_str()),
        ];
        assert_eq!(self.world.form("iam", "PutRolePolicy", &pairs).await.status, 200);
    }

    pub async fn group(&self, name: &str) {
        logs(&self.world, "CreateLogGroup", json!({ "logGroupName": name })).await;
    }

    /// Runs a task of these containers; its id.
    pub async fn run(&self, containers: Value) -> String {
        let mut made = definition("logged", containers);
        made["executionRoleArn"] = json!(ROLE);
        self.world.ecs("RegisterTaskDefinition", made).await.ok();
        let task = self
            .world
            .run_task(&self.subnet, json!({ "taskDefinition": "logged" }))
            .await;
        let id = id_of(&task);
        self.world.pass(2).await;
        id
    }

    /// Runs a task of one container with these options beside the usual ones.
    pub async fn run_with(&self, image: &str, options: Value, more: Value) -> String {
        self.run(json!([container(image, &options, more)])).await
    }

    pub async fn task(&self, id: &str) -> Value {
        self.world.task(id).await
    }

    /// The engine's id of a container of a task.
    pub async fn engine_id(&self, task: &str) -> ContainerId {
        let labels = [("com.amazonaws.ecs.container-name", Some("main"))];
        let found = self.world.engine.list(&labels).await.unwrap();
        let of_task = |labels: &roadstead_containers::Labels| labels["com.amazonaws.ecs.task-arn"].ends_with(task);
        found.into_iter().find(|found| of_task(&found.labels)).unwrap().id
    }

    pub async fn write(&self, task: &str, text: &str) {
        self.world
            .engine
            .write(&self.engine_id(task).await, LogStream::Stdout, text)
            .unwrap();
    }

    /// The messages of the stream of a task's container `main`.
    pub async fn read(&self, task: &str) -> Vec<String> {
        messages(&self.world, "app", &format!("web/main/{task}")).await
    }

    /// The server again, over the same store and engine.
    pub async fn restarted(self) -> Self {
        let options = Options {
            store: Arc::clone(self.world.installation.store()),
            account: AccountId::parse("000000000000").unwrap(),
            root: self.world.keys.clone(),
            master_key: [9; roadstead_kernel::MASTER_KEY_LEN],
            audit: AuditLog::in_memory(),
            clock: Arc::clone(&self.world.clock) as Arc<dyn Clock>,
            ids: Ids::seeded(8),
            runtime: Arc::clone(&self.world.engine) as Arc<dyn Runtime>,
            net: Some(Arc::new(SimulatedNet::new()) as Arc<dyn Net>),
        };
        let installation = Arc::new(Installation::new(options).unwrap());
        let tasks = installation.tasks.reconciler();
        tasks.resume().await.unwrap();
        for key in tasks.all().await.unwrap() {
            installation.tasks.enqueue(key);
        }
        let again = self.world.acting(self.world.keys.clone());
        Self {
            world: World { installation, ..again },
            subnet: self.subnet,
        }
    }
}

pub fn allow(actions: &[&str]) -> Value {
    json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }])
}

pub fn id_of(task: &Value) -> String {
    task["taskArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

pub fn container(image: &str, options: &Value, more: Value) -> Value {
    let mut all = json!({ "awslogs-group": "app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web" });
    all.as_object_mut()
        .unwrap()
        .extend(options.as_object().unwrap().clone());
    let mut made = container_with("main", more);
    made["image"] = json!(image);
    made["logConfiguration"] = json!({ "logDriver": "awslogs", "options": all });
    made
}

/// Calls CloudWatch Logs.
pub async fn logs(world: &World, operation: &str, input: Value) -> Value {
    let answer = world.logs(operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
    serde_json::from_str(&answer.text).unwrap_or_default()
}

/// All messages of a stream.
pub async fn messages(world: &World, group: &str, stream: &str) -> Vec<String> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let mut input = json!({ "logGroupName": group, "logStreamName": stream, "startFromHead": true });
        if let Some(token) = &token {
            input["nextToken"] = json!(token);
        }
        let page = logs(world, "GetLogEvents", input).await;
        let events = page["events"].as_array().unwrap();
        all.extend(events.iter().map(|event| event["message"].as_str().unwrap().to_owned()));
        let next = page["nextForwardToken"].as_str().map(ToOwned::to_owned);
        if events.is_empty() || next == token {
            return all;
        }
        token = next;
    }
}

#[tokio::test]
async fn what_a_container_writes_is_in_its_stream_in_order_and_nothing_is_there_twice() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let env = json!({ "environment": [{ "name": "SIMULATED_STDOUT", "value": "first\nsecond" }] });
    let task = stage.run_with("simulated/run", json!({}), env).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "RUNNING");
    assert_eq!(stage.read(&task).await, ["first", "second"]);
    stage.write(&task, "third\n").await;
    stage.write(&task, "four").await;
    stage.world.pass(2).await;
    assert_eq!(stage.read(&task).await, ["first", "second", "third"]);
    stage.write(&task, "th\n").await;
    stage.world.pass(2).await;
    assert_eq!(stage.read(&task).await, ["first", "second", "third", "fourth"]);
    let made_by = stage
        .world
        .installation
        .kernel
        .audit()
        .recent(1000, |record| record.operation == "CreateLogStream");
    let record = &made_by.unwrap()[0];
    let session = format!("arn:aws:sts::000000000000:assumed-role/execution/{task}");
    assert_eq!(serde_json::to_value(&record.identity).unwrap()["arn"], session);
}

#[tokio::test]
async fn the_last_line_before_the_exit_is_there_although_the_container_is_removed() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let env = json!({ "environment": [{ "name": "SIMULATED_STDOUT", "value": "all\nthat\nit says" }] });
    let task = stage.run_with("simulated/exit:3", json!({}), env).await;
    stage.world.pass(2).await;
    let stopped = stage.task(&task).await;
    assert_eq!(
        (&stopped["lastStatus"], &stopped["stopCode"]),
        (&json!("STOPPED"), &json!("EssentialContainerExited"))
    );
    assert_eq!(stage.read(&task).await, ["all", "that", "it says"]);
    assert!(
        stage
            .world
            .engine
            .list(&[("com.amazonaws.ecs.container-name", Some("main"))])
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_line_without_an_end_is_delivered_when_the_task_is_stopped() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage
        .run_with("simulated/run", json!({ "mode": "blocking" }), json!({}))
        .await;
    stage.write(&task, "whole\nand a par").await;
    stage
        .world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    stage.world.pass(3).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "STOPPED");
    assert_eq!(stage.read(&task).await, ["whole", "and a par"]);
}

/// Runs a task that cannot have its stream; why it stopped, with the request's id taken out.
#[tokio::test]
async fn the_group_may_be_in_another_region() {
    let stage = Stage::new().await;
    let elsewhere = stage.world.within("eu-west-1");
    logs(&elsewhere, "CreateLogGroup", json!({ "logGroupName": "app" })).await;
    let task = stage
        .run_with("simulated/run", json!({ "awslogs-region": "eu-west-1" }), json!({}))
        .await;
    stage.write(&task, "far away\n").await;
    stage.world.pass(2).await;
    assert_eq!(
        messages(&elsewhere, "app", &format!("web/main/{task}")).await,
        ["far away"]
    );
}

#[tokio::test]
async fn lines_that_belong_together_are_one_event() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage
        .run_with(
            "simulated/run",
            json!({ "awslogs-datetime-format": "%Y-%m-%d" }),
            json!({}),
        )
        .await;
    stage
        .write(&task, "2026-11-24 oops\n  at main\n2026-11-24 fine\n")
        .await;
    stage.world.pass(2).await;
    assert_eq!(stage.read(&task).await, ["2026-11-24 oops\n  at main\n"]);
    stage.world.pass(5).await;
    assert_eq!(
        stage.read(&task).await,
        ["2026-11-24 oops\n  at main\n", "2026-11-24 fine\n"]
    );
}

#[tokio::test]
async fn a_role_whose_permission_is_taken_away_neither_ends_the_task_nor_loses_a_line() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage
        .run_with("simulated/run", json!({ "mode": "blocking" }), json!({}))
        .await;
    stage.write(&task, "before\n").await;
    stage.world.pass(2).await;
    stage.may(allow(&["logs:CreateLogStream"])).await;
    for number in 0..40 {
        stage.write(&task, &format!("while {number}\n")).await;
        stage.world.pass(1).await;
    }
    assert_eq!(stage.read(&task).await, ["before"]);
    assert_eq!(stage.task(&task).await["lastStatus"], "RUNNING");
    let calls = stage
        .world
        .installation
        .kernel
        .audit()
        .recent(1000, |r| r.operation == "PutLogEvents")
        .unwrap()
        .len();
    assert!(calls < 12, "{calls} calls: the pauses grow");
    stage.may(allow(&["logs:CreateLogStream", "logs:PutLogEvents"])).await;
    stage.world.pass(31).await;
    let expected: Vec<_> = std::iter::once("before".to_owned())
        .chain((0..40).map(|n| format!("while {n}")))
        .collect();
    assert_eq!(stage.read(&task).await, expected);
}

#[tokio::test]
async fn a_bounded_buffer_drops_what_comes_beyond_while_nothing_can_be_delivered() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage
        .run_with(
            "simulated/run",
            json!({ "mode": "non-blocking", "max-buffer-size": "100" }),
            json!({}),
        )
        .await;
    stage.may(allow(&["logs:CreateLogStream"])).await;
    for number in 0..40 {
        stage.write(&task, &format!("line number {number:02}\n")).await;
        stage.world.pass(1).await;
    }
    stage.may(allow(&["logs:CreateLogStream", "logs:PutLogEvents"])).await;
    stage.world.pass(31).await;
    stage.write(&task, "later\n").await;
    stage.world.pass(2).await;
    let seen = stage.read(&task).await;
    let kept: Vec<_> = (0..7).map(|number| format!("line number {number:02}")).collect();
    assert_eq!(seen[..7], kept, "the oldest hundred bytes");
    assert_eq!(seen[7..], ["later"]);
}

#[tokio::test]
async fn the_account_says_whether_lines_may_be_dropped_where_a_definition_does_not() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let kept = async |options: Value| {
        let task = stage.run_with("simulated/run", options, json!({})).await;
        let id = stage.engine_id(&task).await;
        stage.world.engine.spec(&id).unwrap().log
    };
    let bounded = LogMode::KeepAtMost(64 << 20);
    assert_eq!(kept(json!({})).await, bounded);
    let setting = json!({ "name": "defaultLogDriverMode", "value": "blocking" });
    stage.world.ecs("PutAccountSettingDefault", setting).await.ok();
    assert_eq!(kept(json!({})).await, LogMode::Keep);
    assert_eq!(kept(json!({ "mode": "non-blocking" })).await, bounded);
    let task = stage
        .run_with("simulated/run", json!({ "max-buffer-size": "1" }), json!({}))
        .await;
    stage.may(allow(&["logs:CreateLogStream"])).await;
    for line in ["one\n", "two\n", "three\n"] {
        stage.write(&task, line).await;
        stage.world.pass(3).await;
    }
    stage.may(allow(&["logs:PutLogEvents"])).await;
    stage.world.pass(10).await;
    assert_eq!(stage.read(&task).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_role_that_was_made_anew_is_assumed_anew() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.write(&task, "one\n").await;
    stage.world.pass(2).await;
    let policy = [("RoleName", "execution"), ("PolicyName", "logs")];
    assert_eq!(stage.world.form("iam", "DeleteRolePolicy", &policy).await.status, 200);
    let role = [("RoleName", "execution"), ("AssumeRolePolicyDocument", TRUST)];
    assert_eq!(stage.world.form("iam", "DeleteRole", &role[..1]).await.status, 200);
    stage.write(&task, "two\n").await;
    stage.world.pass(3).await;
    assert_eq!(stage.world.form("iam", "CreateRole", &role).await.status, 200);
    stage.may(allow(&["logs:PutLogEvents"])).await;
    stage.world.pass(10).await;
    assert_eq!(stage.read(&task).await, ["one", "two"]);
}

#[tokio::test]
async fn a_session_is_renewed_before_it_ends() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    for hour in 0..3 {
        stage.write(&task, &format!("{hour}\n")).await;
        stage.world.pass(2).await;
        stage.world.clock.advance(Duration::from_secs(3_590));
    }
    assert_eq!(stage.read(&task).await, ["0", "1", "2"]);
    let audit = stage.world.installation.kernel.audit();
    let refused = audit
        .recent(1000, |r| r.operation == "PutLogEvents" && r.error.is_some())
        .unwrap();
    assert!(refused.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn a_task_does_not_wait_for_ever_for_output_that_cannot_be_delivered() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.may(allow(&["logs:CreateLogStream"])).await;
    stage.write(&task, "lost\n").await;
    stage
        .world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    stage.world.pass(20).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "DEPROVISIONING");
    stage.world.pass(12).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "STOPPED");
}

#[tokio::test]
async fn a_stream_that_is_deleted_meanwhile_is_made_again() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    let stream = json!({ "logGroupName": "app", "logStreamName": format!("web/main/{task}") });
    logs(&stage.world, "DeleteLogStream", stream).await;
    stage.write(&task, "still here\n").await;
    stage.world.pass(3).await;
    assert_eq!(stage.read(&task).await, ["still here"]);
}

#[tokio::test]
async fn after_a_restart_reading_goes_on_where_it_was() {
    let mut stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    let mut expected = Vec::new();
    for round in 0..4 {
        for number in 0..50 {
            let line = format!("{round}.{number}");
            stage.write(&task, &format!("{line}\n")).await;
            expected.push(line);
        }
        if round % 2 == 0 {
            stage.world.pass(2).await;
        }
        stage = stage.restarted().await;
        stage.world.pass(2).await;
    }
    assert_eq!(stage.read(&task).await, expected);
}

#[tokio::test]
async fn output_of_a_container_that_ended_while_the_server_was_away_is_delivered() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.write(&task, "one\n").await;
    stage.world.pass(2).await;
    stage.write(&task, "two\n").await;
    stage.world.engine.exit(&stage.engine_id(&task).await, 0).unwrap();
    let stage = stage.restarted().await;
    stage.world.pass(3).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "STOPPED");
    assert_eq!(stage.read(&task).await, ["one", "two"]);
}

#[tokio::test]
async fn a_container_that_is_started_again_goes_on_in_the_same_stream() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let policy = json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 60 } });
    let task = stage.run_with("simulated/exit:0-after-70", json!({}), policy).await;
    stage.write(&task, "first life\n").await;
    stage.world.pass(68).await;
    stage.write(&task, "last words\n").await;
    stage.world.pass(40).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "RUNNING");
    stage.write(&task, "second life\n").await;
    stage.world.pass(5).await;
    assert_eq!(stage.read(&task).await, ["first life", "last words", "second life"]);
}

#[tokio::test]
async fn an_engine_that_was_away_loses_nothing() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.write(&task, "one\ntwo\n").await;
    stage.world.pass(1).await;
    stage.world.engine.set_reachable(false);
    stage.world.pass(5).await;
    stage.world.engine.set_reachable(true);
    stage.write(&task, "three\n").await;
    stage.world.pass(40).await;
    assert_eq!(stage.read(&task).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn what_was_written_after_the_reader_was_cut_off_is_read_when_the_container_has_ended() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.write(&task, "one\n").await;
    stage.world.pass(2).await;
    stage.world.engine.set_reachable(false);
    stage.world.engine.set_reachable(true);
    stage.write(&task, "two\n").await;
    stage.world.engine.exit(&stage.engine_id(&task).await, 0).unwrap();
    let tasks = &stage.world.installation.tasks;
    tasks.enqueue(tasks.reconciler().all().await.unwrap().remove(0));
    stage.world.pass(3).await;
    assert_eq!(stage.read(&task).await, ["one", "two"]);
}

#[tokio::test]
async fn a_look_after_the_last_line_begins_nothing_anew() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    stage.write(&task, "one\n").await;
    stage.world.engine.exit(&stage.engine_id(&task).await, 0).unwrap();
    let tasks = &stage.world.installation.tasks;
    let key = tasks.reconciler().all().await.unwrap().remove(0);
    tasks.enqueue(key.clone());
    tasks.settle().await;
    let logs = tasks.reconciler().logs();
    logs.settle().await;
    // The task has not been looked at since.
    logs.reconciler().look(&key, "main");
    logs.settle().await;
    stage.world.pass(3).await;
    assert_eq!(stage.read(&task).await, ["one"]);
}

#[tokio::test]
async fn more_than_a_call_may_carry_is_delivered_in_several() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let task = stage.run_with("simulated/run", json!({}), json!({})).await;
    let mut text = (0..25_000)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    text.push('\n');
    stage.write(&task, &text).await;
    stage.write(&task, &format!("{}\n", "x".repeat(300_000))).await;
    stage.world.pass(2).await;
    let seen = stage.read(&task).await;
    let numbers: Vec<_> = seen[..25_000]
        .iter()
        .map(|text| text.parse::<usize>().unwrap())
        .collect();
    assert!(numbers.into_iter().eq(0..25_000));
    assert_eq!(
        seen[25_000..].iter().map(String::len).collect::<Vec<_>>(),
        [262_118, 37_882]
    );
}

#[tokio::test]
async fn drivers_that_are_not_here_stop_the_task_and_say_so() {
    let stage = Stage::new().await;
    let mut made = container("simulated/run", &json!({}), json!({}));
    made["logConfiguration"] = json!({ "logDriver": "splunk", "options": { "splunk-url": "http://127.0.0.1" } });
    let task = stage.run(json!([made])).await;
    assert_eq!(
        stage.task(&task).await["stoppedReason"],
        "ResourceInitializationError: the log driver splunk is not available"
    );
    let mut made = container("simulated/run", &json!({}), json!({}));
    made["logConfiguration"]["secretOptions"] = json!([{ "name": "token", "valueFrom": "parameter" }]);
    let task = stage.run(json!([made])).await;
    let reason = "ResourceInitializationError: logConfiguration.secretOptions is not available";
    assert_eq!(stage.task(&task).await["stoppedReason"], reason);
}

#[tokio::test]
async fn nothing_is_left_on_record_of_a_task_that_is_forgotten() {
    let stage = Stage::new().await;
    stage.group("app").await;
    let env = json!({ "environment": [{ "name": "SIMULATED_STDOUT", "value": "a" }] });
    stage.run_with("simulated/exit:0", json!({}), env).await;
    let count = async || {
        let range = roadstead_store::Range::prefix(&b""[..]);
        let (entries, _) = stage.world.installation.store().range(range).await.unwrap();
        entries
            .iter()
            .filter(|entry| String::from_utf8_lossy(&entry.key).contains("ecs/log-cursor"))
            .count()
    };
    stage.world.pass(2).await;
    assert_eq!(count().await, 1);
    stage.world.clock.advance(Duration::from_secs(3600));
    stage.world.pass(2).await;
    assert_eq!(count().await, 0);
}

/// What happens to a container in turn.
#[derive(Clone, Debug)]
enum Turn {
    Write(LogStream, Vec<usize>),
    Pass(u64),
    Restart,
    EngineAway(u64),
    Refuse(u64),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let stream = prop_oneof![Just(LogStream::Stdout), Just(LogStream::Stderr)];
    let turn = prop_oneof![
        6 => (stream, prop::collection::vec(1..30_usize, 1..20)).prop_map(|(stream, pieces)| Turn::Write(stream, pieces)),
        3 => (1..3_u64).prop_map(Turn::Pass),
        1 => Just(Turn::Restart),
        2 => (0..4_u64).prop_map(Turn::EngineAway),
        1 => (1..4_u64).prop_map(Turn::Refuse),
    ];
    prop::collection::vec(turn, 1..16)
}

/// The lines of one output as pieces of these sizes, numbered on.
fn text(stream: LogStream, next: &mut usize, pieces: &[usize]) -> String {
    let mut text = String::new();
    for _ in pieces {
        *next += 1;
        let _ = writeln!(text, "{stream:?} {next}");
    }
    text
}

async fn play(turns: Vec<Turn>) -> (Vec<String>, [usize; 2]) {
    let full = allow(&["logs:CreateLogStream", "logs:PutLogEvents"]);
    let mut stage = Stage::new().await;
    stage.group("app").await;
    let task = stage
        .run_with("simulated/run", json!({ "mode": "blocking" }), json!({}))
        .await;
    let id = stage.engine_id(&task).await;
    let mut written = [0, 0];
    for turn in turns {
        match turn {
            Turn::Write(stream, pieces) => {
                let at = usize::from(stream == LogStream::Stderr);
                let text = text(stream, &mut written[at], &pieces);
                let mut rest = text.as_str();
                for size in pieces.iter().cycle() {
                    if rest.is_empty() {
                        break;
                    }
                    let (piece, after) = rest.split_at((*size).min(rest.len()));
                    stage.world.engine.write(&id, stream, piece).unwrap();
                    rest = after;
                }
            }
            Turn::Pass(secs) => stage.world.pass(secs).await,
            Turn::Restart => stage = stage.restarted().await,
            Turn::EngineAway(secs) => {
                stage.world.engine.set_reachable(false);
                stage.world.pass(secs).await;
                stage.world.engine.set_reachable(true);
            }
            Turn::Refuse(secs) => {
                stage.may(allow(&["logs:CreateLogStream"])).await;
                stage.world.pass(secs).await;
                stage.may(full.clone()).await;
            }
        }
    }
    stage.world.engine.exit(&id, 0).unwrap();
    stage.world.pass(75).await;
    assert_eq!(stage.task(&task).await["lastStatus"], "STOPPED");
    (stage.read(&task).await, written)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_line_is_lost_moved_or_doubled_whatever_happens(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (seen, written) = runtime.block_on(play(turns));
        for (stream, count) in [LogStream::Stdout, LogStream::Stderr].into_iter().zip(written) {
            let name = format!("{stream:?} ");
            let of_stream: Vec<_> = seen.iter().filter(|line| line.starts_with(&name)).cloned().collect();
            let expected: Vec<_> = (1..=count).map(|number| format!("{name}{number}")).collect();
            prop_assert_eq!(of_stream, expected);
        }
        prop_assert_eq!(seen.len(), written.iter().sum::<usize>());
    }
}
