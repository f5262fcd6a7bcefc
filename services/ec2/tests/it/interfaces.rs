//! Interfaces: those of users, and those that services keep.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::world::{ACCOUNT, Answer, World};

/// The description that ECS gives a task's interface.
const OF_TASK: &str = "arn:aws:ecs:us-east-1:123456789012:attachment/4f2f0b1c-5f4f-4c5e-8a43-7e2f0f5b2f11";

async fn task_interface(world: &World, group: &str) -> String {
    let subnet = world.subnet('a').await;
    let input = [
        ("SubnetId", subnet.as_str()),
        ("SecurityGroupId.1", group),
        ("Description", OF_TASK),
    ];
    world
        .ok_as(&world.ecs, "CreateNetworkInterface", &input)
        .await
        .text("networkInterfaceId")
}

async fn described(world: &World, id: &str) -> Answer {
    world
        .ok("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", id)])
        .await
}

async fn free(world: &World, subnet: &str) -> String {
    world
        .ok("DescribeSubnets", &[("SubnetId.1", subnet)])
        .await
        .text("availableIpAddressCount")
}

#[tokio::test]
async fn an_interface_of_a_user_is_available_with_an_address_of_its_subnet() {
    let world = World::new();
    let subnet = world.subnet('b').await;
    let made = world
        .ok(
            "CreateNetworkInterface",
            &[("SubnetId", &subnet), ("Description", "mine")],
        )
        .await;
    assert_eq!(made.text("status"), "pending");
    let shown = described(&world, &made.text("networkInterfaceId")).await;
    assert_eq!(shown.text("status"), "available");
    assert_eq!(shown.text("description"), "mine");
    assert_eq!(shown.text("requesterManaged"), "false");
    assert!(!shown.has("requesterId") && !shown.has("attachment"));
    assert_eq!(shown.text("availabilityZone"), "us-east-1b");
    assert_eq!(shown.text("availabilityZoneId"), "use1-az2");
    assert_eq!(shown.text("groupName"), "default");
    assert_eq!(shown.text("sourceDestCheck"), "true");
    assert_eq!(shown.text("interfaceType"), "interface");
    assert!(shown.text("macAddress").starts_with("02:"));
    assert_eq!(shown.text("macAddress").len(), 17);
    let address: Ipv4Addr = shown.text("privateIpAddress").parse().unwrap();
    let [a, b, c, d] = address.octets();
    assert_eq!((a, b, c & 0xf0), (172, 31, 16));
    assert_eq!(shown.text("privateDnsName"), format!("ip-{a}-{b}-{c}-{d}.ec2.internal"));
    assert_eq!(free(&world, &subnet).await, "4090");

    world
        .ok(
            "DeleteNetworkInterface",
            &[("NetworkInterfaceId", &shown.text("networkInterfaceId"))],
        )
        .await;
    assert_eq!(free(&world, &subnet).await, "4091");
}

#[tokio::test]
async fn a_task_s_interface_is_in_use_and_belongs_to_a_service() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = task_interface(&world, &group).await;
    let shown = described(&world, &id).await;
    assert_eq!(shown.text("description"), OF_TASK);
    assert_eq!(shown.text("ownerId"), ACCOUNT);
    assert_eq!(shown.text("requesterManaged"), "true");
    assert_eq!(shown.texts("status"), ["in-use", "attached"]);
    for element in ["requesterId", "instanceOwnerId"] {
        let owner = shown.text(element);
        assert!(
            owner.len() == 12 && owner.bytes().all(|b| b.is_ascii_digit()) && owner != ACCOUNT,
            "{owner}"
        );
    }
    let attachment = shown.text("attachment");
    assert!(attachment.contains("<attachmentId>eni-attach-0"), "{attachment}");
    assert!(!shown.has("instanceId"));
    assert!(attachment.contains("<deviceIndex>1</deviceIndex>"));
    assert!(attachment.contains("<networkCardIndex>0</networkCardIndex>"));
    assert!(attachment.contains("<status>attached</status>"));
    assert!(attachment.contains("<deleteOnTermination>false</deleteOnTermination>"));
    assert_eq!(shown.text("publicDnsName"), "");
    assert!(shown.text("operator").contains("<managed>false</managed>"));
}

