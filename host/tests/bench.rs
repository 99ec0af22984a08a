//! `wheatstone bench` from end to end: what it leaves, what it says is missing, and how it ends when interrupted.
mod common;

use common::{Place, program};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const SMALL: &str = "bench linear-regression --format compact --board ulx3s-25f --out bench";

#[test]
fn a_bench_says_what_it_has_and_what_not() {
    let place = Place::new();
    let results = place.json(&format!("{SMALL} --seconds 0.4"));
    let on_disk: Value = serde_json::from_slice(&place.read("bench/linear-regression/results.json")).unwrap();
    assert_eq!(results, on_disk);

    let rows = results["rows"].as_array().unwrap();
    for row in rows {
        for field in ["contender", "quantity", "unit", "kind"] {
            assert!(row[field].is_string(), "{field} of {row}");
        }
        let [value, low, high] = ["value", "low", "high"].map(|field| row[field].as_f64().unwrap());
        assert!(low <= value && value <= high && low > 0.0, "{row}");
    }
    let value = |baseline: &str, metric: &str| {
        let row = rows.iter().find(|row| row["contender"] == baseline && row["quantity"] == metric);
        row.unwrap_or_else(|| panic!("{baseline} {metric}"))["value"].as_f64().unwrap()
    };
    let product = value("model", "samples_to_goal") * value("model", "sample_time");
    assert!((value("model", "time_to_goal") / product - 1.0).abs() < 1e-9);
    // The chip learns as the model does, so it needs as many samples.
    let product = value("model", "samples_to_goal") * value("device", "sample_time");
    assert!((value("device", "time_to_goal") / product - 1.0).abs() < 1e-9);
    let device = rows.iter().filter(|row| row["contender"] == "device");
    assert!(device.clone().all(|row| row["kind"] == "simulated" || row["kind"] == "estimated"));

    let missing: Vec<&str> =
        results["missing"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert!(missing.contains(&"device, measured"), "{missing:?}");
    let report = String::from_utf8(place.read("bench/linear-regression/report.html")).unwrap();
    assert!(report.contains("simulated") && report.contains("no board was named"));
    assert!(place.path("bench/linear-regression/sample-time.svg").exists());
}

#[test]
fn bad_wishes_are_named() {
    let place = Place::new();
    for (words, wanted) in [
        ("--accuracy 97", "a share is a number from 0 to 1"),
        ("--meter-log supply.csv", "--meter-accuracy"),
        ("--meter-port /dev/ttyUSB9", "--meter-accuracy"),
        ("--runs 3", "--runs"),
        ("--seconds -1", "--seconds"),
        ("--device ./nothing", "--device"),
        ("--device sim:", "only a board is worth measuring"),
    ] {
        let ended = place.run(&format!("{SMALL} {words}"));
        assert!(ended.code == 2 && ended.err.contains(wanted), "{words}: {} {}", ended.code, ended.err);
    }
    assert!(place.files().is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupted_bench_leaves_nothing() {
    let place = Place::new();
    let mut child = Command::new(program())
        .current_dir(place.path(""))
        .args("bench linear-regression --seconds 3000 --out bench".split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It speaks when it has begun to listen.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("measuring linear-regression"), "{line}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    said.read_to_string(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{line}");
    assert!(!place.path("bench").exists());
}
