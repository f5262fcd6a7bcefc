//! Permissions: what each operation asks for, and what a denial says.

use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

fn policy(actions: &[&str], resource: &str, condition: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn put(group: &str) -> Value {
    json!({ "logGroupName": group, "logStreamName": "s", "logEvents": [{ "timestamp": NOW, "message": "m" }] })
}

#[tokio::test]
async fn the_statements_of_the_ecs_role_allow_its_own_groups_only() {
    let groups = [
        "logs:CreateLogGroup",
        "logs:DescribeLogGroups",
        "logs:PutRetentionPolicy",
    ];
    let streams = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];
    let mut document = policy(&groups, "arn:aws:logs:*:*:log-group:/aws/ecs/*", Value::Null);
    let second = policy(
        &streams,
        "arn:aws:logs:*:*:log-group:/aws/ecs/*:log-stream:*",
        Value::Null,
    );
    document["Statement"]
        .as_array_mut()
        .unwrap()
        .push(second["Statement"][0].clone());
    let bed = Bed::with_policy(&document);
    bed.group("/ecs/web").await;
    bed.stream("/ecs/web", "s").await;
    for (group, allowed) in [("/aws/ecs/x", true), ("/ecs/web", false)] {
        for (operation, input) in [
            ("CreateLogGroup", json!({ "logGroupName": group })),
            ("DescribeLogGroups", json!({ "logGroupNamePrefix": group })),
            (
                "PutRetentionPolicy",
                json!({ "logGroupName": group, "retentionInDays": 1 }),
            ),
            (
                "CreateLogStream",
                json!({ "logGroupName": group, "logStreamName": "s" }),
            ),
            ("DescribeLogStreams", json!({ "logGroupName": group })),
            ("PutLogEvents", put(group)),
        ] {
            let answer = bed.call_as_user(operation, input).await;
            let code = answer.as_ref().err().map_or("", |refused| refused.code.as_str());
            assert_eq!(
                code,
                if allowed { "" } else { "AccessDeniedException" },
                "{operation} {group}: {answer:?}"
            );
        }
    }
    for operation in ["DeleteLogGroup", "ListTagsLogGroup", "DeleteRetentionPolicy"] {
        let answer = bed
            .call_as_user(operation, json!({ "logGroupName": "/aws/ecs/x" }))
            .await;
        assert_eq!(answer.unwrap_err().code, "AccessDeniedException", "{operation}");
    }
}

#[tokio::test]
async fn denials_name_the_resources_that_aws_names() {
    let bed = Bed::new();
    let check = async |operation: &str, input: Value, resource: &str| {
        let refused = bed.call_as_user(operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException");
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/test is not authorized to perform: logs:{operation} on resource: \
             arn:aws:logs:us-east-1:{ACCOUNT}:{resource} because no identity-based policy allows the logs:{operation} action"
        );
        assert_eq!(refused.message, expected);
    };
    let stream = json!({ "logGroupName": "g", "logStreamName": "web/app/1" });
    check("CreateLogGroup", json!({ "logGroupName": "g" }), "log-group:g").await;
    check("CreateLogStream", stream.clone(), "log-group:g:log-stream:web/app/1").await;
    check("GetLogEvents", stream.clone(), "log-group:g:log-stream:web/app/1").await;
    check("DeleteLogStream", stream, "log-group:g:log-stream:web/app/1").await;
    check("PutLogEvents", put("g"), "log-group:g:log-stream:s").await;
    check(
        "FilterLogEvents",
        json!({ "logGroupName": "g" }),
        "log-group:g:log-stream:",
    )
    .await;
    check("DescribeLogGroups", json!({}), "log-group::log-stream:").await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g");
    check("ListTagsForResource", json!({ "resourceArn": arn }), "log-group:g").await;
    assert_eq!(bed.ok("DescribeLogGroups", json!({})).await["logGroups"], json!([]));
}

