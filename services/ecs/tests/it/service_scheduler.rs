//! Services: what the scheduler does, and what it says about it.

use roadstead_containers::{ContainerId, Health, Runtime as _};
use serde_json::{Value, json};

use crate::services::{SERVICE, Stage};
use crate::world::{between, container_with, definition};

/// Messages with ids cut to their beginnings, so that they can be compared.
fn plain(said: &[String]) -> Vec<String> {
    let cut = |message: &String| {
        let mut out = Vec::new();
        for word in message.split(' ') {
            let digits = word.trim_start_matches("ecs-svc/").trim_end_matches([')', '.', ':']);
            let is_id = digits.len() == 32 || digits.len() == 19 && digits.bytes().all(|b| b.is_ascii_digit());
            out.push(if is_id {
                word.replace(digits, "X")
            } else {
                word.to_owned()
            });
        }
        out.join(" ")
    };
    said.iter().map(cut).collect()
}

fn id_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap().to_owned()
}

impl Stage {
    /// The engine's id of a task's only container.
    pub async fn container(&self, task: &str) -> ContainerId {
        let labels = [
            ("com.amazonaws.ecs.task-arn", Some(task)),
            ("com.amazonaws.ecs.container-name", Some("main")),
        ];
        self.world.engine.list(&labels).await.unwrap()[0].id.clone()
    }

    /// Lets time pass while every task is looked at each second, as the engine's events would have it.
    pub async fn follow(&self, secs: u64) {
        for _ in 0..secs {
            let tasks = &self.world.installation.tasks;
            for key in tasks.reconciler().all().await.unwrap() {
                tasks.enqueue(key);
            }
            self.world.pass(1).await;
        }
    }

    pub async fn deployments(&self) -> Vec<(String, String, i64, i64)> {
        let seen = self.service().await;
        let one = |d: &Value| {
            let text = |name: &str| d[name].as_str().unwrap().to_owned();
            (
                text("status"),
                text("rolloutState"),
                d["runningCount"].as_i64().unwrap(),
                d["pendingCount"].as_i64().unwrap(),
            )
        };
        seen["deployments"].as_array().unwrap().iter().map(one).collect()
    }
}

fn deployment(status: &str, rollout: &str, running: i64, pending: i64) -> (String, String, i64, i64) {
    (status.to_owned(), rollout.to_owned(), running, pending)
}

