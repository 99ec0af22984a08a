//! Runs disturbed from outside: writes that fail, kills, and nobody who reads what is said. A sample of `cargo xtask disturb-runs`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;
#[path = "../../xtask/src/disturb_runs/trial.rs"]
mod trial;

use common::{Place, program};
use std::process::Command;
use trial::{Disturbance, Ended, Trial};

fn disturb(disturbances: impl FnOnce(&Trial) -> Vec<Disturbance>) -> Vec<Ended> {
    if !trial::strace_works() {
        eprintln!(
            "skipped: strace is not installed or may not trace; of a distribution, the package strace has it"
        );
        return Vec::new();
    }
    let place = Place::new();
    let trial = Trial::new(&program(), &place.path("trial")).unwrap();
    disturbances(&trial).iter().map(|disturbance| trial.disturb(disturbance).unwrap()).collect()
}

fn writes(error: &'static str, at: impl Iterator<Item = u32>, onwards: bool) -> Vec<Disturbance> {
    at.map(|at| Disturbance::Write { error, at, onwards }).collect()
}

#[test]
fn a_write_that_fails_costs_nothing_but_the_way_back() {
    let ended = disturb(|_| writes("ENOSPC", (1..40).step_by(3), false));
    assert!(ended.is_empty() || ended.contains(&Ended::Code(1)), "{ended:?}");
}

#[test]
fn a_disk_that_fails_for_good_ends_a_run_without_panic() {
    let ended = disturb(|_| writes("EIO", (1..30).step_by(4), true));
    assert!(ended.is_empty() || ended[0] == Ended::Code(1), "{ended:?}");
}

#[test]
fn a_kill_costs_nothing_but_the_way_back() {
    let ended = disturb(|trial| trial.kills().unwrap().into_iter().step_by(12).collect());
    assert!(ended.is_empty() || ended.contains(&Ended::Killed), "{ended:?}");
}

/// Runs a line of shell with the program as `$W` and says how it ended and what came out.
fn shell(place: &Place, line: &str) -> (Option<i32>, String) {
    let ended = Command::new("sh")
        .current_dir(place.path(""))
        .env("W", program())
        .args(["-c", line])
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn nobody_has_to_read_what_is_said() {
    let place = Place::new();
    place.json("train xor --epochs 2 --out whole");
    for (number, (line, code)) in [
        ("$W train xor --epochs 2 --out RUN 2>/dev/full", 0),
        ("$W train xor --epochs 2 --out RUN 2>&-", 0),
        ("{ $W train xor --epochs 2 --out RUN 2>&1 >/dev/null; echo $? >code; } | true; exit $(cat code)", 0),
        ("{ $W train xor --epochs 2 --out RUN; echo $? >code; } | true; exit $(cat code)", 0),
        ("$W train xor --epochs 2 --out RUN >/dev/full", 1),
        ("$W train xor --epochs 2 --out RUN --json >/dev/full 2>/dev/full", 1),
        ("$W train xor --epochs 2 --out whole 2>/dev/full", 2),
        ("$W train nonsense 2>&-", 2),
        ("$W inspect whole >/dev/full", 1),
        ("$W completions bash >/dev/full", 1),
        ("$W man >/dev/full 2>/dev/full", 1),
        ("$W --help >/dev/full", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let run = format!("run{number}");
        let (ended, said) = shell(&place, &line.replace("RUN", &run));
        assert_eq!(ended, Some(code), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
        if line.contains("RUN") {
            for file in ["checkpoint.bin", "metrics.jsonl", "evaluation.json"] {
                assert!(
                    place.read(&format!("{run}/{file}")) == place.read(&format!("whole/{file}")),
                    "{line}: {file}"
                );
            }
        }
    }
}
