//! Roles: what is stored, what is shown, and when they may go.

use crate::world::{ACCOUNT, World, allow, arn, encoded, role_arn, trust, trust_account};

/// A trust policy in an order of its own.
const TRUST: &str = r#"{"Statement": {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}}, "Version": "2012-10-17"}"#;
const CANONICAL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

#[tokio::test]
async fn the_made_role_echoes_the_callers_document_and_no_more_than_aws_shows() {
    let world = World::new();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "bound"), ("PolicyDocument", &allow("*", "*"))],
        )
        .await;
    let boundary = arn("policy/bound");
    let made = world
        .ok(
            "CreateRole",
            &[
                ("RoleName", "Worker"),
                ("Path", "/team/"),
                ("AssumeRolePolicyDocument", TRUST),
                ("Description", "works"),
                ("MaxSessionDuration", "7200"),
                ("PermissionsBoundary", &boundary),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "red"),
            ],
        )
        .await;
    assert_eq!(made.text("Arn"), arn("role/team/Worker"));
    assert_eq!(made.text("AssumeRolePolicyDocument"), encoded(TRUST));
    assert_eq!(made.text("PermissionsBoundaryType"), "Policy");
    assert_eq!(
        (made.text("PermissionsBoundaryArn"), made.text("Key")),
        (boundary.clone(), "team".to_owned())
    );
    assert!(!made.has("Description") && !made.has("MaxSessionDuration") && !made.has("RoleLastUsed"));

    let read = world.ok("GetRole", &[("RoleName", "worker")]).await;
    assert_eq!(read.text("AssumeRolePolicyDocument"), encoded(CANONICAL));
    assert_eq!(
        (read.text("Description"), read.text("MaxSessionDuration")),
        ("works".to_owned(), "7200".to_owned())
    );
    assert!(read.has("RoleLastUsed") && read.has("Tags") && read.has("PermissionsBoundary"));

    let listed = world.ok("ListRoles", &[("PathPrefix", "/team/")]).await;
    assert_eq!(
        (listed.text("Description"), listed.text("MaxSessionDuration")),
        ("works".to_owned(), "7200".to_owned())
    );
    assert!(!listed.has("Tags") && !listed.has("PermissionsBoundary") && !listed.has("RoleLastUsed"));

    let updated = world
        .ok(
            "UpdateRoleDescription",
            &[("RoleName", "Worker"), ("Description", "rests")],
        )
        .await;
    assert_eq!(
        (updated.text("Description"), updated.text("AssumeRolePolicyDocument")),
        ("rests".to_owned(), encoded(CANONICAL))
    );
    assert!(!updated.has("MaxSessionDuration") && !updated.has("Tags"));
}

#[tokio::test]
async fn a_role_without_description_has_no_such_element() {
    let world = World::new();
    world.role("plain").await;
    let read = world.ok("GetRole", &[("RoleName", "plain")]).await;
    assert!(!read.has("Description") && !read.has("Tags"));
    assert_eq!(read.text("MaxSessionDuration"), "3600");
}

#[tokio::test]
async fn the_envelope_is_laid_out_as_recorded() {
    let world = World::new();
    let made = world.role("plain").await;
    let (id, created) = (made.text("RoleId"), made.text("CreateDate"));
    let request = made.text("RequestId");
    let document = made.text("AssumeRolePolicyDocument");
    assert_eq!(
        made.body,
        format!(
            "<CreateRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <CreateRoleResult>\n    <Role>\n      <Path>/</Path>\n      <RoleName>plain</RoleName>\n      <RoleId>{id}</RoleId>\n      <Arn>{}</Arn>\n      <CreateDate>{created}</CreateDate>\n      <AssumeRolePolicyDocument>{document}</AssumeRolePolicyDocument>\n    </Role>\n  </CreateRoleResult>\n  <ResponseMetadata>\n    <RequestId>{request}</RequestId>\n  </ResponseMetadata>\n</CreateRoleResponse>\n",
            role_arn("plain")
        )
    );
    let tagged = world
        .ok(
            "TagRole",
            &[
                ("RoleName", "plain"),
                ("Tags.member.1.Key", "a"),
                ("Tags.member.1.Value", ""),
            ],
        )
        .await;
    assert!(!tagged.body.contains("TagRoleResult"), "{}", tagged.body);
    let missing = world.iam(&world.root, "GetRole", &[("RoleName", "nobody")]).await;
    assert_eq!(
        missing.body,
        format!(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>NoSuchEntity</Code>\n    <Message>The role with name nobody cannot be found.</Message>\n  </Error>\n  <RequestId>{}</RequestId>\n</ErrorResponse>\n",
            missing.text("RequestId")
        )
    );
}

