//! Access Advisor: who may use what, and when it was last attempted.

use std::time::Duration;

use crate::world::{Answer, Keys, World, allow, arn, role_arn};

async fn report(world: &World, keys: &Keys, entity: &str, more: &[(&str, &str)]) -> Answer {
    let mut input = vec![("Arn", entity)];
    input.extend_from_slice(more);
    let job = world
        .iam(keys, "GenerateServiceLastAccessedDetails", &input)
        .await
        .is_ok()
        .text("JobId");
    assert_eq!((job.len(), job.to_lowercase()), (36, job.clone()));
    world
        .iam(keys, "GetServiceLastAccessedDetails", &[("JobId", &job)])
        .await
}

async fn job(world: &World, entity: &str) -> String {
    world
        .ok("GenerateServiceLastAccessedDetails", &[("Arn", entity)])
        .await
        .text("JobId")
}

#[tokio::test]
async fn an_unused_linked_role_of_ecs_has_eleven_services() {
    let world = World::new();
    world
        .ok("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")])
        .await;
    let role = arn("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    let told = report(&world, &world.root, &role, &[]).await;
    assert_eq!(
        (told.text("JobStatus"), told.text("JobType")),
        ("COMPLETED".into(), "SERVICE_LEVEL".into())
    );
    assert_eq!(
        told.texts("ServiceNamespace"),
        [
            "autoscaling",
            "autoscaling-plans",
            "cloudwatch",
            "ec2",
            "elasticloadbalancing",
            "events",
            "logs",
            "route53",
            "servicediscovery",
            "ssm",
            "ssmmessages",
        ]
    );
    assert_eq!(told.texts("TotalAuthenticatedEntities"), vec!["0"; 11]);
    assert!(!told.has("LastAuthenticated") && !told.has("TrackedActionsLastAccessed"));
    assert_eq!(told.text("IsTruncated"), "false");
}

#[tokio::test]
async fn attempts_count_at_once_denied_ones_too() {
    let world = World::new();
    world.role("r").await;
    let user = world.user("u", Some(&allow("sts:AssumeRole", "*"))).await;
    let input = [
        ("RoleName", "r"),
        ("PolicyName", "p"),
        (
            "PolicyDocument",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:ListRoles","s3:GetObject"],"Resource":"*"},{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}]}"#,
        ),
    ];
    world.ok("PutRolePolicy", &input).await;
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    world.clock.advance(Duration::from_secs(95));
    assert_eq!(world.iam(&session, "ListUsers", &[]).await.status, 403);
    let told = report(&world, &world.root, &role_arn("r"), &[("Granularity", "ACTION_LEVEL")]).await;
    assert_eq!(told.texts("ServiceNamespace"), ["iam", "s3"]);
    assert_eq!(told.texts("LastAuthenticated"), ["2026-11-24T06:01:00Z"]);
    assert_eq!(told.texts("LastAuthenticatedEntity"), [role_arn("r")]);
    assert_eq!(told.texts("LastAuthenticatedRegion"), ["us-east-1"]);
    assert_eq!(told.texts("TotalAuthenticatedEntities"), ["1", "0"]);
    // A service that is allowed through untracked actions alone is listed without actions.
    assert_eq!(told.texts("ActionName"), ["ListRoles"]);
    assert!(!told.has("LastAccessedTime"));
    world.iam(&session, "ListRoles", &[]).await.is_ok();
    let told = report(&world, &world.root, &role_arn("r"), &[("Granularity", "ACTION_LEVEL")]).await;
    assert_eq!(told.texts("LastAccessedTime"), ["2026-11-24T06:01:00Z"]);
    assert_eq!(told.texts("LastAccessedEntity"), [role_arn("r")]);
}

#[tokio::test]
async fn a_job_belongs_to_who_made_it() {
    let world = World::new();
    let (ann, bob) = (
        world.user("ann", Some(&allow("*", "*"))).await,
        world.user("bob", Some(&allow("*", "*"))).await,
    );
    let job = world
        .iam(&ann, "GenerateServiceLastAccessedDetails", &[("Arn", &arn("user/bob"))])
        .await
        .text("JobId");
    let input = [("JobId", job.as_str())];
    world.iam(&ann, "GetServiceLastAccessedDetails", &input).await.is_ok();
    for other in [&bob, &world.root] {
        world
            .iam(other, "GetServiceLastAccessedDetails", &input)
            .await
            .is_error(404, "NoSuchEntity", &format!("Job {job} does not exist."));
    }
    let unknown = "x".repeat(36);
    world
        .refused(
            "GetServiceLastAccessedDetails",
            &[("JobId", &unknown)],
            404,
            "NoSuchEntity",
            &format!("Job {unknown} does not exist."),
        )
        .await;
}

