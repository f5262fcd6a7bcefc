//! Lists of secrets: filtered, sorted, a page at a time; and their values in one call.

use serde_json::{Value, json};

use crate::bed::Bed;

fn names(answer: &Value, list: &str) -> Vec<String> {
    let all = answer[list].as_array().unwrap().iter();
    all.map(|found| found["Name"].as_str().unwrap().to_owned()).collect()
}

async fn filled() -> Bed {
    let bed = Bed::new();
    for (name, description, team) in [
        ("prod/db", "The main database", "red"),
        ("prod/api", "Key of the API", "blue"),
        ("test/db", "database for tests", "red"),
    ] {
        bed.pass_days(1);
        let tags = json!([{ "Key": "team", "Value": team }]);
        let input = json!({ "Name": name, "Description": description, "SecretString": name, "Tags": tags });
        bed.ok("CreateSecret", input).await;
    }
    bed
}

#[tokio::test]
async fn filters_choose_what_is_listed() {
    let bed = filled().await;
    for (filters, expected) in [
        (
            json!([{ "Key": "name", "Values": ["prod/"] }]),
            vec!["prod/api", "prod/db"],
        ),
        (json!([{ "Key": "name", "Values": ["Prod"] }]), vec![]),
        (json!([{ "Key": "name", "Values": ["!prod/"] }]), vec!["test/db"]),
        (
            json!([{ "Key": "description", "Values": ["DATA"] }]),
            vec!["prod/db", "test/db"],
        ),
        (
            json!([{ "Key": "tag-key", "Values": ["te"] }]),
            vec!["prod/api", "prod/db", "test/db"],
        ),
        (
            json!([{ "Key": "tag-value", "Values": ["red"] }, { "Key": "name", "Values": ["prod"] }]),
            vec!["prod/db"],
        ),
        (json!([{ "Key": "all", "Values": ["red main"] }]), vec!["prod/db"]),
        (
            json!([{ "Key": "name", "Values": ["test", "prod/a"] }]),
            vec!["prod/api", "test/db"],
        ),
        (
            json!([{ "Key": "primary-region", "Values": ["us-east-1"] }]),
            vec!["prod/api", "prod/db", "test/db"],
        ),
    ] {
        let input = json!({ "Filters": filters, "SortBy": "name", "SortOrder": "asc" });
        assert_eq!(
            names(&bed.ok("ListSecrets", input).await, "SecretList"),
            expected,
            "{filters}"
        );
    }
    let empty = json!({ "Filters": [{ "Key": "name", "Values": [] }] });
    assert!(bed.call("ListSecrets", empty).await.is_err());
}

#[tokio::test]
async fn the_newest_come_first_unless_asked_otherwise() {
    let bed = filled().await;
    let list = async |input: Value| names(&bed.ok("ListSecrets", input).await, "SecretList");
    assert_eq!(list(json!({})).await, ["test/db", "prod/api", "prod/db"]);
    assert_eq!(
        list(json!({ "SortOrder": "asc" })).await,
        ["prod/db", "prod/api", "test/db"]
    );
    assert_eq!(
        list(json!({ "SortBy": "name" })).await,
        ["test/db", "prod/db", "prod/api"]
    );
    bed.ok("UpdateSecret", json!({ "SecretId": "prod/db", "Description": "x" }))
        .await;
    bed.pass_days(1);
    bed.ok("UpdateSecret", json!({ "SecretId": "prod/api", "Description": "x" }))
        .await;
    assert_eq!(
        list(json!({ "SortBy": "last-changed-date" })).await,
        ["prod/api", "test/db", "prod/db"]
    );
}

#[tokio::test]
async fn pages_show_every_secret_once() {
    let bed = Bed::new();
    for at in 0..7 {
        bed.create(&format!("s{at}"), "x").await;
    }
    for order in ["asc", "desc"] {
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({ "MaxResults": 3, "SortOrder": order });
            if !token.is_null() {
                input["NextToken"] = token;
            }
            let page = bed.ok("ListSecrets", input).await;
            seen.extend(names(&page, "SecretList"));
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        let mut expected: Vec<String> = (0..7).map(|at| format!("s{at}")).collect();
        if order == "desc" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order}");
    }
    let first = bed.ok("ListSecrets", json!({ "MaxResults": 3 })).await;
    let other = json!({ "MaxResults": 3, "SortOrder": "asc", "NextToken": first["NextToken"] });
    bed.refused("ListSecrets", other, "InvalidNextTokenException").await;
}

#[tokio::test]
async fn values_of_several_secrets_are_read_in_one_call() {
    let bed = filled().await;
    let input = json!({ "SecretIdList": ["prod/db", "none", "test/db"] });
    let answer = bed.ok("BatchGetSecretValue", input).await;
    assert_eq!(names(&answer, "SecretValues"), ["prod/db", "test/db"]);
    assert_eq!(answer["SecretValues"][0]["SecretString"], "prod/db");
    assert_eq!(
        answer["Errors"],
        json!([{
            "SecretId": "none", "ErrorCode": "ResourceNotFoundException",
            "Message": "Secrets Manager can't find the specified secret.",
        }])
    );
    let chosen = json!({ "Filters": [{ "Key": "name", "Values": ["prod"] }], "MaxResults": 1 });
    let first = bed.ok("BatchGetSecretValue", chosen.clone()).await;
    assert_eq!(names(&first, "SecretValues"), ["prod/api"]);
    let mut rest = chosen;
    rest["NextToken"] = first["NextToken"].clone();
    let second = bed.ok("BatchGetSecretValue", rest).await;
    assert_eq!(
        (names(&second, "SecretValues"), second.get("NextToken")),
        (vec!["prod/db".to_owned()], None)
    );
    bed.refused("BatchGetSecretValue", json!({}), "InvalidParameterException")
        .await;
}
