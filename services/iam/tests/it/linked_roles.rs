//! The life of service-linked roles, as recorded of AWS.

use crate::world::{ACCOUNT, Keys, World, allow, arn, trust_account, usage};

const ECS: &str = "ecs.amazonaws.com";
const ECS_ROLE: &str = "AWSServiceRoleForECS";

fn ecs_arn() -> String {
    arn("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
}

fn protected(role: &str) -> String {
    format!("Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS")
}

async fn world_with_ecs_role() -> World {
    let world = World::new();
    world.ok("CreateServiceLinkedRole", &[("AWSServiceName", ECS)]).await;
    world
}

#[tokio::test]
async fn the_created_role_is_answered_in_the_services_own_words() {
    let world = World::new();
    let made = world
        .ok(
            "CreateServiceLinkedRole",
            &[("AWSServiceName", ECS), ("Description", "mine")],
        )
        .await;
    assert_eq!(made.text("Path"), "/aws-service-role/ecs.amazonaws.com/");
    assert_eq!(made.text("RoleName"), ECS_ROLE);
    assert_eq!(made.text("Arn"), ecs_arn());
    assert!(made.text("RoleId").starts_with("AROA") && made.text("RoleId").len() == 21);
    assert_eq!(
        made.text("AssumeRolePolicyDocument"),
        "%7B%22Version%22%3A%20%222012-10-17%22%2C%20%22Statement%22%3A%20%5B%7B%22Action%22%3A%20%5B%22sts%3AAssumeRole%22%5D%2C%20%22Effect%22%3A%20%22Allow%22%2C%20%22Principal%22%3A%20%7B%22Service%22%3A%20%5B%22ecs.amazonaws.com%22%5D%7D%7D%5D%7D"
    );
    for absent in ["Description", "MaxSessionDuration", "Tags", "RoleLastUsed"] {
        assert!(!made.has(absent), "{absent}");
    }
}

#[tokio::test]
async fn the_role_that_is_read_has_the_canonical_document() {
    let world = World::new();
    world
        .ok(
            "CreateServiceLinkedRole",
            &[("AWSServiceName", ECS), ("Description", "mine")],
        )
        .await;
    let read = world.ok("GetRole", &[("RoleName", ECS_ROLE)]).await;
    assert_eq!(
        read.text("AssumeRolePolicyDocument"),
        crate::world::encoded(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#
        )
    );
    assert_eq!(read.text("Description"), "mine");
    assert_eq!(read.text("MaxSessionDuration"), "3600");
    assert!(read.has("RoleLastUsed"));
    assert!(!read.has("Tags"));
    let listed = world.ok("ListRoles", &[("PathPrefix", "/aws-service-role/")]).await;
    assert_eq!(listed.texts("RoleName"), [ECS_ROLE]);
    let attached = world.ok("ListAttachedRolePolicies", &[("RoleName", ECS_ROLE)]).await;
    assert_eq!(attached.texts("PolicyName"), ["AmazonECSServiceRolePolicy"]);
    assert_eq!(
        attached.texts("PolicyArn"),
        ["arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"]
    );
    assert_eq!(attached.text("IsTruncated"), "false");
    assert_eq!(
        world
            .ok("ListRolePolicies", &[("RoleName", ECS_ROLE)])
            .await
            .text("IsTruncated"),
        "false"
    );
}

#[tokio::test]
async fn every_service_of_the_catalogue_gets_its_role() {
    let catalogue = include_str!("../../data/linked-roles.tsv");
    for line in catalogue.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        // Two services may share a role's name, so each gets an account of its own.
        let world = World::new();
        let made = world
            .ok("CreateServiceLinkedRole", &[("AWSServiceName", fields[0])])
            .await;
        assert_eq!(made.text("RoleName"), fields[1]);
        assert_eq!(
            made.text("Arn"),
            arn(&format!("role/aws-service-role/{}/{}", fields[0], fields[1]))
        );
    }
}