#[tokio::test]
async fn a_service_without_tasks_completes_and_is_steady() {
    let stage = Stage::new().await;
    let made = stage.create(0, json!({})).await;
    stage.world.settle().await;
    let id = made["deployments"][0]["id"].as_str().unwrap();
    let said = [
        format!("(service web) (deployment {id}) deployment completed."),
        "(service web) has reached a steady state.".to_owned(),
    ];
    assert_eq!(stage.said().await, said);
    let seen = stage.service().await;
    assert_eq!(seen["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(
        seen["deployments"][0]["rolloutStateReason"],
        format!("ECS deployment {id} completed.")
    );
    let at = |nth: usize| seen["events"][nth]["createdAt"].as_f64().unwrap();
    assert!(
        (at(0) - at(1) - 0.001).abs() < 1e-6,
        "messages of one pass are a millisecond apart"
    );
    stage.world.pass(60).await;
    assert_eq!(stage.said().await.len(), 2, "what is settled stays quiet");
}

#[tokio::test]
async fn a_service_starts_its_tasks_and_reaches_a_steady_state() {
    let stage = Stage::new().await;
    let made = stage.create(2, json!({})).await;
    stage.world.settle().await;
    let id = made["deployments"][0]["id"].as_str().unwrap();
    let tasks = stage.tasks("RUNNING").await;
    assert_eq!(tasks.len(), 2);
    let task = stage.world.task(&tasks[0]).await;
    assert_eq!(
        (&task["group"], &task["startedBy"]),
        (&json!("service:web"), &json!(id))
    );
    assert_eq!(task["lastStatus"], "RUNNING");
    assert_eq!(task["tags"], json!([]));
    stage.world.pass(1).await;
    assert_eq!(stage.service().await["runningCount"], 2);
    assert!(
        stage.service().await["currentServiceDeployment"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:ecs:us-east-1:000000000000:service-deployment/demo/web/")
    );
    assert_eq!(
        stage.said().await.len(),
        1,
        "tasks must run a while before the deployment completes"
    );
    stage.world.pass(6).await;
    let started = stage.said().await[0].clone();
    assert!(
        started.starts_with("(service web) has started 2 tasks: (task "),
        "{started}"
    );
    for arn in &tasks {
        assert!(started.contains(&format!("(task {})", id_of(arn))), "{started}");
    }
    assert_eq!(
        plain(&stage.said().await)[1..],
        [
            "(service web) (deployment ecs-svc/X) deployment completed.",
            "(service web) has reached a steady state."
        ]
    );
    assert!(stage.service().await.get("currentServiceDeployment").is_none());
}

#[tokio::test]
async fn a_change_of_the_count_makes_no_deployment() {
    let stage = Stage::new().await;
    let made = stage.create(1, json!({})).await;
    stage.world.pass(8).await;
    let updated = stage.update(json!({ "desiredCount": 3 })).await;
    assert_eq!(updated["deployments"][0]["id"], made["deployments"][0]["id"]);
    stage.world.pass(2).await;
    assert_eq!(stage.tasks("RUNNING").await.len(), 3);
    stage.update(json!({ "desiredCount": 0 })).await;
    stage.world.pass(1).await;
    let stopped = stage.tasks("STOPPED").await;
    assert_eq!(stopped.len(), 3);
    let task = stage.world.task(&stopped[0]).await;
    assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
    let id = made["deployments"][0]["id"].as_str().unwrap();
    assert_eq!(
        task["stoppedReason"],
        format!("Scaling activity initiated by (deployment {id})")
    );
    stage.world.pass(2).await;
    let said = plain(&stage.said().await);
    assert_eq!(
        said[3..],
        [
            "(service web) has started 2 tasks: (task X) (task X).",
            "(service web) has reached a steady state.",
            "(service web) has stopped 3 running tasks: (task X) (task X) (task X).",
            "(service web) has reached a steady state."
        ]
    );
}

#[tokio::test]
async fn a_stopped_or_ended_task_is_replaced_without_a_word() {
    let stage = Stage::new().await;
    stage.create(2, json!({})).await;
    stage.world.pass(8).await;
    let before = stage.tasks("RUNNING").await;
    stage
        .world
        .ecs("StopTask", json!({ "cluster": "demo", "task": before[0] }))
        .await
        .ok();
    stage.world.pass(2).await;
    let after = stage.tasks("RUNNING").await;
    assert_eq!(after.len(), 2);
    assert!(!after.contains(&before[0]) && after.contains(&before[1]));
    assert_eq!(stage.world.task(&before[0]).await["stopCode"], "UserInitiated");
    stage.world.engine.exit(&stage.container(&before[1]).await, 3).unwrap();
    stage.world.pass(40).await;
    assert_eq!(stage.tasks("RUNNING").await.len(), 2);
    assert_eq!(
        stage.world.task(&before[1]).await["stopCode"],
        "EssentialContainerExited"
    );
    assert_eq!(stage.service().await["desiredCount"], 2);
    let said = plain(&stage.said().await);
    assert_eq!(
        said[3..],
        [
            "(service web) has started 1 tasks: (task X).",
            "(service web) has reached a steady state.",
            "(service web) has started 1 tasks: (task X).",
            "(service web) has reached a steady state."
        ]
    );
}

#[tokio::test]
async fn an_update_starts_new_tasks_before_it_stops_old_ones() {
    let stage = Stage::new().await;
    let made = stage.create(2, json!({})).await;
    stage.world.pass(8).await;
    let old = stage.tasks("RUNNING").await;
    stage.register("simulated/run:v2").await;
    let updated = stage.update(json!({ "taskDefinition": "web" })).await;
    assert!(
        updated["taskDefinition"]
            .as_str()
            .unwrap()
            .ends_with(":task-definition/web:2")
    );
    let listed = updated["deployments"].as_array().unwrap();
    assert_eq!(
        (&listed[0]["status"], &listed[1]["status"]),
        (&json!("PRIMARY"), &json!("ACTIVE"))
    );
    assert_eq!(listed[1]["id"], made["deployments"][0]["id"]);
    assert_eq!(
        listed[1]["rolloutState"], "COMPLETED",
        "the old deployment stays what it was"
    );
    assert_eq!(updated["currentServiceRevisions"].as_array().unwrap().len(), 2);
    stage.world.pass(2).await;
    let expected = [
        deployment("PRIMARY", "IN_PROGRESS", 2, 0),
        deployment("ACTIVE", "COMPLETED", 2, 0),
    ];
    assert_eq!(
        stage.deployments().await,
        expected,
        "the old ones run until the new ones are healthy"
    );
    stage.world.pass(8).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 2, 0)]);
    let new = stage.tasks("RUNNING").await;
    assert!(new.len() == 2 && !new.iter().any(|arn| old.contains(arn)));
    assert_eq!(
        stage.tasks("STOPPED").await,
        [""; 0],
        "tasks of a deployment that left the list are not listed"
    );
    let said = plain(&stage.said().await);
    assert_eq!(
        said[3..],
        [
            "(service web) has started 2 tasks: (task X) (task X).",
            "(service web) has stopped 2 running tasks: (task X) (task X).",
            "(service web) (deployment ecs-svc/X) deployment completed.",
            "(service web) has reached a steady state."
        ]
    );
    let stopped = stage.world.task(&old[0]).await;
    let of = made["deployments"][0]["id"].as_str().unwrap();
    assert_eq!(
        stopped["stoppedReason"],
        format!("Scaling activity initiated by (deployment {of})")
    );
}

