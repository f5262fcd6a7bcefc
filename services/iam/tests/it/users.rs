//! Users, their keys and groups.

use crate::world::{ACCOUNT, Keys, World, allow, arn};

#[tokio::test]
async fn a_user_is_made_read_renamed_and_deleted() {
    let world = World::new();
    let made = world.ok("CreateUser", &[("UserName", "Ann"), ("Path", "/team/")]).await;
    let id = made.text("UserId");
    assert!(id.starts_with("AIDA"));
    assert_eq!(made.text("Arn"), arn("user/team/Ann"));
    world
        .refused(
            "CreateUser",
            &[("UserName", "ANN")],
            409,
            "EntityAlreadyExists",
            "User with name ANN already exists.",
        )
        .await;
    world
        .ok(
            "UpdateUser",
            &[("UserName", "ann"), ("NewUserName", "Bea"), ("NewPath", "/")],
        )
        .await;
    let read = world.ok("GetUser", &[("UserName", "Bea")]).await;
    assert_eq!((read.text("UserId"), read.text("Arn")), (id, arn("user/Bea")));
    world
        .refused(
            "GetUser",
            &[("UserName", "Ann")],
            404,
            "NoSuchEntity",
            "The user with name Ann cannot be found.",
        )
        .await;
    world
        .ok("UpdateUser", &[("UserName", "Bea"), ("NewUserName", "BEA")])
        .await;
    assert_eq!(world.ok("ListUsers", &[]).await.texts("UserName"), ["BEA"]);
    world.ok("DeleteUser", &[("UserName", "bea")]).await;
    assert!(!world.ok("ListUsers", &[]).await.has("UserName"));
}

#[tokio::test]
async fn a_renamed_user_keeps_keys_policies_and_groups() {
    let world = World::new();
    let keys = world.user("ann", Some(&allow("iam:ListRoles", "*"))).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world
        .ok(
            "PutGroupPolicy",
            &[
                ("GroupName", "g"),
                ("PolicyName", "p"),
                ("PolicyDocument", &allow("iam:ListUsers", "*")),
            ],
        )
        .await;
    world
        .ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")])
        .await;
    world
        .ok("UpdateUser", &[("UserName", "ann"), ("NewUserName", "bea")])
        .await;
    world
        .ok("UpdateGroup", &[("GroupName", "g"), ("NewGroupName", "h")])
        .await;
    world.iam(&keys, "ListRoles", &[]).await.is_ok();
    world.iam(&keys, "ListUsers", &[]).await.is_ok();
    assert_eq!(
        world.ok("GetGroup", &[("GroupName", "h")]).await.texts("UserName"),
        ["bea"]
    );
    assert_eq!(
        world.sts(&keys, "GetCallerIdentity", &[]).await.text("Arn"),
        arn("user/bea")
    );
}

#[tokio::test]
async fn without_a_name_a_user_is_told_about_itself() {
    let world = World::new();
    let keys = world.user("ann", Some(&allow("iam:*", "*"))).await;
    assert_eq!(world.iam(&keys, "GetUser", &[]).await.text("UserName"), "ann");
    assert_eq!(
        world.iam(&keys, "ListAccessKeys", &[]).await.texts("AccessKeyId"),
        std::slice::from_ref(&keys.id)
    );
    let root = world.ok("GetUser", &[]).await;
    assert_eq!(
        (root.text("UserId"), root.text("Arn")),
        (ACCOUNT.to_owned(), arn("root"))
    );
}

#[tokio::test]
async fn two_access_keys_are_the_most() {
    let world = World::new();
    let first = world.user("ann", None).await;
    let second = world.ok("CreateAccessKey", &[("UserName", "ann")]).await;
    assert_eq!(second.text("Status"), "Active");
    assert_eq!(second.text("SecretAccessKey").len(), 40);
    world
        .refused(
            "CreateAccessKey",
            &[("UserName", "ann")],
            409,
            "LimitExceeded",
            "Cannot exceed quota for AccessKeysPerUser: 2",
        )
        .await;
    let listed = world.ok("ListAccessKeys", &[("UserName", "ann")]).await;
    assert_eq!(listed.texts("AccessKeyId"), [first.id, second.text("AccessKeyId")]);
    assert!(!listed.has("SecretAccessKey"));
}

