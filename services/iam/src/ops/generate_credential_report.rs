//! iam:GenerateCredentialReport — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html>

use api_iam::GenerateCredentialReportResponse;
use api_iam::ReportStateType;
use api_iam::op::GenerateCredentialReport;

use crate::credential_report;
use crate::prelude::*;

impl Handle<GenerateCredentialReport> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &Empty) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: Empty) -> Reply<GenerateCredentialReport> {
        let existing = self.credential_report(cx).await?;
        if existing.is_some_and(|report| cx.now().since(report.generated) < credential_report::FRESH) {
            return Ok(GenerateCredentialReportResponse {
                state: Some(ReportStateType::Complete),
                description: None,
            });
        }
        self.make_credential_report(cx).await?;
        Ok(GenerateCredentialReportResponse {
            state: Some(ReportStateType::Started),
            description: Some("No report exists. Starting a new report generation task".to_owned()),
        })
    }
}
