//! What every engine must do alike.

use std::time::Duration;

use futures_util::StreamExt;
use roadstead_containers::{
    BoxStream, ContainerId, ContainerSpec, Event, EventKind, Exit, GroupSpec, Health, ImageError, LogOptions,
    LogStream, Mount, Network, OWNER_LABEL, Phase, PortBinding, Protocol, RuntimeError, Status, VolumeSpec,
    VolumesFrom,
};

use crate::bed::{Bed, Does};

const A_WHILE: Duration = Duration::from_secs(20);

fn exited(code: i32) -> Exit {
    Exit { code, oom: false }
}

/// Reads events of one container until one is as wanted, and gives all of them back.
async fn until(
    events: &mut BoxStream<'static, Result<Event, RuntimeError>>,
    id: &ContainerId,
    wanted: EventKind,
) -> Vec<EventKind> {
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        if event.id != *id {
            continue;
        }
        seen.push(event.kind);
        if event.kind == wanted {
            break;
        }
    }
    seen
}

pub async fn a_container_goes_from_created_to_running_to_exited(bed: Bed) {
    let mut spec = bed.spec("a", Does::Run);
    spec.labels.insert("colour".to_owned(), "blue".to_owned());
    let id = bed.make(spec).await;
    let made = bed.runtime.inspect(&id).await.unwrap();
    assert_eq!(
        (made.status, made.pid, made.started_at, made.finished_at),
        (Status::Created, None, None, None)
    );
    assert_eq!(made.name, bed.name("a"));
    assert_eq!(made.labels.get("colour").map(String::as_str), Some("blue"));
    assert!(made.labels.contains_key(OWNER_LABEL));

    bed.runtime.start(&id).await.unwrap();
    let running = bed.runtime.inspect(&id).await.unwrap();
    assert_eq!((running.status, running.health), (Status::Running, Health::None));
    assert!(running.pid.is_some());
    assert!(running.started_at >= made.created_at);

    bed.runtime.kill(&id, "SIGKILL").await.unwrap();
    assert_eq!(bed.runtime.wait(&id).await, Ok(exited(137)));
    let ended = bed.runtime.inspect(&id).await.unwrap();
    assert_eq!((ended.status, ended.pid), (Status::Exited(exited(137)), None));
    assert!(ended.finished_at >= ended.started_at);
    bed.runtime.remove(&id).await.unwrap();
    assert_eq!(
        bed.runtime.inspect(&id).await,
        Err(RuntimeError::NotFound(id.0.clone()))
    );
}

pub async fn an_exit_status_is_reported_even_when_nobody_waited_in_time(bed: Bed) {
    for code in [0, 7] {
        let id = bed.make(bed.spec(&format!("e{code}"), Does::Exit(code))).await;
        let mut events = bed.runtime.events();
        bed.runtime.start(&id).await.unwrap();
        until(&mut events, &id, EventKind::Died { code }).await;
        assert_eq!(bed.runtime.wait(&id).await, Ok(exited(code)));
    }
}

pub async fn waiting_for_what_was_never_started_is_an_error(bed: Bed) {
    let id = bed.make(bed.spec("a", Does::Run)).await;
    assert_eq!(bed.runtime.wait(&id).await, Err(RuntimeError::NotStarted(id)));
}

pub async fn a_terminated_container_ends_with_143_and_a_killed_one_with_137(bed: Bed) {
    let ready = async |name: &str| {
        // Output first: then the trap is set, too.
        let id = bed.started(name, Does::Write).await;
        let mut output = bed.runtime.logs(
            &id,
            LogOptions {
                follow: true,
                since: None,
            },
        );
        output.next().await.unwrap().unwrap();
        output.next().await.unwrap().unwrap();
        id
    };
    let id = ready("a").await;
    bed.runtime.stop(&id, None, A_WHILE).await.unwrap();
    assert_eq!(bed.runtime.wait(&id).await, Ok(exited(143)));
    let id = ready("b").await;
    bed.runtime.stop(&id, Some("SIGKILL"), A_WHILE).await.unwrap();
    assert_eq!(bed.runtime.wait(&id).await, Ok(exited(137)));
}

