//! What calls asked for and what they were answered, as recorded of AWS.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World, members, record};

/// A world with a cluster and a definition `web` of one container, and the first subnet.
async fn with_definition(container: Value) -> (World, String) {
    let world = World::new();
    world
        .ecs(
            &world.root,
            "us-east-1",
            "CreateCluster",
            json!({"clusterName": "demo"}),
        )
        .await
        .ok();
    let definition = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "containerDefinitions": [container],
    });
    world
        .ecs(&world.root, "us-east-1", "RegisterTaskDefinition", definition)
        .await
        .ok();
    let subnet = world
        .form(&world.root, "ec2", "DescribeSubnets", &[])
        .await
        .text("subnetId");
    (world, subnet)
}

#[tokio::test]
async fn the_interface_of_a_task_is_made_and_deleted_by_ecss_role() {
    let (world, subnet) = with_definition(json!({"name": "main", "image": "simulated/run"})).await;
    let group = world
        .form(&world.root, "ec2", "DescribeSecurityGroups", &[])
        .await
        .text("groupId");
    let run = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
    });
    let task = world.ecs(&world.root, "us-east-1", "RunTask", run).await.ok()["tasks"][0]["taskArn"].clone();
    world.pass(60).await;
    let (event, told) = world.event("CreateNetworkInterface").await;
    let identity = &told["userIdentity"];
    let issuer = &identity["sessionContext"]["sessionIssuer"];
    assert_eq!(
        *issuer,
        json!({
            "type": "Role", "principalId": issuer["principalId"], "accountId": ACCOUNT,
            "arn": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
            "userName": "AWSServiceRoleForECS",
        })
    );
    assert_eq!(
        (&identity["type"], &identity["arn"], &identity["principalId"]),
        (
            &json!("AssumedRole"),
            &json!(format!(
                "arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForECS/ecs-eni-provisioning"
            )),
            &json!(format!(
                "{}:ecs-eni-provisioning",
                issuer["principalId"].as_str().unwrap()
            ))
        )
    );
    assert_eq!(identity["sessionContext"]["attributes"]["mfaAuthenticated"], "false");
    for value in [&identity["invokedBy"], &told["sourceIPAddress"], &told["userAgent"]] {
        assert_eq!(value, "ecs.amazonaws.com");
    }
    assert_eq!(
        (&told["eventSource"], told.get("tlsDetails")),
        (&json!("ec2.amazonaws.com"), None)
    );
    assert_eq!(event["Username"], "ecs-eni-provisioning");
    let asked = &told["requestParameters"];
    assert_eq!(
        members(asked),
        [
            "clientToken",
            "description",
            "groupSet",
            "privateIpAddressesSet",
            "subnetId"
        ]
    );
    assert_eq!(asked["groupSet"], json!({"items": [{"groupId": group}]}));
    assert_eq!(
        (&asked["subnetId"], &asked["privateIpAddressesSet"]),
        (&json!(subnet), &json!({}))
    );
    let id = task.as_str().unwrap().rsplit('/').next().unwrap();
    let attachment = asked["description"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .replace('-', "");
    assert_eq!(asked["clientToken"], json!(format!("{id}{attachment}")));
    let answered = &told["responseElements"];
    assert_eq!(members(answered), ["networkInterface", "requestId"]);
    assert_eq!(answered["requestId"], told["requestID"]);
    let made = &answered["networkInterface"];
    assert_eq!(made["status"], "pending");
    assert_eq!(
        made["groupSet"],
        json!({"items": [{"groupId": group, "groupName": "default"}]})
    );
    let address = &made["privateIpAddress"];
    let addresses = made["privateIpAddressesSet"]["item"].as_array().unwrap();
    assert_eq!(
        (
            addresses.len(),
            &addresses[0]["privateIpAddress"],
            &addresses[0]["primary"]
        ),
        (1, address, &json!(true))
    );
    assert_eq!((&made["ipv6AddressesSet"], &made["tagSet"]), (&json!({}), &json!({})));
    // Found by the interface that it made.
    let eni = made["networkInterfaceId"].as_str().unwrap();
    let stop = json!({"cluster": "demo", "task": task});
    world.ecs(&world.root, "us-east-1", "StopTask", stop).await.ok();
    world.pass(120).await;
    let of_eni = world.events("ResourceName", eni).await;
    let mut names: Vec<_> = of_eni
        .iter()
        .map(|event| event["EventName"].as_str().unwrap())
        .collect();
    names.retain(|name| *name != "CreateTags");
    assert_eq!(names, ["DeleteNetworkInterface", "CreateNetworkInterface"]);
    let deleted = record(&world.event("DeleteNetworkInterface").await.0);
    assert_eq!(deleted["requestParameters"], json!({"networkInterfaceId": eni}));
    assert_eq!(
        deleted["responseElements"],
        json!({"requestId": deleted["requestID"], "_return": true})
    );
    let session = |told: &Value| told["userIdentity"]["sessionContext"]["attributes"]["creationDate"].clone();
    assert_ne!(
        session(&deleted),
        session(&told),
        "the deletion has a session of its own"
    );
}

