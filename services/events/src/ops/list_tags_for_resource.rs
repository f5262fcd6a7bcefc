//! events:ListTagsForResource — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html>

use api_events::op::ListTagsForResource;
use api_events::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use crate::arn::{Tagged, tagged};
use crate::check::tags_to_api;
use crate::prelude::*;

impl Handle<ListTagsForResource> for Events {
    async fn needs(&self, cx: &Cx, input: &ListTagsForResourceRequest) -> Result<Needs> {
        self.needs_for_tags(cx, &input.resource_arn).await
    }

    async fn handle(&self, cx: &Cx, input: ListTagsForResourceRequest) -> Reply<ListTagsForResource> {
        let tags = match tagged(cx.place(), &input.resource_arn)? {
            Tagged::Bus(name) => self.bus(cx.place(), &name).await?.tags,
            Tagged::Rule { bus, name } => self.rule(cx.place(), &bus, &name).await?.record.tags,
        };
        Ok(ListTagsForResourceResponse {
            tags: Some(tags_to_api(&tags)),
        })
    }
}

impl Events {
    /// What reading and changing tags needs: the resource itself, with its tags.
    pub(crate) async fn needs_for_tags(&self, cx: &Cx, resource: &str) -> Result<Needs> {
        match tagged(cx.place(), resource)? {
            Tagged::Bus(name) => self.needs_on_bus(cx, &name).await,
            Tagged::Rule { bus, name } => self.needs_on_rule(cx, Some(&bus), &name).await,
        }
    }

    /// Changes the tags of a bus or a rule.
    pub(crate) async fn change_tags(
        &self,
        cx: &Cx,
        resource: &str,
        change: impl Fn(&mut Tags) -> Result<()>,
    ) -> Result<()> {
        match tagged(cx.place(), resource)? {
            Tagged::Bus(name) => {
                self.change_bus(cx.place(), &name, cx.now(), |bus| change(&mut bus.tags))
                    .await?;
            }
            Tagged::Rule { bus, name } => {
                self.rule(cx.place(), &bus, &name).await?;
                let id = [bus.as_str(), name.as_str()];
                let apply = |rule: &mut crate::records::Rule| change(&mut rule.tags);
                let changed = self.rules.update(scope(&cx.place()), &id, apply).await?;
                changed.ok_or_else(|| crate::error::rule_not_found(&name, &bus))?;
            }
        }
        Ok(())
    }
}
