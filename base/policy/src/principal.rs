//! Who asks: users, sessions, services, as policies know them.

/// The caller of a request, made once when its credentials are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub(crate) kind: PrincipalKind,
    /// What messages call the caller: the user's, session's or root's ARN, a service's name.
    pub(crate) name: Box<str>,
    /// The account, empty for services, providers and anonymous callers.
    pub(crate) account: Box<str>,
    pub(crate) canonical_user: Option<Box<str>>,
}

/// The kinds of caller that the rules tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A session of a role.
    RoleSession {
        /// The role's own ARN, with its path.
        role_arn: Box<str>,
        /// Whether the stored role is a service-linked one; its ARN does not decide this.
        service_linked: bool,
    },
    /// A session made by `sts:GetFederationToken`.
    FederatedSession {
        /// The ARN of the user who asked for it, when known.
        user_arn: Option<Box<str>>,
    },
    /// An AWS service acting for itself (`ecs.amazonaws.com`).
    Service,
    /// Someone whom an identity provider vouches for, in `sts:AssumeRoleWithSAML` and `…WithWebIdentity`.
    Federated,
    /// A caller without credentials.
    Anonymous,
}

impl Principal {
    /// The root user with this ARN (`arn:aws:iam::111122223333:root`).
    pub fn root(arn: impl Into<Box<str>>) -> Self {
        Self::with_arn(PrincipalKind::Root, arn.into())
    }

    /// The IAM user with this ARN, path included.
    pub fn user(arn: impl Into<Box<str>>) -> Self {
        Self::with_arn(PrincipalKind::User, arn.into())
    }

    /// A session (`arn:aws:sts::A:assumed-role/name/session`) of an ordinary role, given by its own ARN.
    pub fn role_session(session_arn: impl Into<Box<str>>, role_arn: impl Into<Box<str>>) -> Self {
        let kind = PrincipalKind::RoleSession {
            role_arn: role_arn.into(),
            service_linked: false,
        };
        Self::with_arn(kind, session_arn.into())
    }

    /// A session of a service-linked role: neither SCPs nor RCPs apply to it.
    pub fn service_linked_session(session_arn: impl Into<Box<str>>, role_arn: impl Into<Box<str>>) -> Self {
        let kind = PrincipalKind::RoleSession {
            role_arn: role_arn.into(),
            service_linked: true,
        };
        Self::with_arn(kind, session_arn.into())
    }

    /// A role itself as the caller, as `iam:SimulatePrincipalPolicy` knows it.
    pub fn role(role_arn: &str, service_linked: bool) -> Self {
        Self::with_arn(
            PrincipalKind::RoleSession {
                role_arn: role_arn.into(),
                service_linked,
            },
            role_arn.into(),
        )
    }

    /// A federated-user session (`arn:aws:sts::A:federated-user/name`) and the user who made it.
    pub fn federated_session(session_arn: impl Into<Box<str>>, user_arn: Option<&str>) -> Self {
        let kind = PrincipalKind::FederatedSession {
            user_arn: user_arn.map(Into::into),
        };
        Self::with_arn(kind, session_arn.into())
    }

    /// An AWS service, by its principal name (`ecs-tasks.amazonaws.com`).
    pub fn service(name: impl Into<Box<str>>) -> Self {
        Self {
            kind: PrincipalKind::Service,
            name: name.into(),
            account: "".into(),
            canonical_user: None,
        }
    }

    /// A federated identity, by its provider: an ARN, or a name such as `accounts.google.com`.
    pub fn federated(provider: impl Into<Box<str>>) -> Self {
        Self {
            kind: PrincipalKind::Federated,
            name: provider.into(),
            account: "".into(),
            canonical_user: None,
        }
    }

    /// A caller without credentials.
    pub fn anonymous() -> Self {
        Self {
            kind: PrincipalKind::Anonymous,
            name: "anonymous".into(),
            account: "".into(),
            canonical_user: None,
        }
    }

    /// The same caller with its account's canonical user id, which S3 policies may name.
    #[must_use]
    pub fn with_canonical_user(mut self, id: impl Into<Box<str>>) -> Self {
        self.canonical_user = Some(id.into());
        self
    }

    /// The kind of caller.
    pub fn kind(&self) -> &PrincipalKind {
        &self.kind
    }

    /// What messages call the caller: the session's ARN for sessions, a service's name for services.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The caller's account, if it has one.
    pub fn account(&self) -> Option<&str> {
        (!self.account.is_empty()).then_some(&*self.account)
    }

    /// The value of `aws:PrincipalArn`: the role's ARN for role sessions.
    pub fn principal_arn(&self) -> &str {
        match &self.kind {
            PrincipalKind::RoleSession { role_arn, .. } => role_arn,
            _ => &self.name,
        }
    }

    /// The value of `aws:PrincipalType`.
    pub fn principal_type(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Root => "Account",
            PrincipalKind::User => "User",
            PrincipalKind::RoleSession { .. } => "AssumedRole",
            PrincipalKind::FederatedSession { .. } => "FederatedUser",
            PrincipalKind::Service | PrincipalKind::Federated | PrincipalKind::Anonymous => "Anonymous",
        }
    }

    /// Whether this is a session of a service-linked role.
    pub fn is_service_linked(&self) -> bool {
        matches!(
            self.kind,
            PrincipalKind::RoleSession {
                service_linked: true,
                ..
            }
        )
    }

    fn with_arn(kind: PrincipalKind, arn: Box<str>) -> Self {
        let account = arn.split(':').nth(4).unwrap_or_default().into();
        Self {
            kind,
            name: arn,
            account,
            canonical_user: None,
        }
    }
}
