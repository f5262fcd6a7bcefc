//! STS: who am I, and sessions of roles and users.
//!
//! Nothing is stored: a session is its own token, sealed with the installation's key by the kernel.

mod problems;
mod roles;
mod session;
mod token;

/// What a file with an operation in it needs.
mod prelude {
    pub use crate::Sts;
    pub use roadstead_kernel::prelude::*;
}

/// The service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sts;

roadstead_kernel::operations! {
    Sts: api_sts,
    assume_role::AssumeRole,
    assume_role_with_web_identity::AssumeRoleWithWebIdentity,
    decode_authorization_message::DecodeAuthorizationMessage,
    get_access_key_info::GetAccessKeyInfo,
    get_caller_identity::GetCallerIdentity,
    get_federation_token::GetFederationToken,
    get_session_token::GetSessionToken,
}