#[tokio::test]
async fn a_suffix_is_only_for_services_that_allow_one() {
    let world = World::new();
    world
        .refused(
            "CreateServiceLinkedRole",
            &[("AWSServiceName", ECS), ("CustomSuffix", "x")],
            400,
            "InvalidInput",
            "Custom suffix is not allowed for ecs.amazonaws.com",
        )
        .await;
    let input = [
        ("AWSServiceName", "autoscaling.amazonaws.com"),
        ("CustomSuffix", "blue"),
    ];
    let made = world.ok("CreateServiceLinkedRole", &input).await;
    assert_eq!(made.text("RoleName"), "AWSServiceRoleForAutoScaling_blue");
    world
        .refused(
            "CreateServiceLinkedRole",
            &input,
            400,
            "InvalidInput",
            "Service role name AWSServiceRoleForAutoScaling_blue has been taken in this account, please try a different suffix.",
        )
        .await;
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let world = world_with_ecs_role().await;
    world
        .refused(
            "CreateServiceLinkedRole",
            &[("AWSServiceName", ECS)],
            400,
            "InvalidInput",
            "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.",
        )
        .await;
}

#[tokio::test]
async fn a_missing_service_name_is_refused_in_iams_words() {
    let world = World::new();
    world
        .refused(
            "CreateServiceLinkedRole",
            &[],
            400,
            "ValidationError",
            "1 validation error detected: Value at 'aWSServiceName' failed to satisfy constraint: Member must not be null",
        )
        .await;
}

#[tokio::test]
async fn a_service_without_linked_roles_is_refused() {
    let world = World::new();
    let answer = world
        .iam(
            &world.root,
            "CreateServiceLinkedRole",
            &[("AWSServiceName", "nobody.amazonaws.com")],
        )
        .await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (400, "InvalidInput"));
}

#[tokio::test]
async fn creation_is_allowed_by_the_roles_arn_and_the_services_name() {
    let world = World::new();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"{}","Condition":{{"StringEquals":{{"iam:AWSServiceName":"ecs.amazonaws.com"}}}}}}]}}"#,
        ecs_arn()
    );
    let user = world.user("deployer", Some(&policy)).await;
    world
        .iam(&user, "CreateServiceLinkedRole", &[("AWSServiceName", ECS)])
        .await
        .is_ok();
    let other = world
        .iam(
            &user,
            "CreateServiceLinkedRole",
            &[("AWSServiceName", "autoscaling.amazonaws.com")],
        )
        .await;
    other.is_error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: iam:CreateServiceLinkedRole on resource: arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling because no identity-based policy allows the iam:CreateServiceLinkedRole action"
        ),
    );
}

#[tokio::test]
async fn creation_is_denied_by_the_services_name() {
    let world = World::new();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":"ecs.amazonaws.com"}}}]}"#;
    let user = world.user("deployer", Some(policy)).await;
    world.iam(&user, "CreateServiceLinkedRole", &[("AWSServiceName", ECS)]).await.is_error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to perform: iam:CreateServiceLinkedRole on resource: {} with an explicit deny in an identity-based policy",
            ecs_arn()
        ),
    );
}

