//! STS: who may get which session, and what it is worth.

use std::time::Duration;

use crate::world::{ACCOUNT, Keys, World, allow, arn, role_arn, trust, trust_account};

async fn world_with_role() -> (World, Keys) {
    let world = World::new();
    let user = world.user("ann", Some(&allow("*", "*"))).await;
    world.role("r").await;
    world
        .ok(
            "PutRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyName", "p"),
                ("PolicyDocument", &allow("*", "*")),
            ],
        )
        .await;
    (world, user)
}

fn assume(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut input = vec![
        ("RoleArn", "arn:aws:iam::123456789012:role/r"),
        ("RoleSessionName", "session"),
    ];
    input.extend_from_slice(more);
    input
}

#[tokio::test]
async fn everybody_may_ask_who_they_are() {
    let (world, user) = world_with_role().await;
    let root = world.sts(&world.root, "GetCallerIdentity", &[]).await;
    assert_eq!(
        (root.text("UserId"), root.text("Account"), root.text("Arn")),
        (ACCOUNT.into(), ACCOUNT.into(), arn("root"))
    );
    let nobody = world.user("nobody", None).await;
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    world
        .ok(
            "PutUserPolicy",
            &[("UserName", "nobody"), ("PolicyName", "d"), ("PolicyDocument", deny)],
        )
        .await;
    assert_eq!(
        world.sts(&nobody, "GetCallerIdentity", &[]).await.text("Arn"),
        arn("user/nobody")
    );
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    let told = world.sts(&session, "GetCallerIdentity", &[]).await;
    let id = world.ok("GetRole", &[("RoleName", "r")]).await.text("RoleId");
    assert_eq!(told.text("UserId"), format!("{id}:session"));
    assert_eq!(
        told.text("Arn"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/session")
    );
}

#[tokio::test]
async fn a_role_that_trusts_the_account_needs_an_identity_policy_too() {
    let (world, user) = world_with_role().await;
    let made = world.sts(&user, "AssumeRole", &assume(&[])).await;
    made.is_ok();
    assert!(made.text("AssumedRoleId").ends_with(":session"));
    assert!(!made.has("PackedPolicySize"));
    assert!(made.text("AccessKeyId").starts_with("ASIA"));
    let nobody = world.user("nobody", None).await;
    world.sts(&nobody, "AssumeRole", &assume(&[])).await.is_error(
        403,
        "AccessDenied",
        &format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {} because no identity-based policy allows the sts:AssumeRole action",
            arn("user/nobody"),
            role_arn("r")
        ),
    );
}

#[tokio::test]
async fn a_role_that_trusts_a_user_needs_no_identity_policy() {
    let world = World::new();
    let nobody = world.user("nobody", None).await;
    world
        .ok(
            "CreateRole",
            &[
                ("RoleName", "r"),
                ("AssumeRolePolicyDocument", &trust(&arn("user/nobody"))),
            ],
        )
        .await;
    world.sts(&nobody, "AssumeRole", &assume(&[])).await.is_ok();
    let admin = world.user("admin", Some(&allow("*", "*"))).await;
    assert_eq!(world.sts(&admin, "AssumeRole", &assume(&[])).await.status, 403);
}

#[tokio::test]
async fn a_role_that_is_not_there_is_refused_like_one_that_may_not_be_assumed() {
    let (world, user) = world_with_role().await;
    let missing = role_arn("none");
    world
        .sts(
            &user,
            "AssumeRole",
            &[("RoleArn", &missing), ("RoleSessionName", "session")],
        )
        .await
        .is_error(
            403,
            "AccessDenied",
            &format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {missing}",
                arn("user/ann")
            ),
        );
    let wrong = "arn:aws:iam::123456789012:user/ann";
    world
        .sts(
            &user,
            "AssumeRole",
            &[("RoleArn", wrong), ("RoleSessionName", "session")],
        )
        .await
        .is_error(400, "ValidationError", &format!("{wrong} is invalid"));
}

#[tokio::test]
async fn root_assumes_nothing() {
    let (world, _) = world_with_role().await;
    world.sts(&world.root, "AssumeRole", &assume(&[])).await.is_error(
        403,
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    );
}

