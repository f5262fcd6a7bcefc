//! From an output or an error to a reply.

use http::header::CONTENT_TYPE;

use crate::codec::bound::BoundWriter;
use crate::codec::cbor::CborWriter;
use crate::codec::json::JsonWriter;
use crate::codec::xml::XmlWriter;
use crate::dynamic::Dynamic;
use crate::error::ApiError;
use crate::frames::{self, Frames};
use crate::message::Response;
use crate::meta::{Protocol, ServiceMeta};
use crate::negotiate::payload_media;
use crate::route::Call;
use crate::schema::{Kind, Location, Member, Shape};
use crate::value::{Output, Structure, Value, Writer};

const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-amzn-requestid");
const SMITHY_PROTOCOL: http::HeaderName = http::HeaderName::from_static("smithy-protocol");

/// Writes the reply to a call that succeeded.
pub fn encode<O: Output>(call: &Call, output: &O, request_id: &str) -> Response {
    encode_value(call, output, request_id)
}

/// Begins the reply to a call that succeeded and whose reply goes on.
pub fn encode_frames(call: &Call, frames: Frames, request_id: &str) -> Response {
    let mut response = Response::new(call.operation.status);
    identify(&mut response, request_id);
    response.set_static(CONTENT_TYPE, frames::MEDIA_TYPE);
    response.frames = Some(frames.after(frames::initial_response()));
    response
}

/// Writes the reply to a call that succeeded, without knowing the output's type.
pub fn encode_value(call: &Call, output: &dyn Structure, request_id: &str) -> Response {
    let operation = call.operation;
    let shape = operation.output;
    let mut response = Response::new(operation.status);
    identify(&mut response, request_id);
    match call.protocol {
        Protocol::Json10 | Protocol::Json11 => {
            // An operation without an output answers with nothing at all in some services and `{}` in others; clients
            // read both, and `{}` is valid JSON.
            let mut writer = JsonWriter::new(false);
            writer.structure(shape, output);
            response.body = writer.finish();
        }
        Protocol::RpcV2Cbor => {
            if operation.has_output {
                let mut writer = CborWriter::new();
                writer.structure(shape, output);
                response.body = writer.finish();
            }
        }
        Protocol::Query => {
            let mut writer = query_writer(operation.service);
            let root = format!("{}Response", operation.name);
            writer.open_in(&root, operation.service.xml_namespace.unwrap_or_default());
            if operation.has_output {
                let default;
                let wrapper = match operation.result_wrapper {
                    Some(wrapper) => wrapper,
                    None => {
                        default = format!("{}Result", operation.name);
                        &default
                    }
                };
                writer.open_plain(wrapper);
                output.write(shape.members, &mut writer);
                writer.close(wrapper);
            }
            writer.open_plain("ResponseMetadata");
            writer.pair("RequestId", request_id);
            writer.close("ResponseMetadata");
            writer.close(&root);
            response.body = writer.finish();
        }
        Protocol::Ec2 => {
            let mut writer = XmlWriter::new(false);
            writer.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
            let root = format!("{}Response", operation.name);
            writer.open_in(&root, operation.service.xml_namespace.unwrap_or_default());
            writer.pair("requestId", request_id);
            if operation.has_output {
                output.write(shape.members, &mut writer);
            } else {
                // AWS: what is not modelled as an output is a plain yes.
                writer.pair("return", "true");
            }
            writer.close(&root);
            response.body = writer.finish();
        }
        Protocol::RestXml | Protocol::RestJson => {
            BoundWriter::write(output, &mut response);
            write_rest(call, output, &mut response);
            return response;
        }
    }
    set_type(&mut response, call.protocol, operation.has_output);
    response
}

fn identify(response: &mut Response, request_id: &str) {
    if let Ok(value) = http::HeaderValue::from_str(request_id) {
        response.headers.insert(REQUEST_ID, value);
    }
}

