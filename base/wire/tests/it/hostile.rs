//! Hostile input: arbitrary bytes never panic, and every limit holds.

use bytes::Bytes;
use proptest::prelude::*;
use roadstead_wire::limits::{MAX_BODY, MAX_DEPTH, MAX_FORM_KEYS, MAX_FORM_PARTS, MAX_LIST_INDEX, MAX_VIOLATIONS};
use roadstead_wire::value::EMPTY;
use roadstead_wire::{
    ApiError, Call, Dynamic, Kind, Location, Member, OperationMeta, Pattern, Protocol, Request, ServiceMeta, Shape,
    ValidationStyle, decode_into, encode_error, encode_value, route,
};
use std::io::Write as _;

static WORD: Pattern = Pattern::new("[a-z]+", "[a-z]+");
static TEXT: Shape = Shape::new("Text", Kind::String).min(1.0).max(8.0).pattern(&WORD);
static CHOICE: Shape = Shape::values("Choice", &["A", "B"]);
static FLAG: Shape = Shape::new("Flag", Kind::Boolean);
static NUMBER: Shape = Shape::new("Number", Kind::Integer).min(1.0).max(9.0);
static DOUBLE: Shape = Shape::new("Double", Kind::Double);
static TIME: Shape = Shape::new("Time", Kind::Timestamp);
static BLOB: Shape = Shape::new("Blob", Kind::Blob);
static DOCUMENT: Shape = Shape::new("Document", Kind::Document);
static TEXTS: Shape = Shape::of("Texts", Kind::List, &[Member::new("member", &TEXT)]);
static TREES: Shape = Shape::of("Trees", Kind::List, &[Member::new("member", &TREE)]);
static PAIRS: Shape = Shape::of(
    "Pairs",
    Kind::Map,
    &[Member::new("key", &TEXT), Member::new("value", &TREE)],
);
static TREE: Shape = Shape::of(
    "Tree",
    Kind::Structure,
    &[
        Member::new("a", &TEXT).required(),
        Member::new("b", &CHOICE),
        Member::new("c", &FLAG),
        Member::new("d", &NUMBER),
        Member::new("e", &DOUBLE),
        Member::new("f", &TIME),
        Member::new("g", &BLOB),
        Member::new("h", &DOCUMENT),
        Member::new("i", &TEXTS),
        Member::new("j", &TREES),
        Member::new("k", &PAIRS),
        Member::new("l", &TEXTS).flattened(),
        Member::new("m", &TREE),
    ],
);
static BOUND: Shape = Shape::of(
    "Bound",
    Kind::Structure,
    &[
        Member::new("a", &TEXT).at(Location::Label),
        Member::new("b", &TEXTS).at(Location::Query),
        Member::new("c", &TIME).at(Location::Query),
        Member::new("d", &TEXTS).wire("x-list").at(Location::Header),
        Member::new("e", &TIME).wire("x-time").at(Location::Header),
        Member::new("f", &TREE),
    ],
);

static SERVICE: ServiceMeta = ServiceMeta {
    name: "hostile",
    signing_name: "hostile",
    service_id: "Hostile",
    endpoint_prefix: "hostile",
    target_prefix: Some("Hostile"),
    api_version: "2020-01-01",
    protocols: &[
        Protocol::Json11,
        Protocol::Query,
        Protocol::RpcV2Cbor,
        Protocol::RestXml,
        Protocol::RestJson,
    ],
    xml_namespace: Some("http://hostile/"),
    global: false,
    query_compatible: true,
    validation: ValidationStyle::Generic {
        code: "ValidationException",
    },
    operations: &[&BIND, &GROW],
};
static GROW: OperationMeta = operation("Grow", "/", &TREE);
static ECHO: OperationMeta = OperationMeta {
    output: &TREE,
    has_output: true,
    ..operation("Echo", "/", &TREE)
};
static BIND: OperationMeta = operation("Bind", "/bind/{a}", &BOUND);