#[tokio::test]
async fn users_cannot_touch_a_task_s_interface() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = task_interface(&world, &group).await;
    let shown = described(&world, &id).await;
    let (subnet, attachment) = (shown.text("subnetId"), shown.text("attachmentId"));
    let no = "You do not have permission to access the specified resource.";
    let own = ("NetworkInterfaceId", id.as_str());
    let modify = "ModifyNetworkInterfaceAttribute";
    world
        .refused(modify, &[own, ("Description.Value", "mine")], "AuthFailure", no)
        .await;
    world
        .refused(modify, &[own, ("SourceDestCheck.Value", "false")], "AuthFailure", no)
        .await;
    world
        .refused(modify, &[own, ("SecurityGroupId.1", &group)], "AuthFailure", no)
        .await;
    world
        .refused(
            "AssignPrivateIpAddresses",
            &[own, ("SecondaryPrivateIpAddressCount", "1")],
            "AuthFailure",
            no,
        )
        .await;
    world
        .refused(
            "DetachNetworkInterface",
            &[("AttachmentId", &attachment)],
            "AuthFailure",
            no,
        )
        .await;
    let in_use = format!("Network interface '{id}' is currently in use.");
    world
        .refused("DeleteNetworkInterface", &[own], "InvalidParameterValue", &in_use)
        .await;

    for (attribute, expected) in [
        ("description", OF_TASK),
        ("groupSet", group.as_str()),
        ("sourceDestCheck", "<value>true</value>"),
        ("attachment", attachment.as_str()),
    ] {
        let shown = world
            .ok("DescribeNetworkInterfaceAttribute", &[own, ("Attribute", attribute)])
            .await;
        assert!(shown.text(attribute).contains(expected), "{}", shown.body);
    }

    world
        .ok(
            "CreateTags",
            &[("ResourceId.1", &id), ("Tag.1.Key", "team"), ("Tag.1.Value", "red")],
        )
        .await;
    assert!(described(&world, &id).await.text("tagSet").contains("<key>team</key>"));

    let dependent = format!("resource {group} has a dependent object");
    world
        .refused(
            "DeleteSecurityGroup",
            &[("GroupId", &group)],
            "DependencyViolation",
            &dependent,
        )
        .await;
    let dependent = format!("The subnet '{subnet}' has dependencies and cannot be deleted.");
    world
        .refused(
            "DeleteSubnet",
            &[("SubnetId", &subnet)],
            "DependencyViolation",
            &dependent,
        )
        .await;

    world.ok_as(&world.ecs, "DeleteNetworkInterface", &[own]).await;
    let gone = format!("The networkInterface ID '{id}' does not exist");
    world
        .refused(
            "DescribeNetworkInterfaces",
            &[("NetworkInterfaceId.1", &id)],
            "InvalidNetworkInterfaceID.NotFound",
            &gone,
        )
        .await;
    world.ok("DeleteSecurityGroup", &[("GroupId", &group)]).await;
    world.ok("DeleteSubnet", &[("SubnetId", &subnet)]).await;
}

