//! Recorded replies of AWS: what a client read from them is written again and must look the same.

use std::path::{Path, PathBuf};

use roadstead_wire::{
    ApiError, Call, Dynamic, ErrorMeta, Kind, Protocol, ServiceMeta, Shape, encode_error, encode_value,
};
use serde_json::{Map, Value as Json};

use super::xml::{self, Tree};

const ID: &str = "0a0b0c0d-0001-4002-8003-000000000000";

fn service(name: &str) -> &'static ServiceMeta {
    match name {
        "autoscaling" => &api_autoscaling::SERVICE,
        "ec2" => &api_ec2::SERVICE,
        "iam" => &api_iam::SERVICE,
        "route53" => &api_route53::SERVICE,
        "sts" => &api_sts::SERVICE,
        other => panic!("{other}"),
    }
}

/// What of a parsed reply today's model still has.
fn known(shape: &'static Shape, value: &Json) -> Json {
    match (shape.kind, value) {
        (Kind::Structure, Json::Object(members)) => {
            let mut out = Map::new();
            for member in shape.members {
                if let Some(value) = members.get(member.name) {
                    out.insert(member.name.to_owned(), known(member.shape, value));
                }
            }
            Json::Object(out)
        }
        (Kind::List, Json::Array(items)) => Json::Array(
            items
                .iter()
                .map(|item| known(shape.element().unwrap().shape, item))
                .collect(),
        ),
        (_, value) => value.clone(),
    }
}

/// Whether every element that was written is in the recorded reply, in the same place with the same text.
fn within(written: &Tree, recorded: &Tree) -> Result<(), String> {
    // Examples in documentation have no real time.
    if recorded.text.contains("YYYY") {
        return Ok(());
    }
    // Policy documents travel percent-encoded, which is the business of IAM; clients hand them out as JSON.
    if recorded.text.starts_with("%7B") {
        let decoded = roadstead_wire::uri::decode(&recorded.text, false).unwrap();
        let same =
            serde_json::from_str::<Json>(&decoded).unwrap() == serde_json::from_str::<Json>(&written.text).unwrap();
        return if same { Ok(()) } else { Err(decoded.into_owned()) };
    }
    if written.name != recorded.name || written.text.trim() != recorded.text.trim() {
        return Err(format!("wrote {written:?}\n        for {recorded:?}"));
    }
    for (at, child) in written.children.iter().enumerate() {
        let nth = written.children[..at].iter().filter(|c| c.name == child.name).count();
        let twin = recorded.children.iter().filter(|c| c.name == child.name).nth(nth);
        within(
            child,
            twin.ok_or_else(|| format!("{} has no {} number {nth}", recorded.name, child.name))?,
        )?;
    }
    Ok(())
}

fn form_protocol(service: &ServiceMeta) -> Protocol {
    service.protocols[0]
}

fn reply(case: &Json) -> Result<(), String> {
    let service = service(case["service"].as_str().unwrap());
    let operation = service.operation(case["operation"].as_str().unwrap()).unwrap();
    let call = Call {
        operation,
        protocol: form_protocol(service),
    };
    let parsed = known(operation.output, &case["parsed"]);
    let value = Dynamic::with(operation.output, parsed.as_object().unwrap().clone());
    let response = encode_value(&call, &value, ID);
    let written = std::str::from_utf8(&response.body).unwrap();
    let mut recorded = xml::parse(case["body"].as_str().unwrap()).bare();
    // One example of the documentation has a root that no client ever saw.
    if recorded.name == operation.name {
        recorded.name.push_str("Response");
    }
    within(&xml::parse(written).bare(), &recorded)
}

fn error(case: &Json) -> Result<(), String> {
    let service = service(case["service"].as_str().unwrap());
    let parsed = &case["parsed"]["Error"];
    let (code, message) = (parsed["Code"].as_str().unwrap(), parsed["Message"].as_str().unwrap());
    let operation = service.operation(case["operation"].as_str().unwrap()).unwrap();
    let modelled: Option<&&'static ErrorMeta> = operation.errors.iter().find(|e| e.code == code);
    let error = match modelled {
        Some(meta) => meta.with(message),
        None => ApiError::new(code.to_owned(), 400, message),
    };
    let response = encode_error(service, form_protocol(service), &error, ID);
    let written = std::str::from_utf8(&response.body).unwrap();
    let mut written_tree = xml::parse(written);
    let mut recorded = xml::parse(case["body"].as_str().unwrap());
    if written_tree.attributes != recorded.attributes {
        return Err(format!("namespace of {written}"));
    }
    (written_tree, recorded) = (written_tree.bare(), recorded.bare());
    within(&written_tree, &recorded)?;
    within(&recorded, &written_tree)
}

#[test]
fn recorded_replies_are_written_as_they_were() {
    let shared = std::env::var_os("ROADSTEAD_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(shared.join("data/protocol-tests/recorded-responses.json")) else {
        println!("SKIPPED recorded_replies_are_written_as_they_were: the shared data is not here");
        return;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let mut failed = Vec::new();
    for case in &cases {
        let outcome = if case["kind"] == "error" {
            error(case)
        } else {
            reply(case)
        };
        if let Err(why) = outcome {
            failed.push(format!("{} {}: {why}", case["service"], case["operation"]));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
    assert_eq!(cases.len(), 59);
}
