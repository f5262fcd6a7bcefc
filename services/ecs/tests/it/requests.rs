//! What requests are refused for, whatever the operation: names, identifiers, lengths, tags, filters and pages.

use serde_json::{Value, json};

use crate::services::Stage;
use crate::world::{World, container, definition};

const INVALID: &str = "InvalidParameterException";
const ARN: &str = "arn:aws:ecs:us-east-1:000000000000:";

async fn refused(world: &World, operation: &str, input: Value) -> (String, String) {
    world.ecs(operation, input).await.error()
}

async fn said(world: &World, operation: &str, input: Value, message: &str) {
    let (code, text) = refused(world, operation, input.clone()).await;
    assert_eq!(
        (code.as_str(), text.as_str()),
        (INVALID, message),
        "{operation} {input}"
    );
}

/// A request for a task of `web`.
fn task(stage: &Stage, more: &Value) -> Value {
    let mut input = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [stage.subnet] } }
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn an_identifier_of_another_cluster_is_refused() {
    let stage = Stage::new().await;
    let world = &stage.world;
    world.ecs("CreateCluster", json!({ "clusterName": "other" })).await.ok();
    stage.create(0, json!({})).await;
    let run = world.run_task(&stage.subnet, json!({})).await;
    let (task, service) = (&run["taskArn"], format!("{ARN}service/demo/web"));
    let instance = format!("{ARN}container-instance/demo/0123456789abcdef0123456789abcdef");
    for (operation, input) in [
        ("DescribeTasks", json!({ "tasks": [task] })),
        ("StopTask", json!({ "task": task })),
        ("GetTaskProtection", json!({ "tasks": [task] })),
        (
            "UpdateTaskProtection",
            json!({ "tasks": [task], "protectionEnabled": true }),
        ),
        ("DescribeServices", json!({ "services": [service] })),
        ("UpdateService", json!({ "service": service })),
        ("DeleteService", json!({ "service": service })),
        ("ListTasks", json!({ "serviceName": service })),
        (
            "DescribeContainerInstances",
            json!({ "containerInstances": [instance] }),
        ),
        ("DeregisterContainerInstance", json!({ "containerInstance": instance })),
    ] {
        let mut input = input;
        input["cluster"] = json!("other");
        let text = "Invalid identifier: Identifier is for cluster demo. Your cluster is other";
        said(world, operation, input, text).await;
    }
    assert_eq!(world.task(task.as_str().unwrap()).await["desiredStatus"], "RUNNING");
}

#[tokio::test]
async fn arns_of_the_old_format_name_what_is_in_the_cluster_of_the_request() {
    let stage = Stage::new().await;
    let world = &stage.world;
    stage.create(0, json!({})).await;
    let old = format!("{ARN}service/web");
    let input = json!({ "cluster": "demo", "services": [old] });
    let answer = world.ecs("DescribeServices", input).await.ok();
    assert_eq!(answer["services"][0]["serviceName"], "web");
    let run = world.run_task(&stage.subnet, json!({})).await;
    let id = run["taskArn"].as_str().unwrap().rsplit('/').next().unwrap();
    let old = format!("{ARN}task/{id}");
    let answer = world
        .ecs("DescribeTasks", json!({ "cluster": "demo", "tasks": [old] }))
        .await
        .ok();
    assert_eq!(answer["tasks"][0]["taskArn"], run["taskArn"]);
    for arn in [
        "service/web".to_owned(),
        format!("task/{id}"),
        format!("container-instance/{id}"),
    ] {
        let arn = format!("{ARN}{arn}");
        let text = "Long arn format must be used for tagging operations";
        said(world, "ListTagsForResource", json!({ "resourceArn": arn }), text).await;
        let tags = json!([{ "key": "a", "value": "b" }]);
        said(world, "TagResource", json!({ "resourceArn": arn, "tags": tags }), text).await;
    }
}

