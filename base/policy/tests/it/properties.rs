//! The engine against the reference evaluator and against itself, over made-up policies and requests.
//!
//! `ROADSTEAD_POLICY_CASES` sets the number of cases; `ROADSTEAD_POLICY_SEED` the first seed.

use std::collections::BTreeMap;

use roadstead_policy::Outcome;
use roadstead_policy::reference::bodies;
use roadstead_policy::reference::generate::{Case, Entropy};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

/// Runs `test` over numbered cases, on both cores; a failing case names its seed.
fn for_each_seed(share: u64, test: impl Fn(u64) + Sync) {
    let cases = setting("ROADSTEAD_POLICY_CASES", 120_000) / share;
    let first = setting("ROADSTEAD_POLICY_SEED", 1);
    std::thread::scope(|scope| {
        for part in 0..2 {
            let test = &test;
            scope.spawn(move || (first..first + cases).filter(|seed| seed % 2 == part).for_each(test));
        }
    });
}

#[test]
fn the_engine_decides_as_the_reference_evaluator_does() {
    let outcomes = std::sync::Mutex::new(BTreeMap::<String, u64>::new());
    for_each_seed(1, |seed| {
        let outcome = bodies::check(&Case::new(&mut Entropy::seeded(seed)));
        *outcomes.lock().unwrap().entry(format!("{outcome:?}")).or_default() += 1;
    });
    let outcomes = outcomes.into_inner().unwrap();
    let total: u64 = outcomes.values().sum();
    // A generator that hits nothing would prove nothing.
    for outcome in [Outcome::Allow, Outcome::ExplicitDeny, Outcome::ImplicitDeny] {
        let share = outcomes.get(&format!("{outcome:?}")).copied().unwrap_or(0) * 100 / total;
        assert!(share >= 8, "{outcome:?} in {share} % of {total} cases: {outcomes:?}");
    }
}

/// Texts over a small alphabet, so that parts repeat.
fn text(entropy: &mut Entropy<'_>, alphabet: &[&str], most: usize) -> String {
    (0..entropy.below(most))
        .map(|_| alphabet[entropy.below(alphabet.len())])
        .collect()
}

#[test]
fn patterns_match_as_the_reference_says() {
    for_each_seed(1, |seed| {
        let mut entropy = Entropy::seeded(seed);
        let pattern = text(&mut entropy, &["a", "b", "*", "?", "é", "A", "ab"], 12);
        let candidate = text(&mut entropy, &["a", "b", "é", "A", "ab", "€"], 14);
        bodies::matcher(format!("{pattern}\0{candidate}").as_bytes());
    });
}

#[test]
fn resource_patterns_match_as_the_reference_says() {
    for_each_seed(2, |seed| {
        let mut entropy = Entropy::seeded(seed);
        let parts = [
            "arn",
            ":",
            ":",
            ":",
            "*",
            "?",
            "aws",
            "${aws:username}",
            "${*}",
            "a:b*c",
            "/",
            "${aws:TagKeys, 'd'}",
            "${",
        ];
        let pattern = text(&mut entropy, &parts, 16);
        let resource = text(&mut entropy, &["arn", ":", ":", ":", "aws", "a:b*c", "/", "*", "d"], 16);
        bodies::arn(format!("{pattern}\0{resource}").as_bytes());
    });
}

#[test]
fn values_parse_as_the_reference_says() {
    for_each_seed(1, |seed| {
        let mut entropy = Entropy::seeded(seed);
        let start = text(
            &mut entropy,
            &[
                "2026-02-2",
                "2026",
                "1767225600",
                "-",
                "10.",
                "QmluYX",
                "203.0.113.",
                "2001:db8::",
            ],
            3,
        );
        let rest = text(
            &mut entropy,
            &[
                "0", "1", "9", "-", ":", "T", "Z", "+", ".", "e", "=", "/", "00:", "A", "z",
            ],
            14,
        );
        bodies::values(format!("{start}{rest}").as_bytes());
    });
}
