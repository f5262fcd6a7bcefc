//! Which service, which protocol, which operation: one endpoint for all of them.

use crate::error::ApiError;
use crate::message::Request;
use crate::meta::{OperationMeta, Protocol, ServiceMeta, ValidationStyle};
use crate::uri;

/// Where a request goes.
#[derive(Clone, Debug)]
pub struct Routed {
    /// The service.
    pub service: &'static ServiceMeta,
    /// How the request is written and the reply must be.
    pub protocol: Protocol,
    /// The operation, or the name of one that the model lacks.
    pub operation: Result<&'static OperationMeta, String>,
}

/// An operation in the protocol that its caller speaks.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The operation.
    pub operation: &'static OperationMeta,
    /// The protocol.
    pub protocol: Protocol,
}

/// A request that leads nowhere, with what it takes to say so.
#[derive(Clone, Debug)]
pub struct Unrouted {
    /// A stand-in for the service, or the service that has no such operation.
    pub service: &'static ServiceMeta,
    /// The protocol the request seems to be in.
    pub protocol: Protocol,
    /// What to answer.
    pub error: ApiError,
}

/// Stands for a service that nobody knows, so that its error can be written.
pub static UNKNOWN_SERVICE: ServiceMeta = ServiceMeta {
    name: "unknown",
    signing_name: "unknown",
    service_id: "Unknown",
    endpoint_prefix: "unknown",
    target_prefix: None,
    api_version: "",
    protocols: &[],
    xml_namespace: None,
    global: false,
    query_compatible: false,
    validation: ValidationStyle::Generic {
        code: "ValidationException",
    },
    operations: &[],
};

impl Routed {
    /// The call, or the error for an operation that the model lacks.
    pub fn call(&self) -> Result<Call, ApiError> {
        match &self.operation {
            Ok(operation) => Ok(Call {
                operation,
                protocol: self.protocol,
            }),
            Err(name) => Err(ApiError::unknown_operation(
                self.protocol,
                name,
                self.service.api_version,
            )),
        }
    }
}

/// Finds service, protocol and operation; `scope` is the service name in the credential scope of the signature.
pub fn route(
    request: &Request,
    services: &[&'static ServiceMeta],
    scope: Option<&str>,
) -> Result<Routed, Box<Unrouted>> {
    let query = request.uri.query().unwrap_or_default();
    if request.header("smithy-protocol").map(str::trim) == Some("rpc-v2-cbor") {
        return cbor(request, services, scope);
    }
    if let Some(target) = request.header("x-amz-target") {
        return json(request, services, scope, target);
    }
    let form = std::str::from_utf8(&request.body).ok().filter(|_| {
        request
            .media_type()
            .is_none_or(|media| media.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
    });
    for source in form.into_iter().chain([query]) {
        if let Some(action) = first(source, "Action") {
            let version = first(source, "Version").or_else(|| first(query, "Version"));
            return action_of(services, scope, &action, version.as_deref());
        }
    }
    rest(request, services, scope)
}

/// The first value of a key of a form or query string.
fn first(source: &str, key: &str) -> Option<String> {
    uri::pairs(source)
        .find(|(k, _)| *k == key)
        .and_then(|(_, value)| uri::decode(value, true))
        .map(std::borrow::Cow::into_owned)
}

fn candidates<'a>(
    services: &'a [&'static ServiceMeta],
    scope: Option<&'a str>,
    speaks: impl Fn(&ServiceMeta) -> bool + 'a,
) -> impl Iterator<Item = &'static ServiceMeta> + 'a {
    services
        .iter()
        .copied()
        .filter(move |service| scope.is_none_or(|scope| service.signing_name == scope) && speaks(service))
}

#[expect(clippy::unnecessary_box_returns, reason = "it is the error of a boxed result")]
fn nowhere(protocol: Protocol, name: &str, version: &str) -> Box<Unrouted> {
    Box::new(Unrouted {
        service: &UNKNOWN_SERVICE,
        protocol,
        error: ApiError::unknown_operation(protocol, name, version),
    })
}

fn routed(service: &'static ServiceMeta, protocol: Protocol, name: &str) -> Routed {
    Routed {
        service,
        protocol,
        operation: service.operation(name).ok_or_else(|| name.to_owned()),
    }
}

