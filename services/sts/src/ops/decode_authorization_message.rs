//! sts:DecodeAuthorizationMessage — <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>

use api_sts::op::DecodeAuthorizationMessage;
use api_sts::{DecodeAuthorizationMessageRequest, DecodeAuthorizationMessageResponse, errors};

use crate::prelude::*;

impl Handle<DecodeAuthorizationMessage> for Sts {
    async fn needs(&self, _cx: &Cx, _input: &DecodeAuthorizationMessageRequest) -> Result<Needs> {
        Ok(Needs::any())
    }

    async fn handle(&self, cx: &Cx, input: DecodeAuthorizationMessageRequest) -> Reply<DecodeAuthorizationMessage> {
        match cx.sessions().open_text(&input.encoded_message) {
            Some(message) => Ok(DecodeAuthorizationMessageResponse {
                decoded_message: Some(message),
            }),
            None => Err(errors::INVALID_AUTHORIZATION_MESSAGE_EXCEPTION
                .with("Message is not valid")
                .into()),
        }
    }
}
