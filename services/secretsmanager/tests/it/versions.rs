//! Versions of secrets and their staging labels.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::Bed;

async fn stages(bed: &Bed) -> Value {
    bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await["VersionIdsToStages"].clone()
}

#[tokio::test]
async fn a_new_value_is_current_and_the_one_before_is_previous() {
    let bed = Bed::new();
    bed.create("a", "one").await;
    let two = bed.put("a", "two").await;
    let three = bed.put("a", "three").await;
    assert_eq!(
        stages(&bed).await,
        json!({ &two: ["AWSPREVIOUS"], &three: ["AWSCURRENT"] })
    );
    assert_eq!(bed.text("a", "AWSPREVIOUS").await, "two");
    let by_id = bed
        .ok("GetSecretValue", json!({ "SecretId": "a", "VersionId": two }))
        .await;
    assert_eq!(
        (&by_id["SecretString"], &by_id["VersionStages"]),
        (&json!("two"), &json!(["AWSPREVIOUS"]))
    );
    let both = json!({ "SecretId": "a", "VersionId": two, "VersionStage": "AWSCURRENT" });
    assert_eq!(
        bed.refused("GetSecretValue", both, "InvalidRequestException").await,
        "You provided a VersionStage that is not associated to the provided VersionId."
    );
}

#[tokio::test]
async fn a_pending_value_becomes_current_when_the_label_is_moved() {
    let bed = Bed::new();
    bed.create("a", "one").await;
    let old = stages(&bed).await.as_object().unwrap().keys().next().unwrap().clone();
    let put = json!({ "SecretId": "a", "SecretString": "new", "VersionStages": ["AWSPENDING"] });
    let pending = bed.ok("PutSecretValue", put).await["VersionId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(bed.text("a", "AWSCURRENT").await, "one");
    assert_eq!(bed.text("a", "AWSPENDING").await, "new");
    let mut input = json!({ "SecretId": "a", "VersionStage": "AWSCURRENT", "MoveToVersionId": pending });
    let text = bed
        .refused("UpdateSecretVersionStage", input.clone(), "InvalidParameterException")
        .await;
    assert_eq!(
        text,
        format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version \
             {old}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    );
    input["RemoveFromVersionId"] = json!(pending);
    bed.refused("UpdateSecretVersionStage", input.clone(), "InvalidParameterException")
        .await;
    input["RemoveFromVersionId"] = json!(old);
    bed.ok("UpdateSecretVersionStage", input).await;
    let mut expected = json!({ &old: ["AWSPREVIOUS"] });
    expected[&pending] = json!(["AWSPENDING", "AWSCURRENT"]);
    assert_eq!(stages(&bed).await, expected);
    let remove = |stage: &str| json!({ "SecretId": "a", "VersionStage": stage, "RemoveFromVersionId": pending });
    bed.ok("UpdateSecretVersionStage", remove("AWSPENDING")).await;
    bed.refused(
        "UpdateSecretVersionStage",
        remove("AWSCURRENT"),
        "InvalidParameterException",
    )
    .await;
    expected[&pending] = json!(["AWSCURRENT"]);
    assert_eq!(stages(&bed).await, expected);
    let unknown = json!({ "SecretId": "a", "VersionStage": "x", "MoveToVersionId": "f".repeat(32) });
    bed.refused("UpdateSecretVersionStage", unknown, "ResourceNotFoundException")
        .await;
}

#[tokio::test]
async fn versions_are_listed_a_page_at_a_time_the_deprecated_ones_when_asked() {
    let bed = Bed::new();
    bed.create("a", "0").await;
    for at in 1..=6 {
        bed.put("a", &at.to_string()).await;
    }
    let labelled = bed.ok("ListSecretVersionIds", json!({ "SecretId": "a" })).await;
    assert_eq!(labelled["Versions"].as_array().unwrap().len(), 2);
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "SecretId": "a", "IncludeDeprecated": true, "MaxResults": 3 });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let page = bed.ok("ListSecretVersionIds", input).await;
        seen.extend(
            page["Versions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|version| version["VersionId"].clone()),
        );
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 7);
    bed.refused(
        "ListSecretVersionIds",
        json!({ "SecretId": "a", "NextToken": "x" }),
        "InvalidNextTokenException",
    )
    .await;
}

#[tokio::test]
async fn old_values_are_let_go_when_there_are_too_many() {
    let bed = Bed::new();
    bed.create("a", "0").await;
    let first = stages(&bed).await.as_object().unwrap().keys().next().unwrap().clone();
    for at in 1..=103 {
        bed.clock.advance(Duration::from_secs(1));
        bed.put("a", &at.to_string()).await;
    }
    bed.ok("GetSecretValue", json!({ "SecretId": "a", "VersionId": first }))
        .await;
    bed.pass_days(2);
    bed.put("a", "newest").await;
    bed.refused(
        "GetSecretValue",
        json!({ "SecretId": "a", "VersionId": first }),
        "ResourceNotFoundException",
    )
    .await;
    assert!(!bed.stores(&first).await);
}
