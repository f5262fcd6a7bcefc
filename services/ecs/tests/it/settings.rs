//! What a task definition says about its containers reaches the engine, or the task says why not.

use std::sync::Arc;
use std::time::Duration;

use roadstead_containers::{ContainerId, ContainerSpec, MountSource, Namespace, OWNER_LABEL, Runtime as _, VolumeSpec};
use serde_json::{Value, json};

use crate::world::{World, container, container_with, definition};

const TASK: &str = "com.amazonaws.ecs.task-arn";
const NAME: &str = "com.amazonaws.ecs.container-name";

/// A world with a task of these containers, and what the task definition says beside them, after some seconds.
async fn started(containers: Value, more: Value) -> (World, String) {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let arn = start(&world, containers, more).await;
    world.pass(3).await;
    (world, arn)
}

async fn start(world: &World, containers: Value, more: Value) -> String {
    let mut wanted = definition("web", containers);
    wanted
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.ecs("RegisterTaskDefinition", wanted).await.ok();
    let subnet = world.subnet().await;
    world.run_task(&subnet, json!({})).await["taskArn"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn id(world: &World, task: &str, name: &str) -> ContainerId {
    let found = world
        .engine
        .list(&[(TASK, Some(task)), (NAME, Some(name))])
        .await
        .unwrap();
    found
        .first()
        .unwrap_or_else(|| panic!("no container {name}"))
        .id
        .clone()
}

async fn spec(world: &World, task: &str, name: &str) -> Arc<ContainerSpec> {
    world.engine.spec(&id(world, task, name).await).unwrap()
}

fn of<'a>(task: &'a Value, name: &str) -> &'a Value {
    task["containers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["name"] == name)
        .unwrap()
}

fn check() -> Value {
    json!({ "command": ["CMD-SHELL", "true"] })
}

/// The only container of a task, as the engine is asked for it.
async fn asked(more: Value) -> Arc<ContainerSpec> {
    let (world, task) = started(json!([container_with("main", more)]), json!({})).await;
    spec(&world, &task, "main").await
}

#[tokio::test]
async fn an_empty_volume_is_shared_by_the_containers_of_its_task_and_goes_with_it() {
    let mount = |read_only: bool| json!({ "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data", "readOnly": read_only }] });
    let containers = json!([container_with("one", mount(false)), container_with("two", mount(true))]);
    let (world, task) = started(containers, json!({ "volumes": [{ "name": "data" }] })).await;
    let (one, two) = (spec(&world, &task, "one").await, spec(&world, &task, "two").await);
    assert_eq!(one.mounts[0].source, two.mounts[0].source);
    assert_eq!((one.mounts[0].read_only, two.mounts[0].read_only), (false, true));
    assert_eq!(one.mounts[0].target, "/data");
    let MountSource::Volume { name } = &one.mounts[0].source else {
        panic!("{one:?}")
    };
    let made = world.engine.find_volume(name).await.unwrap().unwrap();
    assert_eq!(made.labels[TASK], task);
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    world.pass(40).await;
    assert_eq!(world.task(&task).await["lastStatus"], "STOPPED");
    assert_eq!(world.engine.find_volume(name).await.unwrap(), None);
    assert_eq!(world.engine.list_groups().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn mounts_of_another_container_are_taken_over_once_it_was_made() {
    let from = json!({
        "volumesFrom": [{ "sourceContainer": "one", "readOnly": true }],
        "dependsOn": [{ "containerName": "slow", "condition": "START" }]
    });
    let containers = json!([container_with("two", from), container("one"), container("slow")]);
    let (world, task) = started(containers, json!({})).await;
    let two = spec(&world, &task, "two").await;
    assert_eq!(two.volumes_from.len(), 1);
    assert_eq!(two.volumes_from[0].container, id(&world, &task, "one").await);
    assert!(two.volumes_from[0].read_only);
}

#[tokio::test]
async fn the_settings_of_a_container_reach_the_engine() {
    let spec = asked(json!({
        "user": "65534:1000", "workingDirectory": "/tmp", "readonlyRootFilesystem": true, "interactive": true,
        "pseudoTerminal": true, "entryPoint": ["/bin/sh"], "command": ["-c", "x"], "cpu": 128, "memory": 256,
        "memoryReservation": 64,
        "ulimits": [{ "name": "nofile", "softLimit": 100, "hardLimit": 200 }],
        "linuxParameters": {
            "initProcessEnabled": true, "capabilities": { "drop": ["NET_RAW"], "add": ["SYS_PTRACE"] },
            "tmpfs": [{ "containerPath": "/scratch", "size": 8, "mountOptions": ["noexec", "mode=1777"] }]
        },
        "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 7, "timeout": 3, "retries": 2, "startPeriod": 1 }
    }))
    .await;
    assert_eq!(
        (spec.user.as_deref(), spec.workdir.as_deref()),
        (Some("65534:1000"), Some("/tmp"))
    );
    assert!(spec.readonly_rootfs && spec.interactive && spec.tty);
    assert_eq!(spec.entrypoint, Some(vec!["/bin/sh".to_owned()]));
    assert_eq!(spec.command, Some(vec!["-c".to_owned(), "x".to_owned()]));
    assert_eq!(
        (spec.memory, spec.memory_reservation),
        (Some(256 << 20), Some(64 << 20))
    );
    assert_eq!(spec.cpu_shares, Some(128));
    assert_eq!((spec.ulimits[0].soft, spec.ulimits[0].hard), (100, 200));
    assert_eq!(spec.linux.init, Some(true));
    assert_eq!(
        (&spec.linux.cap_add[..], &spec.linux.cap_drop[..]),
        (&["SYS_PTRACE".to_owned()][..], &["NET_RAW".to_owned()][..])
    );
    let tmpfs = MountSource::Tmpfs {
        size: Some(8 << 20),
        options: vec!["noexec".to_owned(), "mode=1777".to_owned()],
    };
    assert_eq!(
        (spec.mounts[0].target.as_str(), &spec.mounts[0].source),
        ("/scratch", &tmpfs)
    );
    let check = spec.health_check.as_ref().unwrap();
    assert_eq!(
        (check.interval, check.timeout, check.retries, check.start_period),
        (
            Duration::from_secs(7),
            Duration::from_secs(3),
            2,
            Duration::from_secs(1)
        )
    );
}

#[tokio::test]
async fn a_container_without_limits_of_its_own_shares_those_of_its_task() {
    let (world, task) = started(json!([container("main")]), json!({})).await;
    let spec = spec(&world, &task, "main").await;
    assert_eq!((spec.memory, spec.nano_cpus, spec.cpu_shares), (None, None, Some(2)));
    let name = task.rsplit('/').next().unwrap();
    let group = world.engine.group(name).unwrap();
    assert_eq!((group.memory, group.nano_cpus), (Some(512 << 20), Some(250_000_000)));
    assert_eq!(
        spec.cgroup_parent.as_deref(),
        Some(format!("/ecs-tests/{name}").as_str())
    );
}

#[tokio::test]
async fn kernel_settings_of_a_shared_namespace_are_set_on_the_container_that_holds_it() {
    let set = |name: &str, value: &str| json!({ "systemControls": [{ "namespace": name, "value": value }] });
    let containers = json!([
        container_with("one", set("net.core.somaxconn", "1024")),
        container_with("two", set("kernel.msgmax", "9000"))
    ]);
    let (world, task) = started(containers, json!({})).await;
    let pause = spec(&world, &task, "~internal~ecs~pause").await;
    assert_eq!(
        pause.linux.sysctls,
        [("net.core.somaxconn".to_owned(), "1024".to_owned())].into()
    );
    assert_eq!(spec(&world, &task, "one").await.linux.sysctls, [].into());
    let own = [("kernel.msgmax".to_owned(), "9000".to_owned())].into();
    assert_eq!(spec(&world, &task, "two").await.linux.sysctls, own);
}

#[tokio::test]
async fn containers_share_the_process_namespace_of_their_task() {
    let containers = json!([container("one"), container("two")]);
    let (world, task) = started(containers, json!({ "pidMode": "task" })).await;
    let pause = id(&world, &task, "~internal~ecs~pause").await;
    for name in ["one", "two"] {
        assert_eq!(
            spec(&world, &task, name).await.pid,
            Some(Namespace::Container(pause.clone()))
        );
    }
    let pause = spec(&world, &task, "~internal~ecs~pause").await;
    assert_eq!(pause.linux.init, Some(true), "somebody has to bury orphans");
}

#[tokio::test]
async fn a_container_is_asked_to_end_with_the_signal_of_its_image() {
    let containers = json!([container_with("main", json!({ "image": "simulated/stop-signal:QUIT" }))]);
    let (world, task) = started(containers, json!({})).await;
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task }))
        .await
        .ok();
    world.pass(2).await;
    assert_eq!(of(&world.task(&task).await, "main")["exitCode"], 128 + 3);
}

