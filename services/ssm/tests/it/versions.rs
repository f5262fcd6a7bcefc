//! Versions, their labels, and the history.

use serde_json::{Value, json};

use crate::bed::Bed;

#[tokio::test]
async fn every_version_can_be_read_by_number_and_label() {
    let bed = Bed::new();
    bed.put("a", "String", "one").await;
    bed.put_again("a", "two").await;
    bed.put_again("a", "three").await;
    let label = json!({ "Name": "a", "ParameterVersion": 2, "Labels": ["prod", "1bad", "aws-x"] });
    let answer = bed.ok("LabelParameterVersion", label).await;
    assert_eq!(
        answer,
        json!({ "InvalidLabels": ["1bad", "aws-x"], "ParameterVersion": 2 })
    );
    for (name, value) in [
        ("a", "three"),
        ("a:1", "one"),
        ("a:2", "two"),
        ("a:3", "three"),
        ("a:prod", "two"),
    ] {
        assert_eq!(bed.value(name).await, value, "{name}");
    }
    let answer = bed.ok("GetParameter", json!({ "Name": "a:prod" })).await;
    assert_eq!(answer["Parameter"]["Selector"], ":prod");
    assert_eq!(
        bed.refused("GetParameter", json!({ "Name": "a:9" }), "ParameterVersionNotFound")
            .await,
        "Systems Manager could not find version 9 of a. Verify the version and try again."
    );
    assert_eq!(
        bed.refused("GetParameter", json!({ "Name": "a:x" }), "ParameterVersionNotFound")
            .await,
        "Systems Manager could not find label x for parameter a. Verify the label and try again."
    );
}

#[tokio::test]
async fn a_label_is_on_one_version_at_a_time_and_ten_are_the_most() {
    let bed = Bed::new();
    bed.put("a", "String", "one").await;
    bed.put_again("a", "two").await;
    bed.ok(
        "LabelParameterVersion",
        json!({ "Name": "a", "ParameterVersion": 1, "Labels": ["x"] }),
    )
    .await;
    bed.ok("LabelParameterVersion", json!({ "Name": "a", "Labels": ["x"] }))
        .await;
    assert_eq!(bed.value("a:x").await, "two");
    let nine: Vec<String> = (0..9).map(|at| format!("l{at}")).collect();
    bed.ok("LabelParameterVersion", json!({ "Name": "a", "Labels": nine }))
        .await;
    let more = json!({ "Name": "a", "Labels": ["eleven"] });
    bed.refused("LabelParameterVersion", more, "ParameterVersionLabelLimitExceeded")
        .await;
    let remove = json!({ "Name": "a", "ParameterVersion": 2, "Labels": ["x", "none"] });
    let answer = bed.ok("UnlabelParameterVersion", remove).await;
    assert_eq!(answer, json!({ "RemovedLabels": ["x"], "InvalidLabels": ["none"] }));
    bed.refused("GetParameter", json!({ "Name": "a:x" }), "ParameterVersionNotFound")
        .await;
    let unknown = json!({ "Name": "a", "ParameterVersion": 7, "Labels": ["y"] });
    bed.refused("LabelParameterVersion", unknown, "ParameterVersionNotFound")
        .await;
}

async fn history(bed: &Bed, size: usize) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "Name": "a", "MaxResults": size });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let answer = bed.ok("GetParameterHistory", input).await;
        let page = answer["Parameters"].as_array().unwrap();
        assert!(page.len() <= size);
        all.extend(page.clone());
        token = answer["NextToken"].clone();
        if token.is_null() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_hundred_versions_are_kept_and_a_labelled_one_is_never_let_go() {
    let bed = Bed::new();
    bed.put("a", "String", "v1").await;
    for number in 2..=101 {
        assert_eq!(bed.put_again("a", &format!("v{number}")).await["Version"], number);
    }
    let told = history(&bed, 7).await;
    let numbers: Vec<i64> = told
        .iter()
        .map(|version| version["Version"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (2..=101).collect::<Vec<_>>());
    assert_eq!(told[98]["Value"], "v100");
    assert!(!bed.stores("\"v1\"").await);
    bed.ok(
        "LabelParameterVersion",
        json!({ "Name": "a", "ParameterVersion": 2, "Labels": ["keep"] }),
    )
    .await;
    let more = json!({ "Name": "a", "Value": "v102", "Overwrite": true });
    let text = bed
        .refused("PutParameter", more, "ParameterMaxVersionLimitExceeded")
        .await;
    assert!(text.contains("Version 2, the oldest version"), "{text}");
    assert_eq!(bed.value("a:keep").await, "v2");
    assert_eq!(history(&bed, 50).await[0]["Labels"], json!(["keep"]));
    bed.refused(
        "GetParameterHistory",
        json!({ "Name": "a", "NextToken": "0123456789abcdef33" }),
        "InvalidNextToken",
    )
    .await;
}