#[tokio::test]
async fn another_service_cannot_touch_it_either() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = task_interface(&world, &group).await;
    let all = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let elb = world.linked(
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
        all,
    );
    let in_use = format!("Network interface '{id}' is currently in use.");
    world
        .refused_as(
            &elb,
            "DeleteNetworkInterface",
            &[("NetworkInterfaceId", &id)],
            "InvalidParameterValue",
            &in_use,
        )
        .await;
    let subnet = world.subnet('a').await;
    let own = [
        ("SubnetId", subnet.as_str()),
        ("Description", "ELB app/web/0123456789abcdef"),
    ];
    world.ok_as(&elb, "CreateNetworkInterface", &own).await;
    let found = world
        .ok(
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "attachment.instance-owner-id"),
                ("Filter.1.Value.1", "amazon-elb"),
                ("Filter.2.Name", "description"),
                ("Filter.2.Value.1", "ELB app/web/0123456789abcdef"),
            ],
        )
        .await;
    assert_eq!(found.texts("networkInterfaceId").len(), 1);
    assert_eq!(found.text("requesterId"), "amazon-elb");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeated_token_makes_nothing_twice() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let own = |description| {
        [
            ("SubnetId", subnet.as_str()),
            ("Description", description),
            ("ClientToken", "once"),
        ]
    };
    let answers = world.at_once(16, "CreateNetworkInterface", &own("one")).await;
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.text("networkInterfaceId")).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(free(&world, &subnet).await, "4090");
    world
        .refused(
            "CreateNetworkInterface",
            &own("two"),
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        )
        .await;
    let id = ids.first().unwrap();
    world.ok("DeleteNetworkInterface", &[("NetworkInterfaceId", id)]).await;
    let again = world.ok("CreateNetworkInterface", &own("two")).await;
    assert_ne!(again.text("networkInterfaceId"), *id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn interfaces_made_at_once_never_share_an_address() {
    let world = World::new();
    let subnet = world.subnet('c').await;
    let input = [("SubnetId", subnet.as_str())];
    let answers = world.at_once(200, "CreateNetworkInterface", &input).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let addresses: BTreeSet<String> = answers.iter().map(|answer| answer.text("privateIpAddress")).collect();
    assert_eq!(addresses.len(), 200);
    assert_eq!(free(&world, &subnet).await, "3891");
}

#[tokio::test]
async fn a_given_address_must_be_free_and_of_the_subnet() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let at = |address| [("SubnetId", subnet.as_str()), ("PrivateIpAddress", address)];
    world.ok("CreateNetworkInterface", &at("172.31.0.10")).await;
    let create = "CreateNetworkInterface";
    world
        .refused(
            create,
            &at("172.31.0.10"),
            "InvalidIPAddress.InUse",
            "Address 172.31.0.10 is in use.",
        )
        .await;
    world
        .refused(
            create,
            &at("172.31.0.3"),
            "InvalidParameterValue",
            "Address is in subnet's reserved address range",
        )
        .await;
    world
        .refused(
            create,
            &at("172.31.16.10"),
            "InvalidParameterValue",
            "Address does not fall within the subnet's address range",
        )
        .await;
}

#[tokio::test]
async fn secondary_addresses_come_and_go() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let input = [("SubnetId", subnet.as_str()), ("SecondaryPrivateIpAddressCount", "2")];
    let made = world.ok("CreateNetworkInterface", &input).await;
    let id = made.text("networkInterfaceId");
    assert_eq!(made.texts("primary"), ["true", "false", "false"]);
    let own = ("NetworkInterfaceId", id.as_str());
    let added = world
        .ok(
            "AssignPrivateIpAddresses",
            &[own, ("PrivateIpAddress.1", "172.31.0.99")],
        )
        .await;
    assert_eq!(added.text("privateIpAddress"), "172.31.0.99");
    assert_eq!(free(&world, &subnet).await, "4087");
    world
        .ok(
            "UnassignPrivateIpAddresses",
            &[own, ("PrivateIpAddress.1", "172.31.0.99")],
        )
        .await;
    assert_eq!(free(&world, &subnet).await, "4088");
    world.ok("DeleteNetworkInterface", &[own]).await;
    assert_eq!(free(&world, &subnet).await, "4091");
}

#[tokio::test]
async fn filters_find_interfaces() {
    let world = World::new();
    let group = world.group("tasks").await;
    let task = task_interface(&world, &group).await;
    let subnet = world.subnet('b').await;
    let other = world
        .ok("CreateNetworkInterface", &[("SubnetId", &subnet)])
        .await
        .text("networkInterfaceId");
    for (filter, value, expected) in [
        ("group-id", group.as_str(), &task),
        ("group-name", "default", &other),
        ("subnet-id", &subnet, &other),
        ("description", "arn:aws:ecs:*", &task),
        ("status", "available", &other),
        ("requester-managed", "true", &task),
        ("attachment.status", "attached", &task),
        ("network-interface-id", &other, &other),
    ] {
        let found = world
            .ok(
                "DescribeNetworkInterfaces",
                &[("Filter.1.Name", filter), ("Filter.1.Value.1", value)],
            )
            .await;
        assert_eq!(
            found.texts("networkInterfaceId"),
            std::slice::from_ref(expected),
            "{filter}"
        );
    }
    let found = world
        .ok(
            "DescribeNetworkInterfaces",
            &[
                ("Filter.1.Name", "group-id"),
                ("Filter.1.Value.1", &group[..group.len() - 1]),
            ],
        )
        .await;
    assert!(!found.has("networkInterfaceId"));
}

