//! iam:GetServiceLastAccessedDetailsWithEntities — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetailsWithEntities.html>

use api_iam::JobStatusType;
use api_iam::op::GetServiceLastAccessedDetailsWithEntities;
use api_iam::{GetServiceLastAccessedDetailsWithEntitiesRequest, GetServiceLastAccessedDetailsWithEntitiesResponse};

use crate::prelude::*;
use crate::{advisor, pages};

impl Handle<GetServiceLastAccessedDetailsWithEntities> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &GetServiceLastAccessedDetailsWithEntitiesRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GetServiceLastAccessedDetailsWithEntitiesRequest,
    ) -> Reply<GetServiceLastAccessedDetailsWithEntities> {
        let report = self.report(cx, &input.job_id).await?;
        let list = format!("entities:{}", input.job_id);
        advisor::check_marker(&list, input.marker.as_deref())?;
        let entities = self.entities_of(cx, &report, &input.service_namespace).await?;
        let page = pages::cut_in_order(&list, entities, input.marker.as_deref(), input.max_items)?;
        Ok(GetServiceLastAccessedDetailsWithEntitiesResponse {
            job_status: JobStatusType::Completed,
            job_creation_date: report.created,
            job_completion_date: report.completed,
            is_truncated: page.truncated(),
            marker: page.marker,
            entity_details_list: page.items,
            error: None,
        })
    }
}
