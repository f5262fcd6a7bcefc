//! Tasks: admitted, run, stopped, and described on the way.

use serde_json::{Value, json};

use crate::world::{World, between, container_with, definition};

fn eni(task: &Value) -> String {
    let details = task["attachments"][0]["details"].as_array().unwrap();
    details.iter().find(|d| d["name"] == "networkInterfaceId").unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn an_admitted_task_is_provisioning_with_a_planned_interface() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let task = world.run_task(&subnet, json!({})).await;
    assert_eq!(
        (&task["lastStatus"], &task["desiredStatus"]),
        (&json!("PROVISIONING"), &json!("RUNNING"))
    );
    assert_eq!((&task["version"], &task["group"]), (&json!(1), &json!("family:web")));
    assert_eq!(
        (&task["launchType"], &task["platformVersion"]),
        (&json!("FARGATE"), &json!("1.4.0"))
    );
    assert_eq!(task["ephemeralStorage"], json!({ "sizeInGiB": 20 }));
    assert_eq!(task["attachments"][0]["status"], "PRECREATED");
    assert_eq!(
        task["attachments"][0]["details"],
        json!([{ "name": "subnetId", "value": subnet }])
    );
    assert_eq!(task["containers"][0]["networkInterfaces"], json!([]));
    assert_eq!(
        task["overrides"],
        json!({ "containerOverrides": [{ "name": "main" }], "inferenceAcceleratorOverrides": [] })
    );
    assert_eq!(task.get("healthStatus"), None, "health is shown by DescribeTasks alone");
    assert_eq!(
        world.task(task["taskArn"].as_str().unwrap()).await["healthStatus"],
        "UNKNOWN"
    );
}

#[tokio::test]
async fn a_running_task_has_its_interface_and_ec2_shows_it_as_ecss() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let started = world.run_task(&subnet, json!({})).await;
    let arn = started["taskArn"].as_str().unwrap();
    world.pass(3).await;
    let task = world.task(arn).await;
    assert_eq!(task["lastStatus"], "RUNNING");
    assert_eq!(task["connectivity"], "CONNECTED");
    let attachment = &task["attachments"][0];
    assert_eq!(attachment["status"], "ATTACHED");
    assert_eq!(
        task["containers"][0]["networkInterfaces"][0]["attachmentId"],
        attachment["id"]
    );
    let shown = world
        .form(
            "ec2",
            "DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", &eni(&task))],
        )
        .await
        .text;
    let description = format!(
        "arn:aws:ecs:us-east-1:000000000000:attachment/{}",
        attachment["id"].as_str().unwrap()
    );
    assert_eq!(between(&shown, "<description>", "</description>"), description);
    assert_eq!(between(&shown, "<requesterManaged>", "</requesterManaged>"), "true");
    assert!(shown.contains("<status>in-use</status>"), "{shown}");
    for time in [
        "createdAt",
        "pullStartedAt",
        "pullStoppedAt",
        "startedAt",
        "connectivityAt",
    ] {
        assert!(task[time].is_number(), "{time}");
    }
}

