//! Live tail: what is sent to those who watch.

use std::future::poll_fn;

use roadstead_wire::Frames;
use serde_json::{Value, json};

use crate::bed::{ACCOUNT, Bed, NOW};

fn arn(group: &str) -> String {
    format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}")
}

/// Begins a session; time stands still between the frames, and passes at once when one is waited for.
async fn watch(bed: &Bed, input: Value) -> Frames {
    let reply = bed.reply("StartLiveTail", input).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.headers["content-type"], "application/vnd.amazon.eventstream");
    reply.frames.unwrap()
}

/// The next frame's headers and payload.
async fn next(frames: &mut Frames) -> (Vec<(String, String)>, Value) {
    let frame = poll_fn(|cx| frames.poll_next(cx)).await.unwrap();
    let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(number(0), frame.len());
    let (mut headers, payload) = frame[12..frame.len() - 4].split_at(number(4));
    let mut read = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    while !headers.is_empty() {
        let (name, rest) = headers[1..].split_at(usize::from(headers[0]));
        let size = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        assert_eq!(rest[0], 7);
        read.push((text(name), text(&rest[3..3 + size])));
        headers = &rest[3 + size..];
    }
    (read, serde_json::from_slice(payload).unwrap())
}

fn kind(headers: &[(String, String)]) -> &str {
    let found = headers
        .iter()
        .find(|(name, _)| name.ends_with("-type") && name != ":message-type");
    &found.unwrap().1
}