#[tokio::test]
async fn a_dependency_that_takes_too_long_fails_the_task() {
    let slow = container_with(
        "slow",
        json!({ "image": "simulated/health-after:60", "startTimeout": 5, "healthCheck": check() }),
    );
    let main = container_with(
        "main",
        json!({ "dependsOn": [{ "containerName": "slow", "condition": "HEALTHY" }] }),
    );
    let (world, task) = started(json!([main, slow]), json!({})).await;
    assert_eq!(world.task(&task).await["lastStatus"], "PENDING");
    world.pass(40).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["stopCode"], &seen["stoppedReason"]),
        (&json!("TaskFailedToStart"), &json!("Task failed to start"))
    );
    assert_eq!(of(&seen, "main").get("exitCode"), None);
    assert_eq!(of(&seen, "slow")["exitCode"], 143);
    assert_eq!(seen.get("startedAt"), None);
}

#[tokio::test]
async fn each_condition_lets_its_dependent_start() {
    for (condition, image) in [
        ("START", "simulated/run"),
        ("HEALTHY", "simulated/health-after:2"),
        ("SUCCESS", "simulated/exit:0-after-2"),
        ("COMPLETE", "simulated/exit:9-after-2"),
    ] {
        let first = container_with(
            "first",
            json!({ "image": image, "essential": false, "healthCheck": check() }),
        );
        let main = container_with(
            "main",
            json!({ "dependsOn": [{ "containerName": "first", "condition": condition }] }),
        );
        let (world, task) = started(json!([main, first]), json!({})).await;
        world.pass(3).await;
        let seen = world.task(&task).await;
        assert_eq!(
            (&seen["lastStatus"], &of(&seen, "main")["lastStatus"]),
            (&json!("RUNNING"), &json!("RUNNING")),
            "{condition}"
        );
    }
}

