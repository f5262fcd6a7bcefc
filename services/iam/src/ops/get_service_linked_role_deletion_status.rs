//! iam:GetServiceLinkedRoleDeletionStatus — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html>

use api_iam::GetServiceLinkedRoleDeletionStatusRequest;
use api_iam::op::GetServiceLinkedRoleDeletionStatus;

use crate::entities::scope;
use crate::linked::TaskId;
use crate::prelude::*;
use crate::records::DeletionTask;
use crate::{catalogue, problems};

impl Handle<GetServiceLinkedRoleDeletionStatus> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetServiceLinkedRoleDeletionStatusRequest) -> Result<Needs> {
        Ok(match TaskId::parse(&input.deletion_task_id) {
            Some(task) => Needs::on(catalogue::role_arn(
                cx.partition(),
                cx.account(),
                task.principal,
                task.role_name,
            )),
            None => Needs::any(),
        })
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GetServiceLinkedRoleDeletionStatusRequest,
    ) -> Reply<GetServiceLinkedRoleDeletionStatus> {
        let id = input.deletion_task_id.as_str();
        if TaskId::parse(id).is_none() {
            return Err(problems::invalid_input("Invalid task id"));
        }
        match self.table::<DeletionTask>().get(scope(&cx.account()), &[id]).await? {
            Some(task) => Ok(task.record.to_api()),
            None => Err(problems::not_found("Cannot find deletion status for given id.")),
        }
    }
}
