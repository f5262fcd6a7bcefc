//! What only a real engine does.

use std::io::{Read, Write};
use std::net::TcpStream;

use futures_util::StreamExt;
use roadstead_containers::{
    ContainerSpec, Docker, ImageError, LinuxParameters, LogOptions, LogStream, Mount, MountSource, Network,
    PortBinding, Protocol, Runtime, RuntimeError, Status, Ulimit, auto, rootfs,
};

use crate::bed::{BUSYBOX, Bed, Does, on_docker};

fn shell(bed: &Bed, name: &str, script: &str) -> ContainerSpec {
    ContainerSpec {
        command: Some(["sh", "-c", script].map(str::to_owned).to_vec()),
        ..bed.spec(name, Does::Run)
    }
}

/// What a container wrote to its standard output until it ended.
async fn output(bed: &Bed, spec: ContainerSpec) -> String {
    let id = bed.make(spec).await;
    bed.runtime.start(&id).await.unwrap();
    let chunks = bed.runtime.logs(
        &id,
        LogOptions {
            follow: true,
            since: None,
        },
    );
    let mut text = String::new();
    let mut chunks = chunks.boxed();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.unwrap();
        if chunk.stream == LogStream::Stdout {
            text.push_str(std::str::from_utf8(&chunk.bytes).unwrap());
        }
    }
    text
}

