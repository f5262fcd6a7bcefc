//! Records that are changed in place: rules, associations of route tables, the default version of a launch template.

use crate::world::World;

async fn rule(world: &World, group: &str, block: &str) -> String {
    let input = [
        ("GroupId", group),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "80"),
        ("IpPermissions.1.ToPort", "80"),
        ("IpPermissions.1.IpRanges.1.CidrIp", block),
        ("IpPermissions.1.IpRanges.1.Description", "web"),
    ];
    let made = world.ok("AuthorizeSecurityGroupIngress", &input).await;
    made.text("securityGroupRuleId")
}

fn change<'a>(group: &'a str, rule: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut input = vec![
        ("GroupId", group),
        ("SecurityGroupRule.1.SecurityGroupRuleId", rule),
        ("SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp"),
        ("SecurityGroupRule.1.SecurityGroupRule.FromPort", "443"),
        ("SecurityGroupRule.1.SecurityGroupRule.ToPort", "444"),
    ];
    input.extend_from_slice(more);
    input
}

const CIDR: &str = "SecurityGroupRule.1.SecurityGroupRule.CidrIpv4";

#[tokio::test]
async fn a_rule_is_changed_and_keeps_its_id_and_its_tags() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = rule(&world, &group, "10.0.0.0/8").await;
    let tag = [
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "a"),
    ];
    world.ok("CreateTags", &tag).await;
    let more = [
        (CIDR, "10.1.0.0/16"),
        ("SecurityGroupRule.1.SecurityGroupRule.Description", "tls"),
    ];
    world.ok("ModifySecurityGroupRules", &change(&group, &id, &more)).await;
    let shown = world
        .ok("DescribeSecurityGroupRules", &[("SecurityGroupRuleId.1", &id)])
        .await;
    for (element, expected) in [
        ("fromPort", "443"),
        ("toPort", "444"),
        ("cidrIpv4", "10.1.0.0/16"),
        ("description", "tls"),
        ("isEgress", "false"),
        ("key", "team"),
    ] {
        assert_eq!(shown.text(element), expected, "{}", shown.body);
    }
}

#[tokio::test]
async fn what_a_rule_cannot_become_is_refused() {
    let world = World::new();
    let (group, other) = (world.group("tasks").await, world.group("others").await);
    let id = rule(&world, &group, "10.0.0.0/8").await;
    rule(&world, &group, "10.1.0.0/16").await;
    let same = [
        ("GroupId", group.as_str()),
        ("SecurityGroupRule.1.SecurityGroupRuleId", &id),
        ("SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp"),
        ("SecurityGroupRule.1.SecurityGroupRule.FromPort", "80"),
        ("SecurityGroupRule.1.SecurityGroupRule.ToPort", "80"),
        (CIDR, "10.1.0.0/16"),
    ];
    let modify = "ModifySecurityGroupRules";
    let twice = "the specified rule \"peer: 10.1.0.0/16, TCP, from port: 80, to port: 80, ALLOW\" already exists";
    world.refused(modify, &same, "InvalidPermission.Duplicate", twice).await;
    let missing = "sgr-00000000000000000";
    let gone = format!("The security group rule ID '{missing}' does not exist");
    let input = change(&group, missing, &[(CIDR, "10.0.0.0/8")]);
    world
        .refused(modify, &input, "InvalidSecurityGroupRuleId.NotFound", &gone)
        .await;
    let two = [
        (CIDR, "10.0.0.0/8"),
        ("SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId", &other),
    ];
    let refused = world
        .call(&world.root, "us-east-1", modify, &change(&group, &id, &two))
        .await;
    assert_eq!(refused.code(), "InvalidParameterCombination");
    let none = world
        .call(&world.root, "us-east-1", modify, &change(&group, &id, &[]))
        .await;
    assert_eq!(none.code(), "MissingParameter");
}

#[tokio::test]
async fn a_rule_that_comes_to_name_a_group_holds_it_and_one_that_no_longer_does_lets_it_go() {
    let world = World::new();
    let (group, other) = (world.group("tasks").await, world.group("others").await);
    let id = rule(&world, &group, "10.0.0.0/8").await;
    let named = [(
        "SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId",
        other.as_str(),
    )];
    world.ok("ModifySecurityGroupRules", &change(&group, &id, &named)).await;
    let held = format!("resource {other} has a dependent object");
    let delete = [("GroupId", other.as_str())];
    world
        .refused("DeleteSecurityGroup", &delete, "DependencyViolation", &held)
        .await;
    let input = change(&group, &id, &[(CIDR, "10.0.0.0/8")]);
    world.ok("ModifySecurityGroupRules", &input).await;
    world.ok("DeleteSecurityGroup", &delete).await;
}

#[tokio::test]
async fn descriptions_are_changed_by_id_and_by_what_a_rule_lets_pass() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = rule(&world, &group, "10.0.0.0/8").await;
    let shown = async || {
        let shown = world
            .ok("DescribeSecurityGroupRules", &[("SecurityGroupRuleId.1", &id)])
            .await;
        shown.texts("description")
    };
    let update = "UpdateSecurityGroupRuleDescriptionsIngress";
    let input = [
        ("GroupId", group.as_str()),
        ("SecurityGroupRuleDescription.1.SecurityGroupRuleId", &id),
        ("SecurityGroupRuleDescription.1.Description", "by id"),
    ];
    world.ok(update, &input).await;
    assert_eq!(shown().await, ["by id"]);
    let by_traffic = |description| {
        [
            ("GroupId", group.as_str()),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "80"),
            ("IpPermissions.1.ToPort", "80"),
            ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8"),
            ("IpPermissions.1.IpRanges.1.Description", description),
        ]
    };
    world.ok(update, &by_traffic("by traffic")).await;
    assert_eq!(shown().await, ["by traffic"]);
    let nothing = "The specified rule does not exist in this security group.";
    let egress = "UpdateSecurityGroupRuleDescriptionsEgress";
    world
        .refused(egress, &by_traffic("x"), "InvalidPermission.NotFound", nothing)
        .await;
    world.ok(update, &by_traffic("")).await;
    assert_eq!(shown().await, [""; 0]);
}

