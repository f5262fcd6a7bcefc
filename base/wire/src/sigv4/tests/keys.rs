//! Derived keys: secret, bounded, and gone when they must be.

use super::super::sign::{Credentials, Signer};
use super::super::{AuthError, Request, Signed, SigningKey, SigningKeyCache};
use super::{Call, NOON, SECRET};

fn signed_in(region: &str, access_key_id: &str) -> Call {
    let mut call = Call::to_ecs();
    let credentials = Credentials {
        access_key_id,
        secret_access_key: SECRET,
        session_token: None,
    };
    let request = Request {
        method: "POST",
        path: "/",
        query: "",
        headers: &call.headers,
    };
    let added = Signer::new(credentials, region, "ecs")
        .sign(request, &call.body, NOON)
        .unwrap();
    call.headers
        .extend(added.into_iter().map(|(name, value)| (Some(name), value)));
    call
}

fn check(cache: &SigningKeyCache, call: &Call, secret: &str) -> Result<(), AuthError> {
    let signed = Signed::parse(call.request())?.ok_or(AuthError::MissingToken)?;
    signed.verify(&cache.key(&signed, secret), &call.body, NOON)
}

#[test]
fn a_key_is_derived_once_until_it_is_invalidated() {
    let cache = SigningKeyCache::default();
    let call = signed_in("eu-west-1", "AKIDA");
    assert_eq!(check(&cache, &call, SECRET), Ok(()));
    // The kept key answers, so the secret given now is not looked at.
    assert_eq!(check(&cache, &call, "another"), Ok(()));
    cache.invalidate("AKIDB");
    assert_eq!(cache.len(), 1);
    cache.invalidate("AKIDA");
    assert!(cache.is_empty());
    assert_eq!(check(&cache, &call, "another"), Err(AuthError::Mismatch));
}

#[test]
fn keys_of_other_regions_and_access_keys_are_kept_apart() {
    let cache = SigningKeyCache::default();
    assert_eq!(check(&cache, &signed_in("eu-west-1", "AKIDA"), SECRET), Ok(()));
    assert_eq!(check(&cache, &signed_in("eu-west-2", "AKIDA"), SECRET), Ok(()));
    assert_eq!(
        check(&cache, &signed_in("eu-west-2", "AKIDB"), "another"),
        Err(AuthError::Mismatch)
    );
    assert_eq!(cache.len(), 3);
}

#[test]
fn the_least_recently_used_key_goes_first() {
    let cache = SigningKeyCache::new(2);
    let (a, b, c) = (signed_in("a", "AKID"), signed_in("b", "AKID"), signed_in("c", "AKID"));
    for call in [&a, &b, &a, &c] {
        assert_eq!(check(&cache, call, SECRET), Ok(()));
    }
    assert_eq!(cache.len(), 2);
    // `a` stayed: a wrong secret is not noticed. `b` went: it is.
    assert_eq!(check(&cache, &a, "another"), Ok(()));
    assert_eq!(check(&cache, &b, "another"), Err(AuthError::Mismatch));
}

#[test]
fn nothing_shows_a_secret() {
    let call = Call::to_ecs().sign_with(Some("the-token"));
    let signed = Signed::parse(call.request()).unwrap().unwrap();
    let key = SigningKey::derive(SECRET, &signed.scope());
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: SECRET,
        session_token: Some("the-token"),
    };
    let signature = call.headers["authorization"]
        .to_str()
        .unwrap()
        .split("Signature=")
        .nth(1)
        .unwrap()
        .to_owned();
    for shown in [
        format!("{key:?}"),
        format!("{signed:?}"),
        format!("{credentials:?}"),
        format!("{:?}", Signer::new(credentials, "a", "b")),
    ] {
        assert!(
            !shown.contains(SECRET) && !shown.contains("the-token") && !shown.contains(&signature),
            "{shown}"
        );
    }
}
