//! What only tasks on container instances can ask for of their containers.

use std::sync::Arc;

use roadstead_containers::{
    ContainerId, ContainerSpec, Device, MountSource, Namespace, Network, Runtime as _, VolumeSpec,
};
use serde_json::{Value, json};

use crate::world::World;

const CAPABILITY: &str = "com.amazonaws.ecs.capability";

/// A world with an instance that offers all that these tests ask for.
async fn stage() -> World {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let offered = [
        format!("{CAPABILITY}.docker-remote-api.1.18"),
        format!("{CAPABILITY}.docker-remote-api.1.21"),
        format!("{CAPABILITY}.privileged-container"),
        "ecs.capability.docker-plugin.local".to_owned(),
        "ecs.capability.pid-ipc-namespace-sharing".to_owned(),
    ];
    let identity = json!({ "instanceId": "i-1", "availabilityZone": "us-east-1a", "architecture": "x86_64" });
    let machine = json!({
        "cluster": "demo", "instanceIdentityDocument": identity.to_string(),
        "totalResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": 4096 },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": 4096 },
            { "name": "PORTS", "type": "STRINGSET", "stringSetValue": [] },
            { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] }
        ],
        "attributes": offered.map(|name| json!({ "name": name })),
    });
    let made = world.ecs("RegisterContainerInstance", machine).await.ok();
    let arn = made["containerInstance"]["containerInstanceArn"]
        .as_str()
        .unwrap()
        .to_owned();
    world.connect(&arn, true).await;
    world
}

/// Runs a task of these containers, and what its definition says beside them, for some seconds.
async fn run(world: &World, containers: Value, more: Value) -> String {
    let mut wanted = json!({ "family": "own", "containerDefinitions": containers });
    wanted
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.ecs("RegisterTaskDefinition", wanted).await.ok();
    let answer = world
        .ecs("RunTask", json!({ "cluster": "demo", "taskDefinition": "own" }))
        .await
        .ok();
    assert_eq!(answer["failures"], json!([]));
    world.pass(3).await;
    answer["tasks"][0]["taskArn"].as_str().unwrap().to_owned()
}

fn container(name: &str, more: Value) -> Value {
    let mut made = json!({ "name": name, "image": "simulated/run", "memory": 64 });
    if let (Value::Object(into), Value::Object(more)) = (&mut made, more) {
        into.extend(more);
    }
    made
}

async fn id(world: &World, task: &str, name: &str) -> ContainerId {
    let labels = [
        ("com.amazonaws.ecs.task-arn", Some(task)),
        ("com.amazonaws.ecs.container-name", Some(name)),
    ];
    let found = world.engine.list(&labels).await.unwrap();
    found
        .first()
        .unwrap_or_else(|| panic!("no container {name}"))
        .id
        .clone()
}

async fn spec(world: &World, task: &str, name: &str) -> Arc<ContainerSpec> {
    world.engine.spec(&id(world, task, name).await).unwrap()
}

#[tokio::test]
async fn the_settings_of_the_hosts_network_and_devices_reach_the_engine() {
    let world = stage().await;
    let asked = json!({
        "hostname": "here", "dnsServers": ["192.0.2.2"], "dnsSearchDomains": ["example.test"],
        "extraHosts": [{ "hostname": "there", "ipAddress": "192.0.2.9" }], "privileged": true,
        "dockerSecurityOptions": ["no-new-privileges"],
        "systemControls": [{ "namespace": "net.core.somaxconn", "value": "9" }, { "namespace": "kernel.sem", "value": "1 2 3 4" }],
        "linuxParameters": {
            "maxSwap": 32, "swappiness": 10, "sharedMemorySize": 16,
            "devices": [
                { "hostPath": "/dev/fuse", "containerPath": "/dev/f", "permissions": ["read", "write"] },
                { "hostPath": "/dev/kvm" }
            ]
        }
    });
    let task = run(&world, json!([container("main", asked)]), json!({})).await;
    let spec = spec(&world, &task, "main").await;
    assert_eq!(spec.hostname.as_deref(), Some("here"));
    assert_eq!(
        (&spec.dns_servers[..], &spec.dns_search[..]),
        (&["192.0.2.2".to_owned()][..], &["example.test".to_owned()][..])
    );
    assert_eq!(spec.extra_hosts, [("there".to_owned(), "192.0.2.9".to_owned())]);
    assert!(spec.privileged);
    assert_eq!(spec.security_options, ["no-new-privileges"]);
    assert_eq!(
        spec.linux.sysctls.keys().collect::<Vec<_>>(),
        ["kernel.sem", "net.core.somaxconn"]
    );
    assert_eq!(
        (spec.linux.memory_swap, spec.linux.swappiness),
        (Some(96 << 20), Some(10))
    );
    assert_eq!(spec.linux.shm_size, Some(16 << 20));
    let device = |host: &str, inside: &str, permissions: &str| Device {
        host_path: host.to_owned(),
        container_path: inside.to_owned(),
        permissions: permissions.to_owned(),
    };
    assert_eq!(
        spec.linux.devices,
        [
            device("/dev/fuse", "/dev/f", "rw"),
            device("/dev/kvm", "/dev/kvm", "rwm")
        ]
    );
}

