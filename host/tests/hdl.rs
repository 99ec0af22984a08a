//! `wheatstone hdl`: the array as hardware, from outside; and a preset in simulation for a whole epoch.

mod common;

use common::{Place, program};
use std::process::{Command, Stdio};
use std::time::Duration;
use wheatstone_hdl::verify::side_by_side;
use wheatstone_hdl::{Array, Technology, timing};
use wheatstone_learn::config::Draft;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::run::read_checkpoint;
use wheatstone_sim::epoch_order;

#[test]
fn simulation_ends_with_one_object() {
    let place = Place::new();
    let outcome = place.json("hdl simulate iris --samples 2 --jitter 5");
    assert_eq!(outcome["equal"], true);
    assert_eq!(outcome["samples"], 2);
    assert_eq!(outcome["first_difference"], serde_json::Value::Null);
    // 8 relaxing steps and a learning step a sample.
    assert_eq!(outcome["steps"], 2 * 9);
    assert!(outcome["fires"].as_u64().unwrap() > 2 * 9 * 237, "{outcome}");
    let serial = place.json("hdl simulate linear-regression --samples 3 --format compact --board hx8k-evn");
    assert_eq!(serial["equal"], true, "{serial}");
    assert_eq!(place.files(), Vec::<String>::new());
}

#[test]
fn verilog_tells_where_it_comes_from() {
    let place = Place::new();
    let emitted = place.json("hdl emit linear-regression --board ulx3s-25f --out array.v");
    assert_eq!(emitted["edges"], 16);
    let text = String::from_utf8(place.read("array.v")).unwrap();
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
    let head = head.join("\n");
    for fragment in
        ["9 nodes and 16 edges", "hdl emit linear-regression --board ulx3s-25f", "design sha256", "ulx3s-25f"]
    {
        assert!(head.contains(fragment), "no `{fragment}` in: {head}");
    }
    assert!(text.contains("\nmodule array ("), "the top module");
    let own = text.split("\n`ifdef VERILATOR\n").next().unwrap();
    let modules: Vec<&str> = own.lines().filter(|line| line.starts_with("module ")).collect();
    assert_eq!(Some(modules.len() as u64), emitted["modules"].as_u64());
    assert!(modules.len() < 60, "equal modules are emitted once: {}", modules.len());
    place.json("hdl emit linear-regression --board ulx3s-25f --out again.v");
    let body = |name: &str| {
        let text = String::from_utf8(place.read(name)).unwrap();
        text.lines().filter(|line| !line.starts_with("// made by")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(body("array.v"), body("again.v"), "the same again");
}

#[test]
fn waveforms_are_whole_files() {
    let place = Place::new();
    place.json("hdl simulate linear-regression --samples 1 --trace waves.vcd");
    let text = String::from_utf8(place.read("waves.vcd")).unwrap();
    assert!(text.contains("$timescale 1 ps") && text.contains("$enddefinitions"), "a VCD header");
    assert!(text.ends_with('\n') && text.lines().count() > 10_000);
    assert_eq!(place.files(), ["waves.vcd"]);
}

#[test]
fn designs_that_cannot_be_built_are_refused() {
    let place = Place::new();
    let network = |nodes: usize, edges: &[(usize, usize)]| {
        let names: Vec<String> = (0..nodes).map(|i| format!("{{ name = \"n{i}\" }}")).collect();
        let ends: Vec<String> =
            edges.iter().map(|(a, b)| format!("{{ ends = [\"n{a}\", \"n{b}\"] }}")).collect();
        format!(
            "wheatstone_network = 1\ninputs = [\"n1\"]\noutputs = [\"n0\"]\nnodes = [{}]\nedges = [{}]\n",
            names.join(", "),
            ends.join(", ")
        )
    };
    place.write("triangle.toml", network(3, &[(0, 1), (1, 2), (2, 0)]));
    let spokes: Vec<(usize, usize)> = (1..=257).map(|leaf| (0, leaf)).collect();
    place.write("star.toml", network(258, &spokes));
    let before = place.files();
    for (arguments, fragments) in [
        ("hdl emit --network triangle.toml", ["odd", "n0"].as_slice()),
        ("hdl emit --network star.toml", &["n0", "257 edges", "256"]),
        ("hdl emit iris --format 18/8/16/16", &["v_bits = 18", "v_bits <= 17"]),
        ("hdl emit iris --format 16/8/18/16", &["k_bits = 18", "k_bits <= 17"]),
        ("hdl emit iris --board ulx4s", &["ulx4s", "ulx3s-85f"]),
        ("hdl emit --network absent.toml", &["absent.toml"]),
        ("hdl simulate irsi --samples 1", &["irsi", "iris"]),
        ("hdl simulate iris --from absent.bin", &["absent.bin"]),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.err);
        for fragment in fragments {
            assert!(ended.err.contains(fragment), "{arguments}: no `{fragment}` in: {}", ended.err);
        }
        assert!(!ended.err.contains("panicked"), "{arguments}: {}", ended.err);
        assert_eq!(place.files(), before, "{arguments} left something behind");
    }
}

/// Ctrl-C in the middle leaves a checkpoint; going on from it ends in the same bits as never stopping.
#[cfg(unix)]
#[test]
fn an_interrupted_simulation_goes_on_from_its_checkpoint() {
    let place = Place::new();
    let mut child = Command::new(program())
        .current_dir(place.path(""))
        .args(["hdl", "simulate", "linear-regression", "--samples", "100000", "--checkpoint", "half.bin"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be interrupted");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{message}");
    assert!(message.contains("--from half.bin"), "{message}");
    let shown = read_checkpoint(&place.path("half.bin")).unwrap().samples;
    assert!(shown > 0);
    place.json("hdl simulate linear-regression --samples 5 --from half.bin --checkpoint parts.bin");
    place.json(&format!("hdl simulate linear-regression --samples {} --checkpoint whole.bin", shown + 5));
    assert_eq!(place.read("parts.bin"), place.read("whole.bin"));
}

/// Every token on every channel and the whole state, in both formats, for all training samples of an epoch.
#[test]
fn the_iris_preset_equals_the_model_for_an_epoch() {
    for (format, jitter) in [("wide", None), ("compact", Some(9))] {
        let mut draft = Draft::preset("iris").unwrap();
        draft.set(&format!("format=\"{format}\"")).unwrap();
        let experiment = Experiment::prepare(draft.finish().unwrap()).unwrap();
        let array = Array::new(experiment.design.clone(), Technology::Ecp5).unwrap();
        if let Some(seed) = jitter {
            timing::jitter(&array.module, array.technology(), seed);
        }
        let mut pair = side_by_side(array, experiment.configuration(0), experiment.initial_state()).unwrap();
        let samples = experiment.samples(&experiment.split.train).unwrap();
        for place in epoch_order(experiment.config.seed, 0, samples.len()) {
            pair.train(&samples[place as usize]).unwrap();
            assert_eq!(pair.difference(), None, "{format}");
        }
        eprintln!(
            "{format}: {} samples, {} steps, {} fires",
            samples.len(),
            pair.steps(),
            pair.array().fires()
        );
        let row = experiment.samples(&experiment.split.test[..1]).unwrap();
        pair.read(&row[0].inputs, 8).unwrap();
        assert_eq!(pair.difference(), None, "{format}: reading");
    }
}