#[tokio::test]
async fn what_ec2_refuses_is_told_with_a_prefix() {
    let world = World::new();
    let input = [("NetworkInterfaceId", "eni-00000000000000000")];
    let refused = world.form(&world.root, "ec2", "DeleteNetworkInterface", &input).await;
    let (_, told) = world.event("DeleteNetworkInterface").await;
    assert_eq!(told["errorCode"], format!("Client.{}", refused.text("Code")));
    assert_eq!(
        told["requestParameters"],
        json!({"networkInterfaceId": "eni-00000000000000000"})
    );
    assert_eq!(told["responseElements"], Value::Null);
}

#[tokio::test]
async fn environments_are_hidden_and_defaults_are_filled_in() {
    let environment = json!([{"name": "PASSWORD", "value": "secret"}]);
    let (world, subnet) =
        with_definition(json!({"name": "main", "image": "simulated/run", "environment": environment})).await;
    let (event, told) = world.event("RegisterTaskDefinition").await;
    let hidden = json!("HIDDEN_DUE_TO_SECURITY_REASONS");
    let asked = &told["requestParameters"];
    assert_eq!(asked["containerDefinitions"][0]["environment"], hidden);
    assert_eq!(
        (&asked["containerDefinitions"][0]["cpu"], &asked["dryrun"]),
        (&json!(0), &json!(false))
    );
    let made = &told["responseElements"]["taskDefinition"];
    assert_eq!(made["containerDefinitions"][0]["environment"], hidden);
    assert_eq!(
        event["Resources"],
        json!([{"ResourceType": "AWS::ECS::TaskDefinition", "ResourceName": made["taskDefinitionArn"]}])
    );
    world.pass(1).await;
    let run = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet]}},
        "overrides": {"containerOverrides": [{"name": "main", "environment": environment, "command": ["quiet"]}]},
    });
    world.ecs(&world.root, "us-east-1", "RunTask", run).await.ok();
    let (event, told) = world.event("RunTask").await;
    let asked = &told["requestParameters"];
    assert_eq!(
        (
            &asked["enableECSManagedTags"],
            &asked["enableExecuteCommand"],
            &asked["dryrun"]
        ),
        (&json!(false), &json!(false), &json!(false))
    );
    assert_eq!(asked["overrides"]["containerOverrides"][0]["environment"], hidden);
    assert_eq!(
        asked["overrides"]["containerOverrides"][0]["command"],
        json!(["***REDACTED***"])
    );
    assert_eq!(
        told["responseElements"]["tasks"][0]["createdAt"],
        "2026-11-24T06:00:01Z"
    );
    assert!(!event["CloudTrailEvent"].as_str().unwrap().contains("secret"));
}

#[tokio::test]
async fn a_task_of_an_unknown_definition_is_told_without_parameters() {
    let world = World::new();
    let cluster = json!({"clusterName": "demo"});
    world.ecs(&world.root, "us-east-1", "CreateCluster", cluster).await.ok();
    let run = json!({"cluster": "demo", "taskDefinition": "nothing"});
    world.ecs(&world.root, "us-east-1", "RunTask", run).await.refused();
    let (_, told) = world.event("RunTask").await;
    assert_eq!(
        (&told["errorCode"], &told["requestParameters"]),
        (&json!("ClientException"), &Value::Null)
    );
    let unknown = json!({"cluster": "nothing"});
    world
        .ecs(&world.root, "us-east-1", "DeleteCluster", unknown.clone())
        .await
        .refused();
    let (event, told) = world.event("DeleteCluster").await;
    assert_eq!(
        (&told["errorCode"], &told["errorMessage"], &told["requestParameters"]),
        (
            &json!("ClusterNotFoundException"),
            &json!("Cluster not found."),
            &unknown
        )
    );
    assert_eq!(
        event["Resources"],
        json!([{"ResourceType": "AWS::ECS::Cluster", "ResourceName": "nothing"}])
    );
}

