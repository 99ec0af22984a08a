//! `wheatstone build` from outside, with tools that are shell scripts.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Ended, Place, program};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const NETWORK: &[&str] = &["build", "--network", "linear-regression", "--board", "hx8k-evn"];

const YOSYS: &str = "case $1 in -V) echo 'Yosys 0.70 (fake)'; exit 0;; esac\necho netlist > synth.json";

const NEXTPNR: &str = r#"case $1 in --version) echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'; exit 0;; esac
echo '{"modules": {"top": {"cells": {"bordered_array.array.edge_3.x": {"type": "ICESTORM_LC", "attributes": {"NEXTPNR_BEL": "X1/Y1/lc0"}}}}}}' > routed.json
echo '{"fmax": {"clk_$glb_clk": {"achieved": 45.5, "constraint": 12}}}' > route-report.json
echo '(DELAYFILE)' > routed.sdf
echo routed > routed.asc"#;

/// The commands of an iCE40 bitstream for the 8K with one empty bank.
const ICEPACK: &str = r"{
  printf '\176\252\231\176\142\003\147\162\001\020\021\000\001\001'
  head -c 29650 /dev/zero
  printf '\001\006\000'
} > bitstream.bin";

const TOOLS: [(&str, &str, &str); 3] = [
    ("WHEATSTONE_YOSYS", "yosys", YOSYS),
    ("WHEATSTONE_NEXTPNR_ICE40", "nextpnr-ice40", NEXTPNR),
    ("WHEATSTONE_ICEPACK", "icepack", ICEPACK),
];

/// A place with fake tools, one of them perhaps replaced.
fn place(replaced: Option<(&str, &str)>) -> Place {
    let place = Place::new();
    for (_, name, script) in TOOLS {
        let script = replaced.filter(|(other, _)| *other == name).map_or(script, |(_, script)| script);
        place.write(name, format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    place
}

fn variables(place: &Place) -> Vec<(&'static str, PathBuf)> {
    TOOLS.iter().map(|&(variable, name, _)| (variable, place.path(name))).collect()
}

fn run(place: &Place, more: &[&str]) -> Ended {
    let variables = variables(place);
    let variables: Vec<_> = variables.iter().map(|(name, path)| (*name, path.as_path())).collect();
    place.run_with(&variables, &[NETWORK, more].concat())
}

#[test]
fn a_build_ends_with_one_object_and_leaves_report_and_manifest() {
    let place = place(None);
    let ended = run(&place, &["--until", "route", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let outcome: Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    assert_eq!((&outcome["lut4"], &outcome["dsp"]), (&1.into(), &0.into()));
    for unknown in
        ["worst_bundling_slack_ps", "worst_hold_slack_ps", "min_pulse_ps", "step_ns", "bitstream_sha256"]
    {
        assert_eq!(outcome[unknown], Value::Null, "{unknown}");
        assert!(outcome.as_object().unwrap().contains_key(unknown), "{unknown}");
    }
    let folder = "build/hx8k-evn/linear-regression-seed1";
    assert!(place.read(&format!("{folder}/config.toml")).starts_with(b"name = \"linear-regression\""));
    let html = String::from_utf8(place.read(&format!("{folder}/report.html"))).unwrap();
    for part in
        ["linear-regression for hx8k-evn", "Placement", "not checked", "serial_linear_edge", "Yosys 0.70"]
    {
        assert!(html.contains(part), "{part}");
    }
    for unwanted in ["<script", " src=", "href", "http://", "{{"] {
        assert!(!html.contains(unwanted), "{unwanted}");
    }
    let manifest = String::from_utf8(place.read(&format!("{folder}/MANIFEST.toml"))).unwrap();
    assert!(manifest.contains("--network") && manifest.contains("checked = false"), "{manifest}");
    // The same again is taken from the cache.
    let again = run(&place, &["--until", "route", "--json"]);
    let again: Value = serde_json::from_str(again.out.lines().last().unwrap()).unwrap();
    let cached: Vec<&Value> =
        again["stages"].as_array().unwrap().iter().map(|stage| &stage["cached"]).collect();
    assert_eq!(cached, [&Value::Bool(false), &Value::Bool(true), &Value::Bool(true)]);
}

#[test]
fn a_failing_tool_is_told_with_its_words_and_its_log() {
    let broken =
        "case $1 in -V) echo 'Yosys 0.70 (fake)'; exit 0;; esac\necho 'ERROR: gone wrong' >&2; exit 1";
    let ended = run(&place(Some(("yosys", broken))), &[]);
    assert_eq!(ended.code, 1);
    for part in [
        "stage synth",
        "exit code 1",
        "ERROR: gone wrong",
        "build/hx8k-evn/linear-regression-seed1/synth.log",
    ] {
        assert!(ended.err.contains(part), "{part}: {}", ended.err);
    }
}

#[test]
fn another_version_of_a_tool_is_told() {
    let old = YOSYS.replace("0.70", "0.23");
    let ended = run(&place(Some(("yosys", &old))), &["--until", "synth"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("Yosys 0.23") && ended.err.contains("checked with 0.70"), "{}", ended.err);
}

#[test]
fn what_cannot_be_built_is_bad_input() {
    let place = place(None);
    let full = NEXTPNR.to_owned() + "\necho 'Info: ICESTORM_LC: 7754/ 7680 100%'; exit 255";
    let too_large = run(&self::place(Some(("nextpnr-ice40", &full))), &[]);
    assert_eq!(too_large.code, 2);
    assert!(too_large.err.contains("takes 7754 of 7680 ICESTORM_LC"), "{}", too_large.err);
    for (arguments, fragment) in [
        ("build --network iris --board generic", "generic has no device"),
        ("build --network irsi --board hx8k-evn", "irsi"),
        ("build --network gone.toml --board hx8k-evn", "gone.toml"),
        ("build --network iris --board hx8k-evn --until place", "no stage `place`"),
        ("build --board hx8k-evn", "--network"),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.err);
        assert!(ended.err.contains(fragment), "{arguments}: {}", ended.err);
    }
}

#[test]
fn an_interrupt_ends_the_build_and_its_tool() {
    let endless =
        "case $1 in -V) echo 'Yosys 0.70 (fake)'; exit 0;; esac\necho $$ > PLACE/running; exec sleep 600";
    let place = place(None);
    let script = endless.replace("PLACE", place.path("").to_str().unwrap());
    place.write("yosys", format!("#!/bin/sh\n{script}\n"));
    let mut child = Command::new(program())
        .current_dir(place.path(""))
        .args(NETWORK)
        .envs(variables(&place))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let running = place.path("running");
    let tool = || std::fs::read_to_string(&running).unwrap_or_default();
    while tool().trim().is_empty() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(5));
    }
    let signal =
        |arguments: &[&str]| Command::new("kill").args(arguments).stderr(Stdio::null()).status().unwrap();
    assert!(signal(&["-INT", &child.id().to_string()]).success());
    let ended = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    assert!(message.contains("stopped in stage synth"), "{message}");
    assert!(!signal(&["-0", tool().trim()]).success(), "its tool still runs");
}
