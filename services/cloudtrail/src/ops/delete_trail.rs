//! cloudtrail:DeleteTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html>

use api_cloudtrail::op::DeleteTrail;
use api_cloudtrail::{DeleteTrailRequest, DeleteTrailResponse, errors};

use crate::prelude::*;
use crate::trails::scope;

impl Handle<DeleteTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &DeleteTrailRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteTrailRequest) -> Reply<DeleteTrail> {
        let found = self.at_home(cx, &input.name).await?;
        let name = &found.record.name;
        let deleted = self
            .trails
            .delete(scope(&cx.account(), cx.region()), &[name], found.revision)
            .await;
        if let Err(error) = deleted {
            let conflict = errors::CONFLICT_EXCEPTION.with(format!("The trail {name} is being changed."));
            return Err(if error.is_conflict() {
                conflict.into()
            } else {
                error.into()
            });
        }
        Ok(DeleteTrailResponse {})
    }
}
