//! sts:GetSessionToken — <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>

use api_sts::op::GetSessionToken;
use api_sts::{GetSessionTokenRequest, GetSessionTokenResponse};
use roadstead_kernel::{Claims, SessionKind};

use crate::prelude::*;
use crate::{problems, session};

/// How long a session lasts when nothing is said, in seconds.
const DEFAULT_SECS: i32 = 43_200;

impl Handle<GetSessionToken> for Sts {
    async fn needs(&self, _cx: &Cx, _input: &GetSessionTokenRequest) -> Result<Needs> {
        Ok(Needs::nothing())
    }

    async fn handle(&self, cx: &Cx, input: GetSessionTokenRequest) -> Reply<GetSessionToken> {
        let identity = match cx.caller().identity() {
            Some(identity) if cx.caller().session().is_none() => identity,
            _ => return Err(problems::denied("Cannot call GetSessionToken with session credentials")),
        };
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(problems::denied(
                "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            ));
        }
        let duration = session::own_duration(cx, input.duration_seconds, DEFAULT_SECS);
        let claims = Claims {
            key: String::new(),
            account: identity.account,
            who: identity.who.clone(),
            kind: SessionKind::Same,
            arn: identity.arn.clone(),
            user_id: identity.id.clone(),
            issued: cx.now(),
            expires: cx.now().plus(duration).cut_to_secs(),
            policy: None,
            policy_arns: Vec::new(),
            tags: Tags::new(),
            transitive: Vec::new(),
            source_identity: None,
            service: None,
        };
        Ok(GetSessionTokenResponse {
            credentials: Some(session::issue(cx, claims)?),
        })
    }
}