#[tokio::test]
async fn every_operation_is_denied_without_a_policy() {
    let bed = Bed::new();
    bed.group("g").await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g");
    let stream = json!({ "logGroupName": "g", "logStreamName": "s" });
    for (operation, input) in [
        ("CreateLogGroup", json!({ "logGroupName": "x" })),
        ("DeleteLogGroup", json!({ "logGroupName": "g" })),
        ("DescribeLogGroups", json!({})),
        ("ListLogGroups", json!({})),
        ("CreateLogStream", stream.clone()),
        ("DeleteLogStream", stream.clone()),
        ("DescribeLogStreams", json!({ "logGroupName": "g" })),
        ("PutLogEvents", put("g")),
        ("GetLogEvents", stream),
        ("FilterLogEvents", json!({ "logGroupName": "g" })),
        ("StartLiveTail", json!({ "logGroupIdentifiers": [arn] })),
        (
            "PutRetentionPolicy",
            json!({ "logGroupName": "g", "retentionInDays": 1 }),
        ),
        ("DeleteRetentionPolicy", json!({ "logGroupName": "g" })),
        (
            "PutLogGroupDeletionProtection",
            json!({ "logGroupIdentifier": "g", "deletionProtectionEnabled": true }),
        ),
        ("TagResource", json!({ "resourceArn": arn, "tags": { "a": "b" } })),
        ("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] })),
        ("ListTagsForResource", json!({ "resourceArn": arn })),
        ("TagLogGroup", json!({ "logGroupName": "g", "tags": { "a": "b" } })),
        ("UntagLogGroup", json!({ "logGroupName": "g", "tags": ["a"] })),
        ("ListTagsLogGroup", json!({ "logGroupName": "g" })),
        (
            "PutResourcePolicy",
            json!({ "policyName": "p", "policyDocument": "{}" }),
        ),
        ("DescribeResourcePolicies", json!({})),
        ("DeleteResourcePolicy", json!({ "policyName": "p" })),
    ] {
        let refused = bed.call_as_user(operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{operation}");
    }
    let mounted = bed.kernel.operations().filter(|(_, implemented)| *implemented).count();
    assert_eq!(mounted, 23);
}

#[tokio::test]
async fn tags_of_the_group_and_of_the_request_are_conditions() {
    let condition = json!({ "StringEquals": { "aws:ResourceTag/team": "red" } });
    let bed = Bed::with_policy(&policy(
        &["logs:PutLogEvents", "logs:DescribeLogStreams"],
        "*",
        condition,
    ));
    for (group, team) in [("red", "red"), ("blue", "blue")] {
        bed.ok(
            "CreateLogGroup",
            json!({ "logGroupName": group, "tags": { "team": team } }),
        )
        .await;
        bed.stream(group, "s").await;
        let allowed = bed.call_as_user("PutLogEvents", put(group)).await.is_ok();
        assert_eq!(allowed, team == "red");
        let allowed = bed
            .call_as_user("DescribeLogStreams", json!({ "logGroupName": group }))
            .await
            .is_ok();
        assert_eq!(allowed, team == "red");
    }
    let condition = json!({ "StringEquals": { "aws:RequestTag/team": "red" } });
    let bed = Bed::with_policy(&policy(&["logs:CreateLogGroup", "logs:TagResource"], "*", condition));
    for (team, allowed) in [("red", true), ("blue", false)] {
        let input = json!({ "logGroupName": team, "tags": { "team": team } });
        assert_eq!(bed.call_as_user("CreateLogGroup", input).await.is_ok(), allowed);
    }
    let bed = Bed::with_policy(&policy(&["logs:CreateLogGroup"], "*", Value::Null));
    bed.call_as_user("CreateLogGroup", json!({ "logGroupName": "a" }))
        .await
        .unwrap();
    let refused = bed
        .call_as_user("CreateLogGroup", json!({ "logGroupName": "b", "tags": { "k": "v" } }))
        .await;
    assert!(refused.unwrap_err().message.contains("logs:TagResource"));
}
