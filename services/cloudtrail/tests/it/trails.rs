//! Trails as stored data.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_trail_is_made_shown_switched_and_deleted() {
    let world = World::new();
    let input = json!({"Name": "main", "S3BucketName": "logs", "IsMultiRegionTrail": true});
    let made = world.ok("CreateTrail", input.clone()).await;
    let arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main";
    assert_eq!(
        (
            &made["TrailARN"],
            &made["IsMultiRegionTrail"],
            &made["IncludeGlobalServiceEvents"]
        ),
        (&json!(arn), &json!(true), &json!(true))
    );
    let (status, body) = world.trail(&world.root, "us-east-1", "CreateTrail", input).await;
    assert_eq!(
        (status, body["__type"].as_str()),
        (400, Some("TrailAlreadyExistsException"))
    );
    assert_eq!(
        world.ok("GetTrailStatus", json!({"Name": "main"})).await["IsLogging"],
        json!(false)
    );
    world.ok("StartLogging", json!({"Name": arn})).await;
    let status = world.ok("GetTrailStatus", json!({"Name": arn})).await;
    assert_eq!(
        (&status["IsLogging"], &status["TimeLoggingStarted"]),
        (&json!(true), &json!("2026-11-24T06:00:00Z"))
    );
    world.ok("StopLogging", json!({"Name": "main"})).await;
    assert_eq!(
        world.ok("GetTrailStatus", json!({"Name": "main"})).await["IsLogging"],
        json!(false)
    );
    let (_, elsewhere) = world.trail(&world.root, "eu-west-1", "DescribeTrails", json!({})).await;
    assert_eq!(
        (
            &elsewhere["trailList"][0]["TrailARN"],
            &elsewhere["trailList"][0]["HomeRegion"]
        ),
        (&json!(arn), &json!("us-east-1"))
    );
    let (_, own) = world
        .trail(
            &world.root,
            "eu-west-1",
            "DescribeTrails",
            json!({"includeShadowTrails": false}),
        )
        .await;
    assert_eq!(own["trailList"], json!([]));
    world.ok("DeleteTrail", json!({"Name": "main"})).await;
    let (status, body) = world
        .trail(&world.root, "us-east-1", "GetTrailStatus", json!({"Name": "main"}))
        .await;
    assert_eq!((status, body["__type"].as_str()), (400, Some("TrailNotFoundException")));
}

#[tokio::test]
async fn names_that_no_trail_can_have_are_refused() {
    let world = World::new();
    for name in ["ab", "-main", "main-", "ma in", "mä-n"] {
        let (status, body) = world
            .trail(
                &world.root,
                "us-east-1",
                "CreateTrail",
                json!({"Name": name, "S3BucketName": "logs"}),
            )
            .await;
        assert_eq!(
            (status, body["__type"].as_str()),
            (400, Some("InvalidTrailNameException")),
            "{name}"
        );
    }
}
