//! ecs:RegisterTaskDefinition — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>

use api_ecs::op::RegisterTaskDefinition;
use api_ecs::{RegisterTaskDefinitionRequest, RegisterTaskDefinitionResponse};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};

use crate::records::{DefinitionStatus, Document, Family, TaskDefinition, check_tags, tags_from_api, tags_to_api};
use crate::register::accept;
use crate::run::revision_key;
use crate::{Ecs, arn, scope};

impl Handle<RegisterTaskDefinition> for Ecs {
    async fn needs(&self, cx: &Cx, input: &RegisterTaskDefinitionRequest) -> Result<Needs> {
        let privileged = input.container_definitions.iter().any(|c| c.privileged == Some(true));
        let compatible = input.requires_compatibilities.iter().flatten().map(|c| c.as_str().to_owned());
        Ok(Needs::on(arn::task_definition(cx.place(), &input.family, "*"))
            .request_tags(&tags_from_api(input.tags.as_deref()))
            .keys("ecs:compute-compatibility", compatible)
            .key("ecs:privileged", if privileged { "enabled" } else { "disabled" })
            .key_if("ecs:task-cpu", input.cpu.clone())
            .key_if("ecs:task-memory", input.memory.clone())
            .pass_role(input.task_role_arn.as_deref(), "ecs-tasks.amazonaws.com")
            .pass_role(input.execution_role_arn.as_deref(), "ecs-tasks.amazonaws.com"))
    }

    async fn handle(&self, cx: &Cx, input: RegisterTaskDefinitionRequest) -> Reply<RegisterTaskDefinition> {
        let tags = tags_from_api(input.tags.as_deref());
        check_tags(&tags)?;
        let mut definition = TaskDefinition {
            revision: 0,
            status: DefinitionStatus::Active,
            registered_at: cx.now(),
            registered_by: cx.caller().arn().to_owned(),
            deregistered_at: None,
            delete_requested_at: None,
            document: Document(accept(input)?),
            tags,
        };
        let family = definition.family().to_owned();
        let scope = scope(cx);
        loop {
            let found = self.families.get(scope.of(), &[&family]).await?;
            definition.revision = found.as_ref().map_or(0, |found| found.record.last) + 1;
            let counted = Family { last: definition.revision, latest_active: Some(definition.revision) };
            let mut txn = Txn::new();
            match found {
                Some(found) => {
                    self.families.stage_replace(&mut txn, scope.of(), &[&family], found.revision, &counted)?;
                }
                None => self.families.stage_new(&mut txn, scope.of(), &[&family], &counted)?,
            }
            let key = revision_key(definition.revision);
            self.definitions.stage_new(&mut txn, scope.of(), &[&family, &key], &definition)?;
            match self.store.commit(txn).await {
                Ok(_) => break,
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(RegisterTaskDefinitionResponse {
            tags: Some(tags_to_api(&definition.tags)).filter(|tags| !tags.is_empty()),
            task_definition: Some(definition.to_api(cx.place())),
        })
    }
}