#[tokio::test]
async fn a_stopped_task_goes_the_recorded_way_and_its_interface_is_gone() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let started = world.run_task(&subnet, json!({})).await;
    let arn = started["taskArn"].as_str().unwrap();
    world.pass(3).await;
    let interface = eni(&world.task(arn).await);
    let reply = world
        .ecs(
            "StopTask",
            json!({ "cluster": "demo", "task": arn, "reason": "enough" }),
        )
        .await
        .ok()["task"]
        .clone();
    assert_eq!(
        (&reply["lastStatus"], &reply["desiredStatus"]),
        (&json!("RUNNING"), &json!("STOPPED"))
    );
    assert_eq!(
        (&reply["stopCode"], &reply["stoppedReason"]),
        (&json!("UserInitiated"), &json!("enough"))
    );
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn, "reason": "again" }))
        .await
        .ok();
    world.pass(60).await;
    let task = world.task(arn).await;
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(task["stoppedReason"], "enough", "the first reason stays");
    assert_eq!(task["attachments"][0]["status"], "DELETED");
    assert_eq!(task["containers"][0]["lastStatus"], "STOPPED");
    assert!(task["containers"][0]["exitCode"].is_number());
    let gone = world
        .form(
            "ec2",
            "DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", &interface)],
        )
        .await;
    assert_eq!(
        between(&gone.text, "<Code>", "</Code>"),
        "InvalidNetworkInterfaceID.NotFound"
    );
    let order = [
        "createdAt",
        "startedAt",
        "stoppingAt",
        "executionStoppedAt",
        "stoppedAt",
    ];
    let times: Vec<f64> = order.iter().map(|time| task[*time].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{order:?} {times:?}");
    let again = world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok()["task"]
        .clone();
    assert_eq!((&again["containers"], &again["attachments"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn an_essential_container_that_ends_takes_the_task_with_it() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let main = container_with("main", json!({ "image": "simulated/exit:7-after-5" }));
    world
        .ecs("RegisterTaskDefinition", definition("web", json!([main])))
        .await
        .ok();
    let subnet = world.subnet().await;
    let started = world.run_task(&subnet, json!({})).await;
    world.pass(40).await;
    let task = world.task(started["taskArn"].as_str().unwrap()).await;
    assert_eq!(
        (&task["lastStatus"], &task["stopCode"]),
        (&json!("STOPPED"), &json!("EssentialContainerExited"))
    );
    assert_eq!(task["stoppedReason"], "Essential container in task exited");
    assert_eq!(task["containers"][0]["exitCode"], 7);
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_fails_the_task_with_the_agents_words() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let main = container_with("main", json!({ "image": "simulated/fail-pull:not-found" }));
    world
        .ecs("RegisterTaskDefinition", definition("web", json!([main])))
        .await
        .ok();
    let subnet = world.subnet().await;
    let started = world.run_task(&subnet, json!({})).await;
    world.pass(40).await;
    let task = world.task(started["taskArn"].as_str().unwrap()).await;
    assert_eq!(
        (&task["lastStatus"], &task["stopCode"]),
        (&json!("STOPPED"), &json!("TaskFailedToStart"))
    );
    assert!(
        task["stoppedReason"]
            .as_str()
            .unwrap()
            .starts_with("CannotPullContainerError: "),
        "{task}"
    );
    assert_eq!(task.get("startedAt"), None);
    assert_eq!(task["attachments"][0]["status"], "DELETED");
}

#[tokio::test]
async fn a_dependent_waits_and_never_starts_when_its_dependency_fails() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let init = container_with(
        "init",
        json!({ "image": "simulated/exit:7-after-3", "essential": false }),
    );
    let wait = json!({ "dependsOn": [{ "containerName": "init", "condition": "SUCCESS" }] });
    world
        .ecs(
            "RegisterTaskDefinition",
            definition("web", json!([init, container_with("main", wait)])),
        )
        .await
        .ok();
    let subnet = world.subnet().await;
    let started = world.run_task(&subnet, json!({})).await;
    let arn = started["taskArn"].as_str().unwrap();
    world.pass(1).await;
    assert_eq!(world.task(arn).await["lastStatus"], "PENDING");
    world.pass(60).await;
    let task = world.task(arn).await;
    assert_eq!(
        (&task["stopCode"], &task["stoppedReason"]),
        (&json!("TaskFailedToStart"), &json!("Task failed to start"))
    );
    let main = task["containers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["name"] == "main")
        .unwrap()
        .clone();
    assert_eq!((main.get("exitCode"), main.get("reason")), (None, None));
}

#[tokio::test]
async fn without_the_role_run_task_fails_with_awss_text() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": ["ecs:*", "ec2:*"], "Resource": "*" }]),
        )
        .await;
    let alice = world.acting(keys);
    let subnet = alice.cluster_and_definition().await;
    let input = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
    });
    let text = "Unable to assume the service linked role. Please verify that the ECS service linked role exists.";
    assert_eq!(
        alice.ecs("RunTask", input.clone()).await.error(),
        ("InvalidParameterException".into(), text.into())
    );
    world
        .form(
            "iam",
            "CreateServiceLinkedRole",
            &[("AWSServiceName", "ecs.amazonaws.com")],
        )
        .await;
    alice.ecs("RunTask", input).await.ok();
}

