//! From a request to an input: body, path, query string and headers, checked against the model.

use std::borrow::Cow;
use std::io::Read as _;

use bytes::Bytes;

use crate::check::Check;
use crate::codec::bound;
use crate::codec::cbor::CborReader;
use crate::codec::form::FormReader;
use crate::codec::json::JsonReader;
use crate::codec::xml::{Document, XmlReader};
use crate::error::{ApiError, Malformed, Read};
use crate::limits::MAX_BODY;
use crate::message::Request;
use crate::meta::Protocol;
use crate::negotiate;
use crate::route::Call;
use crate::schema::{Kind, Location, Member, Shape};
use crate::value::{Input, Reader, Structure, read_member};

/// Reads the input of a call.
///
/// Fails with all violations of the model in one error, or with the protocol's error for a body that cannot be read.
pub fn decode<I: Input>(call: &Call, request: &Request) -> Result<I, ApiError> {
    let mut input = I::default();
    decode_into(call, request, &mut input)?;
    Ok(input)
}

/// Reads the input of a call into an empty value of its type.
pub fn decode_into(call: &Call, request: &Request, target: &mut dyn Structure) -> Result<(), ApiError> {
    let service = call.operation.service;
    let strict = call.protocol == Protocol::RestJson;
    if strict {
        negotiate::check(call.operation, request)?;
    }
    let body = inflated(request)?;
    let mut check = Check::new(service.validation, strict);
    read(call, request, &body, target, &mut check).map_err(|why| ApiError::unreadable(call.protocol, &why))?;
    check.finish(service)
}

/// The body, inflated when it came compressed; never more than [`MAX_BODY`] bytes.
pub fn inflated(request: &Request) -> Result<Bytes, ApiError> {
    let encoding = request.header("content-encoding").unwrap_or_default().trim();
    if !encoding.eq_ignore_ascii_case("gzip") {
        return Ok(request.body.clone());
    }
    let mut out = Vec::new();
    let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::GzDecoder::new(&*request.body)
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|_| ApiError::new("SerializationException", 400, "the body is not valid gzip"))?;
    if out.len() > MAX_BODY {
        return Err(ApiError::new(
            "RequestEntityTooLargeException",
            413,
            format!("Request size exceeded {MAX_BODY} bytes"),
        ));
    }
    Ok(out.into())
}

fn read(call: &Call, request: &Request, body: &Bytes, target: &mut dyn Structure, check: &mut Check) -> Read<()> {
    let shape = call.operation.input;
    let mut seen = 0;
    match call.protocol {
        Protocol::Json10 | Protocol::Json11 => {
            let mut reader = JsonReader::new(utf8(body)?, check, false);
            reader.members(shape, target, &mut seen)?;
            reader.end()?;
        }
        Protocol::RpcV2Cbor => {
            let mut reader = CborReader::new(body, check);
            reader.members(shape, target, &mut seen)?;
            reader.end()?;
        }
        Protocol::Query | Protocol::Ec2 => {
            let body = utf8(body)?;
            // A presigned call has its parameters in the address; what stands there counts beside a body, too.
            let query = request.uri.query().unwrap_or_default();
            let form = match (query.is_empty(), body.is_empty()) {
                (true, _) => Cow::Borrowed(body),
                (false, true) => Cow::Borrowed(query),
                (false, false) => Cow::Owned(format!("{query}&{body}")),
            };
            let mut reader = FormReader::new(&form, check, call.protocol == Protocol::Ec2)?;
            reader.members(shape, target, &mut seen)?;
        }
        Protocol::RestXml | Protocol::RestJson => {
            bound::read(shape, call.operation.uri, request, target, check, &mut seen)?;
            let payload = shape
                .members
                .iter()
                .enumerate()
                .find(|(_, m)| m.location == Location::Payload);
            match payload {
                Some((at, member)) => read_payload(call, body, at, member, target, check, &mut seen)?,
                None if shape.members.iter().any(|m| m.location == Location::Body) => {
                    read_body(call, body, shape, target, check, &mut seen)?;
                }
                None => {}
            }
        }
    }
    check.complete(shape, seen)
}

/// Reads the members of a REST body.
fn read_body(
    call: &Call,
    body: &Bytes,
    shape: &'static Shape,
    target: &mut dyn Structure,
    check: &mut Check,
    seen: &mut u128,
) -> Read<()> {
    if body.is_empty() {
        return Ok(());
    }
    let text = utf8(body)?;
    if call.protocol == Protocol::RestXml {
        let document = Document::parse(text)?;
        return XmlReader::new(&document, check).members(shape, target, seen);
    }
    let mut reader = JsonReader::new(text, check, true);
    reader.members(shape, target, seen)?;
    reader.end()
}

/// Reads a member that is the whole body.
fn read_payload(
    call: &Call,
    body: &Bytes,
    at: usize,
    member: &'static Member,
    target: &mut dyn Structure,
    check: &mut Check,
    seen: &mut u128,
) -> Read<()> {
    if body.is_empty() {
        return Ok(());
    }
    match member.shape.kind {
        Kind::Blob => read_member(&mut BlobReader { body, check }, at, member, target, seen),
        Kind::String | Kind::Enum => {
            let text = vec![Cow::Borrowed(utf8(body)?)];
            let mut reader = bound::TextReader::new(text, check, crate::TimestampFormat::Iso8601);
            read_member(&mut reader, at, member, target, seen)
        }
        _ if call.protocol == Protocol::RestXml => {
            let document = Document::parse(utf8(body)?)?;
            read_member(&mut XmlReader::new(&document, check), at, member, target, seen)
        }
        _ => {
            let mut reader = JsonReader::new(utf8(body)?, check, false);
            read_member(&mut reader, at, member, target, seen)?;
            reader.end()
        }
    }
}

fn utf8(body: &Bytes) -> Read<&str> {
    std::str::from_utf8(body).map_err(|_| Malformed::new("the body is not UTF-8"))
}

/// Reads the whole body as bytes.
struct BlobReader<'a> {
    body: &'a Bytes,
    check: &'a mut Check,
}

fn only_bytes() -> Malformed {
    Malformed::new("the body is bytes")
}

impl Reader for BlobReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }
    fn members(&mut self, _: &'static Shape, _: &mut dyn Structure, _: &mut u128) -> Read<()> {
        Err(only_bytes())
    }
    fn list(&mut self, _: &'static Shape, _: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        Err(only_bytes())
    }
    fn map(&mut self, _: &'static Shape, _: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        Err(only_bytes())
    }
    fn text(&mut self) -> Read<String> {
        Err(only_bytes())
    }
    fn boolean(&mut self) -> Read<bool> {
        Err(only_bytes())
    }
    fn integer(&mut self) -> Read<i64> {
        Err(only_bytes())
    }
    fn float(&mut self) -> Read<f64> {
        Err(only_bytes())
    }
    fn blob(&mut self) -> Read<Bytes> {
        Ok(self.body.clone())
    }
    fn timestamp(&mut self) -> Read<roadstead_core::Timestamp> {
        Err(only_bytes())
    }
    fn document(&mut self) -> Read<serde_json::Value> {
        Err(only_bytes())
    }
    fn null(&mut self) -> bool {
        false
    }
}
