//! Container instances: registered, described, placed on, drained, deregistered.

use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Clock as _, Region};
use serde_json::{Value, json};

use crate::world::World;

/// What a small machine registers with.
fn machine(cpu: i32, memory: i32, zone: &str) -> Value {
    let identity = json!({
        "instanceId": "i-0123456789abcdef0", "availabilityZone": zone, "instanceType": "t3.small", "architecture": "x86_64"
    });
    json!({
        "cluster": "demo",
        "instanceIdentityDocument": identity.to_string(),
        "totalResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": cpu },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": memory },
            { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"] },
            { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] }
        ],
        "attributes": [
            { "name": "com.amazonaws.ecs.capability.docker-remote-api.1.18" },
            { "name": "ecs.capability.task-eni" },
            { "name": "ecs.capability.network.container-port-range" },
            { "name": "ecs.os-type", "value": "linux" }
        ],
        "versionInfo": { "agentVersion": "1.105.1", "dockerVersion": "DockerVersion: 28" }
    })
}

/// A place of the tests.
pub fn place() -> Place {
    Place {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::US_EAST_1,
    }
}

impl World {
    /// Registers an instance with the cluster `demo` whose agent is connected; its ARN.
    pub async fn instance(&self, cpu: i32, memory: i32, zone: &str) -> String {
        let answer = self
            .ecs("RegisterContainerInstance", machine(cpu, memory, zone))
            .await
            .ok();
        let arn = answer["containerInstance"]["containerInstanceArn"]
            .as_str()
            .unwrap()
            .to_owned();
        self.connect(&arn, true).await;
        arn
    }

    /// Connects or disconnects the agent of an instance.
    pub async fn connect(&self, arn: &str, connected: bool) {
        let since = connected.then(|| self.clock.now());
        assert!(
            self.installation
                .ecs()
                .connect_instance(place(), arn, since)
                .await
                .unwrap()
        );
    }

    /// The instance as it is described now.
    pub async fn described(&self, arn: &str) -> Value {
        let input = json!({ "cluster": "demo", "containerInstances": [arn] });
        self.ecs("DescribeContainerInstances", input).await.ok()["containerInstances"][0].clone()
    }

    /// Runs tasks of `plain` on instances.
    pub async fn run_plain(&self, more: Value) -> Value {
        let mut input = json!({ "cluster": "demo", "taskDefinition": "plain" });
        if let (Value::Object(into), Value::Object(more)) = (&mut input, more) {
            into.extend(more);
        }
        self.ecs("RunTask", input).await.ok()
    }
}

/// A cluster, and a definition `plain` of one container with the engine's bridge.
async fn stage() -> World {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    world.define("plain", json!({ "cpu": 100, "memory": 200 })).await;
    world
}

impl World {
    async fn define(&self, family: &str, more: Value) {
        let mut container = json!({ "name": "main", "image": "simulated/run" });
        if let (Value::Object(into), Value::Object(more)) = (&mut container, more) {
            into.extend(more);
        }
        let input = json!({ "family": family, "containerDefinitions": [container] });
        self.ecs("RegisterTaskDefinition", input).await.ok();
    }
}

fn resource(instance: &Value, list: &str, name: &str) -> Value {
    let found = instance[list]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == name);
    let found = found.unwrap();
    if found["type"] == "INTEGER" {
        found["integerValue"].clone()
    } else {
        found["stringSetValue"].clone()
    }
}

#[tokio::test]
async fn an_instance_shows_what_it_was_registered_with() {
    let world = stage().await;
    let answer = world
        .ecs("RegisterContainerInstance", machine(2048, 4000, "us-east-1b"))
        .await
        .ok();
    let registered = &answer["containerInstance"];
    assert_eq!(registered["status"], "ACTIVE");
    assert_eq!(registered["agentConnected"], false);
    assert_eq!(registered["ec2InstanceId"], "i-0123456789abcdef0");
    assert_eq!(resource(registered, "registeredResources", "CPU"), 2048);
    assert_eq!(resource(registered, "remainingResources", "MEMORY"), 4000);
    assert_eq!(resource(registered, "remainingResources", "PORTS"), json!(["22"]));
    let attributes = registered["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({ "name": "ecs.availability-zone", "value": "us-east-1b" })));
    assert!(attributes.contains(&json!({ "name": "ecs.os-type", "value": "linux" })));
    assert!(attributes.contains(&json!({ "name": "ecs.capability.task-eni" })));
    let arn = registered["containerInstanceArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:ecs:us-east-1:000000000000:container-instance/demo/"));
    let clusters = world
        .ecs("DescribeClusters", json!({ "clusters": ["demo"] }))
        .await
        .ok();
    assert_eq!(clusters["clusters"][0]["registeredContainerInstancesCount"], 1);
    let (code, message) = world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await.error();
    assert_eq!(code, "ClusterContainsContainerInstancesException");
    assert_eq!(
        message,
        "The Cluster cannot be deleted while Container Instances are active or draining."
    );
}