#[tokio::test]
async fn arns_that_no_report_is_about_are_refused() {
    let world = World::new();
    let root = arn("root");
    let missing = role_arn("none");
    let foreign = "arn:aws:iam::210987654321:role/r";
    for (entity, status, code, message) in [
        (
            "arn:aws:s3:::bucket-of-mine",
            400,
            "ValidationError",
            "Invalid service in ARN".to_owned(),
        ),
        (
            "arn:aws-cn:iam::123456789012:role/r",
            400,
            "ValidationError",
            "Invalid ARN partition".to_owned(),
        ),
        (
            root.as_str(),
            400,
            "InvalidInput",
            format!("Invalid Entity Arn: {root} is not supported."),
        ),
        (
            missing.as_str(),
            404,
            "NoSuchEntity",
            format!("ARN {missing} does not exist."),
        ),
        (
            foreign,
            403,
            "AccessDenied",
            format!("User: {root} is not authorized to perform the operation on {foreign}"),
        ),
    ] {
        world
            .refused(
                "GenerateServiceLastAccessedDetails",
                &[("Arn", entity)],
                status,
                code,
                &message,
            )
            .await;
    }
    world.role("r").await;
    world
        .ok(
            "GenerateServiceLastAccessedDetails",
            &[("Arn", &arn("role/wrong/path/r"))],
        )
        .await;
    world
        .refused(
            "GenerateServiceLastAccessedDetails",
            &[("Arn", &role_arn("r")), ("Granularity", "service_level")],
            400,
            "ValidationError",
            "1 validation error detected: Value at 'granularity' failed to satisfy constraint: Member must satisfy enum value set: [SERVICE_LEVEL, ACTION_LEVEL]",
        )
        .await;
}

#[tokio::test]
async fn reports_are_cut_into_pages_with_markers_of_their_own() {
    let world = World::new();
    world.role("r").await;
    world
        .ok(
            "AttachRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
            ],
        )
        .await;
    let (first, second) = (job(&world, &role_arn("r")).await, job(&world, &role_arn("r")).await);
    let page = world
        .ok(
            "GetServiceLastAccessedDetails",
            &[("JobId", &first), ("MaxItems", "400")],
        )
        .await;
    assert_eq!(
        (page.texts("ServiceNamespace").len(), page.text("IsTruncated")),
        (400, "true".into())
    );
    let marker = page.text("Marker");
    let rest = world
        .ok(
            "GetServiceLastAccessedDetails",
            &[("JobId", &first), ("Marker", &marker)],
        )
        .await;
    assert_eq!((rest.texts("ServiceNamespace").len(), rest.has("Marker")), (56, false));
    let wrong = "The marker passed in the request was invalid.";
    for (job, marker, code, message) in [
        (&second, marker.as_str(), "InvalidInput", wrong),
        (&first, "invalid", "ValidationError", "Invalid Marker."),
    ] {
        let input = [("JobId", job.as_str()), ("Marker", marker)];
        world
            .refused("GetServiceLastAccessedDetails", &input, 400, code, message)
            .await;
    }
    let input = [
        ("JobId", first.as_str()),
        ("ServiceNamespace", "s3"),
        ("Marker", &marker),
    ];
    world
        .refused(
            "GetServiceLastAccessedDetailsWithEntities",
            &input,
            400,
            "InvalidInput",
            wrong,
        )
        .await;
    world
        .refused(
            "GetServiceLastAccessedDetails",
            &[("JobId", &first), ("MaxItems", "1001")],
            400,
            "ValidationError",
            "1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000",
        )
        .await;
}

