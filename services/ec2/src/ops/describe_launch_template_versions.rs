//! ec2:DescribeLaunchTemplateVersions —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html>

use api_ec2::op::DescribeLaunchTemplateVersions;
use api_ec2::{DescribeLaunchTemplateVersionsRequest, DescribeLaunchTemplateVersionsResult};

use crate::prelude::*;
use crate::records::{LaunchTemplate, TemplateVersion};
use crate::templates::{named, version, versions};

impl Handle<DescribeLaunchTemplateVersions> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeLaunchTemplateVersionsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: DescribeLaunchTemplateVersionsRequest,
    ) -> Reply<DescribeLaunchTemplateVersions> {
        let listing = Listing::parse::<TemplateVersion>(
            "DescribeLaunchTemplateVersions",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let asked = input.versions.unwrap_or_default();
        let mut found = Vec::new();
        if input.launch_template_id.is_none() && input.launch_template_name.is_none() {
            // Of all templates, only these two can be asked for.
            if asked.is_empty() || asked.iter().any(|text| text != "$Latest" && text != "$Default") {
                return Err(error::missing("LaunchTemplateId or LaunchTemplateName").into());
            }
            for template in records.all::<LaunchTemplate>().await? {
                for text in &asked {
                    found.push(version(&records, &template, text).await?);
                }
            }
            found.dedup_by(|a, b| a.at == b.at);
        } else {
            let (id, name) = (
                input.launch_template_id.as_deref(),
                input.launch_template_name.as_deref(),
            );
            let template = named(&records, id, name).await?.record;
            if asked.is_empty() {
                found = versions(&records, &template).await?;
            }
            for text in &asked {
                found.push(version(&records, &template, text).await?);
            }
        }
        let bound = |text: Option<&String>| text.and_then(|text| text.parse::<u64>().ok());
        let least = bound(input.min_version.as_ref()).unwrap_or(0);
        let most = bound(input.max_version.as_ref()).unwrap_or(u64::MAX);
        found.retain(|version| (least..=most).contains(&version.number));
        let (found, next_token) = listing.cut(cx.place(), found, |version| &version.at);
        let found = found.iter().map(TemplateVersion::to_api).collect();
        Ok(DescribeLaunchTemplateVersionsResult {
            launch_template_versions: Some(found),
            next_token,
        })
    }
}
