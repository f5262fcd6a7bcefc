//! iam:SimulatePrincipalPolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>

use api_iam::SimulatePrincipalPolicyRequest;
use api_iam::op::SimulatePrincipalPolicy;

use crate::prelude::*;
use crate::simulate::{self, Given, Simulation};
use crate::{advisor, problems};

impl Handle<SimulatePrincipalPolicy> for Iam {
    async fn needs(&self, _cx: &Cx, input: &SimulatePrincipalPolicyRequest) -> Result<Needs> {
        Ok(Needs::on(&input.policy_source_arn))
    }

    async fn handle(&self, cx: &Cx, input: SimulatePrincipalPolicyRequest) -> Reply<SimulatePrincipalPolicy> {
        let arn = &input.policy_source_arn;
        let subject = self.subject(cx, arn).await?;
        let subject = subject.ok_or_else(|| problems::not_found(format!("ARN {arn} does not exist.")))?;
        advisor::refuse_policies(&subject, arn)?;
        let own = self.granting(cx, &subject).await?.into_iter();
        let mut identity: Vec<Given> = own
            .map(|policy| Given {
                id: policy.name,
                text: policy.text,
            })
            .collect();
        identity.extend(simulate::named(
            "PolicyInputList",
            input.policy_input_list.unwrap_or_default(),
        ));
        let mut boundary = simulate::named(
            "PermissionsBoundaryPolicyInputList",
            input.permissions_boundary_policy_input_list.unwrap_or_default(),
        );
        if boundary.is_empty() {
            boundary.extend(self.boundary_of(cx, &subject).await?);
        }
        let simulation = Simulation {
            identity,
            boundary,
            resource_policy: input.resource_policy,
            resource_owner: input.resource_owner,
            caller: Some(input.caller_arn.unwrap_or_else(|| arn.clone())),
            actions: input.action_names,
            resources: input.resource_arns.unwrap_or_default(),
            context: input.context_entries.unwrap_or_default(),
        };
        simulate::simulate(simulation, input.marker.as_deref(), input.max_items)
    }
}
