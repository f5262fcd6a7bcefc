//! How many calls a second IAM and STS answer, signed, authorized and recorded, without the network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench"
)]

#[path = "../tests/it/world.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use world::{World, allow, arn, role_arn};

const WORKERS: usize = 2;
const TIME: Duration = Duration::from_secs(3);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let world = Arc::new(World::new());
    let user = world.user("u", Some(&allow("*", "*"))).await;
    world.role("r").await;
    rate(&world, "iam:GetRole", &user, "iam", &[("RoleName", "r")]).await;
    let role = role_arn("r");
    rate(
        &world,
        "sts:AssumeRole",
        &user,
        "sts",
        &[("RoleArn", &role), ("RoleSessionName", "session")],
    )
    .await;
    rate(&world, "sts:GetCallerIdentity", &user, "sts", &[]).await;

    for at in 0..10_000 {
        world.role(&format!("role-{at:05}")).await;
    }
    for (what, input) in [
        ("a page of 100 of 10,000 roles", vec![("MaxItems", "100")]),
        ("a page of 1,000 of 10,000 roles", vec![("MaxItems", "1000")]),
        (
            "none of 10,000 roles below another path",
            vec![("PathPrefix", "/none/")],
        ),
    ] {
        let started = Instant::now();
        world.ok("ListRoles", &input).await;
        println!("{what}: {:.1} ms", started.elapsed().as_secs_f64() * 1000.0);
    }

    world
        .ok(
            "AttachRolePolicy",
            &[
                ("RoleName", "r"),
                ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
            ],
        )
        .await;
    let started = Instant::now();
    let entity = arn("role/r");
    world
        .ok(
            "GenerateServiceLastAccessedDetails",
            &[("Arn", &entity), ("Granularity", "ACTION_LEVEL")],
        )
        .await;
    println!(
        "a report of every action of AWS: {:.1} ms",
        started.elapsed().as_secs_f64() * 1000.0
    );
}

async fn rate(world: &Arc<World>, what: &str, keys: &world::Keys, service: &'static str, input: &[(&str, &str)]) {
    let operation = what.split(':').nth(1).unwrap().to_owned();
    let input: Vec<(String, String)> = input
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    let mut running = Vec::new();
    for _ in 0..WORKERS {
        let (world, keys, input, operation) = (Arc::clone(world), keys.clone(), input.clone(), operation.clone());
        running.push(tokio::spawn(async move {
            let input: Vec<(&str, &str)> = input
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let (mut calls, started) = (0_u32, Instant::now());
            while started.elapsed() < TIME {
                let answer = match service {
                    "iam" => world.iam(&keys, &operation, &input).await,
                    _ => world.sts(&keys, &operation, &input).await,
                };
                assert_eq!(answer.status, 200, "{}", answer.body);
                calls += 1;
            }
            calls
        }));
    }
    let mut calls = 0;
    for task in running {
        calls += task.await.unwrap();
    }
    println!(
        "{what}: {:.0} a second, the client's signing included",
        f64::from(calls) / TIME.as_secs_f64()
    );
}
