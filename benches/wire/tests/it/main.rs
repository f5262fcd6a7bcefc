//! The wire with the real models: messages, routing, three protocols of one service, masked secrets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]

mod recorded;
mod routing;
mod services;
mod validation;
#[path = "../../../../base/wire/tests/it/suite/xml.rs"]
mod xml;

use roadstead_wire::{ApiError, Call, Operation, Protocol, Request, decode};

/// A request with a body and headers.
pub fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Request {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            http::HeaderValue::from_str(value).unwrap(),
        );
    }
    Request {
        method: method.parse().unwrap(),
        uri: uri.parse().unwrap(),
        headers: map,
        body: bytes::Bytes::copy_from_slice(body.as_ref()),
    }
}

/// Reads a body in a protocol.
pub fn read<O: Operation>(protocol: Protocol, body: &str) -> Result<O::Input, ApiError> {
    let call = Call {
        operation: O::META,
        protocol,
    };
    decode(&call, &request("POST", "/", &[], body))
}

/// The message of a body that is refused.
pub fn refusal<O: Operation>(protocol: Protocol, body: &str) -> (String, String) {
    let error = read::<O>(protocol, body).expect_err("it is refused");
    assert_eq!(error.status, 400);
    (error.code.into_owned(), error.message)
}
