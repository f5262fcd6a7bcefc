//! Task definitions: registered, described, listed, deregistered, deleted.

use serde_json::{Value, json};

use crate::world::{World, container, container_with, definition};

#[tokio::test]
async fn a_registered_definition_shows_the_recorded_defaults() {
    let world = World::new();
    let made = world
        .ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
        .await
        .ok();
    let made = &made["taskDefinition"];
    assert_eq!(
        made["taskDefinitionArn"],
        "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"
    );
    assert_eq!(made["status"], "ACTIVE");
    assert_eq!(made["registeredBy"], "arn:aws:iam::000000000000:root");
    assert_eq!(made["compatibilities"], json!(["EC2", "FARGATE", "MANAGED_INSTANCES"]));
    assert_eq!(
        (&made["volumes"], &made["placementConstraints"]),
        (&json!([]), &json!([]))
    );
    let names: Vec<&str> = made["requiresAttributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "com.amazonaws.ecs.capability.docker-remote-api.1.18",
            "ecs.capability.task-eni"
        ]
    );
    assert_eq!(
        made["containerDefinitions"],
        json!([{
            "name": "main", "image": "simulated/run", "cpu": 0, "essential": true, "environment": [], "mountPoints": [],
            "portMappings": [], "systemControls": [], "volumesFrom": []
        }])
    );
}

#[tokio::test]
async fn tags_come_back_in_the_order_in_which_they_were_given() {
    let world = World::new();
    let tags = json!([{ "key": "z", "value": "1" }, { "key": "a", "value": "2" }, { "key": "m", "value": "" }]);
    let mut wanted = definition("web", json!([container("main")]));
    wanted["tags"] = tags.clone();
    assert_eq!(world.ecs("RegisterTaskDefinition", wanted).await.ok()["tags"], tags);
    let cluster = json!({ "clusterName": "demo", "tags": tags });
    assert_eq!(world.ecs("CreateCluster", cluster).await.ok()["cluster"]["tags"], tags);
    let service = json!({
        "cluster": "demo", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0, "tags": tags,
        "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [world.subnet().await] } }
    });
    assert_eq!(world.ecs("CreateService", service).await.ok()["service"]["tags"], tags);
}

#[tokio::test]
async fn pages_of_definitions_end_with_the_recorded_token() {
    let world = World::new();
    for _ in 0..3 {
        world
            .ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
            .await
            .ok();
    }
    let list = async |more: Value| {
        let mut input = json!({ "familyPrefix": "web", "maxResults": 2 });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.ecs("ListTaskDefinitions", input).await
    };
    let arn = |revision: i64| {
        json!(format!(
            "arn:aws:ecs:us-east-1:000000000000:task-definition/web:{revision}"
        ))
    };
    let first = list(json!({})).await.ok();
    assert_eq!(
        (&first["taskDefinitionArns"], &first["nextToken"]),
        (&json!([arn(1), arn(2)]), &json!("web::0000000002"))
    );
    let second = list(json!({ "nextToken": "web::0000000002" })).await.ok();
    assert_eq!(
        (&second["taskDefinitionArns"], second.get("nextToken")),
        (&json!([arn(3)]), None)
    );
    let down = list(json!({ "sort": "DESC" })).await.ok();
    assert_eq!(
        (&down["taskDefinitionArns"], &down["nextToken"]),
        (&json!([arn(3), arn(2)]), &json!("web::0000000002"))
    );
    // What the token names may have left the list meanwhile.
    world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:2" }))
        .await
        .ok();
    let rest = list(json!({ "sort": "DESC", "nextToken": "web::0000000002" }))
        .await
        .ok();
    assert_eq!(rest["taskDefinitionArns"], json!([arn(1)]));
    let altered = list(json!({ "nextToken": "web:2" })).await.error();
    assert_eq!(altered.0, "InvalidParameterException");
}

