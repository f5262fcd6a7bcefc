//! Bytes at random never make the signature code panic, and never pass.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::super::{Request, Signed, SigningKey};
use super::{Call, NOON, SECRET};

fn survives(request: Request<'_>, body: &[u8]) -> bool {
    let Ok(Some(signed)) = Signed::parse(request) else {
        return false;
    };
    let _ = (
        signed.access_key_id(),
        signed.session_token(),
        signed.check_token(Some("x")),
    );
    signed
        .verify(&SigningKey::derive(SECRET, &signed.scope()), body, NOON)
        .is_ok()
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![32_u8..127, 128_u8..=255, Just(b'\t')], 0..80)
}

proptest! {
    #[test]
    fn arbitrary_headers_never_panic(
        authorization in prop_oneof![
            bytes(),
            ".{0,40}".prop_map(|tail| format!("AWS4-HMAC-SHA256 {tail}").into_bytes()),
            "AWS4-HMAC-SHA256 (Credential=[a-zé/0-9]{0,40},?)?( ?SignedHeaders=[a-z;-]{0,30},)? ?Signature=[0-9a-fg]{0,70}"
                .prop_map(String::into_bytes),
            "AWS4-HMAC-SHA256 Credential=K/20261123/[a-z]{0,3}/[a-z0-9]{0,3}/aws4_request, SignedHeaders=host;[a-z;-]{0,9}, Signature=[0-9a-f]{64}"
                .prop_map(String::into_bytes),
        ],
        date in prop_oneof![bytes(), Just(b"20261123T172702Z".to_vec()), "[0-9]{8}T[0-9]{6}Z".prop_map(String::into_bytes)],
        token in prop::option::of(bytes()),
        method in "[A-Z]{1,7}",
        path in "/.{0,40}",
        query in ".{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("a"));
        for (name, value) in [("authorization", Some(authorization)), ("x-amz-date", Some(date)), ("x-amz-security-token", token)] {
            if let Some(Ok(value)) = value.map(|value| HeaderValue::from_bytes(&value)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let request = Request { method: &method, path: &path, query: &query, headers: &headers };
        prop_assert!(!survives(request, &body));
    }

    #[test]
    fn arbitrary_queries_never_panic(
        query in prop_oneof![
            ".{0,60}",
            "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)=[A-Za-z0-9%+/-]{0,20}&?){0,8}",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=K%2F20261123%2F[a-z]{1,3}%2Fs3%2Faws4_request&X-Amz-Date=20261123T172702Z&X-Amz-Expires=[0-9]{1,9}&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}(&.{0,9}){0,3}",
        ],
        path in "/.{0,40}",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("a"));
        let request = Request { method: "GET", path: &path, query: &query, headers: &headers };
        prop_assert!(!survives(request, b""));
    }

    #[test]
    fn whatever_is_signed_verifies(
        segments in prop::collection::vec("[a-zA-Z0-9 %._~é+-]{0,9}", 0..5),
        pairs in prop::collection::vec(("[a-zA-Z0-9%+é=]{0,9}", "[a-zA-Z0-9%+é=*]{0,9}"), 0..5),
        value in "[ -~\t]{0,30}",
        body in prop::collection::vec(any::<u8>(), 0..40),
        s3 in any::<bool>(),
    ) {
        let mut call = Call::to_sts();
        call.path = format!("/{}", segments.join("/"));
        call.query = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        call.body = body;
        call.service = if s3 { "s3" } else { "ecs" };
        call.headers.insert("x-amz-meta-a", HeaderValue::from_str(&value).unwrap());
        prop_assert_eq!(call.clone().signed().verify(), Ok(()));
        prop_assert_eq!(call.presigned(60).verify(), Ok(()));
    }
}
