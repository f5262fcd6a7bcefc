//! iam:GetCredentialReport — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html>

use api_iam::GetCredentialReportResponse;
use api_iam::op::GetCredentialReport;
use api_iam::{ReportFormatType, errors};

use crate::credential_report;
use crate::prelude::*;

impl Handle<GetCredentialReport> for Iam {
    async fn needs(&self, _cx: &Cx, _input: &Empty) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, _input: Empty) -> Reply<GetCredentialReport> {
        let report = self
            .credential_report(cx)
            .await?
            .ok_or_else(|| errors::CREDENTIAL_REPORT_NOT_PRESENT_EXCEPTION.with("No report exists."))?;
        if cx.now().since(report.generated) >= credential_report::EXPIRES {
            return Err(errors::CREDENTIAL_REPORT_EXPIRED_EXCEPTION
                .with("The report has expired.")
                .into());
        }
        Ok(GetCredentialReportResponse {
            content: Some(report.text.into()),
            report_format: Some(ReportFormatType::TextCsv),
            generated_time: Some(report.generated),
        })
    }
}
