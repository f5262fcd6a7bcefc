//! iam:GetServiceLastAccessedDetails — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html>

use api_iam::op::GetServiceLastAccessedDetails;
use api_iam::{AccessAdvisorUsageGranularityType, JobStatusType};
use api_iam::{GetServiceLastAccessedDetailsRequest, GetServiceLastAccessedDetailsResponse};

use crate::prelude::*;
use crate::{advisor, pages};

impl Handle<GetServiceLastAccessedDetails> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &GetServiceLastAccessedDetailsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GetServiceLastAccessedDetailsRequest,
    ) -> Reply<GetServiceLastAccessedDetails> {
        let report = self.report(cx, &input.job_id).await?;
        let (list, by_action) = (format!("report:{}", input.job_id), report.by_action);
        advisor::check_marker(&list, input.marker.as_deref())?;
        let page = pages::cut(
            &list,
            report.services,
            |row| &row.namespace,
            input.marker.as_deref(),
            input.max_items,
        )?;
        let job_type = if by_action {
            AccessAdvisorUsageGranularityType::ActionLevel
        } else {
            AccessAdvisorUsageGranularityType::ServiceLevel
        };
        let rows = page
            .items
            .into_iter()
            .map(|row| advisor::service_to_api(row, by_action));
        Ok(GetServiceLastAccessedDetailsResponse {
            job_status: JobStatusType::Completed,
            job_type: Some(job_type),
            job_creation_date: report.created,
            services_last_accessed: rows.collect(),
            job_completion_date: report.completed,
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            error: None,
        })
    }
}
