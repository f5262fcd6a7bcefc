//! Definitions that are accepted, and those that are not, with the words for it.

use api_ecs::{Compatibility, RegisterTaskDefinitionRequest};
use serde_json::{Value, json};

use super::{accept, compatibilities, requires_attributes};

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn read(whole: &Value) -> RegisterTaskDefinitionRequest {
    roadstead_wire::from_json(&whole.to_string()).unwrap()
}

/// A definition for Fargate with one container.
fn fargate(container: Value, more: Value) -> RegisterTaskDefinitionRequest {
    let mut whole = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
        "memory": "512", "containerDefinitions": [{ "name": "app", "image": "busybox" }]
    });
    merge(&mut whole["containerDefinitions"][0], container);
    merge(&mut whole, more);
    read(&whole)
}

/// A definition for instances with one container.
fn ec2(container: Value, more: Value) -> RegisterTaskDefinitionRequest {
    let mut whole = json!({
        "family": "web", "containerDefinitions": [{ "name": "app", "image": "busybox", "memory": 64 }]
    });
    merge(&mut whole["containerDefinitions"][0], container);
    merge(&mut whole, more);
    read(&whole)
}

#[track_caller]
fn refused(given: RegisterTaskDefinitionRequest) -> String {
    let fault = accept(given).unwrap_err();
    let error = fault.api().unwrap();
    assert_eq!(error.code, "ClientException");
    error.message.clone()
}

#[test]
fn defaults_are_those_recorded() {
    let accepted = accept(fargate(json!({}), json!({}))).unwrap();
    let container = &accepted.container_definitions[0];
    assert_eq!(container.cpu, Some(0));
    assert_eq!(container.essential, Some(true));
    assert!(container.environment.as_ref().is_some_and(Vec::is_empty));
    assert!(container.port_mappings.as_ref().is_some_and(Vec::is_empty));
    assert!(container.system_controls.as_ref().is_some_and(Vec::is_empty));
    assert_eq!(container.command, None);
}

#[test]
fn sizes_are_kept_as_plain_numbers() {
    let accepted = accept(fargate(json!({}), json!({ "cpu": "0.25 vCPU", "memory": "0.5 GB" }))).unwrap();
    assert_eq!(
        (accepted.cpu.as_deref(), accepted.memory.as_deref()),
        (Some("256"), Some("512"))
    );
}

#[test]
fn what_aws_refuses_is_refused_in_its_recorded_words() {
    let none = || json!({});
    for (given, message) in [
        (
            fargate(json!({ "name": null }), none()),
            "Container.name should not be null or empty.",
        ),
        (
            fargate(json!({ "image": null }), none()),
            "Container.image should not be null or empty.",
        ),
        (
            fargate(none(), json!({ "memory": null })),
            "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
        ),
        (
            fargate(none(), json!({ "cpu": null })),
            "Fargate requires that 'cpu' be defined at the task level.",
        ),
        (
            fargate(none(), json!({ "memory": "8192" })),
            "No Fargate configuration exists for given values: 256 CPU, 8192 memory. See the Amazon ECS documentation for the valid values.",
        ),
        (
            ec2(json!({ "memoryReservation": 65 }), none()),
            "Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation'.",
        ),
        (
            fargate(json!({ "essential": false }), json!({ "networkMode": "bridge" })),
            "Task definition doesn't have any essential container.",
        ),
        (
            fargate(none(), json!({ "networkMode": "bridge" })),
            "Fargate only supports network mode ‘awsvpc’.",
        ),
        (
            fargate(json!({ "startTimeout": 1 }), none()),
            "Granular start timeout on container 'app' must be at least 2 seconds.",
        ),
        (
            fargate(none(), json!({ "runtimePlatform": { "cpuArchitecture": "BOGUS" } })),
            "Invalid CPU architecture",
        ),
        (
            fargate(
                none(),
                json!({ "runtimePlatform": { "operatingSystemFamily": "BOGUS" } }),
            ),
            "Tasks using the Fargate launch type are not supported on operating system family BOGUS",
        ),
    ] {
        assert_eq!(refused(given), message);
    }
}