#[tokio::test]
async fn an_inactive_or_deleted_key_opens_nothing() {
    let world = World::new();
    let keys = world.user("ann", None).await;
    let by_id = ("AccessKeyId", keys.id.as_str());
    world.sts(&keys, "GetCallerIdentity", &[]).await.is_ok();
    world
        .ok("UpdateAccessKey", &[("UserName", "ann"), by_id, ("Status", "Inactive")])
        .await;
    let invalid = "The security token included in the request is invalid.";
    world
        .sts(&keys, "GetCallerIdentity", &[])
        .await
        .is_error(403, "InvalidClientTokenId", invalid);
    world
        .ok("UpdateAccessKey", &[("UserName", "ann"), by_id, ("Status", "Active")])
        .await;
    world.sts(&keys, "GetCallerIdentity", &[]).await.is_ok();
    world.ok("DeleteAccessKey", &[("UserName", "ann"), by_id]).await;
    world
        .sts(&keys, "GetCallerIdentity", &[])
        .await
        .is_error(403, "InvalidClientTokenId", invalid);
    world
        .refused(
            "DeleteAccessKey",
            &[("UserName", "ann"), by_id],
            404,
            "NoSuchEntity",
            &format!("The Access Key with id {} cannot be found.", keys.id),
        )
        .await;
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let world = World::new();
    let keys = world.user("ann", None).await;
    let wrong = Keys {
        secret: "x".repeat(40),
        ..keys
    };
    let answer = world.sts(&wrong, "GetCallerIdentity", &[]).await;
    assert_eq!(
        (answer.status, answer.text("Code").as_str()),
        (403, "SignatureDoesNotMatch")
    );
}

#[tokio::test]
async fn a_user_goes_only_when_nothing_hangs_on_it() {
    let world = World::new();
    let keys = world.user("u", Some(&allow("*", "*"))).await;
    let user = ("UserName", "u");
    world
        .ok(
            "AttachUserPolicy",
            &[user, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        )
        .await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world.ok("AddUserToGroup", &[user, ("GroupName", "g")]).await;
    for (problem, remedy, input) in [
        (
            "Cannot delete entity, must delete access keys first.",
            "DeleteAccessKey",
            vec![user, ("AccessKeyId", &keys.id)],
        ),
        (
            "Cannot delete entity, must detach all policies first.",
            "DetachUserPolicy",
            vec![user, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        ),
        (
            "Cannot delete entity, must delete policies first.",
            "DeleteUserPolicy",
            vec![user, ("PolicyName", "own")],
        ),
        (
            "Cannot delete entity, must remove users from group first.",
            "RemoveUserFromGroup",
            vec![user, ("GroupName", "g")],
        ),
    ] {
        world
            .refused("DeleteUser", &[user], 409, "DeleteConflict", problem)
            .await;
        world.ok(remedy, &input).await;
    }
    world.ok("DeleteUser", &[user]).await;
}

#[tokio::test]
async fn a_group_gives_its_policies_to_its_members() {
    let world = World::new();
    let keys = world.user("ann", None).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    let put = [
        ("GroupName", "g"),
        ("PolicyName", "p"),
        ("PolicyDocument", &allow("iam:ListRoles", "*")),
    ];
    let put: Vec<(&str, &str)> = put.to_vec();
    world.ok("PutGroupPolicy", &put).await;
    assert_eq!(world.iam(&keys, "ListRoles", &[]).await.status, 403);
    let member = [("GroupName", "g"), ("UserName", "ann")];
    world.ok("AddUserToGroup", &member).await;
    world.iam(&keys, "ListRoles", &[]).await.is_ok();
    assert_eq!(
        world
            .ok("ListGroupsForUser", &[("UserName", "ann")])
            .await
            .texts("GroupName"),
        ["g"]
    );
    world
        .refused(
            "DeleteGroup",
            &[("GroupName", "g")],
            409,
            "DeleteConflict",
            "Cannot delete entity, must remove users from group first.",
        )
        .await;
    world.ok("RemoveUserFromGroup", &member).await;
    assert_eq!(world.iam(&keys, "ListRoles", &[]).await.status, 403);
    world
        .refused(
            "DeleteGroup",
            &[("GroupName", "g")],
            409,
            "DeleteConflict",
            "Cannot delete entity, must delete policies first.",
        )
        .await;
    world
        .ok("DeleteGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p")])
        .await;
    world.ok("DeleteGroup", &[("GroupName", "g")]).await;
}

