//! What a call needs to be allowed: actions on resources, with the condition keys that describe them.

use std::borrow::Cow;
use std::sync::Arc;

use roadstead_core::{AccountId, Tags};
use roadstead_policy::Program;

use crate::directory::Role;

/// Everything that must be allowed for a call; made by a handler's `needs`, decided by the kernel.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub(crate) asks: Vec<Ask>,
}

/// One action on one resource.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// `service:Action`; `None` stands for the operation's own action.
    pub(crate) action: Option<Cow<'static, str>>,
    /// The resource's ARN, or `*`.
    pub(crate) resource: String,
    /// The account that owns the resource, when it is not the one the call is made in.
    pub(crate) resource_account: Option<AccountId>,
    /// Condition keys that describe the request and the resource, beyond those of the caller.
    pub(crate) keys: Vec<(Cow<'static, str>, KeyValue)>,
    /// The resource's own policy: for `sts:AssumeRole*` the role's trust policy.
    pub(crate) policy: ResourcePolicy,
    /// The identity provider that vouches for who asks, instead of the caller: for `sts:AssumeRoleWith*`.
    pub(crate) vouched_by: Option<String>,
    /// What a denial calls the resource, where that is not its ARN.
    pub(crate) shown_as: Option<String>,
}

/// The value of a condition key.
#[derive(Clone, Debug)]
pub enum KeyValue {
    /// A key with one value.
    One(String),
    /// A key that may have several values, such as `aws:TagKeys`.
    Many(Vec<String>),
}

/// The policy that hangs on a resource.
#[derive(Clone, Debug, Default)]
pub(crate) enum ResourcePolicy {
    /// The resource has none.
    #[default]
    None,
    /// A role's trust policy: it must allow by itself.
    Trust {
        program: Arc<Program>,
        service_linked: bool,
    },
    /// An ordinary resource policy.
    Resource(Arc<Program>),
}

impl Needs {
    /// The call needs no permission, such as `sts:GetCallerIdentity`.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The operation's own action on a resource.
    pub fn on(arn: impl Into<String>) -> Self {
        Self {
            asks: vec![Ask::new(None, arn.into())],
        }
    }

    /// The operation's own action on `*`: it names no single resource.
    pub fn any() -> Self {
        Self::on("*")
    }

    /// The operation's own action on each of several resources.
    pub fn on_each(arns: impl IntoIterator<Item = String>) -> Self {
        Self {
            asks: arns.into_iter().map(|arn| Ask::new(None, arn)).collect(),
        }
    }

    /// Another action than the one of the operation's name, for the last ask.
    #[must_use]
    pub fn action(mut self, action: impl Into<Cow<'static, str>>) -> Self {
        if let Some(last) = self.asks.last_mut() {
            last.action = Some(action.into());
        }
        self
    }

    /// A further action on a resource; the keys that follow belong to it.
    #[must_use]
    pub fn also(mut self, action: impl Into<Cow<'static, str>>, arn: impl Into<String>) -> Self {
        self.asks.push(Ask::new(Some(action.into()), arn.into()));
        self
    }

    /// The operation's own action on a further resource; the keys that follow belong to it.
    #[must_use]
    pub fn also_on(mut self, arn: impl Into<String>) -> Self {
        self.asks.push(Ask::new(None, arn.into()));
        self
    }

    /// `iam:PassRole` on a role handed to a service, when one is handed over.
    #[must_use]
    pub fn pass_role(self, role_arn: Option<&str>, service: &'static str) -> Self {
        match role_arn {
            Some(arn) if !arn.is_empty() => self.also("iam:PassRole", arn).key("iam:PassedToService", service),
            _ => self,
        }
    }

    /// A condition key of the last ask.
    #[must_use]
    pub fn key(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.push_key(name.into(), KeyValue::One(value.into()));
        self
    }

