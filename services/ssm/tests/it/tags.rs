//! Tags of parameters.

use serde_json::{Value, json};

use crate::bed::Bed;

#[expect(clippy::needless_pass_by_value, reason = "it is given made on the spot")]
fn on(id: &str, more: Value) -> Value {
    let mut input = json!({ "ResourceType": "Parameter", "ResourceId": id });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn tags_are_put_added_and_removed() {
    let bed = Bed::new();
    let tags = json!([{ "Key": "a", "Value": "1" }]);
    bed.ok(
        "PutParameter",
        json!({ "Name": "n", "Type": "String", "Value": "v", "Tags": tags }),
    )
    .await;
    let again = json!({ "Name": "n", "Value": "v", "Overwrite": true, "Tags": tags });
    let text = bed.refused("PutParameter", again, "ValidationException").await;
    assert!(
        text.starts_with("Invalid request: tags and overwrite can't be used together."),
        "{text}"
    );
    bed.ok(
        "AddTagsToResource",
        on(
            "n",
            json!({ "Tags": [{ "Key": "a", "Value": "2" }, { "Key": "b", "Value": "" }] }),
        ),
    )
    .await;
    let listed = bed.ok("ListTagsForResource", on("n", json!({}))).await;
    let expected = json!({ "TagList": [{ "Key": "a", "Value": "2" }, { "Key": "b", "Value": "" }] });
    assert_eq!(listed, expected);
    bed.ok("RemoveTagsFromResource", on("n", json!({ "TagKeys": ["a", "none"] })))
        .await;
    let listed = bed.ok("ListTagsForResource", on("n", json!({}))).await;
    assert_eq!(listed, json!({ "TagList": [{ "Key": "b", "Value": "" }] }));
    bed.put_again("n", "w").await;
    assert_eq!(bed.ok("ListTagsForResource", on("n", json!({}))).await, listed);
}

#[tokio::test]
async fn what_cannot_be_tagged_is_refused() {
    let bed = Bed::new();
    bed.put("n", "String", "v").await;
    bed.refused("ListTagsForResource", on("none", json!({})), "InvalidResourceId")
        .await;
    let other = json!({ "ResourceType": "Document", "ResourceId": "n" });
    bed.refused("ListTagsForResource", other, "InvalidResourceType").await;
    let many: Vec<Value> = (0..51)
        .map(|at| json!({ "Key": format!("k{at}"), "Value": "" }))
        .collect();
    bed.refused(
        "AddTagsToResource",
        on("n", json!({ "Tags": many })),
        "TooManyTagsError",
    )
    .await;
    let reserved = json!({ "Tags": [{ "Key": "aws:x", "Value": "" }] });
    bed.refused("AddTagsToResource", on("n", reserved), "ValidationException")
        .await;
    assert_eq!(
        bed.ok("ListTagsForResource", on("n", json!({}))).await["TagList"],
        json!([])
    );
}
