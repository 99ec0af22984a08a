//! Graphs as people have them: read by every command that takes a network, converted both ways, and solved by ngspice.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Place;
use std::path::Path;
use std::process::Command;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/graphs");

/// Settings under which `xor` has as many ports as the small graphs: two inputs and one output.
const TWO_INPUTS: &str = "--set encoding.pairs=false --set encoding.rails=[]";

fn place_with_cases() -> Place {
    let place = Place::new();
    for entry in std::fs::read_dir(CASES).unwrap() {
        let path = entry.unwrap().path();
        place.write(path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
    }
    place
}

/// A file, and arguments that name its ports.
const GRAPHS: [(&str, &str, [u64; 2]); 10] = [
    ("bom.json", "", [3, 2]),
    ("nx_node_link.json", "--inputs 0,1 --outputs 3", [4, 3]),
    ("guzman_style.json", "--inputs 0,1 --outputs 3", [4, 3]),
    ("net.graphml", "--inputs a,b --outputs y", [3, 2]),
    ("net.edgelist", "--inputs 0,1 --outputs 3", [4, 3]),
    ("multi-node-link.json", "", [3, 2]),
    ("grid-node-link.json", "--inputs (0,\u{a0}0),(1,\u{a0}0) --outputs (1,\u{a0}2)", [6, 7]),
    ("grid.graphml", "", [6, 7]),
    ("grid.edgelist", "--inputs 0,3 --outputs 5", [6, 7]),
    ("grid-weighted.edgelist", "--inputs 0,3 --outputs 5", [6, 7]),
];

/// Runs with arguments in which a no-break space stands for a blank.
fn run(place: &Place, arguments: &str) -> common::Ended {
    let arguments: Vec<String> =
        arguments.split(' ').filter(|a| !a.is_empty()).map(|a| a.replace('\u{a0}', " ")).collect();
    place.run_with(&[], &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn json(place: &Place, arguments: &str) -> serde_json::Value {
    let ended = run(place, &format!("{arguments} --json"));
    assert_eq!(ended.code, 0, "{arguments}: {}", ended.err);
    serde_json::from_str(ended.out.lines().last().unwrap()).unwrap()
}

#[test]
fn every_format_is_inspected_trained_and_emitted() {
    let place = place_with_cases();
    for (number, (file, ports, [nodes, edges])) in GRAPHS.into_iter().enumerate() {
        let facts = json(&place, &format!("inspect {file} {ports}"));
        assert_eq!((facts["nodes"].as_u64(), facts["edges"].as_u64()), (Some(nodes), Some(edges)), "{file}");
        assert_eq!((facts["inputs"].as_u64(), facts["outputs"].as_u64()), (Some(2), Some(1)), "{file}");
        // Without ports it is described all the same, and says what it lacks.
        let facts = json(&place, &format!("inspect {file}"));
        assert_eq!(facts["nodes"].as_u64(), Some(nodes), "{file}");
        assert_eq!(facts["to_be_trained"].is_string(), !ports.is_empty(), "{file}: {facts}");

        let train = format!("train xor {TWO_INPUTS} --epochs 2 --network {file} {ports} --out run{number}");
        assert_eq!(run(&place, &train).code, 0, "{file}: {}", run(&place, &train).err);
        let facts = json(&place, &format!("inspect run{number}"));
        assert_eq!(facts["edges"].as_u64(), Some(edges), "{file}");
        let resumed = run(&place, &format!("resume run{number} --epochs 3"));
        assert_eq!(resumed.code, 0, "{file}: {}", resumed.err);
        let emitted = json(&place, &format!("hdl emit --network {file} {ports} --out {number}.v"));
        assert_eq!(emitted["edges"].as_u64(), Some(edges), "{file}");
    }
}

#[test]
fn a_graph_without_ports_says_so() {
    let place = place_with_cases();
    for (file, fragments) in [
        ("nx_node_link.json", ["nx_node_link.json", "which nodes are inputs", "--inputs", "\"0\", \"1\""]),
        ("guzman_style.json", ["guzman_style.json", "which nodes are inputs", "--inputs", "\"0\", \"1\""]),
        ("net.graphml", ["net.graphml", "which nodes are inputs", "attribute `input`", "\"a\", \"b\""]),
        ("net.edgelist", ["net.edgelist", "which nodes are inputs", "network.inputs", "\"0\", \"2\""]),
    ] {
        for command in [
            format!("train xor {TWO_INPUTS} --network {file} --out run"),
            format!("hdl emit --network {file}"),
            format!("build --network {file}"),
            format!("convert {file} out.toml"),
        ] {
            let before = place.files();
            let ended = place.run(&command);
            assert_eq!(ended.code, 2, "{command}: {}", ended.err);
            for fragment in fragments {
                assert!(ended.err.contains(fragment), "{command}: no `{fragment}` in {}", ended.err);
            }
            assert_eq!(place.files(), before, "{command}");
        }
    }
}

#[test]
fn other_files_get_a_hint_at_what_is_taken() {
    let place = Place::new();
    place.write("a.gml", "graph [\n]\n");
    place.write("b.json", "{\"a\": 1}");
    place.write("c.txt", "dear all\nplease find the network attached to this letter\n");
    place.write("d.bin", b"\x00\xff\x01");
    place.write("e.toml", "inputs = []\n");
    for (file, fragment) in [
        ("a.gml", "GML"),
        ("b.json", "`nodes` and `edges`"),
        ("c.txt", "SPICE"),
        ("d.bin", "UTF-8"),
        ("e.toml", "wheatstone_network"),
    ] {
        for command in [
            format!("inspect {file}"),
            format!("train xor --network {file} --out run"),
            format!("convert {file} x.json"),
        ] {
            let ended = place.run(&command);
            assert_eq!(ended.code, 2, "{command}: {}", ended.err);
            assert!(ended.err.contains(file) && ended.err.contains(fragment), "{command}: {}", ended.err);
            assert!(!ended.err.contains("heckpoint"), "{command}: {}", ended.err);
        }
    }
}

/// From every file into every format and from there into a network file: the same network, but for what is told to be left
/// out.
#[test]
fn every_format_goes_into_every_other() {
    let place = place_with_cases();
    for (file, ports, _) in GRAPHS {
        let direct = json(&place, &format!("convert {file} direct.json {ports}"));
        let digest = |file: &str, ports: &str| {
            json(&place, &format!("inspect {file} {ports}"))["network_digest"].clone()
        };
        let expected = digest("direct.json", "");
        for format in ["toml", "json", "node-link", "graphml", "edge-list", "notebook", "spice"] {
            let there = json(
                &place,
                &format!("convert {file} there --to {format} {ports} --conductance 0.5 --volts 0.1,-0.1"),
            );
            assert_eq!(there["edges"], direct["edges"], "{file}, {format}");
            let ports = if format == "edge-list" { ports_of(&place) } else { String::new() };
            json(&place, &format!("convert there back.json {ports}"));
            assert_eq!(digest("back.json", ""), expected, "{file}, {format}");
        }
        for (format, begin) in [("dot", "graph "), ("svg", "<svg")] {
            json(&place, &format!("convert {file} picture --to {format} {ports}"));
            assert!(String::from_utf8(place.read("picture")).unwrap().starts_with(begin), "{file}");
        }
    }
}

/// Arguments that name the ports of `direct.json`.
fn ports_of(place: &Place) -> String {
    let network: serde_json::Value = serde_json::from_slice(&place.read("direct.json")).unwrap();
    let list = |key: &str| {
        let names = network[key].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().replace(' ', "\u{a0}")).collect::<Vec<_>>().join(",")
    };
    format!("--inputs {} --outputs {}", list("inputs"), list("outputs"))
}

#[test]
fn conversions_that_lack_something_are_refused() {
    let place = place_with_cases();
    place.json("train iris --epochs 1 --out iris");
    for (arguments, fragments) in [
        ("convert bom.json out.xyz", ["out.xyz", "--to", "graphml"]),
        ("convert bom.json out --to gml", ["gml", "node-link", "spice"]),
        ("convert bom.json out.cir", ["2 edges", "--run", "--conductance"]),
        ("convert bom.json out.cir --conductance 0.5", ["2 inputs", "--volts", "--sample"]),
        ("convert bom.json out.cir --conductance 0.5 --volts 1", ["--volts", "1 voltages", "2 inputs"]),
        ("convert bom.json out.cir --conductance 0.5 --sample 1", ["--sample", "--run", "folder"]),
        ("convert bom.json out.cir --conductance 1.5", ["--conductance", "1.5", "up to 1"]),
        ("convert bom.json out.json --run iris", ["iris", "bom.json", "another network"]),
        ("convert iris out.cir --sample 151", ["151", "1 to 150", "choose"]),
        ("convert absent.json out.json", ["absent.json", "check the path", "absent"]),
    ] {
        let before = place.files();
        let ended = place.run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.err);
        for fragment in fragments {
            assert!(ended.err.contains(fragment), "{arguments}: no `{fragment}` in {}", ended.err);
        }
        assert_eq!(place.files(), before, "{arguments}");
    }
}

/// A learning shift for one group of edges serves all of them.
#[test]
fn one_learning_shift_serves_all_groups() {
    let place = Place::new();
    let groups = |count: usize| {
        let names: Vec<String> = (0..count).map(|i| format!("{{name = \"g{i}\"}}")).collect();
        let nodes: Vec<String> =
            (0..count.max(2) + 1).map(|i| format!("{{name = \"v{i}\", at = [{}.5, {i}]}}", i)).collect();
        let edges: Vec<String> = (0..count.max(2))
            .map(|i| format!("{{ends = [\"v{i}\", \"v{}\"], group = \"g{}\"}}", count.max(2), i % count))
            .collect();
        format!(
            "wheatstone_network = 1\ninputs = [\"v0\", \"v1\"]\noutputs = [\"v{}\"]\ngroups = [{}]\nnodes = [{}]\nedges = [{}]\n",
            count.max(2),
            names.join(", "),
            nodes.join(", "),
            edges.join(", ")
        )
    };
    for count in [1, 2, 3, 5] {
        place.write("net.toml", groups(count));
        for shift in ["--set network.alpha=[2]", ""] {
            let out = format!("run{count}{}", shift.len());
            let train = format!("train xor {TWO_INPUTS} --network net.toml {shift} --epochs 1 --out {out}");
            let ended = place.run(&train);
            assert_eq!(ended.code, 0, "{train}: {}", ended.err);
            let facts = place.json(&format!("inspect {out}"));
            let expected = if shift.is_empty() { "g0 (alpha 0)" } else { "g0 (alpha 2)" };
            let groups = facts["groups"].as_str().unwrap();
            assert!(groups.starts_with(expected), "{groups}");
            assert_eq!(groups.matches(expected.split_once(' ').unwrap().1).count(), count, "{groups}");
        }
        // Places are kept, also between whole numbers, and whole ones are written as they were.
        place.json("convert net.toml net.json");
        let text = String::from_utf8(place.read("net.json")).unwrap();
        assert!(text.contains("\"at\":[1.5,1]") && text.contains("\"at\":[0.5,0]"), "{text}");
    }
    let ended =
        place.run(&format!("train xor {TWO_INPUTS} --network net.toml --set network.alpha=[1,2] --out run"));
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("2 learning shifts") && ended.err.contains("one for all"), "{}", ended.err);
}

