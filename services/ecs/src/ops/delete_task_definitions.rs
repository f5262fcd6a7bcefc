//! ecs:DeleteTaskDefinitions — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html>

use api_ecs::op::DeleteTaskDefinitions;
use api_ecs::{DeleteTaskDefinitionsRequest, DeleteTaskDefinitionsResponse, Failure};
use roadstead_kernel::prelude::*;

use crate::arn::{self, DefinitionRef};
use crate::error::invalid;
use crate::records::DefinitionStatus;
use crate::{Ecs, records};

/// Most definitions of one call.
const MAX: usize = 10;

impl Handle<DeleteTaskDefinitions> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteTaskDefinitionsRequest) -> Result<Needs> {
        let mut arns = Vec::new();
        for given in &input.task_definitions {
            let named = DefinitionRef::parse(cx.place(), given)?;
            let revision = named
                .revision
                .map_or_else(|| "*".to_owned(), |number| number.to_string());
            arns.push(arn::task_definition(cx.place(), &named.family, revision));
        }
        Ok(Needs::on_each(arns))
    }

    async fn handle(&self, cx: &Cx, input: DeleteTaskDefinitionsRequest) -> Reply<DeleteTaskDefinitions> {
        if input.task_definitions.is_empty() {
            return Err(invalid("Size of TaskDefinition references list must be greater than 0"));
        }
        if input.task_definitions.len() > MAX {
            return Err(invalid(format!(
                "Size of TaskDefinition references list cannot exceed {MAX}"
            )));
        }
        let mut deleted = Vec::new();
        let mut failures = Vec::new();
        for given in input.task_definitions {
            match self.delete_one(cx, &given).await? {
                Ok((before, definition)) => deleted.push(api_ecs::TaskDefinition {
                    previous_status: Some(before.to_api()),
                    ..definition.to_api(cx.place())
                }),
                Err(reason) => failures.push(Failure {
                    arn: Some(given),
                    reason: Some(reason.to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(DeleteTaskDefinitionsResponse {
            task_definitions: Some(deleted),
            failures: Some(failures),
        })
    }
}

impl Ecs {
    async fn delete_one(
        &self,
        cx: &Cx,
        given: &str,
    ) -> Result<std::result::Result<(DefinitionStatus, records::TaskDefinition), &'static str>> {
        let named = DefinitionRef::parse(cx.place(), given)?;
        if named.revision.is_none() {
            // AWS: this and the reasons below are recorded.
            return Ok(Err(
                "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.",
            ));
        }
        let mut before = DefinitionStatus::Active;
        let changed = self
            .change_definition(cx, &named, |definition| {
                before = definition.status;
                if before == DefinitionStatus::Inactive {
                    definition.status = DefinitionStatus::DeleteInProgress;
                    definition.delete_requested_at = Some(cx.now());
                }
                Ok(())
            })
            .await?;
        Ok(match changed {
            None => Err(
                "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            ),
            Some(_) if before == DefinitionStatus::Active => Err(
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            ),
            Some(definition) => Ok((before, definition)),
        })
    }
}
