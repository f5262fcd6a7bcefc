//! No pattern makes a decision slow: 6 kB of policy against a resource of 2 kB takes less than a millisecond.

use std::time::Duration;

use cpu_time::ThreadTime;
use roadstead_policy::reference::Documents;
use roadstead_policy::{Action, Document, Principal, Request, Resource};

fn check(pattern: &str, name: &str) {
    let one = format!("\"arn:aws:s3:::{pattern}\"");
    let list = vec![one.clone(); (6144 / one.len()).max(1)].join(",");
    let text =
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":[{list}]}}}}"#);
    let documents = Documents {
        identity: vec![Document::parse(&text).unwrap()],
        ..Documents::default()
    };
    let compiled = documents.compile();
    let arn = format!("arn:aws:s3:::{name}");
    let alice = Principal::user("arn:aws:iam::111122223333:user/alice");
    let request = Request::new(&alice, Action::named("s3:GetObject"), Resource::new(&arn), &());
    // The least of several runs, in the thread's own time: what else the machine does is no matter.
    let times = (0..20).map(|_| {
        let start = ThreadTime::now();
        assert!(!compiled.decide(&request).is_allowed(), "the patterns nearly match");
        start.elapsed()
    });
    let least = times.min().unwrap();
    let limit = Duration::from_millis(if name.is_ascii() { 1 } else { 2 });
    assert!(least < limit, "{pattern:.40}… takes {least:?}");
}

#[test]
fn patterns_made_to_be_slow_are_fast() {
    let text = "a".repeat(2035);
    for pattern in [
        "*".repeat(6000) + "b",
        "*a".repeat(3000) + "b",
        "*a".repeat(1000) + "*b*",
        "*?".repeat(1000) + "b*",
        "a*".repeat(500) + "b*c",
        "*b*".to_owned(),
        "*a?b*".to_owned(),
        "*?b*".to_owned(),
        format!("*{}b*", "a".repeat(1000)),
        format!("*{}b*", "a?".repeat(500)),
        format!("*{}b*", "a?".repeat(20)),
        format!("*{}b*", "aaaa".repeat(8)),
    ] {
        check(&pattern, &text);
        check(&pattern, &(text.clone() + "é"));
    }
}
