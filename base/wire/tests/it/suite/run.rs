//! Runs one case.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use roadstead_wire::codec::cbor::CborReader;
use roadstead_wire::{
    ApiError, Call, Check, Dynamic, Protocol, Request, Response, Shape, ValidationStyle, decode_into, encode_error,
    encode_value,
};
use serde_json::{Map, Value as Json};

use super::build::Context;
use super::{compare, xml};

const REQUEST_ID: &str = "0a0b0c0d-0001-4002-8003-000000000000";

/// Runs a case; the error says what differs.
pub fn case(context: &Context<'_>, part: &Json, case: &Json) -> Result<(), String> {
    let given = if case["given"].is_object() {
        &case["given"]
    } else {
        &part["given"]
    };
    let call = Call {
        operation: context.operation(given),
        protocol: context.protocol,
    };
    match case["kind"].as_str().unwrap() {
        "input" => input(&call, case),
        "output" => output(&call, case),
        "error" => error(context, &call, given, case),
        "malformed" => malformed(&call, case),
        other => Err(format!("kind {other}")),
    }
}

fn request(call: &Call, sent: &Json) -> Request {
    let mut uri = sent["uri"].as_str().unwrap().to_owned();
    for pair in sent["queryParams"].as_array().into_iter().flatten() {
        let pair = pair.as_str().unwrap();
        uri.push(if uri.contains('?') { '&' } else { '?' });
        for c in pair.chars() {
            match c {
                ' ' => uri.push_str("%20"),
                '"' => uri.push_str("%22"),
                c if c.is_ascii() => uri.push(c),
                c => {
                    let mut buffer = [0; 4];
                    for b in c.encode_utf8(&mut buffer).bytes() {
                        write!(uri, "%{b:02X}").unwrap();
                    }
                }
            }
        }
    }
    let mut headers = http::HeaderMap::new();
    for (name, value) in sent["headers"].as_object().into_iter().flatten() {
        headers.append(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            http::HeaderValue::from_str(value.as_str().unwrap()).unwrap(),
        );
    }
    let body = sent["body"].as_str().unwrap_or_default();
    let body = if call.protocol == Protocol::RpcV2Cbor {
        Bytes::from(STANDARD.decode(body).unwrap())
    } else {
        Bytes::copy_from_slice(body.as_bytes())
    };
    Request {
        method: sent["method"].as_str().unwrap().parse().unwrap(),
        uri: uri
            .replace(' ', "%20")
            .replace('\\', "%5C")
            .replace('"', "%22")
            .parse()
            .unwrap(),
        headers,
        body,
    }
}

fn input(call: &Call, case: &Json) -> Result<(), String> {
    let shape = call.operation.input;
    let mut sent = case["serialized"].clone();
    // Botocore's cases have their parameters in the address already.
    if sent["queryParams"].is_null() && !sent["uri"].as_str().unwrap().contains('?') {
        sent["queryParams"] = case["queryParams"].clone();
    }
    // A few of them name no headers at all.
    let typed = sent["headers"]
        .as_object()
        .is_some_and(|h| h.keys().any(|k| k.eq_ignore_ascii_case("content-type")));
    if !typed && call.protocol == Protocol::RestJson && sent["body"].as_str().is_some_and(|body| !body.is_empty()) {
        sent["headers"]["Content-Type"] = Json::from("application/json");
    }
    let request = request(call, &sent);
    let mut read = Dynamic::new(shape);
    decode_into(call, &request, &mut read).map_err(|why| format!("refused: {why}"))?;
    compare::input(shape, &Json::Object(read.members), &case["params"])
}

fn malformed(call: &Call, case: &Json) -> Result<(), String> {
    let request = request(call, &case["request"]);
    let mut read = Dynamic::new(call.operation.input);
    let Err(error) = decode_into(call, &request, &mut read) else {
        return Err(format!(
            "accepted: {} of {}",
            Json::Object(read.members),
            case["request"]
        ));
    };
    let response = encode_error(call.operation.service, call.protocol, &error, REQUEST_ID);
    same_response(&response, &case["response"]["code"], &case["response"]["headers"])
        .map_err(|why| format!("{why} ({error}) for {}", case["request"]))
}

fn same_response(response: &Response, status: &Json, headers: &Json) -> Result<(), String> {
    if u64::from(response.status.as_u16()) != status.as_u64().unwrap_or(200) {
        return Err(format!("status {} instead of {status}", response.status));
    }
    for (name, value) in headers.as_object().into_iter().flatten() {
        // The listener writes the length.
        // (And one case holds a header of its request.)
        if name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("x-amz-target") {
            continue;
        }
        let have = response.headers.get(name.as_str()).map(|have| have.to_str().unwrap());
        if have != value.as_str() {
            return Err(format!("header {name} is {have:?} instead of {value}"));
        }
    }
    Ok(())
}

