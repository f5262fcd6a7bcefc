//! What the caller gets when a call fails, and why a body could not be read.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::meta::{ErrorMeta, Fault, OperationMeta, Protocol};

/// An error as the caller sees it: code, status, message and the members the model gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The code of query protocols (`NoSuchEntity`), and of the others unless the model names the shape otherwise.
    pub code: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// The message, in AWS's words.
    pub message: String,
    /// Further members by model name (`resourceIds`).
    pub fields: Map<String, Value>,
    /// The model's facts when the error is modelled.
    pub meta: Option<&'static ErrorMeta>,
}

impl PartialEq for ErrorMeta {
    fn eq(&self, other: &Self) -> bool {
        self.shape.name == other.shape.name && self.code == other.code
    }
}

impl ApiError {
    /// An error that no model names, such as all of EC2's.
    pub fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            status,
            message: message.into(),
            fields: Map::new(),
            meta: None,
        }
    }

    /// A modelled error.
    pub fn modelled(meta: &'static ErrorMeta, message: String) -> Self {
        Self {
            code: Cow::Borrowed(meta.code),
            status: meta.status,
            message,
            fields: Map::new(),
            meta: Some(meta),
        }
    }

    /// Adds a member of the error's shape, by its model name.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The name that JSON and CBOR send: the shape's when modelled, else the code.
    pub fn name(&self) -> &str {
        self.meta.map_or(&*self.code, |meta| meta.shape.name)
    }

    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self.meta {
            Some(meta) => meta.fault,
            None if self.status >= 500 => Fault::Receiver,
            None => Fault::Sender,
        }
    }

    /// The answer to a modelled operation that this program does not implement.
    pub fn not_implemented(operation: &OperationMeta) -> Self {
        Self::new(
            "NotImplemented",
            501,
            format!(
                "The operation {} of {} is not implemented.",
                operation.name, operation.service.service_id
            ),
        )
    }

    /// The answer to a body that cannot be read.
    pub fn unreadable(protocol: Protocol, why: &Malformed) -> Self {
        let code = match protocol {
            Protocol::Query => "MalformedInput",
            Protocol::Ec2 => "InvalidParameterValue",
            Protocol::RestXml => "InvalidInput",
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson | Protocol::RpcV2Cbor => "SerializationException",
        };
        Self::new(code, 400, why.to_string())
    }

    /// The answer to an operation that no model has.
    pub fn unknown_operation(protocol: Protocol, name: &str, version: &str) -> Self {
        match protocol {
            Protocol::Query | Protocol::Ec2 => Self::new(
                "InvalidAction",
                400,
                format!("Could not find operation {name} for version {version}"),
            ),
            Protocol::Json10 | Protocol::Json11 | Protocol::RpcV2Cbor => {
                Self::new("UnknownOperationException", 400, "")
            }
            Protocol::RestXml | Protocol::RestJson => Self::new("UnknownOperationException", 404, ""),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(Cow<'static, str>);

impl Malformed {
    /// A reason.
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// The result of reading.
pub type Read<T> = Result<T, Malformed>;
