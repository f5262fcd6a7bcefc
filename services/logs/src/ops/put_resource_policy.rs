//! logs:PutResourcePolicy — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>

use api_logs::op::PutResourcePolicy;
use api_logs::{PutResourcePolicyRequest, PutResourcePolicyResponse, errors};
use roadstead_kernel::prelude::*;
use roadstead_policy::{Document, Kind, validate};

use crate::error::invalid;
use crate::records::Policy;
use crate::{Logs, scope};

/// The most policies of an account in a region.
const MAX_POLICIES: usize = 10;

impl Handle<PutResourcePolicy> for Logs {
    async fn needs(&self, _: &Cx, _: &PutResourcePolicyRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: PutResourcePolicyRequest) -> Reply<PutResourcePolicy> {
        let place = cx.place();
        if input.resource_arn.is_some() {
            return Err(invalid("Policies of single log groups are not available."));
        }
        let name = input
            .policy_name
            .ok_or_else(|| invalid("policyName must be specified."))?;
        let document = input
            .policy_document
            .ok_or_else(|| invalid("policyDocument must be specified."))?;
        let parsed = Document::parse(&document).and_then(|parsed| validate(&parsed, Kind::Resource));
        parsed.map_err(|why| invalid(format!("Invalid policy document: {why}")))?;
        let others = self.policies.list_all(scope(&place)).await?;
        if others.len() >= MAX_POLICIES && !others.iter().any(|other| other.record.name == name) {
            return Err(errors::LIMIT_EXCEEDED_EXCEPTION
                .with(format!(
                    "Resource limit exceeded. An account can have up to {MAX_POLICIES} resource policies per region."
                ))
                .into());
        }
        let policy = Policy {
            name,
            document,
            updated_at: cx.now(),
        };
        self.policies.put(scope(&place), &[&policy.name], &policy).await?;
        Ok(PutResourcePolicyResponse {
            resource_policy: Some(policy.to_api()),
            revision_id: None,
        })
    }
}
