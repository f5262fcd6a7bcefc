//! ec2:DescribeLaunchTemplates —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html>

use api_ec2::op::DescribeLaunchTemplates;
use api_ec2::{DescribeLaunchTemplatesRequest, DescribeLaunchTemplatesResult};

use crate::prelude::*;
use crate::records::LaunchTemplate;
use crate::templates::named;

impl Handle<DescribeLaunchTemplates> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeLaunchTemplatesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeLaunchTemplatesRequest) -> Reply<DescribeLaunchTemplates> {
        let listing = Listing::parse::<LaunchTemplate>(
            "DescribeLaunchTemplates",
            input.filters,
            input.max_results,
            input.next_token,
        )?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let names = input.launch_template_names.unwrap_or_default();
        let mut found = match &input.launch_template_ids {
            None if !names.is_empty() => Vec::new(),
            ids => records.gather::<LaunchTemplate>(ids.as_deref()).await?,
        };
        for name in &names {
            found.push(named(&records, None, Some(name)).await?.record);
        }
        let (templates, next_token) = listing.cut(cx.place(), found, LaunchTemplate::id);
        let templates = templates.iter().map(LaunchTemplate::to_api).collect();
        Ok(DescribeLaunchTemplatesResult {
            launch_templates: Some(templates),
            next_token,
        })
    }
}