#[tokio::test]
async fn a_second_registration_keeps_the_instance_its_tasks_and_what_users_put_on_it() {
    let world = stage().await;
    let arn = world.instance(1024, 1000, "us-east-1a").await;
    let put = json!({ "cluster": "demo", "attributes": [{ "name": "stack", "value": "blue", "targetId": arn }] });
    let answer = world.ecs("PutAttributes", put).await.ok();
    assert_eq!(answer["attributes"][0]["targetId"], arn.as_str());
    world.run_plain(json!({})).await;
    let mut again = machine(4096, 1000, "us-east-1a");
    again["containerInstanceArn"] = json!(arn);
    let answer = world.ecs("RegisterContainerInstance", again).await.ok();
    let registered = &answer["containerInstance"];
    assert_eq!(registered["containerInstanceArn"], arn.as_str());
    assert_eq!(resource(registered, "remainingResources", "CPU"), 3996);
    assert_eq!(registered["pendingTasksCount"], 1);
    let attributes = registered["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({ "name": "stack", "value": "blue" })));
    let listed = world
        .ecs(
            "ListAttributes",
            json!({ "cluster": "demo", "targetType": "container-instance", "attributeName": "stack" }),
        )
        .await
        .ok();
    assert_eq!(
        listed["attributes"],
        json!([{ "name": "stack", "value": "blue", "targetType": "container-instance", "targetId": arn }])
    );
    let delete = json!({ "cluster": "demo", "attributes": [{ "name": "stack", "targetId": arn }] });
    world.ecs("DeleteAttributes", delete).await.ok();
    let unknown = json!({ "cluster": "demo", "attributes": [{ "name": "a", "targetId": "0123" }] });
    let (code, message) = world.ecs("PutAttributes", unknown).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("TargetNotFoundException", "Could not find 0123")
    );
}