#[tokio::test]
async fn nothing_that_aws_protects_can_be_changed() {
    let world = world_with_ecs_role().await;
    world.ok("CreateInstanceProfile", &[("InstanceProfileName", "p")]).await;
    let role = ("RoleName", ECS_ROLE);
    let own = (
        "PolicyArn",
        "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy",
    );
    let document = allow("*", "*");
    let trust = trust_account();
    for (operation, input) in [
        ("UpdateAssumeRolePolicy", vec![role, ("PolicyDocument", &trust)]),
        (
            "PutRolePolicy",
            vec![role, ("PolicyName", "x"), ("PolicyDocument", &document)],
        ),
        ("DeleteRolePolicy", vec![role, ("PolicyName", "absent")]),
        (
            "AttachRolePolicy",
            vec![role, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        ),
        ("AttachRolePolicy", vec![role, own]),
        ("DetachRolePolicy", vec![role, own]),
        (
            "PutRolePermissionsBoundary",
            vec![role, ("PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")],
        ),
        ("DeleteRolePermissionsBoundary", vec![role]),
        ("DeleteRole", vec![role]),
        ("AddRoleToInstanceProfile", vec![role, ("InstanceProfileName", "p")]),
        (
            "RemoveRoleFromInstanceProfile",
            vec![role, ("InstanceProfileName", "p")],
        ),
    ] {
        world
            .refused(operation, &input, 400, "UnmodifiableEntity", &protected(ECS_ROLE))
            .await;
    }
    world
        .refused(
            "UpdateRole",
            &[role, ("MaxSessionDuration", "7200")],
            400,
            "UnmodifiableEntity",
            "AWSServiceRoleForECS is an AWS service linked role, max session duration cannot be changed.",
        )
        .await;
}

#[tokio::test]
async fn description_and_tags_can_be_changed() {
    let world = world_with_ecs_role().await;
    let role = ("RoleName", ECS_ROLE);
    world.ok("UpdateRole", &[role, ("Description", "one")]).await;
    let updated = world.ok("UpdateRoleDescription", &[role, ("Description", "two")]).await;
    assert_eq!(updated.text("Description"), "two");
    assert!(!updated.has("MaxSessionDuration"));
    world
        .ok(
            "TagRole",
            &[role, ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")],
        )
        .await;
    let read = world.ok("GetRole", &[role]).await;
    assert_eq!(
        (read.text("Description"), read.text("Key"), read.text("Value")),
        ("two".into(), "team".into(), "red".into())
    );
    world.ok("UntagRole", &[role, ("TagKeys.member.1", "team")]).await;
    assert!(!world.ok("GetRole", &[role]).await.has("Tags"));
}

#[tokio::test]
async fn a_service_policy_is_attached_to_nothing_else() {
    let world = World::new();
    world.role("plain").await;
    let policy = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy";
    world
        .refused(
            "AttachRolePolicy",
            &[("RoleName", "plain"), ("PolicyArn", policy)],
            400,
            "PolicyNotAttachable",
            "Cannot attach a Service Role Policy to a Customer Role.",
        )
        .await;
    world.ok("CreateUser", &[("UserName", "u")]).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    for (operation, input) in [
        ("AttachUserPolicy", [("UserName", "u"), ("PolicyArn", policy)]),
        ("AttachGroupPolicy", [("GroupName", "g"), ("PolicyArn", policy)]),
        (
            "PutRolePermissionsBoundary",
            [("RoleName", "plain"), ("PermissionsBoundary", policy)],
        ),
    ] {
        let answer = world.iam(&world.root, operation, &input).await;
        assert_eq!(
            (answer.status, answer.text("Code").as_str()),
            (400, "PolicyNotAttachable"),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn the_reserved_path_is_refused() {
    let world = World::new();
    world
        .refused(
            "CreateRole",
            &[
                ("RoleName", "x"),
                ("Path", "/aws-service-role/ecs.amazonaws.com/"),
                ("AssumeRolePolicyDocument", &trust_account()),
            ],
            400,
            "InvalidInput",
            "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
        )
        .await;
}

#[tokio::test]
async fn nobody_but_the_service_assumes_the_role() {
    let world = world_with_ecs_role().await;
    let admin = world.user("admin", Some(&allow("*", "*"))).await;
    let input = [("RoleArn", ecs_arn()), ("RoleSessionName", "me-myself".to_owned())];
    let input: Vec<(&str, &str)> = input.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.sts(&admin, "AssumeRole", &input).await.is_error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to perform: sts:AssumeRole on resource: {}",
            ecs_arn()
        ),
    );
}

async fn status(world: &World, id: &str) -> crate::world::Answer {
    world
        .ok("GetServiceLinkedRoleDeletionStatus", &[("DeletionTaskId", id)])
        .await
}

#[tokio::test]
async fn an_unused_role_is_deleted_and_made_anew_with_another_id() {
    let world = world_with_ecs_role().await;
    let old = world.ok("GetRole", &[("RoleName", ECS_ROLE)]).await.text("RoleId");
    let id = world
        .ok("DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .text("DeletionTaskId");
    let uuid = id
        .strip_prefix("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/")
        .unwrap();
    assert_eq!((uuid.len(), uuid.to_lowercase()), (36, uuid.to_owned()));
    let ended = status(&world, &id).await;
    assert_eq!(ended.text("Status"), "SUCCEEDED");
    assert!(!ended.has("Reason"));
    world
        .refused(
            "GetRole",
            &[("RoleName", ECS_ROLE)],
            404,
            "NoSuchEntity",
            "The role with name AWSServiceRoleForECS cannot be found.",
        )
        .await;
    let made = world.ok("CreateServiceLinkedRole", &[("AWSServiceName", ECS)]).await;
    assert_ne!(made.text("RoleId"), old);
}

#[tokio::test]
async fn a_role_in_use_stays_as_it_is_and_all_regions_are_told() {
    let world = world_with_ecs_role().await;
    let before = world.ok("GetRole", &[("RoleName", ECS_ROLE)]).await;
    let (east, west) = (
        "arn:aws:ecs:us-east-1:123456789012:cluster/a",
        "arn:aws:ecs:eu-west-1:123456789012:cluster/b",
    );
    *world.usage.0.lock().unwrap() = vec![usage("us-east-1", &[east]), usage("eu-west-1", &[west])];
    let first = world
        .ok("DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .text("DeletionTaskId");
    let failed = status(&world, &first).await;
    assert_eq!(failed.text("Status"), "FAILED");
    assert!(failed.body.contains("<Reason>Role in use.</Reason>"), "{}", failed.body);
    assert_eq!(failed.texts("Region"), ["us-east-1", "eu-west-1"]);
    assert!(failed.body.contains(east) && failed.body.contains(west));
    let after = world.ok("GetRole", &[("RoleName", ECS_ROLE)]).await;
    assert_eq!(after.text("RoleId"), before.text("RoleId"));
    assert_eq!(after.text("CreateDate"), before.text("CreateDate"));
    assert_eq!(
        world
            .ok("ListAttachedRolePolicies", &[("RoleName", ECS_ROLE)])
            .await
            .texts("PolicyArn")
            .len(),
        1
    );
    let second = world
        .ok("DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .text("DeletionTaskId");
    assert_ne!(first, second);
    world.usage.0.lock().unwrap().clear();
    let third = world
        .ok("DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .text("DeletionTaskId");
    assert_eq!(status(&world, &third).await.text("Status"), "SUCCEEDED");
    assert_eq!(status(&world, &first).await.text("Status"), "FAILED");
}

#[tokio::test]
async fn only_linked_roles_are_deleted_that_way() {
    let world = World::new();
    world.role("plain").await;
    world
        .refused(
            "DeleteServiceLinkedRole",
            &[("RoleName", "plain")],
            404,
            "NoSuchEntity",
            "plain exists but is not a service role.",
        )
        .await;
    world
        .refused(
            "DeleteServiceLinkedRole",
            &[("RoleName", "nobody")],
            404,
            "NoSuchEntity",
            "The role with name nobody cannot be found.",
        )
        .await;
}

#[tokio::test]
async fn a_task_id_is_well_formed_and_known_or_refused() {
    let world = World::new();
    let status = "GetServiceLinkedRoleDeletionStatus";
    world
        .refused(
            status,
            &[("DeletionTaskId", "nonsense")],
            400,
            "InvalidInput",
            "Invalid task id",
        )
        .await;
    let unknown = "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/0f1e2d3c-4b5a-4678-9abc-def012345678";
    world
        .refused(
            status,
            &[("DeletionTaskId", unknown)],
            404,
            "NoSuchEntity",
            "Cannot find deletion status for given id.",
        )
        .await;
}

#[tokio::test]
async fn tasks_and_roles_outlive_a_restart() {
    let world = world_with_ecs_role().await;
    let again = World::over(std::sync::Arc::clone(&world.store));
    again.ok("GetRole", &[("RoleName", ECS_ROLE)]).await;
    let id = again
        .ok("DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .text("DeletionTaskId");
    let third = World::over(std::sync::Arc::clone(&world.store));
    assert_eq!(status(&third, &id).await.text("Status"), "SUCCEEDED");
}

#[tokio::test]
async fn the_documented_policies_allow_editing_and_deleting() {
    let world = world_with_ecs_role().await;
    let statement = |actions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS*"}}]}}"#
        )
    };
    let editor = world
        .user("editor", Some(&statement(r#""iam:UpdateRoleDescription""#)))
        .await;
    let deleter = world
        .user(
            "deleter",
            Some(&statement(
                r#""iam:DeleteServiceLinkedRole","iam:GetServiceLinkedRoleDeletionStatus""#,
            )),
        )
        .await;
    let describe = [("RoleName", ECS_ROLE), ("Description", "x")];
    world.iam(&editor, "UpdateRoleDescription", &describe).await.is_ok();
    assert_eq!(
        world.iam(&deleter, "UpdateRoleDescription", &describe).await.status,
        403
    );
    assert_eq!(
        world
            .iam(&editor, "DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
            .await
            .status,
        403
    );
    let id = delete(&world, &deleter).await;
    world
        .iam(
            &deleter,
            "GetServiceLinkedRoleDeletionStatus",
            &[("DeletionTaskId", &id)],
        )
        .await
        .is_ok();
}

async fn delete(world: &World, keys: &Keys) -> String {
    world
        .iam(keys, "DeleteServiceLinkedRole", &[("RoleName", ECS_ROLE)])
        .await
        .is_ok()
        .text("DeletionTaskId")
}
