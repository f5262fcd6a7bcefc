//! Log groups: their life, their lists, their tags.

use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

fn names(answer: &Value) -> Vec<&str> {
    answer["logGroups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["logGroupName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_group_is_described_as_it_was_made() {
    let bed = Bed::new();
    bed.group("/ecs/web").await;
    bed.ok(
        "PutRetentionPolicy",
        json!({ "logGroupName": "/ecs/web", "retentionInDays": 14 }),
    )
    .await;
    let answer = bed
        .ok("DescribeLogGroups", json!({ "logGroupNamePrefix": "/ecs/web" }))
        .await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ecs/web");
    assert_eq!(
        answer,
        json!({ "logGroups": [{
            "logGroupName": "/ecs/web",
            "creationTime": NOW,
            "retentionInDays": 14,
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
            "logGroupArn": arn,
            "deletionProtectionEnabled": false,
        }] })
    );
    bed.ok("DeleteRetentionPolicy", json!({ "logGroupName": "/ecs/web" }))
        .await;
    let answer = bed.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(answer["logGroups"][0].get("retentionInDays"), None);
}

#[tokio::test]
async fn a_group_is_made_once_and_gone_once_deleted() {
    let bed = Bed::new();
    let input = json!({ "logGroupName": "a" });
    bed.group("a").await;
    let text = bed
        .refused("CreateLogGroup", input.clone(), "ResourceAlreadyExistsException")
        .await;
    assert_eq!(text, "The specified log group already exists");
    bed.ok("DeleteLogGroup", input.clone()).await;
    let text = bed
        .refused("DeleteLogGroup", input.clone(), "ResourceNotFoundException")
        .await;
    assert_eq!(text, "The specified log group does not exist.");
    let retention = json!({ "logGroupName": "a", "retentionInDays": 1 });
    bed.refused("PutRetentionPolicy", retention, "ResourceNotFoundException")
        .await;
}

#[tokio::test]
async fn a_group_made_again_shows_nothing_of_the_one_before() {
    let bed = Bed::new();
    bed.group("a").await;
    bed.stream("a", "s").await;
    bed.put("a", "s", &[(NOW, "old")]).await;
    bed.ok("DeleteLogGroup", json!({ "logGroupName": "a" })).await;
    bed.group("a").await;
    let streams = bed.ok("DescribeLogStreams", json!({ "logGroupName": "a" })).await;
    assert_eq!(streams["logStreams"], json!([]));
    bed.stream("a", "s").await;
    let answer = bed
        .ok("GetLogEvents", json!({ "logGroupName": "a", "logStreamName": "s" }))
        .await;
    assert_eq!(answer["events"], json!([]));
    let (left, _) = bed.store.range(roadstead_store::Range::all()).await.unwrap();
    assert!(
        !left
            .iter()
            .any(|entry| entry.key.windows(10).any(|part| part == b"logs/event"))
    );
}

#[tokio::test]
async fn a_protected_group_cannot_be_deleted() {
    let bed = Bed::new();
    bed.ok(
        "CreateLogGroup",
        json!({ "logGroupName": "a", "deletionProtectionEnabled": true }),
    )
    .await;
    bed.refused("DeleteLogGroup", json!({ "logGroupName": "a" }), "ValidationException")
        .await;
    let off = json!({ "logGroupIdentifier": "a", "deletionProtectionEnabled": false });
    bed.ok("PutLogGroupDeletionProtection", off).await;
    bed.ok("DeleteLogGroup", json!({ "logGroupName": "a" })).await;
}

#[tokio::test]
async fn names_and_values_that_aws_refuses_are_refused() {
    let bed = Bed::new();
    for name in ["", "a b", "a:b", "a*"] {
        bed.refused(
            "CreateLogGroup",
            json!({ "logGroupName": name }),
            "InvalidParameterException",
        )
        .await;
    }
    let text = bed
        .refused(
            "CreateLogGroup",
            json!({ "logGroupName": "aws/x" }),
            "InvalidParameterException",
        )
        .await;
    assert_eq!(text, "Log groups starting with AWS/ are reserved for AWS.");
    bed.group("a").await;
    let text = bed
        .refused(
            "PutRetentionPolicy",
            json!({ "logGroupName": "a", "retentionInDays": 2 }),
            "InvalidParameterException",
        )
        .await;
    assert!(text.starts_with("1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, "), "{text}");
    let key = json!({ "logGroupName": "b", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/x" });
    bed.refused("CreateLogGroup", key, "InvalidParameterException").await;
}

#[tokio::test]
async fn groups_are_listed_by_prefix_pattern_and_page() {
    let bed = Bed::new();
    for name in ["/ecs/b", "/ecs/a", "/ecs", "/lambda/Web", "other"] {
        bed.group(name).await;
    }
    let answer = bed
        .ok("DescribeLogGroups", json!({ "logGroupNamePrefix": "/ecs" }))
        .await;
    assert_eq!(names(&answer), ["/ecs", "/ecs/a", "/ecs/b"]);
    let answer = bed
        .ok("DescribeLogGroups", json!({ "logGroupNamePattern": "WEB" }))
        .await;
    assert_eq!(names(&answer), ["/lambda/Web"]);
    let (mut all, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "limit": 2 });
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let answer = bed.ok("DescribeLogGroups", input).await;
        all.extend(names(&answer).into_iter().map(ToOwned::to_owned));
        token = answer["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(all, ["/ecs", "/ecs/a", "/ecs/b", "/lambda/Web", "other"]);
    bed.refused(
        "DescribeLogGroups",
        json!({ "nextToken": "bad" }),
        "InvalidParameterException",
    )
    .await;
    let both = json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "a" });
    bed.refused("DescribeLogGroups", both, "InvalidParameterException")
        .await;
    let answer = bed
        .ok("DescribeLogGroups", json!({ "logGroupIdentifiers": ["other", "none"] }))
        .await;
    assert_eq!(names(&answer), ["other"]);
    let answer = bed
        .ok("ListLogGroups", json!({ "logGroupNamePattern": "^/ecs/|Web" }))
        .await;
    assert_eq!(names(&answer), ["/ecs/a", "/ecs/b", "/lambda/Web"]);
}

#[tokio::test]
async fn tags_are_kept_by_name_and_by_arn() {
    let bed = Bed::new();
    bed.ok(
        "CreateLogGroup",
        json!({ "logGroupName": "a", "tags": { "team": "red" } }),
    )
    .await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:a");
    bed.ok("TagResource", json!({ "resourceArn": arn, "tags": { "env": "test" } }))
        .await;
    bed.ok(
        "TagLogGroup",
        json!({ "logGroupName": "a", "tags": { "env": "prod", "x": "" } }),
    )
    .await;
    let expected = json!({ "tags": { "team": "red", "env": "prod", "x": "" } });
    assert_eq!(
        bed.ok("ListTagsForResource", json!({ "resourceArn": arn })).await,
        expected
    );
    assert_eq!(
        bed.ok("ListTagsLogGroup", json!({ "logGroupName": "a" })).await,
        expected
    );
    bed.ok("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["x"] }))
        .await;
    bed.ok(
        "UntagLogGroup",
        json!({ "logGroupName": "a", "tags": ["team", "unknown"] }),
    )
    .await;
    assert_eq!(
        bed.ok("ListTagsForResource", json!({ "resourceArn": arn })).await,
        json!({ "tags": { "env": "prod" } })
    );
    let reserved = json!({ "resourceArn": arn, "tags": { "aws:x": "y" } });
    bed.refused("TagResource", reserved, "InvalidParameterException").await;
    let many: serde_json::Map<String, Value> = (0..50).map(|n| (format!("k{n}"), json!("v"))).collect();
    bed.refused(
        "TagResource",
        json!({ "resourceArn": arn, "tags": many }),
        "TooManyTagsException",
    )
    .await;
    let other = json!({ "resourceArn": format!("{arn}x") });
    bed.refused("ListTagsForResource", other, "ResourceNotFoundException")
        .await;
}