#[tokio::test]
async fn tasks_go_to_connected_instances_only() {
    let world = stage().await;
    let input = json!({ "cluster": "demo", "taskDefinition": "plain" });
    let (code, message) = world.ecs("RunTask", input.clone()).await.error();
    assert_eq!(code, "InvalidParameterException");
    assert_eq!(message, "No Container Instances were found in your cluster.");
    let arn = world.instance(1024, 1000, "us-east-1a").await;
    world.connect(&arn, false).await;
    let answer = world.run_plain(json!({})).await;
    assert_eq!(answer["tasks"], json!([]));
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "AGENT" }]));
    world.connect(&arn, true).await;
    let answer = world.run_plain(json!({})).await;
    let task = &answer["tasks"][0];
    assert_eq!(answer["failures"], json!([]));
    assert_eq!(
        (&task["lastStatus"], &task["launchType"]),
        (&json!("PENDING"), &json!("EC2"))
    );
    assert_eq!(task["containerInstanceArn"], arn.as_str());
    assert_eq!(task["availabilityZone"], "us-east-1a");
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("100"), &json!("200")));
    assert_eq!(task["attachments"], json!([]));
    assert!(task.get("platformVersion").is_none());
    world.settle().await;
    let described = world.described(&arn).await;
    assert_eq!(
        (&described["runningTasksCount"], &described["pendingTasksCount"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(resource(&described, "remainingResources", "MEMORY"), 800);
    let listed = world
        .ecs(
            "ListTasks",
            json!({ "cluster": "demo", "containerInstance": arn, "launchType": "EC2" }),
        )
        .await
        .ok();
    assert_eq!(listed["taskArns"], json!([task["taskArn"]]));
    let clusters = json!({ "clusters": ["demo"], "include": ["STATISTICS"] });
    let clusters = world.ecs("DescribeClusters", clusters).await.ok();
    let statistics = clusters["clusters"][0]["statistics"].as_array().unwrap();
    assert!(statistics.contains(&json!({ "name": "runningEC2TasksCount", "value": "1" })));
}

#[tokio::test]
async fn what_does_not_fit_fails_with_the_reason_of_each_instance() {
    let world = stage().await;
    let small = world.instance(50, 1000, "us-east-1a").await;
    let answer = world.run_plain(json!({})).await;
    assert_eq!(answer["failures"], json!([{ "arn": small, "reason": "RESOURCE:CPU" }]));
    world.define("large", json!({ "memory": 2000 })).await;
    let answer = world.run_plain(json!({ "taskDefinition": "large" })).await;
    assert_eq!(answer["failures"][0]["reason"], "RESOURCE:MEMORY");
    let ports = json!({ "memory": 10, "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] });
    world.define("web", ports).await;
    let answer = world.run_plain(json!({ "taskDefinition": "web", "count": 2 })).await;
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(
        answer["failures"],
        json!([{ "arn": small, "reason": "RESOURCE:PORTS" }])
    );
    let described = world.described(&small).await;
    assert_eq!(
        resource(&described, "remainingResources", "PORTS"),
        json!(["22", "8080"])
    );
    let constraint = json!([{ "type": "memberOf", "expression": "attribute:ecs.instance-type == m5.large" }]);
    let answer = world
        .run_plain(json!({ "taskDefinition": "large", "placementConstraints": constraint }))
        .await;
    assert_eq!(
        answer["failures"][0]["reason"],
        "MemberOf placement constraint unsatisfied."
    );
    let wrong = json!([{ "type": "memberOf", "expression": "instance-type == m5.large" }]);
    let input = json!({ "cluster": "demo", "taskDefinition": "plain", "placementConstraints": wrong });
    assert_eq!(world.ecs("RunTask", input).await.error().0, "InvalidParameterException");
    let logs = json!({ "memory": 10, "logConfiguration": { "logDriver": "awslogs", "options": {
        "awslogs-region": "us-east-1", "awslogs-group": "g", "awslogs-create-group": "true"
    } } });
    world.define("logs", logs).await;
    let answer = world.run_plain(json!({ "taskDefinition": "logs" })).await;
    assert_eq!(answer["failures"], json!([{ "arn": small, "reason": "ATTRIBUTE" }]));
}

#[tokio::test]
async fn a_stopped_task_gives_back_what_it_took() {
    let world = stage().await;
    let arn = world.instance(100, 200, "us-east-1a").await;
    let answer = world.run_plain(json!({})).await;
    let task = answer["tasks"][0]["taskArn"].clone();
    world.settle().await;
    assert_eq!(world.run_plain(json!({})).await["tasks"], json!([]));
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    world.pass(2).await;
    assert_eq!(world.task(task.as_str().unwrap()).await["lastStatus"], "STOPPED");
    let described = world.described(&arn).await;
    assert_eq!(resource(&described, "remainingResources", "CPU"), 100);
    assert_eq!(world.run_plain(json!({})).await["failures"], json!([]));
}

#[tokio::test]
async fn a_repeated_token_takes_no_place_twice() {
    let world = stage().await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let first = world.run_plain(json!({ "clientToken": "one" })).await;
    let again = world.run_plain(json!({ "clientToken": "one" })).await;
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let described = world.described(&arn).await;
    assert_eq!(resource(&described, "remainingResources", "CPU"), 900);
}

#[tokio::test]
async fn a_token_whose_request_made_no_task_is_tried_again() {
    let world = stage().await;
    world.instance(50, 1000, "us-east-1a").await;
    let refused = world.run_plain(json!({ "clientToken": "one" })).await;
    assert_eq!(
        (&refused["tasks"], &refused["failures"][0]["reason"]),
        (&json!([]), &json!("RESOURCE:CPU"))
    );
    let again = world.run_plain(json!({ "clientToken": "one" })).await;
    assert_eq!(refused, again, "there is still no room");
    world.instance(100, 1000, "us-east-1a").await;
    let made = world.run_plain(json!({ "clientToken": "one" })).await;
    assert_eq!(made["failures"], json!([]));
    let replayed = world.run_plain(json!({ "clientToken": "one" })).await;
    assert_eq!(made["tasks"][0]["taskArn"], replayed["tasks"][0]["taskArn"]);
}

#[tokio::test]
async fn a_token_whose_request_made_some_tasks_tells_of_the_others_again() {
    let world = stage().await;
    let arn = world.instance(100, 1000, "us-east-1a").await;
    let input = json!({ "clientToken": "one", "count": 2 });
    let first = world.run_plain(input.clone()).await;
    assert_eq!(first["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(first["failures"], json!([{ "arn": arn, "reason": "RESOURCE:CPU" }]));
    let again = world.run_plain(input).await;
    assert_eq!(again["failures"], first["failures"]);
    assert_eq!(again["tasks"][0]["taskArn"], first["tasks"][0]["taskArn"]);
}

#[tokio::test]
async fn overrides_below_what_a_container_can_have_are_refused() {
    let world = stage().await;
    world.instance(1000, 1000, "us-east-1a").await;
    for wrong in [
        json!({ "cpu": -1 }),
        json!({ "memory": 3 }),
        json!({ "memoryReservation": -5 }),
    ] {
        let mut over = wrong.clone();
        over["name"] = json!("main");
        let input =
            json!({ "cluster": "demo", "taskDefinition": "plain", "overrides": { "containerOverrides": [over] } });
        let refused = world.ecs("RunTask", input).await.error();
        assert_eq!(refused.0, "InvalidParameterException", "{wrong}");
    }
}

#[tokio::test]
async fn strategies_decide_where_tasks_go() {
    let world = stage().await;
    let mut instances = Vec::new();
    for zone in ["us-east-1a", "us-east-1a", "us-east-1b"] {
        instances.push(world.instance(1000, 1000, zone).await);
    }
    let spread = json!([{ "type": "spread", "field": "attribute:ecs.availability-zone" }]);
    let answer = world
        .run_plain(json!({ "count": 4, "placementStrategy": spread }))
        .await;
    let zones: Vec<&Value> = answer["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["availabilityZone"])
        .collect();
    assert_eq!(
        zones.iter().filter(|zone| ***zone == "us-east-1b").count(),
        2,
        "{zones:?}"
    );
    let distinct = json!([{ "type": "distinctInstance" }]);
    let answer = world
        .run_plain(json!({ "count": 4, "group": "apart", "placementConstraints": distinct }))
        .await;
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 3);
    let reasons = answer["failures"].as_array().unwrap();
    assert_eq!(reasons.len(), 3);
    assert!(
        reasons
            .iter()
            .all(|one| one["reason"] == "DistinctInstance placement constraint unsatisfied.")
    );
    let binpack = json!([{ "type": "binpack", "field": "memory" }]);
    let answer = world
        .run_plain(json!({ "count": 2, "placementStrategy": binpack }))
        .await;
    let on: Vec<&Value> = answer["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["containerInstanceArn"])
        .collect();
    assert_eq!(on[0], on[1]);
}

#[tokio::test]
async fn start_task_takes_the_instances_it_is_given() {
    let world = stage().await;
    let (first, second) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(10, 1000, "us-east-1b").await,
    );
    let unknown = "arn:aws:ecs:us-east-1:000000000000:container-instance/demo/00000000000000000000000000000000";
    let input = json!({
        "cluster": "demo", "taskDefinition": "plain", "startedBy": "me", "containerInstances": [first, second, unknown]
    });
    let answer = world.ecs("StartTask", input).await.ok();
    let tasks = answer["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["containerInstanceArn"], first.as_str());
    assert_eq!(tasks[0]["startedBy"], "me");
    assert_eq!(
        answer["failures"],
        json!([{ "arn": second, "reason": "RESOURCE:CPU" }, { "arn": unknown, "reason": "MISSING" }])
    );
    world.settle().await;
    assert_eq!(
        world.task(tasks[0]["taskArn"].as_str().unwrap()).await["lastStatus"],
        "RUNNING"
    );
    let left = world.described(&second).await["remainingResources"].clone();
    let elsewhere = "arn:aws:ecs:us-east-1:000000000000:container-instance/other/00000000000000000000000000000000";
    let input = json!({ "cluster": "demo", "taskDefinition": "plain", "containerInstances": [first, elsewhere] });
    let before = world.described(&first).await["remainingResources"].clone();
    let (code, text) = world.ecs("StartTask", input).await.error();
    assert_eq!(
        (code.as_str(), text.as_str()),
        (
            "InvalidParameterException",
            "Invalid identifier: Identifier is for cluster other. Your cluster is demo"
        )
    );
    assert_eq!(world.described(&first).await["remainingResources"], before);
    assert_eq!(world.described(&second).await["remainingResources"], left);
    let many = json!({ "cluster": "demo", "taskDefinition": "plain", "containerInstances": vec![first; 11] });
    assert_eq!(
        world.ecs("StartTask", many).await.error().0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn the_engines_ports_are_shown_as_bindings() {
    let world = stage().await;
    world.instance(1000, 1000, "us-east-1a").await;
    let ports = json!({ "memory": 10, "portMappings": [
        { "containerPort": 80 }, { "containerPort": 53, "hostPort": 5353, "protocol": "udp" }
    ] });
    world.define("web", ports).await;
    let answer = world.run_plain(json!({ "taskDefinition": "web" })).await;
    world.settle().await;
    let task = world.task(answer["tasks"][0]["taskArn"].as_str().unwrap()).await;
    let bindings = task["containers"][0]["networkBindings"].as_array().unwrap();
    assert_eq!(
        bindings[0],
        json!({ "bindIP": "0.0.0.0", "containerPort": 53, "hostPort": 5353, "protocol": "udp" })
    );
    assert_eq!(
        (&bindings[1]["containerPort"], &bindings[1]["protocol"]),
        (&json!(80), &json!("tcp"))
    );
    assert!(bindings[1]["hostPort"].as_u64().unwrap() > 1024);
    assert_eq!(task["containers"][0]["networkInterfaces"], json!([]));
    let runtime_id = task["containers"][0]["runtimeId"].as_str().unwrap();
    assert!(!runtime_id.contains('-'), "{runtime_id}");
}

#[tokio::test]
async fn a_range_of_ports_is_bound_to_ports_of_the_host_in_a_row() {
    let world = stage().await;
    world.instance(1000, 1000, "us-east-1a").await;
    let ports = json!({ "memory": 10, "portMappings": [
        { "containerPortRange": "8000-8009" }, { "containerPort": 80 },
        { "containerPortRange": "8005-8006", "protocol": "udp" }
    ] });
    world.define("web", ports).await;
    let described = world
        .ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" }))
        .await
        .ok();
    assert_eq!(
        described["taskDefinition"]["containerDefinitions"][0]["portMappings"][0],
        json!({ "containerPortRange": "8000-8009", "protocol": "tcp" })
    );
    let mut starts = Vec::new();
    for _ in 0..2 {
        let answer = world.run_plain(json!({ "taskDefinition": "web" })).await;
        world.settle().await;
        let task = world.task(answer["tasks"][0]["taskArn"].as_str().unwrap()).await;
        let bindings = task["containers"][0]["networkBindings"].as_array().unwrap().clone();
        assert_eq!(bindings.len(), 3, "{bindings:?}");
        assert_eq!(bindings[0]["containerPort"], 80);
        for (binding, range, protocol, more) in [
            (&bindings[1], "8000-8009", "tcp", 9),
            (&bindings[2], "8005-8006", "udp", 1),
        ] {
            assert_eq!(binding["containerPortRange"], range);
            assert_eq!(binding["protocol"], protocol);
            assert_eq!(binding["bindIP"], "0.0.0.0");
            assert_eq!((binding.get("containerPort"), binding.get("hostPort")), (None, None));
            let (first, last) = binding["hostPortRange"].as_str().unwrap().split_once('-').unwrap();
            let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(last - first, more);
            starts.push(first);
        }
    }
    assert_ne!(starts[0], starts[2]);
}

#[tokio::test]
async fn an_awsvpc_task_gets_its_interface_in_the_zone_of_its_instance() {
    let world = stage().await;
    world.instance(1000, 1000, "us-east-1b").await;
    let input = json!({
        "family": "own", "networkMode": "awsvpc",
        "containerDefinitions": [{ "name": "main", "image": "simulated/run", "memory": 10 }]
    });
    world.ecs("RegisterTaskDefinition", input).await.ok();
    let shown = world.form("ec2", "DescribeSubnets", &[]).await.text;
    let subnets: Vec<String> = shown
        .split("<subnetId>")
        .skip(1)
        .filter_map(|part| part.split('<').next().map(ToOwned::to_owned))
        .collect();
    let network = |subnets: &[String]| json!({ "awsvpcConfiguration": { "subnets": subnets } });
    let answer = world
        .run_plain(json!({ "taskDefinition": "own", "networkConfiguration": network(&subnets) }))
        .await;
    let task = &answer["tasks"][0];
    assert_eq!(
        (&task["lastStatus"], &task["availabilityZone"]),
        (&json!("PROVISIONING"), &json!("us-east-1b"))
    );
    world.settle().await;
    let task = world.task(task["taskArn"].as_str().unwrap()).await;
    assert_eq!(task["lastStatus"], "RUNNING");
    assert_eq!(task["attachments"][0]["status"], "ATTACHED");
    let chosen = task["attachments"][0]["details"][0]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let elsewhere: Vec<String> = subnets.into_iter().filter(|subnet| *subnet != chosen).collect();
    let answer = world
        .run_plain(json!({ "taskDefinition": "own", "networkConfiguration": network(&elsewhere) }))
        .await;
    assert_eq!(answer["failures"][0]["reason"], "LOCATION");
    let public = json!({ "awsvpcConfiguration": { "subnets": [chosen], "assignPublicIp": "ENABLED" } });
    let input = json!({ "cluster": "demo", "taskDefinition": "own", "networkConfiguration": public });
    let (_, message) = world.ecs("RunTask", input).await.error();
    assert_eq!(message, "Assign public IP is not supported for this launch type.");
}

#[tokio::test]
async fn external_instances_are_for_external_tasks_only() {
    let world = stage().await;
    let mut outside = machine(1000, 1000, "");
    outside["instanceIdentityDocument"] = json!("");
    outside["attributes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "ecs.capability.external" }));
    let answer = world.ecs("RegisterContainerInstance", outside).await.ok();
    let arn = answer["containerInstance"]["containerInstanceArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.connect(&arn, true).await;
    let input = json!({ "cluster": "demo", "taskDefinition": "plain", "launchType": "EC2" });
    let (_, message) = world.ecs("RunTask", input).await.error();
    assert_eq!(message, "No Container Instances were found in your cluster.");
    let answer = world.run_plain(json!({ "launchType": "EXTERNAL" })).await;
    assert_eq!(answer["tasks"][0]["launchType"], "EXTERNAL");
    assert_eq!(answer["tasks"][0]["containerInstanceArn"], arn.as_str());
}

#[tokio::test]
async fn an_instance_with_tasks_is_deregistered_by_force_only() {
    let world = stage().await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let answer = world.run_plain(json!({})).await;
    let task = answer["tasks"][0]["taskArn"].as_str().unwrap().to_owned();
    world.settle().await;
    let input = json!({ "cluster": "demo", "containerInstance": arn });
    let (code, message) = world.ecs("DeregisterContainerInstance", input.clone()).await.error();
    assert_eq!(code, "InvalidParameterException");
    assert_eq!(message, "Found running tasks on the instance.");
    let mut forced = input;
    forced["force"] = json!(true);
    let answer = world.ecs("DeregisterContainerInstance", forced).await.ok();
    assert_eq!(answer["containerInstance"]["status"], "INACTIVE");
    assert_eq!(answer["containerInstance"]["agentConnected"], false);
    world.pass(2).await;
    let task = world.task(&task).await;
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(
        task["stoppedReason"],
        "Container instance deregistration forced by user"
    );
    assert!(task.get("stopCode").is_none());
    let listed = world
        .ecs("ListContainerInstances", json!({ "cluster": "demo" }))
        .await
        .ok();
    assert_eq!(listed["containerInstanceArns"], json!([]));
    assert_eq!(world.described(&arn).await["status"], "INACTIVE");
    world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await.ok();
}

#[tokio::test]
async fn a_draining_instance_takes_no_tasks() {
    let world = stage().await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let drain = |status: &str| json!({ "cluster": "demo", "containerInstances": [arn], "status": status });
    let answer = world.ecs("UpdateContainerInstancesState", drain("DRAINING")).await.ok();
    assert_eq!(answer["containerInstances"][0]["status"], "DRAINING");
    let input = json!({ "cluster": "demo", "taskDefinition": "plain" });
    let (_, message) = world.ecs("RunTask", input).await.error();
    assert_eq!(message, "No Container Instances were found in your cluster.");
    let listed = json!({ "cluster": "demo", "status": "DRAINING" });
    let listed = world.ecs("ListContainerInstances", listed).await.ok();
    assert_eq!(listed["containerInstanceArns"], json!([arn]));
    world.ecs("UpdateContainerInstancesState", drain("ACTIVE")).await.ok();
    assert_eq!(world.run_plain(json!({})).await["failures"], json!([]));
    let (code, message) = world.ecs("UpdateContainerInstancesState", drain("GONE")).await.error();
    assert_eq!(code, "InvalidParameterException");
    assert_eq!(message, "Container instance status should be one of [ACTIVE, DRAINING]");
}

#[tokio::test]
async fn instances_are_listed_by_expressions() {
    let world = stage().await;
    let (a, b) = (
        world.instance(1000, 1000, "us-east-1a").await,
        world.instance(1000, 1000, "us-east-1b").await,
    );
    world
        .ecs(
            "StartTask",
            json!({ "cluster": "demo", "taskDefinition": "plain", "group": "database", "containerInstances": [a] }),
        )
        .await
        .ok();
    world.settle().await;
    let check = async |filter: &str, expected: &[&String]| {
        let input = json!({ "cluster": "demo", "filter": filter });
        let listed = world.ecs("ListContainerInstances", input).await.ok();
        let mut found: Vec<String> = serde_json::from_value(listed["containerInstanceArns"].clone()).unwrap();
        let mut expected: Vec<String> = expected.iter().map(|arn| (*arn).clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{filter}");
    };
    check("task:group == database", &[&a]).await;
    check("not(task:group == database)", &[&b]).await;
    check("runningTasksCount == 1", &[&a]).await;
    check("attribute:ecs.availability-zone in [us-east-1b, us-east-1c]", &[&b]).await;
    check("agentVersion > 1.14.5 and agentConnected == true", &[&a, &b]).await;
    let wrong = json!({ "cluster": "demo", "filter": "(agentConnected == true)" });
    assert_eq!(
        world.ecs("ListContainerInstances", wrong).await.error().0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn instances_carry_tags_and_show_their_health_when_asked() {
    let world = stage().await;
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let tags = json!([{ "key": "team", "value": "blue" }]);
    world
        .ecs("TagResource", json!({ "resourceArn": arn, "tags": tags }))
        .await
        .ok();
    let listed = world
        .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
        .await
        .ok();
    assert_eq!(listed["tags"], tags);
    assert_eq!(world.described(&arn).await["tags"], json!([]));
    let input = json!({
        "cluster": "demo", "containerInstances": [arn, "missing"], "include": ["TAGS", "CONTAINER_INSTANCE_HEALTH"]
    });
    let answer = world.ecs("DescribeContainerInstances", input).await.ok();
    assert_eq!(answer["containerInstances"][0]["tags"], tags);
    assert_eq!(answer["containerInstances"][0]["healthStatus"]["overallStatus"], "OK");
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    let none = json!({ "cluster": "demo", "containerInstances": [] });
    let (code, message) = world.ecs("DescribeContainerInstances", none).await.error();
    assert_eq!(code, "ClientException");
    assert_eq!(message, "Container Instances cannot be empty.");
}

#[tokio::test]
async fn a_user_without_permission_may_not_register_an_instance() {
    let world = stage().await;
    let keys = world
        .user(
            "reader",
            json!([{ "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*" }]),
        )
        .await;
    let reader = world.acting(keys);
    let (code, _) = reader
        .ecs("RegisterContainerInstance", machine(1, 1, "us-east-1a"))
        .await
        .error();
    assert_eq!(code, "AccessDeniedException");
    let listed = world
        .ecs("ListContainerInstances", json!({ "cluster": "demo" }))
        .await
        .ok();
    assert_eq!(listed["containerInstanceArns"], json!([]));
}
