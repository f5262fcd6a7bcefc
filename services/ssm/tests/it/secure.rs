//! Secure values: sealed in the store, told in the clear only when asked for, and never recorded.

use roadstead_kernel::audit::Search;
use serde_json::json;

use crate::bed::Bed;

const VALUE: &str = "correct horse battery staple";

#[tokio::test]
async fn a_secure_value_is_sealed_and_told_only_with_decryption() {
    let bed = Bed::new();
    bed.put("/app/password", "SecureString", VALUE).await;
    bed.put_again("/app/password", &format!("{VALUE} 2")).await;
    assert!(!bed.stores("horse").await);
    assert_eq!(bed.value("/app/password").await, format!("{VALUE} 2"));
    assert_eq!(bed.value("/app/password:1").await, VALUE);
    let sealed = bed.ok("GetParameter", json!({ "Name": "/app/password" })).await;
    let text = sealed["Parameter"]["Value"].as_str().unwrap();
    assert!(!text.contains("horse") && text.len() > VALUE.len());
    assert_eq!(sealed["Parameter"]["Type"], "SecureString");
    let described = bed.ok("DescribeParameters", json!({})).await;
    assert_eq!(described["Parameters"][0]["KeyId"], "alias/aws/ssm");
    for (operation, input) in [
        ("GetParameters", json!({ "Names": ["/app/password"] })),
        ("GetParametersByPath", json!({ "Path": "/app" })),
        ("GetParameterHistory", json!({ "Name": "/app/password" })),
    ] {
        let mut input = input;
        assert!(
            !bed.ok(operation, input.clone()).await.to_string().contains("horse"),
            "{operation}"
        );
        input["WithDecryption"] = json!(true);
        assert!(
            bed.ok(operation, input).await.to_string().contains(VALUE),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_key_that_was_named_is_told_and_kept() {
    let bed = Bed::new();
    let input = json!({ "Name": "a", "Type": "SecureString", "Value": VALUE, "KeyId": "alias/mine" });
    bed.ok("PutParameter", input).await;
    bed.put_again("a", "other").await;
    let filter = |key: &str| json!({ "ParameterFilters": [{ "Key": "KeyId", "Values": [key] }] });
    let described = bed.ok("DescribeParameters", filter("alias/mine")).await;
    assert_eq!(described["Parameters"][0]["KeyId"], "alias/mine");
    let none = bed.ok("DescribeParameters", filter("alias/aws/ssm")).await;
    assert_eq!(none["Parameters"], json!([]));
}

#[tokio::test]
async fn no_value_is_ever_recorded() {
    let bed = Bed::new();
    bed.put("a", "SecureString", VALUE).await;
    bed.put("b", "String", VALUE).await;
    bed.value("a").await;
    let refused = json!({ "Name": "c", "Type": "String", "Value": VALUE, "AllowedPattern": "x" });
    bed.refused("PutParameter", refused, "ParameterPatternMismatchException")
        .await;
    let found = bed.kernel.audit().search(&Search::newest(100), |_| true).unwrap();
    let records: Vec<_> = found.into_iter().map(|(_, record)| record).collect();
    let text = serde_json::to_string(&records).unwrap();
    assert!(
        text.contains("\"PutParameter\"") && text.contains("HIDDEN_DUE_TO_SECURITY_REASONS"),
        "{text}"
    );
    assert!(!text.contains("horse"), "{text}");
}