const fn operation(name: &'static str, uri: &'static str, input: &'static Shape) -> OperationMeta {
    OperationMeta {
        name,
        service: &SERVICE,
        method: "POST",
        uri,
        status: 200,
        input,
        output: &EMPTY,
        has_input: true,
        has_output: false,
        result_wrapper: None,
        errors: &[],
        unsigned: false,
        host_prefix: None,
        paging: None,
    }
}

const PROTOCOLS: [Protocol; 7] = [
    Protocol::Json10,
    Protocol::Json11,
    Protocol::Query,
    Protocol::Ec2,
    Protocol::RestXml,
    Protocol::RestJson,
    Protocol::RpcV2Cbor,
];

fn request(uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        if let Ok(value) = http::HeaderValue::from_str(value) {
            map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
    }
    Request {
        method: http::Method::POST,
        uri: uri.parse().unwrap_or_else(|_| http::Uri::from_static("/")),
        headers: map,
        body: Bytes::copy_from_slice(body),
    }
}

fn read(operation: &'static OperationMeta, protocol: Protocol, request: &Request) -> Result<Dynamic, ApiError> {
    let mut value = Dynamic::new(operation.input);
    decode_into(&Call { operation, protocol }, request, &mut value)?;
    Ok(value)
}

/// Reads a body in all protocols, and writes what comes out of it.
fn throw(body: &[u8]) {
    for protocol in PROTOCOLS {
        let call = Call {
            operation: &GROW,
            protocol,
        };
        let media = if protocol == Protocol::RestJson {
            "application/json"
        } else {
            "x/y"
        };
        match read(&GROW, protocol, &request("/", &[("content-type", media)], body)) {
            Ok(value) => {
                encode_value(&call, &value, "id");
                let _ = roadstead_wire::to_value(&value, roadstead_wire::Names::LowerFirst);
            }
            Err(error) => {
                let response = encode_error(&SERVICE, protocol, &error, "id");
                assert_eq!(response.status.as_u16(), error.status);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        throw(&body);
    }

    #[test]
    fn near_json_never_panics(body in r#"[\[\]{}:,"a-m0-9.eE\\u+tfn -]{0,80}"#) {
        throw(body.as_bytes());
    }

    #[test]
    fn near_forms_never_panic(body in r"([a-m.0-9]{0,8}(=[a-m0-9%+]{0,6})?&?){0,12}") {
        throw(body.as_bytes());
    }

    #[test]
    fn near_xml_never_panics(body in r#"(</?[a-m:!?]{0,3}( [a-m]="[&;#x0-9a-m]{0,5}")?/?>|[a-m&;]{0,4}|<!\[CDATA\[|\]\]>|<!--|-->){0,20}"#) {
        throw(body.as_bytes());
    }

    #[test]
    fn near_cbor_never_panics(body in prop::collection::vec(
        prop_oneof![Just(0xbf_u8), Just(0xff), Just(0xa1), Just(0x81), Just(0x61), Just(0x7f), Just(0xc1), Just(0xfb),
            Just(0xf6), Just(0x1b), Just(0x9f), b'a'..=b'm', any::<u8>()], 0..60)) {
        throw(&body);
    }

    #[test]
    fn hostile_addresses_and_headers_never_panic(
        path in "/bind/[ -~]{0,20}", list in "[ -~]{0,30}", time in "[ -~]{0,30}", target in "[ -~]{0,30}"
    ) {
        let headers = [("x-list", list.as_str()), ("x-time", time.as_str())];
        let bound = request(&path, &headers, b"");
        for protocol in [Protocol::RestXml, Protocol::RestJson] {
            let _ = read(&BIND, protocol, &bound);
        }
        for header in ["x-amz-target", "content-type", "smithy-protocol"] {
            let _ = route(&request(&path, &[(header, &target)], target.as_bytes()), &[&SERVICE], Some("hostile"));
            let _ = route(&request(&path, &[(header, &target)], target.as_bytes()), &[&SERVICE], None);
        }
    }

    #[test]
    fn what_is_written_is_read_again(a in "[a-z]{1,8}", d in 1..9_i64, e in any::<f64>(), texts in prop::collection::vec("[a-z]{1,8}", 0..4)) {
        let members = serde_json::json!({
            "a": a, "b": "A", "c": true, "d": d, "e": if e.is_finite() { e } else { 0.5 }, "f": 1_700_000_000.5, "g": "AQID",
            "i": texts, "j": [{"a": "x"}], "k": {"key": {"a": "y"}}, "m": {"a": "z"},
        });
        let value = Dynamic::with(&TREE, members.as_object().unwrap().clone());
        for protocol in [Protocol::Json11, Protocol::RpcV2Cbor, Protocol::RestXml, Protocol::RestJson] {
            let call = Call { operation: &ECHO, protocol };
            let written = encode_value(&call, &value, "id");
            let media = written.headers.get("content-type").unwrap().to_str().unwrap().to_owned();
            let again = read(&ECHO, protocol, &request("/", &[("content-type", &media)], &written.body)).unwrap();
            prop_assert_eq!(&again.members, &value.members, "{:?}", protocol);
        }
    }
}

fn code(result: Result<Dynamic, ApiError>) -> (String, u16) {
    let error = result.expect_err("it is refused");
    (error.code.into_owned(), error.status)
}

#[test]
fn nesting_is_bounded_in_every_format() {
    let json = |n: usize| r#"{"m":"#.repeat(n) + "{}" + &"}".repeat(n);
    let form = |n: usize| "m.".repeat(n) + "a=x";
    let xml = |n: usize| "<m>".repeat(n) + &"</m>".repeat(n);
    let mut deep = b"\xa1am".repeat(MAX_DEPTH + 1);
    deep.push(0xa0);
    for (protocol, body, want) in [
        (
            Protocol::Json11,
            json(MAX_DEPTH + 1).into_bytes(),
            "SerializationException",
        ),
        (Protocol::Query, form(MAX_DEPTH + 1).into_bytes(), "MalformedInput"),
        (Protocol::Ec2, form(MAX_DEPTH + 1).into_bytes(), "InvalidParameterValue"),
        (Protocol::RestXml, xml(MAX_DEPTH + 1).into_bytes(), "InvalidInput"),
        (Protocol::RpcV2Cbor, deep, "SerializationException"),
    ] {
        assert_eq!(
            code(read(&GROW, protocol, &request("/", &[], &body))),
            (want.to_owned(), 400)
        );
    }
    // A value that the shape does not have is skipped under the same bound.
    let skipped = format!(r#"{{"unknown":{}}}"#, "[".repeat(100_000));
    assert_eq!(
        code(read(&GROW, Protocol::Json11, &request("/", &[], skipped.as_bytes()))).1,
        400
    );
    // Just inside it is only the model that objects.
    let error = read(
        &GROW,
        Protocol::Json11,
        &request("/", &[], json(MAX_DEPTH - 1).as_bytes()),
    )
    .unwrap_err();
    assert_eq!(error.code, "ValidationException");
}

#[test]
fn a_form_has_a_bounded_number_of_keys() {
    let body = "x=1&".repeat(MAX_FORM_KEYS) + "a=x";
    assert_eq!(
        code(read(&GROW, Protocol::Query, &request("/", &[], body.as_bytes()))).0,
        "MalformedInput"
    );
    let body = "x=1&".repeat(MAX_FORM_KEYS - 1) + "a=x";
    assert!(read(&GROW, Protocol::Query, &request("/", &[], body.as_bytes())).is_ok());
}

#[test]
fn the_names_in_a_form_are_bounded() {
    let deep = |keys: usize| {
        let keys: Vec<String> = (0..keys).map(|n| format!("{n}.{}", "a.".repeat(98) + "a=")).collect();
        keys.join("&") + "&a=x"
    };
    let over = deep(MAX_FORM_PARTS / 100 + 1);
    assert_eq!(
        code(read(&GROW, Protocol::Query, &request("/", &[], over.as_bytes()))).0,
        "MalformedInput"
    );
    let under = deep(MAX_FORM_PARTS / 100 - 1);
    assert!(read(&GROW, Protocol::Query, &request("/", &[], under.as_bytes())).is_ok());
}

#[test]
fn a_list_index_is_bounded_and_gaps_cost_nothing() {
    let body = format!("a=x&i.member.{MAX_LIST_INDEX}=y&i.member.2=x");
    let value = read(&GROW, Protocol::Query, &request("/", &[], body.as_bytes())).unwrap();
    assert_eq!(value.members["i"], serde_json::json!(["x", "y"]));
    for index in [
        (MAX_LIST_INDEX + 1).to_string(),
        "99999999999999999999".to_owned(),
        "x".to_owned(),
    ] {
        let body = format!("a=x&i.member.{index}=y");
        assert_eq!(
            code(read(&GROW, Protocol::Query, &request("/", &[], body.as_bytes()))).0,
            "MalformedInput"
        );
    }
}

#[test]
fn a_compressed_body_is_inflated_up_to_the_cap() {
    let pack = |body: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(body).unwrap();
        packer.finish().unwrap()
    };
    let gzip = [("content-encoding", "gzip")];
    let value = read(&GROW, Protocol::Json11, &request("/", &gzip, &pack(br#"{"a":"x"}"#))).unwrap();
    assert_eq!(value.members["a"], "x");
    let bomb = pack(&vec![b' '; MAX_BODY + 1]);
    assert!(bomb.len() < MAX_BODY / 10);
    assert_eq!(code(read(&GROW, Protocol::Json11, &request("/", &gzip, &bomb))).1, 413);
    assert_eq!(
        code(read(&GROW, Protocol::Json11, &request("/", &gzip, b"no gzip"))).1,
        400
    );
}

#[test]
fn one_message_names_a_bounded_number_of_violations() {
    let body = format!(r#"{{"a":"x","i":[{}"A"]}}"#, r#""A","#.repeat(MAX_VIOLATIONS + 500));
    let error = read(&GROW, Protocol::Json11, &request("/", &[], body.as_bytes())).unwrap_err();
    assert!(
        error
            .message
            .starts_with(&format!("{MAX_VIOLATIONS} validation errors detected: "))
    );
}

#[test]
fn a_document_type_is_refused() {
    let body = br#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Tree><a>&x;</a></Tree>"#;
    assert_eq!(
        code(read(&GROW, Protocol::RestXml, &request("/", &[], body))).0,
        "InvalidInput"
    );
}

#[test]
fn many_equal_prefixes_in_a_form_are_read_in_good_time() {
    let keys: Vec<String> = (1..MAX_FORM_KEYS - 1).map(|n| format!("i.member.{n}=a")).collect();
    let body = keys.join("&") + "&a=x";
    let start = std::time::Instant::now();
    let value = read(&GROW, Protocol::Query, &request("/", &[], body.as_bytes())).unwrap();
    assert_eq!(value.members["i"].as_array().unwrap().len(), MAX_FORM_KEYS - 2);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn an_operation_that_is_not_implemented_says_so_by_name_in_every_protocol() {
    let error = ApiError::not_implemented(&GROW);
    for protocol in PROTOCOLS {
        let response = encode_error(&SERVICE, protocol, &error, "the-id");
        assert_eq!(response.status.as_u16(), 501);
        assert_eq!(response.headers.get("x-amzn-requestid").unwrap(), "the-id");
        let has = |text: &str| response.body.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(has("The operation Grow of Hostile is not implemented."), "{protocol:?}");
        assert!(has("NotImplemented") || protocol == Protocol::RestJson, "{protocol:?}");
    }
}
