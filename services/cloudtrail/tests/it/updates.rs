//! Trails that are read, listed and changed.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World};

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}")
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_empty_texts_take_away() {
    let world = World::new();
    let log_group = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:calls:*");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/writer");
    let input = json!({"Name": "main", "S3BucketName": "logs", "S3KeyPrefix": "a", "SnsTopicName": "told"});
    let made = world.here("CreateTrail", input).await.ok();
    assert_eq!(
        made["SnsTopicARN"],
        json!(format!("arn:aws:sns:us-east-1:{ACCOUNT}:told"))
    );
    world.here("StartLogging", json!({"Name": "main"})).await.ok();
    let input = json!({
        "Name": arn("us-east-1", "main"), "S3BucketName": "others", "IsMultiRegionTrail": true,
        "EnableLogFileValidation": true, "CloudWatchLogsLogGroupArn": log_group, "CloudWatchLogsRoleArn": role,
    });
    let updated = world.here("UpdateTrail", input).await.ok();
    assert_eq!(
        updated,
        json!({
            "Name": "main", "S3BucketName": "others", "S3KeyPrefix": "a", "SnsTopicName": "told",
            "SnsTopicARN": format!("arn:aws:sns:us-east-1:{ACCOUNT}:told"), "IncludeGlobalServiceEvents": true,
            "IsMultiRegionTrail": true, "TrailARN": arn("us-east-1", "main"), "LogFileValidationEnabled": true,
            "CloudWatchLogsLogGroupArn": log_group, "CloudWatchLogsRoleArn": role, "IsOrganizationTrail": false,
        })
    );
    let input = json!({
        "Name": "main", "S3KeyPrefix": "", "SnsTopicName": "", "CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": "",
    });
    world.here("UpdateTrail", input).await.ok();
    let trail = world.here("GetTrail", json!({"Name": "main"})).await.ok();
    assert_eq!(
        trail["Trail"],
        json!({
            "Name": "main", "S3BucketName": "others", "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true,
            "HomeRegion": "us-east-1", "TrailARN": arn("us-east-1", "main"), "LogFileValidationEnabled": true,
            "HasCustomEventSelectors": false, "HasInsightSelectors": false, "IsOrganizationTrail": false,
        })
    );
    let status = world.here("GetTrailStatus", json!({"Name": "main"})).await.ok();
    assert_eq!(status["IsLogging"], json!(true));
}

#[tokio::test]
async fn an_update_that_makes_no_trail_is_refused_and_changes_nothing() {
    let world = World::new();
    let input = json!({"Name": "main", "S3BucketName": "logs", "IsMultiRegionTrail": true});
    world.here("CreateTrail", input).await.ok();
    let before = world.here("GetTrail", json!({"Name": "main"})).await.ok();
    let cases = [
        (
            json!({"Name": "main", "S3BucketName": "Logs"}),
            "InvalidS3BucketNameException",
        ),
        (
            json!({"Name": "main", "S3KeyPrefix": "a", "IncludeGlobalServiceEvents": false}),
            "InvalidParameterCombinationException",
        ),
        (
            json!({"Name": "main", "IsOrganizationTrail": true}),
            "OrganizationsNotInUseException",
        ),
        (json!({"Name": "other"}), "TrailNotFoundException"),
    ];
    for (input, wanted) in cases {
        let code = world.here("UpdateTrail", input.clone()).await.refused();
        assert_eq!(code, wanted, "{input}");
    }
    let input = json!({"Name": arn("us-east-1", "main"), "S3KeyPrefix": "a"});
    let elsewhere = world.trail(&world.root, "eu-west-1", "UpdateTrail", input).await;
    assert_eq!(elsewhere.refused(), "InvalidHomeRegionException");
    assert_eq!(world.here("GetTrail", json!({"Name": "main"})).await.ok(), before);
    assert_eq!(
        world.here("GetTrail", json!({"Name": "other"})).await.refused(),
        "TrailNotFoundException"
    );
}

#[tokio::test]
async fn the_trails_of_every_region_are_listed_in_each() {
    let world = World::new();
    for region in ["us-east-1", "eu-west-1"] {
        let input = json!({"Name": region, "S3BucketName": "logs"});
        world.trail(&world.root, region, "CreateTrail", input).await.ok();
    }
    for region in ["us-east-1", "ap-south-1"] {
        let listed = world.trail(&world.root, region, "ListTrails", json!({})).await.ok();
        let mut trails = listed["Trails"].as_array().unwrap().clone();
        trails.sort_by_key(Value::to_string);
        let trail = |home: &str| json!({"TrailARN": arn(home, home), "Name": home, "HomeRegion": home});
        assert_eq!(trails, [trail("eu-west-1"), trail("us-east-1")], "{region}");
    }
    let code = world.here("ListTrails", json!({"NextToken": "more"})).await.refused();
    assert_eq!(code, "InvalidNextTokenException");
}

#[tokio::test]
async fn who_gives_a_trail_a_role_must_be_allowed_to_pass_it() {
    let world = World::new();
    world
        .here("CreateTrail", json!({"Name": "main", "S3BucketName": "logs"}))
        .await
        .ok();
    let bob = world.user("bob").await;
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudtrail:UpdateTrail","Resource":"*"}]}"#;
    let input = [("UserName", "bob"), ("PolicyName", "p"), ("PolicyDocument", policy)];
    assert_eq!(
        world.form(&world.root, "iam", "PutUserPolicy", &input).await.status,
        200
    );
    let role = format!("arn:aws:iam::{ACCOUNT}:role/writer");
    for (given, allowed) in [("", true), (role.as_str(), false)] {
        let input = json!({"Name": "main", "CloudWatchLogsRoleArn": given});
        let answer = world.trail(&bob, "us-east-1", "UpdateTrail", input).await;
        assert_eq!(answer.status == 200, allowed, "{given}: {}", answer.text);
    }
    let code = world
        .trail(&bob, "us-east-1", "GetTrail", json!({"Name": "main"}))
        .await
        .refused();
    assert_eq!(code, "AccessDeniedException");
}
