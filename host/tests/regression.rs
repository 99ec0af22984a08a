//! Regressions are scored in the units of their values, beside volts: after each epoch, in the end, and in sweeps.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::Place;
use serde_json::Value;
use std::fmt::Write;

/// Weight and reach of levers: two values in their own units, one in the thousands and one in hundredths.
fn levers() -> String {
    let mut table = String::from("arm,load,grams,metres\n");
    for row in 0..60 {
        let (arm, load) = (f64::from(row % 10), f64::from(row / 10));
        writeln!(table, "{arm},{load},{},{}", 4000.0 + 100.0 * load - 30.0 * arm, 0.01 * arm + 0.002 * load)
            .unwrap();
    }
    table
}

#[test]
fn every_epoch_the_result_and_a_sweep_tell_the_same_errors() {
    let place = Place::new();
    place.write("levers.csv", levers());
    let trained = place.json("train --data levers.csv --target grams --target metres --epochs 3 --out run");
    let outputs = trained["outputs"].as_array().unwrap();
    let names: Vec<&str> = outputs.iter().map(|output| output["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["grams", "metres"]);

    let metrics = String::from_utf8(place.read("run/metrics.jsonl")).unwrap();
    let epochs: Vec<Value> = metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(epochs.len(), 4);
    assert_eq!(epochs[3]["test_outputs"], trained["outputs"]);
    let rmse = |epoch: &Value, output: usize| epoch["test_outputs"][output]["rmse"].as_f64().unwrap();
    // In grams and metres, not in shares of their ranges.
    assert!(rmse(&epochs[0], 0) > 50.0 && rmse(&epochs[0], 1) < 0.5, "{metrics}");
    assert!(rmse(&epochs[3], 0) < rmse(&epochs[0], 0), "{metrics}");

    let watched = place.run("monitor run --once");
    let last = watched.out.lines().last().unwrap();
    for fragment in ["test R^2 ", "RMSE ", "(grams)", "(metres)", "V^2"] {
        assert!(last.contains(fragment), "{last}");
    }
    let report = String::from_utf8(place.read("run/report.html")).unwrap();
    for heading in ["test R\u{b2}", "test RMSE of grams", "test RMSE of metres"] {
        assert!(report.contains(&format!("<th scope=\"col\">{heading}</th>")), "no {heading}");
    }
    assert!(!report.contains("accuracy</th>"), "there are no classes");
    assert!(place.read("run/r2.svg").starts_with(b"<svg"));

    // The run's own configuration as the base of a plan.
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    let based = config.replace("\n[", "\n[base.").replace("[base.[", "[[base.");
    place.write("plan.toml", format!("grid.epochs = [2, 3]\n[base]\n{based}"));
    let planned = place.run("sweep plan plan.toml --out sweep -q");
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert_eq!(place.json("sweep run sweep")["trained"], 2);
    let table = place.run("sweep table sweep").out;
    let column = |name: &str| table.lines().next().unwrap().split(',').position(|heading| heading == name);
    let row = table.lines().find(|line| line.split(',').nth(1) == Some("3")).unwrap();
    for (output, name) in outputs.iter().zip(["rmse.grams", "rmse.metres"]) {
        let cell = row.split(',').nth(column(name).unwrap()).unwrap();
        assert_eq!(cell.parse::<f64>().unwrap(), output["rmse"].as_f64().unwrap(), "{table}");
    }
}
