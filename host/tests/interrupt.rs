//! A real signal to a real process: a checkpoint, exit code 130, and after `resume` the very same bits.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Place, program};
use std::process::{Command, Stdio};
use std::time::Duration;

const TRAIN: [&str; 5] = ["train", "wine", "--epochs", "400", "--out"];

fn interrupted_at(place: &Place, run: &str, signal: &str, lines: usize) {
    let mut child = Command::new(program())
        .current_dir(place.path(""))
        .args(TRAIN)
        .arg(run)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let metrics = place.path(run).join("metrics.jsonl");
    let written = || std::fs::read_to_string(&metrics).map_or(0, |text| text.lines().count());
    while written() < lines {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    assert!(message.contains(&format!("wheatstone resume {run}")), "{message}");
}

#[test]
fn a_run_interrupted_twice_ends_in_the_same_bits() {
    let place = Place::new();
    let whole = place.json("train wine --epochs 400 --out whole");
    interrupted_at(&place, "parts", "-INT", 20);
    let after_first = wheatstone_learn::run::read_checkpoint(&place.path("parts/checkpoint.bin")).unwrap();
    assert!(after_first.samples > 0 && after_first.samples < whole["samples"].as_u64().unwrap());
    // Go on for a few epochs, then to the end.
    let epochs = after_first.samples / 142 + 3;
    place.json(&format!("resume parts --epochs {epochs}"));
    let resumed = place.json("resume parts");
    assert_eq!(resumed["digest"], whole["digest"]);
    for file in ["checkpoint.bin", "metrics.jsonl", "evaluation.json"] {
        assert_eq!(
            place.read(&format!("parts/{file}")),
            place.read(&format!("whole/{file}")),
            "{file} differs"
        );
    }
}

#[test]
fn a_polite_end_is_an_interrupt_too() {
    let place = Place::new();
    interrupted_at(&place, "run", "-TERM", 5);
}