#[test]
fn ports_are_in_range_and_mapped_once() {
    let port = |mapping: Value| fargate(json!({ "portMappings": mapping }), json!({}));
    let bridge = |mapping: Value| ec2(json!({ "portMappings": mapping }), json!({ "networkMode": "bridge" }));
    for (given, message) in [
        (
            port(json!([{ "containerPort": 70000 }])),
            "Invalid 'containerPort' setting for container 'app'.",
        ),
        (
            port(json!([{ "containerPort": -1 }])),
            "Invalid 'containerPort' setting for container 'app'.",
        ),
        (
            port(json!([{ "hostPort": 80 }])),
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        ),
        (
            bridge(json!([{ "hostPort": 80 }])),
            "Invalid 'containerPort' setting for container 'app'.",
        ),
        (
            bridge(json!([{ "containerPort": 80, "hostPort": 65536 }])),
            "Invalid 'hostPort' setting for container 'app'.",
        ),
        (
            port(json!([{ "containerPort": 3000 }, { "containerPort": 3000, "hostPort": 3000 }])),
            "TCP host port '3000' is mapped multiple times in task.",
        ),
        (
            bridge(json!([{ "containerPort": 80, "hostPort": 8080 }, { "containerPort": 81, "hostPort": 8080 }])),
            "TCP host port '8080' is mapped multiple times in task.",
        ),
        (
            port(json!([{ "containerPortRange": "80-70" }])),
            "Invalid 'containerPortRange' setting for container 'app'.",
        ),
        (
            port(json!([{ "containerPort": 80, "name": "A B" }])),
            "Invalid 'name' setting for container 'app'.",
        ),
    ] {
        assert_eq!(refused(given), message);
    }
    refused(port(
        json!([{ "containerPort": 80, "name": "a" }, { "containerPort": 81, "name": "a" }]),
    ));
    refused(port(json!([{ "containerPort": 80, "containerPortRange": "70-80" }])));
    for fine in [
        port(json!([{ "containerPort": 53, "protocol": "tcp" }, { "containerPort": 53, "protocol": "udp" }])),
        port(json!([{ "containerPort": 65535, "name": "web_1" }])),
        bridge(json!([{ "containerPort": 80 }, { "containerPort": 80 }])),
        ec2(
            json!({ "portMappings": [{ "containerPortRange": "8000-8010" }] }),
            json!({}),
        ),
    ] {
        accept(fine).unwrap();
    }
}

#[test]
fn members_that_hold_what_there_is_not_are_refused() {
    let none = || json!({});
    for (given, message) in [
        (
            fargate(none(), json!({ "taskRoleArn": "arn:foo" })),
            "Role is not valid",
        ),
        (
            fargate(
                none(),
                json!({ "executionRoleArn": "arn:aws:iam::000000000000:user/me" }),
            ),
            "Role is not valid",
        ),
        (
            fargate(json!({ "image": "http://bad image" }), none()),
            "Container.image contains invalid characters.",
        ),
        (
            fargate(json!({ "cpu": 257 }), none()),
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ),
        (
            ec2(
                none(),
                json!({ "placementConstraints": [{ "type": "distinctInstance" }] }),
            ),
            "constraint.type 'distinctInstance' is not supported.",
        ),
        (
            fargate(
                json!({ "dependsOn": [{ "containerName": "nobody", "condition": "START" }] }),
                none(),
            ),
            "Cannot depend on container + 'nobody' because it does not exist",
        ),
    ] {
        assert_eq!(refused(given), message);
    }
    for wrong in [
        json!({ "environment": [{ "value": "b" }] }),
        json!({ "linuxParameters": { "capabilities": { "drop": ["BOGUS"] } } }),
        json!({ "linuxParameters": { "tmpfs": [{ "containerPath": "/a", "size": 0 }] } }),
        json!({ "linuxParameters": { "tmpfs": [{ "containerPath": "/a", "size": 1, "mountOptions": ["bogus"] }] } }),
        json!({ "logConfiguration": { "logDriver": "awsfirelens" } }),
        json!({ "resourceRequirements": [{ "type": "InferenceAccelerator", "value": "none" }] }),
    ] {
        refused(ec2(wrong, none()));
    }
    refused(ec2(
        none(),
        json!({ "placementConstraints": [{ "type": "memberOf", "expression": "(((" }] }),
    ));
    refused(ec2(
        none(),
        json!({ "networkMode": "awsvpc", "requiresCompatibilities": ["EXTERNAL"] }),
    ));
    let fine = json!({ "linuxParameters": {
        "capabilities": { "add": ["NET_ADMIN"], "drop": ["ALL"] },
        "tmpfs": [{ "containerPath": "/a", "size": 1, "mountOptions": ["noexec", "mode=1777"] }]
    } });
    let placed = json!({
        "placementConstraints": [{ "type": "memberOf", "expression": "attribute:ecs.os-type == linux" }],
        "taskRoleArn": "arn:aws:iam::000000000000:role/path/app"
    });
    accept(ec2(fine, placed)).unwrap();
}

