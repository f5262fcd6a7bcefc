//! ecs:DescribeTaskDefinition — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html>

use api_ecs::op::DescribeTaskDefinition;
use api_ecs::{DescribeTaskDefinitionRequest, DescribeTaskDefinitionResponse};
use roadstead_kernel::prelude::*;

use crate::arn::{DefinitionRef, NO_DEFINITION};
use crate::error::{client, invalid};
use crate::records::tags_to_api;
use crate::{Ecs, choices};

impl Handle<DescribeTaskDefinition> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &DescribeTaskDefinitionRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DescribeTaskDefinitionRequest) -> Reply<DescribeTaskDefinition> {
        // AWS: recorded; looked at before the definition.
        let include = input.include.unwrap_or_default();
        choices::definition_fields(&include)?;
        let named = DefinitionRef::parse(cx.place(), &input.task_definition).map_err(own_words)?;
        let found = self.definition(cx, &named).await?;
        let definition = found
            .ok_or_else(|| client("Unable to describe task definition."))?
            .record;
        Ok(DescribeTaskDefinitionResponse {
            task_definition: Some(definition.to_api(cx.place())),
            // AWS: recorded; the list is there and empty unless it is asked for.
            tags: Some(if include.is_empty() {
                Vec::new()
            } else {
                tags_to_api(&definition.tags)
            }),
        })
    }
}

// AWS: recorded; this operation alone says an unknown definition and a bad revision in these words.
fn own_words(fault: Fault) -> Fault {
    let is_bad_revision = |error: &ApiError| error.message.starts_with("Invalid revision number.");
    if fault.api().is_some_and(|error| error.message == NO_DEFINITION) {
        return client("Unable to describe task definition.");
    }
    if fault.api().is_some_and(is_bad_revision) {
        return invalid("Invalid task definition: Invalid revision number.");
    }
    fault
}
