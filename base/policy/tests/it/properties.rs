//! The engine against the reference evaluator and against itself, over made-up policies and requests.
//!
//! `ROADSTEAD_POLICY_CASES` sets the number of cases; `ROADSTEAD_POLICY_SEED` the first seed.

use std::collections::BTreeMap;

use roadstead_policy::reference::bodies;
use roadstead_policy::reference::generate::{Case, Entropy};
use roadstead_policy::{Document, Outcome, ResourcePolicy, explain};

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

/// The outcome of a made-up case, and the outcome after a change.
fn before_and_after(seed: u64, change: impl Fn(&mut Case, &mut Entropy<'_>)) -> (Case, Outcome, Outcome) {
    let entropy = &mut Entropy::seeded(seed);
    let mut case = Case::new(entropy);
    let before = case.documents.compile().decide(&case.request()).outcome;
    change(&mut case, entropy);
    let after = case.documents.compile().decide(&case.request()).outcome;
    (case, before, after)
}

/// The same document with its statements changed, by way of its text.
fn changed(document: &Document, change: impl Fn(&mut Vec<serde_json::Value>)) -> Document {
    let mut value: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
    change(value["Statement"].as_array_mut().unwrap());
    Document::parse(&value.to_string()).unwrap()
}

#[test]
fn another_policy_that_denies_never_allows_more() {
    for_each_seed(8, |seed| {
        let (case, before, after) = before_and_after(seed, |case, entropy| {
            let other = Case::new(entropy).documents;
            case.documents.identity.extend(other.identity.iter().map(|document| {
                changed(document, |statements| {
                    for statement in statements {
                        statement["Effect"] = "Deny".into();
                    }
                })
            }));
        });
        assert!(
            before == Outcome::Allow || after != Outcome::Allow,
            "seed {seed}: {case:?}"
        );
    });
}

#[test]
fn taking_an_allow_away_never_allows_more() {
    for_each_seed(8, |seed| {
        let (case, before, after) = before_and_after(seed, |case, entropy| {
            for document in &mut case.documents.identity {
                let at = entropy.below(4);
                *document = changed(document, |statements| {
                    if let Some(statement) = statements.get_mut(at).filter(|s| s["Effect"] == "Allow") {
                        statement["Action"] = serde_json::json!([]);
                        statement.as_object_mut().unwrap().remove("NotAction");
                    }
                });
            }
        });
        assert!(
            before == Outcome::Allow || after != Outcome::Allow,
            "seed {seed}: {case:?}"
        );
    });
}

#[test]
fn a_boundary_a_session_policy_and_an_scp_never_widen() {
    for_each_seed(8, |seed| {
        let (case, before, after) = before_and_after(seed, |case, entropy| {
            let other = Case::new(entropy).documents;
            if case.documents.boundary.is_none() {
                case.documents.boundary = other.boundary;
            }
            // A federated-user session needs one: there, adding it is no limit.
            if case.documents.session.is_none() && !case.principal.name().contains("federated-user") {
                case.documents.session = other.session;
            }
            case.documents.scps.extend(other.scps);
        });
        assert!(
            before == Outcome::Allow || after != Outcome::Allow,
            "seed {seed}: {case:?}"
        );
    });
}

#[test]
fn the_order_of_statements_and_policies_and_the_letter_case_of_names_do_not_matter() {
    for_each_seed(8, |seed| {
        let (case, before, after) = before_and_after(seed, |case, _| {
            case.documents.identity.reverse();
            for document in case.documents.identity.iter_mut().chain(&mut case.documents.boundary) {
                *document = changed(document, |statements| {
                    statements.reverse();
                    for statement in statements {
                        for element in ["Action", "NotAction"] {
                            if let Some(value) = statement.get_mut(element) {
                                *value = serde_json::from_str(&value.to_string().to_uppercase()).unwrap();
                            }
                        }
                    }
                });
            }
            case.action = case.action.to_uppercase();
        });
        assert_eq!(before, after, "seed {seed}: {case:?}");
    });
}

#[test]
fn not_action_and_not_resource_are_complements() {
    for_each_seed(8, |seed| {
        let case = Case::new(&mut Entropy::seeded(seed));
        let request = case.request();
        for document in &case.documents.identity {
            for at in 0..document.statements().len() {
                // A statement alone, without conditions and with one of its two elements, negated and not.
                for (element, other) in [("Action", "Resource"), ("Resource", "Action")] {
                    let outcome = |negated: bool| {
                        let document = changed(document, |statements| {
                            let mut statement = statements.swap_remove(at);
                            statements.clear();
                            let members = statement.as_object_mut().unwrap();
                            let not = format!("Not{element}");
                            let list = members
                                .remove(element)
                                .or_else(|| members.remove(&not))
                                .unwrap_or("*".into());
                            members.insert(if negated { not } else { element.to_owned() }, list);
                            members.remove(&format!("Not{other}"));
                            members.remove("Condition");
                            members.insert(other.to_owned(), "*".into());
                            members.insert("Effect".to_owned(), "Allow".into());
                            statements.push(statement);
                        });
                        let documents = roadstead_policy::reference::Documents {
                            identity: vec![document],
                            ..Default::default()
                        };
                        let compiled = documents.compile();
                        let side = roadstead_policy::ResourceSide {
                            policy: ResourcePolicy::Absent,
                            ..compiled.side()
                        };
                        let explanation = explain(&compiled.policies, &side, &request);
                        explanation.policies[0].statements[0].applies()
                    };
                    assert_ne!(
                        outcome(true),
                        outcome(false),
                        "seed {seed}, {element} of statement {at}: {case:?}"
                    );
                }
            }
        }
    });
}

#[test]
fn an_explanation_agrees_with_the_decision() {
    for_each_seed(4, |seed| {
        let case = Case::new(&mut Entropy::seeded(seed));
        let (compiled, request) = (case.documents.compile(), case.request());
        let side = compiled.side();
        let explanation = explain(&compiled.policies, &side, &request);
        assert!(!explanation.to_string().is_empty());
        let applying = |effect| {
            let policies = explanation.policies.iter().filter(|policy| policy.counts);
            let mut statements = policies.flat_map(|policy| &policy.statements);
            statements.any(move |statement| statement.effect == effect && statement.applies())
        };
        match explanation.decision.outcome {
            Outcome::ExplicitDeny => assert!(applying(roadstead_policy::Effect::Deny), "seed {seed}"),
            Outcome::Allow if explanation.decision.policy_type.is_none() => {}
            Outcome::Allow => {
                assert!(applying(roadstead_policy::Effect::Allow), "seed {seed}");
                assert!(!applying(roadstead_policy::Effect::Deny), "seed {seed}");
            }
            Outcome::ImplicitDeny => assert!(!applying(roadstead_policy::Effect::Deny), "seed {seed}"),
        }
    });
}

#[test]
fn made_up_documents_survive_printing() {
    for_each_seed(8, |seed| {
        let case = Case::new(&mut Entropy::seeded(seed));
        for document in &case.documents.identity {
            bodies::parser(document.to_json().as_bytes());
        }
    });
}

#[test]
fn damaged_documents_are_refused_without_a_panic() {
    for_each_seed(8, |seed| {
        let entropy = &mut Entropy::seeded(seed);
        let case = Case::new(entropy);
        for document in &case.documents.identity {
            let mut text = document.to_json().into_bytes();
            for _ in 0..=entropy.below(3) {
                let at = entropy.below(text.len().max(1));
                match entropy.below(3) {
                    1 => text.truncate(at),
                    0 if at < text.len() => drop(text.remove(at)),
                    _ if text.is_empty() => {}
                    _ => text[at] = b"{}[]\":,\\x0\xff"[entropy.below(11)],
                }
            }
            bodies::parser(&text);
        }
    });
}