#[tokio::test]
async fn what_names_no_cluster_is_refused() {
    let world = World::new();
    let text = r"Cluster must match ^[a-zA-Z0-9\-_]{1,255}$, but was my cluster";
    said(&world, "ListTasks", json!({ "cluster": "my cluster" }), text).await;
    let arn = format!("{ARN}task/demo/0123456789abcdef0123456789abcdef");
    said(
        &world,
        "ListTasks",
        json!({ "cluster": arn }),
        "Unsupported resource type: task",
    )
    .await;
    let elsewhere = "arn:aws:ecs:eu-west-1:000000000000:cluster/default";
    let (code, text) = refused(&world, "ListTasks", json!({ "cluster": elsewhere })).await;
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("ClusterNotFoundException", "Cluster not found.")
    );
}

#[tokio::test]
async fn tags_of_what_is_not_there_say_so() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let id = "0123456789abcdef0123456789abcdef";
    let below = |cluster: &str| {
        [
            format!("{ARN}service/{cluster}/web"),
            format!("{ARN}task/{cluster}/{id}"),
            format!("{ARN}container-instance/{cluster}/{id}"),
            format!("{ARN}task-set/{cluster}/web/ecs-svc/1234567890123456789"),
        ]
    };
    for arn in below("nobody") {
        for (operation, more) in [
            ("ListTagsForResource", json!({})),
            ("TagResource", json!({ "tags": [{ "key": "a", "value": "b" }] })),
            ("UntagResource", json!({ "tagKeys": ["a"] })),
        ] {
            let mut input = json!({ "resourceArn": arn });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (code, text) = refused(&world, operation, input).await;
            let wanted = ("ClusterNotFoundException", "Cluster not found.");
            assert_eq!((code.as_str(), text.as_str()), wanted, "{operation} {arn}");
        }
    }
    let definition = format!("{ARN}task-definition/nobody:1");
    let provider = format!("{ARN}capacity-provider/nobody");
    for arn in below("demo").into_iter().chain([definition, provider]) {
        let tags = json!([{ "key": "a", "value": "b" }]);
        let (code, _) = refused(&world, "TagResource", json!({ "resourceArn": arn, "tags": tags })).await;
        assert_eq!(code, "ResourceNotFoundException", "{arn}");
        let (code, _) = refused(&world, "UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] })).await;
        assert_eq!(code, "ResourceNotFoundException", "{arn}");
    }
}

#[tokio::test]
async fn tags_are_whole_and_their_keys_differ() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let cluster = format!("{ARN}cluster/demo");
    for (tags, text) in [
        (json!([{ "key": "a" }]), "Tag value can not be null."),
        (json!([{ "value": "a" }]), "Tag key can not be null."),
        (
            json!([{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }]),
            "Multiple tags contain the same key.",
        ),
    ] {
        said(
            world,
            "CreateCluster",
            json!({ "clusterName": "new", "tags": tags }),
            text,
        )
        .await;
        said(
            world,
            "TagResource",
            json!({ "resourceArn": cluster, "tags": tags }),
            text,
        )
        .await;
        said(world, "RunTask", task(&stage, &json!({ "tags": tags })), text).await;
        let mut made = definition("web", json!([container("main")]));
        made["tags"] = tags.clone();
        said(world, "RegisterTaskDefinition", made, text).await;
        assert_eq!(
            stage.refused(0, json!({ "tags": tags })).await,
            (INVALID.to_owned(), text.to_owned())
        );
    }
    let tags = |from: usize, to: usize| -> Value {
        (from..to)
            .map(|n| json!({ "key": format!("k{n}"), "value": "" }))
            .collect()
    };
    let input = json!({ "resourceArn": cluster, "tags": tags(0, 50) });
    world.ecs("TagResource", input).await.ok();
    let input = json!({ "resourceArn": cluster, "tags": tags(50, 51) });
    let (code, _) = refused(world, "TagResource", input).await;
    assert_eq!(code, "LimitExceededException");
    let input = json!({ "resourceArn": cluster, "tags": tags(49, 50) });
    world.ecs("TagResource", input).await.ok();
}