#[tokio::test]
async fn tags_are_unique_in_any_letter_case() {
    let world = World::new();
    let tags = |keys: [&'static str; 2]| {
        [
            ("UserName", "u"),
            ("Tags.member.1.Key", keys[0]),
            ("Tags.member.1.Value", "1"),
            ("Tags.member.2.Key", keys[1]),
            ("Tags.member.2.Value", "2"),
        ]
    };
    world
        .refused(
            "CreateUser",
            &tags(["team", "TEAM"]),
            400,
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
        .await;
    world.ok("CreateUser", &tags(["team", "other"])).await;
    world.ok("TagUser", &tags(["Team", "more"])).await;
    assert_eq!(
        world.ok("ListUserTags", &[("UserName", "u")]).await.texts("Key"),
        ["Team", "more", "other"]
    );
    world
        .ok("UntagUser", &[("UserName", "u"), ("TagKeys.member.1", "TEAM")])
        .await;
    assert_eq!(
        world.ok("GetUser", &[("UserName", "u")]).await.texts("Key"),
        ["more", "other"]
    );
}

#[tokio::test]
async fn request_tags_condition_who_may_make_a_user() {
    let world = World::new();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:CreateUser","iam:TagUser"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}]}"#;
    let user = world.user("maker", Some(policy)).await;
    assert_eq!(world.iam(&user, "CreateUser", &[("UserName", "a")]).await.status, 403);
    let tagged = [
        ("UserName", "a"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "red"),
    ];
    world.iam(&user, "CreateUser", &tagged).await.is_ok();
}

#[tokio::test]
async fn an_instance_profile_holds_one_role() {
    let world = World::new();
    let made = world
        .ok(
            "CreateInstanceProfile",
            &[("InstanceProfileName", "p"), ("Path", "/x/")],
        )
        .await;
    assert_eq!(made.text("Arn"), arn("instance-profile/x/p"));
    assert!(made.text("InstanceProfileId").starts_with("AIPA"));
    world.role("r").await;
    world.role("s").await;
    world
        .ok(
            "AddRoleToInstanceProfile",
            &[("InstanceProfileName", "p"), ("RoleName", "r")],
        )
        .await;
    world
        .refused(
            "AddRoleToInstanceProfile",
            &[("InstanceProfileName", "p"), ("RoleName", "s")],
            409,
            "LimitExceeded",
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        )
        .await;
    assert_eq!(
        world
            .ok("GetInstanceProfile", &[("InstanceProfileName", "p")])
            .await
            .texts("RoleName"),
        ["r"]
    );
    let of_role = world.ok("ListInstanceProfilesForRole", &[("RoleName", "r")]).await;
    assert_eq!(of_role.texts("InstanceProfileName"), ["p"]);
    assert_eq!(world.ok("ListInstanceProfiles", &[]).await.texts("RoleName"), ["r"]);
    world
        .refused(
            "DeleteInstanceProfile",
            &[("InstanceProfileName", "p")],
            409,
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.",
        )
        .await;
    world
        .ok(
            "RemoveRoleFromInstanceProfile",
            &[("InstanceProfileName", "p"), ("RoleName", "r")],
        )
        .await;
    world.ok("DeleteInstanceProfile", &[("InstanceProfileName", "p")]).await;
    world
        .refused(
            "GetInstanceProfile",
            &[("InstanceProfileName", "p")],
            404,
            "NoSuchEntity",
            "Instance Profile p cannot be found.",
        )
        .await;
}