#[tokio::test]
async fn names_are_taken_in_any_letter_case() {
    let world = World::new();
    world.role("Worker").await;
    world
        .refused(
            "CreateRole",
            &[("RoleName", "WORKER"), ("AssumeRolePolicyDocument", &trust_account())],
            409,
            "EntityAlreadyExists",
            "Role with name WORKER already exists.",
        )
        .await;
}

#[tokio::test]
async fn trust_policies_are_checked_when_made_and_when_changed() {
    let world = World::new();
    let with_resource = allow("sts:AssumeRole", "*");
    world
        .refused(
            "CreateRole",
            &[("RoleName", "x"), ("AssumeRolePolicyDocument", "{")],
            400,
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        )
        .await;
    world.role("x").await;
    let answer = world
        .iam(
            &world.root,
            "UpdateAssumeRolePolicy",
            &[("RoleName", "x"), ("PolicyDocument", &with_resource)],
        )
        .await;
    assert_eq!(
        (answer.status, answer.text("Code").as_str()),
        (400, "MalformedPolicyDocument")
    );
    world
        .ok(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "x"), ("PolicyDocument", TRUST)],
        )
        .await;
    let read = world.ok("GetRole", &[("RoleName", "x")]).await;
    assert_eq!(read.text("AssumeRolePolicyDocument"), encoded(CANONICAL));
}

#[tokio::test]
async fn a_role_goes_only_when_nothing_hangs_on_it() {
    let world = World::new();
    world.role("r").await;
    let role = ("RoleName", "r");
    let gone = |message: &'static str| (message, "DeleteConflict");
    world
        .ok(
            "AttachRolePolicy",
            &[role, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        )
        .await;
    world
        .ok(
            "PutRolePolicy",
            &[role, ("PolicyName", "p"), ("PolicyDocument", &allow("*", "*"))],
        )
        .await;
    world
        .ok("CreateInstanceProfile", &[("InstanceProfileName", "ip")])
        .await;
    world
        .ok("AddRoleToInstanceProfile", &[role, ("InstanceProfileName", "ip")])
        .await;
    for (problem, remedy, input) in [
        (
            gone("Cannot delete entity, must remove roles from instance profile first."),
            "RemoveRoleFromInstanceProfile",
            vec![role, ("InstanceProfileName", "ip")],
        ),
        (
            gone("Cannot delete entity, must detach all policies first."),
            "DetachRolePolicy",
            vec![role, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        ),
        (
            gone("Cannot delete entity, must delete policies first."),
            "DeleteRolePolicy",
            vec![role, ("PolicyName", "p")],
        ),
    ] {
        world.refused("DeleteRole", &[role], 409, problem.1, problem.0).await;
        world.ok(remedy, &input).await;
    }
    world.ok("DeleteRole", &[role]).await;
    world
        .refused(
            "DeleteRole",
            &[role],
            404,
            "NoSuchEntity",
            "The role with name r cannot be found.",
        )
        .await;
}

#[tokio::test]
async fn inline_policies_come_and_go() {
    let world = World::new();
    world.role("r").await;
    let role = ("RoleName", "r");
    let document = allow("ecs:*", "*");
    world
        .ok(
            "PutRolePolicy",
            &[role, ("PolicyName", "b"), ("PolicyDocument", &document)],
        )
        .await;
    world
        .ok(
            "PutRolePolicy",
            &[role, ("PolicyName", "a"), ("PolicyDocument", &document)],
        )
        .await;
    assert_eq!(world.ok("ListRolePolicies", &[role]).await.texts("member"), ["a", "b"]);
    let read = world.ok("GetRolePolicy", &[role, ("PolicyName", "a")]).await;
    assert_eq!(
        (read.text("PolicyDocument"), read.text("RoleName")),
        (encoded(&document), "r".to_owned())
    );
    world
        .refused(
            "GetRolePolicy",
            &[role, ("PolicyName", "c")],
            404,
            "NoSuchEntity",
            "The role policy with name c cannot be found.",
        )
        .await;
    world
        .refused(
            "PutRolePolicy",
            &[role, ("PolicyName", "c"), ("PolicyDocument", "[]")],
            400,
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        )
        .await;
    let long = allow(&("ecs:".to_owned() + &"a".repeat(10_300)), "*");
    world
        .refused(
            "PutRolePolicy",
            &[role, ("PolicyName", "c"), ("PolicyDocument", &long)],
            409,
            "LimitExceeded",
            "Maximum policy size of 10240 bytes exceeded for role r",
        )
        .await;
}

#[tokio::test]
async fn a_boundary_is_set_replaced_and_taken_away() {
    let world = World::new();
    world.role("r").await;
    let role = ("RoleName", "r");
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "bound"), ("PolicyDocument", &allow("*", "*"))],
        )
        .await;
    let boundary = arn("policy/bound");
    world
        .ok(
            "PutRolePermissionsBoundary",
            &[role, ("PermissionsBoundary", &boundary)],
        )
        .await;
    assert_eq!(
        world.ok("GetRole", &[role]).await.text("PermissionsBoundaryArn"),
        boundary
    );
    let policy = world.ok("GetPolicy", &[("PolicyArn", &boundary)]).await;
    assert_eq!(
        (
            policy.text("PermissionsBoundaryUsageCount"),
            policy.text("AttachmentCount")
        ),
        ("1".into(), "0".into())
    );
    world
        .refused(
            "DeletePolicy",
            &[("PolicyArn", &boundary)],
            409,
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
        )
        .await;
    let missing = arn("policy/none");
    world
        .refused(
            "PutRolePermissionsBoundary",
            &[role, ("PermissionsBoundary", &missing)],
            404,
            "NoSuchEntity",
            &format!("Scope ARN: {missing} does not exist or is not attachable."),
        )
        .await;
    world.ok("DeleteRolePermissionsBoundary", &[role]).await;
    assert!(!world.ok("GetRole", &[role]).await.has("PermissionsBoundary"));
    world.ok("DeletePolicy", &[("PolicyArn", &boundary)]).await;
}

