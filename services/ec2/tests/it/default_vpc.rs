//! Every region of an account has its default VPC.

use crate::world::{ACCOUNT, World};

#[tokio::test]
async fn every_region_has_a_default_vpc_with_a_subnet_in_each_zone() {
    let world = World::new();
    let vpc = world.ok("DescribeVpcs", &[]).await;
    assert_eq!(vpc.texts("vpcId").len(), 1);
    assert_eq!(vpc.text("isDefault"), "true");
    assert_eq!(vpc.text("cidrBlock"), "172.31.0.0/16");
    assert_eq!(vpc.text("ownerId"), ACCOUNT);

    let subnets = world.ok("DescribeSubnets", &[]).await;
    let mut zones = subnets.texts("availabilityZone");
    zones.sort();
    assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert_eq!(subnets.texts("defaultForAz"), ["true"; 3]);
    assert_eq!(subnets.texts("mapPublicIpOnLaunch"), ["true"; 3]);
    assert_eq!(subnets.texts("availableIpAddressCount"), ["4091"; 3]);
    let mut blocks = subnets.texts("cidrBlock");
    blocks.sort();
    assert_eq!(blocks, ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"]);

    let id = vpc.text("vpcId");
    let of_vpc = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", id.as_str())];
    let tables = world.ok("DescribeRouteTables", &of_vpc).await;
    assert_eq!(tables.text("main"), "true");
    assert_eq!(tables.texts("gatewayId")[0], "local");
    let gateways = world.ok("DescribeInternetGateways", &[]).await;
    assert_eq!(tables.texts("gatewayId")[1], gateways.text("internetGatewayId"));
    assert_eq!(gateways.text("vpcId"), id);
    let acls = world
        .ok(
            "DescribeNetworkAcls",
            &[
                ("Filter.1.Name", "default"),
                ("Filter.1.Value.1", "true"),
                of_vpc[0],
                of_vpc[1],
            ],
        )
        .await;
    let mut guarded = acls.texts("subnetId");
    guarded.sort();
    let mut all = subnets.texts("subnetId");
    all.sort();
    assert_eq!(guarded, all);
    let groups = world.ok("DescribeSecurityGroups", &of_vpc).await;
    assert_eq!(groups.text("groupName"), "default");
    assert_eq!(groups.text("groupDescription"), "default VPC security group");
    assert_eq!(groups.texts("ipProtocol"), ["-1", "-1"]);
    for (attribute, element) in [
        ("enableDnsSupport", "enableDnsSupport"),
        ("enableDnsHostnames", "enableDnsHostnames"),
    ] {
        let shown = world
            .ok("DescribeVpcAttribute", &[("VpcId", &id), ("Attribute", attribute)])
            .await;
        assert!(shown.text(element).contains("<value>true</value>"), "{}", shown.body);
    }
    let attributes = world
        .ok("DescribeAccountAttributes", &[("AttributeName.1", "default-vpc")])
        .await;
    assert_eq!(attributes.text("attributeValue"), id);
}

#[tokio::test]
async fn each_region_has_its_own_and_keeps_it() {
    let world = World::new();
    let mut seen = Vec::new();
    for region in ["us-east-1", "eu-west-1", "us-east-1"] {
        let answer = world.call(&world.root, region, "DescribeVpcs", &[]).await;
        seen.push(answer.texts("vpcId"));
    }
    assert_eq!(seen[0], seen[2]);
    assert_ne!(seen[0], seen[1]);
    assert_eq!(seen[1].len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_calls_that_come_at_once_make_it_once() {
    let world = World::new();
    let answers = world.at_once(20, "DescribeSubnets", &[]).await;
    for answer in &answers {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.texts("subnetId"), answers[0].texts("subnetId"));
        assert_eq!(answer.texts("subnetId").len(), 3);
    }
}

#[tokio::test]
async fn zones_and_regions_are_described_and_filtered() {
    let world = World::new();
    let zones = world
        .ok(
            "DescribeAvailabilityZones",
            &[("Filter.1.Name", "state"), ("Filter.1.Value.1", "available")],
        )
        .await;
    assert_eq!(zones.texts("zoneName"), ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert_eq!(zones.texts("zoneId"), ["use1-az1", "use1-az2", "use1-az3"]);
    let one = world.ok("DescribeAvailabilityZones", &[("ZoneId.1", "use1-az2")]).await;
    assert_eq!(one.texts("zoneName"), ["us-east-1b"]);
    let regions = world.ok("DescribeRegions", &[]).await;
    assert!(regions.texts("regionName").contains(&"eu-central-1".to_owned()));
    assert!(!regions.texts("regionName").contains(&"cn-north-1".to_owned()));
    let eu = world
        .ok(
            "DescribeRegions",
            &[
                ("Filter.1.Name", "endpoint"),
                ("Filter.1.Value.1", "ec2.eu-west-?.amazonaws.com"),
            ],
        )
        .await;
    assert_eq!(eu.texts("regionName"), ["eu-west-1", "eu-west-2", "eu-west-3"]);
}

#[tokio::test]
async fn an_unknown_filter_is_refused() {
    let world = World::new();
    world
        .refused(
            "DescribeVpcs",
            &[("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")],
            "InvalidParameterValue",
            "The filter 'colour' is invalid",
        )
        .await;
}

#[tokio::test]
async fn ids_that_are_unknown_or_malformed_are_told_apart() {
    let world = World::new();
    for (operation, parameter, id, code, message) in [
        (
            "DescribeSubnets",
            "SubnetId.1",
            "subnet-00000000000000000",
            "InvalidSubnetID.NotFound",
            "The subnet ID 'subnet-00000000000000000' does not exist",
        ),
        (
            "DescribeSecurityGroups",
            "GroupId.1",
            "sg-00000000000000000",
            "InvalidGroupId.Malformed",
            "Invalid id: \"sg-00000000000000000\"",
        ),
        (
            "DescribeSecurityGroups",
            "GroupId.1",
            "sg-0123456789abcdef0",
            "InvalidGroup.NotFound",
            "The security group 'sg-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeNetworkInterfaces",
            "NetworkInterfaceId.1",
            "eni-0123456789abcdef0",
            "InvalidNetworkInterfaceID.NotFound",
            "The networkInterface ID 'eni-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeVpcs",
            "VpcId.1",
            "vpc-0123456789abcdef0",
            "InvalidVpcID.NotFound",
            "The vpc ID 'vpc-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeRouteTables",
            "RouteTableId.1",
            "rtb-0123456789abcdef0",
            "InvalidRouteTableID.NotFound",
            "The routeTable ID 'rtb-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeVpcs",
            "VpcId.1",
            "web",
            "InvalidVpcID.Malformed",
            "Invalid id: \"web\"",
        ),
    ] {
        world.refused(operation, &[(parameter, id)], code, message).await;
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let world = World::new();
    for n in 0..11 {
        world.group(&format!("group-{n}")).await;
    }
    let all = world.ok("DescribeSecurityGroups", &[]).await.texts("groupName");
    let mut seen = Vec::new();
    let mut token = None::<String>;
    for _ in 0..3 {
        let mut input = vec![("MaxResults", "5")];
        if let Some(token) = &token {
            input.push(("NextToken", token));
        }
        let page = world.ok("DescribeSecurityGroups", &input).await;
        seen.extend(page.texts("groupName"));
        token = page.texts("nextToken").into_iter().next();
    }
    assert_eq!((seen, token), (all, None));
}
