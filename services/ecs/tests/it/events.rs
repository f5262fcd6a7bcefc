//! What ECS tells EventBridge, read from the log group of a rule that picks everything of ECS.

use serde_json::{Value, json};

use crate::world::{World, container, container_with, definition};

const GROUP: &str = "/aws/events/ecs";

/// Lets a rule write all events of a kind to a log group.
pub async fn listen(world: &World, kind: &str) {
    world
        .logs("CreateLogGroup", json!({ "logGroupName": GROUP }))
        .await
        .ok();
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" },
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"
    }] });
    let policy = json!({ "policyName": "events", "policyDocument": document.to_string() });
    world.logs("PutResourcePolicy", policy).await.ok();
    let pattern = json!({ "source": ["aws.ecs"], "detail-type": [kind] });
    world
        .events("PutRule", json!({ "Name": "ecs", "EventPattern": pattern.to_string() }))
        .await
        .ok();
    let target = json!({ "Id": "log", "Arn": format!("arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}") });
    world
        .events("PutTargets", json!({ "Rule": "ecs", "Targets": [target] }))
        .await
        .ok();
}

/// The texts of the events that arrived.
pub async fn texts(world: &World) -> Vec<String> {
    let found = world
        .logs("FilterLogEvents", json!({ "logGroupName": GROUP }))
        .await
        .ok();
    let events = found["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

pub async fn told(world: &World) -> Vec<Value> {
    let texts = texts(world).await;
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// Version, last status and desired status of each event.
pub fn steps(told: &[Value]) -> Vec<(i64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut steps: Vec<_> = told
        .iter()
        .map(|event| &event["detail"])
        .map(|detail| {
            (
                detail["version"].as_i64().unwrap(),
                text(&detail["lastStatus"]),
                text(&detail["desiredStatus"]),
            )
        })
        .collect();
    steps.sort();
    steps
}

pub fn step(version: i64, last: &str, desired: &str) -> (i64, String, String) {
    (version, last.to_owned(), desired.to_owned())
}

#[tokio::test]
async fn every_version_of_a_task_that_a_user_stops_is_told_once_as_recorded() {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    let subnet = world.cluster_and_definition().await;
    let arn = world.run_task(&subnet, json!({ "startedBy": "me" })).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(5).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    world.pass(40).await;
    let told = told(&world).await;
    let expected = [
        step(1, "PROVISIONING", "RUNNING"),
        step(2, "PENDING", "RUNNING"),
        step(3, "RUNNING", "RUNNING"),
        step(4, "RUNNING", "STOPPED"),
    ];
    let steps = steps(&told);
    assert_eq!(steps[..4], expected);
    let versions: Vec<i64> = steps.iter().map(|(version, ..)| *version).collect();
    assert!(
        versions.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "each once, none left out: {versions:?}"
    );
    assert_eq!(steps.last().unwrap().1, "STOPPED");
    let described = world.task(&arn).await;
    assert_eq!(described["version"], *versions.last().unwrap());
    for event in &told {
        assert_eq!((&event["source"], &event["version"]), (&json!("aws.ecs"), &json!("0")));
        assert_eq!(event["resources"], json!([arn]));
        assert_eq!(event["detail"]["startedBy"], "me");
        let updated = event["detail"]["updatedAt"].as_str().unwrap();
        assert_eq!(event["time"].as_str().unwrap().get(..19), updated.get(..19));
    }
    let detail = |version: i64| {
        told.iter()
            .map(|event| &event["detail"])
            .find(|d| d["version"] == version)
            .unwrap()
    };
    let last = detail(*versions.last().unwrap());
    assert_eq!(detail(1)["updatedAt"], detail(1)["createdAt"]);
    assert_eq!(detail(4)["updatedAt"], detail(4)["stoppingAt"]);
    assert_eq!(last["updatedAt"], last["stoppedAt"]);
    assert_eq!(
        (&last["stopCode"], &last["stoppedReason"]),
        (&json!("UserInitiated"), &json!("Task stopped by user"))
    );
    let attachment = |version: i64| {
        (
            detail(version)["attachments"][0]["type"].clone(),
            detail(version)["attachments"][0]["status"].clone(),
        )
    };
    assert_eq!(attachment(1), (json!("eni"), json!("PRECREATED")));
    assert_eq!(attachment(2), (json!("eni"), json!("ATTACHED")));
    assert_eq!(last["attachments"][0]["status"], "DELETED");
    assert!(detail(3)["attachments"][0]["details"].is_array());
}

#[tokio::test]
async fn the_members_of_an_event_come_in_the_recorded_order() {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    let subnet = world.cluster_and_definition().await;
    world.run_task(&subnet, json!({})).await;
    world.pass(5).await;
    let texts = texts(&world).await;
    let running = texts.iter().find(|text| text.contains(r#""version":3}}"#)).unwrap();
    let order = [
        r#"{"version":"0""#,
        r#""id":"#,
        r#""detail-type":"ECS Task State Change""#,
        r#""source":"aws.ecs""#,
        r#""account":"#,
        r#""time":"#,
        r#""region":"#,
        r#""resources":["#,
        r#""detail":{"attachments":["#,
        r#""attributes":["#,
        r#""availabilityZone":"#,
        r#""clusterArn":"#,
        r#""connectivity":"CONNECTED""#,
        r#""connectivityAt":"#,
        r#""containers":[{"containerArn":"#,
        r#""lastStatus":"RUNNING","name":"main","image":"simulated/run","imageDigest":"#,
        r#""runtimeId":"#,
        r#""taskArn":"#,
        r#""networkInterfaces":[{"attachmentId":"#,
        r#""cpu":"#,
        r#""createdAt":"#,
        r#""desiredStatus":"RUNNING""#,
        r#""enableExecuteCommand":false"#,
        r#""ephemeralStorage":{"sizeInGiB":20}"#,
        r#""group":"family:web""#,
        r#""launchType":"FARGATE""#,
        r#""lastStatus":"RUNNING""#,
        r#""memory":"512""#,
        r#""overrides":{"containerOverrides":[{"name":"main"}]}"#,
        r#""platformVersion":"1.4.0""#,
        r#""pullStartedAt":"#,
        r#""pullStoppedAt":"#,
        r#""startedAt":"#,
        r#""taskArn":"#,
        r#""taskDefinitionArn":"#,
        r#""updatedAt":"#,
        r#""version":3}}"#,
    ];
    let mut rest = running.as_str();
    for part in order {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part} is not where it should be in {running}"));
        rest = after;
    }
    assert_eq!(rest, "");
}

#[tokio::test]
async fn health_makes_no_event() {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    let subnet = world.cluster_and_definition().await;
    let check = json!({ "image": "simulated/health-after:5", "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 5 } });
    let checked = definition("web", json!([container_with("main", check)]));
    world.ecs("RegisterTaskDefinition", checked).await.ok();
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(30).await;
    let before = told(&world).await.len();
    assert_eq!(world.task(&arn).await["version"], before);
    world.pass(60).await;
    assert_eq!(told(&world).await.len(), before);
}

#[tokio::test]
async fn a_service_tells_of_its_deployment_and_of_its_steadiness() {
    for (kind, expected) in [
        (
            "ECS Deployment State Change",
            json!([
                ["INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"],
                ["INFO", "SERVICE_DEPLOYMENT_COMPLETED"]
            ]),
        ),
        ("ECS Service Action", json!([["INFO", "SERVICE_STEADY_STATE"]])),
    ] {
        let world = World::new();
        listen(&world, kind).await;
        let subnet = world.cluster_and_definition().await;
        let service = json!({
            "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2, "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
        });
        let made = world.ecs("CreateService", service).await.ok()["service"].clone();
        world.pass(60).await;
        let told = told(&world).await;
        let named: Vec<Value> = told
            .iter()
            .map(|event| json!([event["detail"]["eventType"], event["detail"]["eventName"]]))
            .collect();
        assert_eq!(json!(named), expected, "{told:?}");
        for event in &told {
            assert_eq!(event["resources"], json!([made["serviceArn"]]));
            if kind == "ECS Service Action" {
                assert_eq!(event["detail"]["clusterArn"], made["clusterArn"]);
                assert!(event["detail"]["createdAt"].is_string());
            } else {
                let id = made["deployments"][0]["id"].as_str().unwrap();
                assert_eq!(event["detail"]["deploymentId"], id);
                assert!(event["detail"]["reason"].as_str().unwrap().contains(id), "{event}");
                assert!(event["detail"]["updatedAt"].is_string());
            }
        }
    }
}

#[tokio::test]
async fn a_deployment_that_the_circuit_breaker_gives_up_is_told_as_failed() {
    let world = World::new();
    listen(&world, "ECS Deployment State Change").await;
    let subnet = world.cluster_and_definition().await;
    let broken = definition("web", json!([{ "name": "main", "image": "simulated/fail-pull" }]));
    world.ecs("RegisterTaskDefinition", broken).await.ok();
    let service = json!({
        "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } },
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": false } }
    });
    world.ecs("CreateService", service).await.ok();
    world.pass(900).await;
    let told = told(&world).await;
    let names: Vec<&str> = told
        .iter()
        .map(|event| event["detail"]["eventName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_FAILED"]);
    assert_eq!(told[1]["detail"]["eventType"], "ERROR");
    assert_eq!(
        told[1]["detail"]["reason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_written() {
    let world = World::new();
    let written = async || {
        let store = world.installation.store();
        let before = store.revision().await.unwrap();
        let range = roadstead_store::Range::all();
        let (entries, _) = store.range(range).await.unwrap();
        let outgoing = entries.iter().filter(|entry| {
            roadstead_store::KeyParts::parse(&entry.key).is_some_and(|key| key.table == "ecs/outgoing-events")
        });
        (before, outgoing.count())
    };
    let subnet = world.cluster_and_definition().await;
    world.run_task(&subnet, json!({})).await;
    assert_eq!(written().await.1, 0);
    // A rule for other sources listens to none of it, and neither does one without targets.
    world
        .events(
            "PutRule",
            json!({ "Name": "other", "EventPattern": "{\"source\":[\"mine\"]}" }),
        )
        .await
        .ok();
    world
        .events(
            "PutRule",
            json!({ "Name": "idle", "EventPattern": "{\"source\":[\"aws.ecs\"]}" }),
        )
        .await
        .ok();
    world.run_task(&subnet, json!({})).await;
    assert_eq!(written().await.1, 0);
    listen(&world, "ECS Task State Change").await;
    world.run_task(&subnet, json!({})).await;
    assert_eq!(
        written().await.1,
        1,
        "the event is stored with the task, before anybody is told"
    );
    world.settle().await;
    assert_eq!(written().await.1, 0);
}

#[tokio::test]
async fn events_that_a_crash_left_behind_are_told_after_the_next_start() {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    let subnet = world.cluster_and_definition().await;
    let arn = world.run_task(&subnet, json!({})).await["taskArn"].clone();
    // Another service over the same store, as after a crash.
    let store = std::sync::Arc::clone(world.installation.store());
    let events = roadstead_events::Events::new(std::sync::Arc::clone(&store));
    let next = roadstead_ecs::Ecs::new(store);
    let told_by = next.tell(&world.installation.kernel, events);
    for place in told_by.reconciler().all().await.unwrap() {
        told_by.enqueue(place);
    }
    told_by.settle().await;
    world.installation.events.deliveries.settle().await;
    let told = told(&world).await;
    assert_eq!((told.len(), &told[0]["resources"]), (1, &json!([arn])));
}

#[tokio::test]
async fn a_container_that_ends_alone_makes_an_event_with_its_exit_code() {
    let world = World::new();
    listen(&world, "ECS Task State Change").await;
    let subnet = world.cluster_and_definition().await;
    let two = json!([
        container("main"),
        { "name": "init", "image": "simulated/exit:7-after-3", "essential": false }
    ]);
    world.ecs("RegisterTaskDefinition", definition("web", two)).await.ok();
    world.run_task(&subnet, json!({})).await;
    world.pass(90).await;
    let told = told(&world).await;
    let ended = told
        .iter()
        .map(|event| &event["detail"])
        .find(|detail| detail["containers"][1]["exitCode"] == 7);
    let ended = ended.unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(
        (&ended["lastStatus"], &ended["desiredStatus"]),
        (&json!("RUNNING"), &json!("RUNNING"))
    );
    assert_eq!(ended["containers"][1]["lastStatus"], "STOPPED");
}

#[tokio::test]
async fn what_a_service_on_instances_lacks_and_what_a_daemon_counts_is_told() {
    let world = World::new();
    listen(&world, "ECS Service Action").await;
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let container = json!({ "name": "main", "image": "simulated/run", "cpu": 600, "memory": 200 });
    let input = json!({ "family": "plain", "containerDefinitions": [container] });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    let instance = world.instance(1000, 1000, "us-east-1a").await;
    let web = json!({ "cluster": "demo", "serviceName": "web", "taskDefinition": "plain", "desiredCount": 2 });
    world.ecs("CreateService", web).await.ok();
    world.pass(3).await;
    let failed = json!({
        "eventType": "ERROR", "eventName": "SERVICE_TASK_PLACEMENT_FAILURE",
        "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
        "containerInstanceArns": [instance], "reason": "RESOURCE:CPU"
    });
    let mut details: Vec<Value> = told(&world)
        .await
        .into_iter()
        .map(|event| event["detail"].clone())
        .collect();
    for detail in &mut details {
        detail.as_object_mut().unwrap().remove("createdAt");
    }
    assert_eq!(details, [failed]);
    let daemon = json!({
        "cluster": "demo", "serviceName": "all", "taskDefinition": "plain", "schedulingStrategy": "DAEMON"
    });
    world.ecs("CreateService", daemon).await.ok();
    world.pass(1).await;
    let counted = told(&world).await;
    let is_count = |event: &&Value| event["detail"]["eventName"] == "SERVICE_DESIRED_COUNT_UPDATED";
    let counted = counted.iter().find(is_count).unwrap();
    assert_eq!(counted["detail"]["eventType"], "INFO");
    assert_eq!(
        counted["resources"],
        json!(["arn:aws:ecs:us-east-1:000000000000:service/demo/all"])
    );
}