#[tokio::test]
async fn what_is_too_long_for_a_task_is_refused() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let subnets: Vec<&str> = (0..17).map(|_| stage.subnet.as_str()).collect();
    let groups: Vec<String> = (0..6).map(|n| format!("sg-{n:017}")).collect();
    let vpc = |more: Value| json!({ "networkConfiguration": { "awsvpcConfiguration": more } });
    let command = json!({ "containerOverrides": [{ "name": "main", "command": ["x".repeat(8192)] }] });
    for (more, text) in [
        (json!({ "startedBy": "x".repeat(129) }), "startedBy longer than 128."),
        (
            json!({ "clientToken": "x".repeat(65) }),
            "idempotency token longer than 64.",
        ),
        (
            json!({ "overrides": command }),
            "Container Overrides length must be at most 8192",
        ),
        (vpc(json!({ "subnets": subnets })), "subnets can have at most 16 items."),
        (
            vpc(json!({ "subnets": [stage.subnet], "securityGroups": groups })),
            "securityGroups can have at most 5 items.",
        ),
    ] {
        said(world, "RunTask", task(&stage, &more), text).await;
    }
    for wrong in [json!({ "clientToken": "a b" }), json!({ "group": "service:web" })] {
        assert_eq!(
            refused(world, "RunTask", task(&stage, &wrong)).await.0,
            INVALID,
            "{wrong}"
        );
    }
    let input = task(
        &stage,
        &json!({ "startedBy": "x".repeat(128), "clientToken": "~".repeat(64) }),
    );
    world.ecs("RunTask", input).await.ok();
    let start =
        json!({ "cluster": "demo", "taskDefinition": "web", "containerInstances": ["a"], "startedBy": "x".repeat(37) });
    said(world, "StartTask", start, "startedBy longer than 36.").await;
    let subnets = vpc(json!({ "subnets": subnets }));
    assert_eq!(stage.refused(0, subnets).await.1, "subnets can have at most 16 items.");
    assert_eq!(stage.refused(0, json!({ "clientToken": "a b" })).await.0, INVALID);
    let grace = json!({ "healthCheckGracePeriodSeconds": -1 });
    assert_eq!(stage.refused(0, grace.clone()).await.0, INVALID);
    stage
        .create(0, json!({ "healthCheckGracePeriodSeconds": 2_147_483_647 }))
        .await;
    assert_eq!(stage.update_refused(grace).await.0, INVALID);
}

#[tokio::test]
async fn what_is_too_long_for_a_definition_is_refused() {
    let world = World::new();
    let many: Vec<Value> = (0..11).map(|n| container(&format!("c{n}"))).collect();
    for (family, containers, text) in [
        (
            "my web",
            json!([container("main")]),
            "Family contains invalid characters.",
        ),
        (
            "web",
            json!([container("my main")]),
            "Container.name contains invalid characters.",
        ),
        ("web", json!(many), "Too many containers."),
    ] {
        let (code, said) = refused(&world, "RegisterTaskDefinition", definition(family, containers)).await;
        assert_eq!((code.as_str(), said.as_str()), ("ClientException", text));
    }
    let with = |length: usize| {
        let mut one = container("main");
        one["command"] = json!(["x".repeat(length)]);
        definition("web", json!([one]))
    };
    let (code, said) = refused(&world, "RegisterTaskDefinition", with(65_536)).await;
    assert_eq!(code, "ClientException");
    assert!(
        said.starts_with("Actual length: '6") && said.ends_with("'. Max allowed length is '65536' bytes."),
        "{said}"
    );
    world.ecs("RegisterTaskDefinition", with(64_000)).await.ok();
}

#[tokio::test]
async fn a_platform_version_is_fargates() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let mut plain = definition("plain", json!([container("main")]));
    for name in ["networkMode", "requiresCompatibilities"] {
        plain.as_object_mut().unwrap().remove(name);
    }
    world.ecs("RegisterTaskDefinition", plain).await.ok();
    let text = "The platform version must be null when specifying an EC2 launch type.";
    let input =
        json!({ "cluster": "demo", "taskDefinition": "plain", "launchType": "EC2", "platformVersion": "1.4.0" });
    said(world, "RunTask", input.clone(), text).await;
    let mut input = input;
    input["serviceName"] = json!("plain");
    input["desiredCount"] = json!(0);
    said(world, "CreateService", input, text).await;
}

