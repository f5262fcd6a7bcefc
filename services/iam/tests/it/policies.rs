//! Managed policies: AWS's and the account's own, attached, versioned, listed.

use crate::world::{ACCOUNT, World, allow, arn, encoded};

#[tokio::test]
async fn the_policy_of_ecs_is_shown_as_recorded() {
    let world = World::new();
    let policy = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy";
    let read = world.ok("GetPolicy", &[("PolicyArn", policy)]).await;
    assert_eq!(read.text("Path"), "/aws-service-role/");
    assert_eq!(read.text("DefaultVersionId"), "v24");
    assert_eq!(read.text("CreateDate"), "2017-10-14T01:18:58Z");
    assert_eq!(read.text("UpdateDate"), "2026-04-22T23:12:09Z");
    assert_eq!(
        (read.text("AttachmentCount"), read.text("PermissionsBoundaryUsageCount")),
        ("0".into(), "0".into())
    );
    let version = world
        .ok("GetPolicyVersion", &[("PolicyArn", policy), ("VersionId", "v24")])
        .await;
    assert!(
        version
            .text("Document")
            .starts_with("%7B%22Version%22%3A%222012-10-17%22")
    );
    assert_eq!(version.text("IsDefaultVersion"), "true");
    assert_eq!(
        world
            .ok("ListPolicyVersions", &[("PolicyArn", policy)])
            .await
            .texts("VersionId"),
        ["v24"]
    );
    world
        .ok("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")])
        .await;
    assert_eq!(
        world
            .ok("GetPolicy", &[("PolicyArn", policy)])
            .await
            .text("AttachmentCount"),
        "1"
    );
    let holders = world.ok("ListEntitiesForPolicy", &[("PolicyArn", policy)]).await;
    assert_eq!(holders.texts("RoleName"), ["AWSServiceRoleForECS"]);
}

#[tokio::test]
async fn a_policy_is_made_and_read() {
    let world = World::new();
    let document = allow("ecs:*", "*");
    let input = [
        ("PolicyName", "Deploy"),
        ("Path", "/team/"),
        ("Description", "d"),
        ("PolicyDocument", document.as_str()),
    ];
    let made = world.ok("CreatePolicy", &input).await;
    let policy = arn("policy/team/Deploy");
    assert_eq!(
        (made.text("Arn"), made.text("DefaultVersionId")),
        (policy.clone(), "v1".into())
    );
    assert!(made.text("PolicyId").starts_with("ANPA"));
    assert!(!made.has("Description"));
    let read = world.ok("GetPolicy", &[("PolicyArn", &policy)]).await;
    assert_eq!(
        (read.text("Description"), read.text("IsAttachable")),
        ("d".into(), "true".into())
    );
    let version = world
        .ok("GetPolicyVersion", &[("PolicyArn", &policy), ("VersionId", "v1")])
        .await;
    assert_eq!(version.text("Document"), encoded(&document));
    world
        .refused(
            "CreatePolicy",
            &[("PolicyName", "deploy"), ("PolicyDocument", &document)],
            409,
            "EntityAlreadyExists",
            "A policy called deploy already exists. Duplicate names are not allowed.",
        )
        .await;
    let wrong_path = arn("policy/Deploy");
    world
        .refused(
            "GetPolicy",
            &[("PolicyArn", &wrong_path)],
            404,
            "NoSuchEntity",
            &format!("Policy {wrong_path} was not found."),
        )
        .await;
}