#[tokio::test]
async fn a_boundary_limits_the_next_call() {
    let world = World::new();
    let user = world.user("u", Some(&allow("*", "*"))).await;
    world.iam(&user, "ListRoles", &[]).await.is_ok();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "bound"), ("PolicyDocument", &allow("ecs:*", "*"))],
        )
        .await;
    let boundary = arn("policy/bound");
    world
        .ok(
            "PutUserPermissionsBoundary",
            &[("UserName", "u"), ("PermissionsBoundary", &boundary)],
        )
        .await;
    world.iam(&user, "ListRoles", &[]).await.is_error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::{ACCOUNT}:user/u is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::{ACCOUNT}:role/ because no permissions boundary allows the iam:ListRoles action"
        ),
    );
    world.ok("DeleteUserPermissionsBoundary", &[("UserName", "u")]).await;
    world.iam(&user, "ListRoles", &[]).await.is_ok();
}

#[tokio::test]
async fn lists_are_cut_into_pages_below_a_path() {
    let world = World::new();
    for at in 0..7 {
        let path = if at % 2 == 0 { "/even/" } else { "/odd/" };
        let name = format!("r{at}");
        world
            .ok(
                "CreateRole",
                &[
                    ("RoleName", &name),
                    ("Path", path),
                    ("AssumeRolePolicyDocument", &trust_account()),
                ],
            )
            .await;
    }
    let first = world
        .ok("ListRoles", &[("PathPrefix", "/even/"), ("MaxItems", "3")])
        .await;
    assert_eq!(
        (first.texts("RoleName"), first.text("IsTruncated")),
        (vec!["r0".into(), "r2".into(), "r4".into()], "true".into())
    );
    let marker = first.text("Marker");
    let last = world
        .ok(
            "ListRoles",
            &[("PathPrefix", "/even/"), ("MaxItems", "3"), ("Marker", &marker)],
        )
        .await;
    assert_eq!(
        (last.texts("RoleName"), last.text("IsTruncated")),
        (vec!["r6".to_owned()], "false".into())
    );
    assert!(!last.has("Marker"));
    world
        .refused(
            "ListRoles",
            &[("Marker", &marker)],
            400,
            "ValidationError",
            "Invalid Marker.",
        )
        .await;
    assert_eq!(world.ok("ListRoles", &[]).await.texts("RoleName").len(), 7);
}

#[tokio::test]
async fn tags_condition_who_may_change_a_role() {
    let world = World::new();
    world.role("r").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/team":"red"}}}]}"#;
    let user = world.user("u", Some(policy)).await;
    let input = [("RoleName", "r"), ("Description", "x")];
    assert_eq!(world.iam(&user, "UpdateRole", &input).await.status, 403);
    world
        .ok(
            "TagRole",
            &[
                ("RoleName", "r"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "red"),
            ],
        )
        .await;
    world.iam(&user, "UpdateRole", &input).await.is_ok();
}