#[tokio::test]
async fn revisions_grow_by_one_and_are_never_used_again() {
    let world = World::new();
    let register = || world.ecs("RegisterTaskDefinition", definition("web", json!([container("main")])));
    for revision in 1..=3 {
        assert_eq!(register().await.ok()["taskDefinition"]["revision"], revision);
    }
    world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:3" }))
        .await
        .ok();
    world
        .ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:3"] }))
        .await
        .ok();
    assert_eq!(register().await.ok()["taskDefinition"]["revision"], 4);
}

#[tokio::test]
async fn a_family_means_its_newest_active_revision() {
    let world = World::new();
    for _ in 0..3 {
        world
            .ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
            .await
            .ok();
    }
    world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:3" }))
        .await
        .ok();
    let found = world
        .ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" }))
        .await
        .ok();
    assert_eq!(found["taskDefinition"]["revision"], 2);
    for revision in [1, 2] {
        let named = format!("web:{revision}");
        world
            .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": named }))
            .await
            .ok();
    }
    let error = world
        .ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" }))
        .await
        .error();
    assert_eq!(
        error,
        ("ClientException".into(), "Unable to describe task definition.".into())
    );
}

#[tokio::test]
async fn the_life_of_a_revision_ends_in_two_steps() {
    let world = World::new();
    let tags = json!([{ "key": "a", "value": "b" }]);
    let mut wanted = definition("web", json!([container("main")]));
    wanted["tags"] = tags.clone();
    let made = world.ecs("RegisterTaskDefinition", wanted).await.ok();
    assert_eq!(made["tags"], tags);
    let deleted = world
        .ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:1"] }))
        .await
        .ok();
    assert_eq!(
        deleted["taskDefinitions"],
        json!([]),
        "an active revision is not deleted"
    );
    assert_eq!(
        deleted["failures"],
        json!([{
            "arn": "web:1",
            "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
        }])
    );
    let gone = world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }))
        .await
        .ok();
    assert_eq!(gone["taskDefinition"]["status"], "INACTIVE");
    assert_eq!(gone["taskDefinition"].get("deregisteredAt"), None);
    let described = world
        .ecs(
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "web:1", "include": ["TAGS"] }),
        )
        .await
        .ok();
    assert_eq!(described["tags"], tags);
    assert!(described["taskDefinition"]["deregisteredAt"].is_number());
    let deleted = world
        .ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:1"] }))
        .await
        .ok();
    assert_eq!(deleted["failures"], json!([]));
    assert_eq!(deleted["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
}

#[tokio::test]
async fn a_definition_that_is_not_named_rightly_is_refused_in_awss_words() {
    let world = World::new();
    let deleted = world
        .ecs(
            "DeleteTaskDefinitions",
            json!({ "taskDefinitions": ["nope:1", "nope"] }),
        )
        .await
        .ok();
    assert_eq!(
        deleted["failures"],
        json!([
            {
                "arn": "nope:1",
                "reason": "The specified task definition does not exist. Specify a valid account, family, revision and try again."
            },
            {
                "arn": "nope",
                "reason": "The specified task definition identifier is invalid. Specify a valid name or ARN and try again."
            }
        ])
    );
    let refused = [
        (
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "m1:bad" }),
            "InvalidParameterException",
            "Invalid task definition: Invalid revision number.",
        ),
        (
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "nope", "include": ["BOGUS"] }),
            "ClientException",
            "BOGUS is not a valid value for include. The value must be one of [[TAGS]]",
        ),
        (
            "DeregisterTaskDefinition",
            json!({ "taskDefinition": "m1" }),
            "InvalidParameterException",
            "Revision is missing",
        ),
    ];
    for (operation, input, code, message) in refused {
        let error = world.ecs(operation, input).await.error();
        assert_eq!(error, (code.to_owned(), message.to_owned()), "{operation}");
    }
    for (platform, message) in [
        (json!({ "cpuArchitecture": "BOGUS" }), "Invalid CPU architecture"),
        (
            json!({ "operatingSystemFamily": "BOGUS" }),
            "Tasks using the Fargate launch type are not supported on operating system family BOGUS",
        ),
    ] {
        let mut wanted = definition("web", json!([container("main")]));
        wanted["runtimePlatform"] = platform;
        let error = world.ecs("RegisterTaskDefinition", wanted).await.error();
        assert_eq!(error, ("ClientException".to_owned(), message.to_owned()));
    }
}

