//! ecs:RegisterTaskDefinition — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>

use api_ecs::op::RegisterTaskDefinition;
use api_ecs::{RegisterTaskDefinitionRequest, RegisterTaskDefinitionResponse};
use roadstead_kernel::prelude::*;

use crate::records::{DefinitionStatus, Document, TaskDefinition, checked_tags, tags_as_given, tags_from_api};
use crate::register::accept;
use crate::{Ecs, arn};

impl Handle<RegisterTaskDefinition> for Ecs {
    async fn needs(&self, cx: &Cx, input: &RegisterTaskDefinitionRequest) -> Result<Needs> {
        let privileged = input.container_definitions.iter().any(|c| c.privileged == Some(true));
        let compatible = input
            .requires_compatibilities
            .iter()
            .flatten()
            .map(|c| c.as_str().to_owned());
        let (made, tags) = (
            arn::task_definition(cx.place(), &input.family, "*"),
            tags_from_api(input.tags.as_deref()),
        );
        let needs = Needs::on(made.clone())
            .request_tags(&tags)
            .keys("ecs:compute-compatibility", compatible)
            .key("ecs:privileged", if privileged { "enabled" } else { "disabled" })
            .key_if("ecs:task-cpu", input.cpu.clone())
            .key_if("ecs:task-memory", input.memory.clone())
            .pass_role(input.task_role_arn.as_deref(), "ecs-tasks.amazonaws.com")
            .pass_role(input.execution_role_arn.as_deref(), "ecs-tasks.amazonaws.com");
        self.tagging(cx, needs, "RegisterTaskDefinition", made, &tags).await
    }

    async fn handle(&self, cx: &Cx, input: RegisterTaskDefinitionRequest) -> Reply<RegisterTaskDefinition> {
        let tags = checked_tags(input.tags.as_deref())?;
        let given = input.tags.clone().unwrap_or_default();
        let definition = TaskDefinition {
            revision: 0,
            status: DefinitionStatus::Active,
            registered_at: cx.now(),
            registered_by: cx.caller().arn().to_owned(),
            deregistered_at: None,
            delete_requested_at: None,
            document: Document(accept(input)?),
            tags,
        };
        let definition = self.register(cx, definition).await?;
        Ok(RegisterTaskDefinitionResponse {
            tags: Some(tags_as_given(&definition.tags, &given)).filter(|tags| !tags.is_empty()),
            task_definition: Some(definition.to_api(cx.place())),
        })
    }
}
