//! logs:CreateLogGroup — <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>

use api_logs::op::CreateLogGroup;
use api_logs::{CreateLogGroupRequest, LogGroupClass, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};
use roadstead_wire::Empty;

use crate::error::invalid;
use crate::records::{Class, Group};
use crate::tagging::{check, from_api};
use crate::{Logs, arn, scope};

impl Handle<CreateLogGroup> for Logs {
    async fn needs(&self, cx: &Cx, input: &CreateLogGroupRequest) -> Result<Needs> {
        // AWS: recorded: the denied resource is the group alone, without a stream.
        let (arn, tags) = (
            arn::group(cx.place(), &input.log_group_name),
            from_api(input.tags.as_ref()),
        );
        let needs = Needs::on(arn.clone()).request_tags(&tags);
        Ok(if tags.is_empty() {
            needs
        } else {
            needs.also("logs:TagResource", arn).request_tags(&tags)
        })
    }

    async fn handle(&self, cx: &Cx, input: CreateLogGroupRequest) -> Reply<CreateLogGroup> {
        let name = input.log_group_name;
        if name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws/")) {
            return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
        }
        if input.kms_key_id.is_some() {
            return Err(invalid(
                "kmsKeyId is not supported: log events are not encrypted with KMS keys here.",
            ));
        }
        let tags = from_api(input.tags.as_ref());
        check(tags.iter().map(|(key, _)| key))?;
        let class = match input.log_group_class {
            None | Some(LogGroupClass::Standard) => Class::Standard,
            Some(LogGroupClass::InfrequentAccess) => Class::InfrequentAccess,
            Some(LogGroupClass::Delivery) => Class::Delivery,
            Some(LogGroupClass::Other(other)) => return Err(invalid(format!("Unknown log group class `{other}`."))),
        };
        let group = Group {
            uid: cx.ids().hex(16),
            created_at: cx.now(),
            // AWS: DELIVERY groups keep events for two days, always.
            retention_days: (class == Class::Delivery).then_some(2),
            class,
            deletion_protection: input.deletion_protection_enabled.unwrap_or_default(),
            stored_bytes: 0,
            tags,
            name,
        };
        let mut txn = Txn::new();
        self.groups
            .stage_new(&mut txn, scope(&cx.place()), &[&group.name], &group)?;
        match self.store.commit(txn).await {
            Ok(_) => Ok(Empty {}),
            Err(StoreError::Conflict { .. }) => Err(errors::RESOURCE_ALREADY_EXISTS_EXCEPTION
                .with("The specified log group already exists")
                .into()),
            Err(error) => Err(error).context("writing a log group"),
        }
    }
}
