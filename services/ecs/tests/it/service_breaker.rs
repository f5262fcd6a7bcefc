//! The deployment circuit breaker: how it is configured, what it counts and when it gives up.

use roadstead_containers::Health;
use serde_json::{Value, json};

use crate::services::{Stage, invalid};
use crate::world::{container_with, definition};

fn breaker(of: &Value) -> Value {
    json!({ "deploymentConfiguration": { "deploymentCircuitBreaker": of } })
}

fn stored(service: &Value) -> &Value {
    &service["deploymentConfiguration"]["deploymentCircuitBreaker"]
}

#[tokio::test]
async fn a_breaker_keeps_what_an_update_leaves_out_and_one_that_is_off_does_not_roll_back() {
    let stage = Stage::new().await;
    let made = stage.create(0, json!({})).await;
    let half = json!({ "type": "BOUNDED_PERCENT", "value": 50 });
    let plain = json!({
        "enable": false, "rollback": false, "resetOnHealthyTask": true, "thresholdConfiguration": half
    });
    assert_eq!(*stored(&made), plain);
    for threshold in [
        json!({ "type": "COUNT", "value": 3 }),
        json!({ "type": "UNBOUNDED_PERCENT", "value": 100 }),
        json!({ "type": "BOUNDED_PERCENT", "value": 25 }),
    ] {
        let given = json!({
            "enable": true, "rollback": true, "resetOnHealthyTask": false, "thresholdConfiguration": threshold
        });
        assert_eq!(*stored(&stage.update(breaker(&given)).await), given);
    }
    let updated = stage
        .update(breaker(&json!({ "enable": false, "rollback": true })))
        .await;
    let expected = json!({
        "enable": false, "rollback": false, "resetOnHealthyTask": false,
        "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 25 }
    });
    assert_eq!(*stored(&updated), expected);
    assert_eq!(
        updated["deployments"].as_array().unwrap().len(),
        1,
        "none of it deploys"
    );
    let refused = [
        (
            json!({ "type": "COUNT", "value": 0 }),
            "Invalid deployment circuit breaker threshold value.",
        ),
        (
            json!({ "type": "BOUNDED_PERCENT", "value": 101 }),
            "Invalid deployment circuit breaker threshold value.",
        ),
        (
            json!({ "type": "BOGUS", "value": 50 }),
            "Invalid deployment circuit breaker threshold type.",
        ),
    ];
    for (threshold, message) in refused {
        let given = breaker(&json!({ "enable": true, "rollback": false, "thresholdConfiguration": threshold }));
        assert_eq!(stage.update_refused(given.clone()).await, invalid(message));
        let mut other = given;
        other["serviceName"] = json!("other");
        assert_eq!(stage.refused(0, other).await, invalid(message));
    }
    assert_eq!(
        *stored(&stage.service().await),
        expected,
        "what is refused changes nothing"
    );
    let deleted = stage.delete(false).await;
    assert_eq!(*stored(&deleted), json!({ "enable": false, "rollback": false }));
    assert_eq!(
        *stored(&stage.service().await),
        expected,
        "what DeleteService left out is not lost"
    );
}

#[tokio::test]
async fn the_breaker_gives_up_at_the_threshold_that_was_asked() {
    let cases = [
        (json!({ "type": "COUNT", "value": 1 }), 1, 1),
        (json!({ "type": "COUNT", "value": 5 }), 1, 5),
        (json!({ "type": "UNBOUNDED_PERCENT", "value": 50 }), 2, 1),
        (json!({ "type": "BOUNDED_PERCENT", "value": 1 }), 1, 3),
    ];
    for (threshold, desired, limit) in cases {
        let stage = Stage::new().await;
        stage.register("simulated/fail-pull").await;
        let given = json!({ "enable": true, "rollback": false, "thresholdConfiguration": threshold });
        stage.create(desired, breaker(&given)).await;
        for _ in 0..60 {
            if stage.service().await["deployments"][0]["rolloutState"] == "FAILED" {
                break;
            }
            stage.world.pass(1).await;
        }
        let seen = stage.service().await;
        assert_eq!(seen["deployments"][0]["rolloutState"], "FAILED", "{threshold}");
        let failed = seen["deployments"][0]["failedTasks"].as_i64().unwrap();
        assert!(
            (limit..limit + i64::from(desired)).contains(&failed),
            "{threshold}: {failed}"
        );
        let input = json!({ "cluster": "demo", "service": "web" });
        let history = stage.world.ecs("ListServiceDeployments", input).await.ok();
        let input = json!({ "serviceDeploymentArns": [history["serviceDeployments"][0]["serviceDeploymentArn"]] });
        let one = stage.world.ecs("DescribeServiceDeployments", input).await.ok()["serviceDeployments"][0].clone();
        assert_eq!(
            one["deploymentCircuitBreaker"],
            json!({ "status": "TRIGGERED", "failureCount": failed, "threshold": limit })
        );
    }
}

#[tokio::test]
async fn a_task_that_ends_right_after_its_start_failed_to_start() {
    let stage = Stage::new().await;
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": false } });
    stage.register("simulated/exit:1-after-1").await;
    stage.create(1, json!({ "deploymentConfiguration": breaker })).await;
    stage.follow(20).await;
    let seen = stage.service().await;
    assert_eq!(seen["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(seen["deployments"][0]["failedTasks"], 3);
    let before = stage.tasks("STOPPED").await.len();
    stage.follow(60).await;
    assert_eq!(
        stage.tasks("STOPPED").await.len(),
        before,
        "a failed deployment starts nothing more"
    );
    assert_eq!(stage.tasks("RUNNING").await.len(), 0);
}

#[tokio::test]
async fn a_task_that_ran_and_ended_does_not_count() {
    let stage = Stage::new().await;
    stage.register("simulated/exit:1-after-3").await;
    let given = json!({ "enable": true, "rollback": false, "thresholdConfiguration": { "type": "COUNT", "value": 1 } });
    stage.create(1, breaker(&given)).await;
    stage.follow(60).await;
    assert!(
        stage.tasks("STOPPED").await.len() >= 6,
        "and is replaced without a growing pause"
    );
    let seen = stage.service().await;
    assert_eq!(seen["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(seen["deployments"][0]["failedTasks"], 0);
}

#[tokio::test]
async fn tasks_that_fail_their_health_checks_count() {
    let stage = Stage::new().await;
    let check =
        json!({ "image": "simulated/health-after:1", "healthCheck": { "command": ["CMD", "true"], "interval": 5 } });
    let made = definition("web", json!([container_with("main", check)]));
    stage.world.ecs("RegisterTaskDefinition", made).await.ok();
    let given = json!({ "enable": true, "rollback": false, "thresholdConfiguration": { "type": "COUNT", "value": 2 } });
    stage.create(1, breaker(&given)).await;
    for _ in 0..180 {
        for task in stage.tasks("RUNNING").await {
            if stage.world.task(&task).await["lastStatus"] == "RUNNING" {
                let container = stage.container(&task).await;
                stage.world.engine.set_health(&container, Health::Unhealthy).unwrap();
            }
        }
        stage.world.pass(1).await;
        if stage.service().await["deployments"][0]["rolloutState"] == "FAILED" {
            break;
        }
    }
    let seen = stage.service().await;
    assert_eq!(seen["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(seen["deployments"][0]["failedTasks"], 2);
}