#[tokio::test]
async fn with_a_maximum_of_100_the_old_task_ends_before_the_new_one_starts() {
    let stage = Stage::new().await;
    let bounds = json!({ "maximumPercent": 100, "minimumHealthyPercent": 0 });
    stage.create(1, json!({ "deploymentConfiguration": bounds })).await;
    stage.world.pass(8).await;
    let old = stage.tasks("RUNNING").await[0].clone();
    stage.register("simulated/run:v2").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.settle().await;
    assert_eq!(stage.world.task(&old).await["desiredStatus"], "STOPPED");
    stage.world.pass(2).await;
    let new = stage.tasks("RUNNING").await;
    let created = stage.world.task(&new[0]).await["createdAt"].as_f64().unwrap();
    let stopped = stage.world.task(&old).await["stoppedAt"].as_f64().unwrap();
    assert!(created >= stopped, "{created} {stopped}");
    stage.world.pass(8).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
}

#[tokio::test]
async fn bounds_that_leave_no_room_are_told_once() {
    let stage = Stage::new().await;
    let bounds = json!({ "maximumPercent": 100, "minimumHealthyPercent": 100 });
    stage.create(1, json!({ "deploymentConfiguration": bounds })).await;
    stage.world.pass(8).await;
    let count = stage.said().await.len();
    stage.update(json!({ "forceNewDeployment": true })).await;
    stage.world.pass(120).await;
    let said = stage.said().await;
    assert_eq!(
        said[count..],
        [
            "(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
        ]
    );
    assert_eq!(stage.deployments().await[1], deployment("ACTIVE", "COMPLETED", 1, 0));
    stage
        .update(json!({ "deploymentConfiguration": { "maximumPercent": 200 } }))
        .await;
    stage.world.pass(10).await;
    assert_eq!(
        stage.deployments().await,
        [deployment("PRIMARY", "COMPLETED", 1, 0)],
        "with room it goes on"
    );
}