    /// A condition key of the last ask, when there is a value.
    #[must_use]
    pub fn key_if(self, name: impl Into<Cow<'static, str>>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.key(name, value),
            None => self,
        }
    }

    /// A condition key with several values, of the last ask.
    #[must_use]
    pub fn keys(mut self, name: impl Into<Cow<'static, str>>, values: impl IntoIterator<Item = String>) -> Self {
        self.push_key(name.into(), KeyValue::Many(values.into_iter().collect()));
        self
    }

    /// Tags in the request: `aws:RequestTag/<key>` for each, and `aws:TagKeys`, for the last ask.
    #[must_use]
    pub fn request_tags(mut self, tags: &Tags) -> Self {
        if tags.is_empty() {
            return self;
        }
        for (key, value) in tags.iter() {
            self.push_key(format!("aws:RequestTag/{key}").into(), KeyValue::One(value.to_owned()));
        }
        self.tag_keys(tags.iter().map(|(key, _)| key.to_owned()))
    }

    /// Keys of tags in the request: `aws:TagKeys`, for the last ask.
    #[must_use]
    pub fn tag_keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        let keys: Vec<String> = keys.into_iter().collect();
        if !keys.is_empty() {
            self.push_key("aws:TagKeys".into(), KeyValue::Many(keys));
        }
        self
    }

    /// Tags on the resource: `aws:ResourceTag/<key>` and `<service>:ResourceTag/<key>`, for the last ask.
    #[must_use]
    pub fn resource_tags(mut self, service: &str, tags: &Tags) -> Self {
        for (key, value) in tags.iter() {
            self.push_key(format!("aws:ResourceTag/{key}").into(), KeyValue::One(value.to_owned()));
            self.push_key(
                format!("{service}:ResourceTag/{key}").into(),
                KeyValue::One(value.to_owned()),
            );
        }
        self
    }

    /// The account that owns the resource of the last ask, when it is another one than the call's.
    #[must_use]
    pub fn resource_account(mut self, account: AccountId) -> Self {
        if let Some(last) = self.asks.last_mut() {
            last.resource_account = Some(account);
        }
        self
    }

    /// The trust policy of the role that is to be assumed, for the last ask: it must allow by itself.
    #[must_use]
    pub fn trusted_by(mut self, role: &Role) -> Self {
        if let Some(last) = self.asks.last_mut() {
            let service_linked = role.identity.linked_service.is_some();
            last.policy = ResourcePolicy::Trust {
                program: Arc::clone(&role.trust),
                service_linked,
            };
        }
        self
    }

    /// The identity provider, by ARN or name, that vouches for who asks; for the last ask.
    ///
    /// The caller proved nothing itself: only a trust policy that names the provider allows.
    #[must_use]
    pub fn vouched_by(mut self, provider: impl Into<String>) -> Self {
        if let Some(last) = self.asks.last_mut() {
            last.vouched_by = Some(provider.into());
        }
        self
    }

    /// What a denial calls the resource of the last ask, where AWS does not name its ARN.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        if let Some(last) = self.asks.last_mut() {
            last.shown_as = Some(name.into());
        }
        self
    }

    /// The resource's own policy, for the last ask.
    #[must_use]
    pub fn resource_policy(mut self, policy: Arc<Program>) -> Self {
        if let Some(last) = self.asks.last_mut() {
            last.policy = ResourcePolicy::Resource(policy);
        }
        self
    }

    /// All of these needs and all of `others`.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.asks.extend(others.asks);
        self
    }

    fn push_key(&mut self, name: Cow<'static, str>, value: KeyValue) {
        if let Some(last) = self.asks.last_mut() {
            last.keys.push((name, value));
        }
    }
}

impl Ask {
    fn new(action: Option<Cow<'static, str>>, resource: String) -> Self {
        Self {
            action,
            resource,
            resource_account: None,
            keys: Vec::new(),
            policy: ResourcePolicy::None,
            vouched_by: None,
            shown_as: None,
        }
    }
}
