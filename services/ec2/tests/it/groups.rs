//! Security groups and their rules.

use crate::world::World;

const WEB: [(&str, &str); 4] = [
    ("IpPermissions.1.IpProtocol", "tcp"),
    ("IpPermissions.1.FromPort", "80"),
    ("IpPermissions.1.ToPort", "80"),
    ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
];

fn of<'a>(group: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut input = vec![("GroupId", group)];
    input.extend_from_slice(more);
    input
}

#[tokio::test]
async fn a_new_group_lets_everything_out_and_nothing_in() {
    let world = World::new();
    let group = world.group("web").await;
    let shown = world.ok("DescribeSecurityGroups", &[("GroupId.1", &group)]).await;
    assert_eq!(shown.text("ipPermissions"), "");
    assert!(shown.text("ipPermissionsEgress").contains("<cidrIp>0.0.0.0/0</cidrIp>"));
    assert_eq!(shown.text("vpcId"), world.default_vpc().await);
    // As Terraform revokes it.
    let all = [
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.FromPort", "0"),
        ("IpPermissions.1.ToPort", "0"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    world.ok("RevokeSecurityGroupEgress", &of(&group, &all)).await;
    let shown = world.ok("DescribeSecurityGroups", &[("GroupId.1", &group)]).await;
    assert_eq!(shown.text("ipPermissionsEgress"), "");
}

#[tokio::test]
async fn rules_are_added_described_and_removed() {
    let world = World::new();
    let (web, app) = (world.group("web").await, world.group("app").await);
    let made = world.ok("AuthorizeSecurityGroupIngress", &of(&web, &WEB)).await;
    let id = made.text("securityGroupRuleId");
    assert_eq!(made.text("isEgress"), "false");
    assert_eq!(made.text("cidrIpv4"), "0.0.0.0/0");
    world
        .refused(
            "AuthorizeSecurityGroupIngress",
            &of(&web, &WEB),
            "InvalidPermission.Duplicate",
            "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW\" already exists",
        )
        .await;
    let from_web = [
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "8080"),
        ("IpPermissions.1.ToPort", "8081"),
        ("IpPermissions.1.Groups.1.GroupId", web.as_str()),
        ("IpPermissions.1.Groups.1.Description", "from the web"),
        ("TagSpecification.1.ResourceType", "security-group-rule"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "inner"),
    ];
    world.ok("AuthorizeSecurityGroupIngress", &of(&app, &from_web)).await;
    let rules = world
        .ok(
            "DescribeSecurityGroupRules",
            &[("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", "inner")],
        )
        .await;
    assert_eq!(
        rules.text("referencedGroupInfo"),
        format!("<groupId>{web}</groupId><userId>123456789012</userId>")
    );
    assert_eq!(
        (rules.text("fromPort"), rules.text("toPort")),
        ("8080".into(), "8081".into())
    );
    assert_eq!(rules.text("description"), "from the web");

    let dependent = format!("resource {web} has a dependent object");
    world
        .refused(
            "DeleteSecurityGroup",
            &[("GroupId", &web)],
            "DependencyViolation",
            &dependent,
        )
        .await;
    world.ok("RevokeSecurityGroupIngress", &of(&app, &from_web[..5])).await;
    world.ok("DeleteSecurityGroup", &[("GroupId", &web)]).await;
    let missing = format!("The security group rule ID '{id}' does not exist");
    world
        .refused(
            "DescribeSecurityGroupRules",
            &[("SecurityGroupRuleId.1", &id)],
            "InvalidSecurityGroupRuleId.NotFound",
            &missing,
        )
        .await;
}

#[tokio::test]
async fn rules_are_removed_by_id() {
    let world = World::new();
    let web = world.group("web").await;
    let id = world
        .ok("AuthorizeSecurityGroupIngress", &of(&web, &WEB))
        .await
        .text("securityGroupRuleId");
    let by_id = of(&web, &[("SecurityGroupRuleId.1", &id)]);
    let revoked = world.ok("RevokeSecurityGroupIngress", &by_id).await;
    assert_eq!(revoked.text("securityGroupRuleId"), id);
    let missing = format!("The security group rule ID '{id}' does not exist");
    world
        .refused(
            "RevokeSecurityGroupIngress",
            &by_id,
            "InvalidSecurityGroupRuleId.NotFound",
            &missing,
        )
        .await;
}

#[tokio::test]
async fn a_rule_of_the_default_vpc_s_group_that_is_not_there_is_named_in_the_answer() {
    let world = World::new();
    let web = world.group("web").await;
    let answer = world.ok("RevokeSecurityGroupIngress", &of(&web, &WEB)).await;
    assert!(
        answer
            .text("unknownIpPermissionSet")
            .contains("<cidrIp>0.0.0.0/0</cidrIp>"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn rules_with_one_range_of_ports_are_shown_together() {
    let world = World::new();
    let web = world.group("web").await;
    world.ok("AuthorizeSecurityGroupIngress", &of(&web, &WEB)).await;
    let more = [
        WEB[0],
        WEB[1],
        WEB[2],
        ("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "::/0"),
    ];
    world.ok("AuthorizeSecurityGroupIngress", &of(&web, &more)).await;
    let shown = world.ok("DescribeSecurityGroups", &[("GroupId.1", &web)]).await;
    let shown = shown.text("ipPermissions");
    assert_eq!(shown.matches("<ipProtocol>").count(), 1);
    assert!(shown.contains("<cidrIp>0.0.0.0/0</cidrIp>") && shown.contains("<cidrIpv6>::/0</cidrIpv6>"));
}

#[tokio::test]
async fn malformed_rules_are_refused() {
    let world = World::new();
    let web = world.group("web").await;
    let rule = |protocol, from, to, cidr| {
        [
            ("GroupId", web.as_str()),
            ("IpPermissions.1.IpProtocol", protocol),
            ("IpPermissions.1.FromPort", from),
            ("IpPermissions.1.ToPort", to),
            ("IpPermissions.1.IpRanges.1.CidrIp", cidr),
        ]
    };
    for (input, message) in [
        (
            rule("tcp", "80", "79", "10.0.0.0/8"),
            "Invalid TCP/UDP port range (80:79)",
        ),
        (
            rule("tcp", "80", "80", "10.0.0.0/33"),
            "CIDR block 10.0.0.0/33 is malformed",
        ),
        (
            rule("web", "80", "80", "10.0.0.0/8"),
            "Invalid value 'web' for IP protocol. Unknown protocol.",
        ),
    ] {
        world
            .refused(
                "AuthorizeSecurityGroupIngress",
                &input,
                "InvalidParameterValue",
                message,
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn names_are_unique_within_a_vpc_even_when_made_at_once() {
    let world = World::new();
    let input = [("GroupName", "web"), ("GroupDescription", "for tests")];
    let answers = world.at_once(8, "CreateSecurityGroup", &input).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(made.len(), 1);
    let vpc = world.default_vpc().await;
    let message = format!("The security group 'web' already exists for VPC '{vpc}'");
    world
        .refused("CreateSecurityGroup", &input, "InvalidGroup.Duplicate", &message)
        .await;
}

#[tokio::test]
async fn the_default_group_stays() {
    let world = World::new();
    let shown = world
        .ok(
            "DescribeSecurityGroups",
            &[("Filter.1.Name", "group-name"), ("Filter.1.Value.1", "default")],
        )
        .await;
    let id = shown.text("groupId");
    let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
    world
        .refused("DeleteSecurityGroup", &[("GroupId", &id)], "CannotDelete", &message)
        .await;
}
