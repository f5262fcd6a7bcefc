//! What only the engine in memory does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use roadstead_containers::{
    Behaviour, ContainerId, ContainerSpec, EventKind, Exit, Health, ImageError, LogOptions, LogStream, PullFailure,
    Runtime, RuntimeError, Simulated, Status, Timestamp,
};
use roadstead_core::time::FakeClock;

fn simulated() -> (Simulated, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::at(Timestamp::from_secs(1_800_000_000)));
    (Simulated::new("simulated", clock.clone()), clock)
}

async fn make(engine: &Simulated, name: &str, image: &str) -> ContainerId {
    engine.ensure_image(image, None).await.unwrap();
    let spec = ContainerSpec {
        name: name.to_owned(),
        image: image.to_owned(),
        ..ContainerSpec::default()
    };
    engine.create(spec).await.unwrap()
}

#[tokio::test]
async fn what_is_due_happens_in_order_and_at_its_own_time() {
    let (engine, clock) = simulated();
    let late = make(&engine, "late", "simulated/exit:2-after-20").await;
    let early = make(&engine, "early", "simulated/exit:1-after-10.5").await;
    let mut events = engine.events();
    for id in [&late, &early] {
        engine.start(id).await.unwrap();
    }
    assert_eq!(engine.tick(), Some(Timestamp::from_millis(1_800_000_010_500)));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(engine.tick(), None);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let event = events.next().await.unwrap().unwrap();
        seen.push((event.id, event.at.millis() - 1_800_000_000_000, event.kind));
    }
    let expected = [
        (late.clone(), 0, EventKind::Started),
        (early.clone(), 0, EventKind::Started),
        (early, 10_500, EventKind::Died { code: 1 }),
        (late.clone(), 20_000, EventKind::Died { code: 2 }),
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        engine.inspect(&late).await.unwrap().finished_at,
        Some(Timestamp::from_secs(1_800_000_020))
    );
}

#[tokio::test]
async fn a_stubborn_container_is_killed_when_its_time_is_over() {
    let (engine, clock) = simulated();
    let id = make(&engine, "a", "simulated/stubborn").await;
    engine.start(&id).await.unwrap();
    let mut stop = engine.stop(&id, None, Duration::from_secs(30));
    assert_eq!((&mut stop).now_or_never(), None);
    clock.advance(Duration::from_secs(29));
    engine.tick();
    assert_eq!((&mut stop).now_or_never(), None);
    clock.advance(Duration::from_secs(1));
    engine.tick();
    assert_eq!(stop.await, Ok(()));
    assert_eq!(engine.wait(&id).await, Ok(Exit { code: 137, oom: false }));
}

#[tokio::test]
async fn a_restarted_container_is_not_hit_by_what_was_due_before() {
    let (engine, clock) = simulated();
    let id = make(&engine, "a", "simulated/exit:1-after-10").await;
    engine.start(&id).await.unwrap();
    clock.advance(Duration::from_secs(5));
    engine.exit(&id, 3).unwrap();
    engine.start(&id).await.unwrap();
    clock.advance(Duration::from_secs(9));
    assert_eq!(engine.inspect(&id).await.unwrap().status, Status::Running);
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        engine.inspect(&id).await.unwrap().status,
        Status::Exited(Exit { code: 1, oom: false })
    );
}

#[tokio::test]
async fn an_image_can_be_told_what_its_containers_do() {
    let (engine, _) = simulated();
    let behaviour = Behaviour {
        pull_fails: Some(PullFailure::Unauthorized),
        ..Behaviour::default()
    };
    engine.script("nginx:1", behaviour);
    assert!(matches!(
        engine.ensure_image("nginx:1", None).await,
        Err(ImageError::Unauthorized(_))
    ));
    engine.script(
        "nginx:1",
        Behaviour {
            exits: Some((Duration::ZERO, 4)),
            ..Behaviour::default()
        },
    );
    let id = make(&engine, "a", "nginx:1").await;
    engine.start(&id).await.unwrap();
    assert_eq!(engine.wait(&id).await, Ok(Exit { code: 4, oom: false }));
}

#[tokio::test]
async fn each_way_to_fail_has_its_error() {
    let (engine, _) = simulated();
    assert!(matches!(
        engine.ensure_image("simulated/fail-pull", None).await,
        Err(ImageError::NotFound(_))
    ));
    let unreachable = engine.ensure_image("simulated/fail-pull:unreachable", None).await;
    assert!(matches!(unreachable, Err(ImageError::RegistryUnreachable(_))));
    assert!(matches!(
        engine.ensure_image("simulated/dance", None).await,
        Err(ImageError::InvalidReference(_))
    ));
    let id = make(&engine, "a", "simulated/fail-start").await;
    assert!(matches!(engine.start(&id).await, Err(RuntimeError::StartFailed(_))));
    assert_eq!(engine.inspect(&id).await.unwrap().status, Status::Created);
}

