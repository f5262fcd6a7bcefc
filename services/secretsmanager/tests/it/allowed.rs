//! Permissions: what each operation asks for, and what a denial says.

use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed};

fn policy(actions: &[&str], resource: &str, condition: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[tokio::test]
async fn denials_name_the_resources_that_aws_names() {
    let bed = Bed::new();
    let arn = bed.create("a", "x").await;
    let check = async |operation: &str, input: Value, resource: &str| {
        let refused = bed.call_as_user(operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{operation}");
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/test is not authorized to perform: secretsmanager:{operation} on resource: \
             {resource} because no identity-based policy allows the secretsmanager:{operation} action"
        );
        assert_eq!(refused.message, expected);
    };
    let id = json!({ "SecretId": "a" });
    let with = |key: &str, value: Value| {
        let mut input = id.clone();
        input[key] = value;
        input
    };
    let document = policy(&["secretsmanager:*"], "*", Value::Null).to_string();
    check("CreateSecret", json!({ "Name": "new", "SecretString": "x" }), "new").await;
    for operation in [
        "GetSecretValue",
        "DescribeSecret",
        "ListSecretVersionIds",
        "DeleteSecret",
        "RestoreSecret",
        "GetResourcePolicy",
        "DeleteResourcePolicy",
        "UpdateSecret",
    ] {
        check(operation, id.clone(), &arn).await;
    }
    check("PutSecretValue", with("SecretString", json!("y")), &arn).await;
    check("UpdateSecretVersionStage", with("VersionStage", json!("x")), &arn).await;
    check("TagResource", with("Tags", json!([{ "Key": "k", "Value": "v" }])), &arn).await;
    check("UntagResource", with("TagKeys", json!(["k"])), &arn).await;
    check("PutResourcePolicy", with("ResourcePolicy", json!(document)), &arn).await;
    check("ValidateResourcePolicy", with("ResourcePolicy", json!(document)), &arn).await;
    for operation in ["ListSecrets", "GetRandomPassword"] {
        check(operation, json!({}), "*").await;
    }
    check("BatchGetSecretValue", json!({ "SecretIdList": ["a"] }), "*").await;
    check("GetSecretValue", json!({ "SecretId": "none" }), "none").await;
    assert_eq!(bed.text("a", "AWSCURRENT").await, "x");
    assert_eq!(
        bed.ok("ListSecrets", json!({})).await["SecretList"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let mounted = bed.kernel.operations().filter(|(_, implemented)| *implemented).count();
    assert_eq!(mounted, 18);
}

#[tokio::test]
async fn the_six_characters_of_the_arn_are_matched_by_question_marks() {
    let resource = format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/*-??????");
    let actions = ["secretsmanager:CreateSecret", "secretsmanager:GetSecretValue"];
    let bed = Bed::with_policy(&policy(&actions, &resource, Value::Null));
    bed.call_as_user("CreateSecret", json!({ "Name": "app/a", "SecretString": "x" }))
        .await
        .unwrap();
    bed.call_as_user("GetSecretValue", json!({ "SecretId": "app/a" }))
        .await
        .unwrap();
    let refused = bed
        .call_as_user("CreateSecret", json!({ "Name": "other" }))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    let tagged = json!({ "Name": "app/b", "Tags": [{ "Key": "k", "Value": "v" }] });
    let refused = bed.call_as_user("CreateSecret", tagged).await.unwrap_err();
    assert!(
        refused.message.contains("secretsmanager:TagResource"),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn labels_tags_and_windows_are_conditions() {
    let condition = json!({ "StringEquals": { "secretsmanager:VersionStage": "AWSCURRENT" } });
    let bed = Bed::with_policy(&policy(&["secretsmanager:GetSecretValue"], "*", condition));
    bed.create("a", "x").await;
    bed.put("a", "y").await;
    bed.call_as_user("GetSecretValue", json!({ "SecretId": "a" }))
        .await
        .unwrap();
    let previous = json!({ "SecretId": "a", "VersionStage": "AWSPREVIOUS" });
    assert_eq!(
        bed.call_as_user("GetSecretValue", previous).await.unwrap_err().code,
        "AccessDeniedException"
    );

    let condition = json!({ "StringEquals": { "secretsmanager:ResourceTag/team": "red" } });
    let actions = ["secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"];
    let mut document = policy(&actions[..1], "*", condition);
    let batch = policy(&actions[1..], "*", Value::Null);
    document["Statement"]
        .as_array_mut()
        .unwrap()
        .push(batch["Statement"][0].clone());
    let bed = Bed::with_policy(&document);
    for team in ["red", "blue"] {
        let tags = json!([{ "Key": "team", "Value": team }]);
        bed.ok(
            "CreateSecret",
            json!({ "Name": team, "SecretString": "x", "Tags": tags }),
        )
        .await;
        let allowed = bed
            .call_as_user("GetSecretValue", json!({ "SecretId": team }))
            .await
            .is_ok();
        assert_eq!(allowed, team == "red");
    }
    let both = json!({ "SecretIdList": ["red", "blue"] });
    let answer = bed.call_as_user("BatchGetSecretValue", both).await.unwrap();
    assert_eq!(answer["SecretValues"][0]["Name"], "red");
    assert_eq!(answer["Errors"][0]["ErrorCode"], "AccessDeniedException");

    let condition = json!({ "NumericGreaterThanEquals": { "secretsmanager:RecoveryWindowInDays": 14 } });
    let bed = Bed::with_policy(&policy(&["secretsmanager:DeleteSecret"], "*", condition));
    bed.create("a", "x").await;
    let delete = |days: u8| json!({ "SecretId": "a", "RecoveryWindowInDays": days });
    assert_eq!(
        bed.call_as_user("DeleteSecret", delete(7)).await.unwrap_err().code,
        "AccessDeniedException"
    );
    bed.call_as_user("DeleteSecret", delete(14)).await.unwrap();
}
