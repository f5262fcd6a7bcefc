//! ec2:DeleteTags — <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>

use api_ec2::DeleteTagsRequest;
use api_ec2::op::DeleteTags;

use super::create_tags::require_some;
use crate::prelude::*;
use crate::tagging;

impl Handle<DeleteTags> for Ec2 {
    async fn needs(&self, cx: &Cx, input: &DeleteTagsRequest) -> Result<Needs> {
        let keys: Vec<String> = input.tags.iter().flatten().filter_map(|tag| tag.key.clone()).collect();
        let asks = tagging::needs(&self.peek(cx), &input.resources).await?;
        Ok(asks
            .into_iter()
            .map(|ask| ask.tag_keys(keys.iter().cloned()))
            .fold(Needs::nothing(), Needs::and))
    }

    async fn handle(&self, cx: &Cx, input: DeleteTagsRequest) -> Reply<DeleteTags> {
        require_some(&input.resources)?;
        tags::remove(cx, &mut Tags::new(), input.tags.as_deref())?;
        dry_run(input.dry_run)?;
        let records = self.records(cx).await?;
        tagging::require_all(&records, &input.resources).await?;
        for id in &input.resources {
            tagging::change(cx, &records, id, &|cx, tags| {
                Ok(tags::remove(cx, tags, input.tags.as_deref())?)
            })
            .await?;
        }
        Ok(Empty {})
    }
}
