//! LookupEvents: shapes of events, what can be looked up, and pages.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, Keys, World, text};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}"#;

fn record(event: &Value) -> Value {
    serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_users_call_is_recorded_as_recorded_of_aws() {
    let world = World::new();
    let ann = world.admin("ann").await;
    let (_, made) = world
        .query(
            &ann,
            "iam",
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST)],
        )
        .await;
    let events = world.events("EventName", "CreateRole").await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&event["Username"], &event["ReadOnly"], &event["EventSource"]),
        (&json!("ann"), &json!("false"), &json!("iam.amazonaws.com"))
    );
    assert_eq!(event["AccessKeyId"], json!(ann.id));
    assert_eq!(
        event["Resources"],
        json!([{"ResourceType": "AWS::IAM::Role", "ResourceName": "r"}])
    );
    let told = record(event);
    assert_eq!(told["eventVersion"], "1.11");
    assert_eq!(told["eventTime"], "2026-11-24T06:00:00Z");
    assert_eq!(
        (&told["awsRegion"], &told["sourceIPAddress"], &told["userAgent"]),
        (&json!("us-east-1"), &json!("127.0.0.1"), &json!("tests/1.0"))
    );
    assert_eq!(told["requestID"], json!(text(&made, "RequestId")));
    assert_eq!(told["eventID"], event["EventId"]);
    assert_eq!(
        (&told["eventType"], &told["managementEvent"], &told["eventCategory"]),
        (&json!("AwsApiCall"), &json!(true), &json!("Management"))
    );
    assert_eq!(told["recipientAccountId"], ACCOUNT);
    assert_eq!(told["requestParameters"]["roleName"], "r");
    assert_eq!(
        told["responseElements"]["role"]["arn"],
        "arn:aws:iam::123456789012:role/r"
    );
    let identity = &told["userIdentity"];
    assert_eq!(
        (&identity["type"], &identity["userName"], &identity["accessKeyId"]),
        (&json!("IAMUser"), &json!("ann"), &json!(ann.id))
    );
    assert_eq!(identity["arn"], "arn:aws:iam::123456789012:user/ann");
    assert!(identity["principalId"].as_str().unwrap().starts_with("AIDA"));
    assert!(identity.get("invokedBy").is_none() && identity.get("sessionContext").is_none());
    assert!(told.get("errorCode").is_none());
}

#[tokio::test]
async fn a_role_sessions_call_names_its_issuer() {
    let world = World::new();
    let ann = world.admin("ann").await;
    world
        .query(
            &ann,
            "iam",
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST)],
        )
        .await;
    let input = [
        ("RoleArn", "arn:aws:iam::123456789012:role/r"),
        ("RoleSessionName", "work"),
    ];
    let (_, made) = world.query(&ann, "sts", "AssumeRole", &input).await;
    let session = Keys {
        id: text(&made, "AccessKeyId"),
        secret: text(&made, "SecretAccessKey"),
        token: Some(text(&made, "SessionToken")),
    };
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(
        world
            .query(&session, "iam", "DeleteRole", &[("RoleName", "other")])
            .await
            .0,
        403
    );
    let events = world.events("Username", "work").await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    let told = record(event);
    let identity = &told["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    assert_eq!(identity["arn"], "arn:aws:sts::123456789012:assumed-role/r/work");
    let issuer = &identity["sessionContext"]["sessionIssuer"];
    assert_eq!(
        (&issuer["type"], &issuer["userName"], &issuer["arn"]),
        (&json!("Role"), &json!("r"), &json!("arn:aws:iam::123456789012:role/r"))
    );
    assert_eq!(
        identity["sessionContext"]["attributes"],
        json!({"creationDate": "2026-11-24T06:00:00Z", "mfaAuthenticated": "false"})
    );
    assert_eq!(
        (
            &told["errorCode"],
            &told["requestParameters"],
            &told["responseElements"]
        ),
        (&json!("AccessDenied"), &Value::Null, &Value::Null)
    );
    assert!(told["errorMessage"].as_str().unwrap().contains("iam:DeleteRole"));
    let assumed = world.events("EventName", "AssumeRole").await;
    assert_eq!(
        assumed[0]["Resources"][0]["ResourceName"],
        "arn:aws:iam::123456789012:role/r"
    );
    let told = record(&assumed[0]);
    assert_ne!(
        told["responseElements"]["credentials"]["secretAccessKey"],
        json!(session.secret)
    );
}