#[tokio::test]
async fn an_old_platform_version_lacks_what_came_with_a_newer_one() {
    let stage = Stage::new().await;
    let world = &stage.world;
    let mut large = definition("large", json!([container("main")]));
    large["ephemeralStorage"] = json!({ "sizeInGiB": 30 });
    world.ecs("RegisterTaskDefinition", large).await.ok();
    let asked = |version: &str| json!({ "taskDefinition": "large", "platformVersion": version });
    let (code, _) = refused(world, "RunTask", task(&stage, &asked("1.3.0"))).await;
    assert_eq!(code, "PlatformTaskDefinitionIncompatibilityException");
    let (code, _) = stage.refused(0, asked("1.3.0")).await;
    assert_eq!(code, "PlatformTaskDefinitionIncompatibilityException");
    world.ecs("RunTask", task(&stage, &asked("1.4.0"))).await.ok();
    stage.create(0, json!({ "platformVersion": "1.3.0" })).await;
}

#[tokio::test]
async fn attributes_have_names_and_values_of_certain_characters() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let arn = world.instance(1000, 1000, "us-east-1a").await;
    let put = |name: &str, value: &str| json!({ "cluster": "demo", "attributes": [{ "name": name, "value": value, "targetId": arn }] });
    for (name, value) in [
        ("a b", "x"),
        ("a", " x"),
        ("a", "x "),
        ("a", "x!"),
        ("a", &"x".repeat(129)),
        (&"n".repeat(129), "x"),
    ] {
        let (code, _) = refused(&world, "PutAttributes", put(name, value)).await;
        assert_eq!(code, INVALID, "{name}={value}");
    }
    for (name, value) in [("a-b_c.d/e\\f", "a-b_c.d@e/f\\g:h i"), ("empty", "")] {
        world.ecs("PutAttributes", put(name, value)).await.ok();
    }
}

#[tokio::test]
async fn pages_have_a_size_and_filters_go_together() {
    let world = World::new();
    world.ecs("CreateCluster", json!({})).await.ok();
    for (operation, mut input, most) in [
        ("ListClusters", json!({}), 100),
        ("ListTasks", json!({}), 100),
        ("ListServices", json!({}), 100),
        ("ListContainerInstances", json!({}), 100),
        ("ListTaskDefinitions", json!({}), 100),
        ("ListTaskDefinitionFamilies", json!({}), 100),
        ("ListAttributes", json!({ "targetType": "container-instance" }), 100),
        ("ListAccountSettings", json!({}), 10),
        ("DescribeCapacityProviders", json!({}), 10),
    ] {
        input["maxResults"] = json!(most + 1);
        let text = format!("Max results can not be greater than {most}");
        said(&world, operation, input.clone(), &text).await;
        input["maxResults"] = json!(0);
        assert_eq!(
            refused(&world, operation, input.clone()).await.0,
            INVALID,
            "{operation}"
        );
        input["maxResults"] = json!(most);
        input["nextToken"] = json!("of another call");
        assert_eq!(
            refused(&world, operation, input.clone()).await.0,
            INVALID,
            "{operation}"
        );
        input.as_object_mut().unwrap().remove("nextToken");
        world.ecs(operation, input).await.ok();
    }
    let text = r"family must match ^[a-zA-Z0-9\-_]+$";
    said(&world, "ListTasks", json!({ "family": "my web" }), text).await;
    for other in [json!({ "family": "web" }), json!({ "launchType": "FARGATE" })] {
        let mut input = json!({ "startedBy": "me" });
        input
            .as_object_mut()
            .unwrap()
            .extend(other.as_object().unwrap().clone());
        assert_eq!(refused(&world, "ListTasks", input).await.0, INVALID, "{other}");
    }
    let input = json!({ "startedBy": "me", "desiredStatus": "RUNNING" });
    assert_eq!(world.ecs("ListTasks", input).await.ok()["taskArns"], json!([]));
    let input = json!({ "targetType": "container-instance", "attributeValue": "a" });
    assert_eq!(refused(&world, "ListAttributes", input).await.0, INVALID);
}