fn output(call: &Call, case: &Json) -> Result<(), String> {
    let shape = call.operation.output;
    let result = compare::normal(shape, &case["result"]);
    let value = Dynamic::with(shape, result.as_object().unwrap().clone());
    let headers = &case["response"]["headers"];
    let request_id = headers["X-Amzn-Requestid"].as_str().unwrap_or(REQUEST_ID);
    let response = encode_value(call, &value, request_id);
    same_response(
        &response,
        &case["response"]["status_code"],
        &case["response"]["headers"],
    )?;
    for name in case["forbidHeaders"].as_array().into_iter().flatten() {
        if response.headers.contains_key(name.as_str().unwrap()) {
            return Err(format!("header {name} must not be there"));
        }
    }
    let Some(body) = case["response"]["body"].as_str() else {
        return Ok(());
    };
    if call.protocol == Protocol::RpcV2Cbor {
        let want = STANDARD.decode(body).unwrap();
        let (have, want) = (cbor(shape, &response.body)?, cbor(shape, &want)?);
        return same(&have, &want);
    }
    let have = std::str::from_utf8(&response.body).unwrap();
    let payload = shape
        .members
        .iter()
        .find(|m| m.location == roadstead_wire::Location::Payload);
    let textual = payload.is_some_and(|m| {
        use roadstead_wire::Kind;
        matches!(m.shape.kind, Kind::Blob | Kind::String | Kind::Enum)
    });
    if body.is_empty() && have == "{}" && value.members.is_empty() && call.operation.status == 200 {
        // Clients take nothing for `{}`; this server always says `{}`.
        return Ok(());
    }
    if textual || body.is_empty() {
        return same(&Json::from(have), &Json::from(body));
    }
    match call.protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => {
            let have: Json = serde_json::from_str(have).map_err(|why| format!("{why}: {have}"))?;
            let want: Json = serde_json::from_str(body).unwrap();
            if compare::json_equal(&have, &want) || compare::json_equal(&have, &compare::without_nulls(&want)) {
                return Ok(());
            }
            same(&have, &want)
        }
        _ => same_xml(have, body, &[]),
    }
}

fn same(have: &Json, want: &Json) -> Result<(), String> {
    if have == want {
        return Ok(());
    }
    Err(format!("wrote {have}\n        want {want}"))
}

fn same_xml(have: &str, want: &str, drop: &[&str]) -> Result<(), String> {
    if have.is_empty() {
        return Err(format!("wrote nothing, want {want}"));
    }
    let (mut have, mut want) = (xml::parse(have).bare(), xml::parse(want).bare());
    have.drop(drop);
    want.drop(drop);
    if have == want {
        return Ok(());
    }
    Err(format!("wrote {have:?}\n        want {want:?}"))
}

/// What a CBOR body says, by a shape.
fn cbor(shape: &'static Shape, body: &[u8]) -> Result<Json, String> {
    let style = ValidationStyle::Generic { code: "" };
    let mut check = Check::new(style, false);
    let mut value = Dynamic::new(shape);
    let mut reader = CborReader::new(body, &mut check);
    roadstead_wire::value::read_into(shape, &mut value, &mut reader).map_err(|why| why.to_string())?;
    reader.end().map_err(|why| why.to_string())?;
    Ok(compare::alike(shape, &Json::Object(value.members)))
}

fn error(context: &Context<'_>, call: &Call, given: &Json, case: &Json) -> Result<(), String> {
    let name = given["errors"][0]["shape"].as_str().unwrap();
    let meta = context.error(name);
    let mut fields = compare::normal(meta.shape, &case["error"]).as_object().unwrap().clone();
    let message = ["message", "Message"].iter().find_map(|name| fields.remove(*name));
    let message = message.and_then(|m| m.as_str().map(str::to_owned)).unwrap_or_default();
    let mut error: ApiError = meta.with(message);
    error.fields = fields;
    let response = encode_error(call.operation.service, call.protocol, &error, REQUEST_ID);
    same_response(
        &response,
        &case["response"]["status_code"],
        &case["response"]["headers"],
    )?;
    let Some(body) = case["response"]["body"].as_str() else {
        return Ok(());
    };
    match call.protocol {
        Protocol::RpcV2Cbor => {
            // `__type` is no member of the shape: it is looked for in the bytes.
            let want = STANDARD.decode(body).unwrap();
            let name = format!("#{name}");
            if !response.body.windows(name.len()).any(|part| part == name.as_bytes()) {
                return Err("no __type".to_owned());
            }
            same(&cbor(meta.shape, &response.body)?, &cbor(meta.shape, &want)?)
        }
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => {
            let have: Map<String, Json> = serde_json::from_slice(&response.body).unwrap();
            let mut want: Map<String, Json> = serde_json::from_str(body).unwrap();
            // Clients keep what follows the hash.
            if let Some(full) = want.get("__type").and_then(Json::as_str).map(str::to_owned) {
                want.insert("__type".to_owned(), Json::from(full.rsplit('#').next().unwrap()));
            }
            same(&Json::Object(have), &Json::Object(want))
        }
        _ => {
            // What the suite's bodies hold beyond the error that is given.
            let mut drop = vec!["AnotherSetting"];
            if error.message.is_empty() {
                drop.push("Message");
            }
            same_xml(std::str::from_utf8(&response.body).unwrap(), body, &drop)
        }
    }
}
