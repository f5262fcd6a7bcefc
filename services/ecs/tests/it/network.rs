//! The networks of tasks: attached after EC2 made them, removed before EC2 deletes them, and nothing left behind.

use std::sync::Arc;

use roadstead::{Installation, Options};
use roadstead_containers::{ContainerId, ContainerSpec, Network, Runtime};
use roadstead_core::{AccountId, Clock, Ids};
use roadstead_ecs::records::{Task, TaskStatus};
use roadstead_kernel::audit::AuditLog;
use roadstead_network::{EniSpec, Net, NetError, NetworkNamespace, Peer, Rule, SimulatedNet, Traffic, VpcNames};
use roadstead_store::{Change, KeyParts, Range, Table};
use serde_json::{Value, json};

use crate::world::{World, between};

/// An installation whose interfaces can be looked at.
fn world() -> (World, Arc<SimulatedNet>) {
    let net = Arc::new(SimulatedNet::new());
    (with_net(Some(Arc::clone(&net) as Arc<dyn Net>)), net)
}

fn with_net(net: Option<Arc<dyn Net>>) -> World {
    let (installation, clock, engine) = Installation::in_memory_with(7, net).unwrap();
    let keys = installation.root.clone();
    World {
        installation: Arc::new(installation),
        clock,
        engine,
        keys,
        region: "us-east-1",
        token: None,
    }
}

