//! `cargo xtask conformance`: AWS CLI, boto3 and Terraform against the release build, in `conformance/`.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::test::Tally;
use crate::{Result, cargo, env, must, root, target};

pub fn run(arguments: &[String]) -> Result<()> {
    let tally = tally(arguments)?;
    for (name, why) in &tally.skipped {
        println!("SKIPPED {name}: {why}");
    }
    println!(
        "{} passed, {} failed, {} skipped",
        tally.passed,
        tally.failed.len(),
        tally.skipped.len()
    );
    if tally.failed.is_empty() {
        Ok(())
    } else {
        Err("clients saw something else than on AWS; see above".into())
    }
}

/// Runs the suite and counts; further arguments go to pytest.
pub fn tally(arguments: &[String]) -> Result<Tally> {
    let mut tally = Tally::default();
    let server = if let Some(given) = std::env::var_os("ROADSTEAD_BIN") {
        given.into()
    } else {
        must(&mut cargo(["build", "--release", "--quiet", "--package", "roadstead"]))?;
        target().join("release/roadstead")
    };
    let engine = env::engine();
    let runtime = match &engine {
        Ok(_) => "docker",
        Err(error) => {
            tally.add(Tally::not_possible("container engine", &error.to_string()));
            "none"
        }
    };
    let python = match env::python() {
        Ok(python) => python,
        Err(error) => {
            tally.add(Tally::not_possible("conformance", &error.to_string()));
            return Ok(tally);
        }
    };
    let results = target().join("conformance-results.jsonl");
    fs::write(&results, "")?;
    let suite = |runtime: &str, selection: &[&str]| -> Result<Child> {
        let mut pytest = Command::new(&python);
        pytest
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .args(selection)
            .args(arguments)
            .current_dir(root().join("conformance"))
            .env("ROADSTEAD_BIN", &server)
            .env("ROADSTEAD_ENGINE", runtime)
            .env("ROADSTEAD_IMAGE", env::IMAGE)
            .env("ROADSTEAD_RESULTS", &results)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null());
        if let Some(provider) = env::terraform_provider() {
            pytest.env("ROADSTEAD_TERRAFORM_PROVIDER", provider);
        }
        Ok(pytest.spawn()?)
    };
    // What runs containers mostly waits for them: the rest of the suite runs meanwhile, with servers that have none.
    let mut halves = if arguments.is_empty() && runtime == "docker" {
        vec![
            suite(runtime, &["-m", "engine"])?,
            suite("none", &["-m", "not engine"])?,
        ]
    } else {
        vec![suite(runtime, &[])?]
    };
    let mut broken = Vec::new();
    for half in &mut halves {
        let status = half.wait()?;
        if !status.success() {
            broken.push(format!("pytest ({status})"));
        }
    }
    let before = tally.failed.len();
    for line in fs::read_to_string(&results)?.lines() {
        count(&mut tally, &serde_json::from_str(line)?);
    }
    // Pytest itself may fail: nothing collected, an error while reading the tests.
    if tally.failed.len() == before {
        tally.failed.extend(broken);
    }
    drop(engine);
    Ok(tally)
}

fn count(tally: &mut Tally, result: &Value) {
    let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match text("outcome").as_str() {
        "passed" => tally.passed += 1,
        "skipped" => tally.skipped.push((text("name"), text("why"))),
        _ => tally.failed.push(text("name")),
    }
}
