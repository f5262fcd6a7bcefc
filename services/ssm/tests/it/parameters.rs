//! Parameters: written, read, overwritten, deleted, and what is refused.

use serde_json::json;

use crate::bed::{ACCOUNT, Bed, NOW};

#[tokio::test]
async fn a_parameter_is_read_as_it_was_put() {
    let bed = Bed::new();
    let put = bed.put("/app/url", "String", "http://x").await;
    assert_eq!(put, json!({ "Version": 1, "Tier": "Standard" }));
    let answer = bed.ok("GetParameter", json!({ "Name": "/app/url" })).await;
    let arn = format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/app/url");
    let expected = json!({
        "Name": "/app/url", "Type": "String", "Value": "http://x", "Version": 1, "LastModifiedDate": f64::from(i32::try_from(NOW / 1000).unwrap()),
        "ARN": arn, "DataType": "text",
    });
    let mut told = answer["Parameter"].clone();
    told["LastModifiedDate"] = json!(told["LastModifiedDate"].as_f64().unwrap().round());
    assert_eq!(told, expected);
    assert_eq!(bed.value(&arn).await, "http://x");
    bed.put("plain", "StringList", "a,b").await;
    assert_eq!(
        bed.value(&format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/plain"))
            .await,
        "a,b"
    );
}

#[tokio::test]
async fn a_parameter_is_overwritten_only_when_asked_and_keeps_its_type() {
    let bed = Bed::new();
    bed.ok(
        "PutParameter",
        json!({ "Name": "a", "Type": "String", "Value": "1", "Description": "d", "AllowedPattern": "[0-9]+" }),
    )
    .await;
    let again = json!({ "Name": "a", "Type": "String", "Value": "2" });
    assert_eq!(
        bed.refused("PutParameter", again, "ParameterAlreadyExists").await,
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    );
    assert_eq!(bed.value("a").await, "1");
    assert_eq!(bed.put_again("a", "2").await["Version"], 2);
    let other = json!({ "Name": "a", "Type": "SecureString", "Value": "3", "Overwrite": true });
    bed.refused("PutParameter", other, "HierarchyTypeMismatchException")
        .await;
    // What a further version does not say stays.
    let text = json!({ "Name": "a", "Value": "x", "Overwrite": true });
    assert_eq!(
        bed.refused("PutParameter", text, "ParameterPatternMismatchException")
            .await,
        "Parameter value, cannot be validated against allowedPattern: [0-9]+"
    );
    let described = bed.ok("DescribeParameters", json!({})).await;
    let metadata = &described["Parameters"][0];
    assert_eq!(
        (
            &metadata["Description"],
            &metadata["Version"],
            &metadata["AllowedPattern"]
        ),
        (&json!("d"), &json!(2), &json!("[0-9]+"))
    );
    assert_eq!(metadata["LastModifiedUser"], format!("arn:aws:iam::{ACCOUNT}:root"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let bed = Bed::new();
    assert_eq!(
        bed.refused("GetParameter", json!({ "Name": "a" }), "ParameterNotFound")
            .await,
        ""
    );
    bed.refused("DeleteParameter", json!({ "Name": "a" }), "ParameterNotFound")
        .await;
    bed.refused("GetParameterHistory", json!({ "Name": "a" }), "ParameterNotFound")
        .await;
    bed.put("a", "String", "1").await;
    let elsewhere = format!("arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/a");
    bed.refused("GetParameter", json!({ "Name": elsewhere }), "ParameterNotFound")
        .await;
    let answer = bed
        .ok("GetParameters", json!({ "Names": ["b", "a", "a:7", "a:none"] }))
        .await;
    assert_eq!(answer["Parameters"].as_array().unwrap().len(), 1);
    assert_eq!(answer["InvalidParameters"], json!(["b", "a:7", "a:none"]));
}

#[tokio::test]
async fn a_deleted_parameter_takes_its_versions_along() {
    let bed = Bed::new();
    bed.put("a", "String", "secret-one").await;
    bed.put_again("a", "secret-two").await;
    bed.put("ab", "String", "kept").await;
    let answer = bed.ok("DeleteParameters", json!({ "Names": ["a", "none"] })).await;
    assert_eq!(
        answer,
        json!({ "DeletedParameters": ["a"], "InvalidParameters": ["none"] })
    );
    assert!(!bed.stores("secret-").await);
    assert_eq!(bed.put("a", "String", "3").await["Version"], 1);
    bed.refused("GetParameter", json!({ "Name": "a:2" }), "ParameterVersionNotFound")
        .await;
    bed.ok("DeleteParameter", json!({ "Name": "a" })).await;
    assert_eq!(bed.value("ab").await, "kept");
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let bed = Bed::new();
    let put = |more: serde_json::Value| {
        let mut input = json!({ "Name": "n", "Type": "String", "Value": "v" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for (more, code) in [
        (json!({ "Name": "a/b" }), "ValidationException"),
        (json!({ "Name": "aws-thing" }), "ValidationException"),
        (json!({ "Name": "n:1" }), "ValidationException"),
        (json!({ "Name": "/aws/x" }), "AccessDeniedException"),
        (
            json!({ "Name": "/a".repeat(16) }),
            "HierarchyLevelLimitExceededException",
        ),
        (json!({ "Value": "" }), "ValidationException"),
        (json!({ "Value": "{{ssm:a}}" }), "ValidationException"),
        (json!({ "Value": "x".repeat(4097) }), "ValidationException"),
        (
            json!({ "Value": "x".repeat(8193), "Tier": "Advanced" }),
            "ValidationException",
        ),
        (json!({ "AllowedPattern": "[" }), "InvalidAllowedPatternException"),
        (json!({ "AllowedPattern": "x|y" }), "ParameterPatternMismatchException"),
        (json!({ "KeyId": "alias/mine" }), "ValidationException"),
        (json!({ "DataType": "aws:ec2:image" }), "ValidationException"),
        (json!({ "DataType": "jpeg" }), "ValidationException"),
        (
            json!({ "Policies": "[{\"Type\":\"Expiration\"}]" }),
            "ValidationException",
        ),
        (
            json!({ "Tags": [{ "Key": "aws:x", "Value": "y" }] }),
            "ValidationException",
        ),
    ] {
        bed.refused("PutParameter", put(more), code).await;
    }
    let text = bed
        .refused(
            "PutParameter",
            json!({ "Name": "n", "Value": "v" }),
            "ValidationException",
        )
        .await;
    assert_eq!(text, "A parameter type is required when you create a parameter.");
    assert_eq!(bed.ok("DescribeParameters", json!({})).await["Parameters"], json!([]));
    bed.ok(
        "PutParameter",
        put(json!({ "Value": "ami-0123456789abcdef0", "DataType": "aws:ec2:image" })),
    )
    .await;
}

#[tokio::test]
async fn tiers_follow_the_size_and_never_go_down() {
    let bed = Bed::new();
    let put = async |name: &str, tier: &str, size: usize| {
        let input = json!({
            "Name": name, "Type": "String", "Value": "x".repeat(size), "Tier": tier, "Overwrite": true
        });
        bed.call("PutParameter", input)
            .await
            .map(|answer| answer["Tier"].clone())
    };
    assert_eq!(put("a", "Intelligent-Tiering", 10).await.unwrap(), "Standard");
    assert_eq!(put("a", "Intelligent-Tiering", 5000).await.unwrap(), "Advanced");
    assert_eq!(put("a", "Intelligent-Tiering", 10).await.unwrap(), "Advanced");
    assert_eq!(put("a", "Standard", 10).await.unwrap_err().code, "ValidationException");
    assert_eq!(bed.put_again("a", &"x".repeat(8000)).await["Tier"], "Advanced");
}

#[tokio::test]
async fn the_images_that_aws_recommends_can_be_read_by_everybody_who_may_read() {
    let bed = Bed::new();
    let name = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id";
    let answer = bed.ok("GetParameter", json!({ "Name": name })).await;
    assert!(answer["Parameter"]["Value"].as_str().unwrap().starts_with("ami-"));
    assert_eq!(
        answer["Parameter"]["ARN"],
        format!("arn:aws:ssm:us-east-1::parameter{name}")
    );
    let path = json!({ "Path": "/aws/service/ecs", "Recursive": true });
    let below = bed.ok("GetParametersByPath", path).await;
    let names = below["Parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["Name"].as_str().unwrap());
    assert!(names.collect::<Vec<_>>().contains(&name));
    bed.refused(
        "GetParameter",
        json!({ "Name": "/aws/service/none" }),
        "ParameterNotFound",
    )
    .await;
}