#[tokio::test]
async fn superseded_deployments_drain_and_leave_the_list() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    stage.world.pass(8).await;
    stage.update(json!({ "forceNewDeployment": true })).await;
    let third = stage.update(json!({ "forceNewDeployment": true })).await;
    let states: Vec<&str> = third["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["PRIMARY", "ACTIVE", "DRAINING"]);
    stage.world.pass(10).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
    assert_eq!(stage.tasks("RUNNING").await.len(), 1);
}

#[tokio::test]
async fn a_task_that_cannot_start_is_tried_again_after_growing_pauses() {
    let stage = Stage::new().await;
    stage.register("simulated/fail-pull").await;
    stage.create(1, json!({})).await;
    let tries = async || stage.tasks("STOPPED").await.len() + stage.tasks("RUNNING").await.len();
    let mut times = Vec::new();
    let mut known = 0;
    for second in 0..70 {
        let now = tries().await;
        if now > known {
            known = now;
            times.push(second);
        }
        stage.world.pass(1).await;
    }
    let pauses: Vec<i32> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() >= 4 && pauses.is_sorted(), "{pauses:?}");
    assert!(pauses.last().unwrap() >= &16, "{pauses:?}");
    let seen = stage.service().await;
    assert_eq!(
        seen["deployments"][0]["rolloutState"], "IN_PROGRESS",
        "without a breaker it never fails"
    );
    assert_eq!(seen["deployments"][0]["failedTasks"], json!(known));
    let impaired = "(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.";
    assert_eq!(
        stage.said().await.iter().filter(|message| *message == impaired).count(),
        1
    );
    stage.register("simulated/run:good").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.pass(8).await;
    assert_eq!(
        stage.deployments().await,
        [deployment("PRIMARY", "COMPLETED", 1, 0)],
        "an update ends the pause at once"
    );
}

#[tokio::test]
async fn the_circuit_breaker_fails_a_deployment_and_rolls_back() {
    let stage = Stage::new().await;
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
    let made = stage.create(1, json!({ "deploymentConfiguration": breaker })).await;
    stage.world.pass(8).await;
    let good = made["deployments"][0]["id"].as_str().unwrap().to_owned();
    let old = stage.tasks("RUNNING").await;
    stage.register("simulated/fail-pull").await;
    let updated = stage.update(json!({ "taskDefinition": "web" })).await;
    let bad = updated["deployments"][0]["id"].as_str().unwrap().to_owned();
    let mut seen = Value::Null;
    for _ in 0..30 {
        stage.world.pass(1).await;
        seen = stage.service().await;
        if seen["deployments"][0]["id"] == json!(good) {
            break;
        }
    }
    let listed = seen["deployments"].as_array().unwrap();
    assert_eq!(listed[0]["id"], json!(good));
    let completed = listed[0]["rolloutState"] == "COMPLETED";
    if !completed {
        let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {good}.");
        assert_eq!(listed[0]["rolloutStateReason"], reason);
        assert_eq!(listed[1]["id"], json!(bad));
        assert_eq!(listed[1]["rolloutState"], "FAILED");
        assert_eq!(
            listed[1]["rolloutStateReason"],
            "ECS deployment circuit breaker: tasks failed to start."
        );
    }
    stage.world.pass(3).await;
    let said = stage.said().await;
    let at = |text: &str| {
        said.iter()
            .position(|message| message == text)
            .unwrap_or_else(|| panic!("{text}: {said:#?}"))
    };
    let failed = at(&format!(
        "(service web) (deployment {bad}) deployment failed: tasks failed to start."
    ));
    let rolling = at(&format!("(service web) rolling back to deployment {good}."));
    assert_eq!(rolling, failed + 1);
    assert!(seen["taskDefinition"].as_str().unwrap().ends_with("/web:1"));
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
    assert_eq!(stage.tasks("RUNNING").await, old, "the old task was never touched");
    let input = json!({ "cluster": "demo", "service": "web" });
    let history = stage.world.ecs("ListServiceDeployments", input).await.ok();
    let statuses: Vec<&str> = history["serviceDeployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]);
    let arn = history["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArns": [arn] });
    let one = stage.world.ecs("DescribeServiceDeployments", input).await.ok()["serviceDeployments"][0].clone();
    assert_eq!(
        one["deploymentCircuitBreaker"],
        json!({ "status": "TRIGGERED", "failureCount": 3, "threshold": 3 })
    );
    let number = good.strip_prefix("ecs-svc/").unwrap();
    assert!(
        one["rollback"]["serviceRevisionArn"]
            .as_str()
            .unwrap()
            .ends_with(number)
    );
}

