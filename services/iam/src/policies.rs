//! Managed policies: AWS's and the account's own, shown in the same form.

use std::collections::HashMap;

use api_iam::PolicyVersion;
use roadstead_core::Partition;
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_policy::limits;
use roadstead_store::Versioned;
use roadstead_wire::ApiError;

use crate::attachments::Target;
use crate::directory::customer_policy_name;
use crate::managed::Managed;
use crate::records::{Common, Entity, Policy};
use crate::{Iam, documents, problems, tagging};

/// How often a policy is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// By how many roles, users and groups it is attached.
    pub attached: usize,
    /// For how many roles and users it is the boundary.
    pub boundary: usize,
}

/// Checks the document of a managed policy.
pub fn check(text: &str) -> Result<()> {
    documents::check_identity(text)?;
    if limits::size(text) > limits::MANAGED_POLICY {
        return Err(problems::quota("PolicySize", limits::MANAGED_POLICY));
    }
    Ok(())
}

/// One of the account's policies in Amazon's type.
pub fn own_to_api(policy: &Policy, uses: Uses) -> api_iam::Policy {
    let common = policy.common.clone();
    api_iam::Policy {
        policy_name: Some(common.name),
        policy_id: Some(common.id),
        arn: Some(common.arn),
        path: Some(common.path),
        default_version_id: Some(format!("v{}", policy.default)),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundary).ok(),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(common.created),
        update_date: Some(policy.updated),
        tags: tagging::to_api_if_any(&common.tags),
    }
}

/// A policy of AWS in Amazon's type.
pub fn aws_to_api(policy: Managed, partition: Partition, uses: Uses) -> api_iam::Policy {
    api_iam::Policy {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id()),
        arn: Some(policy.arn(partition)),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(policy.version.to_owned()),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundary).ok(),
        is_attachable: Some(true),
        description: None,
        create_date: Some(policy.created()),
        update_date: Some(policy.updated()),
        tags: None,
    }
}

/// The one version of AWS's policies that is at hand, without its document.
pub fn aws_version_to_api(policy: Managed) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(policy.version.to_owned()),
        is_default_version: Some(true),
        create_date: Some(policy.updated()),
    }
}

/// The answer for a version that does not exist.
pub fn no_version(arn: &str, version: &str) -> Fault {
    problems::not_found(format!(
        "Policy {arn} version {version} does not exist or is not attachable."
    ))
}

impl Iam {
    /// The policy of an ARN, or `NoSuchEntity`.
    pub async fn policy_of(&self, cx: &Cx, arn: &str) -> Result<Target> {
        let found = self.policy_target(cx.account(), arn).await?;
        found.ok_or_else(|| problems::not_found(format!("Policy {arn} was not found.")))
    }

    /// The account's own policy of an ARN; AWS's own are not for anybody to change.
    pub async fn own_policy(&self, cx: &Cx, action: &str, arn: &str) -> Result<Versioned<Policy>> {
        match self.policy_of(cx, arn).await? {
            Target::Own(policy) => self.get(cx, &policy.common.name).await,
            Target::Aws(_) => {
                let caller = cx.caller().arn();
                let message =
                    format!("User: {caller} is not authorized to perform: {action} on resource: policy {arn}");
                Err(ApiError::new("AccessDenied", 403, message).into())
            }
        }
    }

    /// Changes one of the account's own policies.
    pub async fn change_policy(
        &self,
        cx: &Cx,
        action: &str,
        arn: &str,
        mut change: impl FnMut(&mut Policy) -> Result<()>,
    ) -> Result<Policy> {
        let name = self.own_policy(cx, action, arn).await?.record.common.name;
        self.change::<Policy>(cx, &name, |policy, _| change(policy)).await
    }

    /// How often a policy is used.
    pub async fn uses(&self, cx: &Cx, arn: &str) -> Result<Uses> {
        Ok(Uses {
            attached: self.attachments(cx.account(), arn).await?.len(),
            boundary: self.boundaries(cx.account(), arn).await?.len(),
        })
    }

    /// How often each policy is used, by ARN; those never used left out.
    pub async fn all_uses(&self, cx: &Cx) -> Result<HashMap<String, Uses>> {
        let mut uses: HashMap<String, Uses> = HashMap::new();
        for attachment in self.attachments(cx.account(), "").await? {
            uses.entry(attachment.policy).or_default().attached += 1;
        }
        for boundary in self.boundaries(cx.account(), "").await? {
            uses.entry(boundary.policy).or_default().boundary += 1;
        }
        Ok(uses)
    }

    /// What an operation on a policy needs: the ARN as the caller gave it, and the policy's tags.
    pub async fn needs_on_policy(&self, cx: &Cx, arn: &str) -> Result<Needs> {
        let needs = Needs::on(arn);
        let Some(name) = customer_policy_name(cx.account(), arn) else {
            return Ok(needs);
        };
        Ok(match self.find::<Policy>(cx.account(), name).await? {
            Some(found) if found.record.common.arn == arn => needs.resource_tags("iam", &found.record.common.tags),
            _ => needs,
        })
    }

    /// What an entity of a unique id has in common with others.
    pub async fn common_by_id<E: Entity>(&self, cx: &Cx, id: &str) -> Result<Option<Common>> {
        let found = self.find_by_id::<E>(cx.account(), id).await?;
        Ok(found.map(|found| found.record.common().clone()))
    }
}
