//! The decision: the caller's policies and the resource's, asked for every need of a call.

use std::borrow::Cow;
use std::net::IpAddr;

use roadstead_core::{AccountId, Arn};
use roadstead_policy::{
    Action, Context, Decision, Key, KeyId, PolicySet, Principal as PolicyPrincipal, Request, Resource,
    ResourcePolicy as Side, ResourceSide, Value, authorization_message, evaluate,
};
use roadstead_wire::ApiError;

use crate::audit::Decided;
use crate::caller::{Caller, Principal};
use crate::cx::Cx;
use crate::kernel::{Decisions, Kernel, action_prefix};
use crate::needs::{Ask, KeyValue, Needs, ResourcePolicy};

impl Kernel {
    /// Decides every need of a call; the first one that is denied ends it.
    pub(crate) fn decide(&self, cx: &Cx, needs: &Needs) -> Decisions {
        let mut decisions = Vec::with_capacity(needs.asks.len());
        let none = PolicySet::default();
        let policies = cx.caller.policies().unwrap_or(&none);
        let caller = principal(&cx.caller);
        for ask in &needs.asks {
            let vouched = ask.vouched_by.as_deref().map(PolicyPrincipal::federated);
            let (principal, policies) = vouched.as_ref().map_or((&caller, policies), |vouched| (vouched, &none));
            let action = match &ask.action {
                Some(action) => action.clone(),
                None => self.own_action(cx),
            };
            let owner = owner(cx, ask);
            let facts = Facts {
                cx,
                ask,
                owner: owner.as_str(),
            };
            let request = Request {
                principal,
                action: Action::named(&action),
                resource: Resource::new(&ask.resource),
                resource_account: Some(owner.as_str()),
                context: &facts,
            };
            let policy = match &ask.policy {
                ResourcePolicy::None => Side::Absent,
                ResourcePolicy::Trust {
                    program,
                    service_linked,
                } => Side::Trust {
                    program,
                    service_linked: *service_linked,
                },
                ResourcePolicy::Resource(program) => Side::Resource(program),
            };
            let side = ResourceSide {
                policy,
                ..ResourceSide::default()
            };
            let decision = evaluate(policies, &side, &request);
            decisions.push(decided(&decision, &action, ask));
            if !decision.is_allowed() {
                let message = match &ask.vouched_by {
                    // AWS: nobody is named who proved nothing to AWS itself.
                    Some(_) => format!("Not authorized to perform {action}"),
                    None => {
                        let shown = ask.shown_as.as_deref().map_or(request.resource, Resource::new);
                        let told = Request {
                            resource: shown,
                            ..request
                        };
                        decision.message(&told).unwrap_or_default()
                    }
                };
                let encoded = || encoded(cx, &decision, &request, ask);
                return Decisions {
                    decisions,
                    denied: Some(denied(cx, message, encoded)),
                };
            }
        }
        Decisions {
            decisions,
            denied: None,
        }
    }

    fn own_action(&self, cx: &Cx) -> Cow<'static, str> {
        match self.entry(cx.meta) {
            Some(entry) => entry.action.clone(),
            None => Cow::Owned(format!("{}:{}", action_prefix(cx.meta.service), cx.meta.name)),
        }
    }
}

/// The account that owns the resource of an ask: what the ask says, what the ARN says, else the call's own.
fn owner(cx: &Cx, ask: &Ask) -> AccountId {
    let named = || Arn::parse(&ask.resource).and_then(|arn| AccountId::parse(arn.account));
    ask.resource_account.or_else(named).unwrap_or(cx.place.account)
}

fn principal(caller: &Caller) -> PolicyPrincipal {
    match &caller.principal {
        Principal::Root(identity) => PolicyPrincipal::root(identity.arn.as_str()),
        Principal::User { identity, .. } => PolicyPrincipal::user(identity.arn.as_str()),
        Principal::Role { identity, session, .. } if identity.linked_service.is_some() => {
            PolicyPrincipal::service_linked_session(session.arn.as_str(), identity.arn.as_str())
        }
        Principal::Role { identity, session, .. } => {
            PolicyPrincipal::role_session(session.arn.as_str(), identity.arn.as_str())
        }
        Principal::Federated { issuer, session, .. } => {
            PolicyPrincipal::federated_session(session.arn.as_str(), Some(issuer.arn.as_str()))
        }
        Principal::Service { name, .. } => PolicyPrincipal::service(*name),
        Principal::Anonymous { .. } => PolicyPrincipal::anonymous(),
    }
}

fn decided(decision: &Decision<'_>, action: &str, ask: &Ask) -> Decided {
    let statement = decision.statement;
    Decided {
        action: action.to_owned(),
        resource: ask.resource.clone(),
        allowed: decision.is_allowed(),
        policy: statement.map(|statement| statement.label().name.to_string()),
        statement: statement.map(|s| s.sid().map_or_else(|| format!("#{}", s.index + 1), ToOwned::to_owned)),
    }
}

/// What `sts:DecodeAuthorizationMessage` gives back: the decision and what it went by, sealed.
fn encoded(cx: &Cx, decision: &Decision<'_>, request: &Request<'_>, ask: &Ask) -> String {
    let named = ask.keys.iter().map(|(name, _)| name.as_ref());
    let keys: Vec<&str> = ["aws:RequestedRegion"].into_iter().chain(named).collect();
    let name = cx
        .caller
        .identity()
        .map(|identity| identity.name.as_str())
        .filter(|name| !name.is_empty());
    let text = authorization_message(decision, request, cx.caller.user_id(), name, &keys);
    cx.kernel.sessions.seal_text(&text).unwrap_or_default()
}

