//! Secrets: made, read, changed, tagged, and what is refused; sealed at rest and never recorded.

use roadstead_kernel::audit::Search;
use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

const TEXT: &str = "correct horse battery staple";

#[tokio::test]
async fn a_secret_is_read_as_it_was_made() {
    let bed = Bed::new();
    let token = "01234567-89ab-4cde-8f01-23456789abcd";
    let made = bed
        .ok(
            "CreateSecret",
            json!({
                "Name": "app/db", "SecretString": TEXT, "Description": "d", "ClientRequestToken": token,
                "Tags": [{ "Key": "team", "Value": "red" }],
            }),
        )
        .await;
    let arn = made["ARN"].as_str().unwrap();
    let head = format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/db-");
    assert_eq!(arn.strip_prefix(&head).unwrap().len(), 6);
    assert_eq!((&made["Name"], &made["VersionId"]), (&json!("app/db"), &json!(token)));
    let at = json!(f64::from(i32::try_from(NOW / 1000).unwrap()));
    let expected = json!({
        "ARN": arn, "Name": "app/db", "VersionId": token, "SecretString": TEXT, "VersionStages": ["AWSCURRENT"],
        "CreatedDate": at,
    });
    let partial = head.trim_end_matches('-');
    for id in ["app/db", arn, partial] {
        let mut value = bed.ok("GetSecretValue", json!({ "SecretId": id })).await;
        value["CreatedDate"] = json!(value["CreatedDate"].as_f64().unwrap().round());
        assert_eq!(value, expected, "{id}");
    }
    let described = bed.ok("DescribeSecret", json!({ "SecretId": arn })).await;
    assert_eq!(described["VersionIdsToStages"], json!({ token: ["AWSCURRENT"] }));
    assert_eq!(described["Tags"], json!([{ "Key": "team", "Value": "red" }]));
    assert_eq!(
        (&described["Description"], described.get("KmsKeyId")),
        (&json!("d"), None)
    );
    // Only the day of the last reading is told.
    let day = described["LastAccessedDate"].as_f64().unwrap();
    assert!(day.rem_euclid(86_400.0) < 0.001, "{day}");
    assert!(described.get("DeletedDate").is_none() && described.get("RotationEnabled").is_none());
}

#[tokio::test]
async fn bytes_come_back_as_bytes() {
    let bed = Bed::new();
    bed.ok("CreateSecret", json!({ "Name": "a", "SecretBinary": "AAEC/w==" }))
        .await;
    let value = bed.ok("GetSecretValue", json!({ "SecretId": "a" })).await;
    assert_eq!(
        (&value["SecretBinary"], value.get("SecretString")),
        (&json!("AAEC/w=="), None)
    );
}

#[tokio::test]
async fn a_value_is_sealed_at_rest_and_never_recorded() {
    let bed = Bed::new();
    bed.create("a", TEXT).await;
    bed.put("a", &format!("{TEXT} 2")).await;
    bed.ok(
        "UpdateSecret",
        json!({ "SecretId": "a", "SecretString": format!("{TEXT} 3") }),
    )
    .await;
    bed.ok("GetRandomPassword", json!({})).await;
    assert_eq!(bed.text("a", "AWSCURRENT").await, format!("{TEXT} 3"));
    bed.refused(
        "CreateSecret",
        json!({ "Name": "a", "SecretString": TEXT }),
        "ResourceExistsException",
    )
    .await;
    assert!(!bed.stores("horse").await);
    let found = bed.kernel.audit().search(&Search::newest(100), |_| true).unwrap();
    let records: Vec<_> = found.into_iter().map(|(_, record)| record).collect();
    let text = serde_json::to_string(&records).unwrap();
    assert!(text.contains("\"UpdateSecret\"") && !text.contains("horse"), "{text}");
}

#[tokio::test]
async fn a_secret_without_a_value_has_no_current_version() {
    let bed = Bed::new();
    let made = bed.ok("CreateSecret", json!({ "Name": "a" })).await;
    assert_eq!(made.get("VersionId"), None);
    assert_eq!(
        bed.refused(
            "GetSecretValue",
            json!({ "SecretId": "a" }),
            "ResourceNotFoundException"
        )
        .await,
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
    );
    // The first value is current, whatever labels it is given.
    let put = json!({ "SecretId": "a", "SecretString": "x", "VersionStages": ["mine"] });
    assert_eq!(
        bed.ok("PutSecretValue", put).await["VersionStages"],
        json!(["mine", "AWSCURRENT"])
    );
    assert_eq!(bed.text("a", "AWSCURRENT").await, "x");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let bed = Bed::new();
    let arn = bed.create("a", "x").await;
    let other = arn.replace("us-east-1", "eu-west-1");
    let wrong = format!("{}-ABCDEF", arn.rsplit_once('-').unwrap().0);
    for id in ["none", &other, &wrong] {
        let text = bed
            .refused("DescribeSecret", json!({ "SecretId": id }), "ResourceNotFoundException")
            .await;
        assert_eq!(text, "Secrets Manager can't find the specified secret.", "{id}");
    }
    let version = json!({ "SecretId": "a", "VersionId": "01234567-89ab-4cde-8f01-23456789abcd" });
    assert_eq!(
        bed.refused("GetSecretValue", version, "ResourceNotFoundException")
            .await,
        "Secrets Manager can't find the specified secret value for VersionId: 01234567-89ab-4cde-8f01-23456789abcd"
    );
}

