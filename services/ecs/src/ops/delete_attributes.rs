//! ecs:DeleteAttributes — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAttributes.html>

use api_ecs::op::DeleteAttributes;
use api_ecs::{Attribute, DeleteAttributesRequest, DeleteAttributesResponse};
use roadstead_kernel::prelude::*;

use super::put_attributes::check;
use crate::Ecs;
use crate::records::ContainerInstance;

impl Handle<DeleteAttributes> for Ecs {
    async fn needs(&self, cx: &Cx, input: &DeleteAttributesRequest) -> Result<Needs> {
        self.on_targets(cx, input.cluster.as_deref(), &input.attributes).await
    }

    async fn handle(&self, cx: &Cx, input: DeleteAttributesRequest) -> Reply<DeleteAttributes> {
        check(&input.attributes)?;
        let delete = |record: &mut ContainerInstance, attribute: &Attribute| {
            // What the agent says of its instance is not the users' to delete.
            if record.attributes.get(&attribute.name).is_some_and(|known| known.put) {
                record.attributes.remove(&attribute.name);
            }
            Ok(())
        };
        let attributes = self
            .change_attributes(cx, input.cluster.as_deref(), input.attributes, delete)
            .await?;
        Ok(DeleteAttributesResponse {
            attributes: Some(attributes),
        })
    }
}
