//! What a verification costs; run by hand: `cargo test --release -p roadstead-wire cost -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use super::super::{Signed, SigningKey, SigningKeyCache};
use super::{Call, NOON, SECRET};

#[test]
#[ignore = "a measurement, not a check"]
fn the_cost_of_one_verification() {
    let (call, cache, rounds) = (Call::to_ecs().signed(), SigningKeyCache::default(), 200_000_u32);
    let best = |work: &dyn Fn()| {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            for _ in 0..rounds {
                work();
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
        }
        best
    };
    let verify = best(&|| {
        let signed = Signed::parse(call.request()).unwrap().unwrap();
        let key = cache.key(&signed, SECRET);
        black_box(signed.verify(&key, &call.body, NOON)).unwrap();
    });
    let signed = Signed::parse(call.request()).unwrap().unwrap();
    let derive = best(&|| {
        black_box(SigningKey::derive(SECRET, &signed.scope()));
    });
    println!("parse and verify with a kept key {verify:.2} µs, derive a key {derive:.2} µs");
}