#[tokio::test]
async fn an_engine_that_goes_away_cuts_its_readers_off_and_keeps_its_containers() {
    let (engine, _) = simulated();
    let id = make(&engine, "a", "simulated/run").await;
    engine.start(&id).await.unwrap();
    let mut events = engine.events();
    engine.set_reachable(false);
    assert!(!engine.probe().await.reachable);
    assert_eq!(events.next().await, Some(Err(RuntimeError::EventsLost)));
    assert_eq!(events.next().await, None);
    assert!(matches!(engine.inspect(&id).await, Err(RuntimeError::Unreachable(_))));
    engine.set_reachable(true);
    assert_eq!(engine.inspect(&id).await.unwrap().status, Status::Running);
}

#[tokio::test]
async fn a_vanished_container_leaves_an_event_and_its_exit() {
    let (engine, _) = simulated();
    let id = make(&engine, "a", "simulated/run").await;
    engine.start(&id).await.unwrap();
    let waiting = engine.wait(&id);
    let mut events = engine.events();
    engine.vanish(&id).unwrap();
    assert_eq!(
        events.next().await.unwrap().unwrap().kind,
        EventKind::Died { code: 137 }
    );
    assert_eq!(events.next().await.unwrap().unwrap().kind, EventKind::Destroyed);
    assert_eq!(waiting.await, Err(RuntimeError::NotFound(id.0.clone())));
    assert_eq!(engine.list(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn output_written_later_reaches_those_who_follow() {
    let (engine, _) = simulated();
    let id = make(&engine, "a", "simulated/run").await;
    engine.start(&id).await.unwrap();
    let output = engine.logs(
        &id,
        LogOptions {
            follow: true,
            since: None,
        },
    );
    engine.write(&id, LogStream::Stdout, "one\n").unwrap();
    engine.write(&id, LogStream::Stderr, "two\n").unwrap();
    engine.exit(&id, 0).unwrap();
    let seen: Vec<_> = output.map(|chunk| chunk.unwrap().bytes).collect().await;
    assert_eq!(seen, ["one\n", "two\n"]);
}

#[tokio::test]
async fn load_adds_up_over_time() {
    let (engine, clock) = simulated();
    let id = make(&engine, "a", "simulated/run").await;
    engine.start(&id).await.unwrap();
    engine.set_load(&id, 50, 1 << 20).unwrap();
    clock.advance(Duration::from_secs(10));
    engine.set_load(&id, 100, 2 << 20).unwrap();
    clock.advance(Duration::from_secs(10));
    let stats = engine.stats(&id).await.unwrap();
    assert_eq!((stats.cpu_total, stats.memory_usage), (15_000_000_000, 2 << 20));
}

#[tokio::test]
async fn health_can_change_while_it_runs() {
    let (engine, clock) = simulated();
    let id = make(&engine, "a", "simulated/health-after:5").await;
    engine.start(&id).await.unwrap();
    clock.advance(Duration::from_secs(5));
    assert_eq!(engine.inspect(&id).await.unwrap().health, Health::Healthy);
    engine.set_health(&id, Health::Unhealthy).unwrap();
    assert_eq!(engine.inspect(&id).await.unwrap().health, Health::Unhealthy);
}

#[tokio::test]
async fn the_same_calls_give_the_same_ids_and_digests() {
    let made = async || {
        let (engine, _) = simulated();
        let digest = engine.ensure_image("a/b:1", None).await.unwrap().digest;
        (
            make(&engine, "x", "a/b:1").await,
            make(&engine, "y", "a/b:1").await,
            digest,
        )
    };
    let (first, second) = (made().await, made().await);
    assert_eq!(first, second);
    assert_ne!(first.0, first.1);
    assert_eq!(first.0.0.len(), 64);
}

#[tokio::test]
async fn what_is_due_happens_by_itself_when_the_clock_goes_by_itself() {
    let engine = Simulated::new("simulated", Arc::new(roadstead_core::time::SystemClock));
    let driver = tokio::spawn(engine.clone().run());
    let id = make(&engine, "a", "simulated/exit:9-after-0.005").await;
    engine.start(&id).await.unwrap();
    assert_eq!(engine.wait(&id).await, Ok(Exit { code: 9, oom: false }));
    driver.abort();
}

#[tokio::test]
async fn a_hundred_thousand_containers_run_and_end() {
    let (engine, clock) = simulated();
    let engine = engine.without_specs();
    let image = "simulated/exit:0-after-60";
    engine.ensure_image(image, None).await.unwrap();
    let mut events = engine.events();
    for number in 0..100_000 {
        let spec = ContainerSpec {
            name: format!("c{number}"),
            image: image.to_owned(),
            ..ContainerSpec::default()
        };
        let id = engine.create(spec).await.unwrap();
        engine.start(&id).await.unwrap();
    }
    clock.advance(Duration::from_secs(60));
    engine.tick();
    let mut ended = 0;
    while ended < 100_000 {
        let event = events.next().await.unwrap().unwrap();
        ended += i32::from(event.kind == EventKind::Died { code: 0 });
    }
    assert_eq!(engine.list(&[]).await.unwrap().len(), 100_000);
}
