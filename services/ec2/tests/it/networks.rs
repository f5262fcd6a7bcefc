//! VPCs, subnets, routes, gateways and addresses, as Terraform makes and unmakes them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::world::World;

async fn vpc(world: &World, block: &str) -> String {
    world
        .ok(
            "CreateVpc",
            &[("CidrBlock", block), ("AmazonProvidedIpv6CidrBlock", "false")],
        )
        .await
        .text("vpcId")
}

async fn subnet(world: &World, vpc: &str, block: &str, zone: &str) -> String {
    let input = [("VpcId", vpc), ("CidrBlock", block), ("AvailabilityZone", zone)];
    world.ok("CreateSubnet", &input).await.text("subnetId")
}

async fn gateway(world: &World, vpc: &str) -> String {
    let id = world.ok("CreateInternetGateway", &[]).await.text("internetGatewayId");
    world
        .ok("AttachInternetGateway", &[("InternetGatewayId", &id), ("VpcId", vpc)])
        .await;
    id
}

async fn table_of(world: &World, filter: &str, value: &str) -> crate::world::Answer {
    world
        .ok(
            "DescribeRouteTables",
            &[("Filter.1.Name", filter), ("Filter.1.Value.1", value)],
        )
        .await
}

#[tokio::test]
async fn a_network_is_built_and_taken_down_again() {
    let world = World::new();
    let vpc = vpc(&world, "10.0.0.0/16").await;
    let shown = world.ok("DescribeVpcs", &[("VpcId.1", &vpc)]).await;
    assert_eq!(
        (shown.text("isDefault"), shown.text("state")),
        ("false".into(), "associated".into())
    );
    world
        .ok(
            "ModifyVpcAttribute",
            &[("VpcId", &vpc), ("EnableDnsHostnames.Value", "true")],
        )
        .await;
    let of_vpc = [("Filter.2.Name", "vpc-id"), ("Filter.2.Value.1", vpc.as_str())];
    for (operation, filter, value, element) in [
        ("DescribeRouteTables", "association.main", "true", "routeTableId"),
        ("DescribeNetworkAcls", "default", "true", "networkAclId"),
        ("DescribeSecurityGroups", "group-name", "default", "groupId"),
    ] {
        let input = [
            ("Filter.1.Name", filter),
            ("Filter.1.Value.1", value),
            of_vpc[0],
            of_vpc[1],
        ];
        assert!(world.ok(operation, &input).await.has(element), "{operation}");
    }

    let public = subnet(&world, &vpc, "10.0.0.0/24", "us-east-1a").await;
    let private = subnet(&world, &vpc, "10.0.10.0/24", "us-east-1b").await;
    world
        .ok(
            "ModifySubnetAttribute",
            &[("SubnetId", &public), ("MapPublicIpOnLaunch.Value", "true")],
        )
        .await;
    let shown = world.ok("DescribeSubnets", &[("SubnetId.1", &public)]).await;
    assert_eq!(shown.text("mapPublicIpOnLaunch"), "true");
    assert_eq!(shown.text("availableIpAddressCount"), "251");

    let internet = gateway(&world, &vpc).await;
    let eip = world.ok("AllocateAddress", &[("Domain", "vpc")]).await;
    let allocation = eip.text("allocationId");
    let nat = world
        .ok(
            "CreateNatGateway",
            &[("SubnetId", &public), ("AllocationId", &allocation)],
        )
        .await;
    assert_eq!(nat.text("state"), "pending");
    let nat = nat.text("natGatewayId");
    let shown = world.ok("DescribeNatGateways", &[("NatGatewayId.1", &nat)]).await;
    assert_eq!(shown.text("state"), "available");
    assert_eq!(shown.text("publicIp"), eip.text("publicIp"));
    let interface = world
        .ok(
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "attachment.nat-gateway-id"),
                ("Filter.1.Value.1", &nat),
            ],
        )
        .await;
    assert_eq!(interface.text("interfaceType"), "nat_gateway");
    assert_eq!(interface.text("allocationId"), allocation);

    let table = world
        .ok("CreateRouteTable", &[("VpcId", &vpc)])
        .await
        .text("routeTableId");
    let route = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "0.0.0.0/0")];
    world
        .ok("CreateRoute", &[route[0], route[1], ("NatGatewayId", &nat)])
        .await;
    let exists = "The route identified by 0.0.0.0/0 already exists.";
    let again = [route[0], route[1], ("GatewayId", internet.as_str())];
    world.refused("CreateRoute", &again, "RouteAlreadyExists", exists).await;
    let association = world
        .ok(
            "AssociateRouteTable",
            &[("RouteTableId", &table), ("SubnetId", &private)],
        )
        .await
        .text("associationId");
    let found = table_of(&world, "association.route-table-association-id", &association).await;
    assert_eq!(found.text("routeTableId"), table);
    assert_eq!(found.texts("natGatewayId"), std::slice::from_ref(&nat));
    assert_eq!(found.texts("state")[0], "associated");

    // Everything that is in use stays.
    for (operation, parameter, id, message) in [
        (
            "DeleteVpc",
            "VpcId",
            &vpc,
            format!("The vpc '{vpc}' has dependencies and cannot be deleted."),
        ),
        (
            "DeleteSubnet",
            "SubnetId",
            &public,
            format!("The subnet '{public}' has dependencies and cannot be deleted."),
        ),
        (
            "DeleteRouteTable",
            "RouteTableId",
            &table,
            format!("The routeTable '{table}' has dependencies and cannot be deleted."),
        ),
        (
            "DeleteInternetGateway",
            "InternetGatewayId",
            &internet,
            format!("The internetGateway '{internet}' has dependencies and cannot be deleted."),
        ),
    ] {
        world
            .refused(operation, &[(parameter, id)], "DependencyViolation", &message)
            .await;
    }
    let mapped = format!(
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
    );
    let detach = [("InternetGatewayId", internet.as_str()), ("VpcId", vpc.as_str())];
    world
        .refused("DetachInternetGateway", &detach, "DependencyViolation", &mapped)
        .await;

    world.ok("DeleteNatGateway", &[("NatGatewayId", &nat)]).await;
    let shown = world.ok("DescribeNatGateways", &[("NatGatewayId.1", &nat)]).await;
    assert_eq!(shown.text("state"), "deleted");
    assert!(table_of(&world, "route.state", "blackhole").await.has("natGatewayId"));
    world.ok("ReleaseAddress", &[("AllocationId", &allocation)]).await;
    world.ok("DeleteRoute", &route).await;
    let missing = format!("no route with destination-cidr-block 0.0.0.0/0 in route table {table}");
    world
        .refused("DeleteRoute", &route, "InvalidRoute.NotFound", &missing)
        .await;
    world
        .ok("DisassociateRouteTable", &[("AssociationId", &association)])
        .await;
    world.ok("DeleteRouteTable", &[("RouteTableId", &table)]).await;
    world.ok("DetachInternetGateway", &detach).await;
    world
        .ok("DeleteInternetGateway", &[("InternetGatewayId", &internet)])
        .await;
    world.ok("DeleteSubnet", &[("SubnetId", &public)]).await;
    world.ok("DeleteSubnet", &[("SubnetId", &private)]).await;
    world.ok("DeleteVpc", &[("VpcId", &vpc)]).await;
    let gone = format!("The vpc ID '{vpc}' does not exist");
    world
        .refused("DescribeVpcs", &[("VpcId.1", &vpc)], "InvalidVpcID.NotFound", &gone)
        .await;
    assert!(!table_of(&world, "vpc-id", &vpc).await.has("routeTableId"));
    let groups = world
        .ok(
            "DescribeSecurityGroups",
            &[("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)],
        )
        .await;
    assert!(!groups.has("groupId"));

    world.clock.advance(Duration::from_secs(3601));
    let gone = format!("The Nat Gateway {nat} was not found");
    world
        .refused(
            "DescribeNatGateways",
            &[("NatGatewayId.1", &nat)],
            "NatGatewayNotFound",
            &gone,
        )
        .await;
}

#[tokio::test]
async fn a_default_vpc_that_was_deleted_does_not_come_back() {
    let world = World::new();
    let vpc = world.default_vpc().await;
    for letter in ['a', 'b', 'c'] {
        let subnet = world.subnet(letter).await;
        world.ok("DeleteSubnet", &[("SubnetId", &subnet)]).await;
    }
    let internet = world
        .ok("DescribeInternetGateways", &[])
        .await
        .text("internetGatewayId");
    world
        .ok(
            "DetachInternetGateway",
            &[("InternetGatewayId", &internet), ("VpcId", &vpc)],
        )
        .await;
    world.ok("DeleteVpc", &[("VpcId", &vpc)]).await;
    assert!(!world.ok("DescribeVpcs", &[]).await.has("vpcId"));
    let input = [("GroupName", "web"), ("GroupDescription", "web")];
    world
        .refused(
            "CreateSecurityGroup",
            &input,
            "VPCIdNotSpecified",
            "No default VPC for this user",
        )
        .await;
}

#[tokio::test]
async fn blocks_must_be_valid_within_range_and_free() {
    let world = World::new();
    world
        .refused(
            "CreateVpc",
            &[("CidrBlock", "10.0.0.0/8")],
            "InvalidVpc.Range",
            "The CIDR '10.0.0.0/8' is invalid.",
        )
        .await;
    world
        .refused(
            "CreateVpc",
            &[("CidrBlock", "10.0.0/16")],
            "InvalidParameterValue",
            "Value (10.0.0/16) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        )
        .await;
    let vpc = vpc(&world, "10.0.0.7/16").await;
    assert_eq!(
        world.ok("DescribeVpcs", &[("VpcId.1", &vpc)]).await.text("cidrBlock"),
        "10.0.0.0/16"
    );
    subnet(&world, &vpc, "10.0.1.0/24", "us-east-1a").await;
    for (block, code, message) in [
        (
            "10.0.1.128/25",
            "InvalidSubnet.Conflict",
            "The CIDR '10.0.1.128/25' conflicts with another subnet",
        ),
        (
            "10.0.0.0/23",
            "InvalidSubnet.Conflict",
            "The CIDR '10.0.0.0/23' conflicts with another subnet",
        ),
        (
            "10.1.0.0/24",
            "InvalidSubnet.Range",
            "The CIDR '10.1.0.0/24' is invalid.",
        ),
        (
            "10.0.2.0/29",
            "InvalidSubnet.Range",
            "The CIDR '10.0.2.0/29' is invalid.",
        ),
    ] {
        world
            .refused("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", block)], code, message)
            .await;
    }
    let elsewhere = "Value (us-west-1a) for parameter availabilityZone is invalid. Subnets can currently only be created \
                     in the following availability zones: us-east-1a, us-east-1b, us-east-1c.";
    let input = [
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.0.3.0/24"),
        ("AvailabilityZone", "us-west-1a"),
    ];
    world
        .refused("CreateSubnet", &input, "InvalidParameterValue", elsewhere)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_subnets_that_overlap_and_are_made_at_once_only_one_is_made() {
    let world = World::new();
    let vpc = vpc(&world, "10.0.0.0/16").await;
    let answers = world
        .at_once(8, "CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.0.0/20")])
        .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(
        answers
            .iter()
            .filter(|a| a.status != 200)
            .all(|answer| answer.code() == "InvalidSubnet.Conflict")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_subnet_says_so_and_gives_back_what_is_freed() {
    let world = World::new();
    let vpc = vpc(&world, "10.0.0.0/16").await;
    let small = subnet(&world, &vpc, "10.0.0.16/28", "us-east-1a").await;
    let answers = world
        .at_once(15, "CreateNetworkInterface", &[("SubnetId", &small)])
        .await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let addresses: BTreeSet<String> = made.iter().map(|answer| answer.text("privateIpAddress")).collect();
    let expected: BTreeSet<String> = (20..31).map(|last| format!("10.0.0.{last}")).collect();
    assert_eq!(addresses, expected);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.code(), "InsufficientFreeAddressesInSubnet");
        assert_eq!(
            refused.text("Message"),
            "The specified subnet does not have enough free addresses to satisfy the request."
        );
    }
    // Without names in the VPC, interfaces have none (recorded).
    let shown = world
        .ok(
            "DescribeNetworkInterfaces",
            &[("Filter.1.Name", "subnet-id"), ("Filter.1.Value.1", &small)],
        )
        .await;
    assert!(!shown.has("privateDnsName"));
    let one = made[0];
    world
        .ok(
            "DeleteNetworkInterface",
            &[("NetworkInterfaceId", &one.text("networkInterfaceId"))],
        )
        .await;
    let again = world.ok("CreateNetworkInterface", &[("SubnetId", &small)]).await;
    assert_eq!(again.text("privateIpAddress"), one.text("privateIpAddress"));
}

