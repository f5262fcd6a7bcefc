//! `cargo xtask tidy`: the rules of the repository that a program can check; each is a test as well.

mod files;
mod floors;

use std::fs;
use std::path::Path;

use crate::{Result, codegen, root, sar};

/// A rule: its name, and what breaks it.
type Rule = (&'static str, fn(&Path) -> Result<Vec<String>>);

const RULES: [Rule; 10] = [
    ("crates_look_only_down", floors::crates_look_only_down),
    (
        "no_file_is_longer_than_it_may_be",
        files::no_file_is_longer_than_it_may_be,
    ),
    (
        "every_file_opens_with_a_sentence",
        files::every_file_opens_with_a_sentence,
    ),
    ("no_file_is_forgotten", files::no_file_is_forgotten),
    ("only_core_spells_arns", files::only_core_spells_arns),
    (
        "no_path_of_a_machine_is_committed",
        files::no_path_of_a_machine_is_committed,
    ),
    ("models_hold_no_prose", files::models_hold_no_prose),
    (
        "lists_of_exceptions_only_shrink",
        files::lists_of_exceptions_only_shrink,
    ),
    ("generated_services_are_fresh", |_| {
        Ok(codegen::run(true).err().into_iter().collect())
    }),
    ("generated_policy_tables_are_fresh", |root| {
        let fresh = policy_tables_are_fresh(&root.join("models/sar"), &root.join("base/policy/src/generated"));
        Ok(fresh.err().map(|error| error.to_string()).into_iter().collect())
    }),
];

pub fn run() -> Result<()> {
    let mut broken = 0;
    for (name, rule) in RULES {
        for problem in rule(&root())? {
            broken += 1;
            eprintln!("{name}: {problem}");
        }
    }
    if broken == 0 {
        Ok(())
    } else {
        Err(format!("{broken} things are not tidy").into())
    }
}

/// Compares the policy engine's tables with what their generator writes now.
pub fn policy_tables_are_fresh(models: &Path, out: &Path) -> Result<()> {
    for (name, text) in sar::sources(models)? {
        if fs::read_to_string(out.join(name)).is_ok_and(|committed| committed == text) {
            continue;
        }
        return Err(format!("{name} is not what its generator writes; run `cargo xtask sar`").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RULES, root};

    fn check(name: &str) {
        let (_, rule) = RULES
            .iter()
            .find(|(rule, _)| *rule == name)
            .expect("the rule has that name");
        let problems = rule(&root()).unwrap();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    macro_rules! rules {
        ($($name:ident)*) => {
            $(#[test] fn $name() { check(stringify!($name)); })*

            #[test]
            fn every_rule_is_a_test() {
                let tested = [$(stringify!($name)),*];
                assert_eq!(RULES.map(|(name, _)| name), tested);
            }
        };
    }

    rules! {
        crates_look_only_down
        no_file_is_longer_than_it_may_be
        every_file_opens_with_a_sentence
        no_file_is_forgotten
        only_core_spells_arns
        no_path_of_a_machine_is_committed
        models_hold_no_prose
        lists_of_exceptions_only_shrink
        generated_services_are_fresh
        generated_policy_tables_are_fresh
    }
}