#[test]
fn amounts_below_what_a_container_can_have_are_refused() {
    for wrong in [
        json!({ "cpu": -1 }),
        json!({ "memory": 3 }),
        json!({ "memory": -64 }),
        json!({ "memoryReservation": 3 }),
    ] {
        refused(ec2(wrong, json!({})));
    }
    accept(ec2(json!({ "cpu": 0, "memory": 4 }), json!({}))).unwrap();
}

#[test]
fn what_fargate_does_not_run_is_refused_and_instances_take_it() {
    for (container, more) in [
        (json!({ "privileged": true }), json!({})),
        (json!({ "dockerSecurityOptions": ["no-new-privileges"] }), json!({})),
        (
            json!({ "linuxParameters": { "devices": [{ "hostPath": "/dev/fuse" }] } }),
            json!({}),
        ),
        (json!({ "linuxParameters": { "sharedMemorySize": 64 } }), json!({})),
        (json!({ "linuxParameters": { "maxSwap": 64 } }), json!({})),
        (json!({ "linuxParameters": { "swappiness": 5 } }), json!({})),
        (
            json!({ "linuxParameters": { "capabilities": { "add": ["NET_ADMIN"] } } }),
            json!({}),
        ),
        (json!({ "stopTimeout": 121 }), json!({})),
        (
            json!({ "resourceRequirements": [{ "type": "GPU", "value": "1" }] }),
            json!({}),
        ),
        (json!({}), json!({ "ipcMode": "task" })),
        (json!({}), json!({ "pidMode": "host" })),
        (
            json!({}),
            json!({ "volumes": [{ "name": "v", "host": { "sourcePath": "/srv" } }] }),
        ),
        (
            json!({}),
            json!({ "volumes": [{ "name": "v", "dockerVolumeConfiguration": { "scope": "task" } }] }),
        ),
        (
            json!({}),
            json!({ "placementConstraints": [{ "type": "memberOf", "expression": "attribute:ecs.os-type == linux" }] }),
        ),
    ] {
        let said = refused(fargate(container.clone(), more.clone()));
        assert!(said.contains("Fargate") || said.contains("stop timeout"), "{said}");
        let taken = accept(ec2(container.clone(), more.clone()));
        assert!(
            taken.is_ok(),
            "{container} {more}: {taken:?}",
            taken = taken.err().map(|fault| fault.to_string())
        );
        let mut whole = more;
        merge(
            &mut whole,
            json!({ "networkMode": "awsvpc", "cpu": "256", "memory": "512" }),
        );
        let taken = accept(ec2(container, whole)).unwrap();
        assert_eq!(compatibilities(&taken), [Compatibility::Ec2]);
    }
    assert!(accept(fargate(json!({ "startTimeout": 121, "stopTimeout": 120 }), json!({}))).is_ok());
    assert!(accept(fargate(json!({}), json!({ "pidMode": "task" }))).is_ok());
}

#[test]
fn what_belongs_to_a_network_is_refused_where_the_network_is_the_tasks() {
    for (asked, said) in [
        (
            json!({ "links": ["app"] }),
            "Links are not supported when networkMode=awsvpc.",
        ),
        (
            json!({ "hostname": "h" }),
            "hostname is not supported on container when networkMode=awsvpc.",
        ),
        (
            json!({ "disableNetworking": true }),
            "Disable Networking is not supported on container when networkMode=awsvpc.",
        ),
        (
            json!({ "extraHosts": [{ "hostname": "h", "ipAddress": "192.0.2.1" }] }),
            "Extra hosts are not supported on container when networkMode=awsvpc.",
        ),
        (
            json!({ "dnsServers": ["192.0.2.1"] }),
            "DNS servers are not supported on container when networkMode=awsvpc.",
        ),
    ] {
        assert_eq!(refused(ec2(asked, json!({ "networkMode": "awsvpc" }))), said);
    }
    let settings = json!({ "hostname": "h", "dnsServers": ["192.0.2.1"], "dnsSearchDomains": ["a"] });
    assert!(accept(ec2(settings, json!({ "networkMode": "bridge" }))).is_ok());
}

