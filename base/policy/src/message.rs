//! What a refused caller is told.

use crate::decide::{Decision, Outcome};
use crate::program::PolicyType;
use crate::request::Request;

/// AWS's words for each kind of policy, as they stand in the message.
struct Words {
    /// `because no … allows the <action> action`.
    implicit: &'static str,
    /// `with an explicit deny in …`.
    explicit: &'static str,
}

fn words(policy_type: PolicyType) -> Words {
    let (implicit, explicit) = match policy_type {
        PolicyType::Identity => ("identity-based policy", "an identity-based policy"),
        PolicyType::Resource => ("resource-based policy", "a resource-based policy"),
        PolicyType::Trust => ("role trust policy", "the role trust policy"),
        PolicyType::Boundary => ("permissions boundary", "a permissions boundary"),
        // AWS: the page on troubleshooting writes "sessions" here.
        PolicyType::Session => ("session policy", "a sessions policy"),
        PolicyType::Scp => ("service control policy", "a service control policy"),
        PolicyType::Rcp => ("resource control policy", "a resource control policy"),
        PolicyType::Endpoint => ("VPC endpoint policy", "a VPC endpoint policy"),
    };
    Words { implicit, explicit }
}

impl Decision<'_> {
    /// The text of the AccessDenied error, in AWS's words; nothing when the call is allowed.
    ///
    /// One line: `User: <arn> is not authorized to perform: <action> on resource: <arn> <reason>`. One policy type is
    /// named even if several deny.
    pub fn message(&self, request: &Request<'_>) -> Option<String> {
        let reason = self.reason(request.action.name)?;
        let parts = [
            "User: ",
            request.principal.name(),
            " is not authorized to perform: ",
            request.action.name,
            " on resource: ",
            request.resource.text(),
        ];
        let mut message = String::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 1 + reason.len());
        message.extend(parts);
        if !reason.is_empty() {
            message.push(' ');
            message.push_str(&reason);
        }
        Some(message)
    }

    /// The last part of the message, for services that word the first one differently; empty when none is given.
    pub fn reason(&self, action: &str) -> Option<String> {
        let words = self.policy_type.map(words);
        match (self.outcome, words) {
            (Outcome::Allow, _) => None,
            (Outcome::ExplicitDeny, Some(words)) => Some(["with an explicit deny in ", words.explicit].concat()),
            (Outcome::ImplicitDeny, Some(words)) if !self.unexplained => {
                Some(["because no ", words.implicit, " allows the ", action, " action"].concat())
            }
            _ => Some(String::new()),
        }
    }
}
