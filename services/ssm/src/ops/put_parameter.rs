//! ssm:PutParameter — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>

use api_ssm::op::PutParameter;
use api_ssm::{ParameterTier, ParameterType, PutParameterRequest, PutParameterResult, errors};
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn, Versioned, ordered};

use crate::error::{invalid, too_many_updates};
use crate::name::Named;
use crate::records::{Kept, Parameter, Sealed, Superseded, Tier, Type, Version};
use crate::rules::{MAX_STANDARD, check_name, check_value};
use crate::{MAX_RETRIES, Ssm, scope, tagging};

/// Most versions that are kept.
const MAX_VERSIONS: u64 = 100;
/// The key of secure values for which none is named.
const DEFAULT_KEY: &str = "alias/aws/ssm";

impl Handle<PutParameter> for Ssm {
    async fn needs(&self, cx: &Cx, input: &PutParameterRequest) -> Result<Needs> {
        let named = Named::parse(&input.name);
        let tags = tagging::from_api(input.tags.as_deref().unwrap_or_default());
        let overwrite = input.overwrite.unwrap_or(false).to_string();
        let needs = self.needs_on(cx, &named).await?.key("ssm:Overwrite", overwrite);
        let needs = needs.request_tags(&tags);
        Ok(if tags.is_empty() {
            needs
        } else {
            needs
                .also("ssm:AddTagsToResource", named.arn(cx.place()))
                .request_tags(&tags)
        })
    }

    async fn handle(&self, cx: &Cx, input: PutParameterRequest) -> Reply<PutParameter> {
        let named = Named::parse(&input.name);
        if named.selector.is_some() || named.names_in(cx.place()).next().is_none() {
            return Err(invalid(
                "Parameter name: must be the name of a parameter, without a version or label.",
            ));
        }
        if input
            .policies
            .as_deref()
            .is_some_and(|policies| !matches!(policies.trim(), "" | "[]" | "[{}]"))
        {
            return Err(invalid("Parameter policies are not available here."));
        }
        for _ in 0..MAX_RETRIES {
            let found = self.find(cx, &named).await?;
            let name = found.as_ref().map_or(named.name(), |found| &found.record.name);
            check_name(cx.place(), name)?;
            let made = match &found {
                None => first(cx, name, &input)?,
                Some(found) => next(cx, &found.record, &input)?,
            };
            match self.store.commit(self.stage(cx, found.as_ref(), &made)?).await {
                Ok(_) => {
                    return Ok(PutParameterResult {
                        version: made.latest.api_number(),
                        tier: Some(made.latest.tier.to_api()),
                    });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error).context("writing a parameter"),
            }
        }
        Err(too_many_updates())
    }
}

impl Ssm {
    /// What writes a parameter and keeps its version before, and lets go of the oldest when there are too many.
    fn stage(&self, cx: &Cx, found: Option<&Versioned<Parameter>>, made: &Parameter) -> Result<Txn> {
        let mut txn = Txn::new();
        let (place, name) = (cx.place(), made.name.as_str());
        let Some(found) = found else {
            self.parameters.stage_new(&mut txn, scope(&place), &[name], made)?;
            return Ok(txn);
        };
        self.parameters
            .stage_replace(&mut txn, scope(&place), &[name], found.revision, made)?;
        let before = Superseded(found.record.latest.clone());
        let id = [name, &ordered(before.0.number)];
        self.superseded.stage_put(&mut txn, scope(&place), &id, &before)?;
        if made.oldest != found.record.oldest {
            let key = roadstead_store::Table::<Superseded>::key(scope(&place), &[name, &ordered(found.record.oldest)]);
            txn = txn.delete(key);
        }
        Ok(txn)
    }
}

/// A parameter with its first version.
fn first(cx: &Cx, name: &str, input: &PutParameterRequest) -> Result<Parameter> {
    let Some(kind) = kind(input)? else {
        return Err(invalid("A parameter type is required when you create a parameter."));
    };
    let tags = tagging::from_api(input.tags.as_deref().unwrap_or_default());
    tagging::check(tags.iter().map(|(key, _)| key))?;
    let mut made = Parameter {
        name: name.to_owned(),
        kind,
        latest: version(cx, name, kind, 1, input, None)?,
        oldest: 1,
        labels: std::collections::BTreeMap::new(),
        tags: Tags::new(),
    };
    tagging::add(&mut made, &tags)?;
    Ok(made)
}