#[test]
fn ranges_of_ports_are_checked() {
    let with = |mode: &str, mappings: Value| ec2(json!({ "portMappings": mappings }), json!({ "networkMode": mode }));
    for (mode, mappings) in [
        ("bridge", json!([{ "containerPortRange": "100" }])),
        ("bridge", json!([{ "containerPortRange": "200-100" }])),
        ("bridge", json!([{ "containerPortRange": "0-100" }])),
        ("bridge", json!([{ "containerPortRange": "100-70000" }])),
        (
            "bridge",
            json!([{ "containerPortRange": "100-200", "containerPort": 100 }]),
        ),
        ("bridge", json!([{ "containerPortRange": "100-200", "hostPort": 100 }])),
        (
            "bridge",
            json!([{ "containerPortRange": "100-200" }, { "containerPortRange": "200-300" }]),
        ),
        (
            "awsvpc",
            json!([{ "containerPortRange": "100-200" }, { "containerPort": 150 }]),
        ),
        ("host", json!([{ "containerPortRange": "100-200" }])),
        ("none", json!([{ "containerPort": 80 }])),
    ] {
        let said = refused(with(mode, mappings.clone()));
        assert!(
            said.contains("container 'app'") || said.starts_with("Container 'app'"),
            "{mappings}: {said}"
        );
    }
    let many: Vec<Value> = (1..=101)
        .map(|n| json!({ "containerPortRange": format!("{}-{}", n * 10, n * 10 + 1) }))
        .collect();
    refused(with("bridge", json!(many)));
    for (mode, mappings) in [
        (
            "bridge",
            json!([{ "containerPortRange": "100-200" }, { "containerPortRange": "100-200", "protocol": "udp" }]),
        ),
        ("awsvpc", json!([{ "containerPortRange": "1-65535" }])),
        ("bridge", json!(many[1..])),
    ] {
        accept(with(mode, mappings)).unwrap();
    }
    let range = json!([{ "containerPortRange": "100-200" }]);
    assert!(accept(fargate(json!({ "portMappings": range }), json!({}))).is_ok());
}

#[test]
fn values_out_of_their_range_are_refused() {
    for container in [
        json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 59 } }),
        json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 1801 } }),
        json!({ "restartPolicy": { "enabled": true, "ignoredExitCodes": (0..51).collect::<Vec<_>>() } }),
        json!({ "healthCheck": { "command": ["true"] } }),
        json!({ "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 4 } }),
        json!({ "healthCheck": { "command": ["CMD-SHELL", "true"], "retries": 11 } }),
        json!({ "healthCheck": { "command": ["CMD-SHELL", "true"], "startPeriod": 301 } }),
        json!({ "ulimits": [{ "name": "nofile", "softLimit": 2, "hardLimit": 1 }] }),
        json!({ "systemControls": [{ "namespace": "vm.swappiness", "value": "1" }] }),
        json!({ "memory": 513 }),
        json!({ "cpu": 257 }),
        json!({ "mountPoints": [{ "sourceVolume": "nothing", "containerPath": "/a" }] }),
        json!({ "volumesFrom": [{ "sourceContainer": "nobody" }] }),
        json!({ "volumesFrom": [{ "sourceContainer": "app" }] }),
        json!({ "dependsOn": [{ "containerName": "app", "condition": "START" }] }),
    ] {
        refused(fargate(container, json!({})));
    }
    for size in [20, 201] {
        refused(fargate(json!({}), json!({ "ephemeralStorage": { "sizeInGiB": size } })));
    }
    assert!(accept(fargate(json!({}), json!({ "ephemeralStorage": { "sizeInGiB": 21 } }))).is_ok());
    let volume = |more: Value| {
        let mut whole = json!({ "name": "v" });
        merge(&mut whole, more);
        json!({ "volumes": [whole] })
    };
    for more in [
        volume(json!({ "name": null })),
        volume(json!({ "dockerVolumeConfiguration": { "scope": "task", "autoprovision": true } })),
        volume(json!({ "host": { "sourcePath": "/a" }, "efsVolumeConfiguration": { "fileSystemId": "fs-1" } })),
        json!({ "volumes": [{ "name": "v" }, { "name": "v" }] }),
    ] {
        refused(ec2(json!({}), more));
    }
}

