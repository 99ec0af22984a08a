//! Baselines in Python as `wheatstone bench` asks them: the protocol with a script that stands in for a Python, and the real thing where this
//! machine has one of the libraries.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod common;

use common::Place;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

const IRIS: &str = "bench iris --board ulx3s-25f --out bench --budget 20 --seconds 0.4";

/// A program that speaks the protocol: one baseline, which knows the class of every row from its first training on if `right`.
fn fake(place: &Place, right: bool) -> String {
    let answers = if right { "tail -n 1 classes" } else { "echo 9,9" };
    let script = format!(
        r#"#!/bin/sh
        while read -r line; do echo "$line" >> asked; case "$line" in
        *'"op":"hello"'*) echo '{{"versions":{{"fake":"1.2"}},"missing":[{{"name":"torch","package":"torch","why":"not there"}},
            {{"name":"jax","package":"jax","why":"not there"}}],"baselines":[{{"name":"fake","method":"fake","description":"a script",
            "rates":[0.5,0.25],"batches":[4,100000],"threads":true}},{{"name":"free","method":"free","description":"another",
            "rates":[0.5],"batches":[],"threads":false}}]}}' | tr -d '\n'; echo;;
        *'"op":"load"'*) cp "$(echo "$line" | sed 's/.*"task":"\([^"]*\)".*/\1/')" task; echo '{{}}';;
        *'"op":"start"'*) echo '{{"layers":[4,3],"parameters":15}}';;
        *'"op":"train"'*) sleep 0.002; echo '{{"samples":90}}';;
        *'"op":"answer"'*) echo "{{\"answers\":[$({answers})]}}";;
        esac; done"#
    );
    let path = place.path("fake");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn names(results: &Value) -> Vec<&str> {
    results["contenders"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

fn missing<'r>(results: &'r Value, name: &str) -> &'r Value {
    let mut all = results["missing"].as_array().unwrap().iter();
    all.find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is not missing in {results}"))
}

#[test]
fn a_process_that_speaks_the_protocol_takes_part() {
    let place = Place::new();
    // 10 of each class are for validation and 10 for the test, in ascending order of rows, which iris has sorted by class.
    let classes: Vec<&str> = [["0"; 10], ["1"; 10], ["2"; 10]].concat();
    std::fs::write(place.path("classes"), classes.join(",")).unwrap();
    let python = fake(&place, true);
    let results = place.json(&format!("{IRIS} --accuracy 0.9 --python {python}"));
    assert!(["model", "fake", "fake-batch"].iter().all(|name| names(&results).contains(name)), "{results}");
    let row = |name: &str, metric: &str| {
        let mut rows = results["rows"].as_array().unwrap().iter();
        rows.find(|row| row["contender"] == name && row["quantity"] == metric).unwrap()["value"].as_f64()
    };
    assert_eq!((row("fake", "accuracy"), row("fake", "samples_to_goal")), (Some(1.0), Some(90.0)));
    let step = row("fake-batch", "training_step_time").unwrap() / row("fake-batch", "sample_time").unwrap();
    assert!((step - 4.0).abs() < 1e-9, "{step}");
    // Threads are told of where they were chosen.
    let text = |name: &str| {
        let mut all = results["contenders"].as_array().unwrap().iter();
        all.find(|one| one["name"] == name).unwrap()["description"].as_str().unwrap()
    };
    assert!(text("fake").contains(" thread") && text("free").ends_with("threads as the library decides"));
    let asked = String::from_utf8(place.read("asked")).unwrap();
    let starts = |name: &str| {
        asked.lines().filter(|line| line.contains(&format!(r#""baseline":"{name}""#))).collect::<Vec<_>>()
    };
    assert!(starts("free").iter().all(|line| line.contains(r#""threads":null"#)));
    assert!(starts("fake").iter().all(|line| !line.contains("null")));
    // What is not there is brought by one command.
    let remedy = format!("run `{python} -m pip install torch jax`");
    assert!(["torch", "jax"].iter().all(|name| missing(&results, name)["remedy"] == *remedy), "{results}");

    let task: Value = serde_json::from_slice(&place.read("task")).unwrap();
    assert_eq!((task["x"].as_array().unwrap().len(), task["y"].as_array().unwrap().len()), (90, 90));
    assert_eq!(task["sizes"], serde_json::json!([4, 16, 3]));
    assert_eq!(["validation", "test"].map(|part| task["asked"][part].as_array().unwrap().len()), [30, 30]);
    for feature in 0..4 {
        let values = task["x"].as_array().unwrap().iter().map(|row| row[feature].as_f64().unwrap());
        assert!(values.sum::<f64>().abs() < 1e-9, "standardised by the training rows");
    }
    // No batch is larger than the rows that are learned.
    let asked = String::from_utf8(place.read("asked")).unwrap();
    assert!(asked.contains(r#""rate":0.25,"batch":4,"#) && !asked.contains("100000"), "{asked}");
}

#[test]
fn who_misses_the_goal_or_breaks_the_protocol_is_missing() {
    let place = Place::new();
    let python = fake(&place, false);
    let results = place.json(&format!("{IRIS} --accuracy 0.9 --python {python}"));
    let why = missing(&results, "fake")["why"].as_str().unwrap();
    assert!(why.contains("fake on trial answered 2 of 30 rows"), "{why}");
    let results = place.json(&format!("{IRIS} --accuracy 0.9 --python ./no-such-python"));
    let absent = missing(&results, "torch, scikit-learn, jax");
    assert!(absent["why"].as_str().unwrap().contains("no-such-python"), "{absent}");
    assert!(absent["remedy"].as_str().unwrap().contains("--python PATH"), "{absent}");
    assert!(names(&results).contains(&"model"));
}

#[test]
fn the_learners_of_a_real_python_learn() {
    let python = std::env::var("WHEATSTONE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let place = Place::new();
    let results = place.json(&format!("{IRIS} --accuracy 0.8 --runs 6 --python {python}"));
    let learners: Vec<&str> = names(&results)
        .into_iter()
        .filter(|name| ["torch", "sklearn", "jax"].iter().any(|library| name.starts_with(library)))
        .collect();
    if learners.is_empty() {
        eprintln!("skipped: {python} has none of PyTorch, scikit-learn and JAX");
    }
    for name in learners.iter().filter(|name| **name != "sklearn-sgd") {
        let mut rows = results["rows"].as_array().unwrap().iter();
        let row = rows.find(|row| row["contender"] == *name && row["quantity"] == "samples_to_goal");
        assert!(row.is_some_and(|row| row["value"].as_f64().unwrap() >= 90.0), "{name} in {results}");
    }
}
