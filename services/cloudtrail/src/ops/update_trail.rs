//! cloudtrail:UpdateTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html>

use api_cloudtrail::op::UpdateTrail;
use api_cloudtrail::{UpdateTrailRequest, UpdateTrailResponse};

use crate::prelude::*;
use crate::records::{Trail, written};
use crate::trails;

impl Handle<UpdateTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &UpdateTrailRequest) -> Result<Needs> {
        let needs = self.needs_on(cx, &input.name).await?;
        Ok(needs.pass_role(
            written(input.cloud_watch_logs_role_arn.as_deref()),
            "cloudtrail.amazonaws.com",
        ))
    }

    async fn handle(&self, cx: &Cx, input: UpdateTrailRequest) -> Reply<UpdateTrail> {
        if let Some(bucket) = &input.s3_bucket_name {
            trails::check_bucket(bucket)?;
        }
        let trail = self.change(cx, &input.name, |trail| update(trail, &input)).await?;
        let api = trail.to_api();
        Ok(UpdateTrailResponse {
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

/// Takes over what is given; an empty text takes away what was there.
fn update(trail: &mut Trail, input: &UpdateTrailRequest) -> Result<()> {
    if let Some(bucket) = &input.s3_bucket_name {
        trail.bucket.clone_from(bucket);
    }
    let texts = [
        (&mut trail.prefix, &input.s3_key_prefix),
        (&mut trail.topic, &input.sns_topic_name),
        (&mut trail.log_group_arn, &input.cloud_watch_logs_log_group_arn),
        (&mut trail.log_role_arn, &input.cloud_watch_logs_role_arn),
        (&mut trail.kms_key_id, &input.kms_key_id),
    ];
    for (kept, given) in texts {
        if given.is_some() {
            *kept = written(given.clone());
        }
    }
    let switches = [
        (&mut trail.global_events, input.include_global_service_events),
        (&mut trail.multi_region, input.is_multi_region_trail),
        (&mut trail.validation, input.enable_log_file_validation),
    ];
    for (kept, given) in switches {
        *kept = given.unwrap_or(*kept);
    }
    trails::check_reach(trail.multi_region, trail.global_events, input.is_organization_trail)
}
