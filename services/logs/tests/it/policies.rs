//! Resource policies let services of AWS write in their own name, and nobody else by accident.

use api_logs::op::{CreateLogStream, PutLogEvents};
use api_logs::{CreateLogStreamRequest, InputLogEvent, PutLogEventsRequest};
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_kernel::OwnName;
use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

fn policy(service: &str, resource: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "a", "Effect": "Allow", "Principal": { "Service": [service] },
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": resource
        }]
    })
    .to_string()
}

/// Makes a stream and writes to it as a service; the code of the first refusal.
async fn check(bed: &Bed, service: &'static str, group: &str) -> Result<(), String> {
    let place = Place {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::US_EAST_1,
    };
    let own = OwnName::new(&bed.kernel, service, place, None);
    let code = |fault: roadstead_kernel::Fault| fault.api().unwrap().name().to_owned();
    let make = CreateLogStreamRequest {
        log_group_name: group.to_owned(),
        log_stream_name: "s".to_owned(),
    };
    own.call::<CreateLogStream>(make).await.map_err(code)?;
    let write = PutLogEventsRequest {
        log_group_name: group.to_owned(),
        log_stream_name: "s".to_owned(),
        log_events: vec![InputLogEvent {
            timestamp: NOW,
            message: "hello".to_owned(),
        }],
        ..PutLogEventsRequest::default()
    };
    own.call::<PutLogEvents>(write).await.map(|_| ()).map_err(code)
}

#[tokio::test]
async fn a_service_may_write_where_a_resource_policy_says_so_and_nowhere_else() {
    let bed = Bed::new();
    bed.group("/aws/events/a").await;
    bed.group("/other").await;
    let denied = Err("AccessDeniedException".to_owned());
    assert_eq!(check(&bed, "events.amazonaws.com", "/aws/events/a").await, denied);
    for (name, service) in [("one", "delivery.logs.amazonaws.com"), ("two", "events.amazonaws.com")] {
        let document = policy(
            service,
            &format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/*:*"),
        );
        bed.ok(
            "PutResourcePolicy",
            json!({ "policyName": name, "policyDocument": document }),
        )
        .await;
    }
    assert_eq!(check(&bed, "events.amazonaws.com", "/aws/events/a").await, Ok(()));
    assert_eq!(check(&bed, "events.amazonaws.com", "/other").await, denied);
    assert_eq!(check(&bed, "ecs.amazonaws.com", "/aws/events/a").await, denied);
    let events = json!({ "logGroupName": "/aws/events/a", "logStreamName": "s" });
    assert_eq!(bed.ok("GetLogEvents", events).await["events"][0]["message"], "hello");
    bed.ok("DeleteResourcePolicy", json!({ "policyName": "two" })).await;
    assert_eq!(check(&bed, "events.amazonaws.com", "/aws/events/a").await, denied);
}

#[tokio::test]
async fn resource_policies_are_kept_listed_and_deleted() {
    let bed = Bed::new();
    let document = policy("events.amazonaws.com", "*");
    let put = bed
        .ok(
            "PutResourcePolicy",
            json!({ "policyName": "p", "policyDocument": document }),
        )
        .await;
    assert_eq!(put["resourcePolicy"]["policyName"], "p");
    let shown: Value = bed.ok("DescribeResourcePolicies", json!({})).await["resourcePolicies"][0].clone();
    assert_eq!(
        (&shown["policyDocument"], &shown["lastUpdatedTime"]),
        (&json!(document), &json!(NOW))
    );
    bed.refused(
        "PutResourcePolicy",
        json!({ "policyName": "q", "policyDocument": "{\"Statement\": 1}" }),
        "InvalidParameterException",
    )
    .await;
    for number in 1..10 {
        bed.ok(
            "PutResourcePolicy",
            json!({ "policyName": format!("p{number}"), "policyDocument": document }),
        )
        .await;
    }
    let one_more = json!({ "policyName": "q", "policyDocument": document });
    bed.refused("PutResourcePolicy", one_more, "LimitExceededException")
        .await;
    let page = bed.ok("DescribeResourcePolicies", json!({ "limit": 7 })).await;
    let rest = bed
        .ok("DescribeResourcePolicies", json!({ "nextToken": page["nextToken"] }))
        .await;
    assert_eq!(rest["resourcePolicies"].as_array().unwrap().len(), 3);
    bed.ok("DeleteResourcePolicy", json!({ "policyName": "p" })).await;
    bed.refused(
        "DeleteResourcePolicy",
        json!({ "policyName": "p" }),
        "ResourceNotFoundException",
    )
    .await;
}
