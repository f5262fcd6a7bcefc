//! The account as a whole, its settings, and the policy simulator.

use base64::Engine as _;

use crate::world::{ACCOUNT, World, allow, arn, encoded, role_arn};

#[tokio::test]
async fn everything_is_told_in_detail_page_by_page() {
    let world = World::new();
    world.user("ann", Some(&allow("iam:*", "*"))).await;
    world.ok("CreateGroup", &[("GroupName", "g")]).await;
    world
        .ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")])
        .await;
    world.role("r").await;
    world
        .ok("CreateInstanceProfile", &[("InstanceProfileName", "ip")])
        .await;
    world
        .ok(
            "AddRoleToInstanceProfile",
            &[("InstanceProfileName", "ip"), ("RoleName", "r")],
        )
        .await;
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("ecs:*", "*"))],
        )
        .await;
    world
        .ok(
            "AttachRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ],
        )
        .await;
    let all = world.ok("GetAccountAuthorizationDetails", &[]).await;
    assert_eq!(
        all.texts("Arn"),
        [
            arn("user/ann"),
            arn("group/g"),
            role_arn("r"),
            arn("instance-profile/ip"),
            role_arn("r"),
            arn("policy/p"),
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
        ]
    );
    assert!(all.body.contains(&encoded(&allow("iam:*", "*"))));
    assert!(all.has("RoleLastUsed"));
    let roles = world
        .ok("GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")])
        .await;
    assert!(!roles.has("UserName") && roles.has("RoleDetailList"));
    let mut marker: Option<String> = None;
    let mut seen = 0;
    loop {
        let mut input = vec![("MaxItems", "2")];
        if let Some(marker) = &marker {
            input.push(("Marker", marker));
        }
        let page = world.ok("GetAccountAuthorizationDetails", &input).await;
        seen += 1;
        if page.text("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.text("Marker"));
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn the_summary_counts_what_there_is() {
    let world = World::new();
    world.ok("CreateUser", &[("UserName", "ann")]).await;
    world
        .ok("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")])
        .await;
    let told = world.ok("GetAccountSummary", &[]).await;
    let figures: Vec<(String, String)> = told.texts("key").into_iter().zip(told.texts("value")).collect();
    for (name, figure) in [
        ("Users", "1"),
        ("Roles", "1"),
        ("Groups", "0"),
        ("AccessKeysPerUserQuota", "2"),
    ] {
        assert!(
            figures.contains(&(name.to_owned(), figure.to_owned())),
            "{name}: {}",
            told.body
        );
    }
}

#[tokio::test]
async fn an_account_has_one_alias() {
    let world = World::new();
    assert!(!world.ok("ListAccountAliases", &[]).await.has("Marker"));
    world.ok("CreateAccountAlias", &[("AccountAlias", "one")]).await;
    world.ok("CreateAccountAlias", &[("AccountAlias", "two")]).await;
    assert_eq!(world.ok("ListAccountAliases", &[]).await.texts("member"), ["two"]);
    world
        .refused(
            "DeleteAccountAlias",
            &[("AccountAlias", "one")],
            404,
            "NoSuchEntity",
            "The Account Alias one cannot be found.",
        )
        .await;
    world.ok("DeleteAccountAlias", &[("AccountAlias", "two")]).await;
}

#[tokio::test]
async fn the_password_policy_is_kept_and_asked_of_passwords() {
    let world = World::new();
    world
        .refused(
            "GetAccountPasswordPolicy",
            &[],
            404,
            "NoSuchEntity",
            &format!("The Password Policy with domain name {ACCOUNT} cannot be found."),
        )
        .await;
    world
        .ok(
            "UpdateAccountPasswordPolicy",
            &[
                ("MinimumPasswordLength", "12"),
                ("RequireNumbers", "true"),
                ("MaxPasswordAge", "90"),
            ],
        )
        .await;
    let read = world.ok("GetAccountPasswordPolicy", &[]).await;
    assert_eq!(
        (
            read.text("MinimumPasswordLength"),
            read.text("ExpirePasswords"),
            read.text("RequireSymbols")
        ),
        ("12".into(), "true".into(), "false".into())
    );
    world.ok("CreateUser", &[("UserName", "ann")]).await;
    let weak = world
        .iam(
            &world.root,
            "CreateLoginProfile",
            &[("UserName", "ann"), ("Password", "longbutnodigits")],
        )
        .await;
    assert_eq!(
        (weak.status, weak.text("Code").as_str()),
        (400, "PasswordPolicyViolation")
    );
    world
        .ok(
            "CreateLoginProfile",
            &[
                ("UserName", "ann"),
                ("Password", "long and 1 digit"),
                ("PasswordResetRequired", "true"),
            ],
        )
        .await;
    assert_eq!(
        world
            .ok("GetLoginProfile", &[("UserName", "ann")])
            .await
            .text("PasswordResetRequired"),
        "true"
    );
    world
        .refused(
            "DeleteUser",
            &[("UserName", "ann")],
            409,
            "DeleteConflict",
            "Cannot delete entity, must delete login profile first.",
        )
        .await;
    world.ok("DeleteLoginProfile", &[("UserName", "ann")]).await;
    world
        .refused(
            "GetLoginProfile",
            &[("UserName", "ann")],
            404,
            "NoSuchEntity",
            "Login Profile for User ann cannot be found.",
        )
        .await;
    world.ok("DeleteAccountPasswordPolicy", &[]).await;
    world
        .refused(
            "DeleteAccountPasswordPolicy",
            &[],
            404,
            "NoSuchEntity",
            "The account policy with name PasswordPolicy cannot be found.",
        )
        .await;
}