#[tokio::test]
async fn a_session_name_is_checked_before_the_role_is_looked_for() {
    let (world, user) = world_with_role().await;
    let missing = role_arn("none");
    world.sts(&user, "AssumeRole", &[("RoleArn", &missing), ("RoleSessionName", "!")]).await.is_error(
        400,
        "ValidationError",
        r"2 validation errors detected: Value '!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*; Value '!' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
    );
}

#[tokio::test]
async fn an_external_id_must_be_the_expected_one() {
    let (world, user) = world_with_role().await;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"secret"}}}}}}]}}"#
    );
    world
        .ok(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "r"), ("PolicyDocument", &trust)],
        )
        .await;
    assert_eq!(world.sts(&user, "AssumeRole", &assume(&[])).await.status, 403);
    assert_eq!(
        world
            .sts(&user, "AssumeRole", &assume(&[("ExternalId", "other")]))
            .await
            .status,
        403
    );
    world
        .sts(&user, "AssumeRole", &assume(&[("ExternalId", "secret")]))
        .await
        .is_ok();
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let (world, user) = world_with_role().await;
    let session = world.assume(&user, &role_arn("r"), &[("DurationSeconds", "900")]).await;
    world.clock.advance(Duration::from_secs(899));
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    world.clock.advance(Duration::from_secs(1));
    let answer = world.iam(&session, "ListRoles", &[]).await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (403, "ExpiredToken"));
}

#[tokio::test]
async fn a_session_is_no_longer_than_its_role_and_an_hour_when_chained() {
    let (world, user) = world_with_role().await;
    world
        .sts(&user, "AssumeRole", &assume(&[("DurationSeconds", "3601")]))
        .await
        .is_error(
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        );
    world
        .ok("UpdateRole", &[("RoleName", "r"), ("MaxSessionDuration", "7200")])
        .await;
    world
        .sts(&user, "AssumeRole", &assume(&[("DurationSeconds", "7200")]))
        .await
        .is_ok();
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    world
        .sts(&session, "AssumeRole", &assume(&[("DurationSeconds", "3601")]))
        .await
        .is_error(
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        );
    world
        .sts(&session, "AssumeRole", &assume(&[("DurationSeconds", "3600")]))
        .await
        .is_ok();
}

#[tokio::test]
async fn session_policies_limit_what_the_role_allows() {
    let (world, user) = world_with_role().await;
    let policy = allow("iam:ListRoles", "*");
    let session = world.assume(&user, &role_arn("r"), &[("Policy", &policy)]).await;
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    let denied = world.iam(&session, "ListUsers", &[]).await;
    assert!(
        denied
            .text("Message")
            .ends_with("because no session policy allows the iam:ListUsers action"),
        "{}",
        denied.body
    );
    let session = world
        .assume(
            &user,
            &role_arn("r"),
            &[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")],
        )
        .await;
    world.iam(&session, "ListUsers", &[]).await.is_ok();
    assert_eq!(
        world.iam(&session, "CreateUser", &[("UserName", "x")]).await.status,
        403
    );
    let packed = world.sts(&user, "AssumeRole", &assume(&[("Policy", "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}")])).await;
    assert!(packed.has("PackedPolicySize"));
    world
        .sts(&user, "AssumeRole", &assume(&[("Policy", "{}")]))
        .await
        .is_error(400, "MalformedPolicyDocument", "Syntax errors in policy.");
}

#[tokio::test]
async fn session_tags_are_principal_tags_and_need_their_own_permission() {
    let (world, user) = world_with_role().await;
    let tagged = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}]}"#;
    world
        .ok(
            "PutRolePolicy",
            &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", tagged)],
        )
        .await;
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
    let session = world.assume(&user, &role_arn("r"), &tag).await;
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    let untagged = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    world
        .ok(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "r"), ("PolicyDocument", &untagged)],
        )
        .await;
    let denied = world.sts(&user, "AssumeRole", &assume(&tag)).await;
    assert_eq!(denied.status, 403);
    assert!(denied.text("Message").contains("sts:TagSession"), "{}", denied.body);
}