#[tokio::test]
async fn an_unhealthy_task_is_replaced_before_it_is_stopped() {
    let stage = Stage::new().await;
    let check =
        json!({ "image": "simulated/health-after:1", "healthCheck": { "command": ["CMD", "true"], "interval": 5 } });
    let made = definition("web", json!([container_with("main", check)]));
    stage.world.ecs("RegisterTaskDefinition", made).await.ok();
    stage.create(1, json!({})).await;
    stage.world.pass(45).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
    let sick = stage.tasks("RUNNING").await[0].clone();
    stage
        .world
        .engine
        .set_health(&stage.container(&sick).await, Health::Unhealthy)
        .unwrap();
    stage.world.pass(120).await;
    let stopped = stage.world.task(&sick).await;
    assert_eq!(stopped["stoppedReason"], "Task failed container health checks");
    assert_eq!(stopped["stopCode"], "ServiceSchedulerInitiated");
    let now = stage.tasks("RUNNING").await;
    assert_eq!(now.len(), 1);
    let (new, old) = (stage.world.task(&now[0]).await, stopped);
    assert!(
        new["createdAt"].as_f64().unwrap() < old["stoppingAt"].as_f64().unwrap(),
        "the new one came first"
    );
    let said = stage.said().await;
    let expected = format!("(service web) (task {}) failed container health checks.", id_of(&sick));
    assert!(said.contains(&expected), "{said:#?}");
    let replaced = " Amazon ECS replaced 1 tasks due to an unhealthy status.";
    assert!(said.iter().any(|message| message.ends_with(replaced)), "{said:#?}");
}