#[tokio::test]
async fn a_custom_policy_is_simulated() {
    let world = World::new();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"},{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"ec2:Region":"eu-west-1"}}}]}"#;
    let input = [
        ("PolicyInputList.member.1", policy),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:DeleteObject"),
        ("ActionNames.member.3", "ec2:RunInstances"),
        ("ActionNames.member.4", "iam:GetUser"),
    ];
    let told = world.ok("SimulateCustomPolicy", &input).await;
    assert_eq!(
        told.texts("EvalDecision"),
        ["allowed", "explicitDeny", "implicitDeny", "implicitDeny"]
    );
    assert_eq!(
        told.texts("SourcePolicyId").first().map(String::as_str),
        Some("PolicyInputList.1")
    );
    assert!(told.body.contains("<member>ec2:Region</member>"), "{}", told.body);
    let mut with_context = input.to_vec();
    with_context.extend([
        ("ContextEntries.member.1.ContextKeyName", "ec2:Region"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "eu-west-1"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        (
            "PermissionsBoundaryPolicyInputList.member.1",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#,
        ),
    ]);
    let told = world.ok("SimulateCustomPolicy", &with_context).await;
    assert_eq!(
        told.texts("EvalDecision"),
        ["implicitDeny", "explicitDeny", "allowed", "implicitDeny"]
    );
    assert_eq!(
        told.texts("AllowedByPermissionsBoundary"),
        ["false", "false", "true", "false"]
    );
    let keys = world
        .ok("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", policy)])
        .await;
    assert_eq!(keys.texts("member"), ["ec2:Region"]);
}

#[tokio::test]
async fn a_principals_policies_are_simulated_even_a_linked_roles() {
    let world = World::new();
    world
        .ok("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")])
        .await;
    let role = arn("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    let told = world
        .ok(
            "SimulatePrincipalPolicy",
            &[
                ("PolicySourceArn", &role),
                ("ActionNames.member.1", "ec2:CreateNetworkInterface"),
                ("ActionNames.member.2", "iam:PassRole"),
            ],
        )
        .await;
    assert_eq!(told.texts("EvalDecision"), ["allowed", "implicitDeny"]);
    assert_eq!(told.texts("SourcePolicyId"), ["AmazonECSServiceRolePolicy"]);
    let keys = world
        .ok("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", &role)])
        .await;
    assert!(
        keys.texts("member").contains(&"events:ManagedBy".to_owned()),
        "{}",
        keys.body
    );
}