fn detail(task: &Value, name: &str) -> String {
    let details = task["attachments"][0]["details"].as_array().unwrap();
    details.iter().find(|d| d["name"] == name).unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The containers of a task at the engine: name in the definition, id.
async fn containers(world: &World, task: &str) -> Vec<(String, ContainerId)> {
    let found = world
        .engine
        .list(&[("com.amazonaws.ecs.task-arn", Some(task))])
        .await
        .unwrap();
    found
        .into_iter()
        .map(|c| (c.labels["com.amazonaws.ecs.container-name"].clone(), c.id))
        .collect()
}

async fn container(world: &World, task: &str, name: &str) -> (ContainerId, Arc<ContainerSpec>) {
    let found = containers(world, task)
        .await
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1;
    let spec = world.engine.spec(&found).unwrap();
    (found, spec)
}

const PAUSE: &str = "~internal~ecs~pause";

/// Runs a task until it runs; its ARN and description.
async fn running(world: &World) -> (String, Value) {
    let subnet = world.cluster_and_definition().await;
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let task = world.task(&arn).await;
    assert_eq!(task["lastStatus"], "RUNNING", "{task}");
    (arn, task)
}

async fn stop(world: &World, arn: &str) -> Value {
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    world.pass(3).await;
    world.task(arn).await
}

#[tokio::test]
async fn a_running_task_has_the_interface_that_ec2_made_for_it() {
    let (world, net) = world();
    let (arn, task) = running(&world).await;
    let spec = net.spec(&detail(&task, "networkInterfaceId")).unwrap();
    assert_eq!(spec.address.to_string(), detail(&task, "privateIPv4Address"));
    assert_eq!(spec.mac.to_string(), detail(&task, "macAddress"));
    let subnets = world
        .form("ec2", "DescribeSubnets", &[("SubnetId.1", &detail(&task, "subnetId"))])
        .await
        .text;
    assert_eq!(
        spec.subnet.to_string(),
        between(&subnets, "<cidrBlock>", "</cidrBlock>")
    );
    assert_eq!(spec.host_addresses, [std::net::Ipv4Addr::new(172, 31, 0, 2)]);
    let groups = world.form("ec2", "DescribeSecurityGroups", &[]).await.text;
    let default = between(&groups, "<groupId>", "</groupId>");
    assert_eq!(spec.groups, [default.as_str()]);
    let rules = net.group(&default).unwrap();
    assert_eq!(
        rules.ingress,
        [Rule {
            traffic: Traffic::All,
            peer: Peer::Group(default)
        }]
    );
    assert_eq!(
        rules.egress,
        [Rule {
            traffic: Traffic::All,
            peer: Peer::Block([0, 0, 0, 0].into(), 0)
        }]
    );
    assert_eq!(stop(&world, &arn).await["lastStatus"], "STOPPED");
    assert_eq!(net.list().await, Ok(vec![]));
    assert_eq!(containers(&world, &arn).await, []);
}

#[tokio::test]
async fn a_pause_container_holds_the_network_and_is_no_container_of_the_task() {
    let (world, _) = world();
    let (arn, task) = running(&world).await;
    let (id, pause) = container(&world, &arn, PAUSE).await;
    assert_eq!(pause.network, Network::None);
    assert_eq!(pause.dns_servers, ["172.31.0.2"]);
    assert_eq!(
        pause.hostname.as_deref(),
        Some(detail(&task, "privateDnsName").as_str())
    );
    let own = (detail(&task, "privateDnsName"), detail(&task, "privateIPv4Address"));
    assert_eq!(pause.extra_hosts, [own]);
    assert_eq!(pause.labels["roadstead.role"], "pause");
    let (_, main) = container(&world, &arn, "main").await;
    assert_eq!(main.network, Network::Container(id));
    assert_eq!((main.hostname.clone(), main.dns_servers.len()), (None, 0));
    let shown: Vec<_> = task["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].clone())
        .collect();
    assert_eq!(shown, ["main"]);
}

#[tokio::test]
async fn an_attachment_goes_through_its_states_in_order() {
    let (world, _) = world();
    let store = Arc::clone(world.installation.store());
    let (_, revision) = store.range(Range::all().limit(1)).await.unwrap();
    let mut watch = store.watch(bytes::Bytes::new(), revision);
    let (arn, _) = running(&world).await;
    stop(&world, &arn).await;
    let mut seen: Vec<(String, String)> = Vec::new();
    while seen.last().is_none_or(|(task, _)| task != "STOPPED") {
        for change in watch.next().await.unwrap().changes {
            let Change::Put(entry) = change else { continue };
            if KeyParts::parse(&entry.key).is_none_or(|parts| parts.table != "ecs/task") {
                continue;
            }
            let task = Table::<Task>::decode(entry).unwrap().record;
            let interface = task.interface.unwrap();
            let state = (task.status.as_str().to_owned(), format!("{:?}", interface.status));
            if seen.last() != Some(&state) {
                seen.push(state);
            }
        }
    }
    let expected = [
        ("PROVISIONING", "Precreated"),
        ("PROVISIONING", "Created"),
        ("PROVISIONING", "Attached"),
        ("PENDING", "Attached"),
        ("RUNNING", "Attached"),
        ("DEPROVISIONING", "Attached"),
        ("DEPROVISIONING", "Detaching"),
        ("DEPROVISIONING", "Detached"),
        ("DEPROVISIONING", "Deleted"),
        ("STOPPED", "Deleted"),
    ];
    assert_eq!(
        seen,
        expected.map(|(task, interface)| (task.to_owned(), interface.to_owned()))
    );
}

#[tokio::test]
async fn an_interface_that_cannot_be_attached_fails_the_task_and_is_deleted() {
    let (world, net) = world();
    let subnet = world.cluster_and_definition().await;
    net.refuse(Some(NetError::AddressInUse([172, 31, 0, 9].into())));
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.pass(3).await;
    let task = world.task(&arn).await;
    assert_eq!(
        (&task["lastStatus"], &task["stopCode"]),
        (&json!("STOPPED"), &json!("TaskFailedToStart"))
    );
    assert_eq!(
        task["stoppedReason"],
        "ResourceInitializationError: failed to configure ENI: the address 172.31.0.9 is in use by another interface"
    );
    assert_eq!(containers(&world, &arn).await, []);
    let eni = detail(&task, "networkInterfaceId");
    let shown = world
        .form("ec2", "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni)])
        .await
        .text;
    assert!(shown.contains("InvalidNetworkInterfaceID.NotFound"), "{shown}");
}

#[tokio::test]
async fn what_the_role_may_not_do_reaches_no_network() {
    let (world, net) = world();
    let subnet = world.cluster_and_definition().await;
    let arn = world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned();
    let store = world.installation.store();
    let (entries, _) = store.range(Range::all()).await.unwrap();
    let role = entries.iter().find(|entry| {
        let parts = KeyParts::parse(&entry.key);
        parts.is_some_and(|p| p.table == "iam/role" && p.id.iter().any(|id| id == "awsserviceroleforecs"))
    });
    store
        .commit(roadstead_store::Txn::new().delete(role.unwrap().key.clone()))
        .await
        .unwrap();
    world.form("iam", "CreateUser", &[("UserName", "anybody")]).await;
    world.pass(3).await;
    let task = world.task(&arn).await;
    assert_eq!(task["lastStatus"], "STOPPED", "{task}");
    assert!(
        task["stoppedReason"]
            .as_str()
            .unwrap()
            .contains("Create Network Interface"),
        "{task}"
    );
    assert_eq!(net.list().await, Ok(vec![]));
    assert_eq!(containers(&world, &arn).await, [], "not even a pause container");
}

#[tokio::test]
async fn a_task_whose_pause_container_ends_stops_and_says_why() {
    let (world, net) = world();
    let (arn, _) = running(&world).await;
    let (pause, _) = container(&world, &arn, PAUSE).await;
    world.engine.vanish(&pause).unwrap();
    world.pass(40).await;
    let task = world.task(&arn).await;
    assert_eq!(task["lastStatus"], "STOPPED");
    assert!(
        task["stoppedReason"]
            .as_str()
            .unwrap()
            .contains("pause container ended"),
        "{task}"
    );
    assert_eq!(net.list().await, Ok(vec![]));
    assert_eq!(containers(&world, &arn).await, []);
}

#[tokio::test]
async fn a_changed_rule_reaches_the_networks_of_tasks_at_once() {
    let (world, net) = world();
    let follow = roadstead::follow_ec2_changes(
        Arc::clone(world.installation.store()),
        Arc::clone(&world.installation.tasks),
        Arc::clone(&world.installation.in_force),
    );
    let following = tokio::spawn(follow);
    let (_, task) = running(&world).await;
    let group = net.spec(&detail(&task, "networkInterfaceId")).unwrap().groups[0].clone();
    let pairs = [
        ("GroupId", group.as_str()),
        ("IpProtocol", "tcp"),
        ("FromPort", "80"),
        ("ToPort", "81"),
        ("CidrIp", "10.0.0.0/8"),
    ];
    let added = Rule {
        traffic: Traffic::Tcp(80, 81),
        peer: Peer::Block([10, 0, 0, 0].into(), 8),
    };
    for (operation, there) in [
        ("AuthorizeSecurityGroupIngress", true),
        ("RevokeSecurityGroupIngress", false),
    ] {
        assert_eq!(world.form("ec2", operation, &pairs).await.status, 200);
        let rules = net.group(&group).unwrap().ingress;
        assert_eq!(
            rules.contains(&added),
            there,
            "{operation} is answered when it is in force"
        );
    }
    following.abort();
}

#[tokio::test]
async fn the_resolver_of_a_vpc_is_told_of_it_and_follows_its_attribute() {
    let (world, net) = world();
    let follow = roadstead::follow_ec2_changes(
        Arc::clone(world.installation.store()),
        Arc::clone(&world.installation.tasks),
        Arc::clone(&world.installation.in_force),
    );
    let following = tokio::spawn(follow);
    let (_, task) = running(&world).await;
    let spec = net.spec(&detail(&task, "networkInterfaceId")).unwrap();
    let vpc = spec.vpc.unwrap();
    let names = |answers| VpcNames {
        id: vpc.id.clone(),
        block: "172.31.0.0/16".parse().unwrap(),
        domain: "ec2.internal".to_owned(),
        answers,
    };
    assert_eq!((vpc.block, net.vpc(&vpc.id)), (names(true).block, Some(names(true))));
    for answers in [false, true] {
        let value = answers.to_string();
        let pairs = [("VpcId", vpc.id.as_str()), ("EnableDnsSupport.Value", value.as_str())];
        assert_eq!(world.form("ec2", "ModifyVpcAttribute", &pairs).await.status, 200);
        let mut turns = 0;
        while net.vpc(&vpc.id) != Some(names(answers)) {
            turns += 1;
            assert!(turns < 10_000, "{answers} did not arrive");
            tokio::task::yield_now().await;
        }
    }
    following.abort();
    // A server that starts again tells it before it takes over.
    net.set_vpc(names(false)).await.unwrap();
    let again = restarted(&world, &net);
    again.installation.tasks.reconciler().resume().await.unwrap();
    assert_eq!(net.vpc(&vpc.id), Some(names(true)));
}

/// The server again, over the same store, engine and network.
fn restarted(world: &World, net: &Arc<SimulatedNet>) -> World {
    let options = Options {
        store: Arc::clone(world.installation.store()),
        account: AccountId::parse("000000000000").unwrap(),
        root: world.keys.clone(),
        master_key: [9; roadstead_kernel::MASTER_KEY_LEN],
        audit: AuditLog::in_memory(),
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        ids: Ids::seeded(8),
        runtime: Arc::clone(&world.engine) as Arc<dyn Runtime>,
        net: Some(Arc::clone(net) as Arc<dyn Net>),
    };
    let again = world.acting(world.keys.clone());
    World {
        installation: Arc::new(Installation::new(options).unwrap()),
        ..again
    }
}

fn stray(number: u8) -> EniSpec {
    EniSpec {
        id: format!("eni-0{number:016x}"),
        mac: "02:00:00:00:00:01".parse().unwrap(),
        address: [172, 31, 0, number].into(),
        subnet: "172.31.0.0/20".parse().unwrap(),
        vpc: None,
        host_addresses: Vec::new(),
        groups: Vec::new(),
    }
}

#[tokio::test]
async fn a_restart_keeps_what_tasks_have_and_removes_what_no_task_has() {
    let (world, net) = world();
    let (arn, task) = running(&world).await;
    let eni = detail(&task, "networkInterfaceId");
    // What runs before this one may have left: an interface and a container of tasks that are not on record.
    net.attach(stray(200), NetworkNamespace::Process(1)).await.unwrap();
    let unknown = arn.replace("task/demo/", "task/demo/0000");
    let labels = [
        ("com.amazonaws.ecs.task-arn", unknown.as_str()),
        ("com.amazonaws.ecs.container-name", PAUSE),
    ];
    let left = ContainerSpec {
        name: "left".to_owned(),
        image: "simulated/run".to_owned(),
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..ContainerSpec::default()
    };
    world.engine.ensure_image("simulated/run", None).await.unwrap();
    let left = world.engine.create(left).await.unwrap();
    world.engine.start(&left).await.unwrap();
    let before = containers(&world, &arn).await;

    let world = restarted(&world, &net);
    world.installation.start().await.unwrap();
    let mut turns = 0;
    while !containers(&world, &unknown).await.is_empty() {
        turns += 1;
        assert!(turns < 10_000, "the container is still there");
        tokio::task::yield_now().await;
    }
    let listed: Vec<_> = net
        .list()
        .await
        .unwrap()
        .into_iter()
        .filter_map(|found| found.eni_id)
        .collect();
    assert_eq!(listed, [eni]);
    assert_eq!(
        containers(&world, &arn).await,
        before,
        "the task's own containers run on"
    );
    assert_eq!(world.task(&arn).await["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn a_task_that_went_on_stopping_while_nobody_looked_leaves_nothing() {
    let (world, net) = world();
    let (arn, _) = running(&world).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": arn }))
        .await
        .ok();
    for (_, id) in containers(&world, &arn).await {
        world.engine.vanish(&id).unwrap();
    }
    let world = restarted(&world, &net);
    world.installation.tasks.reconciler().resume().await.unwrap();
    for key in world.installation.tasks.reconciler().all().await.unwrap() {
        world.installation.tasks.enqueue(key);
    }
    world.pass(3).await;
    assert_eq!(world.task(&arn).await["lastStatus"], TaskStatus::Stopped.as_str());
    assert_eq!(net.list().await, Ok(vec![]));
}

#[tokio::test]
async fn an_interface_that_was_made_and_not_noted_before_a_crash_is_deleted_with_its_task() {
    let (world, _) = world();
    let subnet = world.cluster_and_definition().await;
    let task = world.run_task(&subnet, json!({})).await;
    let attachment = task["attachments"][0]["id"].as_str().unwrap();
    let description = format!("arn:aws:ecs:us-east-1:000000000000:attachment/{attachment}");
    let pairs = [("SubnetId", subnet.as_str()), ("Description", description.as_str())];
    let made = world.form("ec2", "CreateNetworkInterface", &pairs).await.text;
    let eni = between(&made, "<networkInterfaceId>", "</networkInterfaceId>");
    let task = stop(&world, task["taskArn"].as_str().unwrap()).await;
    assert_eq!(task["lastStatus"], "STOPPED");
    let shown = world
        .form("ec2", "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni)])
        .await
        .text;
    assert!(shown.contains("InvalidNetworkInterfaceID.NotFound"), "{shown}");
}

#[tokio::test]
async fn without_networks_on_the_host_tasks_run_in_a_namespace_of_their_own() {
    let world = with_net(None);
    let (arn, task) = running(&world).await;
    assert_eq!(task["attachments"][0]["status"], "ATTACHED");
    let (pause, spec) = container(&world, &arn, PAUSE).await;
    assert_eq!(spec.network, Network::None);
    assert_eq!(
        container(&world, &arn, "main").await.1.network,
        Network::Container(pause)
    );
    assert_eq!(stop(&world, &arn).await["lastStatus"], "STOPPED");
}
