//! What is asked: who wants to do what to which resource.

use crate::action::Action;
use crate::context::Context;
use crate::principal::Principal;
use crate::resource::Resource;

/// One check: one action on one resource. A call that needs several is several requests, each with its own context.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The caller.
    pub principal: &'a Principal,
    /// The action.
    pub action: Action<'a>,
    /// The resource, [`Resource::ANY`] for actions that have none.
    pub resource: Resource<'a>,
    /// The account that owns the resource; unknown counts as the caller's own.
    pub resource_account: Option<&'a str>,
    /// The condition keys.
    pub context: &'a dyn Context,
}

impl<'a> Request<'a> {
    /// A request on a resource of the caller's own account.
    pub fn new(principal: &'a Principal, action: Action<'a>, resource: Resource<'a>, context: &'a dyn Context) -> Self {
        Self {
            principal,
            action,
            resource,
            resource_account: None,
            context,
        }
    }

    /// The same request on a resource that belongs to `account`.
    #[must_use]
    pub fn owned_by(mut self, account: &'a str) -> Self {
        self.resource_account = Some(account);
        self
    }
}