#[tokio::test]
async fn a_container_that_may_be_missing_still_starts_when_its_task_runs_already() {
    let main = container_with(
        "main",
        json!({ "image": "simulated/health-after:20", "healthCheck": check() }),
    );
    let late = container_with(
        "late",
        json!({ "essential": false, "dependsOn": [{ "containerName": "main", "condition": "HEALTHY" }] }),
    );
    let (world, task) = started(json!([main, late]), json!({})).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["lastStatus"], &of(&seen, "late")["lastStatus"]),
        (&json!("RUNNING"), &json!("PENDING"))
    );
    world.pass(25).await;
    assert_eq!(of(&world.task(&task).await, "late")["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn a_container_with_a_restart_policy_is_started_again_without_a_word() {
    let policy = json!({ "restartPolicy": { "enabled": true, "ignoredExitCodes": [3], "restartAttemptPeriod": 60 } });
    let (world, task) = started(json!([container_with("main", policy)]), json!({})).await;
    let container = id(&world, &task, "main").await;
    let before = world.task(&task).await;
    world.pass(70).await;
    world.engine.exit(&container, 1).unwrap();
    world.pass(31).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["lastStatus"], &seen["version"]),
        (&json!("RUNNING"), &before["version"])
    );
    assert_eq!(of(&seen, "main")["lastStatus"], "RUNNING");
    assert_eq!(of(&seen, "main").get("exitCode"), None);
    // It did not run for the period since then, so the next end is the last.
    world.pass(10).await;
    world.engine.exit(&container, 1).unwrap();
    world.pass(31).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["stopCode"], &of(&seen, "main")["exitCode"]),
        (&json!("EssentialContainerExited"), &json!(1))
    );
}