#[tokio::test]
async fn identity_providers_are_kept() {
    let world = World::new();
    let input = [
        ("Url", "https://token.example.com/a"),
        ("ClientIDList.member.1", "sts.amazonaws.com"),
        ("ThumbprintList.member.1", "0123456789012345678901234567890123456789"),
    ];
    let made = world
        .ok("CreateOpenIDConnectProvider", &input)
        .await
        .text("OpenIDConnectProviderArn");
    assert_eq!(made, arn("oidc-provider/token.example.com/a"));
    world
        .refused(
            "CreateOpenIDConnectProvider",
            &input,
            409,
            "EntityAlreadyExists",
            "Provider with url https://token.example.com/a already exists.",
        )
        .await;
    let by_arn = ("OpenIDConnectProviderArn", made.as_str());
    world
        .ok("AddClientIDToOpenIDConnectProvider", &[by_arn, ("ClientID", "other")])
        .await;
    world
        .ok(
            "TagOpenIDConnectProvider",
            &[by_arn, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")],
        )
        .await;
    let read = world.ok("GetOpenIDConnectProvider", &[by_arn]).await;
    assert_eq!(
        (read.text("Url"), read.text("Key")),
        ("token.example.com/a".into(), "k".into())
    );
    assert!(read.body.contains("other"));
    assert_eq!(
        world.ok("ListOpenIDConnectProviders", &[]).await.texts("Arn"),
        std::slice::from_ref(&made)
    );
    world.ok("DeleteOpenIDConnectProvider", &[by_arn]).await;
    world
        .refused(
            "GetOpenIDConnectProvider",
            &[by_arn],
            404,
            "NoSuchEntity",
            &format!("OpenIDConnect Provider not found for arn {made}"),
        )
        .await;
    let document = format!(
        "<EntityDescriptor validUntil=\"2030-01-01T00:00:00Z\">{}</EntityDescriptor>",
        "x".repeat(1000)
    );
    let made = world
        .ok(
            "CreateSAMLProvider",
            &[("Name", "Corp"), ("SAMLMetadataDocument", &document)],
        )
        .await
        .text("SAMLProviderArn");
    let read = world.ok("GetSAMLProvider", &[("SAMLProviderArn", &made)]).await;
    assert_eq!(read.text("ValidUntil"), "2030-01-01T00:00:00Z");
    assert_eq!(
        world.ok("ListSAMLProviders", &[]).await.texts("Arn"),
        std::slice::from_ref(&made)
    );
    world.ok("DeleteSAMLProvider", &[("SAMLProviderArn", &made)]).await;
}

#[tokio::test]
async fn the_credential_report_has_a_line_for_root_and_for_each_user() {
    let world = World::new();
    let answer = world.iam(&world.root, "GetCredentialReport", &[]).await;
    assert_eq!((answer.status, answer.text("Code").as_str()), (410, "ReportNotPresent"));
    let ann = world.user("ann", Some(&allow("iam:*", "*"))).await;
    world.iam(&ann, "ListUsers", &[]).await.is_ok();
    assert_eq!(world.ok("GenerateCredentialReport", &[]).await.text("State"), "STARTED");
    assert_eq!(
        world.ok("GenerateCredentialReport", &[]).await.text("State"),
        "COMPLETE"
    );
    let report = world.ok("GetCredentialReport", &[]).await;
    let text = base64::engine::general_purpose::STANDARD
        .decode(report.text("Content"))
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("user,arn,user_creation_time,"));
    let columns = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == columns));
    assert!(lines[1].starts_with("<root_account>,"));
    let user = format!(
        "ann,{},2026-11-24T06:00:00+00:00,false,N/A,N/A,N/A,false,true,2026-11-24T06:00:00+00:00,2026-11-24T06:00:00+00:00,us-east-1,iam,false,N/A,",
        arn("user/ann")
    );
    assert!(lines[2].starts_with(&user), "{}", lines[2]);
    world.clock.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    assert_eq!(
        world.iam(&world.root, "GetCredentialReport", &[]).await.text("Code"),
        "ReportExpired"
    );
}

#[tokio::test]
async fn what_nobody_can_have_is_listed_as_nothing() {
    let world = World::new();
    world.ok("CreateUser", &[("UserName", "ann")]).await;
    for operation in [
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListSigningCertificates",
        "ListServiceSpecificCredentials",
        "ListServiceSpecificCredentials",
    ] {
        assert_eq!(
            world.ok(operation, &[("UserName", "ann")]).await.text("IsTruncated"),
            "false"
        );
        world
            .refused(
                operation,
                &[("UserName", "bob")],
                404,
                "NoSuchEntity",
                "The user with name bob cannot be found.",
            )
            .await;
    }
    world.ok("ListVirtualMFADevices", &[]).await;
    world.ok("ListServerCertificates", &[]).await;
}

#[tokio::test]
async fn every_operation_is_implemented_or_listed_with_its_reason() {
    let world = World::new();
    let listed: Vec<(&str, &str)> = include_str!("../../data/not-implemented.tsv")
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .collect();
    assert!(listed.iter().all(|(_, reason)| !reason.is_empty()));
    let mut listed: Vec<&str> = listed.into_iter().map(|(name, _)| name).collect();
    let mut missing: Vec<&str> = api_iam::SERVICE
        .operations
        .iter()
        .filter(|operation| !world.kernel.implements(operation))
        .map(|operation| operation.name)
        .collect();
    missing.sort_unstable();
    listed.sort_unstable();
    assert_eq!(missing, listed);
    let answer = world.iam(&world.root, "ListDelegationRequests", &[]).await;
    assert_eq!(answer.status, 501);
    assert!(answer.text("Message").contains("ListDelegationRequests"));
}