#[tokio::test]
async fn five_versions_are_kept_and_numbers_are_never_used_twice() {
    let world = World::new();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("ecs:*", "*"))],
        )
        .await;
    let (policy, document) = (arn("policy/p"), allow("ec2:*", "*"));
    let (by_arn, text) = (("PolicyArn", policy.as_str()), ("PolicyDocument", document.as_str()));
    for number in 2..=5 {
        let made = world.ok("CreatePolicyVersion", &[by_arn, text]).await;
        assert_eq!(
            (made.text("VersionId"), made.text("IsDefaultVersion")),
            (format!("v{number}"), "false".into())
        );
    }
    world
        .refused(
            "CreatePolicyVersion",
            &[by_arn, text],
            409,
            "LimitExceeded",
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        )
        .await;
    world.ok("DeletePolicyVersion", &[by_arn, ("VersionId", "v5")]).await;
    let made = world
        .ok("CreatePolicyVersion", &[by_arn, text, ("SetAsDefault", "true")])
        .await;
    assert_eq!(
        (made.text("VersionId"), made.text("IsDefaultVersion")),
        ("v6".into(), "true".into())
    );
    world
        .refused(
            "DeletePolicyVersion",
            &[by_arn, ("VersionId", "v6")],
            409,
            "DeleteConflict",
            "Cannot delete the default version of a policy.",
        )
        .await;
    world
        .refused(
            "GetPolicyVersion",
            &[by_arn, ("VersionId", "v5")],
            404,
            "NoSuchEntity",
            &format!("Policy {policy} version v5 does not exist or is not attachable."),
        )
        .await;
    world
        .refused(
            "DeletePolicy",
            &[by_arn],
            409,
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        )
        .await;
    world
        .ok("SetDefaultPolicyVersion", &[by_arn, ("VersionId", "v1")])
        .await;
    for version in ["v2", "v3", "v4", "v6"] {
        world.ok("DeletePolicyVersion", &[by_arn, ("VersionId", version)]).await;
    }
    world.ok("DeletePolicy", &[by_arn]).await;
}

#[tokio::test]
async fn another_default_version_counts_from_the_next_call_on() {
    let world = World::new();
    let user = world.user("u", None).await;
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("iam:ListRoles", "*"))],
        )
        .await;
    let policy = arn("policy/p");
    world
        .ok("AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &policy)])
        .await;
    world.iam(&user, "ListRoles", &[]).await.is_ok();
    let document = allow("iam:ListUsers", "*");
    let input = [
        ("PolicyArn", policy.as_str()),
        ("PolicyDocument", &document),
        ("SetAsDefault", "true"),
    ];
    world.ok("CreatePolicyVersion", &input).await;
    assert_eq!(world.iam(&user, "ListRoles", &[]).await.status, 403);
    world.iam(&user, "ListUsers", &[]).await.is_ok();
    world
        .ok("DetachUserPolicy", &[("UserName", "u"), ("PolicyArn", &policy)])
        .await;
    assert_eq!(world.iam(&user, "ListUsers", &[]).await.status, 403);
}

#[tokio::test]
async fn an_administrator_policy_of_aws_allows() {
    let world = World::new();
    let user = world.user("u", None).await;
    let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
    world
        .ok("AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", arn)])
        .await;
    world.iam(&user, "CreateUser", &[("UserName", "v")]).await.is_ok();
}

#[tokio::test]
async fn only_what_exists_is_attached_and_only_what_is_attached_is_detached() {
    let world = World::new();
    world.role("r").await;
    let missing = arn("policy/none");
    world
        .refused(
            "AttachRolePolicy",
            &[("RoleName", "r"), ("PolicyArn", &missing)],
            404,
            "NoSuchEntity",
            &format!("Policy {missing} does not exist or is not attachable."),
        )
        .await;
    for operation in ["AttachRolePolicy", "DetachRolePolicy"] {
        world
            .refused(
                operation,
                &[("RoleName", "r"), ("PolicyArn", "this-is-not-an-arn-at-all")],
                400,
                "ValidationError",
                "Invalid ARN:  Could not be parsed!",
            )
            .await;
    }
    world
        .refused(
            "DetachRolePolicy",
            &[("RoleName", "r"), ("PolicyArn", &missing)],
            404,
            "NoSuchEntity",
            &format!("Policy {missing} was not found."),
        )
        .await;
}