fn set_type(response: &mut Response, protocol: Protocol, has_body: bool) {
    let media = match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
        Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::RestXml => "application/xml",
        Protocol::RestJson => "application/json",
        Protocol::RpcV2Cbor => {
            response.set_static(SMITHY_PROTOCOL, "rpc-v2-cbor");
            if !has_body {
                return;
            }
            "application/cbor"
        }
    };
    response.set_static(CONTENT_TYPE, media);
}

/// Writes the body of a REST reply.
fn write_rest(call: &Call, output: &dyn Structure, response: &mut Response) {
    let operation = call.operation;
    let shape = operation.output;
    if let Some(payload) = shape.members.iter().find(|m| m.location == Location::Payload) {
        let mut writer = PayloadWriter {
            call,
            payload,
            response,
        };
        output.write(shape.members, &mut writer);
        return;
    }
    let has_body = shape.members.iter().any(|m| m.location == Location::Body);
    if call.protocol == Protocol::RestJson {
        // Without members in the body the reply is `{}`, unless there is no output at all.
        if operation.has_output {
            let mut writer = JsonWriter::new(true);
            writer.structure(shape, output);
            response.body = writer.finish();
            set_type(response, call.protocol, true);
        }
        return;
    }
    if has_body {
        let mut writer = XmlWriter::new(true);
        writer.raw("<?xml version=\"1.0\"?>\n");
        let name = shape.wire.unwrap_or(shape.name);
        let namespace = operation
            .service
            .xml_namespace
            .map(|uri| crate::schema::Namespace { uri, prefix: "" });
        writer.next_name(name, shape.namespace.or(namespace));
        writer.structure(shape, output);
        response.body = writer.finish();
    }
    if operation.has_output {
        set_type(response, call.protocol, true);
    }
}

/// Writes the one member that is the body.
struct PayloadWriter<'a> {
    call: &'a Call,
    payload: &'static Member,
    response: &'a mut Response,
}

