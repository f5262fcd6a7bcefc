//! Builds schemas from the suite's shapes, leaked for the life of the test.

use std::cell::RefCell;
use std::collections::HashMap;

use roadstead_wire::schema::Namespace;
use roadstead_wire::{
    ErrorMeta, Fault, Kind, Location, Member, OperationMeta, Pattern, Protocol, ServiceMeta, Shape, TimestampFormat,
    ValidationStyle,
};
use serde_json::Value as Json;

/// How often a recursive shape is unrolled.
const DEEPEST: usize = 10;

/// The shapes of one part of a suite.
pub struct Context<'a> {
    pub protocol: Protocol,
    shapes: &'a Json,
    metadata: &'a Json,
    built: RefCell<HashMap<(String, usize), &'static Shape>>,
}

pub fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text(json: &Json) -> Option<&'static str> {
    json.as_str().map(|text| &**leak(text.to_owned()))
}

fn flag(json: &Json, key: &str) -> bool {
    json[key] == Json::Bool(true)
}

fn namespace(json: &Json) -> Option<Namespace> {
    match json {
        Json::String(_) => Some(Namespace {
            uri: text(json)?,
            prefix: "",
        }),
        Json::Object(_) => Some(Namespace {
            uri: text(&json["uri"])?,
            prefix: text(&json["prefix"]).unwrap_or_default(),
        }),
        _ => None,
    }
}

fn timestamp(json: &Json) -> Option<TimestampFormat> {
    Some(match json["timestampFormat"].as_str()? {
        "iso8601" => TimestampFormat::Iso8601,
        "rfc822" => TimestampFormat::HttpDate,
        _ => TimestampFormat::Epoch,
    })
}

fn constrain(shape: &mut Shape, json: &Json) {
    shape.min = json["min"].as_f64().or(shape.min);
    shape.max = json["max"].as_f64().or(shape.max);
    if let Some(pattern) = text(&json["pattern"]) {
        shape.pattern = Some(leak(Pattern::new(pattern, pattern)));
    }
}

impl<'a> Context<'a> {
    pub fn new(file: &str, part: &'a Json) -> Self {
        let protocol = match file {
            "awsJson1_0" => Protocol::Json10,
            "awsJson1_1" => Protocol::Json11,
            "awsQuery" => Protocol::Query,
            "ec2Query" => Protocol::Ec2,
            "restXml" => Protocol::RestXml,
            "rpcv2Cbor" => Protocol::RpcV2Cbor,
            _ => Protocol::RestJson,
        };
        Self {
            protocol,
            shapes: &part["shapes"],
            metadata: &part["metadata"],
            built: RefCell::default(),
        }
    }

    pub fn shape(&self, name: &str, depth: usize) -> &'static Shape {
        if let Some(shape) = self.built.borrow().get(&(name.to_owned(), depth)) {
            return shape;
        }
        let json = &self.shapes[name];
        let kind = match json["type"].as_str().unwrap() {
            "structure" if flag(json, "document") => Kind::Document,
            "document" => Kind::Document,
            "structure" => Kind::Structure,
            "list" => Kind::List,
            "map" => Kind::Map,
            "string" if json["enum"].is_array() => Kind::Enum,
            "string" => Kind::String,
            "blob" => Kind::Blob,
            "boolean" => Kind::Boolean,
            "byte" => Kind::Byte,
            "short" => Kind::Short,
            "integer" => Kind::Integer,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "timestamp" => Kind::Timestamp,
            other => panic!("type {other}"),
        };
        let mut shape = Shape::new(leak(name.to_owned()), kind);
        let mut members = Vec::new();
        if depth < DEEPEST {
            for (member, reference) in json["members"].as_object().into_iter().flatten() {
                members.push(self.member(json, member, reference, depth));
            }
            for key in ["member", "key", "value"] {
                if json[key].is_object() {
                    members.push(self.member(json, key, &json[key], depth));
                }
            }
        }
        shape.members = leak(members);
        let values: Vec<&'static str> = json["enum"].as_array().into_iter().flatten().filter_map(text).collect();
        shape.values = leak(values);
        let numbers = json["intEnum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_i64);
        shape.numbers = leak(numbers.collect::<Vec<i64>>());
        constrain(&mut shape, json);
        shape.timestamp = timestamp(json);
        shape.wire = text(&json["locationName"]);
        shape.namespace = namespace(&json["xmlNamespace"]);
        shape.media_type = text(&json["mediaType"]);
        shape.sensitive = flag(json, "sensitive");
        shape.sparse = flag(json, "sparse");
        shape.union = flag(json, "union");
        shape.unique = flag(json, "uniqueItems");
        let shape = leak(shape);
        self.built.borrow_mut().insert((name.to_owned(), depth), shape);
        shape
    }

