//! cloudtrail:DeleteTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html>

use api_cloudtrail::op::DeleteTrail;
use api_cloudtrail::{DeleteTrailRequest, DeleteTrailResponse};

use crate::prelude::*;
use crate::trails::{self, scope};

impl Handle<DeleteTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &DeleteTrailRequest) -> Result<Needs> {
        self.needs_on(cx, &input.name).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteTrailRequest) -> Reply<DeleteTrail> {
        let found = self.find(cx, &input.name).await?.ok_or_else(|| trails::unknown(cx, &input.name))?;
        let home = found.record.home;
        self.trails.delete(scope(&cx.account(), home), &[&found.record.name], found.revision).await?;
        Ok(DeleteTrailResponse {})
    }
}