#[tokio::test]
async fn what_aws_refuses_of_run_task_is_refused_in_its_words() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let vpc = |more: Value| json!({ "awsvpcConfiguration": more });
    let check = async |input: Value, code: &str, message: &str| {
        let mut whole = json!({ "cluster": "demo", "taskDefinition": "web" });
        whole
            .as_object_mut()
            .unwrap()
            .extend(input.as_object().unwrap().clone());
        assert_eq!(
            world.ecs("RunTask", whole).await.error(),
            (code.to_owned(), message.to_owned())
        );
    };
    let invalid = "InvalidParameterException";
    check(
        json!({ "networkConfiguration": vpc(json!({ "subnets": [subnet], "assignPublicIp": "ENABLED" })) }),
        invalid,
        "Assign public IP is not supported for this launch type.",
    )
    .await;
    check(
        json!({ "launchType": "FARGATE" }),
        invalid,
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    )
    .await;
    check(
        json!({ "launchType": "FARGATE", "capacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] }),
        invalid,
        "You may choose a capacity provider or a launch type but not both.",
    )
    .await;
    check(
        json!({ "launchType": "FARGATE", "networkConfiguration": vpc(json!({ "subnets": ["subnet-00000000000000000"] })) }),
        invalid,
        "Error retrieving subnet information for [subnet-00000000000000000]: The subnet ID 'subnet-00000000000000000' \
         does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    )
    .await;
    let groups = json!({ "subnets": [subnet], "securityGroups": ["sg-00000000000000000"] });
    check(
        json!({ "launchType": "FARGATE", "networkConfiguration": vpc(groups) }),
        invalid,
        "Error retrieving security group information for [sg-00000000000000000]: Invalid id: \"sg-00000000000000000\" \
         (ErrorCode: InvalidGroupId.Malformed)",
    )
    .await;
    check(
        json!({}),
        invalid,
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    )
    .await;
    check(
        json!({ "networkConfiguration": vpc(json!({ "subnets": [subnet] })) }),
        invalid,
        "No Container Instances were found in your cluster.",
    )
    .await;
    let sized = |overrides: Value| {
        json!({
            "launchType": "FARGATE", "overrides": overrides,
            "networkConfiguration": vpc(json!({ "subnets": [subnet] }))
        })
    };
    for (member, message) in [
        (
            json!({ "placementConstraints": [{ "type": "distinctInstance" }] }),
            "Placement constraints are not supported with FARGATE launch type.",
        ),
        (
            json!({ "placementStrategy": [{ "type": "random" }] }),
            "Placement strategies are not supported with FARGATE launch type.",
        ),
        (
            json!({ "group": "service:web" }),
            "The group of a task that no service starts can't begin with 'service:'.",
        ),
        (json!({ "startedBy": "x".repeat(129) }), "startedBy longer than 128."),
    ] {
        let mut whole = sized(json!({}));
        whole
            .as_object_mut()
            .unwrap()
            .extend(member.as_object().unwrap().clone());
        check(whole, invalid, message).await;
    }
    check(
        sized(json!({ "memory": "8192" })),
        "ClientException",
        "No Fargate configuration exists for given values: 256 CPU, 8192 memory. See the Amazon ECS documentation for \
         the valid values.",
    )
    .await;
    world
        .run_task(&subnet, sized(json!({ "cpu": "1024", "memory": "2048" })))
        .await;
    for (more, code) in [
        (json!({ "platformVersion": "9.9.9" }), "PlatformUnknownException"),
        (json!({ "clientToken": "x".repeat(65) }), invalid),
    ] {
        let mut whole = sized(json!({}));
        whole["cluster"] = json!("demo");
        whole["taskDefinition"] = json!("web");
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(world.ecs("RunTask", whole).await.error().0, code);
    }
    for more in [
        json!({ "platformVersion": "1.3.0" }),
        json!({ "clientToken": "x".repeat(64) }),
    ] {
        world.run_task(&subnet, more).await;
    }
    world
        .ecs("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }))
        .await
        .ok();
    check(
        json!({ "taskDefinition": "web:1", "launchType": "FARGATE" }),
        invalid,
        "TaskDefinition is inactive",
    )
    .await;
    world
        .ecs("DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:1"] }))
        .await
        .ok();
    check(
        json!({ "taskDefinition": "web:1", "launchType": "FARGATE" }),
        invalid,
        "TaskDefinition is being deleted",
    )
    .await;
}

#[tokio::test]
async fn a_task_role_that_tasks_may_not_assume_is_refused() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let role = "arn:aws:iam::000000000000:role/app";
    let input = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE", "overrides": { "taskRoleArn": role },
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
    });
    let text = format!(
        "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being \
         passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
    );
    assert_eq!(
        world.ecs("RunTask", input.clone()).await.error(),
        ("ClientException".into(), text.clone())
    );
    let trust = |pattern: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": { "aws:SourceAccount": "000000000000" },
                "ArnLike": { "aws:SourceArn": format!("arn:aws:ecs:us-east-1:000000000000:{pattern}") }
            }
        }] })
        .to_string()
    };
    let pairs = [("RoleName", "app"), ("AssumeRolePolicyDocument", &trust("cluster/*"))];
    assert_eq!(world.form("iam", "CreateRole", &pairs).await.status, 200);
    assert_eq!(
        world.ecs("RunTask", input.clone()).await.error().1,
        text,
        "the trust policy names another resource"
    );
    let pairs = [("RoleName", "app"), ("PolicyDocument", &trust("task/*"))];
    assert_eq!(world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status, 200);
    world.ecs("RunTask", input).await.ok();
}

