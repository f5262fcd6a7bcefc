//! What can be looked up, by whom, and in which pages.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, record};

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["EventName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn every_attribute_finds_its_events_and_no_others() {
    let world = World::new();
    let ann = world.admin("ann").await;
    world.form(&ann, "iam", "ListRoles", &[]).await;
    world.role(&ann, "r").await;
    world.ecs(&ann, "us-east-1", "CreateCluster", json!({})).await.ok();
    let (event, _) = world.event("CreateRole").await;
    let id = event["EventId"].as_str().unwrap();
    let by_service = ["CreateCluster", "CreateServiceLinkedRole"];
    let of_ann = ["CreateCluster", "CreateRole", "ListRoles"];
    let cases: [(&str, &str, &[&str]); 14] = [
        ("EventId", id, &["CreateRole"]),
        ("EventId", "CreateRole", &[]),
        ("EventName", "CreateRole", &["CreateRole"]),
        ("EventName", "createrole", &[]),
        (
            "Username",
            "ann",
            &["CreateCluster", "CreateServiceLinkedRole", "CreateRole", "ListRoles"],
        ),
        ("Username", "an", &[]),
        // What ECS passed on was called with another key.
        ("AccessKeyId", &ann.id, &of_ann),
        ("ResourceType", "AWS::ECS::Cluster", &["CreateCluster"]),
        ("ResourceName", "r", &["CreateRole"]),
        ("ResourceName", "default", &["CreateCluster"]),
        ("ResourceName", "AWSServiceRoleForECS", &["CreateServiceLinkedRole"]),
        ("EventSource", "ecs.amazonaws.com", &["CreateCluster"]),
        ("EventSource", "ecs", &[]),
        ("EventSource", "logs.amazonaws.com", &[]),
    ];
    for (key, value, wanted) in cases {
        assert_eq!(names(&world.events(key, value).await), wanted, "{key}={value}");
    }
    let reads = world.events("ReadOnly", "true").await;
    assert!(names(&reads).contains(&"ListRoles") && !names(&reads).contains(&"CreateRole"));
    let writes = world.events("ReadOnly", "false").await;
    assert!(by_service.iter().all(|name| names(&writes).contains(name)) && !names(&writes).contains(&"ListRoles"));
    let roles = world.events("ResourceType", "AWS::IAM::Role").await;
    assert_eq!(names(&roles), ["CreateServiceLinkedRole", "CreateRole"]);
}

#[tokio::test]
async fn an_event_has_the_members_of_aws() {
    let world = World::new();
    let ann = world.admin("ann").await;
    world.role(&ann, "r").await;
    let (event, told) = world.event("CreateRole").await;
    let wanted = json!({
        "EventId": told["eventID"], "EventName": "CreateRole", "ReadOnly": "false", "AccessKeyId": ann.id,
        "EventTime": 1_795_500_000, "EventSource": "iam.amazonaws.com", "Username": "ann",
        "Resources": [{"ResourceType": "AWS::IAM::Role", "ResourceName": "r"}],
        "CloudTrailEvent": event["CloudTrailEvent"],
    });
    assert_eq!(
        serde_json::from_str::<Value>(&event.to_string().replace("1795500000.0", "1795500000")).unwrap(),
        wanted
    );
    assert!(told.get("resources").is_none());
}