#[tokio::test]
async fn the_association_of_a_subnet_and_the_main_one_move_to_another_table() {
    let world = World::new();
    let vpc = world
        .ok("CreateVpc", &[("CidrBlock", "10.9.0.0/16")])
        .await
        .text("vpcId");
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.9.0.0/24")];
    let subnet = world.ok("CreateSubnet", &subnet).await.text("subnetId");
    let table = async || {
        world
            .ok("CreateRouteTable", &[("VpcId", &vpc)])
            .await
            .text("routeTableId")
    };
    let (first, second) = (table().await, table().await);
    let input = [("RouteTableId", first.as_str()), ("SubnetId", &subnet)];
    let association = world.ok("AssociateRouteTable", &input).await.text("associationId");
    let replace = "ReplaceRouteTableAssociation";
    let input = [("AssociationId", association.as_str()), ("RouteTableId", &second)];
    let moved = world.ok(replace, &input).await.text("newAssociationId");
    assert_ne!(moved, association);
    let gone = format!("The association ID '{association}' does not exist");
    world
        .refused(replace, &input, "InvalidAssociationID.NotFound", &gone)
        .await;
    let by = async |name: &str, value: &str| {
        let pairs = [
            ("Filter.1.Name", name),
            ("Filter.1.Value.1", value),
            ("Filter.2.Name", "vpc-id"),
            ("Filter.2.Value.1", &vpc),
        ];
        world.ok("DescribeRouteTables", &pairs).await
    };
    assert_eq!(by("association.subnet-id", &subnet).await.text("routeTableId"), second);
    world.ok("DeleteRouteTable", &[("RouteTableId", &first)]).await;

    let main = by("association.main", "true").await;
    let (old, association) = (main.text("routeTableId"), main.text("routeTableAssociationId"));
    let third = table().await;
    let input = [("AssociationId", association.as_str()), ("RouteTableId", &third)];
    world.ok(replace, &input).await;
    assert_eq!(by("association.main", "true").await.text("routeTableId"), third);
    let used = format!("The routeTable '{third}' has dependencies and cannot be deleted.");
    world
        .refused(
            "DeleteRouteTable",
            &[("RouteTableId", &third)],
            "DependencyViolation",
            &used,
        )
        .await;
    let held = format!("The vpc '{vpc}' has dependencies and cannot be deleted.");
    world.ok("DisassociateRouteTable", &[("AssociationId", &moved)]).await;
    world.ok("DeleteSubnet", &[("SubnetId", &subnet)]).await;
    world.ok("DeleteRouteTable", &[("RouteTableId", &second)]).await;
    world
        .refused("DeleteVpc", &[("VpcId", &vpc)], "DependencyViolation", &held)
        .await;
    world.ok("DeleteRouteTable", &[("RouteTableId", &old)]).await;
    world.ok("DeleteVpc", &[("VpcId", &vpc)]).await;
    let no_table = format!("The routeTable ID '{third}' does not exist");
    let shown = [("RouteTableId.1", third.as_str())];
    world
        .refused("DescribeRouteTables", &shown, "InvalidRouteTableID.NotFound", &no_table)
        .await;
}

#[tokio::test]
async fn the_default_version_of_a_launch_template_is_changed() {
    let world = World::new();
    let input = [
        ("LaunchTemplateName", "hosts"),
        ("LaunchTemplateData.InstanceType", "t3.small"),
    ];
    let made = world.ok("CreateLaunchTemplate", &input).await;
    let id = made.text("launchTemplateId");
    let input = [
        ("LaunchTemplateId", id.as_str()),
        ("LaunchTemplateData.InstanceType", "t3.large"),
    ];
    world.ok("CreateLaunchTemplateVersion", &input).await;
    let modify = |version| [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", version)];
    let shown = world.ok("ModifyLaunchTemplate", &modify("2")).await;
    assert_eq!(
        (shown.text("defaultVersionNumber"), shown.text("latestVersionNumber")),
        ("2".to_owned(), "2".to_owned())
    );
    let version = [
        ("LaunchTemplateId", id.as_str()),
        ("LaunchTemplateVersion.1", "$Default"),
    ];
    let shown = world.ok("DescribeLaunchTemplateVersions", &version).await;
    assert_eq!(shown.text("instanceType"), "t3.large");
    let no = format!("Could not find the specified version 9 for the launch template with ID {id}.");
    world
        .refused(
            "ModifyLaunchTemplate",
            &modify("9"),
            "InvalidLaunchTemplateId.VersionNotFound",
            &no,
        )
        .await;
}

#[tokio::test]
async fn a_vpc_has_no_block_that_no_interface_can_have_addresses_of() {
    let world = World::new();
    for block in [
        "127.0.0.0/16",
        "169.254.0.0/16",
        "0.0.0.0/16",
        "224.1.0.0/16",
        "255.255.0.0/16",
        "10.0.0.0/15",
    ] {
        let refused = format!("The CIDR '{block}' is invalid.");
        let input = [("CidrBlock", block)];
        world.refused("CreateVpc", &input, "InvalidVpc.Range", &refused).await;
    }
    world.ok("CreateVpc", &[("CidrBlock", "198.51.0.0/16")]).await;
}