#[tokio::test]
async fn a_linked_container_is_known_by_its_name_and_started_first() {
    let world = stage().await;
    let containers = json!([
        container("web", json!({ "links": ["db:store", "cache"] })),
        container("db", json!({})),
        container("cache", json!({})),
    ]);
    let task = run(&world, containers, json!({ "networkMode": "bridge" })).await;
    let web = spec(&world, &task, "web").await;
    let expected = [
        (id(&world, &task, "db").await, "store".to_owned()),
        (id(&world, &task, "cache").await, "cache".to_owned()),
    ];
    assert_eq!(web.links, expected);
    assert!(matches!(web.network, Network::Bridge { .. }));
}

#[tokio::test]
async fn a_container_can_do_without_a_network() {
    let world = stage().await;
    let containers = json!([container("main", json!({ "disableNetworking": true }))]);
    let task = run(&world, containers, json!({ "networkMode": "bridge" })).await;
    assert_eq!(spec(&world, &task, "main").await.network, Network::None);
}

#[tokio::test]
async fn containers_share_the_namespaces_of_the_first_where_no_other_holds_them() {
    let world = stage().await;
    let containers = json!([container("one", json!({})), container("two", json!({}))]);
    let task = run(&world, containers, json!({ "pidMode": "task", "ipcMode": "task" })).await;
    let (one, two) = (spec(&world, &task, "one").await, spec(&world, &task, "two").await);
    assert_eq!((&one.pid, &one.ipc), (&None, &Some(Namespace::Shareable)));
    let holder = Some(Namespace::Container(id(&world, &task, "one").await));
    assert_eq!((&two.pid, &two.ipc), (&holder, &holder));
    let host = run(
        &world,
        json!([container("main", json!({}))]),
        json!({ "pidMode": "host", "ipcMode": "none" }),
    )
    .await;
    let main = spec(&world, &host, "main").await;
    assert_eq!((&main.pid, &main.ipc), (&Some(Namespace::Host), &Some(Namespace::None)));
}

#[tokio::test]
async fn volumes_of_the_host_and_of_the_engine_are_mounted() {
    let world = stage().await;
    let mounts = json!({ "mountPoints": [
        { "sourceVolume": "host", "containerPath": "/host", "readOnly": true },
        { "sourceVolume": "own", "containerPath": "/own" },
        { "sourceVolume": "shared", "containerPath": "/shared" }
    ] });
    let docker = |scope: &str| {
        json!({ "scope": scope, "driver": "local", "driverOpts": { "type": "tmpfs" }, "labels": { "a": "b" },
                "autoprovision": scope == "shared" })
    };
    let volumes = json!([
        { "name": "host", "host": { "sourcePath": "/srv/data" } },
        { "name": "own", "dockerVolumeConfiguration": docker("task") },
        { "name": "shared", "dockerVolumeConfiguration": docker("shared") }
    ]);
    let task = run(
        &world,
        json!([container("main", mounts)]),
        json!({ "volumes": volumes }),
    )
    .await;
    let spec = spec(&world, &task, "main").await;
    let sources: Vec<&MountSource> = spec.mounts.iter().map(|mount| &mount.source).collect();
    let MountSource::Volume { name: own } = sources[1] else {
        panic!("{sources:?}")
    };
    assert_eq!(
        sources[0],
        &MountSource::Bind {
            host_path: "/srv/data".to_owned()
        }
    );
    assert_eq!(
        sources[2],
        &MountSource::Volume {
            name: "shared".to_owned()
        }
    );
    assert!(spec.mounts[0].read_only && !spec.mounts[1].read_only);
    for name in [own.as_str(), "shared"] {
        let made = world.engine.find_volume(name).await.unwrap().unwrap();
        assert_eq!(
            (made.driver.as_deref(), made.options["type"].as_str()),
            (Some("local"), "tmpfs")
        );
        assert_eq!(made.labels["a"], "b");
    }
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    world.pass(40).await;
    assert_eq!(world.engine.find_volume(own).await.unwrap(), None);
    assert!(
        world.engine.find_volume("shared").await.unwrap().is_some(),
        "it outlives its tasks"
    );
}