#[tokio::test]
async fn changed_groups_change_what_hangs_on_them() {
    let world = World::new();
    let (one, two) = (world.group("one").await, world.group("two").await);
    let subnet = world.subnet('a').await;
    let made = world
        .ok(
            "CreateNetworkInterface",
            &[("SubnetId", &subnet), ("SecurityGroupId.1", &one)],
        )
        .await;
    let id = made.text("networkInterfaceId");
    let modify = [("NetworkInterfaceId", id.as_str()), ("SecurityGroupId.1", two.as_str())];
    world.ok("ModifyNetworkInterfaceAttribute", &modify).await;
    assert_eq!(described(&world, &id).await.text("groupName"), "two");
    world.ok("DeleteSecurityGroup", &[("GroupId", &one)]).await;
    let dependent = format!("resource {two} has a dependent object");
    world
        .refused(
            "DeleteSecurityGroup",
            &[("GroupId", &two)],
            "DependencyViolation",
            &dependent,
        )
        .await;
}

#[tokio::test]
async fn ecs_attaches_an_interface_to_an_instance_and_lets_it_go() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = task_interface(&world, &group).await;
    let own = ("NetworkInterfaceId", id.as_str());
    let at = [own, ("InstanceId", "i-0123456789abcdef0"), ("DeviceIndex", "1")];
    let attachment = world
        .ok_as(&world.ecs, "AttachNetworkInterface", &at)
        .await
        .text("attachmentId");
    let shown = described(&world, &id).await;
    assert_eq!(shown.text("instanceId"), "i-0123456789abcdef0");
    assert_eq!(shown.text("instanceOwnerId"), ACCOUNT);
    let second = task_interface(&world, &group).await;
    let taken = "Instance 'i-0123456789abcdef0' already has an interface attached at device index '1'.";
    let again = [("NetworkInterfaceId", second.as_str()), at[1], at[2]];
    world
        .refused_as(
            &world.ecs,
            "AttachNetworkInterface",
            &again,
            "InvalidParameterValue",
            taken,
        )
        .await;
    let in_use = format!("Network interface '{id}' is currently in use.");
    world
        .refused_as(
            &world.ecs,
            "DeleteNetworkInterface",
            &[own],
            "InvalidParameterValue",
            &in_use,
        )
        .await;
    world
        .ok_as(&world.ecs, "DetachNetworkInterface", &[("AttachmentId", &attachment)])
        .await;
    assert_eq!(described(&world, &id).await.text("status"), "available");
    world.ok_as(&world.ecs, "DeleteNetworkInterface", &[own]).await;
    world.ok_as(&world.ecs, "AttachNetworkInterface", &again).await;

    let subnet = world.subnet('a').await;
    let mine = world
        .ok("CreateNetworkInterface", &[("SubnetId", &subnet)])
        .await
        .text("networkInterfaceId");
    let missing = "The instance ID 'i-0123456789abcdef0' does not exist";
    let at = [("NetworkInterfaceId", mine.as_str()), at[1], at[2]];
    world
        .refused("AttachNetworkInterface", &at, "InvalidInstanceID.NotFound", missing)
        .await;
}

#[tokio::test]
async fn permissions_on_an_interface_go_with_it() {
    let world = World::new();
    let group = world.group("tasks").await;
    let id = task_interface(&world, &group).await;
    let own = ("NetworkInterfaceId", id.as_str());
    let input = [own, ("AwsAccountId", "210987654321"), ("Permission", "INSTANCE-ATTACH")];
    let made = world
        .ok_as(&world.ecs, "CreateNetworkInterfacePermission", &input)
        .await;
    let permission = made.text("networkInterfacePermissionId");
    assert_eq!(made.text("state"), "granted");
    let delete = [("NetworkInterfacePermissionId", permission.as_str())];
    world
        .ok_as(&world.ecs, "DeleteNetworkInterfacePermission", &delete)
        .await;
    world
        .ok_as(&world.ecs, "CreateNetworkInterfacePermission", &input)
        .await;
    world.ok_as(&world.ecs, "DeleteNetworkInterface", &[own]).await;
    assert!(
        !world
            .ok("DescribeNetworkInterfacePermissions", &[])
            .await
            .has("networkInterfacePermissionId")
    );
}
