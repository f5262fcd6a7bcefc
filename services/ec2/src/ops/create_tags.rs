//! ec2:CreateTags — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html>

use api_ec2::CreateTagsRequest;
use api_ec2::op::CreateTags;

use crate::prelude::*;
use crate::tagging;

impl Handle<CreateTags> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &CreateTagsRequest) -> Result<Needs> {
        let given = |tag: &api_ec2::Tag| {
            (
                tag.key.clone().unwrap_or_default(),
                tag.value.clone().unwrap_or_default(),
            )
        };
        let tags: Tags = input.tags.iter().map(given).collect();
        let asks = tagging::needs(&self.peek(cx), &input.resources).await?;
        Ok(asks
            .into_iter()
            .map(|ask| ask.request_tags(&tags))
            .fold(Needs::nothing(), Needs::and))
    }

    async fn handle(&self, cx: &Cx, input: CreateTagsRequest) -> Reply<CreateTags> {
        require_some(&input.resources)?;
        // Whether the tags themselves may be set is known before anything is written.
        tags::add(cx, &mut Tags::new(), &input.tags)?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        tagging::require_all(&records, &input.resources).await?;
        for id in &input.resources {
            tagging::change(cx, &records, id, &|cx, tags| Ok(tags::add(cx, tags, &input.tags)?)).await?;
        }
        Ok(Empty {})
    }
}

/// Refuses a request that names no resource.
pub(super) fn require_some(ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Err(error::missing("resourceIdSet").into());
    }
    Ok(())
}
