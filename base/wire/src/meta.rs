//! What a model says about a service, its operations and its errors.

use crate::error::ApiError;
use crate::schema::Shape;
use crate::value::Structure;

/// How a request or reply is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// JSON 1.0 with `X-Amz-Target`.
    Json10,
    /// JSON 1.1 with `X-Amz-Target`.
    Json11,
    /// Forms in, XML with a result wrapper out.
    Query,
    /// Forms in EC2's manner, XML out.
    Ec2,
    /// XML over paths, headers and bodies.
    RestXml,
    /// JSON over paths, headers and bodies.
    RestJson,
    /// CBOR with the operation in the path.
    RpcV2Cbor,
}

/// Whose wording violations of the model take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationStyle {
    /// IAM: values are never shown; length before pattern.
    Iam,
    /// The framework that most services share: values are shown; pattern before length.
    Generic {
        /// The error code, `ValidationException` or `ValidationError` or a service's own.
        code: &'static str,
    },
    /// ECS: its own sentences under `InvalidParameterException`.
    Ecs,
    /// EC2: `MissingParameter` and `InvalidParameterValue`.
    Ec2,
}

/// A service, as static data.
#[derive(Debug)]
pub struct ServiceMeta {
    /// The name of the model's directory and of the command in the AWS CLI (`ecs`, `elbv2`).
    pub name: &'static str,
    /// The name in the credential scope of a signature (`ecs`, `elasticloadbalancing`).
    pub signing_name: &'static str,
    /// The service id (`ECS`, `Elastic Load Balancing v2`).
    pub service_id: &'static str,
    /// First label of the host name (`ecs`, `monitoring`).
    pub endpoint_prefix: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<&'static str>,
    /// The API's version (`2014-11-13`).
    pub api_version: &'static str,
    /// Protocols, preferred one first.
    pub protocols: &'static [Protocol],
    /// The namespace of XML replies.
    pub xml_namespace: Option<&'static str>,
    /// Whether one endpoint serves every region (IAM, STS, Route 53).
    pub global: bool,
    /// Whether errors also carry the code that the query protocol used.
    pub query_compatible: bool,
    /// The wording of violations.
    pub validation: ValidationStyle,
    /// All modelled operations, by name.
    pub operations: &'static [&'static OperationMeta],
}

/// An operation, as static data.
#[derive(Debug)]
pub struct OperationMeta {
    /// The name (`CreateCluster`).
    pub name: &'static str,
    /// The service it belongs to.
    pub service: &'static ServiceMeta,
    /// The HTTP method of REST protocols (`POST`).
    pub method: &'static str,
    /// The path template of REST protocols (`/2013-04-01/hostedzone/{Id}`).
    pub uri: &'static str,
    /// The status of a success.
    pub status: u16,
    /// The input's shape; the empty structure without an input.
    pub input: &'static Shape,
    /// The output's shape; the empty structure without an output.
    pub output: &'static Shape,
    /// Whether the model has an input.
    pub has_input: bool,
    /// Whether the model has an output.
    pub has_output: bool,
    /// The element around the result of a query reply.
    pub result_wrapper: Option<&'static str>,
    /// The modelled errors.
    pub errors: &'static [&'static ErrorMeta],
    /// Whether it is called without a signature.
    pub unsigned: bool,
    /// What clients put before the host name (`data-`).
    pub host_prefix: Option<&'static str>,
    /// How its pages are asked for, when it has pages.
    pub paging: Option<Paging>,
}

/// Which members carry pages, by model name.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// The token in the request.
    pub input: &'static [&'static str],
    /// The token in the reply; a path or an expression in rare cases.
    pub output: &'static [&'static str],
    /// The greatest number of results.
    pub limit: Option<&'static str>,
    /// The member that says whether more follows.
    pub more: Option<&'static str>,
    /// The lists that are cut into pages.
    pub results: &'static [&'static str],
}

/// Who is to blame for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller.
    Sender,
    /// The service.
    Receiver,
}

impl Fault {
    /// The word in an error body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "Sender",
            Self::Receiver => "Receiver",
        }
    }
}

/// A modelled error, as static data.
#[derive(Debug)]
pub struct ErrorMeta {
    /// The model's name (`NoSuchEntityException`), which JSON and CBOR send.
    pub shape: &'static Shape,
    /// The code that query protocols send (`NoSuchEntity`); mostly the same.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Who is to blame.
    pub fault: Fault,
}

impl ErrorMeta {
    /// The error with a message.
    pub fn with(&'static self, message: impl Into<String>) -> ApiError {
        ApiError::modelled(self, message.into())
    }
}

/// An operation as a type: fixes input, output and the model's facts.
pub trait Operation: Send + Sync + 'static {
    /// What the caller sends.
    type Input: crate::value::Input;
    /// What the caller gets.
    type Output: crate::value::Output;
    /// The model's facts.
    const META: &'static OperationMeta;
}

impl ServiceMeta {
    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&'static OperationMeta> {
        self.operations
            .binary_search_by(|op| op.name.cmp(name))
            .ok()
            .and_then(|at| self.operations.get(at))
            .copied()
    }

    /// Whether the service speaks the protocol.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol)
    }

    /// The protocol that clients prefer.
    pub fn preferred(&self) -> Protocol {
        self.protocols.first().copied().unwrap_or(Protocol::Json11)
    }
}

impl OperationMeta {
    /// The name policies use: `ecs:CreateCluster`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.signing_name, self.name)
    }
}

/// The shape of a type, and what it takes to be erased.
pub trait Shaped: Structure + Sized {
    /// The model's facts.
    const SHAPE: &'static Shape;
}
