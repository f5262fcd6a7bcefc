//! ssm:DeleteParameters — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameters.html>

use api_ssm::op::DeleteParameters;
use api_ssm::{DeleteParametersRequest, DeleteParametersResult};
use roadstead_kernel::prelude::*;

use crate::Ssm;
use crate::name::Named;

impl Handle<DeleteParameters> for Ssm {
    async fn needs(&self, cx: &Cx, input: &DeleteParametersRequest) -> Result<Needs> {
        self.needs_on_each(cx, &input.names).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteParametersRequest) -> Reply<DeleteParameters> {
        let (mut deleted, mut missing) = (Vec::new(), Vec::new());
        for name in input.names {
            if self.delete(cx, &Named::parse(&name)).await? {
                deleted.push(name);
            } else {
                missing.push(name);
            }
        }
        Ok(DeleteParametersResult {
            deleted_parameters: Some(deleted),
            invalid_parameters: Some(missing),
        })
    }
}
