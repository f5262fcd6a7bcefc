//! Compares values as a server may be held to them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roadstead_core::Timestamp;
use roadstead_wire::{Kind, Location, Shape};
use serde_json::{Map, Value as Json};

/// The suite's notation of a value in [`roadstead_wire::Dynamic`]'s: epoch seconds, base64, words for no numbers.
pub fn normal(shape: &'static Shape, value: &Json) -> Json {
    match (shape.kind, value) {
        (_, Json::Null) => Json::Null,
        (Kind::Structure, Json::Object(members)) => {
            let mut out = Map::new();
            for (name, value) in members {
                if value.is_null() {
                    continue;
                }
                let at = shape
                    .position(name)
                    .unwrap_or_else(|| panic!("no member {name} in {}", shape.name));
                out.insert(name.clone(), normal(shape.members[at].shape, value));
            }
            Json::Object(out)
        }
        (Kind::List, Json::Array(items)) => {
            let element = shape.element().unwrap().shape;
            Json::Array(items.iter().map(|item| normal(element, item)).collect())
        }
        (Kind::Map, Json::Object(entries)) => {
            let element = shape.entry().unwrap().1.shape;
            let entries = entries.iter().map(|(key, value)| (key.clone(), normal(element, value)));
            Json::Object(entries.collect())
        }
        (Kind::Timestamp, Json::String(text)) => {
            let millis = Timestamp::parse_iso8601(text).unwrap().millis();
            number(
                i32::try_from(millis / 1000).map_or(0.0, f64::from)
                    + f64::from(u16::try_from(millis % 1000).unwrap()) / 1000.0,
            )
        }
        (Kind::Timestamp | Kind::Float | Kind::Double, Json::Number(n)) => number(n.as_f64().unwrap()),
        (Kind::Blob, Json::String(text)) => Json::String(STANDARD.encode(text)),
        (_, value) => value.clone(),
    }
}

/// What was read, numbers alike.
pub fn alike(shape: &'static Shape, value: &Json) -> Json {
    match (shape.kind, value) {
        (Kind::Blob, value) => value.clone(),
        (Kind::Structure, Json::Object(members)) => {
            let pairs = members.iter().map(|(name, value)| {
                let at = shape.position(name).unwrap();
                (name.clone(), alike(shape.members[at].shape, value))
            });
            Json::Object(pairs.collect())
        }
        (Kind::List, Json::Array(items)) => {
            let element = shape.element().unwrap().shape;
            Json::Array(items.iter().map(|item| alike(element, item)).collect())
        }
        (Kind::Map, Json::Object(entries)) => {
            let element = shape.entry().unwrap().1.shape;
            Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), alike(element, value)))
                    .collect(),
            )
        }
        _ => normal(shape, value),
    }
}

fn number(value: f64) -> Json {
    serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number)
}

/// Compares what was read with the parameters a client wrote.
///
/// A client leaves out what is empty, and does not list what a map of all parameters or headers holds besides.
pub fn input(shape: &'static Shape, read: &Json, params: &Json) -> Result<(), String> {
    let mut want = normal(shape, params);
    let mut have = alike(shape, read);
    for member in shape.members {
        let sweeping = member.location == Location::PrefixHeaders
            || (member.location == Location::Query && member.shape.kind == Kind::Map);
        let (Some(want), Some(have)) = (want.as_object_mut(), have.as_object_mut()) else {
            continue;
        };
        if sweeping && !want.contains_key(member.name) {
            have.remove(member.name);
        }
    }
    let payload = shape.members.iter().find(|m| m.location == Location::Payload);
    if let (Some(payload), Some(have)) = (payload, have.as_object_mut())
        && have.get(payload.name) == Some(&Json::Object(Map::new()))
        && want.get(payload.name).is_none()
    {
        have.remove(payload.name);
    }
    omit_empty(&mut want, &have);
    if want == have {
        return Ok(());
    }
    Err(format!("read {have}\n        want {want}"))
}

fn omit_empty(want: &mut Json, have: &Json) {
    let Json::Object(members) = want else { return };
    members.retain(|name, value| {
        let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        have.get(name).is_some() || !empty
    });
    for (name, value) in members {
        omit_empty(value, have.get(name).unwrap_or(&Json::Null));
    }
}

/// Whether two JSON documents are equal, numbers by value.
pub fn json_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| json_equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| json_equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A document without the nulls that a client must be able to skip.
pub fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(without_nulls).collect()),
        Json::Object(entries) => Json::Object(
            entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
