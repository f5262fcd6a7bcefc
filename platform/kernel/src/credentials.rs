//! From credentials to a caller: long-lived keys through the directory, sessions out of their own tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use roadstead_core::Timestamp;
use roadstead_policy::{Document, PolicyLabel, PolicySet, PolicyType, Program};
use roadstead_wire::ApiError;
use roadstead_wire::sigv4::{AuthError, same_secret};

use crate::caller::{Caller, Principal};
use crate::directory::{Secret, Who};
use crate::kernel::Kernel;
use crate::session::{Claims, SessionKind};
use crate::{Context as _, Fault, Result};

/// Sessions that were opened lately, with their compiled session policies; bounded.
#[derive(Default)]
pub(crate) struct SessionCache(Mutex<HashMap<String, Arc<Opened>>>);

/// Most sessions kept open; beyond it, all are dropped and opened again when used.
const MAX_OPEN: usize = 4096;

pub(crate) struct Opened {
    token: Secret,
    claims: Arc<Claims>,
    /// Absent without a session policy: that limits nothing.
    session: Option<Vec<Arc<Program>>>,
}

/// A principal whose secret is known but whose signature is still to be checked.
pub(crate) struct Candidate {
    pub(crate) caller: Caller,
    pub(crate) secret: Secret,
}

impl Kernel {
    /// Finds the caller behind an access key id, and the secret to check the signature with.
    pub(crate) async fn candidate(
        &self,
        access_key_id: &str,
        token: Option<&str>,
    ) -> Result<std::result::Result<Candidate, AuthError>> {
        if let Some(token) = token {
            let Some(opened) = self.open_session(access_key_id, token).await? else {
                return Ok(Err(AuthError::UnknownKey));
            };
            if opened.claims.expires <= self.now() {
                return Ok(Err(AuthError::ExpiredToken));
            }
            let Some(caller) = self.caller_of(&opened).await? else {
                return Ok(Err(AuthError::UnknownKey));
            };
            return Ok(Ok(Candidate {
                caller,
                secret: self.sessions.secret_of(access_key_id),
            }));
        }
        let key = self
            .directory
            .access_key(access_key_id)
            .await
            .context("looking up an access key")?;
        let Some(key) = key.filter(|key| key.active) else {
            return Ok(Err(AuthError::UnknownKey));
        };
        let Some(identity) = self.directory.identity(key.account, &key.who).await? else {
            return Ok(Err(AuthError::UnknownKey));
        };
        let principal = match key.who {
            Who::Root => Principal::Root(identity),
            Who::User(_) => Principal::User {
                identity,
                session: None,
            },
            Who::Role(_) => return Ok(Err(AuthError::UnknownKey)),
        };
        let caller = Caller {
            principal,
            access_key_id: access_key_id.to_owned(),
            via: Vec::new(),
        };
        Ok(Ok(Candidate {
            caller,
            secret: key.secret.clone(),
        }))
    }

    /// The caller behind a session that was issued to a service within.
    pub(crate) async fn session_caller(&self, access_key_id: &str, token: &str) -> Result<Caller> {
        match self.candidate(access_key_id, Some(token)).await? {
            Ok(candidate) => Ok(candidate.caller),
            Err(AuthError::ExpiredToken) => Err(invalid_token(
                "ExpiredToken",
                "The security token included in the request is expired",
            )),
            Err(_) => Err(invalid_token(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )),
        }
    }

    async fn open_session(&self, access_key_id: &str, token: &str) -> Result<Option<Arc<Opened>>> {
        if let Some(opened) = self.session_cache.get(access_key_id) {
            return Ok(same_secret(opened.token.expose(), token).then_some(opened));
        }
        let Some(claims) = self
            .sessions
            .open(token)
            .filter(|claims| same_secret(&claims.key, access_key_id))
        else {
            return Ok(None);
        };
        let session = self.session_policies(&claims).await?;
        let opened = Arc::new(Opened {
            token: Secret::new(token),
            claims: Arc::new(claims),
            session,
        });
        self.session_cache.put(access_key_id, Arc::clone(&opened), self.now());
        Ok(Some(opened))
    }

    /// Compiles a session's own policies; `None` when it was made without any.
    async fn session_policies(&self, claims: &Claims) -> Result<Option<Vec<Arc<Program>>>> {
        if claims.policy.is_none() && claims.policy_arns.is_empty() {
            return Ok(None);
        }
        let mut programs = Vec::new();
        if let Some(text) = &claims.policy {
            let document = Document::parse(text)
                .map_err(Fault::internal)
                .context("reading a session policy")?;
            programs.push(Arc::new(Program::compile(
                &document,
                PolicyLabel::new(PolicyType::Session, "session policy"),
            )));
        }
        for arn in &claims.policy_arns {
            // A policy that was deleted since grants nothing.
            programs.extend(self.directory.managed_policy(claims.account, arn).await?);
        }
        Ok(Some(programs))
    }

    async fn caller_of(&self, opened: &Opened) -> Result<Option<Caller>> {
        let claims = &opened.claims;
        let Some(identity) = self.directory.identity(claims.account, &claims.who).await? else {
            return Ok(None);
        };
        let mut policies: PolicySet = identity.policies.clone();
        policies.session.clone_from(&opened.session);
        let session = Arc::clone(claims);
        let principal = match claims.kind {
            SessionKind::Role => Principal::Role {
                identity,
                session,
                policies,
            },
            SessionKind::Federated => Principal::Federated {
                issuer: identity,
                session,
                policies,
            },
            SessionKind::Same if identity.who == Who::Root => Principal::Root(identity),
            SessionKind::Same => Principal::User {
                identity,
                session: Some(session),
            },
        };
        Ok(Some(Caller {
            principal,
            access_key_id: claims.key.clone(),
            via: Vec::new(),
        }))
    }
}

fn invalid_token(code: &'static str, message: &str) -> Fault {
    ApiError::new(code, 403, message).into()
}

impl SessionCache {
    fn get(&self, access_key_id: &str) -> Option<Arc<Opened>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(access_key_id)
            .cloned()
    }

    /// Opens the session again when it is used once more.
    pub(crate) fn forget(&self, access_key_id: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(access_key_id);
    }

    fn put(&self, access_key_id: &str, opened: Arc<Opened>, now: Timestamp) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX_OPEN {
            open.retain(|_, opened| opened.claims.expires > now);
            if open.len() >= MAX_OPEN {
                open.clear();
            }
        }
        open.insert(access_key_id.to_owned(), opened);
    }
}