    fn member(&self, owner: &Json, name: &str, reference: &Json, depth: usize) -> Member {
        let mut shape = self.shape(reference["shape"].as_str().unwrap(), depth + 1);
        if ["min", "max", "pattern"].iter().any(|key| !reference[key].is_null()) {
            let mut own = *shape;
            constrain(&mut own, reference);
            shape = leak(own);
        }
        let name = leak(name.to_owned());
        let mut member = Member::new(name, shape);
        if let Some(wire) = text(&reference["locationName"]) {
            member = member.wire(wire);
            let mut upper = wire.to_owned();
            if let Some(first) = upper.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            member = member.query(leak(upper));
        } else if self.protocol == Protocol::Ec2 {
            let mut upper = name.clone();
            if let Some(first) = upper.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            member = member.query(leak(upper));
        }
        if let Some(query) = text(&reference["queryName"]) {
            member = member.query(query);
        }
        let required = owner["required"].as_array().into_iter().flatten();
        member.required = required.into_iter().any(|r| r == name.as_str());
        member.flattened = flag(reference, "flattened");
        member.location = match reference["location"].as_str() {
            Some("uri") => Location::Label,
            Some("querystring") => Location::Query,
            Some("header") => Location::Header,
            Some("headers") => Location::PrefixHeaders,
            Some("statusCode") => Location::Status,
            _ if owner["payload"] == name.as_str() => Location::Payload,
            _ => Location::Body,
        };
        member.attribute = flag(reference, "xmlAttribute");
        member.json_value = flag(reference, "jsonvalue");
        member.timestamp = timestamp(reference).or(shape.timestamp);
        member.namespace = namespace(&reference["xmlNamespace"]);
        member
    }

    /// The operation of a case, with a service around it.
    pub fn operation(&self, given: &Json) -> &'static OperationMeta {
        let name = text(&given["name"]).unwrap();
        let shape = |key: &str| {
            given[key]["shape"]
                .as_str()
                .map_or(&roadstead_wire::value::EMPTY, |name| self.shape(name, 0))
        };
        let service = leak(ServiceMeta {
            name: "suite",
            signing_name: "suite",
            service_id: "Suite",
            endpoint_prefix: "suite",
            target_prefix: text(&self.metadata["targetPrefix"]),
            api_version: text(&self.metadata["apiVersion"]).unwrap_or_default(),
            protocols: leak([self.protocol]),
            xml_namespace: None,
            global: false,
            query_compatible: self.metadata["awsQueryCompatible"].is_object(),
            validation: ValidationStyle::Generic {
                code: "ValidationException",
            },
            operations: &[],
        });
        leak(OperationMeta {
            name,
            service,
            method: text(&given["http"]["method"]).unwrap(),
            uri: text(&given["http"]["requestUri"]).unwrap(),
            status: u16::try_from(given["http"]["responseCode"].as_u64().unwrap_or(200)).unwrap(),
            input: shape("input"),
            output: shape("output"),
            has_input: given["input"].is_object(),
            has_output: given["output"].is_object(),
            result_wrapper: text(&given["output"]["resultWrapper"]),
            errors: &[],
            unsigned: false,
            host_prefix: None,
            paging: None,
        })
    }

    /// The error of a case.
    pub fn error(&self, name: &str) -> &'static ErrorMeta {
        let error = &self.shapes[name]["error"];
        let status = error["httpStatusCode"].as_u64().unwrap_or(400);
        leak(ErrorMeta {
            shape: self.shape(name, 0),
            code: text(&error["code"]).unwrap_or_else(|| leak(name.to_owned())),
            status: u16::try_from(status).unwrap(),
            fault: if status >= 500 { Fault::Receiver } else { Fault::Sender },
        })
    }
}
