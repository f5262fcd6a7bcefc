//! Every way to spoil a signed request, each refused.

use http::HeaderValue;

use super::super::{AuthError, Family, Request, Signed, SigningKey};
use super::{Call, KEY, NOON, SECRET, minutes};

/// What is altered, and how.
type Alteration = (&'static str, fn(&mut Call));

fn is_incomplete(outcome: &Result<(), AuthError>) -> bool {
    matches!(outcome, Err(AuthError::Incomplete(_)))
}

fn is_skew(outcome: &Result<(), AuthError>) -> bool {
    matches!(outcome, Err(AuthError::Skew(_)))
}

#[test]
fn what_our_signer_signs_is_believed_in_both_forms() {
    assert_eq!(Call::to_ecs().signed().verify(), Ok(()));
    assert_eq!(Call::to_ecs().sign_with(Some("a/token+==")).verify(), Ok(()));
    assert_eq!(Call::to_sts().signed().verify(), Ok(()));
    assert_eq!(Call::to_sts().presigned(60).verify(), Ok(()));
}

#[test]
fn a_request_without_a_signature_is_unsigned() {
    assert!(Signed::parse(Call::to_ecs().request()).unwrap().is_none());
    let mut empty = Call::to_ecs();
    empty.set("authorization", "");
    assert!(Signed::parse(empty.request()).unwrap().is_none());
}

#[test]
fn key_scope_and_token_are_read_from_the_right() {
    let call = Call::to_ecs().sign_with(Some("token"));
    let signed = Signed::parse(call.request()).unwrap().unwrap();
    let scope = signed.scope();
    assert_eq!((signed.access_key_id(), signed.session_token()), (KEY, Some("token")));
    assert_eq!(
        (scope.date, scope.region, scope.service),
        ("20261123", "eu-west-1", "ecs")
    );
    assert_eq!((signed.signed_at(), signed.is_presigned()), (NOON, false));
}

#[test]
fn each_signed_part_altered_is_a_mismatch() {
    let alterations: [Alteration; 9] = [
        ("method", |call| call.method = "PUT".to_owned()),
        ("path", |call| call.path = "/x".to_owned()),
        ("query", |call| call.query = "a=b".to_owned()),
        ("body", |call| call.body.push(b' ')),
        ("host", |call| call.set("host", "127.0.0.1:4567")),
        ("target", |call| {
            call.set("x-amz-target", "AmazonEC2ContainerServiceV20141113.DeleteCluster");
        }),
        ("content type", |call| call.set("content-type", "application/json")),
        ("a second host", |call| {
            call.headers.append("host", HeaderValue::from_static("b"));
        }),
        ("date within the window", |call| {
            let later = minutes(1).basic();
            call.set("x-amz-date", &later);
        }),
    ];
    for (part, alter) in alterations {
        let mut call = Call::to_ecs().signed();
        alter(&mut call);
        assert_eq!(call.verify(), Err(AuthError::Mismatch), "{part}");
    }
}

#[test]
fn each_part_of_a_presigned_request_altered_is_refused() {
    for (from, to) in [
        ("GetCallerIdentity", "GetSessionToken"),
        ("X-Amz-Expires=60", "X-Amz-Expires=600"),
        ("eu-west-1", "eu-west-2"),
        ("AKIDEXAMPLE", "AKIDOTHER"),
        ("2011-06-15", "2011-06-16"),
    ] {
        let mut call = Call::to_sts().presigned(60);
        assert!(call.query.contains(from));
        call.query = call.query.replace(from, to);
        assert_eq!(call.verify(), Err(AuthError::Mismatch), "{from}");
    }
    let mut call = Call::to_sts().presigned(60);
    call.body = b"Action=GetSessionToken".to_vec();
    assert_eq!(call.verify(), Err(AuthError::Mismatch));
}

#[test]
fn a_signature_with_any_digit_changed_or_cut_is_a_mismatch() {
    let call = Call::to_ecs().signed();
    let header = call.headers["authorization"].to_str().unwrap().to_owned();
    let at = header.find("Signature=").unwrap() + "Signature=".len();
    for position in at..header.len() {
        let mut altered = header.clone();
        let other = if &header[position..=position] == "0" { "1" } else { "0" };
        altered.replace_range(position..=position, other);
        for text in [altered.as_str(), &header[..position]] {
            let mut call = call.clone();
            call.set("authorization", text);
            assert_eq!(call.verify(), Err(AuthError::Mismatch), "{text}");
        }
    }
}

#[test]
fn a_secret_or_a_scope_of_another_does_not_fit() {
    let call = Call::to_ecs().signed();
    let signed = Signed::parse(call.request()).unwrap().unwrap();
    let other = SigningKey::derive("another secret", &signed.scope());
    assert_eq!(signed.verify(&other, &call.body, NOON), Err(AuthError::Mismatch));
    let mut scope = signed.scope();
    scope.region = "us-east-1";
    let elsewhere = SigningKey::derive(SECRET, &scope);
    assert_eq!(signed.verify(&elsewhere, &call.body, NOON), Err(AuthError::Mismatch));
}

#[test]
fn a_clock_fifteen_minutes_away_is_near_enough_and_sixteen_is_not() {
    let call = Call::to_ecs().signed();
    for near in [-15, 0, 15] {
        assert_eq!(call.verify_at(minutes(near)), Ok(()), "{near}");
    }
    for far in [-16, 16] {
        assert!(is_skew(&call.verify_at(minutes(far))), "{far}");
    }
    assert_eq!(
        call.verify_at(minutes(16)),
        Err(AuthError::Skew(
            "Signature expired: 20261123T172702Z is now earlier than 20261123T172802Z (20261123T174302Z - 15 min.)"
                .to_owned()
        ))
    );
}

#[test]
fn a_presigned_request_lives_as_long_as_it_says_and_seven_days_at_most() {
    let call = Call::to_sts().presigned(3600);
    assert_eq!(call.verify_at(minutes(60)), Ok(()));
    assert!(is_skew(&call.verify_at(minutes(61))));
    assert!(is_skew(&call.verify_at(minutes(-16))));
    assert_eq!(
        Call::to_sts().presigned(604_800).verify_at(minutes(7 * 24 * 60)),
        Ok(())
    );
    for seconds in [0, 604_801] {
        assert!(is_incomplete(&Call::to_sts().presigned(seconds).verify()), "{seconds}");
    }
}

#[test]
fn a_token_must_be_the_one_issued_with_the_key() {
    let with = Call::to_ecs().sign_with(Some("token"));
    let with = Signed::parse(with.request()).unwrap().unwrap();
    assert_eq!(with.check_token(Some("token")), Ok(()));
    assert_eq!(with.check_token(Some("tokem")), Err(AuthError::InvalidToken));
    assert_eq!(with.check_token(None), Err(AuthError::InvalidToken));
    let without = Call::to_ecs().signed();
    let without = Signed::parse(without.request()).unwrap().unwrap();
    assert_eq!(without.check_token(None), Ok(()));
    assert_eq!(without.check_token(Some("token")), Err(AuthError::InvalidToken));
}

#[test]
fn a_token_or_target_outside_the_signature_is_a_mismatch() {
    for name in ["x-amz-security-token", "x-amz-content-sha256", "x-amz-anything"] {
        let mut call = Call::to_ecs().signed();
        call.set(name, "x");
        assert_eq!(call.verify(), Err(AuthError::Mismatch), "{name}");
    }
    let mut call = Call::to_ecs();
    call.headers.remove("x-amz-target");
    let mut call = call.signed();
    call.set("x-amz-target", "AmazonEC2ContainerServiceV20141113.DeleteCluster");
    assert_eq!(call.verify(), Err(AuthError::Mismatch));
    let mut harmless = Call::to_ecs().signed();
    harmless.set("x-amz-user-agent", "aws-sdk-js");
    harmless.set("x-amzn-trace-id", "Root=1");
    assert_eq!(harmless.verify(), Ok(()));
}

#[test]
fn a_signature_without_host_is_refused() {
    let mut call = Call::to_ecs().signed();
    let header = call.headers["authorization"].to_str().unwrap().replace(";host", "");
    call.set("authorization", &header);
    assert!(is_incomplete(&call.verify()));
    let mut call = Call::to_ecs().signed();
    call.headers.remove("host");
    assert_eq!(call.verify(), Err(AuthError::Mismatch));
}

#[test]
fn both_forms_at_once_are_refused() {
    let mut call = Call::to_sts().presigned(60);
    let header = Call::to_sts().signed();
    call.headers.extend(header.headers);
    assert!(is_incomplete(&call.verify()));
}

#[test]
fn two_authorization_headers_are_refused() {
    let mut call = Call::to_ecs().signed();
    let header = call.headers["authorization"].clone();
    call.headers.append("authorization", header);
    assert!(is_incomplete(&call.verify()));
}

#[test]
fn the_payload_hash_must_be_that_of_the_body() {
    let mut explicit = Call::to_ecs();
    let hash = super::super::canonical::payload_hash(&explicit.body);
    explicit.set("x-amz-content-sha256", &hash);
    assert_eq!(explicit.clone().signed().verify(), Ok(()));
    for lie in [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        &hash.replace(['a', 'b'], "c"),
        "",
    ] {
        let mut call = explicit.clone();
        call.set("x-amz-content-sha256", lie);
        assert_eq!(call.signed().verify(), Err(AuthError::Mismatch), "{lie}");
    }
}

#[test]
fn only_s3_may_leave_its_payload_unsigned() {
    let mut call = Call::to_ecs();
    call.headers.remove("x-amz-target");
    call.service = "s3";
    call.path = "/bucket/a%20key/../b//c".to_owned();
    for payload in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"] {
        let mut call = call.clone();
        call.set("x-amz-content-sha256", payload);
        let mut call = call.signed();
        call.body = b"anything".to_vec();
        assert_eq!(call.verify(), Ok(()), "{payload}");
    }
    assert_eq!(call.clone().signed().verify(), Ok(()));
    let mut presigned = call.presigned(60);
    presigned.body = b"anything".to_vec();
    assert_eq!(presigned.verify(), Ok(()));
}

