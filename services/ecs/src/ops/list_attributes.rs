//! ecs:ListAttributes — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAttributes.html>

use api_ecs::op::ListAttributes;
use api_ecs::{Attribute, ListAttributesRequest, ListAttributesResponse, TargetType};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::run::{after, page_size};
use crate::{Ecs, scope};

impl Handle<ListAttributes> for Ecs {
    async fn needs(&self, cx: &Cx, input: &ListAttributesRequest) -> Result<Needs> {
        self.on_cluster(cx, input.cluster.as_deref()).await
    }

    async fn handle(&self, cx: &Cx, input: ListAttributesRequest) -> Reply<ListAttributes> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        if input.target_type != TargetType::ContainerInstance {
            return Err(invalid("Target type should be one of [container-instance]"));
        }
        if input.attribute_value.is_some() && input.attribute_name.is_none() {
            // AWS: the rule is documented, not the text.
            return Err(invalid("An attribute name must be specified along with a value."));
        }
        let limit = page_size(input.max_results)?;
        let filters = format!(
            "ListAttributes {cluster} {:?} {:?}",
            input.attribute_name, input.attribute_value
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let all = self
            .instances
            .list(scope(cx).of(), &[&cluster], None, usize::MAX)
            .await?;
        let mut found: Vec<(String, Attribute)> = Vec::new();
        for one in all.records.iter().filter(|one| one.record.is_registered()) {
            for (name, attribute) in &one.record.attributes {
                let is_name = input.attribute_name.as_ref().is_none_or(|wanted| wanted == name);
                let wanted = input.attribute_value.as_ref();
                if is_name && wanted.is_none_or(|wanted| attribute.value.as_ref() == Some(wanted)) {
                    found.push((
                        format!("{}/{name}", one.record.id),
                        Attribute {
                            name: name.clone(),
                            value: attribute.value.clone(),
                            target_type: Some(TargetType::ContainerInstance),
                            target_id: Some(one.record.arn(cx.place())),
                        },
                    ));
                }
            }
        }
        let page = paging::page(found.iter(), |(key, _)| key.as_str(), after.as_deref(), limit);
        Ok(ListAttributesResponse {
            attributes: Some(page.items.iter().map(|(_, attribute)| attribute.clone()).collect()),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}
