//! Policies of secrets: kept, checked, and decided by.

use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed};

fn policy(effect: &str, principal: &Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect, "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*",
        }],
    })
    .to_string()
}

#[tokio::test]
async fn a_policy_is_put_read_and_deleted() {
    let bed = Bed::new();
    let arn = bed.create("a", "x").await;
    let text = policy("Allow", &json!({ "AWS": ACCOUNT }));
    let put = bed
        .ok("PutResourcePolicy", json!({ "SecretId": "a", "ResourcePolicy": text }))
        .await;
    assert_eq!(put, json!({ "ARN": arn, "Name": "a" }));
    let got = bed.ok("GetResourcePolicy", json!({ "SecretId": "a" })).await;
    assert_eq!(got, json!({ "ARN": arn, "Name": "a", "ResourcePolicy": text }));
    bed.ok("DeleteResourcePolicy", json!({ "SecretId": "a" })).await;
    let got = bed.ok("GetResourcePolicy", json!({ "SecretId": "a" })).await;
    assert_eq!(got, json!({ "ARN": arn, "Name": "a" }));
}

#[tokio::test]
async fn a_policy_that_is_none_or_opens_to_all_is_refused() {
    let bed = Bed::new();
    bed.create("a", "x").await;
    for text in ["nothing", "{}", "[]"] {
        for operation in ["PutResourcePolicy", "ValidateResourcePolicy"] {
            let input = json!({ "SecretId": "a", "ResourcePolicy": text });
            bed.refused(operation, input, "MalformedPolicyDocumentException").await;
        }
    }
    for (principal, passes) in [
        (json!("*"), false),
        (json!({ "AWS": "*" }), false),
        (json!({ "AWS": ACCOUNT }), true),
    ] {
        let text = policy("Allow", &principal);
        let input = json!({ "SecretId": "a", "ResourcePolicy": text });
        let checked = bed.ok("ValidateResourcePolicy", input.clone()).await;
        assert_eq!(checked["PolicyValidationPassed"], passes);
        assert_eq!(checked["ValidationErrors"].as_array().unwrap().is_empty(), passes);
        let mut input = input;
        input["BlockPublicPolicy"] = json!(true);
        let put = bed.call("PutResourcePolicy", input).await;
        assert_eq!(
            put.err().map(|refused| refused.code),
            (!passes).then(|| "PublicPolicyException".to_owned())
        );
    }
}

#[tokio::test]
async fn a_policy_allows_who_has_no_policy_and_denies_who_has_one() {
    let user = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/test") });
    let bed = Bed::new();
    bed.create("a", "x").await;
    bed.create("b", "x").await;
    let put = json!({ "SecretId": "a", "ResourcePolicy": policy("Allow", &user) });
    bed.ok("PutResourcePolicy", put).await;
    bed.call_as_user("GetSecretValue", json!({ "SecretId": "a" }))
        .await
        .unwrap();
    let denied = bed
        .call_as_user("GetSecretValue", json!({ "SecretId": "b" }))
        .await
        .unwrap_err();
    assert_eq!(denied.code, "AccessDeniedException");
    let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    let bed = Bed::with_policy(&all);
    bed.create("a", "x").await;
    bed.call_as_user("GetSecretValue", json!({ "SecretId": "a" }))
        .await
        .unwrap();
    bed.ok(
        "PutResourcePolicy",
        json!({ "SecretId": "a", "ResourcePolicy": policy("Deny", &user) }),
    )
    .await;
    let denied = bed
        .call_as_user("GetSecretValue", json!({ "SecretId": "a" }))
        .await
        .unwrap_err();
    assert!(
        denied
            .message
            .ends_with("with an explicit deny in a resource-based policy"),
        "{}",
        denied.message
    );
    bed.call_as_user("DescribeSecret", json!({ "SecretId": "a" }))
        .await
        .unwrap();
}
