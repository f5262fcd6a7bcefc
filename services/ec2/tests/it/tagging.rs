//! Tags on everything that has an id.

use crate::world::World;

#[tokio::test]
async fn tags_are_set_described_and_removed_on_several_resources() {
    let world = World::new();
    let (vpc, subnet) = (world.default_vpc().await, world.subnet('a').await);
    let input = [
        ("ResourceId.1", vpc.as_str()),
        ("ResourceId.2", subnet.as_str()),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "red"),
        ("Tag.2.Key", "stage"),
        ("Tag.2.Value", ""),
    ];
    world.ok("CreateTags", &input).await;
    let found = world
        .ok(
            "DescribeTags",
            &[("Filter.1.Name", "key"), ("Filter.1.Value.1", "team")],
        )
        .await;
    let mut kinds = found.texts("resourceType");
    kinds.sort();
    assert_eq!(kinds, ["subnet", "vpc"]);
    let by_tag = [("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "r*")];
    assert_eq!(
        world.ok("DescribeSubnets", &by_tag).await.texts("subnetId"),
        std::slice::from_ref(&subnet)
    );

    // With another value than the tag has, it stays.
    let other = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "blue"),
    ];
    world.ok("DeleteTags", &other).await;
    assert!(world.ok("DescribeVpcs", &by_tag).await.has("vpcId"));
    world
        .ok("DeleteTags", &[("ResourceId.1", &vpc), ("Tag.1.Key", "team")])
        .await;
    assert!(!world.ok("DescribeVpcs", &by_tag).await.has("vpcId"));
    world.ok("DeleteTags", &[("ResourceId.1", &subnet)]).await;
    assert!(!world.ok("DescribeSubnets", &by_tag).await.has("subnetId"));
}

#[tokio::test]
async fn only_a_service_sets_reserved_tags() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let made = world
        .ok_as(&world.ecs, "CreateNetworkInterface", &[("SubnetId", &subnet)])
        .await;
    let id = made.text("networkInterfaceId");
    let input = [
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "aws:ecs:clusterName"),
        ("Tag.1.Value", "demo"),
    ];
    let message = "Tag keys starting with 'aws:' are reserved for internal use";
    world
        .refused("CreateTags", &input, "InvalidParameterValue", message)
        .await;
    world.ok_as(&world.ecs, "CreateTags", &input).await;
    world
        .refused("DeleteTags", &input, "InvalidParameterValue", message)
        .await;
    world.ok("DeleteTags", &[("ResourceId.1", &id)]).await;
    let shown = world
        .ok("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &id)])
        .await;
    assert!(shown.text("tagSet").contains("<value>demo</value>"));
}

#[tokio::test]
async fn nothing_is_tagged_when_one_resource_is_missing() {
    let world = World::new();
    let vpc = world.default_vpc().await;
    let input = [
        ("ResourceId.1", vpc.as_str()),
        ("ResourceId.2", "subnet-0123456789abcdef0"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "red"),
    ];
    let message = "The subnet ID 'subnet-0123456789abcdef0' does not exist";
    world
        .refused("CreateTags", &input, "InvalidSubnetID.NotFound", message)
        .await;
    assert!(!world.ok("DescribeTags", &[]).await.has("key"));
    let odd = [("ResourceId.1", "web"), ("Tag.1.Key", "team"), ("Tag.1.Value", "red")];
    world
        .refused("CreateTags", &odd, "InvalidID", "The ID 'web' is not valid")
        .await;
}

#[tokio::test]
async fn a_resource_has_at_most_fifty_tags() {
    let world = World::new();
    let vpc = world.default_vpc().await;
    for (n, expected) in [(49, 200), (50, 200), (51, 400)] {
        let mut input = vec![("ResourceId.1".to_owned(), vpc.clone())];
        for at in 1..=n {
            input.push((format!("Tag.{at}.Key"), format!("key-{at}")));
            input.push((format!("Tag.{at}.Value"), String::new()));
        }
        let input: Vec<(&str, &str)> = input.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let answer = world.call(&world.root, "us-east-1", "CreateTags", &input).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
        if expected == 400 {
            assert_eq!(answer.code(), "TagLimitExceeded");
        }
    }
}
