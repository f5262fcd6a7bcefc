//! The door for bytes: route, prove the signature, read the input, run, write the reply.

use std::net::IpAddr;
use std::sync::Arc;

use roadstead_core::Region;
use roadstead_core::arn::Place;
use roadstead_wire::sigv4::{self, AuthError, Signed};
use roadstead_wire::{ApiError, OperationMeta, Request, Response, Routed, encode_error, route};

use crate::caller::{Caller, CallerKind, Origin, Principal};
use crate::credentials::Candidate;
use crate::kernel::{Call, Kernel, internal_failure, public};

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// Whether the connection was TLS.
    pub secure: bool,
}

impl Kernel {
    /// Answers a request to the AWS APIs. Never fails: what goes wrong is the answer.
    pub async fn answer(self: &Arc<Self>, request: &Request, peer: Peer) -> Response {
        let request_id = self.ids.uuid();
        let parts = sigv4::Request::of(&request.method, &request.uri, &request.headers);
        let signed = Signed::parse(parts);
        let scope_service = match &signed {
            Ok(Some(signed)) => Some(signed.scope().service),
            _ => None,
        };
        let routed = match route(request, &self.services, scope_service) {
            Ok(routed) => routed,
            Err(unrouted) => {
                // A request that is not believed learns nothing of what exists.
                let error = match self.authenticate(&signed, request).await {
                    Ok(_) => unrouted.error,
                    Err(refused) => refused.error(unrouted.protocol),
                };
                return encode_error(unrouted.service, unrouted.protocol, &error, &request_id);
            }
        };
        match self.answer_routed(&routed, &signed, request, peer, &request_id).await {
            Ok(response) => response,
            Err(error) => encode_error(routed.service, routed.protocol, &error, &request_id),
        }
    }

    /// Whether a request to one of our own paths is signed by the root user of the home account.
    pub async fn is_signed_by_root(&self, request: &Request) -> bool {
        let signed = Signed::parse(sigv4::Request::of(&request.method, &request.uri, &request.headers));
        let authentic = self.authenticate(&signed, request).await;
        authentic.is_ok_and(|(caller, _)| {
            caller.kind() == CallerKind::Root && caller.account() == self.directory.home_account()
        })
    }

    async fn answer_routed(
        self: &Arc<Self>,
        routed: &Routed,
        signed: &Result<Option<Signed<'_>>, AuthError>,
        request: &Request,
        peer: Peer,
        request_id: &str,
    ) -> Result<Response, ApiError> {
        let unsigned = matches!((signed, &routed.operation), (Ok(None), Ok(operation)) if operation.unsigned);
        let (caller, region) = if unsigned {
            let principal = Principal::Anonymous {
                account: self.directory.home_account(),
            };
            (
                Caller {
                    principal,
                    access_key_id: String::new(),
                    via: Vec::new(),
                },
                Region::US_EAST_1,
            )
        } else {
            match self.authenticate(signed, request).await {
                Ok(authentic) => authentic,
                Err(refused) => {
                    let error = refused.error(routed.protocol);
                    if let (Refused::Known(candidate, _), Ok(operation)) = (refused, &routed.operation) {
                        let place = Place {
                            account: candidate.caller.account(),
                            region: Region::US_EAST_1,
                        };
                        let call = call(candidate.caller, place, request, peer, request_id);
                        self.record_refusal(operation, call, &error);
                    }
                    return Err(error);
                }
            }
        };
        let wire_call = routed.call()?;
        let place = Place {
            account: caller.account(),
            region,
        };
        let call = call(caller, place, request, peer, request_id);
        let Some(entry) = self.entry(wire_call.operation) else {
            return Err(ApiError::not_implemented(wire_call.operation));
        };
        let input = match entry.serve.decode(&wire_call, request) {
            Ok(input) => input,
            Err(error) => {
                self.record_refusal(wire_call.operation, call, &error);
                return Err(error);
            }
        };
        match self.run(entry, call, input).await {
            Ok(output) => Ok(entry.serve.encode(&wire_call, output, request_id)),
            Err(fault) => Err(public(&fault).into_owned()),
        }
    }

    /// Proves who signed a request. Unknown keys take as long as known ones with a wrong signature.
    async fn authenticate(
        &self,
        signed: &Result<Option<Signed<'_>>, AuthError>,
        request: &Request,
    ) -> Result<(Caller, Region), Refused> {
        let signed = match signed {
            Ok(Some(signed)) => signed,
            Ok(None) => return Err(Refused::Unknown(AuthError::MissingToken)),
            Err(error) => return Err(Refused::Unknown(error.clone())),
        };
        let now = self.now();
        let found = self
            .candidate(signed.access_key_id(), signed.session_token())
            .await
            .map_err(|fault| {
                tracing::error!(%fault, "credentials could not be looked up");
                Refused::Broken
            })?;
        let candidate = match found {
            Ok(candidate) => candidate,
            Err(AuthError::UnknownKey) => {
                let outcome = signed.check(None, &request.body, now);
                return Err(Refused::Unknown(outcome.err().unwrap_or(AuthError::UnknownKey)));
            }
            Err(error) => return Err(Refused::Unknown(error)),
        };
        let key = self.signing_keys.key(signed, candidate.secret.expose());
        if let Err(error) = signed.check(Some(&key), &request.body, now) {
            return Err(Refused::Known(candidate, error));
        }
        let Some(region) = Region::parse(signed.scope().region) else {
            let why = AuthError::Incomplete("Credential should be scoped to a valid region.".to_owned());
            return Err(Refused::Known(candidate, why));
        };
        Ok((candidate.caller, region))
    }
}

/// Why a request was not believed.
enum Refused {
    /// Nobody known signed it.
    Unknown(AuthError),
    /// It claims a known key, but does not prove it.
    Known(Candidate, AuthError),
    /// We could not find out.
    Broken,
}

impl Refused {
    fn error(&self, protocol: roadstead_wire::Protocol) -> ApiError {
        match self {
            Self::Unknown(error) | Self::Known(_, error) => error.to_api(protocol),
            Self::Broken => internal_failure(),
        }
    }
}

fn call(caller: Caller, place: Place, request: &Request, peer: Peer, request_id: &str) -> Call {
    let origin = Origin {
        source: peer.address.to_string(),
        user_agent: request.header("user-agent").unwrap_or_default().to_owned(),
        secure: peer.secure,
        about: None,
        aside: None,
    };
    Call {
        caller,
        place,
        origin,
        request_id: Some(request_id.to_owned()),
    }
}

/// Whether a caller may learn of an operation at all; for the list of operations.
impl Kernel {
    /// Every modelled operation with whether it is implemented.
    pub fn operations(&self) -> impl Iterator<Item = (&'static OperationMeta, bool)> {
        self.services
            .iter()
            .flat_map(|service| service.operations.iter().copied())
            .map(|meta| (meta, self.implements(meta)))
    }
}