#[tokio::test]
async fn references_lists_are_limited_in_awss_words() {
    let world = World::new();
    let delete = |list: Value| world.ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": list }));
    let eleven: Vec<String> = (1..=11).map(|n| format!("web:{n}")).collect();
    let (code, message) = delete(json!(eleven)).await.error();
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "InvalidParameterException",
            "Size of TaskDefinition references list cannot exceed 10"
        )
    );
    let (_, message) = delete(json!([])).await.error();
    assert_eq!(message, "Size of TaskDefinition references list must be greater than 0");
}

#[tokio::test]
async fn definitions_and_families_are_listed_by_status_and_prefix() {
    let world = World::new();
    for family in ["api", "web", "web", "worker"] {
        world
            .ecs("RegisterTaskDefinition", definition(family, json!([container("main")])))
            .await
            .ok();
    }
    world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "api:1" }))
        .await
        .ok();
    let list = |input: Value| world.ecs("ListTaskDefinitions", input);
    let ends = |answer: Value| -> Vec<String> {
        let arns = answer["taskDefinitionArns"].as_array().unwrap().clone();
        arns.iter()
            .map(|arn| arn.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ends(list(json!({})).await.ok()), ["web:1", "web:2", "worker:1"]);
    assert_eq!(
        ends(list(json!({ "familyPrefix": "web", "sort": "DESC" })).await.ok()),
        ["web:2", "web:1"]
    );
    assert_eq!(ends(list(json!({ "status": "INACTIVE" })).await.ok()), ["api:1"]);
    let families = |input: Value| world.ecs("ListTaskDefinitionFamilies", input);
    assert_eq!(
        families(json!({ "familyPrefix": "w" })).await.ok()["families"],
        json!(["web", "worker"])
    );
    assert_eq!(
        families(json!({ "status": "INACTIVE" })).await.ok()["families"],
        json!(["api"])
    );
    assert_eq!(
        families(json!({ "status": "ALL" })).await.ok()["families"],
        json!(["api", "web", "worker"])
    );
}

#[tokio::test]
async fn roles_in_a_definition_need_pass_role() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    let mut wanted = definition("web", json!([container("main")]));
    wanted["taskRoleArn"] = json!("arn:aws:iam::000000000000:role/app");
    let (code, message) = world.acting(keys).ecs("RegisterTaskDefinition", wanted).await.error();
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/app"),
        "{message}"
    );
}

#[tokio::test]
async fn environment_values_do_not_reach_the_audit_trail() {
    let world = World::new();
    let secret = container_with(
        "main",
        json!({ "environment": [{ "name": "TOKEN", "value": "hunter2" }] }),
    );
    world
        .ecs("RegisterTaskDefinition", definition("web", json!([secret])))
        .await
        .ok();
    let records = world
        .installation
        .kernel
        .audit()
        .recent(1, |r| r.operation == "RegisterTaskDefinition")
        .unwrap();
    let text = serde_json::to_string(&records[0]).unwrap();
    assert!(
        text.contains("HIDDEN_DUE_TO_SECURITY_REASONS") && !text.contains("hunter2"),
        "{text}"
    );
}

#[tokio::test]
async fn revisions_registered_at_the_same_time_are_all_different_and_without_gap() {
    let world = World::new();
    let register = || async {
        let made = world
            .ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
            .await
            .ok();
        made["taskDefinition"]["revision"].as_i64().unwrap()
    };
    let all = futures_util::future::join_all((0..50).map(|_| register())).await;
    let mut sorted = all.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=50).collect::<Vec<i64>>());
    let newest = world
        .ecs("DescribeTaskDefinition", json!({ "taskDefinition": "web" }))
        .await
        .ok();
    assert_eq!(newest["taskDefinition"]["revision"], 50);
}
