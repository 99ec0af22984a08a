//! `wheatstone sample`: figures, files, and what it refuses; and features in a run.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Place;
use serde_json::Value;

const LATTICE: &str =
    "--set network.shape={lattice={rows=4,columns=4,boundary=\"open\",inputs=[0,3,12,15],outputs=[5,6]}}";

fn json(place: &Place, arguments: &str) -> Value {
    let ended = place.run(&format!("{arguments} --json"));
    assert_eq!(ended.code, 0, "{arguments}: {}", ended.err);
    serde_json::from_str(ended.out.lines().last().unwrap()).unwrap()
}

/// A lattice of linear edges with four inputs and two outputs, trained a little.
fn lattice(place: &Place) {
    let trained = place.run(&format!("train linear-regression --epochs 1 {LATTICE} --out run -q"));
    assert_eq!(trained.code, 0, "{}", trained.err);
}

#[test]
fn a_trained_network_fluctuates_as_theory_says() {
    let place = Place::new();
    lattice(&place);
    let found = json(&place, "sample run --temperature 0.0005 --sweeps 40000 --out sampled");
    for wave in ["free_wave", "clamped_wave"] {
        let figure = |name: &str| found[wave][name].as_f64().unwrap();
        assert!((figure("equipartition") - 1.0).abs() < 0.01, "{found}");
        assert!(figure("distance") < 1.5 * figure("floor"), "{found}");
    }
    assert_eq!(found["samples"], 40_000);
    let html = String::from_utf8(place.read("sampled/report.html")).unwrap();
    assert!(html.contains("<svg") && html.contains("wheatstone sample run --temperature 0.0005"), "{html}");
    let table = String::from_utf8(place.read("sampled/table.csv")).unwrap();
    assert!(table.starts_with("node,free_wave_mean,free_wave_sd,free_wave_exact_mean"), "{table}");
    assert_eq!(table.lines().count(), 1 + 12);
    let results: Value = serde_json::from_slice(&place.read("sampled/results.json")).unwrap();
    assert_eq!(results, found);
    assert!(place.read("sampled/arrays.npz").starts_with(b"PK"));
    assert!(place.path("sampled/fluctuations.svg").exists());
    // The same command, the same figures.
    assert_eq!(json(&place, "sample run --temperature 0.0005 --sweeps 40000"), found);
    assert_ne!(json(&place, "sample run --temperature 0.0005 --sweeps 40000 --seed 2"), found);
}

#[test]
fn observed_nodes_are_a_posterior() {
    let place = Place::new();
    lattice(&place);
    place.write("observed.csv", "node, volts\nn9, 0.4\nn10, -0.2\n");
    let found =
        json(&place, "sample run --temperature 0.0005 --sweeps 40000 --observe observed.csv --beta 3");
    let figure = |name: &str| found["posterior"][name].as_f64().unwrap();
    assert!((figure("equipartition") - 1.0).abs() < 0.01 && figure("mean_error") < 0.02, "{found}");
    assert!(found["prior"]["equipartition"].is_f64(), "{found}");
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let place = Place::new();
    lattice(&place);
    let refused =
        |arguments: &str, fragments: &[&str]| place.run(arguments).assert_refused(arguments, 2, fragments);
    refused("sample run --temperature=-1", &["give a number above 0"]);
    refused("sample run --temperature 9", &["temperature = 9", "outside 0 to 4.000"]);
    refused("sample run/config.toml --temperature 0.001", &["config.toml", "checkpoint"]);
    refused("sample run --temperature 0.001 --volts 1,2", &["2 voltages", "4 inputs"]);
    refused("sample run --temperature 0.001 --beta 2", &["--observe"]);
    let observed = |text: &str, fragments: &[&str]| {
        place.write("observed.csv", text);
        refused("sample run --temperature 0.001 --observe observed.csv", fragments);
    };
    observed("name,volts\nn5,1\n", &["observed.csv: line 1", "node,volts"]);
    observed("node,volts\nn99,0.1\n", &["observed.csv: line 2", "no node `n99`"]);
    observed("node,volts\nn9,high\n", &["line 2", "`high` is no voltage"]);
    observed("node,volts\nn9,0.1\nn9,0.2\n", &["line 3", "twice"]);
    observed("node,volts\n", &["observes no node"]);
    // 4196 nodes relax: two covariances of them would take 280 MB.
    let large = LATTICE.replace("rows=4,columns=4", "rows=60,columns=70");
    let trained = place.run(&format!("train linear-regression --epochs 1 {large} --out large -q"));
    assert_eq!(trained.code, 0, "{}", trained.err);
    refused("sample large --temperature 0.001 --sweeps 2", &["4196 nodes", "up to 4096"]);
}

/// A run with noise and waves together trains, resumes to the same bits, and says what it is.
#[test]
fn features_are_part_of_a_run() {
    let place = Place::new();
    let features = "--temperature 0.00001 --set waves=\"together\" -q";
    let whole = json(&place, &format!("train xor --epochs 6 --out whole {features}"));
    assert_eq!(
        json(&place, &format!("train xor --epochs 3 --out parts {features}"))["digest"]
            .as_str()
            .map(str::len),
        Some(64)
    );
    let resumed = json(&place, "resume parts --epochs 6");
    assert_eq!(whole["digest"], resumed["digest"]);
    let plain = json(&place, "train xor --epochs 6 --out plain -q");
    assert_ne!(whole["digest"], plain["digest"]);
    let facts = json(&place, "inspect whole");
    assert!(facts["features"]["temperature"].is_u64() && facts["features"]["waves"] == "together", "{facts}");
    assert!(json(&place, "inspect plain").get("features").is_none());
    // A board has no such cells.
    let refused = place.run("eval whole --device pty:");
    refused.assert_refused("eval", 2, &["noise", "use the model"]);
}

/// A centred nudge that is a larger negative conductance than an output's edges can ever be.
#[test]
fn a_centred_nudge_without_a_stable_state_is_refused() {
    let place = Place::new();
    let nudge = |beta: u8| format!("--set nudge={{kind=\"current\",beta={beta},centred=true}}");
    let few = "--set network.shape={layered={hidden=[8]}}";
    let noted = place.run(&format!("train digits --epochs 1 {few} {} --out noted", nudge(0)));
    assert!(noted.code == 0 && noted.err.contains("note: the nudge is centred"), "{}", noted.err);
    let quiet = place.run("train digits --epochs 1 --out digits");
    assert!(!quiet.err.contains("centred"), "{}", quiet.err);
    let one = "--set network.shape={layered={hidden=[1]}}";
    let refused = place.run(&format!("train digits --epochs 1 {one} {}", nudge(0)));
    refused.assert_refused("one edge at an output", 2, &["nudge: centred", "no stable voltage", "beta"]);
}
