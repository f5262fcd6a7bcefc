//! logs:DeleteResourcePolicy — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteResourcePolicy.html>

use api_logs::op::DeleteResourcePolicy;
use api_logs::{DeleteResourcePolicyRequest, errors};
use roadstead_kernel::prelude::*;
use roadstead_wire::Empty;

use crate::error::invalid;
use crate::{Logs, lost, scope};

impl Handle<DeleteResourcePolicy> for Logs {
    async fn needs(&self, _: &Cx, _: &DeleteResourcePolicyRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DeleteResourcePolicyRequest) -> Reply<DeleteResourcePolicy> {
        let place = cx.place();
        let name = input
            .policy_name
            .ok_or_else(|| invalid("policyName must be specified."))?;
        let found = self.policies.get(scope(&place), &[&name]).await?.ok_or_else(|| {
            errors::RESOURCE_NOT_FOUND_EXCEPTION.with(format!("Policy with name [{name}] does not exist."))
        })?;
        let deleted = self.policies.delete(scope(&place), &[&name], found.revision).await;
        deleted.map_err(|error| lost(error.into()))?;
        Ok(Empty {})
    }
}
