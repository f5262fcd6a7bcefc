//! Trails as stored data.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, BEGIN, World};

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}")
}

async fn create(world: &World, region: &str, input: Value) -> crate::world::Answer {
    world.trail(&world.root, region, "CreateTrail", input).await
}

#[tokio::test]
async fn a_trail_is_made_shown_switched_and_deleted() {
    let world = World::new();
    let input = json!({"Name": "main", "S3BucketName": "logs", "IsMultiRegionTrail": true});
    let made = world.here("CreateTrail", input.clone()).await.ok();
    let arn = arn("us-east-1", "main");
    assert_eq!(
        made,
        json!({
            "Name": "main", "S3BucketName": "logs", "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true,
            "TrailARN": arn, "LogFileValidationEnabled": false, "IsOrganizationTrail": false,
        })
    );
    assert_eq!(
        world.here("CreateTrail", input).await.refused(),
        "TrailAlreadyExistsException"
    );
    let status = world.here("GetTrailStatus", json!({"Name": "main"})).await.ok();
    assert_eq!(
        (&status["IsLogging"], &status["TimeLoggingStarted"]),
        (&json!(false), &json!(""))
    );
    world.here("StartLogging", json!({"Name": arn})).await.ok();
    let status = world.here("GetTrailStatus", json!({"Name": arn})).await.ok();
    assert_eq!(
        (
            &status["IsLogging"],
            &status["TimeLoggingStarted"],
            &status["TimeLoggingStopped"]
        ),
        (&json!(true), &json!(BEGIN), &json!(""))
    );
    world.pass(1).await;
    world.here("StopLogging", json!({"Name": "main"})).await.ok();
    let status = world.here("GetTrailStatus", json!({"Name": "main"})).await.ok();
    assert_eq!(
        (&status["IsLogging"], &status["TimeLoggingStopped"]),
        (&json!(false), &json!("2026-11-24T06:00:01Z"))
    );
    world.here("DeleteTrail", json!({"Name": "main"})).await.ok();
    for operation in ["GetTrailStatus", "StartLogging", "StopLogging", "DeleteTrail"] {
        let code = world.here(operation, json!({"Name": "main"})).await.refused();
        assert_eq!(code, "TrailNotFoundException", "{operation}");
    }
}

#[tokio::test]
async fn a_trail_over_all_regions_shows_itself_in_each() {
    let world = World::new();
    create(
        &world,
        "us-east-1",
        json!({"Name": "all", "S3BucketName": "logs", "IsMultiRegionTrail": true}),
    )
    .await
    .ok();
    create(&world, "us-east-1", json!({"Name": "here", "S3BucketName": "logs"}))
        .await
        .ok();
    let shown = |region: &'static str, input: Value| {
        let world = &world;
        async move {
            let answer = world.trail(&world.root, region, "DescribeTrails", input).await.ok();
            let arns = answer["trailList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|trail| trail["TrailARN"].clone());
            arns.collect::<Vec<_>>()
        }
    };
    let (all, here) = (arn("us-east-1", "all"), arn("us-east-1", "here"));
    assert_eq!(shown("us-east-1", json!({})).await, [all.as_str(), &here]);
    assert_eq!(shown("eu-west-1", json!({})).await, [all.as_str()]);
    assert!(
        shown("eu-west-1", json!({"includeShadowTrails": false}))
            .await
            .is_empty()
    );
    // Names are those of the region; ARNs are known everywhere; what nothing has is left out.
    assert!(
        shown("eu-west-1", json!({"trailNameList": ["all", "here"]}))
            .await
            .is_empty()
    );
    assert_eq!(
        shown("eu-west-1", json!({"trailNameList": [here, "nothing"]})).await,
        [here.as_str()]
    );
}