#[tokio::test]
async fn a_name_already_taken_is_recorded_under_the_models_code() {
    let world = World::new();
    let ecs = [("AWSServiceName", "ecs.amazonaws.com")];
    world.query(&world.root, "iam", "CreateServiceLinkedRole", &ecs).await;
    world.query(&world.root, "iam", "CreateServiceLinkedRole", &ecs).await;
    let events = world.events("EventName", "CreateServiceLinkedRole").await;
    assert_eq!(events.len(), 2);
    let (failed, made) = (record(&events[0]), record(&events[1]));
    assert_eq!(failed["errorCode"], "InvalidInputException");
    assert_eq!(
        failed["requestParameters"],
        json!({"aWSServiceName": "ecs.amazonaws.com"})
    );
    assert_eq!(failed["responseElements"], Value::Null);
    let role = &made["responseElements"]["role"];
    assert_eq!(role["roleName"], "AWSServiceRoleForECS");
    assert!(
        role["assumeRolePolicyDocument"]
            .as_str()
            .unwrap()
            .starts_with("%7B%22Version%22%3A%20")
    );
    assert_eq!(made["userIdentity"]["type"], "Root");
}

#[tokio::test]
async fn every_attribute_finds_its_events() {
    let world = World::new();
    let ann = world.admin("ann").await;
    world.query(&ann, "iam", "ListRoles", &[]).await;
    world
        .query(
            &ann,
            "iam",
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST)],
        )
        .await;
    let made = world.events("EventName", "CreateRole").await;
    let id = made[0]["EventId"].as_str().unwrap().to_owned();
    let names = |events: &[Value]| {
        events
            .iter()
            .map(|event| event["EventName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&world.events("EventId", &id).await), ["CreateRole"]);
    assert_eq!(
        names(&world.events("Username", "ann").await),
        ["CreateRole", "ListRoles"]
    );
    assert_eq!(
        names(&world.events("AccessKeyId", &ann.id).await),
        ["CreateRole", "ListRoles"]
    );
    assert_eq!(
        names(&world.events("ResourceType", "AWS::IAM::Role").await),
        ["CreateRole"]
    );
    assert_eq!(names(&world.events("ResourceName", "r").await), ["CreateRole"]);
    assert!(names(&world.events("ReadOnly", "true").await).contains(&"ListRoles".to_owned()));
    assert!(!names(&world.events("ReadOnly", "false").await).contains(&"ListRoles".to_owned()));
    assert!(names(&world.events("EventSource", "iam.amazonaws.com").await).contains(&"CreateUser".to_owned()));
    assert!(world.events("EventSource", "ecs.amazonaws.com").await.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let world = World::new();
    for at in 0..7 {
        world
            .query(&world.root, "iam", "CreateUser", &[("UserName", &format!("u{at}"))])
            .await;
    }
    let mut input =
        json!({"MaxResults": 3, "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]});
    let mut seen = Vec::new();
    loop {
        let page = world.ok("LookupEvents", input.clone()).await;
        seen.extend(page["Events"].as_array().unwrap().iter().map(|event| {
            record(event)["requestParameters"]["userName"]
                .as_str()
                .unwrap()
                .to_owned()
        }));
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(seen, ["u6", "u5", "u4", "u3", "u2", "u1", "u0"]);
    input["LookupAttributes"][0]["AttributeValue"] = json!("DeleteUser");
    let (status, body) = world.trail(&world.root, "us-east-1", "LookupEvents", input).await;
    assert_eq!(
        (status, body["__type"].as_str()),
        (400, Some("InvalidNextTokenException"))
    );
}

#[tokio::test]
async fn events_belong_to_a_region_and_a_time() {
    let world = World::new();
    world
        .query(&world.root, "iam", "CreateUser", &[("UserName", "u")])
        .await;
    let lookup = |region: &'static str, input: Value| {
        let world = &world;
        async move {
            let (status, body) = world.trail(&world.root, region, "LookupEvents", input).await;
            assert_eq!(status, 200, "{body}");
            body["Events"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|event| event["EventName"] == "CreateUser")
                .count()
        }
    };
    assert_eq!(lookup("us-east-1", json!({})).await, 1);
    assert_eq!(lookup("eu-west-1", json!({})).await, 0);
    assert_eq!(lookup("us-east-1", json!({"StartTime": 1_795_500_001})).await, 0);
    assert_eq!(lookup("us-east-1", json!({"EndTime": 1_795_499_999})).await, 0);
    assert_eq!(
        lookup(
            "us-east-1",
            json!({"StartTime": 1_795_499_999, "EndTime": 1_795_500_001})
        )
        .await,
        1
    );
    let backwards = json!({"StartTime": 2, "EndTime": 1});
    let (status, body) = world.trail(&world.root, "us-east-1", "LookupEvents", backwards).await;
    assert_eq!(
        (status, body["__type"].as_str()),
        (400, Some("InvalidTimeRangeException"))
    );
    world.clock.advance(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(lookup("us-east-1", json!({})).await, 0);
}
