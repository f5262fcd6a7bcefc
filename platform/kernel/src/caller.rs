//! Who is asking: the principal behind a call, and the way it came.

use std::sync::Arc;

use roadstead_core::{AccountId, Timestamp};
use roadstead_policy::PolicySet;

use crate::directory::Identity;
use crate::session::Claims;

/// Who makes a call. Made by the kernel alone, from credentials or for a service that wants to assume a role.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) principal: Principal,
    pub(crate) access_key_id: String,
    /// Services that pass the call on in the caller's name, first one first.
    pub(crate) via: Vec<&'static str>,
}

/// The principal of a call.
#[derive(Clone, Debug)]
pub(crate) enum Principal {
    /// The account's root user.
    Root(Arc<Identity>),
    /// An IAM user, with long-lived keys or a session of its own (`GetSessionToken`).
    User {
        identity: Arc<Identity>,
        session: Option<Arc<Claims>>,
    },
    /// A session of a role.
    Role {
        identity: Arc<Identity>,
        session: Arc<Claims>,
        policies: PolicySet,
    },
    /// A session made by `GetFederationToken`.
    Federated {
        issuer: Arc<Identity>,
        session: Arc<Claims>,
        policies: PolicySet,
    },
    /// A service in its own name; trust and resource policies alone can allow it something.
    Service { name: &'static str, account: AccountId },
    /// Nobody: the few operations that take no signature.
    Anonymous { account: AccountId },
}

/// The kinds of principal, as audit records and policies name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A role's session.
    RoleSession,
    /// A federated user's session.
    FederatedUser,
    /// An AWS service.
    Service,
    /// Nobody.
    Anonymous,
}

impl Caller {
    /// Which kind of principal it is.
    pub fn kind(&self) -> CallerKind {
        match &self.principal {
            Principal::Root(_) => CallerKind::Root,
            Principal::User { .. } => CallerKind::User,
            Principal::Role { .. } => CallerKind::RoleSession,
            Principal::Federated { .. } => CallerKind::FederatedUser,
            Principal::Service { .. } => CallerKind::Service,
            Principal::Anonymous { .. } => CallerKind::Anonymous,
        }
    }

    /// The account of the principal; for a service, the account it acts for.
    pub fn account(&self) -> AccountId {
        match &self.principal {
            Principal::Root(i) | Principal::User { identity: i, .. } | Principal::Role { identity: i, .. } => i.account,
            Principal::Federated { issuer, .. } => issuer.account,
            Principal::Service { account, .. } | Principal::Anonymous { account } => *account,
        }
    }

    /// The ARN that messages and `GetCallerIdentity` show; the service's name for a service.
    pub fn arn(&self) -> &str {
        match &self.principal {
            Principal::Root(i) | Principal::User { identity: i, .. } => &i.arn,
            Principal::Role { session, .. } | Principal::Federated { session, .. } => &session.arn,
            Principal::Service { name, .. } => name,
            Principal::Anonymous { .. } => "anonymous",
        }
    }

    /// The value of `aws:userid`: `AIDA…`, `AROA…:session`, `account:name`, or the account for root.
    pub fn user_id(&self) -> &str {
        match &self.principal {
            Principal::Root(i) | Principal::User { identity: i, .. } => &i.id,
            Principal::Role { session, .. } | Principal::Federated { session, .. } => &session.user_id,
            Principal::Service { name, .. } => name,
            Principal::Anonymous { .. } => "",
        }
    }

    /// The stored principal: the user, the session's role, the federated session's issuer, or root.
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        match &self.principal {
            Principal::Root(i) | Principal::User { identity: i, .. } | Principal::Role { identity: i, .. } => Some(i),
            Principal::Federated { issuer, .. } => Some(issuer),
            Principal::Service { .. } | Principal::Anonymous { .. } => None,
        }
    }

    /// The session, when the credentials are temporary.
    pub fn session(&self) -> Option<&Claims> {
        match &self.principal {
            Principal::User { session, .. } => session.as_deref(),
            Principal::Role { session, .. } | Principal::Federated { session, .. } => Some(session),
            Principal::Root(_) | Principal::Service { .. } | Principal::Anonymous { .. } => None,
        }
    }

    /// The IAM user's name, when the caller is one.
    pub fn user_name(&self) -> Option<&str> {
        match &self.principal {
            Principal::User { identity, .. } => Some(&identity.name),
            _ => None,
        }
    }

    /// The service that makes this call, in its own name or in the name of the caller.
    pub fn invoking_service(&self) -> Option<&'static str> {
        if let Principal::Service { name, .. } = &self.principal {
            return Some(name);
        }
        self.via.last().copied()
    }

    /// For a session of a service-linked role, the service that the role belongs to.
    pub fn linked_service(&self) -> Option<&str> {
        match &self.principal {
            Principal::Role { identity, .. } => identity.linked_service.as_deref(),
            _ => None,
        }
    }

    /// The access key id that the call was signed with; empty for a service.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The services that passed the call on, first one first.
    pub fn called_via(&self) -> &[&'static str] {
        &self.via
    }

    pub(crate) fn policies(&self) -> Option<&PolicySet> {
        match &self.principal {
            Principal::Root(i) | Principal::User { identity: i, .. } => Some(&i.policies),
            Principal::Role { policies, .. } | Principal::Federated { policies, .. } => Some(policies),
            Principal::Service { .. } | Principal::Anonymous { .. } => None,
        }
    }

    /// When the temporary credentials were issued.
    pub fn token_issued(&self) -> Option<Timestamp> {
        self.session().map(|s| s.issued)
    }
}

/// Where a call came from, as audit records and `aws:SourceIp` tell it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's IP address, or the name of the service that acts.
    pub source: String,
    /// The `User-Agent` header, or the name of the service that acts.
    pub user_agent: String,
    /// Whether the connection was TLS.
    pub secure: bool,
    /// The ARN of the resource for which a service acts in its own name (`aws:SourceArn`).
    pub about: Option<String>,
    /// What a service that acts as a role says beside the input.
    pub aside: Option<Aside>,
}

/// What services tell each other that their APIs have no parameter for, as AWS's own do.
///
/// It allows nothing: the call needs what it needs anyway. No client can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// The new network interface gets a public address.
    PublicAddress,
}

impl Origin {
    /// A call that a service makes within.
    pub(crate) fn within(service: &'static str, about: Option<String>) -> Self {
        Self {
            source: service.to_owned(),
            user_agent: service.to_owned(),
            secure: false,
            about,
            aside: None,
        }
    }
}
