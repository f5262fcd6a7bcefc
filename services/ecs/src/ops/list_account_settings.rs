//! ecs:ListAccountSettings — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html>

use api_ecs::op::ListAccountSettings;
use api_ecs::{ListAccountSettingsRequest, ListAccountSettingsResponse, Setting};
use roadstead_core::paging;
use roadstead_kernel::prelude::*;

use crate::account_settings::{addressed, named};
use crate::records::KNOWN;
use crate::run::{after, limit};
use crate::{Ecs, scope};

/// The page of a caller who asks for none in particular, and the largest one.
// AWS: documented.
const PAGES: (usize, i32) = (10, 10);

impl Handle<ListAccountSettings> for Ecs {
    async fn needs(&self, _cx: &Cx, _input: &ListAccountSettingsRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: ListAccountSettingsRequest) -> Reply<ListAccountSettings> {
        let principal = addressed(cx, input.principal_arn.as_deref())?;
        let asked = input.name.as_ref().map(|name| named(name.as_str())).transpose()?;
        if input.value.is_some() && asked.is_none() {
            // AWS: documented; a value is only looked for under a name.
            return Err(crate::error::invalid(
                "A setting name must be specified along with a value.",
            ));
        }
        let limit = limit(input.max_results, PAGES)?;
        let filters = format!(
            "ListAccountSettings {principal} {:?} {:?} {:?}",
            input.name, input.value, input.effective_settings
        );
        let after = after(&filters, input.next_token.as_deref())?;
        let mut settings: Vec<Setting> = Vec::new();
        for known in KNOWN
            .iter()
            .filter(|known| asked.is_none_or(|asked| asked.name == known.name))
        {
            let value = if input.effective_settings == Some(true) {
                Some(self.setting_of(cx, known, &principal).await?)
            } else {
                let found = self.settings.get(scope(cx).of(), &[known.name, &principal]).await?;
                found.map(|found| found.record.value)
            };
            let wanted = value.filter(|value| input.value.as_ref().is_none_or(|asked| asked == value));
            settings.extend(wanted.map(|value| known.to_api(&value, &principal)));
        }
        let name = |setting: &Setting| {
            setting
                .name
                .as_ref()
                .map(|name| name.as_str().to_owned())
                .unwrap_or_default()
        };
        settings.sort_by_key(name);
        let named: Vec<(String, Setting)> = settings.into_iter().map(|setting| (name(&setting), setting)).collect();
        let page = paging::page(named, |(name, _)| name.as_str(), after.as_deref(), limit);
        Ok(ListAccountSettingsResponse {
            settings: Some(page.items.into_iter().map(|(_, setting)| setting).collect()),
            next_token: page.next.map(|key| paging::token(&filters, &key)),
        })
    }
}