#[tokio::test]
async fn transitive_tags_and_the_source_identity_pass_along_the_chain() {
    let (world, user) = world_with_role().await;
    world.role("next").await;
    let first = world
        .assume(
            &user,
            &role_arn("r"),
            &[
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "red"),
                ("Tags.member.2.Key", "own"),
                ("Tags.member.2.Value", "1"),
                ("TransitiveTagKeys.member.1", "team"),
                ("SourceIdentity", "ann"),
            ],
        )
        .await;
    let tagged = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"},"Null":{"aws:PrincipalTag/own":"true"}}},{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"ann"}}}]}"#;
    world
        .ok(
            "PutRolePolicy",
            &[("RoleName", "next"), ("PolicyName", "p"), ("PolicyDocument", tagged)],
        )
        .await;
    let second = world.assume(&first, &role_arn("next"), &[]).await;
    world.iam(&second, "ListRoles", &[]).await.is_ok();
    world.iam(&second, "ListUsers", &[]).await.is_ok();
    let next = role_arn("next");
    let again = [("RoleArn", next.as_str()), ("RoleSessionName", "session")];
    let other = [again[0], again[1], ("SourceIdentity", "bob")];
    assert_eq!(world.sts(&first, "AssumeRole", &other).await.status, 403);
    let overriding = [
        again[0],
        again[1],
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
    ];
    let refused = world.sts(&first, "AssumeRole", &overriding).await;
    assert_eq!(
        (refused.status, refused.text("Code").as_str()),
        (400, "InvalidParameterValue")
    );
}

#[tokio::test]
async fn a_session_token_is_the_user_for_a_time() {
    let (world, user) = world_with_role().await;
    let session = world.sts(&user, "GetSessionToken", &[]).await.keys();
    assert_eq!(
        world.sts(&session, "GetCallerIdentity", &[]).await.text("Arn"),
        arn("user/ann")
    );
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    world.sts(&session, "GetSessionToken", &[]).await.is_error(
        403,
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    );
    world.clock.advance(Duration::from_secs(43_199));
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
}

#[tokio::test]
async fn a_federated_user_has_nothing_but_what_its_policy_and_the_user_share() {
    let (world, user) = world_with_role().await;
    let bare = world.sts(&user, "GetFederationToken", &[("Name", "bob")]).await;
    assert_eq!(bare.text("FederatedUserId"), format!("{ACCOUNT}:bob"));
    assert_eq!(world.iam(&bare.keys(), "ListRoles", &[]).await.status, 403);
    let policy = allow("iam:ListRoles", "*");
    let keys = world
        .sts(&user, "GetFederationToken", &[("Name", "bob"), ("Policy", &policy)])
        .await
        .keys();
    world.iam(&keys, "ListRoles", &[]).await.is_ok();
    assert_eq!(world.iam(&keys, "ListUsers", &[]).await.status, 403);
    let told = world.sts(&keys, "GetCallerIdentity", &[]).await;
    assert_eq!(told.text("Arn"), format!("arn:aws:sts::{ACCOUNT}:federated-user/bob"));
    assert_eq!(
        world.sts(&keys, "GetFederationToken", &[("Name", "eve")]).await.status,
        403
    );
}

#[tokio::test]
async fn sessions_outlive_a_restart() {
    let (world, user) = world_with_role().await;
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    let again = World::over(std::sync::Arc::clone(&world.store));
    again.iam(&session, "ListRoles", &[]).await.is_ok();
}

#[tokio::test]
async fn a_key_tells_its_account() {
    let (world, user) = world_with_role().await;
    let told = world.sts(&user, "GetAccessKeyInfo", &[("AccessKeyId", &user.id)]).await;
    assert_eq!(told.text("Account"), ACCOUNT);
    assert_eq!(
        world
            .sts(&user, "GetAccessKeyInfo", &[("AccessKeyId", "AKIAIOSFODNN7EXAMPLE")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_service_role_that_trusts_the_account_can_be_assumed_by_a_role_session() {
    let (world, user) = world_with_role().await;
    world
        .ok(
            "CreateRole",
            &[("RoleName", "next"), ("AssumeRolePolicyDocument", &trust_account())],
        )
        .await;
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    world.assume(&session, &role_arn("next"), &[]).await;
}
