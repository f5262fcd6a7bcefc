//! cloudtrail:CreateTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>

use api_cloudtrail::op::CreateTrail;
use api_cloudtrail::{CreateTrailRequest, CreateTrailResponse, errors};

use crate::prelude::*;
use crate::records::{Trail, written};
use crate::selectors::Selectors;
use crate::tags::{self, check_count};
use crate::trails::{self, scope};

/// How many trails a region can have, those of other regions that cover it included.
const MAX_TRAILS: usize = 5;

impl Handle<CreateTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &CreateTrailRequest) -> Result<Needs> {
        let needs = Needs::on(trails::arn(cx, &input.name)).request_tags(&tags::from_api(input.tags_list.as_deref()));
        Ok(needs.pass_role(
            written(input.cloud_watch_logs_role_arn.as_deref()),
            "cloudtrail.amazonaws.com",
        ))
    }

    async fn handle(&self, cx: &Cx, input: CreateTrailRequest) -> Reply<CreateTrail> {
        trails::check_name(&input.name)?;
        trails::check_bucket(&input.s3_bucket_name)?;
        let (multi_region, global_events) = (
            input.is_multi_region_trail.unwrap_or_default(),
            input.include_global_service_events.unwrap_or(true),
        );
        trails::check_reach(multi_region, global_events, input.is_organization_trail)?;
        let tags = tags::from_api(input.tags_list.as_deref());
        check_count(&tags)?;
        let trail = Trail {
            arn: trails::arn(cx, &input.name),
            home: cx.region(),
            bucket: input.s3_bucket_name,
            prefix: written(input.s3_key_prefix),
            topic: written(input.sns_topic_name),
            log_group_arn: written(input.cloud_watch_logs_log_group_arn),
            log_role_arn: written(input.cloud_watch_logs_role_arn),
            kms_key_id: written(input.kms_key_id),
            global_events,
            multi_region,
            validation: input.enable_log_file_validation.unwrap_or_default(),
            logging: false,
            started: None,
            stopped: None,
            tags,
            selectors: Selectors::default(),
            name: input.name,
        };
        let others = self.within(cx, true).await?;
        if others.len() >= MAX_TRAILS && others.iter().all(|other| other.arn != trail.arn) {
            let message = format!(
                "User: {} already has {MAX_TRAILS} trails in {}.",
                cx.account(),
                cx.region()
            );
            return Err(errors::MAXIMUM_NUMBER_OF_TRAILS_EXCEEDED_EXCEPTION.with(message).into());
        }
        match self
            .trails
            .put_new(scope(&cx.account(), cx.region()), &[&trail.name], &trail)
            .await
        {
            Err(error) if error.is_conflict() => {
                let message = format!("Trail {} already exists for customer: {}", trail.name, cx.account());
                return Err(errors::TRAIL_ALREADY_EXISTS_EXCEPTION.with(message).into());
            }
            outcome => outcome?,
        };
        let api = trail.to_api();
        Ok(CreateTrailResponse {
            name: api.name,
            s3_bucket_name: api.s3_bucket_name,
            s3_key_prefix: api.s3_key_prefix,
            sns_topic_name: api.sns_topic_name,
            sns_topic_arn: api.sns_topic_arn,
            include_global_service_events: api.include_global_service_events,
            is_multi_region_trail: api.is_multi_region_trail,
            trail_arn: api.trail_arn,
            log_file_validation_enabled: api.log_file_validation_enabled,
            cloud_watch_logs_log_group_arn: api.cloud_watch_logs_log_group_arn,
            cloud_watch_logs_role_arn: api.cloud_watch_logs_role_arn,
            kms_key_id: api.kms_key_id,
            is_organization_trail: api.is_organization_trail,
        })
    }
}