#[tokio::test]
async fn an_ec2_service_says_that_there_is_no_instance() {
    let stage = Stage::new().await;
    stage.create(2, json!({ "launchType": "EC2" })).await;
    stage.world.pass(30).await;
    assert_eq!(
        stage.said().await,
        [
            "(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        ]
    );
    assert_eq!(stage.tasks("RUNNING").await.len(), 0);
    stage.world.clock.advance(std::time::Duration::from_secs(6 * 3600));
    stage.world.settle().await;
    assert_eq!(stage.said().await.len(), 2, "after six hours it is said again");
}

#[tokio::test]
async fn managed_and_propagated_tags_reach_tasks_and_interfaces() {
    let stage = Stage::new().await;
    let more = json!({
        "enableECSManagedTags": true, "propagateTags": "SERVICE", "tags": [{ "key": "team", "value": "shop" }]
    });
    stage.create(1, more).await;
    stage.world.settle().await;
    let task = stage.world.task(&stage.tasks("RUNNING").await[0]).await;
    let expected = json!([
        { "key": "aws:ecs:clusterName", "value": "demo" },
        { "key": "aws:ecs:serviceName", "value": "web" },
        { "key": "team", "value": "shop" }
    ]);
    assert_eq!(task["tags"], expected);
    let details = task["attachments"][0]["details"].as_array().unwrap();
    let eni = details.iter().find(|d| d["name"] == "networkInterfaceId").unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = stage
        .world
        .form("ec2", "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni)])
        .await
        .text;
    assert!(
        between(&shown, "<tagSet>", "</tagSet>").contains("aws:ecs:serviceName"),
        "{shown}"
    );
    assert!(between(&shown, "<tagSet>", "</tagSet>").contains("team"), "{shown}");
}

#[tokio::test]
async fn tasks_spread_over_the_zones_of_their_subnets() {
    let stage = Stage::new().await;
    let shown = stage.world.form("ec2", "DescribeSubnets", &[]).await.text;
    let mut subnets = Vec::new();
    for part in shown.split("<subnetId>").skip(1).take(3) {
        subnets.push(part.split('<').next().unwrap().to_owned());
    }
    let network = json!({ "awsvpcConfiguration": { "subnets": subnets } });
    stage.create(6, json!({ "networkConfiguration": network })).await;
    stage.world.settle().await;
    let mut zones = std::collections::BTreeMap::new();
    for arn in stage.tasks("RUNNING").await {
        let task = stage.world.task(&arn).await;
        *zones
            .entry(task["availabilityZone"].as_str().unwrap().to_owned())
            .or_insert(0) += 1;
    }
    assert_eq!(zones.values().copied().collect::<Vec<i32>>(), [2, 2, 2], "{zones:?}");
}

#[tokio::test]
async fn a_deleted_service_drains_and_becomes_inactive() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    stage.world.pass(2).await;
    let task = stage.tasks("RUNNING").await[0].clone();
    let deleted = stage.delete(true).await;
    assert_eq!(deleted["runningCount"], 1);
    stage.world.settle().await;
    let said = plain(&stage.said().await);
    assert_eq!(said[1..], ["(service web) has stopped 1 running tasks: (task X)."]);
    stage.world.pass(1).await;
    assert_eq!(stage.world.task(&task).await["desiredStatus"], "STOPPED");
    stage.world.pass(40).await;
    let seen = stage.service().await;
    assert_eq!(seen["status"], "INACTIVE");
    assert_eq!(seen["events"], json!([]));
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 0, 0)]);
    assert!(seen.get("currentServiceDeployment").is_none());
    let not_active = (
        "ServiceNotActiveException".to_owned(),
        "Service was not ACTIVE.".to_owned(),
    );
    assert_eq!(stage.update_refused(json!({ "desiredCount": 1 })).await, not_active);
    let again = stage.create(1, json!({})).await;
    assert_eq!(again["serviceArn"], SERVICE);
    assert_ne!(again["deployments"][0]["id"], seen["deployments"][0]["id"]);
    assert!(again["createdAt"].as_f64() > seen["createdAt"].as_f64());
    stage.world.pass(8).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
}

#[tokio::test]
async fn an_engine_that_does_not_answer_delays_a_service_and_no_more() {
    let stage = Stage::new().await;
    stage.create(0, json!({})).await;
    stage.world.settle().await;
    stage.world.engine.set_reachable(false);
    stage.update(json!({ "desiredCount": 1 })).await;
    stage.world.pass(5).await;
    assert_eq!(stage.service().await["runningCount"], 0);
    stage.world.engine.set_reachable(true);
    stage.world.pass(60).await;
    assert_eq!(
        stage.service().await["runningCount"],
        1,
        "what failed is tried again without a call"
    );
}

