//! iam:GenerateServiceLastAccessedDetails — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html>

use api_iam::AccessAdvisorUsageGranularityType;
use api_iam::op::GenerateServiceLastAccessedDetails;
use api_iam::{GenerateServiceLastAccessedDetailsRequest, GenerateServiceLastAccessedDetailsResponse};

use crate::advisor;
use crate::prelude::*;

impl Handle<GenerateServiceLastAccessedDetails> for Iam {
    async fn needs(&self, cx: &Cx, input: &GenerateServiceLastAccessedDetailsRequest) -> Result<Needs> {
        // AWS: these are told before anything is authorized.
        advisor::check_arn(cx, &input.arn)?;
        Ok(Needs::on(&input.arn))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: GenerateServiceLastAccessedDetailsRequest,
    ) -> Reply<GenerateServiceLastAccessedDetails> {
        let by_action = input.granularity == Some(AccessAdvisorUsageGranularityType::ActionLevel);
        let id = self.make_report(cx, &input.arn, by_action).await?;
        Ok(GenerateServiceLastAccessedDetailsResponse { job_id: Some(id) })
    }
}
