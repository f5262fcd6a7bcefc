//! What the kernel must know of principals, without knowing IAM: `services/iam` implements it, the binary joins them.

use std::sync::Arc;

use roadstead_core::{AccountId, Tags};
use roadstead_policy::{PolicySet, Program};
use roadstead_store::BoxFuture;

use crate::Result;

/// Names a stored principal within an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Who {
    /// The account's root user.
    Root,
    /// An IAM user by its unique id (`AIDA…`), so that a user made anew under an old name is another one.
    User(String),
    /// A role by its unique id (`AROA…`), for the same reason.
    Role(String),
}

/// A stored principal as it is now: shared until something in its account's IAM changes.
#[derive(Debug)]
pub struct Identity {
    /// Which principal.
    pub who: Who,
    /// Its account.
    pub account: AccountId,
    /// The user's, role's (with path) or root ARN.
    pub arn: String,
    /// The unique id: `AIDA…`, `AROA…`, or the account id for root.
    pub id: String,
    /// The friendly name; empty for root.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
    /// For a service-linked role, the service it belongs to.
    pub linked_service: Option<String>,
    /// Its compiled policies: own, groups', boundary, organization levels.
    pub policies: PolicySet,
}

/// A long-lived access key.
pub struct AccessKey {
    /// The account it belongs to.
    pub account: AccountId,
    /// The principal it stands for.
    pub who: Who,
    /// The secret.
    pub secret: Secret,
    /// Whether it is `Active`.
    pub active: bool,
}

/// A secret that shows nothing of itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// A role as STS needs to see it.
#[derive(Debug)]
pub struct Role {
    /// The role as a principal, with its policies.
    pub identity: Arc<Identity>,
    /// Who may assume it.
    pub trust: Arc<Program>,
    /// The longest session, in seconds.
    pub max_session_secs: u32,
}

/// An OpenID Connect provider as STS needs to see it.
#[derive(Debug)]
pub struct OidcProvider {
    /// Its ARN.
    pub arn: String,
    /// The audiences it issues tokens for.
    pub clients: Vec<String>,
    /// Its public keys as a JSON Web Key Set; `None` when the operator gave none.
    pub keys: Option<Arc<str>>,
}

/// Finds principals and policies.
pub trait Directory: Send + Sync + 'static {
    /// The long-lived access key of that id; `None` when there is none.
    fn access_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Arc<AccessKey>>>>;

    /// A principal by its key; `None` when it no longer exists.
    fn identity<'a>(&'a self, account: AccountId, who: &'a Who) -> BoxFuture<'a, Result<Option<Arc<Identity>>>>;

    /// A role by its name (without path), in any letter case; `None` when there is none.
    fn role<'a>(&'a self, account: AccountId, name: &'a str) -> BoxFuture<'a, Result<Option<Arc<Role>>>>;

    /// A user by its name, in any letter case; `None` when there is none.
    fn user<'a>(&'a self, account: AccountId, name: &'a str) -> BoxFuture<'a, Result<Option<Arc<Identity>>>>;

    /// A managed policy by its ARN, compiled, for session policies; `None` when there is none.
    fn managed_policy<'a>(&'a self, account: AccountId, arn: &'a str) -> BoxFuture<'a, Result<Option<Arc<Program>>>>;

    /// The OpenID Connect provider of an issuer's URL without its scheme; `None` when the account has none.
    fn oidc_provider<'a>(&'a self, account: AccountId, url: &'a str) -> BoxFuture<'a, Result<Option<OidcProvider>>> {
        let _ = (account, url);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The account that owns this installation: unsigned operations and the ready server belong to it.
    fn home_account(&self) -> AccountId;
}
