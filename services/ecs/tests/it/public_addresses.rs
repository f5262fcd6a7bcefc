//! `assignPublicIp`: the interface of a task has a public address for as long as it is there.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::world::{World, between, container, definition};

async fn run(world: &World, subnet: &str, assign: &str, count: usize) -> Vec<String> {
    let network = json!({ "awsvpcConfiguration": { "subnets": [subnet], "assignPublicIp": assign } });
    let input = json!({
        "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE", "count": count,
        "networkConfiguration": network
    });
    let made = world.ecs("RunTask", input).await.ok();
    world.pass(3).await;
    let arns = made["tasks"].as_array().unwrap().iter();
    arns.map(|task| task["taskArn"].as_str().unwrap().to_owned()).collect()
}

async fn eni(world: &World, task: &str) -> String {
    let task = world.task(task).await;
    let details = task["attachments"][0]["details"].as_array().unwrap().clone();
    let found = details.iter().find(|detail| detail["name"] == "networkInterfaceId");
    found.unwrap()["value"].as_str().unwrap().to_owned()
}

async fn described(world: &World, pairs: &[(&str, &str)]) -> String {
    world.form("ec2", "DescribeNetworkInterfaces", pairs).await.text
}

async fn filtered(world: &World, name: &str, value: &str) -> String {
    let pairs = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
    described(world, &pairs).await
}

#[tokio::test]
async fn an_interface_with_a_public_address_shows_it_as_recorded() {
    let world = World::new();
    world.cluster_and_definition().await;
    let vpc = [("CidrBlock", "10.7.0.0/16")];
    let vpc = world.form("ec2", "CreateVpc", &vpc).await.text;
    let vpc = between(&vpc, "<vpcId>", "</vpcId>");
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.7.0.0/28")];
    let subnet = world.form("ec2", "CreateSubnet", &subnet).await.text;
    let subnet = between(&subnet, "<subnetId>", "</subnetId>");
    let task = run(&world, &subnet, "ENABLED", 1).await.remove(0);
    assert_eq!(world.task(&task).await["lastStatus"], "RUNNING");
    let shown = described(&world, &[("NetworkInterfaceId.1", &eni(&world, &task).await)]).await;
    let public = between(&shown, "<publicIp>", "</publicIp>");
    let association = format!(
        "<association><publicIp>{public}</publicIp><publicDnsName></publicDnsName><ipOwnerId>amazon</ipOwnerId>\
         <natEnabled>true</natEnabled></association>"
    )
    .replace("<publicDnsName></publicDnsName>", "<publicDnsName/>");
    let shown = shown.replace("<publicDnsName></publicDnsName>", "<publicDnsName/>");
    assert_eq!(shown.matches(&association).count(), 2, "{shown}");
    let members = [
        "networkInterfaceId",
        "subnetId",
        "vpcId",
        "availabilityZone",
        "description",
        "ownerId",
        "requesterId",
        "requesterManaged",
        "status",
        "macAddress",
        "privateIpAddress",
        "publicDnsName",
        "sourceDestCheck",
        "groupSet",
        "attachment",
        "association",
        "tagSet",
        "privateIpAddressesSet",
        "ipv6AddressesSet",
        "interfaceType",
        "operator",
        "availabilityZoneId",
    ];
    let item = between(&shown, "<networkInterfaceSet><item>", "</networkInterfaceSet>");
    assert_eq!(top(&item), members);
    let free = world
        .form("ec2", "DescribeSubnets", &[("SubnetId.1", &subnet)])
        .await
        .text;
    assert!(
        free.contains("<availableIpAddressCount>10</availableIpAddressCount>"),
        "{free}"
    );
}

/// The names of the elements of an item, without those within them.
fn top(item: &str) -> Vec<&str> {
    let (mut depth, mut names) = (0_i32, Vec::new());
    for tag in item.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        if tag.starts_with('/') {
            depth -= 1;
        } else {
            if depth == 0 {
                names.push(tag.trim_end_matches('/'));
            }
            depth += i32::from(!tag.ends_with('/'));
        }
    }
    names
}