/// AWS's AccessDenied in the code that the service's protocol has for it.
fn denied(cx: &Cx, message: String, encoded: impl FnOnce() -> String) -> ApiError {
    use roadstead_wire::Protocol;
    match cx.meta.service.preferred() {
        Protocol::Ec2 => {
            let text = format!(
                "You are not authorized to perform this operation. {message} Encoded authorization failure message: {}",
                encoded()
            );
            ApiError::new("UnauthorizedOperation", 403, text)
        }
        Protocol::Query | Protocol::RestXml => ApiError::new("AccessDenied", 403, message),
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson | Protocol::RpcV2Cbor => {
            let modelled = cx
                .meta
                .errors
                .iter()
                .find(|error| error.code == "AccessDeniedException");
            modelled.map_or_else(
                || ApiError::new("AccessDeniedException", 400, message.clone()),
                |error| error.with(message.clone()),
            )
        }
    }
}

/// The condition keys of one ask: those the handler named, and those the kernel knows of every call.
struct Facts<'a> {
    cx: &'a Cx,
    ask: &'a Ask,
    owner: &'a str,
}

impl Context for Facts<'_> {
    fn get<'a>(&'a self, key: Key<'_>) -> Option<Value<'a>> {
        let named = self.ask.keys.iter().find(|(name, _)| key.is_named(name));
        if let Some((_, value)) = named {
            return Some(match value {
                KeyValue::One(text) => Value::Str(text),
                KeyValue::Many(list) => Value::List(list),
            });
        }
        match key {
            Key::Known(id) => self.known(id),
            Key::Tag(KeyId::PRINCIPAL_TAG, tag) => self.principal_tag(tag),
            Key::Tag(..) | Key::Other(_) => None,
        }
    }
}

impl Facts<'_> {
    fn known(&self, id: KeyId) -> Option<Value<'_>> {
        let caller = &self.cx.caller;
        let service = match &caller.principal {
            Principal::Service { name, .. } => Some(*name),
            _ => None,
        };
        match id {
            KeyId::CURRENT_TIME => Some(Value::Time(self.cx.now.millis())),
            KeyId::EPOCH_TIME => Some(Value::Number(self.cx.now.secs())),
            KeyId::PRINCIPAL_ACCOUNT if service.is_none() => Some(Value::Text(caller.account().to_string())),
            KeyId::PRINCIPAL_ARN => caller.identity().map(|identity| Value::Str(&identity.arn)),
            KeyId::PRINCIPAL_IS_AWS_SERVICE => Some(Value::Bool(service.is_some())),
            KeyId::PRINCIPAL_SERVICE_NAME => service.map(Value::Str),
            KeyId::PRINCIPAL_TYPE => Some(Value::Str(principal_type(caller))),
            KeyId::USER_ID => Some(Value::Str(caller.user_id())),
            KeyId::USER_NAME => caller.user_name().map(Value::Str),
            KeyId::RESOURCE_ACCOUNT => Some(Value::Str(self.owner)),
            KeyId::REQUESTED_REGION => Some(Value::Str(self.cx.place.region.as_str())),
            KeyId::SECURE_TRANSPORT => Some(Value::Bool(self.cx.origin.secure)),
            KeyId::SOURCE_IP => self.cx.origin.source.parse::<IpAddr>().ok().map(Value::Ip),
            KeyId::USER_AGENT => Some(Value::Str(&self.cx.origin.user_agent)),
            KeyId::VIA_AWS_SERVICE => Some(Value::Bool(!caller.via.is_empty())),
            KeyId::CALLED_VIA if !caller.via.is_empty() => Some(Value::List(&caller.via)),
            KeyId::CALLED_VIA_FIRST => caller.via.first().map(|name| Value::Str(name)),
            KeyId::CALLED_VIA_LAST => caller.via.last().map(|name| Value::Str(name)),
            KeyId::TOKEN_ISSUE_TIME => caller.token_issued().map(|at| Value::Time(at.millis())),
            KeyId::MULTI_FACTOR_AUTH_PRESENT => caller.session().map(|_| Value::Bool(false)),
            KeyId::SOURCE_IDENTITY => caller.session()?.source_identity.as_deref().map(Value::Str),
            KeyId::SOURCE_ARN => self.cx.origin.about.as_deref().map(Value::Str),
            KeyId::SOURCE_ACCOUNT if self.cx.origin.about.is_some() => Some(Value::Text(caller.account().to_string())),
            _ => None,
        }
    }

    /// A tag of the session, else of the principal itself; keys without regard to letter case.
    fn principal_tag<'a>(&'a self, tag: &str) -> Option<Value<'a>> {
        let session = self.cx.caller.session().map(|session| &session.tags);
        let stored = self.cx.caller.identity().map(|identity| &identity.tags);
        let mut all = session.into_iter().chain(stored).flat_map(roadstead_core::Tags::iter);
        all.find(|(key, _)| key.eq_ignore_ascii_case(tag))
            .map(|(_, value)| Value::Str(value))
    }
}

fn principal_type(caller: &Caller) -> &'static str {
    match &caller.principal {
        Principal::Root(_) => "Account",
        Principal::User { .. } => "User",
        Principal::Role { .. } => "AssumedRole",
        Principal::Federated { .. } => "FederatedUser",
        Principal::Service { .. } | Principal::Anonymous { .. } => "Anonymous",
    }
}