#[tokio::test]
async fn an_exit_that_the_restart_policy_ignores_ends_the_container() {
    let policy = json!({ "restartPolicy": { "enabled": true, "ignoredExitCodes": [3], "restartAttemptPeriod": 60 } });
    let (world, task) = started(json!([container_with("main", policy)]), json!({})).await;
    world.pass(70).await;
    world.engine.exit(&id(&world, &task, "main").await, 3).unwrap();
    world.pass(31).await;
    assert_eq!(world.task(&task).await["stopCode"], "EssentialContainerExited");
}

#[tokio::test]
async fn what_a_crash_left_of_volumes_and_limits_is_removed_and_the_rest_is_kept() {
    let mount = json!({ "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }] });
    let volumes = json!({ "volumes": [{ "name": "data" }] });
    let (world, task) = started(json!([container_with("main", mount)]), volumes).await;
    let gone = "arn:aws:ecs:us-east-1:000000000000:task/demo/00000000000000000000000000000000";
    let left = VolumeSpec {
        name: "left".to_owned(),
        labels: [(TASK.to_owned(), gone.to_owned())].into(),
        ..VolumeSpec::default()
    };
    world.engine.create_volume(left).await.unwrap();
    let foreign = VolumeSpec {
        name: "foreign".to_owned(),
        labels: [
            (TASK.to_owned(), gone.to_owned()),
            (OWNER_LABEL.to_owned(), "other".to_owned()),
        ]
        .into(),
        ..VolumeSpec::default()
    };
    world.engine.add_volume(foreign);
    let group = roadstead_containers::GroupSpec {
        name: "00000000000000000000000000000000".to_owned(),
        ..Default::default()
    };
    world.engine.create_group(group).await.unwrap();
    world.installation.tasks.reconciler().remove_leftovers().await.unwrap();
    assert_eq!(world.engine.find_volume("left").await.unwrap(), None);
    assert!(world.engine.find_volume("foreign").await.unwrap().is_some());
    assert_eq!(
        world.engine.list_groups().await.unwrap(),
        [task.rsplit('/').next().unwrap()]
    );
    assert_eq!(
        world.engine.list_volumes(&[(TASK, Some(&task))]).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn what_is_not_here_fails_the_task_with_a_reason() {
    for (container, more, reason) in [
        (
            json!({ "environmentFiles": [{ "type": "s3", "value": "arn:aws:s3:::b/x.env" }] }),
            json!({}),
            "ResourceInitializationError: failed to download env files: Amazon S3 is not available",
        ),
        (
            json!({}),
            json!({ "volumes": [{ "name": "v", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }] }),
            "ResourceInitializationError: failed to set up volume 'v': Amazon EFS file systems are not available",
        ),
        (
            json!({ "firelensConfiguration": { "type": "fluentbit" } }),
            json!({}),
            "ResourceInitializationError: firelensConfiguration is not available",
        ),
        (
            json!({}),
            json!({ "proxyConfiguration": { "containerName": "main" } }),
            "ResourceInitializationError: proxyConfiguration of App Mesh is not available",
        ),
    ] {
        let (world, task) = started(json!([container_with("main", container)]), more).await;
        world.pass(10).await;
        let seen = world.task(&task).await;
        assert_eq!(
            (&seen["stopCode"], &seen["stoppedReason"]),
            (&json!("TaskFailedToStart"), &json!(reason))
        );
        assert_eq!(seen["attachments"][0]["status"], "DELETED");
    }
}

#[tokio::test]
async fn a_failing_engine_is_told_in_the_agents_words() {
    for (image, reason) in [
        (
            "simulated/fail-pull:not-found",
            "CannotPullContainerError: Error response from daemon: manifest for",
        ),
        (
            "simulated/fail-pull:unauthorized",
            "CannotPullContainerError: Error response from daemon: pull access denied",
        ),
        (
            "simulated/fail-pull:unreachable",
            "CannotPullContainerError: Error response from daemon: Get",
        ),
        (
            "simulated/fail-pull:disk-full",
            "CannotPullContainerError: Error response from daemon: failed to register layer",
        ),
        (
            "simulated/disk-full",
            "CannotCreateContainerError: Error response from daemon: mkdir",
        ),
        (
            "simulated/fail-start",
            "CannotStartContainerError: Error response from daemon: ",
        ),
    ] {
        let (world, task) = started(json!([container_with("main", json!({ "image": image }))]), json!({})).await;
        world.pass(20).await;
        let seen = world.task(&task).await;
        assert_eq!(
            (&seen["lastStatus"], &seen["stopCode"]),
            (&json!("STOPPED"), &json!("TaskFailedToStart")),
            "{image}"
        );
        assert!(seen["stoppedReason"].as_str().unwrap().starts_with(reason), "{seen}");
        assert_eq!(of(&seen, "main")["reason"], seen["stoppedReason"]);
        assert_eq!(of(&seen, "main").get("exitCode"), None);
        assert_eq!(world.engine.list(&[]).await.unwrap(), [], "{image} left a container");
        assert_eq!(
            world.engine.list_groups().await.unwrap(),
            Vec::<String>::new(),
            "{image} left a group"
        );
    }
}

#[tokio::test]
async fn a_container_that_vanished_is_told() {
    let (world, task) = started(json!([container("main")]), json!({})).await;
    world.engine.vanish(&id(&world, &task, "main").await).unwrap();
    world.pass(60).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["lastStatus"], &seen["stopCode"]),
        (&json!("STOPPED"), &json!("EssentialContainerExited"))
    );
    assert!(
        of(&seen, "main")["reason"]
            .as_str()
            .unwrap()
            .starts_with("ContainerVanishedError: ")
    );
}

#[tokio::test]
async fn an_engine_that_is_away_while_images_are_fetched_fails_no_task() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let task = start(&world, json!([container("main")]), json!({})).await;
    world.engine.set_reachable(false);
    world.pass(10).await;
    let seen = world.task(&task).await;
    assert_eq!(
        (&seen["desiredStatus"], seen.get("stopCode")),
        (&json!("RUNNING"), None)
    );
    world.engine.set_reachable(true);
    world.pass(120).await;
    assert_eq!(world.task(&task).await["lastStatus"], "RUNNING");
}

#[tokio::test]
async fn limits_that_were_lowered_are_told_on_the_container() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    world.engine.grant("nofile", 20000);
    let limits = json!({ "ulimits": [
        { "name": "nofile", "softLimit": 1024, "hardLimit": 65535 },
        { "name": "core", "softLimit": 0, "hardLimit": 0 },
    ] });
    let containers = json!([container_with("main", limits), container("side")]);
    let task = start(&world, containers, json!({})).await;
    world.pass(3).await;
    let seen = world.task(&task).await;
    assert_eq!(seen["lastStatus"], "RUNNING");
    let reason = "Resource limits were lowered to what the host grants: nofile from 65535 to 20000";
    assert_eq!(of(&seen, "main")["reason"], reason);
    assert_eq!(of(&seen, "side").get("reason"), None);
    let spec = world.engine.spec(&id(&world, &task, "main").await).unwrap();
    let set: Vec<_> = spec.ulimits.iter().map(|limit| (limit.soft, limit.hard)).collect();
    assert_eq!(set, [(1024, 20000), (0, 0)]);
}
