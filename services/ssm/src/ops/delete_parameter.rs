//! ssm:DeleteParameter — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>

use api_ssm::op::DeleteParameter;
use api_ssm::{DeleteParameterRequest, DeleteParameterResult};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Table, Txn};

use crate::error::{not_found, too_many_updates};
use crate::name::Named;
use crate::records::Superseded;
use crate::{MAX_RETRIES, Ssm, scope};

impl Handle<DeleteParameter> for Ssm {
    async fn needs(&self, cx: &Cx, input: &DeleteParameterRequest) -> Result<Needs> {
        self.needs_on(cx, &Named::parse(&input.name)).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteParameterRequest) -> Reply<DeleteParameter> {
        if self.delete(cx, &Named::parse(&input.name)).await? {
            Ok(DeleteParameterResult {})
        } else {
            Err(not_found())
        }
    }
}

impl Ssm {
    /// Deletes a parameter with all its versions; tells whether there was one.
    pub(crate) async fn delete(&self, cx: &Cx, named: &Named) -> Result<bool> {
        let place = cx.place();
        for _ in 0..MAX_RETRIES {
            let Some(found) = self.find(cx, named).await? else {
                return Ok(false);
            };
            let id = [found.record.name.as_str()];
            let mut txn = Txn::new();
            self.parameters
                .stage_delete(&mut txn, scope(&place), &id, found.revision);
            txn = txn.delete_prefix(Table::<Superseded>::prefix(scope(&place), &id));
            match self.store.commit(txn).await {
                Ok(_) => return Ok(true),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error).context("deleting a parameter"),
            }
        }
        Err(too_many_updates())
    }
}