#[tokio::test]
async fn resources_of_two_networks_do_not_go_together() {
    let world = World::new();
    let (one, two) = (vpc(&world, "10.0.0.0/16").await, vpc(&world, "10.0.0.0/16").await);
    let here = subnet(&world, &one, "10.0.0.0/24", "us-east-1a").await;
    let input = [
        ("GroupName", "web"),
        ("GroupDescription", "web"),
        ("VpcId", two.as_str()),
    ];
    let there = world.ok("CreateSecurityGroup", &input).await.text("groupId");
    let different = "You have specified two resources that belong to different networks.";
    let both = [("SubnetId", here.as_str()), ("SecurityGroupId.1", there.as_str())];
    world
        .refused("CreateNetworkInterface", &both, "InvalidParameter", different)
        .await;
    let table = world
        .ok("CreateRouteTable", &[("VpcId", &two)])
        .await
        .text("routeTableId");
    let message = format!("Route table {table} and subnet {here} belong to different networks");
    let both = [("RouteTableId", table.as_str()), ("SubnetId", here.as_str())];
    world
        .refused("AssociateRouteTable", &both, "InvalidParameterValue", &message)
        .await;
    let internet = gateway(&world, &one).await;
    let message = format!("route table {table} and network gateway {internet} belong to different networks");
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("GatewayId", &internet),
    ];
    world
        .refused("CreateRoute", &route, "InvalidParameterValue", &message)
        .await;
    let second = world.ok("CreateInternetGateway", &[]).await.text("internetGatewayId");
    let message = format!("Network {one} already has an internet gateway attached");
    let attach = [("InternetGatewayId", second.as_str()), ("VpcId", one.as_str())];
    world
        .refused("AttachInternetGateway", &attach, "InvalidParameterValue", &message)
        .await;
    let message = format!("resource {internet} is already attached to network {one}");
    let attach = [("InternetGatewayId", internet.as_str()), ("VpcId", two.as_str())];
    world
        .refused("AttachInternetGateway", &attach, "Resource.AlreadyAssociated", &message)
        .await;
}