#[tokio::test]
async fn a_denied_call_is_told_without_parameters_whatever_the_service_calls_it() {
    let world = World::new();
    let bob = world.user("bob").await;
    let code = world
        .ecs(&bob, "us-east-1", "CreateCluster", json!({"clusterName": "demo"}))
        .await
        .refused();
    assert_eq!(code, "AccessDeniedException");
    let (_, told) = world.event("CreateCluster").await;
    assert_eq!(
        (
            &told["errorCode"],
            &told["requestParameters"],
            &told["responseElements"]
        ),
        (&json!("AccessDenied"), &Value::Null, &Value::Null)
    );
    assert!(told["errorMessage"].as_str().unwrap().contains("ecs:CreateCluster"));
}

#[tokio::test]
async fn secrets_are_never_told() {
    let world = World::new();
    let ann = world.admin("ann").await;
    world.role(&ann, "r").await;
    let session = world.assume(&ann, "r", "work").await;
    let all = world.here("LookupEvents", json!({})).await.text;
    for secret in [&ann.secret, &session.secret] {
        assert!(!all.contains(secret.as_str()), "{secret} is told");
    }
    let (_, told) = world.event("CreateAccessKey").await;
    assert_eq!(
        members(&told["responseElements"]["accessKey"]),
        ["accessKeyId", "createDate", "status", "userName"]
    );
    let (event, told) = world.event("AssumeRole").await;
    let credentials = &told["responseElements"]["credentials"];
    assert_eq!(members(credentials), ["accessKeyId", "expiration", "sessionToken"]);
    assert_eq!(credentials["accessKeyId"], json!(session.id));
    assert_eq!(
        event["Resources"],
        json!([{"ResourceType": "AWS::IAM::Role", "ResourceName": format!("arn:aws:iam::{ACCOUNT}:role/r")}])
    );
}

#[tokio::test]
async fn values_of_parameters_are_hidden_and_those_of_secrets_left_out() {
    let (world, value) = (World::new(), "correct horse battery staple");
    let put = json!({"Name": "p", "Type": "String", "Value": value});
    world.kept("ssm", "PutParameter", put).await.ok();
    let (_, told) = world.event("PutParameter").await;
    let parameters = json!({"name": "p", "type": "String", "value": "HIDDEN_DUE_TO_SECURITY_REASONS"});
    assert_eq!(told["requestParameters"], parameters);
    assert_eq!(told["responseElements"], json!({"version": 1, "tier": "Standard"}));
    let made = json!({"Name": "s", "SecretString": value, "ClientRequestToken": "f".repeat(32)});
    world.kept("secretsmanager", "CreateSecret", made).await.ok();
    let put = json!({"SecretId": "s", "SecretBinary": "Y29ycmVjdCBob3JzZQ=="});
    world.kept("secretsmanager", "PutSecretValue", put).await.ok();
    let read = json!({"SecretId": "s"});
    world.kept("secretsmanager", "GetSecretValue", read.clone()).await.ok();
    let (_, told) = world.event("CreateSecret").await;
    let parameters = json!({"name": "s", "clientRequestToken": "f".repeat(32)});
    assert_eq!(
        (&told["requestParameters"], &told["responseElements"]),
        (&parameters, &json!(null))
    );
    for name in ["PutSecretValue", "GetSecretValue"] {
        let (_, told) = world.event(name).await;
        assert_eq!(told["requestParameters"], json!({"secretId": "s"}), "{name}");
    }
    let all = world.here("LookupEvents", json!({})).await.text;
    assert!(!all.contains("horse") && !all.contains("Y29ycmVjdCBob3JzZQ"));
}

#[tokio::test]
async fn reads_and_calls_without_a_result_are_told_without_one() {
    let world = World::new();
    world.role(&world.root, "r").await;
    world.form(&world.root, "iam", "ListRoles", &[]).await;
    world.form(&world.root, "iam", "DeleteRole", &[("RoleName", "r")]).await;
    let (_, read) = world.event("ListRoles").await;
    assert_eq!(
        (&read["readOnly"], &read["requestParameters"], &read["responseElements"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    let (_, deleted) = world.event("DeleteRole").await;
    assert_eq!(
        (&deleted["requestParameters"], &deleted["responseElements"]),
        (&json!({"roleName": "r"}), &Value::Null)
    );
}
