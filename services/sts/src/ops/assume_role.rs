//! sts:AssumeRole — <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::sync::Arc;

use api_sts::op::AssumeRole;
use api_sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use roadstead_kernel::{CallerKind, Claims, Role, SessionKind};

use crate::prelude::*;
use crate::problems;
use crate::roles;
use crate::session::{self, Limits};

impl Handle<AssumeRole> for Sts {
    async fn needs(&self, cx: &Cx, input: &AssumeRoleRequest) -> Result<Needs> {
        let role = role(cx, &input.role_arn).await?;
        let tags = session::requested(input.tags.as_deref());
        let inherited = Inherited::of(cx);
        let asked = |needs: Needs| {
            needs
                .trusted_by(&role)
                .resource_tags("iam", &role.identity.tags)
                .key("sts:RoleSessionName", &input.role_session_name)
                .key_if("sts:ExternalId", input.external_id.as_deref())
                .key_if(
                    "sts:SourceIdentity",
                    input.source_identity.as_deref().or(inherited.source_identity),
                )
                .request_tags(&tags)
                .keys(
                    "sts:TransitiveTagKeys",
                    input.transitive_tag_keys.clone().unwrap_or_default(),
                )
        };
        let mut needs = asked(Needs::on(&input.role_arn));
        if !tags.is_empty() || !inherited.tags.is_empty() {
            needs = asked(needs.also("sts:TagSession", &input.role_arn));
        }
        if input.source_identity.is_some() || inherited.source_identity.is_some() {
            needs = asked(needs.also("sts:SetSourceIdentity", &input.role_arn));
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: AssumeRoleRequest) -> Reply<AssumeRole> {
        if cx.caller().kind() == CallerKind::Root {
            return Err(problems::denied("Roles may not be assumed by root accounts."));
        }
        if input.serial_number.is_some() || input.token_code.is_some() {
            // No device is ever registered here, so no code can be right.
            return Err(problems::denied(
                "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            ));
        }
        let role = role(cx, &input.role_arn).await?;
        let account = role.identity.account;
        let duration = roles::duration(cx, &role, input.duration_seconds)?;
        let limits = Limits::check(cx, account, input.policy, input.policy_arns).await?;
        let inherited = Inherited::of(cx);
        let given = session::tags_of(input.tags.as_deref())?;
        let transitive = input.transitive_tag_keys.unwrap_or_default();
        let (tags, transitive) = inherited.join(&given, transitive)?;
        let source_identity = match (inherited.source_identity, input.source_identity) {
            (Some(set), Some(other)) if set != other => {
                return Err(problems::may_not(cx, "sts:SetSourceIdentity", &input.role_arn));
            }
            (inherited, given) => given.or(inherited.map(ToOwned::to_owned)),
        };
        let packed_policy_size = limits.packed(&given)?;
        let user_id = format!("{}:{}", role.identity.id, input.role_session_name);
        let arn = roles::session_arn(cx, &role, &input.role_session_name);
        let claims = Claims {
            key: String::new(),
            account,
            who: role.identity.who.clone(),
            kind: SessionKind::Role,
            arn: arn.clone(),
            user_id: user_id.clone(),
            issued: cx.now(),
            expires: cx.now().plus(duration).cut_to_secs(),
            policy: limits.policy,
            policy_arns: limits.arns,
            tags,
            transitive,
            source_identity: source_identity.clone(),
            service: (cx.caller().kind() == CallerKind::Service).then(|| cx.caller().arn().to_owned()),
        };
        Ok(AssumeRoleResponse {
            credentials: Some(session::issue(cx, claims)?),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: user_id,
                arn,
            }),
            packed_policy_size,
            source_identity,
        })
    }
}

/// The role of an ARN. One that does not exist is refused as one that may not be assumed.
async fn role(cx: &Cx, arn: &str) -> Result<Arc<Role>> {
    let (account, name) = session::role_of(arn).ok_or_else(|| problems::validation(format!("{arn} is invalid")))?;
    let found = cx.directory().role(account, name).await?;
    found
        .filter(|role| role.identity.arn == arn)
        .ok_or_else(|| problems::may_not(cx, "sts:AssumeRole", arn))
}

/// What a session passes on to the sessions that are assumed from it.
struct Inherited<'a> {
    tags: Tags,
    transitive: &'a [String],
    source_identity: Option<&'a str>,
}

impl<'a> Inherited<'a> {
    fn of(cx: &'a Cx) -> Self {
        let Some(session) = cx.caller().session() else {
            return Self {
                tags: Tags::new(),
                transitive: &[],
                source_identity: None,
            };
        };
        let passed = |key: &str| session.transitive.iter().any(|passed| passed.eq_ignore_ascii_case(key));
        Self {
            tags: session.tags.iter().filter(|(key, _)| passed(key)).collect(),
            transitive: &session.transitive,
            source_identity: session.source_identity.as_deref(),
        }
    }

    /// The tags of the new session and the keys that it passes on itself.
    fn join(&self, given: &Tags, transitive: Vec<String>) -> Result<(Tags, Vec<String>)> {
        let has = |tags: &Tags, key: &str| tags.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
        if given.iter().any(|(key, _)| has(&self.tags, key)) {
            return Err(problems::invalid_parameter(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
            ));
        }
        if transitive.iter().any(|key| !has(given, key)) {
            return Err(problems::invalid_parameter(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        let mut tags = self.tags.clone();
        tags.merge(given);
        Ok((tags, self.transitive.iter().cloned().chain(transitive).collect()))
    }
}
