//! Content types that REST JSON insists on.

use crate::error::ApiError;
use crate::message::Request;
use crate::meta::OperationMeta;
use crate::schema::{Kind, Location, Member, Shape};

/// Refuses a body of the wrong type (415) and a reply that the caller would not take (406).
pub(crate) fn check(operation: &OperationMeta, request: &Request) -> Result<(), ApiError> {
    let sent = request.media_type().filter(|media| !media.is_empty());
    let wanted = media(operation.input, operation.has_input);
    let right = match (&wanted, sent) {
        // Without a body there is nothing to be of a type.
        (Media::Nothing, sent) => sent.is_none() || request.body.is_empty(),
        (Media::Anything, _) => true,
        (Media::One(_), None) => request.body.is_empty(),
        (Media::One(wanted), Some(sent)) => sent.eq_ignore_ascii_case(wanted),
    };
    if !right {
        return Err(ApiError::new(
            "UnsupportedMediaTypeException",
            415,
            "The content type is not supported.",
        ));
    }
    let given = media(operation.output, operation.has_output);
    if let (Media::One(given), Some(accept)) = (given, request.header("accept"))
        && !accept.split(',').any(|one| accepts(one, given))
    {
        return Err(ApiError::new(
            "NotAcceptableException",
            406,
            "The reply's content type is not accepted.",
        ));
    }
    Ok(())
}

enum Media {
    Nothing,
    Anything,
    One(&'static str),
}

fn media(shape: &'static Shape, modelled: bool) -> Media {
    if !modelled {
        return Media::Nothing;
    }
    if let Some(payload) = shape.members.iter().find(|m| m.location == Location::Payload) {
        return payload_media(payload).map_or(Media::Anything, Media::One);
    }
    if shape.members.is_empty() || shape.members.iter().any(|m| m.location == Location::Body) {
        Media::One("application/json")
    } else {
        Media::Nothing
    }
}

/// The content type of a payload; none when any will do.
pub(crate) fn payload_media(payload: &Member) -> Option<&'static str> {
    match payload.shape.kind {
        Kind::Blob => payload.shape.media_type,
        Kind::String | Kind::Enum => Some(payload.shape.media_type.unwrap_or("text/plain")),
        _ => Some("application/json"),
    }
}

/// Whether one part of an `Accept` header takes a media type.
fn accepts(part: &str, media: &str) -> bool {
    let part = part.split(';').next().unwrap_or_default().trim();
    if part == "*/*" || part.eq_ignore_ascii_case(media) {
        return true;
    }
    part.strip_suffix("/*").is_some_and(|kind| {
        media
            .split('/')
            .next()
            .is_some_and(|own| own.eq_ignore_ascii_case(kind))
    })
}
