//! Tags of trails.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World};

fn arn(name: &str) -> String {
    format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}")
}

async fn create(world: &World, name: &str, tags: Value) {
    let input = json!({"Name": name, "S3BucketName": "logs", "TagsList": tags});
    world.here("CreateTrail", input).await.ok();
}

async fn tags(world: &World, name: &str) -> Value {
    let listed = world
        .here("ListTags", json!({"ResourceIdList": [arn(name)]}))
        .await
        .ok();
    listed["ResourceTagList"][0]["TagsList"].clone()
}

#[tokio::test]
async fn tags_are_added_replaced_listed_and_removed() {
    let world = World::new();
    create(&world, "main", json!([{"Key": "a", "Value": "1"}])).await;
    create(&world, "plain", json!([])).await;
    let input = json!({"ResourceId": arn("main"), "TagsList": [{"Key": "a", "Value": "2"}, {"Key": "b"}]});
    world.here("AddTags", input).await.ok();
    let listed = world
        .here("ListTags", json!({"ResourceIdList": [arn("main"), arn("plain")]}))
        .await
        .ok();
    assert_eq!(
        listed,
        json!({"ResourceTagList": [
            {"ResourceId": arn("main"), "TagsList": [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]},
            {"ResourceId": arn("plain"), "TagsList": []},
        ]})
    );
    let input = json!({"ResourceId": arn("main"), "TagsList": [{"Key": "a", "Value": "other"}, {"Key": "c"}]});
    world.here("RemoveTags", input).await.ok();
    assert_eq!(tags(&world, "main").await, json!([{"Key": "b", "Value": ""}]));
}

#[tokio::test]
async fn tags_that_no_trail_can_have_are_refused() {
    let world = World::new();
    create(&world, "main", json!([{"Key": "a", "Value": "1"}])).await;
    let many: Vec<_> = (0..50).map(|at| json!({"Key": format!("k{at}")})).collect();
    let cases = [
        (json!(many), "TagsLimitExceededException"),
        (
            json!([{"Key": "b", "Value": "1"}, {"Key": "b", "Value": "2"}]),
            "InvalidTagParameterException",
        ),
        (json!([{"Key": "aws:b"}]), "InvalidTagParameterException"),
    ];
    for (list, wanted) in cases {
        let input = json!({"ResourceId": arn("main"), "TagsList": list});
        let code = world.here("AddTags", input.clone()).await.refused();
        assert_eq!(code, wanted, "{input}");
    }
    assert_eq!(tags(&world, "main").await, json!([{"Key": "a", "Value": "1"}]));
}

#[tokio::test]
async fn what_has_no_tags_is_refused() {
    let world = World::new();
    create(&world, "main", json!([])).await;
    let cases = [
        ("main".to_owned(), "CloudTrailARNInvalidException"),
        (
            format!("arn:aws:iam::{ACCOUNT}:role/r"),
            "CloudTrailARNInvalidException",
        ),
        (arn("other"), "ResourceNotFoundException"),
        (
            arn("main").replace("us-east-1", "eu-west-1"),
            "ResourceNotFoundException",
        ),
        (
            format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:eventdatastore/0123"),
            "EventDataStoreNotFoundException",
        ),
        (
            format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:weather/0123"),
            "ResourceTypeNotSupportedException",
        ),
    ];
    for (id, wanted) in cases {
        let change = json!({"ResourceId": id, "TagsList": [{"Key": "a"}]});
        assert_eq!(world.here("AddTags", change.clone()).await.refused(), wanted, "{id}");
        assert_eq!(world.here("RemoveTags", change).await.refused(), wanted, "{id}");
        let code = world.here("ListTags", json!({"ResourceIdList": [id]})).await.refused();
        assert_eq!(code, wanted, "{id}");
    }
    // A trail of another region, by its right ARN.
    let input = json!({"ResourceIdList": [arn("main")]});
    let elsewhere = world.trail(&world.root, "eu-west-1", "ListTags", input).await;
    assert_eq!(elsewhere.refused(), "ResourceNotFoundException");
    let code = world
        .here(
            "ListTags",
            json!({"ResourceIdList": [arn("main")], "NextToken": "more"}),
        )
        .await;
    assert_eq!(code.refused(), "InvalidTokenException");
}

#[tokio::test]
async fn a_user_may_be_allowed_some_tags_on_some_trails_only() {
    let world = World::new();
    create(&world, "ours", json!([{"Key": "team", "Value": "a"}])).await;
    create(&world, "theirs", json!([{"Key": "team", "Value": "b"}])).await;
    let bob = world.user("bob").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudtrail:AddTags","cloudtrail:ListTags","cloudtrail:RemoveTags"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["cost"]}}}]}"#;
    let input = [("UserName", "bob"), ("PolicyName", "p"), ("PolicyDocument", policy)];
    assert_eq!(
        world.form(&world.root, "iam", "PutUserPolicy", &input).await.status,
        200
    );
    for operation in ["AddTags", "RemoveTags"] {
        for (name, key, allowed) in [
            ("ours", "cost", true),
            ("ours", "team", false),
            ("theirs", "cost", false),
        ] {
            let input = json!({"ResourceId": arn(name), "TagsList": [{"Key": key, "Value": "x"}]});
            let answer = world.trail(&bob, "us-east-1", operation, input).await;
            assert_eq!(
                answer.status == 200,
                allowed,
                "{operation} {name} {key}: {}",
                answer.text
            );
        }
    }
    // All that is asked about must be allowed, and what is no ARN is told only to who may ask.
    for (ids, wanted) in [
        (json!([arn("ours"), arn("theirs")]), "AccessDeniedException"),
        (json!(["main"]), "AccessDeniedException"),
    ] {
        let answer = world
            .trail(&bob, "us-east-1", "ListTags", json!({"ResourceIdList": ids}))
            .await;
        assert_eq!(answer.refused(), wanted);
    }
    let input = json!({"ResourceIdList": [arn("ours")]});
    world.trail(&bob, "us-east-1", "ListTags", input).await.ok();
}
