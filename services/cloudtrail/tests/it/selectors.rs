//! Which events a trail is about.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World};

/// A world with a trail.
async fn world() -> World {
    let world = World::new();
    world
        .here("CreateTrail", json!({"Name": "main", "S3BucketName": "logs"}))
        .await
        .ok();
    world
}

async fn custom(world: &World) -> Value {
    let trail = world.here("GetTrail", json!({"Name": "main"})).await.ok();
    trail["Trail"]["HasCustomEventSelectors"].clone()
}

#[tokio::test]
async fn a_trail_is_about_all_management_events_until_something_else_is_put() {
    let world = world().await;
    let arn = format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main");
    let default = json!({
        "TrailARN": arn,
        "EventSelectors": [{
            "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [], "ExcludeManagementEventSources": [],
        }],
    });
    let name = json!({"TrailName": "main"});
    assert_eq!(world.here("GetEventSelectors", name.clone()).await.ok(), default);
    assert_eq!(custom(&world).await, json!(false));

    let basic = json!([
        {
            "ReadWriteType": "WriteOnly", "IncludeManagementEvents": true, "DataResources": [],
            "ExcludeManagementEventSources": ["kms.amazonaws.com"],
        },
        {
            "ReadWriteType": "All", "IncludeManagementEvents": false, "ExcludeManagementEventSources": [],
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::bucket/prefix"]}],
        },
    ]);
    let put = json!({"TrailName": arn, "EventSelectors": basic});
    let wanted = json!({"TrailARN": arn, "EventSelectors": basic});
    assert_eq!(world.here("PutEventSelectors", put).await.ok(), wanted);
    assert_eq!(world.here("GetEventSelectors", name.clone()).await.ok(), wanted);
    assert_eq!(custom(&world).await, json!(true));

    let advanced = json!([{
        "Name": "functions",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]},
            {"Field": "resources.ARN", "StartsWith": ["arn:aws:lambda:us-east-1:"], "NotEndsWith": [":test"]},
        ],
    }]);
    let put = json!({"TrailName": "main", "AdvancedEventSelectors": advanced});
    let wanted = json!({"TrailARN": arn, "AdvancedEventSelectors": advanced});
    assert_eq!(world.here("PutEventSelectors", put).await.ok(), wanted);
    assert_eq!(world.here("GetEventSelectors", name.clone()).await.ok(), wanted);

    // What is left out is as in the default.
    let put = json!({"TrailName": "main", "EventSelectors": [{}]});
    assert_eq!(world.here("PutEventSelectors", put).await.ok(), default);
    assert_eq!(custom(&world).await, json!(false));
}

#[tokio::test]
async fn selectors_that_select_nothing_known_are_refused() {
    let world = world().await;
    let basic = |selector: Value| json!({"TrailName": "main", "EventSelectors": [selector]});
    let data = |kind: &str, value: &str| basic(json!({"DataResources": [{"Type": kind, "Values": [value]}]}));
    let advanced = |fields: Value| json!({"TrailName": "main", "AdvancedEventSelectors": [{"FieldSelectors": fields}]});
    let management = json!({"Field": "eventCategory", "Equals": ["Management"]});
    let many: Vec<_> = (0..251).map(|at| format!("arn:aws:s3:::bucket/{at}")).collect();
    let more: Vec<_> = (0..501).map(|at| format!("Event{at}")).collect();
    let cases = [
        json!({"TrailName": "main"}),
        json!({"TrailName": "main", "EventSelectors": []}),
        json!({"TrailName": "main", "AdvancedEventSelectors": []}),
        json!({"TrailName": "main", "EventSelectors": [{}, {}, {}, {}, {}, {}]}),
        json!({"TrailName": "main", "EventSelectors": [{}], "AdvancedEventSelectors": [{"FieldSelectors": [management]}]}),
        basic(json!({"IncludeManagementEvents": false})),
        basic(json!({"ExcludeManagementEventSources": ["ecs.amazonaws.com"]})),
        basic(json!({"DataResources": [{"Type": "AWS::S3::Object", "Values": many}]})),
        data("AWS::ECS::Task", "arn:aws:ecs"),
        data("AWS::S3::Object", "arn:aws:s3:::*"),
        data("AWS::S3::Object", "arn:aws:s3:::bucket"),
        data("AWS::Lambda::Function", "arn:aws:lambda:*"),
        data("AWS::DynamoDB::Table", "arn:aws:s3"),
        advanced(json!([{"Field": "eventName", "Equals": ["a"]}])),
        advanced(json!([management, management])),
        advanced(json!([management, {"Field": "eventName"}])),
        advanced(json!([management, {"Field": "eventName", "NotEquals": more}])),
        advanced(json!([management, {"Field": "weather", "Equals": ["fine"]}])),
        advanced(json!([management, {"Field": "readOnly", "Equals": ["maybe"]}])),
        advanced(json!([{"Field": "eventCategory", "Equals": ["Data"]}])),
        advanced(json!([{"Field": "eventCategory", "Equals": ["NetworkActivity"]}])),
    ];
    for input in cases {
        let answer = world.here("PutEventSelectors", input.clone()).await;
        assert_eq!(answer.refused(), "InvalidEventSelectorsException", "{input}");
    }
    let answer = world
        .here("PutEventSelectors", data("AWS::S3::Object", "arn:aws:s3:::*"))
        .await;
    assert!(
        answer
            .text
            .contains("Value arn:aws:s3:::* for DataResources.Values is invalid."),
        "{}",
        answer.text
    );
    for all in [
        data("AWS::S3::Object", "arn:aws:s3"),
        data("AWS::S3::Object", "arn:aws:s3:::"),
        data("AWS::Lambda::Function", "arn:aws:lambda"),
        data("AWS::DynamoDB::Table", "arn:aws:dynamodb"),
    ] {
        world.here("PutEventSelectors", all).await.ok();
    }
}

#[tokio::test]
async fn selectors_are_those_of_a_trail_and_put_in_its_home_region() {
    let world = world().await;
    for operation in ["GetEventSelectors", "PutEventSelectors", "GetInsightSelectors"] {
        let mut input = json!({"TrailName": "other"});
        if operation == "PutEventSelectors" {
            input["EventSelectors"] = json!([{}]);
        }
        let code = world.here(operation, input).await.refused();
        assert_eq!(code, "TrailNotFoundException", "{operation}");
    }
    let arn = format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main");
    let input = json!({"TrailName": arn, "EventSelectors": [{}]});
    let elsewhere = world.trail(&world.root, "eu-west-1", "PutEventSelectors", input).await;
    assert_eq!(elsewhere.refused(), "InvalidHomeRegionException");
}

#[tokio::test]
async fn a_trail_has_no_insights() {
    let world = world().await;
    let store = format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:eventdatastore/0123");
    let cases = [
        (json!({"TrailName": "main"}), "InsightNotEnabledException"),
        (json!({}), "InvalidParameterException"),
        (json!({"EventDataStore": store}), "InvalidParameterException"),
        (
            json!({"TrailName": "main", "EventDataStore": store}),
            "InvalidParameterCombinationException",
        ),
    ];
    for (input, wanted) in cases {
        let code = world.here("GetInsightSelectors", input.clone()).await.refused();
        assert_eq!(code, wanted, "{input}");
    }
}