#[tokio::test]
async fn families_are_listed_whether_or_not_they_have_an_active_definition() {
    let world = World::new();
    for family in ["gone", "here"] {
        let made = definition(family, json!([container("main")]));
        world.ecs("RegisterTaskDefinition", made).await.ok();
    }
    let gone = json!({ "taskDefinition": "gone:1" });
    world.ecs("DeregisterTaskDefinition", gone).await.ok();
    for (status, wanted) in [
        (Value::Null, json!(["gone", "here"])),
        (json!("ALL"), json!(["gone", "here"])),
        (json!("ACTIVE"), json!(["here"])),
        (json!("INACTIVE"), json!(["gone"])),
    ] {
        let mut input = json!({});
        if !status.is_null() {
            input["status"] = status.clone();
        }
        let answer = world.ecs("ListTaskDefinitionFamilies", input).await.ok();
        assert_eq!(answer["families"], wanted, "{status}");
    }
}

#[tokio::test]
async fn too_many_names_in_one_call_are_refused() {
    let world = World::new();
    world.ecs("CreateCluster", json!({})).await.ok();
    let names = |count: usize| -> Vec<String> { (0..count).map(|n| format!("n{n}")).collect() };
    said(
        &world,
        "DescribeServices",
        json!({ "services": names(11) }),
        "service names can have at most 10 items.",
    )
    .await;
    said(
        &world,
        "DescribeContainerInstances",
        json!({ "containerInstances": names(101) }),
        "instanceIds can have at most 100 items.",
    )
    .await;
    for (operation, input) in [
        ("DescribeTasks", json!({ "tasks": names(101) })),
        ("DescribeClusters", json!({ "clusters": names(101) })),
        ("DescribeCapacityProviders", json!({ "capacityProviders": names(101) })),
        (
            "UpdateContainerInstancesState",
            json!({ "containerInstances": names(11), "status": "DRAINING" }),
        ),
        (
            "UpdateTaskProtection",
            json!({ "cluster": "default", "tasks": names(11), "protectionEnabled": true }),
        ),
    ] {
        assert_eq!(refused(&world, operation, input).await.0, INVALID, "{operation}");
    }
}

#[tokio::test]
async fn a_definition_of_another_place_is_not_found() {
    let stage = Stage::new().await;
    let elsewhere = "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:1";
    let world = &stage.world;
    let found = |(code, text): (String, String)| {
        assert_eq!(
            (code.as_str(), text.as_str()),
            ("ClientException", "TaskDefinition not found.")
        );
    };
    found(refused(world, "RunTask", task(&stage, &json!({ "taskDefinition": elsewhere }))).await);
    found(stage.refused(0, json!({ "taskDefinition": elsewhere })).await);
    let (code, text) = refused(world, "DescribeTaskDefinition", json!({ "taskDefinition": elsewhere })).await;
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("ClientException", "Unable to describe task definition.")
    );
}

#[tokio::test]
async fn without_cloud_map_no_namespace_exists() {
    let world = World::new();
    let (code, _) = refused(&world, "ListServicesByNamespace", json!({ "namespace": "internal" })).await;
    assert_eq!(code, "NamespaceNotFoundException");
    let input = json!({ "namespace": "internal", "maxResults": 101 });
    said(
        &world,
        "ListServicesByNamespace",
        input,
        "Max results can not be greater than 100",
    )
    .await;
}

#[tokio::test]
async fn an_agent_has_no_update() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let update = |arn: &str| json!({ "cluster": "demo", "containerInstance": arn });
    let connected = world.instance(1000, 1000, "us-east-1a").await;
    let (code, _) = refused(&world, "UpdateContainerAgent", update(&connected)).await;
    assert_eq!(code, "NoUpdateAvailableException");
    world.connect(&connected, false).await;
    let (code, _) = refused(&world, "UpdateContainerAgent", update(&connected)).await;
    assert_eq!(code, "ClientException");
    let silent = world
        .ecs("RegisterContainerInstance", json!({ "cluster": "demo" }))
        .await
        .ok();
    let silent = silent["containerInstance"]["containerInstanceArn"].as_str().unwrap();
    let (code, _) = refused(&world, "UpdateContainerAgent", update(silent)).await;
    assert_eq!(code, "MissingVersionException");
    let (code, _) = refused(
        &world,
        "UpdateContainerAgent",
        update("0123456789abcdef0123456789abcdef"),
    )
    .await;
    assert_eq!(code, INVALID);
}
