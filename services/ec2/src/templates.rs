//! Launch templates: finding them by id or name, and their versions by number.

use roadstead_core::Timestamp;
use roadstead_kernel::{ApiError, Cx, Needs, Result};
use roadstead_store::{Txn, Versioned, ordered};

use crate::error::{client, combination, invalid, missing};
use crate::records::{LaunchTemplate, Records, Resource, TemplateData, TemplateVersion};

/// What the name of a template is called in links, so that it is unique.
pub fn name_key(name: &str) -> String {
    format!("launch-template-name/{name}")
}

/// The template that a request names by id or by name.
pub async fn named(records: &Records, id: Option<&str>, name: Option<&str>) -> Result<Versioned<LaunchTemplate>> {
    match (id, name) {
        (Some(_), Some(_)) => {
            Err(combination("Either the launch template ID or the name must be specified, not both.").into())
        }
        (Some(id), None) => records.get(id).await,
        (None, Some(name)) => {
            let no_name = || {
                client(
                    "InvalidLaunchTemplateName.NotFoundException",
                    format!("The specified launch template, with template name {name}, does not exist."),
                )
            };
            let ids = records.linked(&name_key(name)).await?;
            let id = ids.first().ok_or_else(no_name)?;
            records.find(id).await?.ok_or_else(|| no_name().into())
        }
        (None, None) => Err(missing("LaunchTemplateId or LaunchTemplateName").into()),
    }
}

/// What acting on a template needs.
pub async fn needs(records: &Records, id: Option<&str>, name: Option<&str>) -> Result<Needs> {
    let found = named(records, id, name).await;
    let id = match (&found, id) {
        (Ok(found), _) => found.record.id(),
        (Err(_), Some(id)) => id,
        (Err(_), None) => "*",
    };
    records.needs_on::<LaunchTemplate>(id).await
}

/// The version that a text means: a number, `$Latest` or `$Default`.
pub async fn version(records: &Records, template: &LaunchTemplate, text: &str) -> Result<TemplateVersion> {
    let number = match text {
        "$Latest" => template.latest_version,
        "$Default" => template.default_version,
        number => number.parse().map_err(|_| {
            invalid(format!(
                "Invalid launch template version: '{text}' must be a number, $Latest or $Default."
            ))
        })?,
    };
    let found = records
        .table::<TemplateVersion>()
        .get(records.scope(), &[&template.id, &ordered(number)])
        .await?;
    Ok(found
        .ok_or_else(|| no_version(&template.id, number))?
        .record
        .of(template))
}

fn no_version(template: &str, number: u64) -> ApiError {
    client(
        "InvalidLaunchTemplateId.VersionNotFound",
        format!("Could not find the specified version {number} for the launch template with ID {template}."),
    )
}

/// All versions of a template.
pub async fn versions(records: &Records, template: &LaunchTemplate) -> Result<Vec<TemplateVersion>> {
    let page = records
        .table::<TemplateVersion>()
        .list(records.scope(), &[&template.id], None, usize::MAX)
        .await?;
    Ok(page
        .records
        .into_iter()
        .map(|found| found.record.of(template))
        .collect())
}

/// Adds a version to a transaction.
pub fn stage_version(
    cx: &Cx,
    records: &Records,
    txn: &mut Txn,
    template: &LaunchTemplate,
    description: Option<String>,
    data: TemplateData,
) -> Result<TemplateVersion> {
    let now: Timestamp = cx.now().cut_to_secs();
    let version = TemplateVersion {
        template: template.id.clone(),
        number: template.latest_version,
        description,
        created: now,
        created_by: cx.caller().arn().to_owned(),
        data,
        is_default: false,
        name: String::new(),
        at: String::new(),
        tags: roadstead_core::Tags::new(),
    };
    let id = [template.id.as_str(), &ordered(version.number)];
    records
        .table::<TemplateVersion>()
        .stage_new(txn, records.scope(), &id, &version)?;
    Ok(version.of(template))
}