#[test]
fn dependencies_must_be_able_to_come_true() {
    let pair = |first: Value, condition: &str| {
        let mut first_container = json!({ "name": "first", "image": "busybox", "memory": 64 });
        merge(&mut first_container, first);
        let depends = json!([{ "containerName": "first", "condition": condition }]);
        let second = json!({ "name": "second", "image": "busybox", "memory": 64, "dependsOn": depends });
        read(&json!({ "family": "web", "containerDefinitions": [second, first_container] }))
    };
    let essential = "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container";
    for condition in ["SUCCESS", "COMPLETE"] {
        assert_eq!(refused(pair(json!({}), condition)), essential);
        assert!(accept(pair(json!({ "essential": false }), condition)).is_ok());
    }
    refused(pair(json!({}), "HEALTHY"));
    let check = json!({ "healthCheck": { "command": ["CMD-SHELL", "true"] } });
    assert!(accept(pair(check, "HEALTHY")).is_ok());
    let back = json!({ "links": ["second:alias"] });
    assert_eq!(refused(pair(back, "START")), "Container links should not have a cycle");
}

#[test]
fn where_a_definition_can_run_is_told_as_recorded() {
    let shown = |given: RegisterTaskDefinitionRequest| compatibilities(&accept(given).unwrap());
    assert_eq!(
        shown(fargate(json!({}), json!({}))),
        [
            Compatibility::Ec2,
            Compatibility::Fargate,
            Compatibility::ManagedInstances
        ]
    );
    assert_eq!(
        shown(ec2(json!({}), json!({}))),
        [Compatibility::External, Compatibility::Ec2]
    );
    assert_eq!(
        shown(ec2(
            json!({ "stopTimeout": 121 }),
            json!({ "networkMode": "awsvpc", "cpu": "256", "memory": "512" })
        )),
        [Compatibility::Ec2]
    );
}

#[test]
fn what_an_instance_must_offer_is_told() {
    const API: &str = "com.amazonaws.ecs.capability.docker-remote-api.1.";
    let names = |given: RegisterTaskDefinitionRequest| -> Vec<String> {
        let all = requires_attributes(&accept(given).unwrap());
        all.into_iter().map(|attribute| attribute.name).collect()
    };
    assert_eq!(names(ec2(json!({}), json!({}))), Vec::<String>::new());
    assert_eq!(
        names(fargate(json!({}), json!({}))),
        [format!("{API}18"), "ecs.capability.task-eni".to_owned()]
    );
    assert_eq!(
        names(fargate(json!({ "command": ["x"], "stopTimeout": 5 }), json!({}))),
        [
            format!("{API}18"),
            format!("{API}21"),
            "ecs.capability.task-eni".to_owned(),
            "ecs.capability.container-ordering".to_owned()
        ]
    );
    let all = names(ec2(
        json!({
            "privileged": true, "restartPolicy": { "enabled": true }, "repositoryCredentials": { "credentialsParameter": "p" },
            "secrets": [{ "name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:a" },
                        { "name": "B", "valueFrom": "b" }]
        }),
        json!({ "pidMode": "task", "executionRoleArn": "arn:aws:iam::000000000000:role/x",
                "volumes": [{ "name": "v", "dockerVolumeConfiguration": { "driver": "local" } }] }),
    ));
    for wanted in [
        "com.amazonaws.ecs.capability.privileged-container",
        "ecs.capability.container-restart-policy",
        "ecs.capability.private-registry-authentication.secretsmanager",
        "ecs.capability.secrets.asm.environment-variables",
        "ecs.capability.secrets.ssm.environment-variables",
        "ecs.capability.pid-ipc-namespace-sharing",
        "ecs.capability.docker-plugin.local",
    ] {
        assert!(all.iter().any(|name| name == wanted), "{wanted}: {all:?}");
    }
}
