//! Lists: by path, by filters, a page at a time.

use serde_json::{Value, json};

use crate::bed::Bed;

fn names(answer: &Value) -> Vec<String> {
    let all = answer["Parameters"].as_array().unwrap().iter();
    all.map(|found| found["Name"].as_str().unwrap().to_owned()).collect()
}

async fn filled() -> Bed {
    let bed = Bed::new();
    for (name, kind) in [
        ("/a/b", "String"),
        ("/a/b/c", "SecureString"),
        ("/a/d", "StringList"),
        ("/ab", "String"),
        ("top", "String"),
    ] {
        bed.put(name, kind, "v").await;
    }
    let tag = json!({
        "ResourceType": "Parameter", "ResourceId": "/a/d", "Tags": [{ "Key": "team", "Value": "red" }]
    });
    bed.ok("AddTagsToResource", tag).await;
    bed
}

#[tokio::test]
async fn a_path_lists_what_is_directly_below_it_or_all() {
    let bed = filled().await;
    for (path, recursive, expected) in [
        ("/a", false, vec!["/a/b", "/a/d"]),
        ("/a/", true, vec!["/a/b", "/a/b/c", "/a/d"]),
        ("/", false, vec!["/ab"]),
        ("/", true, vec!["/a/b", "/a/b/c", "/a/d", "/ab"]),
        ("/none", true, vec![]),
    ] {
        let answer = bed
            .ok("GetParametersByPath", json!({ "Path": path, "Recursive": recursive }))
            .await;
        assert_eq!(names(&answer), expected, "{path} {recursive}");
    }
    bed.refused("GetParametersByPath", json!({ "Path": "a" }), "ValidationException")
        .await;
}

#[tokio::test]
async fn a_path_lists_the_versions_that_carry_a_label() {
    let bed = filled().await;
    bed.ok("LabelParameterVersion", json!({ "Name": "/a/b", "Labels": ["prod"] }))
        .await;
    bed.put_again("/a/b", "newer").await;
    let input = json!({ "Path": "/a", "ParameterFilters": [{ "Key": "Label", "Values": ["prod"] }] });
    let answer = bed.ok("GetParametersByPath", input).await;
    assert_eq!(names(&answer), ["/a/b"]);
    assert_eq!(
        (&answer["Parameters"][0]["Version"], &answer["Parameters"][0]["Value"]),
        (&json!(1), &json!("v"))
    );
    let input = json!({ "Path": "/a", "ParameterFilters": [{ "Key": "Type", "Values": ["StringList"] }] });
    assert_eq!(names(&bed.ok("GetParametersByPath", input).await), ["/a/d"]);
    let input = json!({ "Path": "/a", "ParameterFilters": [{ "Key": "Name", "Values": ["x"] }] });
    bed.refused("GetParametersByPath", input, "InvalidFilterKey").await;
}

#[tokio::test]
async fn filters_choose_what_is_described() {
    let bed = filled().await;
    for (filter, expected) in [
        (json!({ "Key": "Name", "Values": ["/a/b"] }), vec!["/a/b"]),
        (
            json!({ "Key": "Name", "Option": "BeginsWith", "Values": ["/a/b"] }),
            vec!["/a/b", "/a/b/c"],
        ),
        (
            json!({ "Key": "Name", "Option": "Contains", "Values": ["b"] }),
            vec!["/a/b", "/a/b/c", "/ab"],
        ),
        (json!({ "Key": "Name", "Values": ["top", "/ab"] }), vec!["/ab", "top"]),
        (json!({ "Key": "Type", "Values": ["SecureString"] }), vec!["/a/b/c"]),
        (json!({ "Key": "Path", "Values": ["/a"] }), vec!["/a/b", "/a/d"]),
        (
            json!({ "Key": "Path", "Option": "Recursive", "Values": ["/a"] }),
            vec!["/a/b", "/a/b/c", "/a/d"],
        ),
        (json!({ "Key": "tag:team", "Values": ["red"] }), vec!["/a/d"]),
        (json!({ "Key": "tag:team", "Values": ["blue"] }), vec![]),
        (json!({ "Key": "tag:team" }), vec!["/a/d"]),
        (json!({ "Key": "Tier", "Values": ["Advanced"] }), vec![]),
    ] {
        let answer = bed
            .ok("DescribeParameters", json!({ "ParameterFilters": [filter] }))
            .await;
        assert_eq!(names(&answer), expected, "{filter}");
    }
    let old = json!({ "Filters": [{ "Key": "Type", "Values": ["StringList", "SecureString"] }] });
    assert_eq!(names(&bed.ok("DescribeParameters", old).await), ["/a/b/c", "/a/d"]);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let bed = filled().await;
    for (filters, code) in [
        (json!([{ "Key": "Label", "Values": ["x"] }]), "InvalidFilterKey"),
        (
            json!([{ "Key": "Name", "Option": "Recursive", "Values": ["x"] }]),
            "InvalidFilterOption",
        ),
        (json!([{ "Key": "Name" }]), "InvalidFilterValue"),
        (
            json!([{ "Key": "Name", "Values": ["x"] }, { "Key": "Name", "Values": ["y"] }]),
            "ValidationException",
        ),
        (json!([{ "Key": "Path", "Values": ["x"] }]), "ValidationException"),
    ] {
        bed.refused("DescribeParameters", json!({ "ParameterFilters": filters }), code)
            .await;
    }
    let both = json!({
        "Filters": [{ "Key": "Name", "Values": ["x"] }], "ParameterFilters": [{ "Key": "Name", "Values": ["x"] }]
    });
    bed.refused("DescribeParameters", both, "ValidationException").await;
}

#[tokio::test]
async fn pages_show_every_parameter_once() {
    let bed = Bed::new();
    for at in 0..23 {
        bed.put(&format!("/p/{at:02}"), "String", "v").await;
        bed.put(&format!("/p/{at:02}/deep"), "String", "v").await;
    }
    for (operation, size) in [
        ("GetParametersByPath", 10),
        ("GetParametersByPath", 3),
        ("DescribeParameters", 7),
    ] {
        let input = match operation {
            "GetParametersByPath" => json!({ "Path": "/p", "MaxResults": size }),
            _ => json!({ "ParameterFilters": [{ "Key": "Path", "Values": ["/p"] }], "MaxResults": size }),
        };
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut asked = input.clone();
            if !token.is_null() {
                asked["NextToken"] = token;
            }
            let answer = bed.ok(operation, asked).await;
            seen.extend(names(&answer));
            token = answer["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        let expected: Vec<String> = (0..23).map(|at| format!("/p/{at:02}")).collect();
        assert_eq!(seen, expected, "{operation} {size}");
    }
    let first = bed.ok("GetParametersByPath", json!({ "Path": "/p" })).await;
    assert_eq!(names(&first).len(), 10);
    let elsewhere = json!({ "Path": "/q", "NextToken": first["NextToken"] });
    bed.refused("GetParametersByPath", elsewhere, "InvalidNextToken").await;
}
