//! sts:AssumeRoleWithWebIdentity — <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use std::sync::Arc;

use api_sts::op::AssumeRoleWithWebIdentity;
use api_sts::{AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse, AssumedRoleUser};
use roadstead_kernel::{Claims, OidcProvider, Role, SessionKind};
use serde_json::Value;

use crate::prelude::*;
use crate::problems;
use crate::roles;
use crate::session::{self, Limits};
use crate::token::Token;

/// The claim that carries session tags.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The claim that carries the source identity.
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// The claims of GitHub's tokens that are condition keys, beyond those of every provider.
const GITHUB: [&str; 11] = [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
    "repository_owner",
];

impl Handle<AssumeRoleWithWebIdentity> for Sts {
    async fn needs(&self, cx: &Cx, input: &AssumeRoleWithWebIdentityRequest) -> Result<Needs> {
        let token = Token::parse(&input.web_identity_token)?;
        let role = role(cx, &input.role_arn).await?;
        let provider = provider(cx, &role, &token).await?;
        let issuer = without_scheme(token.issuer()?).to_owned();
        let (tags, transitive) = tags(&token);
        let mut keys: Vec<(String, String)> = vec![
            (format!("{issuer}:aud"), token.audience()?.to_owned()),
            (format!("{issuer}:sub"), token.subject()?.to_owned()),
        ];
        if token.text("azp").is_some() {
            keys.extend(
                token
                    .audiences()
                    .next()
                    .map(|audience| (format!("{issuer}:oaud"), audience.to_owned())),
            );
        }
        if issuer.starts_with("token.actions.githubusercontent.com") {
            let known = GITHUB
                .iter()
                .filter_map(|claim| Some((format!("{issuer}:{claim}"), token.text(claim)?.to_owned())));
            keys.extend(known);
        }
        let methods: Vec<String> = match token.claim("amr") {
            Some(Value::Array(methods)) => methods
                .iter()
                .filter_map(Value::as_str)
                .map(ToOwned::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        let asked = |needs: Needs| {
            let needs = needs
                .trusted_by(&role)
                .vouched_by(&provider.arn)
                .resource_tags("iam", &role.identity.tags)
                .key("sts:RoleSessionName", &input.role_session_name)
                .key_if("sts:SourceIdentity", token.text(SOURCE_IDENTITY))
                .keys("sts:TransitiveTagKeys", transitive.clone())
                .request_tags(&tags)
                .keys(format!("{issuer}:amr"), methods.clone());
            keys.iter()
                .fold(needs, |needs, (name, value)| needs.key(name.clone(), value))
        };
        let mut needs = asked(Needs::on(&input.role_arn));
        if !tags.is_empty() {
            needs = asked(needs.also("sts:TagSession", &input.role_arn));
        }
        if token.text(SOURCE_IDENTITY).is_some() {
            needs = asked(needs.also("sts:SetSourceIdentity", &input.role_arn));
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: AssumeRoleWithWebIdentityRequest) -> Reply<AssumeRoleWithWebIdentity> {
        let token = Token::parse(&input.web_identity_token)?;
        let role = role(cx, &input.role_arn).await?;
        provider(cx, &role, &token).await?;
        let account = role.identity.account;
        let limits = Limits::check(cx, account, input.policy, input.policy_arns).await?;
        let (tags, transitive) = tags(&token);
        let packed_policy_size = limits.packed(&tags)?;
        let user_id = format!("{}:{}", role.identity.id, input.role_session_name);
        let arn = roles::session_arn(cx, &role, &input.role_session_name);
        let source_identity = token.text(SOURCE_IDENTITY).map(ToOwned::to_owned);
        let claims = Claims {
            key: String::new(),
            account,
            who: role.identity.who.clone(),
            kind: SessionKind::Role,
            arn: arn.clone(),
            user_id: user_id.clone(),
            issued: cx.now(),
            expires: cx
                .now()
                .plus(roles::duration(cx, &role, input.duration_seconds)?)
                .cut_to_secs(),
            policy: limits.policy,
            policy_arns: limits.arns,
            tags,
            transitive,
            source_identity: source_identity.clone(),
            service: None,
        };
        Ok(AssumeRoleWithWebIdentityResponse {
            credentials: Some(session::issue(cx, claims)?),
            subject_from_web_identity_token: Some(token.subject()?.to_owned()),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: user_id,
                arn,
            }),
            packed_policy_size,
            provider: Some(token.issuer()?.to_owned()),
            audience: Some(token.audience()?.to_owned()),
            source_identity,
        })
    }
}

async fn role(cx: &Cx, arn: &str) -> Result<Arc<Role>> {
    let (account, name) = session::role_of(arn).ok_or_else(|| problems::validation("Request ARN is invalid"))?;
    let found = cx.directory().role(account, name).await?;
    found
        .filter(|role| role.identity.arn == arn)
        .ok_or_else(|| problems::denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"))
}

/// The provider of the role's account that issued the token; the token is checked against it.
async fn provider(cx: &Cx, role: &Role, token: &Token<'_>) -> Result<OidcProvider> {
    let issuer = token.issuer()?;
    let found = cx
        .directory()
        .oidc_provider(role.identity.account, without_scheme(issuer))
        .await?;
    let provider = found.ok_or_else(|| {
        problems::invalid_token(format!("No OpenIDConnect provider found in your account for {issuer}"))
    })?;
    token.check(&provider, cx.now())?;
    Ok(provider)
}

fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url).trim_end_matches('/')
}

/// The session tags that a token carries, and the keys of those that pass on.
fn tags(token: &Token<'_>) -> (Tags, Vec<String>) {
    let Some(carried) = token.claim(TAGS) else {
        return (Tags::new(), Vec::new());
    };
    let principal = carried
        .get("principal_tags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let pairs = principal.filter_map(|(key, values)| {
        let value = values.as_str().or_else(|| values.as_array()?.first()?.as_str())?;
        Some((key.clone(), value.to_owned()))
    });
    let transitive = carried
        .get("transitive_tag_keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    (
        pairs.collect(),
        transitive.filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
    )
}
