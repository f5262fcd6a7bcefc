//! cloudtrail:CreateTrail — <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html>

use api_cloudtrail::op::CreateTrail;
use api_cloudtrail::{CreateTrailRequest, CreateTrailResponse, Tag, errors};

use crate::prelude::*;
use crate::records::Trail;
use crate::trails::{self, scope};

/// How many trails a region can have, those of other regions that cover it included.
const MAX_TRAILS: usize = 5;
/// How many tags a trail can have.
const MAX_TAGS: usize = 50;

impl Handle<CreateTrail> for CloudTrail {
    async fn needs(&self, cx: &Cx, input: &CreateTrailRequest) -> Result<Needs> {
        let needs = Needs::on(trails::arn(cx, &input.name)).request_tags(&tags(input.tags_list.as_deref()));
        Ok(needs.pass_role(input.cloud_watch_logs_role_arn.as_deref(), "cloudtrail.amazonaws.com"))
    }

    async fn handle(&self, cx: &Cx, input: CreateTrailRequest) -> Reply<CreateTrail> {
        trails::check_name(&input.name)?;
        check_bucket(&input.s3_bucket_name)?;
        let (multi_region, global_events) = (
            input.is_multi_region_trail.unwrap_or_default(),
            input.include_global_service_events.unwrap_or(true),
        );
        if multi_region && !global_events {
            return Err(errors::INVALID_PARAMETER_COMBINATION_EXCEPTION
                .with("Multi-Region trail must include global service events.")
                .into());
        }
        if input.is_organization_trail == Some(true) {
            return Err(errors::ORGANIZATIONS_NOT_IN_USE_EXCEPTION
                .with("Your account is not a member of an organization.")
                .into());
        }
        let tags = tags(input.tags_list.as_deref());
        if tags.iter().count() > MAX_TAGS {
            let message = format!("A trail can have at most {MAX_TAGS} tags.");
            return Err(errors::TAGS_LIMIT_EXCEEDED_EXCEPTION.with(message).into());
        }
        let trail = Trail {
            arn: trails::arn(cx, &input.name),
            home: cx.region(),
            bucket: input.s3_bucket_name,
            prefix: input.s3_key_prefix,
            topic: input.sns_topic_name,
            log_group_arn: input.cloud_watch_logs_log_group_arn,
            log_role_arn: input.cloud_watch_logs_role_arn,
            kms_key_id: input.kms_key_id,
            global_events,
            multi_region,
            validation: input.enable_log_file_validation.unwrap_or_default(),
            logging: false,
            started: None,
            stopped: None,
            tags,
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

/// Refuses names that no bucket can have; whether there is such a bucket is not known here.
fn check_bucket(name: &str) -> Result<()> {
    let refused = |text: &str| Err(errors::INVALID_S3_BUCKET_NAME_EXCEPTION.with(text).into());
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&name.len()) {
        return refused("Bucket name must have between 3 and 63 characters.");
    }
    if !edge(name.chars().next()) || !edge(name.chars().last()) {
        return refused("Bucket name must start and end with a lowercase letter or number.");
    }
    if !name.chars().all(|c| edge(Some(c)) || c == '.' || c == '-') {
        return refused("Bucket name can only contain lowercase letters, numbers, periods and hyphens.");
    }
    Ok(())
}

fn tags(tags: Option<&[Tag]>) -> Tags {
    tags.unwrap_or_default()
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default()))
        .collect()
}