#[tokio::test]
async fn a_trail_is_changed_in_its_home_region_only() {
    let world = World::new();
    create(&world, "eu-west-1", json!({"Name": "main", "S3BucketName": "logs"}))
        .await
        .ok();
    let input = json!({"Name": arn("eu-west-1", "main")});
    for operation in ["StartLogging", "StopLogging", "DeleteTrail"] {
        let code = world.here(operation, input.clone()).await.refused();
        assert_eq!(code, "InvalidHomeRegionException", "{operation}");
    }
    assert_eq!(
        world.here("GetTrailStatus", input.clone()).await.ok()["IsLogging"],
        json!(false)
    );
    let status = world
        .here("GetTrailStatus", json!({"Name": "arn:aws:iam::000000000000:role/r"}))
        .await;
    assert_eq!(status.refused(), "CloudTrailARNInvalidException");
    world
        .trail(&world.root, "eu-west-1", "DeleteTrail", input.clone())
        .await
        .ok();
    assert_eq!(
        world.here("GetTrailStatus", input).await.refused(),
        "TrailNotFoundException"
    );
}

#[tokio::test]
async fn what_no_trail_can_be_is_refused() {
    let world = World::new();
    let named = |name: &str| json!({"Name": name, "S3BucketName": "logs"});
    let with = |more: Value| {
        let mut input = named("main");
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let cases = [
        (named("ab"), "InvalidTrailNameException"),
        (named("-main"), "InvalidTrailNameException"),
        (named("main-"), "InvalidTrailNameException"),
        (named("ma in"), "InvalidTrailNameException"),
        (named("mä-n"), "InvalidTrailNameException"),
        (with(json!({"S3BucketName": "lo"})), "InvalidS3BucketNameException"),
        (with(json!({"S3BucketName": "Logs"})), "InvalidS3BucketNameException"),
        (
            with(json!({"IsOrganizationTrail": true})),
            "OrganizationsNotInUseException",
        ),
        (
            with(json!({"IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": false})),
            "InvalidParameterCombinationException",
        ),
    ];
    for (input, wanted) in cases {
        assert_eq!(
            world.here("CreateTrail", input.clone()).await.refused(),
            wanted,
            "{input}"
        );
    }
    assert_eq!(
        world.here("DescribeTrails", json!({})).await.ok(),
        json!({"trailList": []})
    );
}

#[tokio::test]
async fn a_region_has_at_most_five_trails() {
    let world = World::new();
    let input = |name: &str, all: bool| json!({"Name": name, "S3BucketName": "logs", "IsMultiRegionTrail": all});
    create(&world, "eu-west-1", input("elsewhere", true)).await.ok();
    for at in 1..5 {
        create(&world, "us-east-1", input(&format!("trail{at}"), false))
            .await
            .ok();
    }
    let sixth = create(&world, "us-east-1", input("trail5", false)).await;
    assert!(
        sixth
            .text
            .contains("User: 000000000000 already has 5 trails in us-east-1."),
        "{}",
        sixth.text
    );
    assert_eq!(sixth.refused(), "MaximumNumberOfTrailsExceededException");
    create(&world, "eu-central-1", input("trail5", false)).await.ok();
}

#[tokio::test]
async fn a_user_may_be_allowed_the_trails_of_a_tag_only() {
    let world = World::new();
    for (name, team) in [("ours", "a"), ("theirs", "b")] {
        let input = json!({"Name": name, "S3BucketName": "logs", "TagsList": [{"Key": "team", "Value": team}]});
        create(&world, "us-east-1", input).await.ok();
    }
    let bob = world.user("bob").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudtrail:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}}]}"#;
    let input = [("UserName", "bob"), ("PolicyName", "p"), ("PolicyDocument", policy)];
    assert_eq!(
        world.form(&world.root, "iam", "PutUserPolicy", &input).await.status,
        200
    );
    world
        .trail(&bob, "us-east-1", "StartLogging", json!({"Name": "ours"}))
        .await
        .ok();
    let denied = world
        .trail(&bob, "us-east-1", "StartLogging", json!({"Name": "theirs"}))
        .await;
    assert_eq!(denied.refused(), "AccessDeniedException");
    assert_eq!(
        world.here("GetTrailStatus", json!({"Name": "theirs"})).await.ok()["IsLogging"],
        json!(false)
    );
}