#[test]
fn a_text_that_is_no_signature_is_incomplete() {
    let day = "20261123";
    let good = format!("Credential={KEY}/{day}/eu-west-1/ecs/aws4_request");
    for text in [
        "Bearer abc".to_owned(),
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 x".to_owned(),
        format!("AWS4-ECDSA-P256-SHA256 {good}, SignedHeaders=host, Signature=00"),
        format!("AWS4-HMAC-SHA256 {good}, SignedHeaders=host"),
        format!("AWS4-HMAC-SHA256 {good}, {good}, SignedHeaders=host, Signature=00"),
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00".to_owned(),
        format!("AWS4-HMAC-SHA256 Credential=K/{day}/r/ecs/aws5_request, SignedHeaders=host, Signature=00"),
        format!("AWS4-HMAC-SHA256 Credential=K/{day}//ecs/aws4_request, SignedHeaders=host, Signature=00"),
        "AWS4-HMAC-SHA256 Credential=K/20261122/r/ecs/aws4_request, SignedHeaders=host, Signature=00".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 {good}, SignedHeaders=host{}, Signature=00",
            ";a".repeat(128)
        ),
    ] {
        let mut call = Call::to_ecs().signed();
        call.set("authorization", &text);
        assert!(is_incomplete(&call.verify()), "{text}");
    }
    for date in [
        "",
        "20261123",
        "Mon, 23 Nov 2026 17:27:02 GMT",
        "20261123T172702",
        "20261123T992702Z",
    ] {
        let mut call = Call::to_ecs().signed();
        call.set("x-amz-date", date);
        assert!(is_incomplete(&call.verify()), "{date}");
    }
    let mut call = Call::to_ecs().signed();
    call.headers.remove("x-amz-date");
    assert!(is_incomplete(&call.verify()));
}

