//! `wheatstone trace`, `study` and `anneal`: figures, files, and what they refuse; frozen groups in a run.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Place;
use serde_json::Value;

fn json(place: &Place, arguments: &str) -> Value {
    let ended = place.run(&format!("{arguments} --json"));
    assert_eq!(ended.code, 0, "{arguments}: {}", ended.err);
    serde_json::from_str(ended.out.lines().last().unwrap()).unwrap()
}

/// A folder with all of a study's files.
fn assert_written(place: &Place, folder: &str, found: &Value, pictures: &[&str]) {
    let results: Value = serde_json::from_slice(&place.read(&format!("{folder}/results.json"))).unwrap();
    assert_eq!(results, *found);
    let html = String::from_utf8(place.read(&format!("{folder}/report.html"))).unwrap();
    assert!(
        html.matches("<svg").count() == pictures.len() && html.contains(&format!("--out {folder}")),
        "{html}"
    );
    pictures
        .iter()
        .for_each(|picture| assert!(place.path(&format!("{folder}/{picture}")).exists(), "{picture}"));
    assert!(place.read(&format!("{folder}/arrays.npz")).starts_with(b"PK"));
    let table = String::from_utf8(place.read(&format!("{folder}/table.csv"))).unwrap();
    assert!(table.lines().count() > 1, "{table}");
}

const LATTICE: &str =
    "--set network.shape={lattice={rows=4,columns=4,boundary=\"open\",inputs=[0,3,12,15],outputs=[5,6]}}";

#[test]
fn a_network_is_traced_to_rest() {
    let place = Place::new();
    let trained =
        place.run(&format!("train linear-regression --epochs 1 --set omega=8 {LATTICE} --out run -q"));
    assert_eq!(trained.code, 0, "{}", trained.err);
    let to = "--from 0,0,0,0 --to 0.5,-0.5,0.25,0.1 --sweeps 200";
    let found = json(&place, &format!("trace run {to} --out traced"));
    let [exact, measured] =
        ["exact_spectral_radius", "measured_spectral_radius"].map(|name| found[name].as_f64().unwrap());
    assert!((exact - measured).abs() < 2e-3 && exact < 1.0, "{found}");
    assert_eq!(found["rises"], 0);
    assert_written(&place, "traced", &found, &["trajectory.svg"]);
    let found = json(&place, &format!("trace run {to} --temperature 0.02 --trials 2000"));
    let work = |name: &str| found["work"][name].as_f64().unwrap();
    assert!((work("jarzynski") - work("free_energy")).abs() <= 4.0 * work("standard_error"), "{found}");
    let refused =
        |arguments: &str, fragments: &[&str]| place.run(arguments).assert_refused(arguments, 2, fragments);
    refused("trace run", &["--to"]);
    refused("trace run --to 1,2", &["--to", "2 voltages", "4 inputs"]);
    refused("trace run --to 0,0,0,2", &["--to", "2 is no voltage"]);
    refused("trace run/metrics.jsonl --to 0,0,0,0", &["no checkpoint"]);
    refused("trace run --to 0,0,0,0 --trials 5", &["--temperature"]);
    refused("trace run --to 0,0,0,0 --temperature 0.02 --between 4000000000", &["--between", "1000000"]);
    // A network with diodes has no equilibrium that is known exactly.
    assert_eq!(place.run("train xor --epochs 1 --out xor -q").code, 0);
    let inputs = json(&place, "inspect xor")["inputs"].as_u64().unwrap();
    let zeros = vec!["0"; usize::try_from(inputs).unwrap()].join(",");
    refused(&format!("trace xor --to {zeros}"), &["diodes"]);
}

#[test]
fn rates_are_studied() {
    let place = Place::new();
    let study = "study rate --alphas=-7..-6 --etas 0 --samples 300 --seeds 1 --goal 1e-2";
    let found = json(&place, &format!("{study} --out rates"));
    let points = found["points"].as_array().unwrap();
    assert_eq!(points.len(), 4);
    let time = |i: usize| points[i]["samples_to_goal"].as_f64().unwrap();
    assert!(points[0]["waves"] == "together" && time(0) > 1.5 * time(1), "{found}");
    assert_written(&place, "rates", &found, &["time.svg", "error.svg"]);
    assert_eq!(json(&place, study), found);
    let refused =
        |arguments: &str, fragments: &[&str]| place.run(arguments).assert_refused(arguments, 2, fragments);
    refused("study rate --alphas 3", &["-12..3"]);
    refused("study rate --alphas=3..-3", &["smaller one first"]);
    refused("study rate nothing", &["nothing"]);
    refused("study rate --goal nan", &["--goal", "above 0"]);
    for (key, instead) in [
        ("steps=8", "--steps"),
        ("seed=3", "--seeds"),
        ("waves=\"together\"", "both orders"),
        ("nudge.eta=2", "--etas"),
        ("learning={mode=\"quasistatic\"}", "every step"),
        ("network.alpha=[1]", "--alphas"),
    ] {
        let name = key.split('=').next().unwrap();
        refused(&format!("study rate --set omega=8 --set {key}"), &[&format!("--set {name}: "), instead]);
    }
}