#[tokio::test]
async fn public_addresses_are_of_one_pool_that_nobody_routes_and_found_by_filters_until_the_task_is_over() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let tasks = run(&world, &subnet, "ENABLED", 5).await;
    let mut addresses = BTreeSet::new();
    let mut last = String::new();
    for task in &tasks {
        let id = eni(&world, task).await;
        let shown = described(&world, &[("NetworkInterfaceId.1", &id)]).await;
        last = between(&shown, "<publicIp>", "</publicIp>");
        let [a, b, c, d] = last.parse::<Ipv4Addr>().unwrap().octets();
        assert!((a, b & 0xfe) == (198, 18), "{last}");
        let name = format!("<publicDnsName>ec2-{a}-{b}-{c}-{d}.compute-1.amazonaws.com</publicDnsName>");
        assert_eq!(shown.matches(&name).count(), 3, "{shown}");
        for (filter, value) in [
            ("association.public-ip", last.as_str()),
            ("addresses.association.public-ip", &last),
        ] {
            let found = filtered(&world, filter, value).await;
            assert_eq!(
                between(&found, "<networkInterfaceId>", "</networkInterfaceId>"),
                id,
                "{filter}"
            );
        }
        addresses.insert(last.clone());
    }
    assert_eq!(addresses.len(), 5);
    let owned = filtered(&world, "association.ip-owner-id", "amazon").await;
    assert_eq!(owned.matches("<networkInterfaceId>").count(), 5);
    let elastic = world.form("ec2", "DescribeAddresses", &[]).await.text;
    assert!(!elastic.contains("<publicIp>"), "no elastic IP: {elastic}");

    for task in &tasks {
        world
            .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
            .await
            .ok();
    }
    world.pass(3).await;
    let gone = filtered(&world, "association.public-ip", &last).await;
    assert!(!gone.contains("<networkInterfaceId>"), "{gone}");
    let store = world.installation.store();
    let (entries, _) = store.range(roadstead_store::Range::all()).await.unwrap();
    let taken = entries
        .iter()
        .filter_map(|entry| roadstead_store::KeyParts::parse(&entry.key));
    let taken = taken.filter(|parts| parts.table == "ec2/taken-address");
    assert_eq!(taken.count(), 0, "addresses are given back");
}

#[tokio::test]
async fn without_the_wish_an_interface_has_no_public_address_whatever_its_subnet_gives_instances() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    for assign in [json!("DISABLED"), Value::Null] {
        let network = json!({ "awsvpcConfiguration": { "subnets": [subnet], "assignPublicIp": assign } });
        let mut input = json!({
            "cluster": "demo", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network
        });
        if assign.is_null() {
            input["networkConfiguration"]["awsvpcConfiguration"]
                .as_object_mut()
                .unwrap()
                .remove("assignPublicIp");
        }
        world.ecs("RunTask", input).await.ok();
    }
    world.pass(3).await;
    let subnet = world
        .form("ec2", "DescribeSubnets", &[("SubnetId.1", &subnet)])
        .await
        .text;
    assert!(subnet.contains("<mapPublicIpOnLaunch>true"), "{subnet}");
    let shown = described(&world, &[]).await;
    assert_eq!(shown.matches("<networkInterfaceId>").count(), 2);
    assert!(!shown.contains("<association>"), "{shown}");
}

#[tokio::test]
async fn tasks_of_a_service_have_public_addresses_too_and_each_new_one_another() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    world
        .ecs("RegisterTaskDefinition", definition("web", json!([container("main")])))
        .await
        .ok();
    let network = json!({ "awsvpcConfiguration": { "subnets": [subnet], "assignPublicIp": "ENABLED" } });
    let service = json!({
        "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "launchType": "FARGATE", "desiredCount": 2,
        "networkConfiguration": network
    });
    world.ecs("CreateService", service).await.ok();
    world.pass(5).await;
    let shown = filtered(&world, "association.ip-owner-id", "amazon").await;
    assert_eq!(shown.matches("<networkInterfaceId>").count(), 2, "{shown}");
}