#[tokio::test]
async fn pages_follow_each_other_newest_first_while_calls_go_on() {
    let world = World::new();
    for at in 0..7 {
        world
            .form(&world.root, "iam", "CreateUser", &[("UserName", &format!("u{at}"))])
            .await;
        world.advance(Duration::from_secs(1));
    }
    let mut input =
        json!({"MaxResults": 3, "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]});
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = world.here("LookupEvents", input.clone()).await.ok();
        let events = page["Events"].as_array().unwrap();
        sizes.push(events.len());
        let name = |event| {
            record(event)["requestParameters"]["userName"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        seen.extend(events.iter().map(name));
        // New calls do not move what the token stands for.
        world
            .form(
                &world.root,
                "iam",
                "CreateUser",
                &[("UserName", &format!("new{}", sizes.len()))],
            )
            .await;
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(seen, ["u6", "u5", "u4", "u3", "u2", "u1", "u0"]);
    assert_eq!(sizes, [3, 3, 1]);
    // The same token gives the same page again.
    let again = world.here("LookupEvents", input.clone()).await.ok();
    assert_eq!(record(&again["Events"][0])["requestParameters"]["userName"], "u0");
}

#[tokio::test]
async fn a_token_belongs_to_the_lookup_it_was_made_for() {
    let world = World::new();
    for at in 0..3 {
        world
            .form(&world.root, "iam", "CreateUser", &[("UserName", &format!("u{at}"))])
            .await;
    }
    let by = |value: &str| json!([{"AttributeKey": "EventName", "AttributeValue": value}]);
    let first = world
        .here(
            "LookupEvents",
            json!({"MaxResults": 1, "LookupAttributes": by("CreateUser")}),
        )
        .await
        .ok();
    let token = &first["NextToken"];
    let cases = [
        json!({"NextToken": token}),
        json!({"NextToken": token, "LookupAttributes": by("DeleteUser")}),
        json!({"NextToken": token, "LookupAttributes": by("CreateUser"), "StartTime": 1}),
        json!({"NextToken": token, "LookupAttributes": by("CreateUser"), "EndTime": 1}),
        json!({"NextToken": format!("{}0", token.as_str().unwrap()), "LookupAttributes": by("CreateUser")}),
        json!({"NextToken": ""}),
    ];
    for input in cases {
        let code = world.here("LookupEvents", input.clone()).await.refused();
        assert_eq!(code, "InvalidNextTokenException", "{input}");
    }
    let elsewhere = json!({"NextToken": token, "LookupAttributes": by("CreateUser")});
    let code = world
        .trail(&world.root, "eu-west-1", "LookupEvents", elsewhere.clone())
        .await
        .refused();
    assert_eq!(code, "InvalidNextTokenException");
    // More or fewer results may be asked for on the way.
    let mut more = elsewhere;
    more["MaxResults"] = json!(50);
    assert_eq!(
        world.here("LookupEvents", more).await.ok()["Events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn events_belong_to_the_region_of_the_call() {
    let world = World::new();
    world
        .ecs(
            &world.root,
            "eu-west-1",
            "CreateCluster",
            json!({"clusterName": "demo"}),
        )
        .await
        .ok();
    let within = |region: &'static str| {
        let world = &world;
        async move {
            let all = world.trail(&world.root, region, "LookupEvents", json!({})).await.ok();
            names(all["Events"].as_array().unwrap())
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(within("eu-west-1").await, ["CreateCluster"]);
    // IAM is global: its events are in us-east-1.
    assert_eq!(within("us-east-1").await, ["CreateServiceLinkedRole"]);
    assert!(within("eu-central-1").await.is_empty());
}

#[tokio::test]
async fn times_bound_a_lookup_to_the_second_on_both_ends() {
    let world = World::new();
    world.advance(Duration::from_millis(700));
    world.form(&world.root, "iam", "CreateUser", &[("UserName", "u")]).await;
    let count = |input: Value| {
        let world = &world;
        async move {
            let found = world.here("LookupEvents", input).await.ok();
            names(found["Events"].as_array().unwrap())
                .iter()
                .filter(|name| **name == "CreateUser")
                .count()
        }
    };
    let at = 1_795_500_000_i64;
    assert_eq!(count(json!({})).await, 1);
    assert_eq!(count(json!({"StartTime": at, "EndTime": at})).await, 1);
    assert_eq!(count(json!({"StartTime": at + 1})).await, 0);
    assert_eq!(count(json!({"EndTime": at - 1})).await, 0);
    let backwards = world
        .here("LookupEvents", json!({"StartTime": at + 1, "EndTime": at}))
        .await;
    assert_eq!(backwards.refused(), "InvalidTimeRangeException");
    world.advance(Duration::from_secs(90 * 24 * 3600 - 10));
    assert_eq!(count(json!({})).await, 1);
    world.advance(Duration::from_secs(20));
    assert_eq!(count(json!({})).await, 0);
    assert_eq!(count(json!({"StartTime": at})).await, 0);
}

#[tokio::test]
async fn lookups_that_make_no_sense_are_refused() {
    let world = World::new();
    let by = |key: &str, value: &str| json!({"AttributeKey": key, "AttributeValue": value});
    let cases = [
        (
            json!({"LookupAttributes": [by("EventName", "a"), by("Username", "b")]}),
            "InvalidLookupAttributesException",
        ),
        (
            json!({"LookupAttributes": [by("ReadOnly", "yes")]}),
            "InvalidLookupAttributesException",
        ),
        (
            json!({"LookupAttributes": [by("Colour", "red")]}),
            "ValidationException",
        ),
        (
            json!({"LookupAttributes": [by("EventName", "")]}),
            "ValidationException",
        ),
        (json!({"MaxResults": 0}), "ValidationException"),
        (json!({"MaxResults": 51}), "ValidationException"),
        (json!({"EventCategory": "weather"}), "ValidationException"),
    ];
    for (input, wanted) in cases {
        assert_eq!(
            world.here("LookupEvents", input.clone()).await.refused(),
            wanted,
            "{input}"
        );
    }
    let insights = world
        .here("LookupEvents", json!({"EventCategory": "insight"}))
        .await
        .ok();
    assert_eq!(insights, json!({"Events": []}));
}

#[tokio::test]
async fn looking_up_needs_permission_and_is_told_itself() {
    let world = World::new();
    let bob = world.user("bob").await;
    let denied = world.trail(&bob, "us-east-1", "LookupEvents", json!({})).await;
    assert!(
        denied
            .text
            .contains("not authorized to perform: cloudtrail:LookupEvents"),
        "{}",
        denied.text
    );
    assert_eq!(denied.refused(), "AccessDeniedException");
    let (event, told) = world.event("LookupEvents").await;
    assert_eq!(
        (&event["Username"], &told["eventSource"], &told["readOnly"]),
        (&json!("bob"), &json!("cloudtrail.amazonaws.com"), &json!(true))
    );
}