impl Writer for PayloadWriter<'_> {
    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        if !std::ptr::eq(member, self.payload) {
            return;
        }
        let shape = member.shape;
        let media = match shape.kind {
            Kind::Blob | Kind::String | Kind::Enum => {
                value.write(shape, self);
                payload_media(member).unwrap_or("application/octet-stream")
            }
            _ if self.call.protocol == Protocol::RestXml => {
                let mut writer = XmlWriter::new(false);
                let name = if member.wire == member.name {
                    shape.wire.unwrap_or(shape.name)
                } else {
                    member.wire
                };
                writer.next_name(name, member.namespace.or(shape.namespace));
                value.write(shape, &mut writer);
                self.response.body = writer.finish();
                "application/xml"
            }
            _ => {
                let mut writer = JsonWriter::new(false);
                value.write(shape, &mut writer);
                self.response.body = writer.finish();
                "application/json"
            }
        };
        if !self.response.headers.contains_key(CONTENT_TYPE) {
            self.response.set_static(CONTENT_TYPE, media);
        }
    }
    fn text(&mut self, _: &'static Shape, value: &str) {
        self.response.body = bytes::Bytes::copy_from_slice(value.as_bytes());
    }
    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        self.response.body = bytes::Bytes::copy_from_slice(value);
    }
    fn structure(&mut self, _: &'static Shape, _: &dyn Structure) {}
    fn list(&mut self, _: &'static Shape, _: usize, _: &mut dyn FnMut(&mut dyn Writer)) {}
    fn element(&mut self, _: &'static Member, _: &dyn Value) {}
    fn map(&mut self, _: &'static Shape, _: usize, _: &mut dyn FnMut(&mut dyn Writer)) {}
    fn entry(&mut self, _: &'static Shape, _: &str, _: &dyn Value) {}
    fn boolean(&mut self, _: &'static Shape, _: bool) {}
    fn integer(&mut self, _: &'static Shape, _: i64) {}
    fn float(&mut self, _: &'static Shape, _: f64) {}
    fn timestamp(&mut self, _: &'static Shape, _: roadstead_core::Timestamp) {}
    fn document(&mut self, _: &'static Shape, _: &serde_json::Value) {}
    fn null(&mut self) {}
}

/// Writes the reply to a call that failed.
pub fn encode_error(service: &'static ServiceMeta, protocol: Protocol, error: &ApiError, request_id: &str) -> Response {
    let mut response = Response::new(error.status);
    identify(&mut response, request_id);
    let fields = error
        .meta
        .map(|meta| Dynamic::with(meta.shape, error.fields.clone()))
        .filter(|fields| !fields.members.is_empty());
    match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => {
            let mut writer = JsonWriter::new(protocol == Protocol::RestJson);
            writer.open();
            if protocol == Protocol::RestJson {
                response.set("x-amzn-errortype", error.name());
                if let Some(fields) = &fields {
                    BoundWriter::write(fields, &mut response);
                }
            } else {
                writer.pair("__type", error.name());
            }
            if let Some(name) = message_name(error) {
                writer.pair(name, &error.message);
            }
            if let Some(fields) = &fields {
                fields.write(fields.shape().members, &mut writer);
            }
            writer.close();
            response.body = writer.finish();
        }
        Protocol::RpcV2Cbor => {
            let mut writer = CborWriter::new();
            writer.open();
            writer.pair("__type", &format!("com.amazonaws.{}#{}", service.name, error.name()));
            if let Some(name) = message_name(error) {
                writer.pair(name, &error.message);
            }
            if let Some(fields) = &fields {
                fields.write(fields.shape().members, &mut writer);
            }
            writer.close();
            response.body = writer.finish();
        }
        Protocol::Query | Protocol::RestXml => {
            if protocol == Protocol::RestXml
                && let Some(fields) = &fields
            {
                BoundWriter::write(fields, &mut response);
            }
            let mut writer = if protocol == Protocol::RestXml {
                XmlWriter::new(true)
            } else {
                query_writer(service)
            };
            writer.open_in("ErrorResponse", service.xml_namespace.unwrap_or_default());
            writer.open_plain("Error");
            writer.pair("Type", error.fault().as_str());
            writer.pair("Code", &error.code);
            if message_name(error).is_some() {
                writer.pair("Message", &error.message);
            }
            if let Some(fields) = &fields {
                fields.write(fields.shape().members, &mut writer);
            }
            writer.close("Error");
            writer.pair("RequestId", request_id);
            writer.close("ErrorResponse");
            response.body = writer.finish();
        }
        Protocol::Ec2 => {
            let mut writer = XmlWriter::new(false);
            writer.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
            writer.pair("Code", &error.code);
            if message_name(error).is_some() {
                writer.pair("Message", &error.message);
            }
            if let Some(fields) = &fields {
                fields.write(fields.shape().members, &mut writer);
            }
            writer.raw("</Error></Errors>");
            writer.pair("RequestID", request_id);
            writer.raw("</Response>");
            response.body = writer.finish();
        }
    }
    // Clients of a service that left the query protocol still look for its codes.
    let old = matches!(protocol, Protocol::Json10 | Protocol::Json11 | Protocol::RpcV2Cbor);
    if service.query_compatible && old {
        let value = format!("{};{}", error.code, error.fault().as_str());
        response.set("x-amzn-query-error", &value);
    }
    set_type(&mut response, protocol, true);
    response
}

/// A writer in the layout of the service.
// AWS: proved for IAM by rebuilding recorded bodies to their exact length; STS is written the same way.
fn query_writer(service: &ServiceMeta) -> XmlWriter {
    let writer = XmlWriter::new(false);
    if matches!(service.name, "iam" | "sts") {
        writer.in_lines()
    } else {
        writer
    }
}

/// The name of the member that carries the message; none when there is no message.
fn message_name(error: &ApiError) -> Option<&'static str> {
    if error.message.is_empty() {
        return None;
    }
    let modelled = error.meta.and_then(|meta| {
        let is_message = |m: &&Member| m.name.eq_ignore_ascii_case("message");
        meta.shape.members.iter().find(is_message)
    });
    Some(modelled.map_or("message", |m| m.wire))
}