#[tokio::test]
async fn ten_policies_are_attached_at_most_and_twice_is_once() {
    let world = World::new();
    world.role("r").await;
    let document = allow("ecs:*", "*");
    for at in 0..11 {
        let name = format!("p{at}");
        world
            .ok("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &document)])
            .await;
    }
    for at in 0..10 {
        let policy = arn(&format!("policy/p{at}"));
        world
            .ok("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &policy)])
            .await;
        world
            .ok("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &policy)])
            .await;
    }
    let policy = arn("policy/p10");
    world
        .refused(
            "AttachRolePolicy",
            &[("RoleName", "r"), ("PolicyArn", &policy)],
            409,
            "LimitExceeded",
            "Cannot exceed quota for PoliciesPerRole: 10",
        )
        .await;
    let first = world
        .ok("ListAttachedRolePolicies", &[("RoleName", "r"), ("MaxItems", "4")])
        .await;
    assert_eq!(first.texts("PolicyName"), ["p0", "p1", "p2", "p3"]);
    let marker = first.text("Marker");
    let rest = world
        .ok("ListAttachedRolePolicies", &[("RoleName", "r"), ("Marker", &marker)])
        .await;
    assert_eq!(rest.texts("PolicyName").len(), 6);
}

#[tokio::test]
async fn documents_are_checked_and_measured() {
    let world = World::new();
    let create = |text: String| {
        let world = &world;
        async move {
            world
                .iam(
                    &world.root,
                    "CreatePolicy",
                    &[("PolicyName", "p"), ("PolicyDocument", &text)],
                )
                .await
        }
    };
    create("{}".into())
        .await
        .is_error(400, "MalformedPolicyDocument", "Syntax errors in policy.");
    create(allow("s3", "*")).await.is_error(
        400,
        "MalformedPolicyDocument",
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    );
    create(allow(&format!("ecs:{}", "a".repeat(6144)), "*")).await.is_error(
        409,
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    );
}

#[tokio::test]
async fn lists_tell_own_policies_from_those_of_aws() {
    let world = World::new();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "own"), ("PolicyDocument", &allow("ecs:*", "*"))],
        )
        .await;
    let local = world.ok("ListPolicies", &[("Scope", "Local")]).await;
    assert_eq!(local.texts("PolicyName"), ["own"]);
    let aws = world
        .ok("ListPolicies", &[("Scope", "AWS"), ("MaxItems", "1000")])
        .await;
    assert_eq!(
        (aws.texts("PolicyName").len(), aws.text("IsTruncated")),
        (1000, "true".into())
    );
    let marker = aws.text("Marker");
    let rest = world
        .ok(
            "ListPolicies",
            &[("Scope", "AWS"), ("MaxItems", "1000"), ("Marker", &marker)],
        )
        .await;
    assert_eq!(
        (rest.texts("PolicyName").len(), rest.text("IsTruncated")),
        (582, "false".into())
    );
    assert!(
        !world
            .ok("ListPolicies", &[("OnlyAttached", "true")])
            .await
            .has("PolicyName")
    );
    world.role("r").await;
    world
        .ok(
            "AttachRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ],
        )
        .await;
    let attached = world.ok("ListPolicies", &[("OnlyAttached", "true")]).await;
    assert_eq!(attached.texts("PolicyName"), ["ReadOnlyAccess"]);
}

#[tokio::test]
async fn policies_of_aws_are_not_for_anybody_to_change() {
    let world = World::new();
    world
        .refused(
            "DeletePolicy",
            &[("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
            403,
            "AccessDenied",
            &format!(
                "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: iam:DeletePolicy on resource: policy arn:aws:iam::aws:policy/ReadOnlyAccess"
            ),
        )
        .await;
}

#[tokio::test]
async fn holders_of_a_policy_are_listed_by_kind() {
    let world = World::new();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("ecs:*", "*"))],
        )
        .await;
    let policy = arn("policy/p");
    world.role("r").await;
    world.ok("CreateUser", &[("UserName", "u")]).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world
        .ok("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &policy)])
        .await;
    world
        .ok("AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &policy)])
        .await;
    world
        .ok(
            "PutUserPermissionsBoundary",
            &[("UserName", "u"), ("PermissionsBoundary", &policy)],
        )
        .await;
    let all = world.ok("ListEntitiesForPolicy", &[("PolicyArn", &policy)]).await;
    assert_eq!(
        (all.texts("RoleName"), all.texts("GroupName"), all.texts("UserName")),
        (vec!["r".to_owned()], vec!["g".into()], vec!["u".into()])
    );
    let roles = world
        .ok(
            "ListEntitiesForPolicy",
            &[("PolicyArn", &policy), ("EntityFilter", "Role")],
        )
        .await;
    assert_eq!(
        (roles.texts("RoleName"), roles.has("GroupName")),
        (vec!["r".to_owned()], false)
    );
    let bound = world
        .ok(
            "ListEntitiesForPolicy",
            &[("PolicyArn", &policy), ("PolicyUsageFilter", "PermissionsBoundary")],
        )
        .await;
    assert_eq!(
        (bound.texts("UserName"), bound.has("RoleName")),
        (vec!["u".to_owned()], false)
    );
}
