//! Who is told to have called: users, the root user, role sessions, and services on somebody's behalf.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, BEGIN, World, members};

#[tokio::test]
async fn a_users_call_is_told_as_aws_tells_it() {
    let world = World::new();
    let ann = world.admin("ann").await;
    let user = world.form(&ann, "iam", "GetUser", &[]).await;
    let made = world.role(&ann, "r").await;
    let (event, told) = world.event("CreateRole").await;
    let identity = json!({
        "type": "IAMUser", "principalId": user.text("UserId"), "arn": format!("arn:aws:iam::{ACCOUNT}:user/ann"),
        "accountId": ACCOUNT, "accessKeyId": ann.id, "userName": "ann",
    });
    assert_eq!(told["userIdentity"], identity);
    let mut rest = told.clone();
    for name in ["userIdentity", "requestParameters", "responseElements"] {
        rest.as_object_mut().unwrap().remove(name);
    }
    let wanted = json!({
        "eventVersion": "1.11", "eventTime": BEGIN, "eventSource": "iam.amazonaws.com", "eventName": "CreateRole",
        "awsRegion": "us-east-1", "sourceIPAddress": "127.0.0.1", "userAgent": "tests/1.0",
        "requestID": made.text("RequestId"), "eventID": event["EventId"], "readOnly": false,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    });
    assert_eq!(rest, wanted);
    assert_eq!(told["requestParameters"]["roleName"], "r");
    assert_eq!(
        told["responseElements"]["role"]["arn"],
        format!("arn:aws:iam::{ACCOUNT}:role/r")
    );
}

#[tokio::test]
async fn the_root_user_is_told_as_root() {
    let world = World::new();
    world.role(&world.root, "r").await;
    let (event, told) = world.event("CreateRole").await;
    let identity = json!({
        "type": "Root", "principalId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root"),
        "accountId": ACCOUNT, "accessKeyId": world.root.id,
    });
    assert_eq!(told["userIdentity"], identity);
    assert_eq!(event["Username"], "root");
    assert_eq!(world.events("Username", "root").await[0]["EventName"], "LookupEvents");
}

#[tokio::test]
async fn a_role_session_names_its_issuer_and_when_it_began() {
    let world = World::new();
    let ann = world.admin("ann").await;
    let role = world.role(&ann, "r").await;
    world.advance(Duration::from_millis(1700));
    let session = world.assume(&ann, "r", "work").await;
    world.advance(Duration::from_secs(5));
    let denied = world
        .form(&session, "iam", "DeleteRole", &[("RoleName", "other")])
        .await;
    assert_eq!(denied.status, 403);
    let events = world.events("Username", "work").await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    let told = crate::world::record(event);
    let id = role.text("RoleId");
    let identity = json!({
        "type": "AssumedRole", "principalId": format!("{id}:work"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/work"), "accountId": ACCOUNT,
        "accessKeyId": session.id,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": id, "arn": format!("arn:aws:iam::{ACCOUNT}:role/r"),
                "accountId": ACCOUNT, "userName": "r",
            },
            "attributes": {"creationDate": "2026-11-24T06:00:01Z", "mfaAuthenticated": "false"},
        },
    });
    assert_eq!(told["userIdentity"], identity);
    assert_eq!(told["eventTime"], "2026-11-24T06:00:06Z");
    assert_eq!(told["errorCode"], "AccessDenied");
    assert_eq!(told["errorMessage"], denied.text("Message").replace("&apos;", "'"));
    assert_eq!(
        (&told["requestParameters"], &told["responseElements"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_call_that_ecs_passes_on_is_the_callers_under_a_key_of_its_own() {
    let world = World::new();
    let ann = world.admin("ann").await;
    // Wherever the cluster is, IAM is in us-east-1.
    world
        .ecs(&ann, "eu-west-1", "CreateCluster", json!({"clusterName": "demo"}))
        .await
        .ok();
    let (event, told) = world.event("CreateServiceLinkedRole").await;
    let identity = &told["userIdentity"];
    assert_eq!(
        (&identity["type"], &identity["userName"], &identity["invokedBy"]),
        (&json!("IAMUser"), &json!("ann"), &json!("ecs.amazonaws.com"))
    );
    let key = identity["accessKeyId"].as_str().unwrap();
    assert!(key.starts_with("ASIA") && key != ann.id, "{key}");
    assert_eq!(
        (&told["sourceIPAddress"], &told["userAgent"]),
        (&json!("ecs.amazonaws.com"), &json!("ecs.amazonaws.com"))
    );
    assert_eq!(told["awsRegion"], "us-east-1");
    assert_eq!(
        told["requestParameters"],
        json!({
            "aWSServiceName": "ecs.amazonaws.com",
            "description": "Policy to enable Amazon ECS to manage your EC2 instances and related resources.",
        })
    );
    let role = &told["responseElements"]["role"];
    assert_eq!(members(&told["responseElements"]), ["role"]);
    assert_eq!(
        members(role),
        [
            "arn",
            "assumeRolePolicyDocument",
            "createDate",
            "path",
            "roleId",
            "roleName"
        ]
    );
    assert_eq!(
        (&role["roleName"], &role["createDate"]),
        (&json!("AWSServiceRoleForECS"), &json!(BEGIN))
    );
    assert!(
        role["assumeRolePolicyDocument"]
            .as_str()
            .unwrap()
            .starts_with("%7B%22Version%22%3A%20")
    );
    assert_eq!((&told["readOnly"], told.get("tlsDetails")), (&json!(false), None));
    assert_eq!(
        event["Resources"],
        json!([{"ResourceType": "AWS::IAM::Role", "ResourceName": "AWSServiceRoleForECS"}])
    );
    assert_eq!(world.events("ResourceName", "AWSServiceRoleForECS").await.len(), 1);
}

#[tokio::test]
async fn a_role_that_was_there_already_is_told_under_the_models_code() {
    let world = World::new();
    let ecs = [("AWSServiceName", "ecs.amazonaws.com")];
    for _ in 0..2 {
        world.form(&world.root, "iam", "CreateServiceLinkedRole", &ecs).await;
    }
    let events = world.events("EventName", "CreateServiceLinkedRole").await;
    let [failed, _] = events.as_slice() else {
        panic!("{events:?}")
    };
    let failed = crate::world::record(failed);
    assert_eq!(failed["errorCode"], "InvalidInputException");
    assert_eq!(
        failed["errorMessage"],
        "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix."
    );
    assert_eq!(
        failed["requestParameters"],
        json!({"aWSServiceName": "ecs.amazonaws.com"})
    );
    assert_eq!(failed["responseElements"], Value::Null);
}
