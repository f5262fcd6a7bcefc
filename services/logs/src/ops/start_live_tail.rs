//! logs:StartLiveTail — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>

use api_logs::op::StartLiveTail;
use api_logs::{LiveTailSessionStart, StartLiveTailRequest, errors};
use roadstead_kernel::HandleStream;
use roadstead_kernel::prelude::*;
use roadstead_wire::Frames;

use crate::Logs;
use crate::arn::group_name_of;
use crate::error::invalid;
use crate::live::Wanted;
use crate::pattern::Pattern;
use crate::records::Class;

impl HandleStream<StartLiveTail> for Logs {
    async fn needs(&self, cx: &Cx, input: &StartLiveTailRequest) -> Result<Needs> {
        let mut needs = Needs::nothing();
        for identifier in &input.log_group_identifiers {
            let name = group_name(cx, identifier)?;
            needs = needs.and(self.needs_on_group(cx, &name).await?);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: StartLiveTailRequest) -> Result<Frames> {
        let names = input.log_stream_names.filter(|names| !names.is_empty());
        let prefixes = input.log_stream_name_prefixes.filter(|prefixes| !prefixes.is_empty());
        if names.is_some() && prefixes.is_some() {
            return Err(invalid(
                "Only one of logStreamNames and logStreamNamePrefixes may be specified.",
            ));
        }
        if input.log_group_identifiers.len() > 1 && (names.is_some() || prefixes.is_some()) {
            return Err(invalid(
                "logStreamNames and logStreamNamePrefixes may be specified for one log group only.",
            ));
        }
        let text = input.log_event_filter_pattern.as_deref().unwrap_or_default();
        let pattern = Pattern::parse(text)?;
        let mut groups = Vec::new();
        for identifier in &input.log_group_identifiers {
            let group = self.group(cx.place(), &group_name(cx, identifier)?).await?.record;
            if group.class != Class::Standard {
                return Err(errors::INVALID_OPERATION_EXCEPTION
                    .with("Live tail is available for log groups of the class STANDARD only.")
                    .into());
            }
            groups.push((group.uid, identifier.clone()));
        }
        let start = LiveTailSessionStart {
            request_id: Some(cx.request_id().to_owned()),
            session_id: Some(cx.ids().uuid()),
            log_group_identifiers: Some(input.log_group_identifiers),
            log_stream_names: Some(names.clone().unwrap_or_default()),
            log_stream_name_prefixes: Some(prefixes.clone().unwrap_or_default()),
            log_event_filter_pattern: Some(text.to_owned()),
        };
        let wanted = Wanted {
            place: cx.place(),
            groups,
            names,
            prefixes,
            pattern,
        };
        self.live.begin(wanted, &start)
    }
}

/// The group of an identifier, which is an ARN here.
// AWS: documented; the ARN must not end with an asterisk.
fn group_name(cx: &Cx, identifier: &str) -> Result<String> {
    if identifier.ends_with('*') {
        return Err(invalid(
            "The ARN of a log group in logGroupIdentifiers cannot end with an asterisk.",
        ));
    }
    group_name_of(cx.place(), identifier)
}
