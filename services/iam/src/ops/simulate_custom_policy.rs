//! iam:SimulateCustomPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html>

use api_iam::SimulateCustomPolicyRequest;
use api_iam::op::SimulateCustomPolicy;

use crate::prelude::*;
use crate::simulate::{self, Simulation};

impl Handle<SimulateCustomPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &SimulateCustomPolicyRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: SimulateCustomPolicyRequest) -> Reply<SimulateCustomPolicy> {
        let simulation = Simulation {
            identity: simulate::named("PolicyInputList", input.policy_input_list),
            boundary: simulate::named(
                "PermissionsBoundaryPolicyInputList",
                input.permissions_boundary_policy_input_list.unwrap_or_default(),
            ),
            resource_policy: input.resource_policy,
            resource_owner: input.resource_owner,
            // A caller is only told apart where a resource's policy names one.
            caller: Some(input.caller_arn.unwrap_or_else(|| cx.caller().arn().to_owned())),
            actions: input.action_names,
            resources: input.resource_arns.unwrap_or_default(),
            context: input.context_entries.unwrap_or_default(),
        };
        simulate::simulate(simulation, input.marker.as_deref(), input.max_items)
    }
}
