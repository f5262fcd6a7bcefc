//! ecs:DeregisterTaskDefinition — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html>

use api_ecs::op::DeregisterTaskDefinition;
use api_ecs::{DeregisterTaskDefinitionRequest, DeregisterTaskDefinitionResponse};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::arn::DefinitionRef;
use crate::error::{client, invalid};
use crate::records::DefinitionStatus;

impl Handle<DeregisterTaskDefinition> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &DeregisterTaskDefinitionRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DeregisterTaskDefinitionRequest) -> Reply<DeregisterTaskDefinition> {
        let named = DefinitionRef::parse(cx.place(), &input.task_definition)?;
        if named.revision.is_none() {
            // AWS: recorded.
            return Err(invalid("Revision is missing"));
        }
        let mut before = None;
        let definition = self
            .change_definition(cx, &named, |definition| {
                before = Some(definition.status);
                if definition.status == DefinitionStatus::Active {
                    definition.status = DefinitionStatus::Inactive;
                    definition.deregistered_at = Some(cx.now());
                }
                Ok(())
            })
            .await?
            .ok_or_else(|| client("The specified task definition does not exist."))?;
        let mut shown = definition.to_api(cx.place());
        // AWS: recorded; only DescribeTaskDefinition shows the time afterwards.
        shown.deregistered_at = None;
        shown.previous_status = before.map(DefinitionStatus::to_api);
        Ok(DeregisterTaskDefinitionResponse {
            task_definition: Some(shown),
        })
    }
}
