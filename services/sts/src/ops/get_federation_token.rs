//! sts:GetFederationToken — <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>

use api_sts::op::GetFederationToken;
use api_sts::{FederatedUser, GetFederationTokenRequest, GetFederationTokenResponse};
use roadstead_kernel::{Claims, SessionKind};

use crate::prelude::*;
use crate::problems;
use crate::session::{self, Limits};

/// How long a session lasts when nothing is said, in seconds.
const DEFAULT_SECS: i32 = 43_200;

impl Handle<GetFederationToken> for Sts {
    async fn needs(&self, cx: &Cx, input: &GetFederationTokenRequest) -> Result<Needs> {
        let tags = session::requested(input.tags.as_deref());
        let arn = federated_arn(cx, &input.name);
        let needs = Needs::on(&arn).request_tags(&tags);
        Ok(if tags.is_empty() {
            needs
        } else {
            needs.also("sts:TagSession", arn).request_tags(&tags)
        })
    }

    async fn handle(&self, cx: &Cx, input: GetFederationTokenRequest) -> Reply<GetFederationToken> {
        let identity = match cx.caller().identity() {
            Some(identity) if cx.caller().session().is_none() => identity,
            _ => {
                return Err(problems::denied(
                    "Cannot call GetFederationToken with session credentials",
                ));
            }
        };
        let limits = Limits::check(cx, identity.account, input.policy, input.policy_arns).await?;
        let tags = session::tags_of(input.tags.as_deref())?;
        let packed_policy_size = limits.packed(&tags)?;
        let arn = federated_arn(cx, &input.name);
        let federated_user_id = format!("{}:{}", identity.account, input.name);
        let duration = session::own_duration(cx, input.duration_seconds, DEFAULT_SECS);
        let claims = Claims {
            key: String::new(),
            account: identity.account,
            who: identity.who.clone(),
            kind: SessionKind::Federated,
            arn: arn.clone(),
            user_id: federated_user_id.clone(),
            issued: cx.now(),
            expires: cx.now().plus(duration).cut_to_secs(),
            policy: limits.policy,
            policy_arns: limits.arns,
            tags,
            transitive: Vec::new(),
            source_identity: None,
            service: None,
        };
        Ok(GetFederationTokenResponse {
            credentials: Some(session::issue(cx, claims)?),
            federated_user: Some(FederatedUser { federated_user_id, arn }),
            packed_policy_size,
        })
    }
}

fn federated_arn(cx: &Cx, name: &str) -> String {
    cx.place().global_arn("sts", format_args!("federated-user/{name}"))
}
