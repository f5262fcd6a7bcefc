//! ec2:DescribeTags — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html>

use api_ec2::op::DescribeTags;
use api_ec2::{DescribeTagsRequest, DescribeTagsResult, ResourceType, TagDescription};
use roadstead_core::arn::Place;

use crate::filter::Filtered;
use crate::prelude::*;
use crate::tagging;

impl Handle<DescribeTags> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeTagsRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeTagsRequest) -> Reply<DescribeTags> {
        let listing = Listing::parse::<One>("DescribeTags", input.filters, input.max_results, input.next_token)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        let mut found = Vec::new();
        for resource in tagging::all(&records).await? {
            found.extend(resource.tags.iter().map(|(key, value)| One {
                at: format!("{}\u{0}{key}", resource.id),
                id: resource.id.clone(),
                kind: resource.kind,
                tag: std::iter::once((key, value)).collect(),
            }));
        }
        let (found, next_token) = listing.cut(cx.place(), found, |one| &one.at);
        Ok(DescribeTagsResult {
            next_token,
            tags: Some(found.iter().flat_map(One::to_api).collect()),
        })
    }
}

/// One tag of one resource.
struct One {
    /// What it sorts by.
    at: String,
    id: String,
    kind: &'static str,
    tag: Tags,
}

impl One {
    fn to_api(&self) -> impl Iterator<Item = TagDescription> {
        self.tag.iter().map(|(key, value)| TagDescription {
            key: Some(key.to_owned()),
            resource_id: Some(self.id.clone()),
            resource_type: Some(ResourceType::from(self.kind)),
            value: Some(value.to_owned()),
        })
    }
}

impl Filtered for One {
    const FILTERS: &'static [&'static str] = &["key", "resource-id", "resource-type", "value"];

    fn values(&self, _: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "key" => self.tag.iter().map(|(key, _)| key.to_owned()).collect(),
            "resource-id" => vec![self.id.clone()],
            "resource-type" => vec![self.kind.to_owned()],
            "value" => self.tag.iter().map(|(_, value)| value.to_owned()).collect(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tag
    }
}