/// What a run has learnt, as ngspice solves it: the answers of the run.
#[test]
fn a_learnt_network_in_ngspice() {
    let place = Place::new();
    let known = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let has_ngspice = known("ngspice");
    if !has_ngspice {
        eprintln!("skipped: ngspice is not installed; `cargo xtask setup --ngspice` installs it");
    }
    for (preset, rows) in
        [("wine", ["1", "60", "178"]), ("linear-regression", ["1", "2", "3"]), ("iris", ["1", "75", "150"])]
    {
        place.json(&format!("train {preset} --epochs 2 --out {preset}"));
        for row in rows {
            let done = place.json(&format!("convert {preset} {preset}.cir --sample {row} --full-scale 2e-3"));
            assert_eq!(done["format"], "spice");
            let text = String::from_utf8(place.read(&format!("{preset}.cir"))).unwrap();
            assert!(text.contains("\n.op\n") && text.contains("\n.print dc"), "{text}");
            assert!(text.contains("\"full_scale_siemens\":0.002"), "{text}");
            if !has_ngspice {
                continue;
            }
            let volts = solved(&place.path(&format!("{preset}.cir")), &text);
            let expected = answers(&place, preset, row.parse().unwrap());
            assert_eq!(volts.len(), expected.len());
            for (found, expected) in volts.iter().zip(&expected) {
                // 32 or more relaxing steps, at 30 uV an LSB.
                assert!((found - expected).abs() < 1e-3, "{preset}, row {row}: {volts:?}, {expected:?}");
            }
        }
    }
}