pub async fn a_container_that_ignores_the_signal_is_killed(bed: Bed) {
    for (name, signal) in [("a", None), ("b", Some("SIGINT"))] {
        let id = bed.started(name, Does::Ignore).await;
        bed.runtime.stop(&id, signal, Duration::ZERO).await.unwrap();
        assert_eq!(bed.runtime.wait(&id).await, Ok(exited(137)));
    }
}

pub async fn what_is_done_already_may_be_done_again(bed: Bed) {
    let id = bed.started("a", Does::Run).await;
    bed.runtime.start(&id).await.unwrap();
    for _ in 0..2 {
        bed.runtime.stop(&id, None, Duration::ZERO).await.unwrap();
        bed.runtime.stop(&id, Some("SIGTERM"), Duration::ZERO).await.unwrap();
        bed.runtime.kill(&id, "SIGKILL").await.unwrap();
    }
    for _ in 0..2 {
        bed.runtime.remove(&id).await.unwrap();
    }
    assert_eq!(bed.runtime.start(&id).await, Err(RuntimeError::NotFound(id.0.clone())));
}

pub async fn events_tell_what_happened_in_order(bed: Bed) {
    let mut events = bed.runtime.events();
    let mut spec = bed.spec("a", Does::Exit(7));
    spec.labels.insert("task".to_owned(), "t".to_owned());
    let id = bed.make(spec).await;
    bed.runtime.start(&id).await.unwrap();
    bed.runtime.wait(&id).await.unwrap();
    bed.runtime.remove(&id).await.unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&EventKind::Destroyed) {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.id, id);
        assert_eq!(event.labels.get("task").map(String::as_str), Some("t"));
        seen.push(event.kind);
    }
    assert_eq!(
        seen,
        [EventKind::Started, EventKind::Died { code: 7 }, EventKind::Destroyed]
    );
}

pub async fn containers_are_found_by_their_labels(bed: Bed) {
    let mut ids = Vec::new();
    for (name, colour) in [("a", "blue"), ("b", "red"), ("c", "blue")] {
        let mut spec = bed.spec(name, Does::Run);
        spec.labels.insert("colour".to_owned(), colour.to_owned());
        spec.labels.insert(format!("is-{name}"), String::new());
        ids.push(bed.make(spec).await);
    }
    bed.runtime.start(&ids[0]).await.unwrap();
    let found = async |labels: &[(&str, Option<&str>)]| {
        let mut found: Vec<_> = bed
            .runtime
            .list(labels)
            .await
            .unwrap()
            .into_iter()
            .map(|c| (c.name, c.phase))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    };
    let (a, b, c) = (bed.name("a"), bed.name("b"), bed.name("c"));
    let blue = [(a.clone(), Phase::Running), (c.clone(), Phase::Created)];
    assert_eq!(found(&[("colour", Some("blue"))]).await, blue);
    assert_eq!(found(&[("colour", Some("blue")), ("is-c", None)]).await, blue[1..]);
    assert_eq!(found(&[("colour", Some("green"))]).await, []);
    assert_eq!(
        found(&[]).await,
        [blue[0].clone(), (b, Phase::Created), blue[1].clone()]
    );
}

pub async fn an_engine_used_anew_finds_the_containers_it_ran(bed: Bed) {
    let id = bed.started("a", Does::Run).await;
    let ended = bed.started("b", Does::Exit(7)).await;
    bed.runtime.wait(&ended).await.unwrap();
    let mut found = bed.again.list(&[]).await.unwrap();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<_> = found
        .into_iter()
        .map(|container| (container.id, container.phase))
        .collect();
    assert_eq!(found, [(id.clone(), Phase::Running), (ended.clone(), Phase::Exited)]);
    assert_eq!(bed.again.wait(&ended).await, Ok(exited(7)));
    bed.again.kill(&id, "SIGKILL").await.unwrap();
    assert_eq!(bed.again.wait(&id).await, Ok(exited(137)));
}

pub async fn a_name_is_used_once(bed: Bed) {
    let spec = bed.spec("a", Does::Run);
    bed.make(spec.clone()).await;
    assert!(matches!(
        bed.runtime.create(spec).await,
        Err(RuntimeError::NameInUse(_))
    ));
}

pub async fn an_image_must_be_there_before_a_container(bed: Bed) {
    assert_eq!(bed.runtime.local_image("roadstead/not-there:1").await, Ok(None));
    let spec = ContainerSpec {
        image: "roadstead/not-there:1".to_owned(),
        ..bed.spec("a", Does::Run)
    };
    assert_eq!(
        bed.runtime.create(spec).await,
        Err(RuntimeError::NoSuchImage(
            "Error response from daemon: No such image: roadstead/not-there:1".to_owned()
        ))
    );
}