/// A parameter with one more version.
fn next(cx: &Cx, before: &Parameter, input: &PutParameterRequest) -> Result<Parameter> {
    if input.overwrite != Some(true) {
        return Err(errors::PARAMETER_ALREADY_EXISTS
            .with("The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
            .into());
    }
    if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        return Err(invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    if kind(input)?.is_some_and(|kind| kind != before.kind) {
        return Err(errors::HIERARCHY_TYPE_MISMATCH_EXCEPTION
            .with("Parameter Store doesn't support changing a parameter type.")
            .into());
    }
    let number = before.latest.number + 1;
    let mut made = Parameter {
        latest: version(cx, &before.name, before.kind, number, input, Some(&before.latest))?,
        ..before.clone()
    };
    if number - before.oldest >= MAX_VERSIONS {
        if before.labels.values().any(|labelled| *labelled == before.oldest) {
            return Err(errors::PARAMETER_MAX_VERSION_LIMIT_EXCEEDED
                .with(format!(
                    "You attempted to create a new version of {} by calling the PutParameter API with the overwrite flag. \
                     Version {}, the oldest version, can't be deleted because it has a label associated with it. Move the \
                     label to another version of the parameter, and try again.",
                    before.name, before.oldest
                ))
                .into());
        }
        made.oldest += 1;
    }
    Ok(made)
}

fn kind(input: &PutParameterRequest) -> Result<Option<Type>> {
    match &input.r#type {
        None => Ok(None),
        Some(ParameterType::Other(other)) => Err(errors::UNSUPPORTED_PARAMETER_TYPE
            .with(format!("The parameter type {other} is not supported."))
            .into()),
        Some(named) => Ok(Type::from_api(named)),
    }
}

/// A version; what the call does not say stays as it was before.
fn version(
    cx: &Cx,
    name: &str,
    kind: Type,
    number: u64,
    input: &PutParameterRequest,
    before: Option<&Version>,
) -> Result<Version> {
    let tier = tier(input, before)?;
    let kept =
        |given: &Option<String>, earlier: Option<&Option<String>>| given.clone().or_else(|| earlier.cloned().flatten());
    let pattern = kept(&input.allowed_pattern, before.map(|before| &before.allowed_pattern));
    let data_type = input.data_type.clone().filter(|named| !named.is_empty());
    let data_type = data_type.or_else(|| before.map(|before| before.data_type.clone()));
    let data_type = data_type.unwrap_or_else(|| "text".to_owned());
    check_value(&input.value, kind, tier, pattern.as_deref(), &data_type)?;
    let (value, key_id) = if kind == Type::SecureString {
        let key = kept(&input.key_id, before.map(|before| &before.key_id)).unwrap_or_else(|| DEFAULT_KEY.to_owned());
        (Kept::Sealed(Sealed::close(cx, name, number, &input.value)?), Some(key))
    } else if input.key_id.is_some() {
        return Err(invalid("KeyId is required for SecureString type parameter only."));
    } else {
        (Kept::Plain(input.value.clone()), None)
    };
    Ok(Version {
        number,
        value,
        key_id,
        description: kept(&input.description, before.map(|before| &before.description)),
        allowed_pattern: pattern,
        tier,
        data_type,
        modified_at: cx.now(),
        modified_by: cx.caller().arn().to_owned(),
    })
}

fn tier(input: &PutParameterRequest, before: Option<&Version>) -> Result<Tier> {
    let earlier = before.map_or(Tier::Standard, |before| before.tier);
    match &input.tier {
        Some(ParameterTier::Standard) if earlier == Tier::Advanced => Err(invalid(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter \
             tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a \
             standard parameter.",
        )),
        Some(ParameterTier::Standard) => Ok(Tier::Standard),
        Some(ParameterTier::Advanced) => Ok(Tier::Advanced),
        Some(ParameterTier::IntelligentTiering) if input.value.len() > MAX_STANDARD => Ok(Tier::Advanced),
        None | Some(ParameterTier::IntelligentTiering) => Ok(earlier),
        Some(ParameterTier::Other(other)) => Err(invalid(format!("The tier {other} is not known."))),
    }
}