fn cbor(request: &Request, services: &[&'static ServiceMeta], scope: Option<&str>) -> Result<Routed, Box<Unrouted>> {
    let path = request.uri.path();
    let name = path.rsplit('/').next().unwrap_or_default();
    let owner = path
        .split_once("/service/")
        .and_then(|(_, rest)| rest.split_once("/operation/"))
        .map(|(owner, _)| owner)
        .ok_or_else(|| nowhere(Protocol::RpcV2Cbor, name, ""))?;
    let found = candidates(services, scope, |s| s.speaks(Protocol::RpcV2Cbor))
        .find(|s| scope.is_some() || s.target_prefix == Some(owner));
    let service = found.ok_or_else(|| nowhere(Protocol::RpcV2Cbor, name, ""))?;
    Ok(routed(service, Protocol::RpcV2Cbor, name))
}

fn json(
    request: &Request,
    services: &[&'static ServiceMeta],
    scope: Option<&str>,
    target: &str,
) -> Result<Routed, Box<Unrouted>> {
    // CloudTrail has two prefixes, so that only the last part counts once the scope has named the service.
    let (prefix, name) = target.rsplit_once('.').unwrap_or(("", target));
    let protocol = match request.media_type() {
        Some("application/x-amz-json-1.0") => Protocol::Json10,
        _ => Protocol::Json11,
    };
    let speaks = |s: &ServiceMeta| s.speaks(Protocol::Json10) || s.speaks(Protocol::Json11);
    let found = candidates(services, scope, speaks).find(|s| {
        scope.is_some()
            || s.target_prefix
                .is_some_and(|own| own == prefix || prefix.ends_with(&format!(".{own}")))
    });
    let service = found.ok_or_else(|| nowhere(protocol, name, ""))?;
    Ok(routed(service, protocol, name))
}

fn action_of(
    services: &[&'static ServiceMeta],
    scope: Option<&str>,
    action: &str,
    version: Option<&str>,
) -> Result<Routed, Box<Unrouted>> {
    let speaks = |s: &ServiceMeta| s.speaks(Protocol::Query) || s.speaks(Protocol::Ec2);
    // Classic and second-generation load balancing differ in nothing but the version.
    let found = candidates(services, scope, speaks).find(|s| version.is_none_or(|version| s.api_version == version));
    if let Some(service) = found.filter(|_| scope.is_some() || version.is_some()) {
        return Ok(routed(service, form_protocol(service), action));
    }
    let near = scope.and_then(|_| candidates(services, scope, speaks).next());
    let service = near.unwrap_or(&UNKNOWN_SERVICE);
    let protocol = form_protocol(service);
    Err(Box::new(Unrouted {
        service,
        protocol,
        error: ApiError::unknown_operation(protocol, action, version.unwrap_or_default()),
    }))
}

fn form_protocol(service: &ServiceMeta) -> Protocol {
    if service.speaks(Protocol::Ec2) {
        Protocol::Ec2
    } else {
        Protocol::Query
    }
}

fn rest(request: &Request, services: &[&'static ServiceMeta], scope: Option<&str>) -> Result<Routed, Box<Unrouted>> {
    let path = request.uri.path();
    let query = request.uri.query().unwrap_or_default();
    let speaks = |s: &ServiceMeta| s.speaks(Protocol::RestXml) || s.speaks(Protocol::RestJson);
    let mut near = None;
    for service in candidates(services, scope, speaks) {
        let protocol = if service.speaks(Protocol::RestXml) {
            Protocol::RestXml
        } else {
            Protocol::RestJson
        };
        near = near.or(Some((service, protocol)));
        let hit = service
            .operations
            .iter()
            .filter(|op| op.method == request.method.as_str())
            .filter_map(|op| uri::matches(op.uri, path, query).map(|labels| (op, labels.len())))
            // A path that is spelt out wins over one with labels.
            .min_by_key(|(op, labels)| (*labels, std::cmp::Reverse(op.uri.len())));
        if let Some((operation, _)) = hit {
            return Ok(Routed {
                service,
                protocol,
                operation: Ok(operation),
            });
        }
    }
    match near.filter(|_| scope.is_some()) {
        Some((service, protocol)) => Ok(Routed {
            service,
            protocol,
            operation: Err(format!("{} {path}", request.method)),
        }),
        None => {
            // A signed call without an operation, for a service that takes forms or JSON, is answered in its manner.
            let service = candidates(services, scope, |_| true).next().filter(|_| scope.is_some());
            let service = service.unwrap_or(&UNKNOWN_SERVICE);
            let protocol = service.protocols.first().copied().unwrap_or(Protocol::Query);
            Err(Box::new(Unrouted {
                service,
                protocol,
                error: match protocol {
                    Protocol::Query | Protocol::Ec2 => {
                        ApiError::new("MissingAction", 400, "The request must contain the parameter Action.")
                    }
                    other => ApiError::unknown_operation(other, path, service.api_version),
                },
            }))
        }
    }
}
