//! Task sets: an external controller makes them, scales them, chooses the primary one, and deletes them.

use serde_json::{Value, json};

use crate::services::Stage;

/// A stage with a service `web` of an external controller.
struct External(Stage);

impl External {
    async fn new(desired: i32) -> Self {
        let stage = Stage::new().await;
        let input = json!({
            "cluster": "demo", "serviceName": "web", "desiredCount": desired,
            "deploymentController": { "type": "EXTERNAL" }
        });
        stage.world.ecs("CreateService", input).await.ok();
        Self(stage)
    }

    fn input(&self, more: &Value) -> Value {
        let mut input = json!({
            "cluster": "demo", "service": "web", "taskDefinition": "web", "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": [self.0.subnet] } }
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    async fn create(&self, scale: f64) -> Value {
        let input = self.input(&json!({ "scale": { "value": scale, "unit": "PERCENT" } }));
        self.0.world.ecs("CreateTaskSet", input).await.ok()["taskSet"].clone()
    }

    async fn create_refused(&self, more: Value) -> (String, String) {
        self.0.world.ecs("CreateTaskSet", self.input(&more)).await.error()
    }

    async fn scale(&self, set: &Value, scale: f64) -> Value {
        let input = json!({
            "cluster": "demo", "service": "web", "taskSet": set["taskSetArn"], "scale": { "value": scale, "unit": "PERCENT" }
        });
        self.0.world.ecs("UpdateTaskSet", input).await.ok()["taskSet"].clone()
    }

    async fn delete(&self, set: &Value, force: bool) -> crate::world::Answer {
        let input = json!({ "cluster": "demo", "service": "web", "taskSet": set["id"], "force": force });
        self.0.world.ecs("DeleteTaskSet", input).await
    }

    async fn make_primary(&self, set: &Value) -> Value {
        let input = json!({ "cluster": "demo", "service": "web", "primaryTaskSet": set["id"] });
        self.0.world.ecs("UpdateServicePrimaryTaskSet", input).await.ok()["taskSet"].clone()
    }

    async fn described(&self, set: &Value) -> Value {
        let input = json!({ "cluster": "demo", "service": "web", "taskSets": [set["id"]] });
        self.0.world.ecs("DescribeTaskSets", input).await.ok()["taskSets"][0].clone()
    }

    async fn pass(&self, secs: u64) {
        self.0.world.settle().await;
        self.0.world.pass(secs).await;
    }

    /// What the service said, ids cut away.
    async fn said(&self) -> Vec<String> {
        let cut = |message: &String| {
            let mut words: Vec<String> = message.split(' ').map(ToOwned::to_owned).collect();
            for word in &mut words {
                let digits: String = word.chars().filter(char::is_ascii_hexdigit).collect();
                if digits.len() >= 19 {
                    let head = word.split('/').next().unwrap();
                    *word = if word.contains('/') {
                        format!("{head}/N)")
                    } else {
                        "ID)".to_owned()
                    };
                }
            }
            words.join(" ")
        };
        self.0.said().await.iter().map(cut).collect()
    }
}

fn counts(set: &Value) -> (i64, i64, i64) {
    let number = |name: &str| set[name].as_i64().unwrap();
    (
        number("computedDesiredCount"),
        number("runningCount"),
        number("pendingCount"),
    )
}

#[tokio::test]
async fn a_service_of_an_external_controller_begins_without_deployments() {
    let external = External::new(2).await;
    external.pass(3).await;
    let seen = external.0.service().await;
    assert_eq!(seen["deploymentController"], json!({ "type": "EXTERNAL" }));
    assert_eq!((&seen["deployments"], &seen["taskSets"]), (&json!([]), &json!([])));
    assert_eq!(seen["desiredCount"], 2);
    for absent in [
        "taskDefinition",
        "networkConfiguration",
        "launchType",
        "currentServiceDeployment",
    ] {
        assert!(seen.get(absent).is_none(), "{absent}");
    }
    assert_eq!(external.said().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_task_set_is_answered_before_anything_is_computed() {
    let external = External::new(2).await;
    let stage = &external.0;
    let input = external.input(&json!({ "externalId": "blue", "tags": [{ "key": "team", "value": "red" }] }));
    let made = stage.world.ecs("CreateTaskSet", input).await.ok()["taskSet"].clone();
    let number = made["id"].as_str().unwrap().strip_prefix("ecs-svc/").unwrap();
    assert!(number.len() == 19 && number.bytes().all(|b| b.is_ascii_digit()));
    let expected = json!({
        "taskSetArn": format!("arn:aws:ecs:us-east-1:000000000000:task-set/demo/web/ecs-svc/{number}"),
        "serviceArn": "arn:aws:ecs:us-east-1:000000000000:service/demo/web",
        "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
        "externalId": "blue", "status": "ACTIVE", "computedDesiredCount": 0, "pendingCount": 0, "runningCount": 0,
        "taskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1",
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux",
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": [stage.subnet], "securityGroups": [], "assignPublicIp": "DISABLED"
        } },
        "loadBalancers": [], "serviceRegistries": [], "scale": { "value": 0.0, "unit": "PERCENT" },
        "stabilityStatus": "STABILIZING", "tags": [{ "key": "team", "value": "red" }]
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(made[member], *value, "{member}");
    }
    assert!(made.get("startedBy").is_none());
    external.pass(2).await;
    let seen = external.described(&made).await;
    assert_eq!(
        seen["stabilityStatus"], "STEADY_STATE",
        "nothing is wanted and nothing runs"
    );
    assert!(seen.get("tags").is_none());
    let tags = json!({ "resourceArn": made["taskSetArn"] });
    assert_eq!(
        stage.world.ecs("ListTagsForResource", tags).await.ok()["tags"],
        json!([{ "key": "team", "value": "red" }])
    );
    let asked = json!({ "cluster": "demo", "service": "web", "taskSets": ["ecs-svc/1"], "include": ["TAGS"] });
    let answer = stage.world.ecs("DescribeTaskSets", asked).await.ok();
    assert_eq!(
        answer["failures"],
        json!([{ "arn": "arn:aws:ecs:us-east-1:000000000000:task-set/demo/web/ecs-svc/1", "reason": "MISSING" }])
    );
}

#[tokio::test]
async fn a_task_set_runs_its_share_and_follows_its_scale_and_the_service() {
    let external = External::new(3).await;
    let set = external.create(50.0).await;
    external.pass(3).await;
    let seen = external.described(&set).await;
    assert_eq!(counts(&seen), (2, 2, 0));
    assert_eq!(seen["stabilityStatus"], "STEADY_STATE");
    assert_eq!(external.0.service().await["runningCount"], 2);
    assert_eq!(external.0.tasks("RUNNING").await.len(), 2);
    let task = external.0.world.task(&external.0.tasks("RUNNING").await[0]).await;
    assert_eq!(
        (&task["group"], &task["startedBy"]),
        (&json!("service:web"), &set["id"])
    );
    let answered = external.scale(&set, 100.0).await;
    assert_eq!(
        (&answered["computedDesiredCount"], &answered["stabilityStatus"]),
        (&json!(3), &json!("STABILIZING"))
    );
    external.pass(3).await;
    assert_eq!(counts(&external.described(&set).await), (3, 3, 0));
    external.0.update(json!({ "desiredCount": 1 })).await;
    external.pass(40).await;
    assert_eq!(counts(&external.described(&set).await), (1, 1, 0));
    assert_eq!(
        external.said().await,
        [
            "(service web, taskSet ecs-svc/N) has started 2 tasks: (task ID) (task ID)",
            "(service web, taskSet ecs-svc/N) has reached a steady state.",
            "(service web, taskSet ecs-svc/N) has started 1 tasks: (task ID)",
            "(service web, taskSet ecs-svc/N) has reached a steady state.",
            "(service web, taskSet ecs-svc/N) has stopped 2 running tasks: (task ID) (task ID)",
            "(service web, taskSet ecs-svc/N) has reached a steady state.",
        ]
    );
}

#[tokio::test]
async fn the_primary_task_set_gives_way_to_another() {
    let external = External::new(2).await;
    let blue = external.create(100.0).await;
    assert_eq!(external.make_primary(&blue).await["status"], "PRIMARY");
    let green = external.create(100.0).await;
    external.pass(3).await;
    let service = external.0.service().await;
    assert_eq!(
        (&service["runningCount"], &service["desiredCount"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(
        service["taskDefinition"],
        "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"
    );
    assert!(service.get("networkConfiguration").is_none());
    external.make_primary(&green).await;
    let statuses: Vec<Value> = external.0.service().await["taskSets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| json!([set["id"], set["status"]]))
        .collect();
    assert_eq!(
        statuses,
        [json!([green["id"], "PRIMARY"]), json!([blue["id"], "ACTIVE"])]
    );
    let refused = external.delete(&blue, false).await.error();
    assert_eq!(refused.0, "InvalidParameterException", "it is scaled above 0");
    let deleted = external.delete(&blue, true).await.ok()["taskSet"].clone();
    assert_eq!(
        (&deleted["status"], &deleted["computedDesiredCount"]),
        (&json!("DRAINING"), &json!(0))
    );
    external.pass(60).await;
    let service = external.0.service().await;
    assert_eq!(service["taskSets"].as_array().unwrap().len(), 1);
    assert_eq!(service["runningCount"], 2);
    assert_eq!(external.delete(&blue, true).await.error().0, "TaskSetNotFoundException");
}

#[tokio::test]
async fn a_task_that_is_gone_is_replaced_in_its_task_set() {
    let external = External::new(1).await;
    let set = external.create(100.0).await;
    external.pass(3).await;
    let task = external.0.tasks("RUNNING").await[0].clone();
    let stop = json!({ "cluster": "demo", "task": task });
    external.0.world.ecs("StopTask", stop).await.ok();
    external.pass(60).await;
    let now = external.0.tasks("RUNNING").await;
    assert_eq!(now.len(), 1);
    assert_ne!(now[0], task);
    assert_eq!(counts(&external.described(&set).await), (1, 1, 0));
}

#[tokio::test]
async fn the_same_token_answers_the_same_task_set() {
    let external = External::new(1).await;
    let world = &external.0.world;
    let input = external.input(&json!({ "clientToken": "once", "scale": { "value": 10.0, "unit": "PERCENT" } }));
    let first = world.ecs("CreateTaskSet", input.clone()).await.ok();
    let again = world.ecs("CreateTaskSet", input).await.ok();
    assert_eq!(first["taskSet"]["id"], again["taskSet"]["id"]);
    let refused = external
        .create_refused(json!({ "clientToken": "once", "scale": { "value": 20.0, "unit": "PERCENT" } }))
        .await;
    assert_eq!(refused.0, "InvalidParameterException");
}

#[tokio::test]
async fn what_external_controllers_cannot_do_is_refused() {
    let external = External::new(1).await;
    let stage = &external.0;
    let refused = external
        .create_refused(json!({ "scale": { "value": 101.0, "unit": "PERCENT" } }))
        .await;
    assert_eq!(refused.0, "InvalidParameterException");
    for _ in 0..5 {
        external.create(0.0).await;
    }
    assert_eq!(
        external.create_refused(json!({})).await.1,
        "5 deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit."
    );
    assert_eq!(
        stage.update_refused(json!({ "taskDefinition": "web" })).await.1,
        "Unable to update task definition on services with a EXTERNAL deployment controller. Create a new task set and try again."
    );
    let more = json!({ "serviceName": "other", "deploymentController": { "type": "EXTERNAL" } });
    assert_eq!(
        stage.refused(1, more).await.0,
        "InvalidParameterException",
        "it names a task definition"
    );
    stage.create(0, json!({ "serviceName": "plain" })).await;
    let input = json!({ "cluster": "demo", "service": "plain", "taskDefinition": "web" });
    let refused = stage.world.ecs("CreateTaskSet", input).await.error();
    assert_eq!(
        refused,
        (
            "InvalidParameterException".to_owned(),
            "Amazon ECS only supports task set management on services configured to use external deployment controllers."
                .to_owned()
        )
    );
    let unknown = json!({ "cluster": "demo", "service": "none" });
    let refused = stage.world.ecs("DescribeTaskSets", unknown).await.error();
    assert_eq!(refused.0, "ServiceNotFoundException");
}

#[tokio::test]
async fn a_service_with_task_sets_is_deleted_by_force_and_ends_with_its_tasks() {
    let external = External::new(2).await;
    external.create(100.0).await;
    external.pass(3).await;
    external.0.update(json!({ "desiredCount": 0 })).await;
    let delete = |force: bool| json!({ "cluster": "demo", "service": "web", "force": force });
    let refused = external.0.world.ecs("DeleteService", delete(false)).await.error();
    assert_eq!(refused.1, "The service cannot be stopped while deployments are active.");
    let deleted = external.0.world.ecs("DeleteService", delete(true)).await.ok();
    assert_eq!(deleted["service"]["status"], "DRAINING");
    external.pass(60).await;
    assert_eq!(external.0.service().await["status"], "INACTIVE");
    let listed = external
        .0
        .world
        .ecs("ListTasks", json!({ "cluster": "demo" }))
        .await
        .ok();
    assert_eq!(listed["taskArns"], json!([]));
}

#[tokio::test]
async fn task_sets_that_end_together_are_taken_off_the_books_in_turns() {
    let external = External::new(50).await;
    for _ in 0..3 {
        external.create(100.0).await;
    }
    external.pass(4).await;
    assert_eq!(external.0.service().await["runningCount"], 150);
    let delete = json!({ "cluster": "demo", "service": "web", "force": true });
    external.0.world.ecs("DeleteService", delete).await.ok();
    external.pass(60).await;
    let service = external.0.service().await;
    assert_eq!(
        (&service["status"], &service["runningCount"]),
        (&json!("INACTIVE"), &json!(0))
    );
}