#[tokio::test]
async fn entities_of_a_policy_are_those_that_have_it() {
    let world = World::new();
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("iam:*", "*"))],
        )
        .await;
    let policy = arn("policy/p");
    let ann = world.user("ann", None).await;
    world.user("bob", None).await;
    world.role("r").await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world
        .ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "bob")])
        .await;
    world
        .ok("AttachUserPolicy", &[("UserName", "ann"), ("PolicyArn", &policy)])
        .await;
    world
        .ok("AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &policy)])
        .await;
    world
        .ok("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &policy)])
        .await;
    let quiet = job(&world, &policy).await;
    let entities = |job: &str, service: &'static str| {
        let (world, job) = (&world, job.to_owned());
        async move {
            world
                .iam(
                    &world.root,
                    "GetServiceLastAccessedDetailsWithEntities",
                    &[("JobId", &job), ("ServiceNamespace", service)],
                )
                .await
        }
    };
    let told = entities(&quiet, "iam").await;
    assert_eq!(
        told.is_ok().texts("Arn"),
        [role_arn("r"), arn("user/ann"), arn("user/bob")]
    );
    assert_eq!(told.texts("Type"), ["ROLE", "USER", "USER"]);
    assert!(!told.has("JobType") && !told.has("LastAuthenticated"));
    assert!(!entities(&quiet, "s3").await.is_ok().has("Arn"));
    world.iam(&ann, "ListUsers", &[]).await.is_ok();
    let active = job(&world, &policy).await;
    let told = entities(&active, "iam").await;
    assert_eq!(told.texts("Arn").first(), Some(&arn("user/ann")));
    assert_eq!(told.texts("LastAuthenticated").len(), 1);
    world
        .ok("DetachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &policy)])
        .await;
    world.ok("DeleteRole", &[("RoleName", "r")]).await;
    assert_eq!(
        entities(&active, "iam").await.texts("Arn"),
        [arn("user/ann"), arn("user/bob")]
    );
    entities(&active, "IAM").await.is_error(
        400,
        "InvalidInput",
        "Service namepace IAM is either invalid or unsupported.",
    );
    entities(&active, "a:b").await.is_error(
        400,
        "ValidationError",
        r"1 validation error detected: Value at 'serviceNamespace' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]*",
    );
}

#[tokio::test]
async fn policies_that_grant_a_service_are_listed() {
    let world = World::new();
    world.user("ann", Some(&allow("iam:GetUser", "*"))).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world
        .ok(
            "PutGroupPolicy",
            &[
                ("GroupName", "g"),
                ("PolicyName", "gp"),
                ("PolicyDocument", &allow("s3:*", "*")),
            ],
        )
        .await;
    world
        .ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")])
        .await;
    world
        .ok(
            "AttachUserPolicy",
            &[
                ("UserName", "ann"),
                ("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"),
            ],
        )
        .await;
    let user = arn("user/ann");
    let services = |names: &[&'static str]| {
        let mut input = vec![("Arn".to_owned(), user.clone())];
        input.extend(
            names
                .iter()
                .enumerate()
                .map(|(at, name)| (format!("ServiceNamespaces.member.{}", at + 1), (*name).to_owned())),
        );
        input
    };
    let ask = |names: &[&'static str]| {
        let (world, input) = (&world, services(names));
        async move {
            let input: Vec<(&str, &str)> = input
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            world
                .iam(&world.root, "ListPoliciesGrantingServiceAccess", &input)
                .await
        }
    };
    let told = ask(&["s3", "iam", "s3", "ec2"]).await;
    assert_eq!(told.is_ok().texts("ServiceNamespace"), ["s3", "iam", "ec2"]);
    let mut names = told.texts("PolicyName");
    names.sort();
    assert_eq!(names, ["IAMReadOnlyAccess", "gp", "own"]);
    assert_eq!(told.texts("EntityName").first().map(String::as_str), Some("g"));
    assert_eq!(told.texts("PolicyArn"), ["arn:aws:iam::aws:policy/IAMReadOnlyAccess"]);
    ask(&["S3", "iam", "IAM"])
        .await
        .is_error(400, "InvalidInput", "Invalid service namespace: [S3, IAM]");
    let policy = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    world
        .refused(
            "ListPoliciesGrantingServiceAccess",
            &[("Arn", policy), ("ServiceNamespaces.member.1", "s3")],
            400,
            "InvalidInput",
            &format!("Invalid Entity Arn: {policy} is not supported."),
        )
        .await;
    let root = arn("root");
    world
        .refused(
            "ListPoliciesGrantingServiceAccess",
            &[("Arn", &root), ("ServiceNamespaces.member.1", "s3")],
            400,
            "InvalidInput",
            &format!("Could not extract entity from ARN : {root}"),
        )
        .await;
}

#[tokio::test]
async fn the_last_use_of_a_key_is_shown() {
    let world = World::new();
    let ann = world.user("ann", Some(&allow("iam:*", "*"))).await;
    let by_id = [("AccessKeyId", ann.id.as_str())];
    let unused = world.ok("GetAccessKeyLastUsed", &by_id).await;
    assert_eq!(
        (
            unused.text("ServiceName"),
            unused.text("Region"),
            unused.has("LastUsedDate")
        ),
        ("N/A".into(), "N/A".into(), false)
    );
    world.iam(&ann, "ListUsers", &[]).await.is_ok();
    let used = world.ok("GetAccessKeyLastUsed", &by_id).await;
    assert_eq!(
        (used.text("UserName"), used.text("ServiceName")),
        ("ann".into(), "iam".into())
    );
    assert_eq!(
        (used.text("LastUsedDate"), used.text("Region")),
        ("2026-11-24T06:00:00Z".into(), "us-east-1".into())
    );
}

#[tokio::test]
async fn a_role_made_anew_starts_without_a_past() {
    let world = World::new();
    let user = world.user("u", Some(&allow("*", "*"))).await;
    world.role("r").await;
    let session = world.assume(&user, &role_arn("r"), &[]).await;
    assert_eq!(world.iam(&session, "ListRoles", &[]).await.status, 403);
    world.ok("DeleteRole", &[("RoleName", "r")]).await;
    world.role("r").await;
    world
        .ok(
            "PutRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyName", "p"),
                ("PolicyDocument", &allow("iam:*", "*")),
            ],
        )
        .await;
    let told = report(&world, &world.root, &role_arn("r"), &[]).await;
    assert_eq!(told.texts("TotalAuthenticatedEntities"), ["0"]);
    assert!(!told.has("LastAuthenticatedEntity"));
}