#[tokio::test]
async fn a_policys_arn_conditions_who_may_attach_it() {
    let world = World::new();
    world.role("r").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}}]}"#;
    let user = world.user("u", Some(policy)).await;
    let attach = |arn| [("RoleName", "r"), ("PolicyArn", arn)];
    assert_eq!(
        world
            .iam(
                &user,
                "AttachRolePolicy",
                &attach("arn:aws:iam::aws:policy/AdministratorAccess")
            )
            .await
            .status,
        403
    );
    world
        .iam(
            &user,
            "AttachRolePolicy",
            &attach("arn:aws:iam::aws:policy/ReadOnlyAccess"),
        )
        .await
        .is_ok();
}

#[tokio::test]
async fn a_role_made_anew_is_another_role_for_old_sessions() {
    let world = World::new();
    let user = world.user("u", Some(&allow("*", "*"))).await;
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
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    world
        .ok("DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "p")])
        .await;
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
    world.ok("DeleteRole", &[("RoleName", "r")]).await;
    world.iam(&session, "ListRoles", &[]).await.is_error(
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    );
    world.role("r").await;
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
}

#[tokio::test]
async fn the_last_use_of_a_role_is_shown() {
    let world = World::new();
    let user = world.user("u", Some(&allow("*", "*"))).await;
    world
        .ok(
            "CreateRole",
            &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust(&arn("user/u")))],
        )
        .await;
    assert!(!world.ok("GetRole", &[("RoleName", "r")]).await.has("LastUsedDate"));
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
    let read = world.ok("GetRole", &[("RoleName", "r")]).await;
    assert_eq!(
        (read.text("LastUsedDate"), read.text("Region")),
        ("2026-11-24T06:00:00Z".into(), "us-east-1".into())
    );
    world.clock.advance(std::time::Duration::from_secs(400 * 24 * 3600));
    let read = world.ok("GetRole", &[("RoleName", "r")]).await;
    assert!(read.has("RoleLastUsed") && !read.has("LastUsedDate"));
}

#[tokio::test]
async fn a_principal_of_the_account_must_exist_to_be_trusted() {
    let world = World::new();
    world.user("ann", None).await;
    for wrong in [
        arn("user/nobody"),
        arn("user/Ann"),
        arn("role/nobody"),
        arn("user/*"),
        "AIDAXXXXXXXXXXXXXXXXX".to_owned(),
    ] {
        world
            .refused(
                "CreateRole",
                &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust(&wrong))],
                400,
                "MalformedPolicyDocument",
                &format!("Invalid principal in policy: \"AWS\":\"{wrong}\""),
            )
            .await;
    }
    for right in [
        arn("user/ann"),
        arn("root"),
        ACCOUNT.to_owned(),
        "arn:aws:iam::210987654321:user/far".to_owned(),
        "*".to_owned(),
    ] {
        world
            .ok(
                "CreateRole",
                &[("RoleName", "r"), ("AssumeRolePolicyDocument", &trust(&right))],
            )
            .await;
        world.ok("DeleteRole", &[("RoleName", "r")]).await;
    }
}

#[tokio::test]
async fn a_user_made_anew_is_not_the_one_that_was_trusted() {
    let world = World::new();
    let ann = world.user("ann", None).await;
    let id = world.ok("GetUser", &[("UserName", "ann")]).await.text("UserId");
    world
        .ok(
            "CreateRole",
            &[
                ("RoleName", "r"),
                ("AssumeRolePolicyDocument", &trust(&arn("user/ann"))),
            ],
        )
        .await;
    world.assume(&ann, &role_arn("r"), &[]).await;
    world
        .ok("UpdateUser", &[("UserName", "ann"), ("NewUserName", "bea")])
        .await;
    world.assume(&ann, &role_arn("r"), &[]).await;
    let shown = world
        .ok("GetRole", &[("RoleName", "r")])
        .await
        .text("AssumeRolePolicyDocument");
    assert!(shown.contains(&encoded(&arn("user/bea"))), "{shown}");
    world
        .ok("DeleteAccessKey", &[("UserName", "bea"), ("AccessKeyId", &ann.id)])
        .await;
    world.ok("DeleteUser", &[("UserName", "bea")]).await;
    let shown = world.ok("ListRoles", &[]).await.text("AssumeRolePolicyDocument");
    assert!(shown.contains(&id) && !shown.contains("user%2F"), "{shown}");
    let another = world.user("bea", None).await;
    let input = [("RoleArn", role_arn("r")), ("RoleSessionName", "session".to_owned())];
    let input: Vec<(&str, &str)> = input.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.sts(&another, "AssumeRole", &input).await.status, 403);
}