pub async fn an_unreadable_image_reference_is_refused(bed: Bed) {
    let refused = Err(ImageError::InvalidReference("invalid reference format".to_owned()));
    assert_eq!(bed.runtime.ensure_image("a b", None).await, refused);
}

pub async fn both_outputs_are_read_with_their_times(bed: Bed) {
    let id = bed.started("a", Does::Write).await;
    let mut output = bed.runtime.logs(
        &id,
        LogOptions {
            follow: true,
            since: None,
        },
    );
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let chunk = output.next().await.unwrap().unwrap();
        let state = bed.runtime.inspect(&id).await.unwrap();
        // The program may write before the engine notes that it started.
        assert!(Some(chunk.at) >= state.created_at, "{chunk:?} before {state:?}");
        seen.push((chunk.stream, chunk.bytes, chunk.at));
    }
    seen.sort_by_key(|(stream, ..)| *stream == LogStream::Stderr);
    assert_eq!((seen[0].0, seen[0].1.as_ref()), (LogStream::Stdout, b"one\n".as_ref()));
    assert_eq!((seen[1].0, seen[1].1.as_ref()), (LogStream::Stderr, b"two\n".as_ref()));

    let last = seen[0].2.max(seen[1].2);
    let later = last.plus(Duration::from_secs(1));
    let since = LogOptions {
        follow: false,
        since: Some(later),
    };
    assert_eq!(bed.runtime.logs(&id, since).collect::<Vec<_>>().await, []);
    let since = LogOptions {
        follow: false,
        since: Some(last),
    };
    assert!(!bed.runtime.logs(&id, since).collect::<Vec<_>>().await.is_empty());
}

pub async fn following_the_output_ends_with_the_container(bed: Bed) {
    let id = bed.started("a", Does::Write).await;
    let mut output = bed.runtime.logs(
        &id,
        LogOptions {
            follow: true,
            since: None,
        },
    );
    output.next().await.unwrap().unwrap();
    output.next().await.unwrap().unwrap();
    bed.runtime.kill(&id, "SIGKILL").await.unwrap();
    assert_eq!(output.next().await, None);
}

pub async fn a_container_joins_the_network_of_a_running_one_only(bed: Bed) {
    let pause = bed.make(bed.spec("pause", Does::Run)).await;
    let joins = |name: &str| ContainerSpec {
        network: Network::Container(pause.clone()),
        ..bed.spec(name, Does::Run)
    };
    let early = bed.make(joins("early")).await;
    assert!(matches!(
        bed.runtime.start(&early).await,
        Err(RuntimeError::StartFailed(_))
    ));
    bed.runtime.start(&pause).await.unwrap();
    let late = bed.make(joins("late")).await;
    bed.runtime.start(&late).await.unwrap();
    assert_eq!(bed.runtime.inspect(&late).await.unwrap().status, Status::Running);
}

async fn health_is_told(bed: Bed, does: Does, expected: Health) {
    let id = bed.make(bed.spec("a", does)).await;
    let mut events = bed.runtime.events();
    bed.runtime.start(&id).await.unwrap();
    if bed.clock.is_some() {
        assert_eq!(bed.runtime.inspect(&id).await.unwrap().health, Health::Starting);
    }
    bed.pass(Duration::from_secs(1));
    let seen = until(&mut events, &id, EventKind::Health(expected)).await;
    assert_eq!(seen, [EventKind::Started, EventKind::Health(expected)]);
    assert_eq!(bed.runtime.inspect(&id).await.unwrap().health, expected);
}

pub async fn a_health_check_that_passes_is_told(bed: Bed) {
    health_is_told(bed, Does::BeWell, Health::Healthy).await;
}

pub async fn a_health_check_that_fails_is_told(bed: Bed) {
    health_is_told(bed, Does::BeIll, Health::Unhealthy).await;
}