#[tokio::test]
async fn a_client_token_gives_the_same_task_and_refuses_another_request() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let first = world.run_task(&subnet, json!({ "clientToken": "once" })).await;
    let again = world.run_task(&subnet, json!({ "clientToken": "once" })).await;
    assert_eq!(first["taskArn"], again["taskArn"]);
    let mut other = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE", "count": 1, "clientToken": "once",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
    });
    let answer = world.ecs("RunTask", other.clone()).await;
    assert!(
        answer.text.contains(first["taskArn"].as_str().unwrap()),
        "resourceIds name the task: {}",
        answer.text
    );
    let text = "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use \
                with a different request.";
    assert_eq!(answer.error(), ("ConflictException".into(), text.into()));
    other["clientToken"] = json!("twice");
    assert_ne!(
        world.ecs("RunTask", other).await.ok()["tasks"][0]["taskArn"],
        first["taskArn"]
    );
}

#[tokio::test]
async fn tags_come_from_the_request_before_the_definition_and_reach_the_interface_when_managed() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let mut wanted = definition("web", json!([container_with("main", json!({}))]));
    wanted["tags"] = json!([{ "key": "team", "value": "red" }, { "key": "tier", "value": "web" }]);
    world.ecs("RegisterTaskDefinition", wanted).await.ok();
    let subnet = world.subnet().await;
    let more = json!({
        "propagateTags": "TASK_DEFINITION", "enableECSManagedTags": true, "tags": [{ "key": "team", "value": "blue" }]
    });
    let task = world.run_task(&subnet, more).await;
    let expected = json!([
        { "key": "aws:ecs:clusterName", "value": "demo" }, { "key": "team", "value": "blue" }, { "key": "tier", "value": "web" }
    ]);
    assert_eq!(task["tags"], expected);
    world.pass(3).await;
    let interface = eni(&world.task(task["taskArn"].as_str().unwrap()).await);
    let shown = world
        .form(
            "ec2",
            "DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", &interface)],
        )
        .await
        .text;
    for key in ["aws:ecs:clusterName", "team", "tier"] {
        assert!(shown.contains(&format!("<key>{key}</key>")), "{key}: {shown}");
    }
}

#[tokio::test]
async fn tasks_are_listed_by_what_they_shall_be() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let first = world.run_task(&subnet, json!({ "startedBy": "me" })).await;
    world.run_task(&subnet, json!({})).await;
    let list = async |more: Value| {
        let mut input = json!({ "cluster": "demo" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.ecs("ListTasks", input).await.ok()["taskArns"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(list(json!({})).await, 2);
    assert_eq!(list(json!({ "startedBy": "me" })).await, 1);
    assert_eq!(list(json!({ "family": "other" })).await, 0);
    assert_eq!(list(json!({ "desiredStatus": "PENDING" })).await, 0);
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": first["taskArn"] }))
        .await
        .ok();
    assert_eq!(list(json!({})).await, 1);
    assert_eq!(list(json!({ "desiredStatus": "STOPPED" })).await, 1);
}

#[tokio::test]
async fn a_stopped_task_is_forgotten_after_an_hour() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let started = world.run_task(&subnet, json!({})).await;
    let arn = started["taskArn"].as_str().unwrap().to_owned();
    world.pass(2).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    world.pass(60).await;
    let tags = world
        .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
        .await
        .error();
    assert_eq!(
        tags.1,
        "The specified task is stopped. Specify a running task and try again."
    );
    world.clock.advance(std::time::Duration::from_secs(3600));
    world.settle().await;
    let answer = world
        .ecs("DescribeTasks", json!({ "cluster": "demo", "tasks": [arn] }))
        .await
        .ok();
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
}

#[tokio::test]
async fn a_task_never_starts_without_what_its_definition_asks_for() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let subnet = world.subnet().await;
    for (what, asked) in [
        (
            "firelensConfiguration",
            json!({ "firelensConfiguration": { "type": "fluentbit" } }),
        ),
        ("credentialSpecs", json!({ "credentialSpecs": ["credentialspec:x"] })),
    ] {
        let containers = json!([container_with("main", asked)]);
        world
            .ecs("RegisterTaskDefinition", definition("web", containers))
            .await
            .ok();
        let started = world.run_task(&subnet, json!({})).await;
        world.pass(10).await;
        let task = world.task(started["taskArn"].as_str().unwrap()).await;
        assert_eq!(task["stopCode"], "TaskFailedToStart", "{what}");
        let reason = format!("ResourceInitializationError: {what} is not available");
        assert_eq!(task["stoppedReason"], json!(reason));
    }
}
