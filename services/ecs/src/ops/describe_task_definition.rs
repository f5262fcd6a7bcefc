//! ecs:DescribeTaskDefinition — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html>

use api_ecs::op::DescribeTaskDefinition;
use api_ecs::{DescribeTaskDefinitionRequest, DescribeTaskDefinitionResponse, TaskDefinitionField};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::arn::DefinitionRef;
use crate::error::{client, invalid};
use crate::records::tags_to_api;

impl Handle<DescribeTaskDefinition> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &DescribeTaskDefinitionRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DescribeTaskDefinitionRequest) -> Reply<DescribeTaskDefinition> {
        let named = DefinitionRef::parse(cx.place(), &input.task_definition).map_err(own_words)?;
        let found = self.definition(cx, &named).await?;
        let definition = found
            .ok_or_else(|| client("Unable to describe task definition."))?
            .record;
        let with_tags = input.include.unwrap_or_default().contains(&TaskDefinitionField::Tags);
        Ok(DescribeTaskDefinitionResponse {
            task_definition: Some(definition.to_api(cx.place())),
            tags: with_tags.then(|| tags_to_api(&definition.tags)),
        })
    }
}

// AWS: recorded; this operation alone says a bad revision in these words.
fn own_words(fault: Fault) -> Fault {
    let is_bad_revision = |error: &ApiError| error.message.starts_with("Invalid revision number.");
    if fault.api().is_some_and(is_bad_revision) {
        return invalid("Invalid task definition: Invalid revision number.");
    }
    fault
}