#[tokio::test]
async fn the_specification_arrives_in_the_container() {
    on_docker("the_specification_arrives_in_the_container", async |bed: Bed| {
        let spec = ContainerSpec {
            env: vec![("A".to_owned(), "b c".to_owned())],
            user: Some("65534".to_owned()),
            workdir: Some("/tmp".to_owned()),
            hostname: Some("here".to_owned()),
            readonly_rootfs: true,
            memory: Some(32 << 20),
            dns_servers: vec!["192.0.2.2".to_owned()],
            dns_search: vec!["example.test".to_owned()],
            extra_hosts: vec![("there".to_owned(), "192.0.2.9".to_owned())],
            ulimits: vec![Ulimit { name: "nofile".to_owned(), soft: 100, hard: 200 }],
            mounts: vec![Mount {
                target: "/scratch".to_owned(),
                read_only: false,
                source: MountSource::Tmpfs { size: Some(1 << 20), options: vec!["mode=1777".to_owned()] },
            }],
            linux: LinuxParameters {
                cap_drop: vec!["ALL".to_owned()],
                shm_size: Some(2 << 20),
                sysctls: [("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned())].into(),
                ..LinuxParameters::default()
            },
            network: Network::Bridge { ports: Vec::new() },
            ..shell(
                &bed,
                "a",
                "echo $A; id -u; pwd; hostname; touch /x 2>/dev/null || echo read-only; touch /scratch/x && echo writable; \
                 ulimit -n; ulimit -Hn; grep CapEff /proc/self/status | tr -d '\\t'; \
                 cat /proc/sys/net/ipv4/ip_unprivileged_port_start; grep -E 'nameserver|search' /etc/resolv.conf; \
                 grep there /etc/hosts; df -k /dev/shm | tail -1 | awk '{print $2}'; \
                 cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null",
            )
        };
        let expected = "b c\n65534\n/tmp\nhere\nread-only\nwritable\n100\n200\nCapEff:0000000000000000\n0\n\
                        search example.test\nnameserver 192.0.2.2\n192.0.2.9\tthere\n2048\n33554432\n";
        assert_eq!(output(&bed, spec).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_the_host_does_not_grant_is_named() {
    on_docker("a_limit_that_the_host_does_not_grant_is_named", async |bed: Bed| {
        let asked = 1 << 40;
        let limit = Ulimit {
            name: "nofile".to_owned(),
            soft: asked,
            hard: asked,
        };
        let id = bed
            .make(ContainerSpec {
                ulimits: vec![limit],
                ..bed.spec("a", Does::Run)
            })
            .await;
        let refused = bed.runtime.start(&id).await.unwrap_err();
        let RuntimeError::LimitNotGranted {
            name,
            asked: told,
            granted,
        } = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!((name.as_str(), told), ("nofile", asked));
        assert!(granted.is_none_or(|granted| granted > 0));
        let state = bed.runtime.inspect(&id).await.unwrap();
        assert!(!matches!(state.status, Status::Running), "{state:?}");
    })
    .await;
}

#[tokio::test]
async fn a_program_that_is_not_there_does_not_start() {
    on_docker("a_program_that_is_not_there_does_not_start", async |bed: Bed| {
        let spec = ContainerSpec {
            command: Some(vec!["/no/such".to_owned()]),
            ..bed.spec("a", Does::Run)
        };
        let id = bed.make(spec).await;
        let refused = bed.runtime.start(&id).await.unwrap_err();
        let RuntimeError::StartFailed(text) = refused else {
            panic!("{refused:?}")
        };
        assert!(text.starts_with("Error response from daemon: "), "{text}");
        assert!(text.contains("no such file or directory"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_told() {
    on_docker("a_registry_that_does_not_answer_is_told", async |bed: Bed| {
        let refused = bed.runtime.ensure_image("127.0.0.1:1/a/b:1", None).await.unwrap_err();
        let ImageError::RegistryUnreachable(text) = refused else {
            panic!("{refused:?}")
        };
        assert!(text.starts_with("Error response from daemon: "), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_local_image_needs_no_registry() {
    on_docker("a_local_image_needs_no_registry", async |bed: Bed| {
        let seen = bed.runtime.ensure_image(BUSYBOX, None).await.unwrap();
        assert!(!seen.pulled);
        assert!(
            seen.digest.starts_with("sha256:") && seen.digest.len() == 71,
            "{seen:?}"
        );
        assert_eq!(bed.runtime.ensure_image("roadstead/busybox", None).await.unwrap(), seen);
    })
    .await;
}

#[tokio::test]
async fn containers_of_others_are_never_touched() {
    on_docker("containers_of_others_are_never_touched", async |bed: Bed| {
        let id = bed.started("a", Does::Run).await;
        let other = Docker::new(format!("{}-other", bed.unique));
        let refused = Err(RuntimeError::NotOurs(id.0.clone()));
        assert_eq!(other.list(&[]).await.unwrap(), []);
        assert_eq!(other.start(&id).await, refused);
        assert_eq!(other.stop(&id, None, std::time::Duration::ZERO).await, refused);
        assert_eq!(other.kill(&id, "SIGKILL").await, refused);
        assert_eq!(other.remove(&id).await, refused);
        assert!(matches!(other.inspect(&id).await, Err(RuntimeError::NotOurs(_))));
        assert!(matches!(other.wait(&id).await, Err(RuntimeError::NotOurs(_))));
        let mut output = other.logs(&id, LogOptions::default());
        assert!(matches!(output.next().await, Some(Err(RuntimeError::NotOurs(_)))));
        assert_eq!(bed.runtime.inspect(&id).await.unwrap().status, Status::Running);
    })
    .await;
}

#[tokio::test]
async fn a_forwarded_port_answers() {
    on_docker("a_forwarded_port_answers", async |bed: Bed| {
        let host_ip = Some("127.0.0.1".parse().unwrap());
        let port = PortBinding {
            container_port: 8080,
            protocol: Protocol::Tcp,
            host_ip,
            host_port: None,
        };
        let network = Network::Bridge { ports: vec![port] };
        let script =
            "echo hello >/tmp/index.html; httpd -p 8080 -h /tmp; echo up; trap 'exit 143' TERM; sleep 1000 & wait";
        let id = bed
            .make(ContainerSpec {
                network,
                ..shell(&bed, "a", script)
            })
            .await;
        bed.runtime.start(&id).await.unwrap();
        let mut output = bed.runtime.logs(
            &id,
            LogOptions {
                follow: true,
                since: None,
            },
        );
        assert_eq!(output.next().await.unwrap().unwrap().bytes, "up\n");
        let state = bed.runtime.inspect(&id).await.unwrap();
        assert_eq!(state.addresses.len(), 1);
        let port = state.ports[0].host_port.unwrap();
        let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("hello\n"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_pause_image_holds_a_network_open() {
    on_docker("the_pause_image_holds_a_network_open", async |bed: Bed| {
        let image = "roadstead/pause:latest";
        if bed.runtime.local_image(image).await.unwrap().is_none() {
            bed.runtime
                .import_rootfs(image, rootfs::pause_rootfs().unwrap(), &["/pause"])
                .await
                .unwrap();
        }
        let spec = ContainerSpec {
            name: bed.name("pause"),
            image: image.to_owned(),
            hostname: Some("task".to_owned()),
            dns_servers: vec!["192.0.2.2".to_owned()],
            ..ContainerSpec::default()
        };
        let pause = bed.make(spec).await;
        bed.runtime.start(&pause).await.unwrap();
        let network = Network::Container(pause.clone());
        let script = "hostname; grep nameserver /etc/resolv.conf";
        let inherited = output(
            &bed,
            ContainerSpec {
                network,
                ..shell(&bed, "app", script)
            },
        )
        .await;
        assert_eq!(inherited, "task\nnameserver 192.0.2.2\n");
        bed.runtime
            .stop(&pause, Some("SIGKILL"), std::time::Duration::ZERO)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_explained() {
    let docker = Docker::at("nobody", "unix:///nowhere/docker.sock");
    let probe = docker.probe().await;
    assert!(!probe.reachable);
    assert_eq!(probe.missing.len(), 1);
    assert!(
        probe.missing[0].what.contains("unix:///nowhere/docker.sock"),
        "{probe:?}"
    );
    assert!(probe.missing[0].advice.contains("install Docker"), "{probe:?}");
    assert!(matches!(docker.list(&[]).await, Err(RuntimeError::Unreachable(_))));
    assert!(matches!(
        docker.ensure_image("a", None).await,
        Err(ImageError::EngineUnreachable(_))
    ));
    assert!(matches!(
        docker.events().next().await,
        Some(Err(RuntimeError::Unreachable(_)))
    ));
}

#[tokio::test]
async fn the_choice_is_an_engine_that_answers_or_an_explanation() {
    match auto("nobody").await {
        Ok((runtime, probe)) => {
            assert_eq!(runtime.name(), "docker");
            assert!(!probe.version.is_empty() && !probe.api_version.is_empty(), "{probe:?}");
        }
        Err(explained) => assert!(
            explained.to_string().contains("no container engine answers"),
            "{explained}"
        ),
    }
}