#[tokio::test]
async fn revisions_and_deployments_can_be_read_back() {
    let stage = Stage::new().await;
    let made = stage.create(0, json!({})).await;
    stage.world.settle().await;
    stage.update(json!({ "forceNewDeployment": true })).await;
    let mid = stage.service().await;
    let arns: Vec<Value> = mid["currentServiceRevisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["arn"].clone())
        .collect();
    assert_eq!(arns.len(), 2);
    let describe = async |arns: Value| {
        stage
            .world
            .ecs("DescribeServiceRevisions", json!({ "serviceRevisionArns": arns }))
            .await
    };
    let found = describe(json!(arns)).await.ok();
    let first = &found["serviceRevisions"][1];
    assert_eq!(first["serviceArn"], SERVICE);
    assert_eq!(first["taskDefinition"], made["taskDefinition"]);
    assert_eq!(
        first["containerImages"],
        json!([{ "containerName": "main", "image": "simulated/run" }])
    );
    assert_eq!(first["guardDutyEnabled"], false);
    assert!(first.get("loadBalancers").is_none() && found["serviceRevisions"][0]["loadBalancers"] == json!([]));
    let unknown = "arn:aws:ecs:us-east-1:000000000000:service-revision/demo/web/1234567890123456789";
    let missing = describe(json!([unknown])).await.ok();
    assert_eq!(missing["failures"], json!([{ "arn": unknown, "reason": "MISSING" }]));
    let refused = [
        (json!([]), "The Service ARN provided is invalid."),
        (json!(["web"]), "The Service ARN provided is invalid."),
        (
            json!(["arn:aws:ecs:eu-west-1:000000000000:service-revision/demo/web/1234567890123456789"]),
            "The ServiceRevision ARN is invalid.",
        ),
        (
            json!(["arn:aws:ecs:us-east-1:111111111111:service-revision/demo/web/1234567890123456789"]),
            "The ServiceRevision ARN is invalid.",
        ),
        (
            json!(["arn:aws:ecs:us-east-1:000000000000:service-revision/demo/web/x"]),
            "The ServiceRevision ARN is invalid.",
        ),
        (json!(vec![unknown; 21]), "Service Revision ARN count cannot exceed 20"),
        (
            json!([unknown, unknown.replace("/web/", "/other/")]),
            "Cross service requests are not allowed. All requested service revisions must be for a single service",
        ),
    ];
    for (arns, message) in refused {
        assert_eq!(
            describe(arns).await.error(),
            ("InvalidParameterException".to_owned(), message.to_owned())
        );
    }
    stage.delete(true).await;
    stage.world.pass(1).await;
    let gone = describe(json!([arns[0]])).await.error();
    assert_eq!(
        gone.1,
        "Cannot call DescribeServiceRevisions for a service that is INACTIVE"
    );
    stage.create(0, json!({})).await;
    let again = describe(json!([arns[0]])).await.ok();
    assert_eq!(
        again["failures"][0]["reason"], "MISSING",
        "a new service knows nothing of the one before"
    );
}

#[tokio::test]
async fn a_service_deployment_can_be_stopped_and_rolls_back() {
    let stage = Stage::new().await;
    let made = stage.create(1, json!({})).await;
    stage.world.pass(8).await;
    stage.register("simulated/run:v2").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.pass(1).await;
    let arn = stage.service().await["currentServiceDeployment"].clone();
    stage
        .world
        .ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }))
        .await
        .ok();
    stage.world.pass(3).await;
    assert_eq!(
        stage.service().await["deployments"][0]["id"],
        made["deployments"][0]["id"]
    );
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
    let input = json!({ "serviceDeploymentArns": [arn] });
    let one = stage.world.ecs("DescribeServiceDeployments", input.clone()).await.ok()["serviceDeployments"][0].clone();
    assert_eq!(one["status"], "ROLLBACK_SUCCESSFUL");
    let (code, _) = stage
        .world
        .ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": arn }))
        .await
        .error();
    assert_eq!(code, "ConflictException");
}

#[tokio::test]
async fn at_the_pace_of_aws_a_deployment_completes_after_forty_seconds() {
    let stage = Stage::new().await;
    let control = stage.world.installation.services.reconciler();
    control.set_pace(roadstead_ecs::control::Pace::aws());
    stage.create(1, json!({})).await;
    stage.world.settle().await;
    stage.world.pass(38).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "IN_PROGRESS", 1, 0)]);
    stage.world.pass(4).await;
    assert_eq!(stage.deployments().await, [deployment("PRIMARY", "COMPLETED", 1, 0)]);
}
