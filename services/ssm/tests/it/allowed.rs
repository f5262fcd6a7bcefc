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
    bed.put("/a/b", "String", "v").await;
    let check = async |operation: &str, input: Value, resource: &str| {
        let refused = bed.call_as_user(operation, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{operation}");
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/test is not authorized to perform: ssm:{operation} on resource: \
             arn:aws:ssm:us-east-1:{ACCOUNT}:{resource} because no identity-based policy allows the ssm:{operation} action"
        );
        assert_eq!(refused.message, expected);
    };
    let name = json!({ "Name": "/a/b" });
    let tagged = json!({ "ResourceType": "Parameter", "ResourceId": "/a/b" });
    let with = |base: &Value, key: &str, value: Value| {
        let mut input = base.clone();
        input[key] = value;
        input
    };
    check("GetParameter", name.clone(), "parameter/a/b").await;
    check("GetParameter", json!({ "Name": "/a/b:3" }), "parameter/a/b").await;
    check(
        "GetParameter",
        json!({ "Name": format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/none") }),
        "parameter/none",
    )
    .await;
    check("GetParameters", json!({ "Names": ["/a/b", "x"] }), "parameter/a/b").await;
    check("GetParameterHistory", name.clone(), "parameter/a/b").await;
    check("GetParametersByPath", json!({ "Path": "/a/" }), "parameter/a").await;
    check("GetParametersByPath", json!({ "Path": "/" }), "parameter/").await;
    check(
        "PutParameter",
        with(&with(&name, "Value", json!("v")), "Type", json!("String")),
        "parameter/a/b",
    )
    .await;
    check("DeleteParameter", name.clone(), "parameter/a/b").await;
    check("DeleteParameters", json!({ "Names": ["/a/b"] }), "parameter/a/b").await;
    check(
        "LabelParameterVersion",
        with(&name, "Labels", json!(["x"])),
        "parameter/a/b",
    )
    .await;
    let unlabel = with(&with(&name, "Labels", json!(["x"])), "ParameterVersion", json!(1));
    check("UnlabelParameterVersion", unlabel, "parameter/a/b").await;
    check("ListTagsForResource", tagged.clone(), "parameter/a/b").await;
    let tags = json!([{ "Key": "k", "Value": "v" }]);
    check("AddTagsToResource", with(&tagged, "Tags", tags), "parameter/a/b").await;
    check(
        "RemoveTagsFromResource",
        with(&tagged, "TagKeys", json!(["k"])),
        "parameter/a/b",
    )
    .await;
    check("DescribeParameters", json!({}), "*").await;
    assert_eq!(bed.value("/a/b").await, "v");
    let mounted = bed.kernel.operations().filter(|(_, implemented)| *implemented).count();
    assert_eq!(mounted, 13);
}

#[tokio::test]
async fn one_name_that_is_denied_denies_them_all() {
    let resource = format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/a/*");
    let bed = Bed::with_policy(&policy(&["ssm:GetParameters"], &resource, Value::Null));
    bed.put("/a/b", "String", "v").await;
    let allowed = bed
        .call_as_user("GetParameters", json!({ "Names": ["/a/b", "/a/none"] }))
        .await
        .unwrap();
    assert_eq!(allowed["InvalidParameters"], json!(["/a/none"]));
    let denied = bed
        .call_as_user("GetParameters", json!({ "Names": ["/a/b", "/b"] }))
        .await
        .unwrap_err();
    assert!(denied.message.contains("parameter/b because"), "{}", denied.message);
}

#[tokio::test]
async fn tags_overwriting_and_depth_are_conditions() {
    let condition = json!({ "StringEquals": { "aws:ResourceTag/team": "red", "ssm:resourceTag/team": "red" } });
    let bed = Bed::with_policy(&policy(&["ssm:GetParameter"], "*", condition));
    for team in ["red", "blue"] {
        let tags = json!([{ "Key": "team", "Value": team }]);
        bed.ok(
            "PutParameter",
            json!({ "Name": team, "Type": "String", "Value": "v", "Tags": tags }),
        )
        .await;
        let allowed = bed.call_as_user("GetParameter", json!({ "Name": team })).await.is_ok();
        assert_eq!(allowed, team == "red");
    }
    let bed = Bed::with_policy(&policy(
        &["ssm:PutParameter"],
        "*",
        json!({ "StringEquals": { "ssm:Overwrite": "false" } }),
    ));
    let put = |overwrite: bool| json!({ "Name": "a", "Type": "String", "Value": "v", "Overwrite": overwrite });
    bed.call_as_user("PutParameter", put(false)).await.unwrap();
    assert_eq!(
        bed.call_as_user("PutParameter", put(true)).await.unwrap_err().code,
        "AccessDeniedException"
    );
    let tagged = json!({ "Name": "b", "Type": "String", "Value": "v", "Tags": [{ "Key": "k", "Value": "v" }] });
    let refused = bed.call_as_user("PutParameter", tagged).await.unwrap_err();
    assert!(refused.message.contains("ssm:AddTagsToResource"), "{}", refused.message);
    let condition = json!({ "StringEquals": { "ssm:Recursive": "false" } });
    let bed = Bed::with_policy(&policy(&["ssm:GetParametersByPath"], "*", condition));
    bed.call_as_user("GetParametersByPath", json!({ "Path": "/a" }))
        .await
        .unwrap();
    let all = json!({ "Path": "/a", "Recursive": true });
    assert_eq!(
        bed.call_as_user("GetParametersByPath", all).await.unwrap_err().code,
        "AccessDeniedException"
    );
}