pub async fn lack_of_memory_is_told_apart_from_other_ends(bed: Bed) {
    // A busy engine now and then loses the kernel's notice and tells of a plain kill; three times in a row it does not.
    let mut tries = if bed.clock.is_some() { 1 } else { 3 };
    loop {
        tries -= 1;
        let id = bed.make(bed.spec(&format!("a{tries}"), Does::Grow)).await;
        let mut events = bed.runtime.events();
        bed.runtime.start(&id).await.unwrap();
        bed.pass(Duration::from_secs(1));
        let end = bed.runtime.wait(&id).await;
        if tries > 0 && end == Ok(Exit { code: 137, oom: false }) {
            continue;
        }
        assert_eq!(end, Ok(Exit { code: 137, oom: true }));
        let (mut oom, mut died) = (false, false);
        while !(oom && died) {
            // Which of the two comes first is up to the engine.
            match events.next().await.unwrap().unwrap().kind {
                EventKind::Oom => oom = true,
                EventKind::Died { code: 137 } => died = true,
                other => assert_eq!(other, EventKind::Started),
            }
        }
        return;
    }
}

pub async fn a_free_port_of_the_host_is_chosen(bed: Bed) {
    let port = PortBinding {
        container_port: 80,
        protocol: Protocol::Tcp,
        host_ip: None,
        host_port: None,
    };
    let spec = ContainerSpec {
        network: Network::Bridge { ports: vec![port] },
        ..bed.spec("a", Does::Run)
    };
    let id = bed.make(spec).await;
    assert_eq!(bed.runtime.inspect(&id).await.unwrap().ports, []);
    bed.runtime.start(&id).await.unwrap();
    let state = bed.runtime.inspect(&id).await.unwrap();
    let chosen = state.ports.iter().find(|port| port.container_port == 80).unwrap();
    assert!(chosen.host_port.is_some_and(|port| port >= 1024), "{state:?}");
}

pub async fn a_range_of_ports_of_the_host_is_found(bed: Bed) {
    let first = bed.runtime.free_ports(3, Protocol::Tcp).unwrap();
    let port = |at: u16| PortBinding {
        container_port: 8000 + at,
        protocol: Protocol::Tcp,
        host_ip: None,
        host_port: Some(first + at),
    };
    let spec = ContainerSpec {
        network: Network::Bridge {
            ports: (0..3).map(port).collect(),
        },
        ..bed.spec("a", Does::Run)
    };
    let id = bed.make(spec).await;
    bed.runtime.start(&id).await.unwrap();
    let state = bed.runtime.inspect(&id).await.unwrap();
    for at in 0..3 {
        let is_bound = |port: &PortBinding| (port.container_port, port.host_port) == (8000 + at, Some(first + at));
        assert!(state.ports.iter().any(is_bound), "{state:?}");
    }
    let next = bed.runtime.free_ports(3, Protocol::Tcp).unwrap();
    assert!(next.abs_diff(first) >= 3, "{first} and {next}");
}

pub async fn a_running_container_has_figures(bed: Bed) {
    let id = bed
        .make(ContainerSpec {
            memory: Some(64 << 20),
            ..bed.spec("a", Does::Run)
        })
        .await;
    assert!(matches!(bed.runtime.stats(&id).await, Err(RuntimeError::NotStarted(_))));
    bed.runtime.start(&id).await.unwrap();
    bed.pass(Duration::from_secs(10));
    let stats = bed.runtime.stats(&id).await.unwrap();
    assert_eq!(stats.memory_limit, 64 << 20);
    assert!(
        stats.memory_usage > 0 && stats.cpu_total > 0 && stats.host_cpu_total > stats.cpu_total,
        "{stats:?}"
    );
    assert!(stats.pids > 0 && stats.online_cpus > 0, "{stats:?}");
}

pub async fn a_volume_in_use_is_kept(bed: Bed) {
    let name = bed.name("v");
    for _ in 0..2 {
        bed.runtime
            .create_volume(VolumeSpec {
                name: name.clone(),
                ..VolumeSpec::default()
            })
            .await
            .unwrap();
    }
    let mount = Mount {
        target: "/data".to_owned(),
        read_only: false,
        source: bed.volume("v"),
    };
    let id = bed
        .make(ContainerSpec {
            mounts: vec![mount],
            ..bed.spec("a", Does::Run)
        })
        .await;
    let refused = bed.runtime.remove_volume(&name).await;
    assert!(
        matches!(&refused, Err(RuntimeError::Engine(text)) if text.contains("volume is in use")),
        "{refused:?}"
    );
    bed.runtime.remove(&id).await.unwrap();
    for _ in 0..2 {
        bed.runtime.remove_volume(&name).await.unwrap();
    }
}