/// The messages of the next update.
async fn update(frames: &mut Frames) -> Vec<String> {
    let (headers, update) = next(frames).await;
    assert_eq!(kind(&headers), "sessionUpdate", "{update}");
    let results = update["sessionResults"].as_array().unwrap();
    results
        .iter()
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

async fn bed() -> Bed {
    let bed = Bed::new();
    for group in ["g", "other"] {
        bed.group(group).await;
        for stream in ["a", "b/1"] {
            bed.stream(group, stream).await;
        }
    }
    bed
}

#[tokio::test(start_paused = true)]
async fn a_session_begins_with_what_it_shows_and_is_updated_each_second() {
    let bed = bed().await;
    bed.put("g", "a", &[(NOW, "before")]).await;
    let mut frames = watch(&bed, json!({ "logGroupIdentifiers": [arn("g")] })).await;
    let (headers, _) = next(&mut frames).await;
    assert_eq!(kind(&headers), "initial-response");
    let (headers, start) = next(&mut frames).await;
    assert_eq!(kind(&headers), "sessionStart");
    assert_eq!(headers[0], (":message-type".to_owned(), "event".to_owned()));
    assert_eq!(start["logGroupIdentifiers"], json!([arn("g")]));
    assert_eq!(start["logEventFilterPattern"], "");
    assert_eq!(start["sessionId"].as_str().unwrap().len(), 36);
    assert_eq!(start["requestId"].as_str().unwrap().len(), 36);
    bed.put("g", "a", &[(NOW - 1, "one"), (NOW, "two")]).await;
    bed.put("other", "a", &[(NOW, "elsewhere")]).await;
    let before = tokio::time::Instant::now();
    let (headers, shown) = next(&mut frames).await;
    assert_eq!(before.elapsed().as_millis(), 1000);
    assert_eq!(kind(&headers), "sessionUpdate");
    assert_eq!(
        shown,
        json!({
            "sessionMetadata": { "sampled": false },
            "sessionResults": [
                {
                    "logStreamName": "a", "logGroupIdentifier": arn("g"), "message": "one",
                    "timestamp": NOW - 1, "ingestionTime": NOW,
                },
                {
                    "logStreamName": "a", "logGroupIdentifier": arn("g"), "message": "two",
                    "timestamp": NOW, "ingestionTime": NOW,
                },
            ],
        })
    );
    assert_eq!(update(&mut frames).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn streams_and_messages_are_chosen() {
    let bed = bed().await;
    let with = |more: Value| {
        let mut input = json!({ "logGroupIdentifiers": [arn("g")] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let mut sessions = Vec::new();
    for more in [
        json!({ "logStreamNames": ["a"] }),
        json!({ "logStreamNamePrefixes": ["b/"] }),
        json!({ "logEventFilterPattern": "ERROR -noise" }),
        json!({ "logEventFilterPattern": "[level, code = 5*]" }),
    ] {
        let mut frames = watch(&bed, with(more)).await;
        next(&mut frames).await;
        next(&mut frames).await;
        sessions.push(frames);
    }
    bed.put("g", "a", &[(NOW, "ERROR 404"), (NOW, "ERROR noise")]).await;
    bed.put("g", "b/1", &[(NOW, "WARN 503")]).await;
    let mut seen = Vec::new();
    for frames in &mut sessions {
        seen.push(update(frames).await);
    }
    assert_eq!(
        seen,
        [
            vec!["ERROR 404", "ERROR noise"],
            vec!["WARN 503"],
            vec!["ERROR 404"],
            vec!["WARN 503"],
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn more_than_500_events_a_second_are_sampled() {
    let bed = bed().await;
    let mut frames = watch(&bed, json!({ "logGroupIdentifiers": [arn("g")] })).await;
    next(&mut frames).await;
    next(&mut frames).await;
    let events: Vec<(i64, String)> = (0..501).map(|number| (NOW, number.to_string())).collect();
    let events: Vec<(i64, &str)> = events.iter().map(|(at, text)| (*at, text.as_str())).collect();
    bed.put("g", "a", &events).await;
    let (_, shown) = next(&mut frames).await;
    assert_eq!(shown["sessionMetadata"]["sampled"], true);
    assert_eq!(shown["sessionResults"].as_array().unwrap().len(), 500);
    assert_eq!(shown["sessionResults"][499]["message"], "500");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_three_hours() {
    let bed = bed().await;
    let mut frames = watch(&bed, json!({ "logGroupIdentifiers": [arn("g")] })).await;
    next(&mut frames).await;
    next(&mut frames).await;
    for _ in 0..3 * 3600 {
        assert_eq!(update(&mut frames).await, [""; 0]);
    }
    let (headers, _) = next(&mut frames).await;
    assert_eq!(headers[0].1, "exception");
    assert_eq!(kind(&headers), "SessionTimeoutException");
    assert!(poll_fn(|cx| frames.poll_next(cx)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_account_has_15_sessions_at_a_time() {
    let bed = bed().await;
    let input = json!({ "logGroupIdentifiers": [arn("g")] });
    let mut open = Vec::new();
    for _ in 0..15 {
        open.push(watch(&bed, input.clone()).await);
    }
    bed.refused("StartLiveTail", input.clone(), "LimitExceededException")
        .await;
    open.pop();
    watch(&bed, input).await;
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused() {
    let bed = bed().await;
    let rare = json!({ "logGroupName": "rare", "logGroupClass": "INFREQUENT_ACCESS" });
    bed.ok("CreateLogGroup", rare).await;
    for (input, code) in [
        (
            json!({ "logGroupIdentifiers": [arn("none")] }),
            "ResourceNotFoundException",
        ),
        (
            json!({ "logGroupIdentifiers": [arn("g:*")] }),
            "InvalidParameterException",
        ),
        (json!({ "logGroupIdentifiers": ["g"] }), "InvalidParameterException"),
        (json!({ "logGroupIdentifiers": [] }), "InvalidParameterException"),
        (
            json!({ "logGroupIdentifiers": [arn("rare")] }),
            "InvalidOperationException",
        ),
        (
            json!({ "logGroupIdentifiers": [arn("g")], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"] }),
            "InvalidParameterException",
        ),
        (
            json!({ "logGroupIdentifiers": [arn("g"), arn("other")], "logStreamNames": ["a"] }),
            "InvalidParameterException",
        ),
        (
            json!({ "logGroupIdentifiers": [arn("g")], "logEventFilterPattern": "[a" }),
            "InvalidParameterException",
        ),
    ] {
        bed.refused("StartLiveTail", input, code).await;
    }
}

#[tokio::test]
async fn watching_needs_to_be_allowed_for_each_group() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "logs:StartLiveTail", "Resource": format!("{}:*", arn("g"))
    }] });
    let bed = Bed::with_policy(&policy);
    let refused = bed
        .call_as_user(
            "StartLiveTail",
            json!({ "logGroupIdentifiers": [arn("g"), arn("other")] }),
        )
        .await
        .unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    assert!(refused.message.contains(&arn("other")), "{}", refused.message);
}