#[test]
fn commas_without_blanks_are_read_too() {
    let mut call = Call::to_ecs().signed();
    let header = call.headers["authorization"].to_str().unwrap().replace(", ", ",");
    call.set("authorization", &header);
    assert_eq!(call.verify(), Ok(()));
}

#[test]
fn a_presigned_request_names_each_parameter_once_and_all_of_them() {
    let whole = Call::to_sts().presigned(60);
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ] {
        let mut less = whole.clone();
        less.query = whole
            .query
            .split('&')
            .filter(|pair| !pair.starts_with(name))
            .collect::<Vec<_>>()
            .join("&");
        assert!(is_incomplete(&less.verify()), "without {name}");
        let mut twice = whole.clone();
        let pair = whole.query.split('&').find(|pair| pair.starts_with(name)).unwrap();
        twice.query = format!("{}&{pair}", whole.query);
        assert!(is_incomplete(&twice.verify()), "{name} twice");
    }
}

#[test]
fn an_unknown_key_is_told_so_whatever_else_is_wrong() {
    let call = Call::to_ecs().signed();
    let signed = Signed::parse(call.request()).unwrap().unwrap();
    assert_eq!(signed.check(None, &call.body, NOON), Err(AuthError::UnknownKey));
    assert_eq!(signed.check(None, b"altered", minutes(99)), Err(AuthError::UnknownKey));
}

