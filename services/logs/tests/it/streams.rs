//! Log streams: their life and their lists.

use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

fn names(answer: &Value) -> Vec<&str> {
    answer["logStreams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stream| stream["logStreamName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_stream_tells_when_its_events_were() {
    let bed = Bed::new();
    bed.group("/ecs/web").await;
    bed.stream("/ecs/web", "app/web/1").await;
    let answer = bed
        .ok("DescribeLogStreams", json!({ "logGroupName": "/ecs/web" }))
        .await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ecs/web:log-stream:app/web/1");
    let fresh = json!({ "logStreamName": "app/web/1", "creationTime": NOW, "arn": arn, "storedBytes": 0 });
    assert_eq!(answer["logStreams"], json!([fresh]));
    bed.advance(5000);
    bed.put("/ecs/web", "app/web/1", &[(NOW + 1, "a"), (NOW + 3, "b")])
        .await;
    bed.put("/ecs/web", "app/web/1", &[(NOW - 7, "late")]).await;
    let stream = &bed
        .ok("DescribeLogStreams", json!({ "logGroupName": "/ecs/web" }))
        .await["logStreams"][0];
    assert_eq!(stream["firstEventTimestamp"], NOW - 7);
    assert_eq!(stream["lastEventTimestamp"], NOW + 3);
    assert_eq!(stream["lastIngestionTime"], NOW + 5000);
    assert_eq!(stream["uploadSequenceToken"].as_str().unwrap().len(), 56);
}

#[tokio::test]
async fn a_stream_is_made_once_in_a_group_that_exists() {
    let bed = Bed::new();
    let input = json!({ "logGroupName": "a", "logStreamName": "s" });
    let text = bed
        .refused("CreateLogStream", input.clone(), "ResourceNotFoundException")
        .await;
    assert_eq!(text, "The specified log group does not exist.");
    bed.group("a").await;
    bed.stream("a", "s").await;
    let text = bed
        .refused("CreateLogStream", input.clone(), "ResourceAlreadyExistsException")
        .await;
    assert_eq!(text, "The specified log stream already exists");
    let colon = json!({ "logGroupName": "a", "logStreamName": "a:b" });
    bed.refused("CreateLogStream", colon, "InvalidParameterException").await;
    bed.put("a", "s", &[(NOW, "x")]).await;
    bed.ok("DeleteLogStream", input.clone()).await;
    let text = bed
        .refused("DeleteLogStream", input.clone(), "ResourceNotFoundException")
        .await;
    assert_eq!(text, "The specified log stream does not exist.");
    let text = bed
        .refused("GetLogEvents", input.clone(), "ResourceNotFoundException")
        .await;
    assert_eq!(text, "The specified log stream does not exist.");
    bed.stream("a", "s").await;
    assert_eq!(bed.ok("GetLogEvents", input).await["events"], json!([]));
}

#[tokio::test]
async fn streams_are_listed_by_name_and_prefix_in_both_directions() {
    let bed = Bed::new();
    bed.group("a").await;
    bed.group("ab").await;
    bed.stream("ab", "x/0").await;
    for name in ["x/2", "x/1", "y/1", "x"] {
        bed.stream("a", name).await;
    }
    let check = async |mut input: Value, expected: &[&str]| {
        input["limit"] = json!(1);
        let mut all = Vec::new();
        loop {
            let answer = bed.ok("DescribeLogStreams", input.clone()).await;
            all.extend(names(&answer).into_iter().map(ToOwned::to_owned));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(all, expected, "{input}");
    };
    check(json!({ "logGroupName": "a" }), &["x", "x/1", "x/2", "y/1"]).await;
    check(
        json!({ "logGroupName": "a", "descending": true }),
        &["y/1", "x/2", "x/1", "x"],
    )
    .await;
    check(
        json!({ "logGroupName": "a", "logStreamNamePrefix": "x/" }),
        &["x/1", "x/2"],
    )
    .await;
    check(
        json!({ "logGroupName": "a", "logStreamNamePrefix": "x/", "descending": true }),
        &["x/2", "x/1"],
    )
    .await;
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:ab");
    check(json!({ "logGroupIdentifier": arn }), &["x/0"]).await;
    bed.put("a", "x/2", &[(NOW, "m")]).await;
    bed.put("a", "x", &[(NOW + 1, "m")]).await;
    check(
        json!({ "logGroupName": "a", "orderBy": "LastEventTime" }),
        &["x/1", "y/1", "x/2", "x"],
    )
    .await;
    let descending = json!({ "logGroupName": "a", "orderBy": "LastEventTime", "descending": true });
    check(descending, &["x", "x/2", "y/1", "x/1"]).await;
    let text = bed
        .refused(
            "DescribeLogStreams",
            json!({ "logGroupName": "a", "orderBy": "LastEventTime", "logStreamNamePrefix": "x" }),
            "InvalidParameterException",
        )
        .await;
    assert_eq!(text, "Cannot order by LastEventTime with a logStreamNamePrefix.");
    bed.refused("DescribeLogStreams", json!({}), "InvalidParameterException")
        .await;
}
