//! Account settings: who may set them for whom, what holds for a caller, and what follows from it.

use roadstead_core::{Arn, Tags};
use roadstead_kernel::{CallerKind, Cx, Needs, Result};

use crate::error::{client, invalid};
use crate::records::{AccountSetting, KNOWN, KnownSetting};
use crate::{Ecs, scope};

/// The ARN under which the account's own values are kept: the root user's.
fn root(cx: &Cx) -> String {
    cx.place().global_arn("iam", "root")
}

/// The principal whose settings hold for a caller: the user or the role; the root user for federated users.
// AWS: documented.
fn principal(cx: &Cx) -> String {
    match (cx.caller().kind(), cx.caller().identity()) {
        (CallerKind::User | CallerKind::RoleSession, Some(identity)) => identity.arn.clone(),
        _ => root(cx),
    }
}

/// Whether the caller is the root user, or has its settings.
pub fn is_root(cx: &Cx) -> bool {
    principal(cx) == root(cx)
}

/// The principal that a request is about. Errors: `InvalidParameterException` for what is no user, role or root user of
/// the account, `ClientException` where one user speaks of another.
pub fn addressed(cx: &Cx, given: Option<&str>) -> Result<String> {
    let own = principal(cx);
    let Some(given) = given.filter(|given| !given.is_empty() && *given != own) else {
        return Ok(own);
    };
    let is_principal = Arn::parse(given).is_some_and(|arn| {
        arn.service == "iam"
            && arn.account == cx.account().as_str()
            && (arn.resource == "root" || arn.resource.starts_with("user/") || arn.resource.starts_with("role/"))
    });
    if !is_principal {
        return Err(invalid(
            "The principalArn must be the ARN of an IAM user, an IAM role or the root user.",
        ));
    }
    if !is_root(cx) {
        // AWS: documented; only the root user speaks of others.
        return Err(client("To specify another principal, you must be the root user."));
    }
    Ok(given.to_owned())
}

/// The setting of a name. Errors: `InvalidParameterException` in AWS's words.
pub fn named(name: &str) -> Result<&'static KnownSetting> {
    KnownSetting::find(name).ok_or_else(|| {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        invalid(format!("{name} should be one of [{}]", names.join(",")))
    })
}

/// A setting and a value that it may get. Errors: `InvalidParameterException`.
pub fn checked(name: &str, value: &str) -> Result<&'static KnownSetting> {
    let known = named(name)?;
    if known.managed {
        return Err(invalid(format!("{name} is managed by AWS and can't be changed.")));
    }
    if !known.values.contains(&value) {
        // AWS: reported (aws-cli#3785).
        return Err(invalid("Invalid setting 'value'"));
    }
    if known.is_arn_format() && value == "disabled" {
        // AWS: quoted in the documentation of Terraform's provider; the old format cannot be chosen since 2021.
        return Err(invalid("You can no longer disable Long Arn settings"));
    }
    Ok(known)
}

impl Ecs {
    /// Sets a value, for a principal or, with the root user's ARN, for the account.
    pub(crate) async fn put_setting(
        &self,
        cx: &Cx,
        name: &str,
        value: &str,
        principal: String,
    ) -> Result<api_ecs::Setting> {
        let known = checked(name, value)?;
        let setting = AccountSetting {
            name: name.to_owned(),
            value: value.to_owned(),
            principal,
        };
        self.settings
            .put(scope(cx).of(), &[name, &setting.principal], &setting)
            .await?;
        Ok(known.to_api(value, &setting.principal))
    }

    /// Sets a value for the account.
    pub(crate) async fn put_default_setting(&self, cx: &Cx, name: &str, value: &str) -> Result<api_ecs::Setting> {
        self.put_setting(cx, name, value, root(cx)).await
    }

    /// The value that holds for a principal: its own, the account's, or that of a new account.
    pub(crate) async fn setting_of(&self, cx: &Cx, known: &'static KnownSetting, principal: &str) -> Result<String> {
        for who in [principal, &root(cx)] {
            if let Some(found) = self.settings.get(scope(cx).of(), &[known.name, who]).await? {
                return Ok(found.record.value);
            }
        }
        Ok(known.default.to_owned())
    }

    /// The value that holds for the caller.
    pub(crate) async fn setting(&self, cx: &Cx, name: &str) -> Result<String> {
        let known = named(name)?;
        self.setting_of(cx, known, &principal(cx)).await
    }

    /// With tags in a creating request: `ecs:TagResource` on what will be made, unless the account turned that off.
    ///
    /// The resource may be a pattern where its name is only given out later.
    pub(crate) async fn tagging(
        &self,
        cx: &Cx,
        needs: Needs,
        operation: &'static str,
        resource: String,
        tags: &Tags,
    ) -> Result<Needs> {
        if tags.is_empty() || self.setting(cx, "tagResourceAuthorization").await? == "off" {
            return Ok(needs);
        }
        Ok(needs
            .also("ecs:TagResource", resource)
            .key("ecs:CreateAction", operation)
            .request_tags(tags))
    }
}