#[tokio::test]
async fn a_revoked_rule_that_is_not_there_is_an_error_outside_the_default_vpc() {
    let world = World::new();
    let own = vpc(&world, "10.0.0.0/16").await;
    let input = [
        ("GroupName", "web"),
        ("GroupDescription", "web"),
        ("VpcId", own.as_str()),
    ];
    let group = world.ok("CreateSecurityGroup", &input).await.text("groupId");
    let rule = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.FromPort", "0"),
        ("IpPermissions.1.ToPort", "0"),
        ("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "::/0"),
    ];
    let message = "The specified rule does not exist in this security group.";
    world
        .refused(
            "RevokeSecurityGroupEgress",
            &rule,
            "InvalidPermission.NotFound",
            message,
        )
        .await;
}

#[tokio::test]
async fn an_elastic_ip_stands_before_an_interface() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let interface = world
        .ok("CreateNetworkInterface", &[("SubnetId", &subnet)])
        .await
        .text("networkInterfaceId");
    let tag = [
        ("TagSpecification.1.ResourceType", "elastic-ip"),
        ("TagSpecification.1.Tag.1.Key", "team"),
        ("TagSpecification.1.Tag.1.Value", "red"),
    ];
    let eip = world.ok("AllocateAddress", &tag).await;
    let (allocation, ip) = (eip.text("allocationId"), eip.text("publicIp"));
    assert_eq!(eip.text("domain"), "vpc");
    let named = [("AllocationId.1", allocation.as_str()), ("Attribute", "domain-name")];
    let named = world.ok("DescribeAddressesAttribute", &named).await;
    assert_eq!(named.text("publicIp"), ip);
    assert!(!named.has("ptrRecord"));
    let both = [
        ("AllocationId", allocation.as_str()),
        ("NetworkInterfaceId", interface.as_str()),
    ];
    let association = world.ok("AssociateAddress", &both).await.text("associationId");
    let shown = world
        .ok(
            "DescribeNetworkInterfaces",
            &[("Filter.1.Name", "association.public-ip"), ("Filter.1.Value.1", &ip)],
        )
        .await;
    assert_eq!(shown.text("networkInterfaceId"), interface);
    assert_eq!(shown.text("associationId"), association);
    assert_eq!(
        shown.text("publicDnsName"),
        format!("ec2-{}.compute-1.amazonaws.com", ip.replace('.', "-"))
    );
    let shown = world
        .ok(
            "DescribeAddresses",
            &[("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "red")],
        )
        .await;
    assert_eq!(shown.text("networkInterfaceId"), interface);
    world
        .refused(
            "ReleaseAddress",
            &[("AllocationId", &allocation)],
            "InvalidIPAddress.InUse",
            &format!("Address {ip} is in use."),
        )
        .await;
    world
        .ok("DisassociateAddress", &[("AssociationId", &association)])
        .await;
    let gone = format!("The association ID '{association}' does not exist");
    world
        .refused(
            "DisassociateAddress",
            &[("AssociationId", &association)],
            "InvalidAssociationID.NotFound",
            &gone,
        )
        .await;
    world.ok("AssociateAddress", &both).await;
    world
        .ok("DeleteNetworkInterface", &[("NetworkInterfaceId", &interface)])
        .await;
    assert!(
        !world
            .ok("DescribeAddresses", &[("AllocationId.1", &allocation)])
            .await
            .has("associationId")
    );
    world.ok("ReleaseAddress", &[("AllocationId", &allocation)]).await;
    let gone = format!("The allocation ID '{allocation}' does not exist");
    world
        .refused(
            "DescribeAddresses",
            &[("AllocationId.1", &allocation)],
            "InvalidAllocationID.NotFound",
            &gone,
        )
        .await;
}

#[tokio::test]
async fn a_nat_gateway_without_internet_fails_as_a_resource() {
    let world = World::new();
    let vpc = vpc(&world, "10.0.0.0/16").await;
    let subnet = subnet(&world, &vpc, "10.0.0.0/24", "us-east-1a").await;
    let allocation = world.ok("AllocateAddress", &[]).await.text("allocationId");
    let made = world
        .ok(
            "CreateNatGateway",
            &[("SubnetId", &subnet), ("AllocationId", &allocation)],
        )
        .await;
    let shown = world
        .ok("DescribeNatGateways", &[("NatGatewayId.1", &made.text("natGatewayId"))])
        .await;
    assert_eq!(shown.text("state"), "failed");
    assert_eq!(shown.text("failureCode"), "Gateway.NotAttached");
    assert_eq!(
        shown.text("failureMessage"),
        format!("Network {vpc} has no Internet gateway attached")
    );
    let private = world
        .ok(
            "CreateNatGateway",
            &[("SubnetId", &subnet), ("ConnectivityType", "private")],
        )
        .await;
    let shown = world
        .ok(
            "DescribeNatGateways",
            &[("NatGatewayId.1", &private.text("natGatewayId"))],
        )
        .await;
    assert_eq!(shown.text("state"), "available");
}

#[tokio::test]
async fn launch_templates_are_given_back_as_they_were_made() {
    let world = World::new();
    let input = [
        ("LaunchTemplateName", "roadstead-ecs"),
        ("ClientToken", "once"),
        ("LaunchTemplateData.ImageId", "ami-0123456789abcdef0"),
        ("LaunchTemplateData.InstanceType", "t3.medium"),
        ("LaunchTemplateData.UserData", "IyEvYmluL2Jhc2g="),
        ("LaunchTemplateData.SecurityGroupId.1", "sg-0123456789abcdef0"),
        (
            "LaunchTemplateData.IamInstanceProfile.Arn",
            "arn:aws:iam::123456789012:instance-profile/ecs",
        ),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
        ("LaunchTemplateData.BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize", "30"),
        ("TagSpecification.1.ResourceType", "launch-template"),
        ("TagSpecification.1.Tag.1.Key", "team"),
        ("TagSpecification.1.Tag.1.Value", "red"),
    ];
    let made = world.ok("CreateLaunchTemplate", &input).await;
    let id = made.text("launchTemplateId");
    assert_eq!(
        world.ok("CreateLaunchTemplate", &input).await.text("launchTemplateId"),
        id
    );
    let shown = world
        .ok("DescribeLaunchTemplates", &[("LaunchTemplateId.1", &id)])
        .await;
    assert_eq!(
        (shown.text("defaultVersionNumber"), shown.text("latestVersionNumber")),
        ("1".into(), "1".into())
    );
    assert!(shown.text("tagSet").contains("<key>team</key>"));
    let version = world
        .ok(
            "DescribeLaunchTemplateVersions",
            &[("LaunchTemplateId", &id), ("LaunchTemplateVersion.1", "1")],
        )
        .await;
    assert_eq!(version.text("imageId"), "ami-0123456789abcdef0");
    assert_eq!(version.text("instanceType"), "t3.medium");
    assert_eq!(version.text("userData"), "IyEvYmluL2Jhc2g=");
    assert_eq!(version.text("arn"), "arn:aws:iam::123456789012:instance-profile/ecs");
    assert_eq!(version.text("httpTokens"), "required");
    assert_eq!(version.text("volumeSize"), "30");
    assert!(version.text("securityGroupIdSet").contains("sg-0123456789abcdef0"));
    assert!(!version.has("tagSpecificationSet"));

    let more = [
        ("LaunchTemplateId", id.as_str()),
        ("SourceVersion", "1"),
        ("LaunchTemplateData.InstanceType", "t3.large"),
    ];
    assert_eq!(
        world
            .ok("CreateLaunchTemplateVersion", &more)
            .await
            .text("versionNumber"),
        "2"
    );
    let latest = [
        ("LaunchTemplateName", "roadstead-ecs"),
        ("LaunchTemplateVersion.1", "$Latest"),
    ];
    let latest = world.ok("DescribeLaunchTemplateVersions", &latest).await;
    assert_eq!(
        (latest.text("instanceType"), latest.text("imageId")),
        ("t3.large".into(), "ami-0123456789abcdef0".into())
    );
    let all = world
        .ok("DescribeLaunchTemplateVersions", &[("LaunchTemplateId", &id)])
        .await;
    assert_eq!(all.texts("versionNumber"), ["2", "1"]);
    assert_eq!(all.texts("defaultVersion"), ["false", "true"]);

    let other = [
        ("LaunchTemplateName", "roadstead-ecs"),
        ("LaunchTemplateData.ImageId", "ami-0123456789abcdef0"),
    ];
    let taken = "Launch template name already in use.";
    world
        .refused(
            "CreateLaunchTemplate",
            &other,
            "InvalidLaunchTemplateName.AlreadyExistsException",
            taken,
        )
        .await;
    world.ok("DeleteLaunchTemplate", &[("LaunchTemplateId", &id)]).await;
    let gone = format!("The specified launch template, with template ID {id}, does not exist.");
    world
        .refused(
            "DescribeLaunchTemplates",
            &[("LaunchTemplateId.1", &id)],
            "InvalidLaunchTemplateId.NotFound",
            &gone,
        )
        .await;
    world.ok("CreateLaunchTemplate", &other).await;
}

#[tokio::test]
async fn there_are_no_instances() {
    let world = World::new();
    let none = world.ok("DescribeInstances", &[]).await;
    assert_eq!(none.text("reservationSet"), "");
    world
        .refused(
            "DescribeInstances",
            &[("InstanceId.1", "i-0123456789abcdef0")],
            "InvalidInstanceID.NotFound",
            "The instance ID 'i-0123456789abcdef0' does not exist",
        )
        .await;
    let run = world
        .call(
            &world.root,
            "us-east-1",
            "RunInstances",
            &[("MinCount", "1"), ("MaxCount", "1")],
        )
        .await;
    assert_eq!(run.status, 501);
}
