//! `wheatstone monitor` where standard output is no terminal.

mod common;

use common::{Place, program};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_run_that_is_done_is_printed_and_left() {
    let place = Place::new();
    place.json("train iris --epochs 3 --out run");
    let ended = place.run("monitor run");
    assert_eq!(ended.code, 0, "{}", ended.err);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ended.out);
    assert!(lines[0].starts_with("epoch 0/3: 0 samples, training "), "{}", lines[0]);
    assert!(lines[3].starts_with("epoch 3/3: ") && lines[3].contains("% right, test "), "{}", lines[3]);
    place.write("run/link.json", r#"{"device": "pty:", "retries": 1, "samples": 360, "total": 360}"#);
    let last = place.json("monitor run");
    assert_eq!(
        (&last["finished"], &last["epochs"], &last["link"]["retries"]),
        (&true.into(), &3.into(), &1.into())
    );
}

#[test]
fn epochs_are_printed_as_they_come() {
    let place = Place::new();
    place.json("train iris --epochs 2 --out run");
    let metrics = String::from_utf8(place.read("run/metrics.jsonl")).unwrap();
    let lines: Vec<&str> = metrics.split_inclusive('\n').collect();
    let evaluation = place.read("run/evaluation.json");
    std::fs::remove_file(place.path("run/evaluation.json")).unwrap();
    // The last line is half written.
    place.write("run/metrics.jsonl", [lines[0], &lines[1][..9]].concat());
    let once = place.run("monitor run --once");
    assert_eq!((once.code, once.out.lines().count()), (0, 1), "{}", once.out);
    let mut child = Command::new(program())
        .current_dir(place.path(""))
        .args(["monitor", "run"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(printed.next().unwrap().unwrap().starts_with("epoch 0/2"));
    place.write("run/metrics.jsonl", &metrics);
    assert!(printed.next().unwrap().unwrap().starts_with("epoch 1/2"));
    assert!(printed.next().unwrap().unwrap().starts_with("epoch 2/2"));
    place.write("run/evaluation.json", evaluation);
    assert!(printed.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_no_run_is_refused() {
    let place = Place::new();
    let ended = place.run("monitor nowhere");
    assert_eq!(ended.code, 2);
    assert!(
        ended.err.contains("nowhere/config.toml") && ended.err.contains("folder of a run"),
        "{}",
        ended.err
    );
}