#[test]
fn a_request_of_the_http_crate_is_read() {
    let call = Call::to_sts().presigned(60);
    let uri = format!("http://127.0.0.1:4566{}?{}", call.path, call.query);
    let (parts, ()) = http::Request::builder()
        .method("GET")
        .uri(uri)
        .header("host", "127.0.0.1:4566")
        .body(())
        .unwrap()
        .into_parts();
    let signed = Signed::parse(Request::from(&parts)).unwrap().unwrap();
    assert_eq!(
        signed.verify(&SigningKey::derive(SECRET, &signed.scope()), b"", NOON),
        Ok(())
    );
}

#[test]
fn each_refusal_is_said_in_the_words_of_its_protocol() {
    let mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS \
                    Secret Access Key and signing method. Consult the service documentation for details.";
    let invalid = "The security token included in the request is invalid.";
    let ec2 = "AWS was not able to validate the provided access credentials";
    for (error, family, code, status, message) in [
        (
            AuthError::UnknownKey,
            Family::Query,
            "InvalidClientTokenId",
            403,
            Some(invalid),
        ),
        (
            AuthError::UnknownKey,
            Family::Json,
            "UnrecognizedClientException",
            400,
            Some(invalid),
        ),
        (AuthError::UnknownKey, Family::Ec2, "AuthFailure", 401, Some(ec2)),
        (
            AuthError::Mismatch,
            Family::Query,
            "SignatureDoesNotMatch",
            403,
            Some(mismatch),
        ),
        (
            AuthError::Mismatch,
            Family::Json,
            "InvalidSignatureException",
            400,
            Some(mismatch),
        ),
        (AuthError::Mismatch, Family::Ec2, "AuthFailure", 401, Some(ec2)),
        (
            AuthError::MissingToken,
            Family::Query,
            "MissingAuthenticationToken",
            403,
            None,
        ),
        (
            AuthError::MissingToken,
            Family::Json,
            "MissingAuthenticationTokenException",
            400,
            None,
        ),
        (AuthError::ExpiredToken, Family::Query, "ExpiredToken", 403, None),
        (
            AuthError::ExpiredToken,
            Family::Json,
            "ExpiredTokenException",
            400,
            None,
        ),
        (AuthError::ExpiredToken, Family::Ec2, "RequestExpired", 400, None),
        (
            AuthError::Skew("late".to_owned()),
            Family::Query,
            "SignatureDoesNotMatch",
            403,
            Some("late"),
        ),
        (
            AuthError::Skew("late".to_owned()),
            Family::Json,
            "InvalidSignatureException",
            400,
            Some("late"),
        ),
        (
            AuthError::Incomplete("why".to_owned()),
            Family::Query,
            "IncompleteSignature",
            400,
            Some("why"),
        ),
        (
            AuthError::Incomplete("why".to_owned()),
            Family::Json,
            "IncompleteSignatureException",
            400,
            Some("why"),
        ),
        (
            AuthError::Incomplete("why".to_owned()),
            Family::Ec2,
            "AuthFailure",
            401,
            Some(ec2),
        ),
    ] {
        let said = error.to_api(family);
        assert_eq!(
            (said.code.as_ref(), said.status),
            (code, status),
            "{error:?} {family:?}"
        );
        if let Some(message) = message {
            assert_eq!(said.message, message, "{error:?} {family:?}");
        }
    }
}