#[tokio::test]
async fn the_same_request_again_makes_nothing_new() {
    let bed = Bed::new();
    let token = "01234567-89ab-4cde-8f01-23456789abcd";
    let input = |text: &str| json!({ "Name": "a", "SecretString": text, "ClientRequestToken": token });
    let made = bed.ok("CreateSecret", input("x")).await;
    assert_eq!(bed.ok("CreateSecret", input("x")).await, made);
    assert_eq!(
        bed.refused("CreateSecret", input("y"), "ResourceExistsException").await,
        "The operation failed because the secret a already exists."
    );
    let put = |text: &str| json!({ "SecretId": "a", "SecretString": text, "ClientRequestToken": "f".repeat(32) });
    bed.ok("PutSecretValue", put("two")).await;
    bed.put("a", "three").await;
    bed.ok("PutSecretValue", put("two")).await;
    assert_eq!(bed.text("a", "AWSCURRENT").await, "three");
    let text = bed
        .refused("PutSecretValue", put("other"), "ResourceExistsException")
        .await;
    let arn = made["ARN"].as_str().unwrap();
    let token = "f".repeat(32);
    assert_eq!(
        text,
        format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
        )
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let bed = Bed::new();
    let arn = bed.create("a", "one").await;
    let update = json!({ "SecretId": "a", "Description": "d", "KmsKeyId": "alias/mine" });
    let answer = bed.ok("UpdateSecret", update).await;
    assert_eq!(answer, json!({ "ARN": arn, "Name": "a" }));
    let described = bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(
        (&described["Description"], &described["KmsKeyId"]),
        (&json!("d"), &json!("alias/mine"))
    );
    let answer = bed
        .ok("UpdateSecret", json!({ "SecretId": "a", "SecretString": "two" }))
        .await;
    assert!(answer["VersionId"].is_string());
    assert_eq!(bed.text("a", "AWSCURRENT").await, "two");
    assert_eq!(bed.text("a", "AWSPREVIOUS").await, "one");
    let described = bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(described["Description"], "d");
}

#[tokio::test]
async fn tags_are_added_and_removed() {
    let bed = Bed::new();
    bed.create("a", "x").await;
    let tags = json!([{ "Key": "k", "Value": "1" }, { "Key": "l", "Value": "2" }]);
    bed.ok("TagResource", json!({ "SecretId": "a", "Tags": tags })).await;
    bed.ok("UntagResource", json!({ "SecretId": "a", "TagKeys": ["k", "none"] }))
        .await;
    let described = bed.ok("DescribeSecret", json!({ "SecretId": "a" })).await;
    assert_eq!(described["Tags"], json!([{ "Key": "l", "Value": "2" }]));
    let many: Vec<Value> = (0..51)
        .map(|at| json!({ "Key": format!("k{at}"), "Value": "" }))
        .collect();
    bed.refused(
        "TagResource",
        json!({ "SecretId": "a", "Tags": many }),
        "InvalidParameterException",
    )
    .await;
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let bed = Bed::new();
    bed.create("a", "x").await;
    assert_eq!(
        bed.refused("CreateSecret", json!({ "Name": "a b" }), "ValidationException")
            .await,
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
    );
    bed.refused("GetSecretValue", json!({ "SecretId": "a:b" }), "ValidationException")
        .await;
    let both = json!({ "SecretId": "a", "SecretString": "x", "SecretBinary": "AA==" });
    assert_eq!(
        bed.refused("PutSecretValue", both, "InvalidParameterException").await,
        "You can't specify both a binary secret value and a string secret value in the same secret."
    );
    bed.refused("PutSecretValue", json!({ "SecretId": "a" }), "InvalidRequestException")
        .await;
    let replicated = json!({ "Name": "b", "AddReplicaRegions": [{ "Region": "eu-west-1" }] });
    bed.refused("CreateSecret", replicated, "InvalidParameterException")
        .await;
    bed.refused("RotateSecret", json!({ "SecretId": "a" }), "NotImplemented")
        .await;
}

#[tokio::test]
async fn passwords_are_drawn_as_asked() {
    let bed = Bed::new();
    let drawn = |answer: Value| answer["RandomPassword"].as_str().unwrap().to_owned();
    let first = drawn(bed.ok("GetRandomPassword", json!({})).await);
    assert_eq!(first.len(), 32);
    assert_ne!(first, drawn(bed.ok("GetRandomPassword", json!({})).await));
    let digits = json!({
        "PasswordLength": 8, "ExcludeLowercase": true, "ExcludeUppercase": true, "ExcludePunctuation": true,
        "ExcludeCharacters": "01",
    });
    let made = drawn(bed.ok("GetRandomPassword", digits).await);
    assert!(
        made.len() == 8 && made.chars().all(|c| ('2'..='9').contains(&c)),
        "{made}"
    );
    bed.refused(
        "GetRandomPassword",
        json!({ "PasswordLength": 3 }),
        "InvalidParameterException",
    )
    .await;
}