pub async fn volumes_are_found_by_their_labels(bed: Bed) {
    let (one, other) = (bed.name("one"), bed.name("other"));
    for (name, value) in [(&one, "1"), (&other, "2")] {
        let spec = VolumeSpec {
            name: name.clone(),
            labels: [("n".to_owned(), value.to_owned())].into(),
            ..VolumeSpec::default()
        };
        bed.runtime.create_volume(spec).await.unwrap();
    }
    let names = async |labels: &[(&str, Option<&str>)]| {
        let found = bed.runtime.list_volumes(labels).await.unwrap();
        let mut names: Vec<String> = found.into_iter().map(|volume| volume.name).collect();
        names.sort();
        names
    };
    assert_eq!(names(&[("n", Some("2"))]).await, std::slice::from_ref(&other));
    assert_eq!(names(&[("n", None)]).await, [one.clone(), other.clone()]);
    assert_eq!(names(&[("m", None)]).await, Vec::<String>::new());
    let found = bed.again.find_volume(&one).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.labels["n"].as_str()), (one.as_str(), "1"));
    for name in [one, other] {
        bed.runtime.remove_volume(&name).await.unwrap();
        assert_eq!(bed.runtime.find_volume(&name).await.unwrap(), None);
    }
}

pub async fn the_stop_signal_of_a_container_is_told(bed: Bed) {
    let spec = ContainerSpec {
        stop_signal: Some("SIGQUIT".to_owned()),
        ..bed.spec("a", Does::Run)
    };
    let id = bed.make(spec).await;
    let state = bed.runtime.inspect(&id).await.unwrap();
    assert_eq!(state.stop_signal.as_deref(), Some("SIGQUIT"));
    let plain = bed.make(bed.spec("b", Does::Run)).await;
    let signal = bed.runtime.inspect(&plain).await.unwrap().stop_signal;
    assert!(signal.is_none_or(|signal| signal == "SIGTERM"));
}

pub async fn limits_that_containers_share_are_made_and_removed(bed: Bed) {
    let name = bed.name("g");
    let spec = GroupSpec {
        name: name.clone(),
        memory: Some(64 << 20),
        nano_cpus: Some(250_000_000),
    };
    let Some(parent) = bed.runtime.create_group(spec.clone()).await.unwrap() else {
        println!("SKIPPED limits_that_containers_share_are_made_and_removed: this host cannot");
        return;
    };
    assert_eq!(
        bed.runtime.create_group(spec).await.unwrap(),
        Some(parent.clone()),
        "again"
    );
    assert_eq!(bed.again.list_groups().await.unwrap(), std::slice::from_ref(&name));
    let container = ContainerSpec {
        cgroup_parent: Some(parent),
        ..bed.spec("a", Does::Run)
    };
    let id = bed.make(container).await;
    bed.runtime.start(&id).await.unwrap();
    bed.runtime.remove(&id).await.unwrap();
    for _ in 0..2 {
        bed.runtime.remove_group(&name).await.unwrap();
        assert_eq!(bed.runtime.list_groups().await.unwrap(), Vec::<String>::new());
    }
}

pub async fn mounts_are_taken_over_from_a_container_that_ended(bed: Bed) {
    let volume = VolumeSpec {
        name: bed.name("v"),
        ..VolumeSpec::default()
    };
    bed.runtime.create_volume(volume).await.unwrap();
    let mount = Mount {
        target: "/data".to_owned(),
        read_only: false,
        source: bed.volume("v"),
    };
    let first = ContainerSpec {
        mounts: vec![mount],
        ..bed.spec("a", Does::Exit(0))
    };
    let first = bed.make(first).await;
    bed.runtime.start(&first).await.unwrap();
    bed.runtime.wait(&first).await.unwrap();
    let second = ContainerSpec {
        volumes_from: vec![VolumesFrom {
            container: first.clone(),
            read_only: true,
        }],
        ..bed.spec("b", Does::Run)
    };
    let second = bed.make(second).await;
    bed.runtime.start(&second).await.unwrap();
    for id in [second, first] {
        bed.runtime.remove(&id).await.unwrap();
    }
    bed.runtime.remove_volume(&bed.name("v")).await.unwrap();
}