#[test]
fn scaling_is_studied_and_goes_on_where_it_was_stopped() {
    let place = Place::new();
    let settings = "--features 32 --sizes 4,8,16 --rows 4,8,16 --row-features 16 --seeds 2";
    let study = |samples: u32| format!("study scaling {settings} --samples {samples}");
    let found = json(&place, &format!("{} --out laws", study(3000)));
    for law in ["time", "edges", "compute", "data"] {
        let of = |name: &str| found["laws"][law][name].as_f64().unwrap();
        assert!((of("exponent") - of("exponent_exact")).abs() < 0.1, "{law}: {found}");
    }
    assert_written(&place, "laws", &found, &["time.svg", "edges.svg", "compute.svg", "data.svg"]);
    assert_eq!(json(&place, &study(3000)), found);
    let refused =
        |arguments: &str, fragments: &[&str]| place.run(arguments).assert_refused(arguments, 2, fragments);
    refused("study scaling --covariance 1.3", &["0.25"]);
    refused("study scaling --sizes 8,4000", &["--sizes", "4000", "1024"]);
    std::fs::create_dir(place.path("other")).unwrap();
    place.write("other/checkpoint.json", "{}");
    refused(&format!("{} --out other", study(3000)), &["checkpoint.json", "remove it"]);
    #[cfg(target_os = "linux")]
    stopped_and_gone_on(&place, &study(200_000));
}

/// A signal as soon as it listens: exit 130, a checkpoint, and then the same figures as without it.
#[cfg(target_os = "linux")]
fn stopped_and_gone_on(place: &Place, study: &str) {
    let whole = json(place, study);
    let mut child = std::process::Command::new(common::program())
        .current_dir(place.path(""))
        .args(study.split(' '))
        .args(["--out", "parts"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while !catches_interrupts(child.id()) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(130) && message.contains("goes on"), "{message}");
    assert!(place.path("parts/checkpoint.json").exists());
    let other = format!("{study} --rate 4 --out parts");
    place.run(&other).assert_refused(&other, 2, &["other settings"]);
    assert_eq!(json(place, &format!("{study} --out parts")), whole);
    assert!(!place.path("parts/checkpoint.json").exists());
}

/// Whether a process has a handler for SIGINT, as the system tells.
#[cfg(target_os = "linux")]
fn catches_interrupts(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0)
}

#[test]
fn spins_find_low_energies_and_large_cuts() {
    let place = Place::new();
    // A ring of five, whose largest cut leaves one edge out.
    place.write("ring.txt", "5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n5 1 1\n");
    let found = json(&place, "anneal ring.txt --sweeps 200 --goal 4 --out cut");
    assert!(found["cut"] == 4 && found["reached"] == true && found["sweeps"].as_u64() < Some(200), "{found}");
    assert_written(&place, "cut", &found, &["descent.svg"]);
    for method in ["anneal", "temper"] {
        let found = json(&place, &format!("anneal ring.txt --problem energy --method {method} --sweeps 100"));
        assert_eq!(found["energy"], -5, "couplings of 1 want spins alike");
    }
    let glass = json(&place, "anneal 2d:6 --instance 3 --sweeps 300");
    assert_eq!(glass["spins"], 36);
    assert_eq!(json(&place, "anneal 2d:6 --instance 3 --sweeps 300"), glass);
    assert!(glass["energy"].as_i64() > Some(-60) && glass["energy"].as_i64() < Some(-40), "{glass}");
    let refused =
        |arguments: &str, fragments: &[&str]| place.run(arguments).assert_refused(arguments, 2, fragments);
    refused("anneal nowhere.txt", &["`nowhere.txt` is neither a file nor a glass"]);
    refused("anneal 2d:6 --temperatures 2,1", &["--temperatures"]);
    place.write("bad.txt", "2 1\n1 3 1\n");
    refused("anneal bad.txt", &["bad.txt: line 2", "`1 3 1` is no edge"]);
    place.write("twice.txt", "3 2\n1 2 1\n2 1 4\n");
    refused("anneal twice.txt", &["twice.txt: line 3", "nodes 1 and 2", "line 2"]);
    place.write("heavy.txt", "3 2\n1 2 1\n2 3 -2147483648\n");
    refused("anneal heavy.txt", &["heavy.txt: line 3", "-2147483648"]);
    refused("anneal ring.txt --couplings gaussian", &["--couplings", "ring.txt is a file"]);
    refused("anneal ring.txt --instance 2", &["--instance", "ring.txt is a file"]);
    refused("anneal 2d:6 --problem energy", &["--problem", "2d:6 is no file"]);
    refused("anneal ring.txt --method anneal --clusters true", &["--clusters", "--method is anneal"]);
}

#[test]
fn a_frozen_group_keeps_its_conductances() {
    let place = Place::new();
    let frozen = |name: &str, out: &str| {
        place.run(&format!("train iris --epochs 1 --set network.frozen=[\"{name}\"] --out {out} -q"))
    };
    assert_eq!(frozen("layer1", "frozen").code, 0);
    assert_eq!(place.run("train iris --epochs 1 --out plain -q").code, 0);
    let groups = json(&place, "inspect frozen")["groups"].to_string();
    assert!(groups.contains("layer1 (frozen), layer2 (alpha"), "{groups}");
    let digest = |run: &str| json(&place, &format!("inspect {run}"))["state_digest"].clone();
    assert_ne!(digest("frozen"), digest("plain"));
    frozen("layer9", "none").assert_refused(
        "frozen",
        2,
        &["network.frozen", "no group `layer9`", "layer1, layer2"],
    );
}
