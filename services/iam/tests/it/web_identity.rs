//! Roles assumed with the tokens of an OpenID Connect provider.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

use crate::world::{ACCOUNT, Answer, Keys, World, allow, arn, role_arn};

const URL: &str = "https://token.example.com/a";
const NOW: i64 = 1_795_500_000;

/// A provider's keys, one of each kind.
struct Provider {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

fn part(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    fn new() -> Self {
        let scheme = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let ec = EcdsaKeyPair::generate_pkcs8(scheme, &SystemRandom::new()).unwrap();
        Self {
            rsa: RsaKeyPair::from_der(include_bytes!("test_rsa_key.der")).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(scheme, ec.as_ref(), &SystemRandom::new()).unwrap(),
        }
    }

    fn key_set(&self) -> String {
        let rsa: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let point = self.ec.public_key().as_ref();
        json!({"keys": [
            {"kid": "rsa", "kty": "RSA", "n": part(&rsa.n), "e": part(&rsa.e)},
            {"kid": "ec", "kty": "EC", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])},
        ]})
        .to_string()
    }

    fn token(&self, algorithm: &str, claims: &Value) -> String {
        let id = if algorithm == "RS256" { "rsa" } else { "ec" };
        let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"}).to_string();
        let signed = format!("{}.{}", part(header.as_bytes()), part(claims.to_string().as_bytes()));
        let signature = if algorithm == "RS256" {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa
                .sign(
                    &signature::RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    signed.as_bytes(),
                    &mut signature,
                )
                .unwrap();
            signature
        } else {
            self.ec
                .sign(&SystemRandom::new(), signed.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec()
        };
        format!("{signed}.{}", part(&signature))
    }
}

fn claims() -> Value {
    json!({"iss": URL, "sub": "repo:mine", "aud": "sts.amazonaws.com", "iat": NOW, "exp": NOW + 600})
}

async fn world() -> (World, Provider) {
    let (world, provider) = (World::new(), Provider::new());
    world
        .ok(
            "CreateOpenIDConnectProvider",
            &[("Url", URL), ("ClientIDList.member.1", "sts.amazonaws.com")],
        )
        .await;
    world.iam.use_oidc_keys(URL, &provider.key_set());
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"token.example.com/a:aud":"sts.amazonaws.com"}},"StringLike":{{"token.example.com/a:sub":"repo:*"}}}}}}]}}"#,
        arn("oidc-provider/token.example.com/a")
    );
    world
        .ok("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust)])
        .await;
    world
        .ok(
            "PutRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyName", "p"),
                ("PolicyDocument", &allow("iam:ListRoles", "*")),
            ],
        )
        .await;
    (world, provider)
}

async fn assume(world: &World, token: &str) -> Answer {
    let nobody = Keys {
        id: String::new(),
        secret: String::new(),
        token: None,
    };
    let role = role_arn("r");
    let input = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "ci"),
        ("WebIdentityToken", token),
    ];
    world.sts(&nobody, "AssumeRoleWithWebIdentity", &input).await
}

#[tokio::test]
async fn a_token_of_the_provider_opens_the_role_without_a_signature_of_aws() {
    let (world, provider) = world().await;
    for algorithm in ["RS256", "ES256"] {
        let made = assume(&world, &provider.token(algorithm, &claims())).await;
        assert_eq!(made.is_ok().text("SubjectFromWebIdentityToken"), "repo:mine");
        assert_eq!(
            (made.text("Provider"), made.text("Audience")),
            (URL.to_owned(), "sts.amazonaws.com".to_owned())
        );
        assert_eq!(made.text("Arn"), format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/ci"));
        let session = made.keys();
        world.iam(&session, "ListRoles", &[]).await.is_ok();
        assert_eq!(world.iam(&session, "ListUsers", &[]).await.status, 403);
    }
}

#[tokio::test]
async fn a_token_that_is_altered_or_of_another_key_is_refused() {
    let (world, provider) = world().await;
    let token = provider.token("RS256", &claims());
    let other = provider.token(
        "RS256",
        &json!({"iss": URL, "sub": "repo:other", "aud": "sts.amazonaws.com", "iat": NOW, "exp": NOW + 600}),
    );
    let (head, body) = (token.split('.').next().unwrap(), other.split('.').nth(1).unwrap());
    let mixed = format!("{head}.{body}.{}", token.rsplit('.').next().unwrap());
    let stranger = Provider::new().token("ES256", &claims());
    for forged in [mixed, stranger] {
        let answer = assume(&world, &forged).await;
        assert_eq!(
            (answer.status, answer.text("Code").as_str()),
            (400, "InvalidIdentityToken"),
            "{forged}"
        );
    }
    let unsigned = format!(
        "{}.{}.",
        part(br#"{"alg":"none"}"#),
        part(claims().to_string().as_bytes())
    );
    assert_eq!(assume(&world, &unsigned).await.text("Code"), "InvalidIdentityToken");
    assume(&world, "not-a-token").await.is_error(
        400,
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    );
}

#[tokio::test]
async fn time_audience_issuer_and_subject_are_checked() {
    let (world, provider) = world().await;
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        provider.token("ES256", &claims)
    };
    assume(&world, &with("aud", json!("other"))).await.is_error(
        400,
        "InvalidIdentityToken",
        "Incorrect token audience",
    );
    assume(&world, &with("iss", json!("https://other.example.com")))
        .await
        .is_error(
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://other.example.com",
        );
    assume(&world, &with("sub", json!("user:mine"))).await.is_error(
        403,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    );
    let token = provider.token("ES256", &claims());
    world.clock.advance(Duration::from_secs(600));
    assume(&world, &token).await.is_error(
        400,
        "ExpiredTokenException",
        &format!(
            "Token expired: current date/time {} must be before the expiration date/time {}",
            NOW + 600,
            NOW + 600
        ),
    );
}

#[tokio::test]
async fn a_role_that_does_not_trust_the_provider_stays_closed() {
    let (world, provider) = world().await;
    world
        .ok(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "r"), ("PolicyDocument", &crate::world::trust_account())],
        )
        .await;
    assume(&world, &provider.token("ES256", &claims())).await.is_error(
        403,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    );
}

#[tokio::test]
async fn without_the_providers_keys_no_token_is_believed() {
    let (world, provider) = world().await;
    world.iam.use_oidc_keys(URL, "{}");
    assume(&world, &provider.token("ES256", &claims())).await.is_error(
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
}