#[tokio::test]
async fn a_shared_volume_must_be_there_or_may_be_made() {
    let world = stage().await;
    let volumes = |autoprovision: bool| {
        json!({ "volumes": [{ "name": "shared", "dockerVolumeConfiguration": {
            "scope": "shared", "autoprovision": autoprovision, "driver": "local" } }] })
    };
    let containers = json!([container(
        "main",
        json!({
            "mountPoints": [{ "sourceVolume": "shared", "containerPath": "/shared" }]
        })
    )]);
    let reason = async |task: &str| {
        world.pass(20).await;
        world.task(task).await["stoppedReason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let task = run(&world, containers.clone(), volumes(false)).await;
    assert!(reason(&task).await.starts_with("InvalidVolumeError: "));
    world.engine.add_volume(VolumeSpec {
        name: "shared".to_owned(),
        driver: Some("other".to_owned()),
        ..VolumeSpec::default()
    });
    let task = run(&world, containers.clone(), volumes(true)).await;
    assert!(
        reason(&task).await.starts_with("InvalidVolumeError: "),
        "it is not the one that would be made"
    );
    let task = run(&world, containers, volumes(false)).await;
    assert_eq!(world.task(&task).await["lastStatus"], "RUNNING", "whoever made it");
}

#[tokio::test]
async fn a_definition_that_fargate_does_not_run_is_not_run_there() {
    let world = stage().await;
    let asked = json!({
        "family": "own", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [container("main", json!({ "privileged": true }))]
    });
    world.ecs("RegisterTaskDefinition", asked).await.ok();
    let subnet = world.subnet().await;
    let input = json!({
        "cluster": "demo", "taskDefinition": "own", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } }
    });
    assert_eq!(
        world.ecs("RunTask", input).await.error(),
        (
            "InvalidParameterException".into(),
            "Task definition does not support launch_type FARGATE.".into()
        )
    );
}

#[tokio::test]
async fn volumes_left_to_the_launch_must_be_configured_there() {
    let world = stage().await;
    let volumes = json!({ "volumes": [{ "name": "ebs", "configuredAtLaunch": true }] });
    let mut wanted = json!({ "family": "own", "containerDefinitions": [container("main", json!({}))] });
    wanted
        .as_object_mut()
        .unwrap()
        .extend(volumes.as_object().unwrap().clone());
    world.ecs("RegisterTaskDefinition", wanted).await.ok();
    for given in [json!([]), json!([{ "name": "other" }])] {
        let input = json!({ "cluster": "demo", "taskDefinition": "own", "volumeConfigurations": given });
        assert_eq!(world.ecs("RunTask", input).await.error().0, "InvalidParameterException");
    }
    let input = json!({ "cluster": "demo", "taskDefinition": "own", "volumeConfigurations": [{ "name": "ebs" }] });
    let answer = world.ecs("RunTask", input).await.ok();
    world.pass(20).await;
    let task = world.task(answer["tasks"][0]["taskArn"].as_str().unwrap()).await;
    assert_eq!(
        task["stoppedReason"],
        "ResourceInitializationError: failed to set up volume 'ebs': Amazon EBS volumes are not available"
    );
}