/// Voltages of the outputs at the operating point.
fn solved(path: &Path, netlist: &str) -> Vec<f64> {
    let done = Command::new("ngspice").arg("-b").arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let table = said.split("Voltage").nth(1).unwrap().split("Source").next().unwrap().to_owned();
    let mut outputs: Vec<(u64, String)> = netlist
        .lines()
        .filter_map(|line| line.strip_prefix("*wheatstone node "))
        .filter_map(|json| {
            let node: serde_json::Value = serde_json::from_str(json).unwrap();
            Some((node["output"].as_u64()?, node["node"].as_str().unwrap().to_owned()))
        })
        .collect();
    outputs.sort();
    let volts = |word: &str| {
        let mut rows = table.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
        rows.find(|(name, _)| *name == word || *name == format!("V({word})"))
            .unwrap()
            .1
            .trim()
            .parse()
            .unwrap()
    };
    outputs.iter().map(|(_, word)| volts(word)).collect()
}

/// What the model answers to a row, relaxed for long.
fn answers(place: &Place, preset: &str, row: usize) -> Vec<f64> {
    use wheatstone_learn::device::{Device, Model};
    use wheatstone_learn::experiment::Experiment;
    use wheatstone_learn::run::RunFolder;
    let folder = RunFolder::open(&place.path(preset)).unwrap();
    let experiment = Experiment::prepare(folder.config().unwrap()).unwrap();
    let checkpoint = folder.checkpoint().unwrap();
    let mut model = Model::new(experiment.design.clone(), checkpoint.state).unwrap();
    let samples = experiment.samples(&[row - 1]).unwrap();
    let answer = model.relax(&samples, 2000, false).unwrap();
    let one = f64::from(experiment.design.format().one_volt());
    answer[0].iter().map(|&v| f64::from(v) / one).collect()
}
