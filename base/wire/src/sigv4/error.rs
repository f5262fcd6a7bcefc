//! Why a request was not believed, and how AWS says so in each family of protocols.

use std::fmt;

use crate::error::ApiError;
use crate::meta::Protocol;

/// A reason to refuse a request before it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// The request carries no signature.
    MissingToken,
    /// The access key does not exist (or is disabled).
    UnknownKey,
    /// A session token is missing, belongs to another key, or came with a permanent key.
    InvalidToken,
    /// The session is over or was revoked.
    ExpiredToken,
    /// The signature, the payload hash or the list of signed headers does not fit the request.
    Mismatch,
    /// The request was signed too long ago, too far ahead, or is presigned and past its time; says by how much.
    Skew(String),
    /// The signature cannot be read; says why.
    Incomplete(String),
}

/// The families of protocols that name the same failure differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// awsQuery and restXml.
    Query,
    /// ec2Query.
    Ec2,
    /// awsJson, restJson and CBOR.
    Json,
}

impl From<Protocol> for Family {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Query | Protocol::RestXml => Self::Query,
            Protocol::Ec2 => Self::Ec2,
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson | Protocol::RpcV2Cbor => Self::Json,
        }
    }
}

const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const EC2_FAILURE: &str = "AWS was not able to validate the provided access credentials";

impl AuthError {
    /// Says this error as services of that family do.
    pub fn to_api(&self, family: impl Into<Family>) -> ApiError {
        let (code, status, message) = match (self, family.into()) {
            (Self::MissingToken, Family::Json) => (
                "MissingAuthenticationTokenException",
                400,
                "Missing Authentication Token",
            ),
            (Self::MissingToken, _) => (
                "MissingAuthenticationToken",
                403,
                "Request is missing Authentication Token",
            ),
            (Self::UnknownKey | Self::InvalidToken, Family::Query) => ("InvalidClientTokenId", 403, INVALID_TOKEN),
            (Self::UnknownKey | Self::InvalidToken, Family::Json) => {
                ("UnrecognizedClientException", 400, INVALID_TOKEN)
            }
            (Self::ExpiredToken, Family::Query) => ("ExpiredToken", 403, EXPIRED_TOKEN),
            (Self::ExpiredToken, Family::Json) => ("ExpiredTokenException", 400, EXPIRED_TOKEN),
            (Self::ExpiredToken | Self::Skew(_), Family::Ec2) => ("RequestExpired", 400, "Request has expired."),
            (Self::Mismatch, Family::Query) => ("SignatureDoesNotMatch", 403, MISMATCH),
            (Self::Mismatch, Family::Json) => ("InvalidSignatureException", 400, MISMATCH),
            (Self::Skew(why), Family::Query) => ("SignatureDoesNotMatch", 403, why.as_str()),
            (Self::Skew(why), Family::Json) => ("InvalidSignatureException", 400, why.as_str()),
            (Self::Incomplete(why), Family::Query) => ("IncompleteSignature", 400, why.as_str()),
            (Self::Incomplete(why), Family::Json) => ("IncompleteSignatureException", 400, why.as_str()),
            (_, Family::Ec2) => ("AuthFailure", 401, EC2_FAILURE),
        };
        ApiError::new(code, status, message)
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingToken => "the request is not signed",
            Self::UnknownKey => "the access key is not known",
            Self::InvalidToken => "the session token is not the one of the access key",
            Self::ExpiredToken => "the session is over",
            Self::Mismatch => "the signature does not fit the request",
            Self::Skew(why) | Self::Incomplete(why) => why,
        })
    }
}

impl std::error::Error for AuthError {}
