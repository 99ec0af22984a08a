//! Names from files never become paths, Verilog, netlists, formulas or markup.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Place;
use std::process::Command;

const HOSTILE: &str = include_str!("cases/graphs/hostile.json");
const INJECTION: &str = include_str!("cases/graphs/verilog-injection.json");
const RUN_NAME: &str = include_str!("cases/graphs/runname.toml");
const ESCAPES: &str = include_str!("cases/graphs/escape-names.toml");

/// Names that lead elsewhere, hide, or mean something to a shell or a system.
const NO_STEMS: [&str; 12] =
    ["../x", "/tmp/x", "a/b", "..", ".hidden", "a\\b", "C:x", "$(touch x)", "-rf", "a b", "NUL", "x\u{0}y"];

fn network(name: &str) -> String {
    let name = serde_json::to_string(name).unwrap();
    format!(
        r#"{{"wheatstone_network": 1, "name": {name}, "inputs": ["a"], "outputs": ["b"], "nodes": [{{"name": "a"}}, {{"name": "b"}}], "edges": [{{"ends": ["a", "b"]}}]}}"#
    )
}

/// Refused with exit 2 and a message that names the field; nothing written, here or above.
#[track_caller]
fn refused(place: &Place, inner: &str, arguments: &str) {
    let before = place.files();
    let done = Command::new(common::program())
        .current_dir(place.path(inner))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{arguments}: {err}");
    assert!(err.contains("name = ") && err.contains("no file or folder"), "{arguments}: {err}");
    assert!(!err.trim_end().contains(|c: char| c.is_control() && c != '\n'), "{arguments}: {err:?}");
    assert_eq!(place.files(), before, "{arguments}");
}

#[test]
fn names_that_are_no_file_stem_are_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("inner")).unwrap();
    for (number, name) in NO_STEMS.iter().enumerate() {
        place.write("inner/net.json", network(name));
        let quoted = toml::Value::String((*name).to_owned()).to_string();
        place.write("inner/run.toml", format!("extends = \"xor\"\nname = {quoted}\nepochs = 1\n"));
        refused(&place, "inner", "hdl emit --network net.json");
        refused(&place, "inner", "hdl emit --config run.toml");
        refused(&place, "inner", "train --config run.toml");
        if number < 3 {
            refused(&place, "inner", "build --network net.json");
        }
    }
    place.write("inner/net.json", HOSTILE);
    refused(&place, "inner", "hdl emit --network net.json");
    refused(&place, "inner", "build --network net.json");
    place.write("inner/net.json", INJECTION);
    refused(&place, "inner", "hdl emit --network net.json");
    place.write("inner/run.toml", RUN_NAME);
    refused(&place, "inner", "train --config run.toml");
    // A folder or file of one's own choice is written whatever the name.
    let ended = place.run("train --config inner/run.toml --epochs 1 --out mine");
    assert_eq!(ended.code, 0, "{}", ended.err);
}

/// Comments that tools obey.
fn directives(text: &str) -> Vec<&str> {
    let is_directive = |line: &&str| {
        let words =
            line.trim_start().strip_prefix("//").unwrap_or_default().trim_start().to_ascii_lowercase();
        ["synthesis", "synopsys", "verilator"].iter().any(|tool| words.starts_with(tool))
    };
    text.lines().filter(is_directive).collect()
}

/// The emitted text of a network does not depend on its names but for comments, and no simulator finds more modules in it.
#[test]
fn names_do_not_reach_verilog() {
    let place = Place::new();
    let plain: String = network("plain");
    let body = |text: &str| {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    };
    place.write("net.json", &plain);
    place.json("hdl emit --network net.json --out plain.v --board generic");
    let plain_text = String::from_utf8(place.read("plain.v")).unwrap();
    let expected = body(&plain_text);
    let injected: serde_json::Value = serde_json::from_str(INJECTION).unwrap();
    let names = [
        injected["name"].as_str().unwrap(),
        "x\nmodule evil; initial $finish; endmodule",
        "x\rmodule evil; endmodule",
        "*/ module evil; endmodule /*",
        "synthesis translate_off",
        "verilator lint_off WIDTH",
        "endmodule // \\",
        "`include \"/etc/passwd\"",
        "a\u{2028}module evil; endmodule\u{85}",
        "\u{1b}[2J\u{7}",
    ];
    for name in names {
        place.write("net.json", network(name));
        place.json("hdl emit --network net.json --out named.v --board generic");
        let text = String::from_utf8(place.read("named.v")).unwrap();
        assert_eq!(body(&text), expected, "{name:?}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{name:?}");
        assert_eq!(directives(&text), directives(&plain_text), "{name:?}");
    }
}

#[test]
fn icarus_finds_no_module_but_the_arrays() {
    let place = Place::new();
    if Command::new("iverilog").arg("-V").output().is_err() {
        eprintln!("skipped: iverilog is not installed; `cargo xtask setup` installs it");
        return;
    }
    let injected: serde_json::Value = serde_json::from_str(INJECTION).unwrap();
    for name in [injected["name"].as_str().unwrap(), "x\nmodule evil; initial $finish; endmodule", "\\"] {
        place.write("net.json", network(name));
        place.json("hdl emit --network net.json --out named.v --board generic");
        let done = Command::new("iverilog")
            .args(["-g2005", "-s", "evil", "-o", "evil.vvp", "named.v"])
            .current_dir(place.path(""))
            .output()
            .unwrap();
        assert!(!done.status.success(), "{name:?}: a module of its own");
        let done = Command::new("iverilog")
            .args(["-g2005", "-s", "array", "-o", "array.vvp", "named.v"])
            .current_dir(place.path(""))
            .output()
            .unwrap();
        assert!(done.status.success(), "{name:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Hostile names come back from every format, and stay inside their quotes where they are only written.
#[test]
fn names_come_back_from_every_format() {
    let place = Place::new();
    place.write("hostile.json", HOSTILE);
    place.write("escapes.toml", ESCAPES);
    let original: serde_json::Value = serde_json::from_str(HOSTILE).unwrap();
    place.json("convert hostile.json same.json");
    for format in ["toml", "json", "node-link", "graphml", "notebook", "spice", "edge-list"] {
        place.json(&format!("convert hostile.json there --to {format} --conductance 0.5 --volts 0.5,-0.5"));
        let ports = if format == "edge-list" { "--inputs p,q --outputs y" } else { "" };
        place.json(&format!("convert there back.json {ports}"));
        let back: serde_json::Value = serde_json::from_slice(&place.read("back.json")).unwrap();
        let names = |network: &serde_json::Value| -> Vec<String> {
            let nodes = network["nodes"].as_array().unwrap().iter();
            nodes.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&back), names(&original), "{format}");
        place.json(&format!("convert escapes.toml there --to {format} --conductance 0.5 --volts 0.5"));
        let text = String::from_utf8(place.read("there")).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{format}: {text}");
    }
    for format in ["dot", "svg"] {
        for file in ["hostile.json", "escapes.toml"] {
            place.json(&format!("convert {file} picture --to {format}"));
            let text = String::from_utf8(place.read("picture")).unwrap();
            assert!(
                !text.contains('\u{1b}') && (format == "dot" || !text.contains("<b>")),
                "{format}: {text}"
            );
        }
    }
}

/// What Graphviz makes of hostile names are the names themselves.
#[test]
fn graphviz_reads_what_is_written() {
    let place = Place::new();
    place.write("hostile.json", HOSTILE);
    place.write("escapes.toml", ESCAPES);
    if Command::new("dot").arg("-V").output().is_err() {
        eprintln!("skipped: Graphviz is not installed");
        return;
    }
    for file in ["hostile.json", "escapes.toml"] {
        place.json(&format!("convert {file} picture.dot"));
        let done = Command::new("dot")
            .args(["-Tplain", "picture.dot"])
            .current_dir(place.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
        let nodes = said.lines().filter(|line| line.starts_with("node n")).count();
        let network: serde_json::Value = place.json(&format!("inspect {file}"));
        assert_eq!(Some(nodes as u64), network["nodes"].as_u64(), "{said}");
    }
}

/// Waveforms call cells by their numbers.
#[test]
fn names_do_not_reach_waveforms() {
    let place = Place::new();
    place.write("hostile.json", HOSTILE);
    place.json(
        "hdl simulate xor --network hostile.json --set encoding.pairs=false --set encoding.rails=[] --samples 1 \
         --trace waves.vcd",
    );
    let text = String::from_utf8(place.read("waves.vcd")).unwrap();
    let declared: Vec<&str> = text.lines().take_while(|line| !line.starts_with("$enddefinitions")).collect();
    assert!(declared.iter().any(|line| line.contains("node_16")), "its 17 nodes");
    let network: serde_json::Value = serde_json::from_str(HOSTILE).unwrap();
    for node in network["nodes"].as_array().unwrap() {
        let name = node["name"].as_str().unwrap();
        // Shorter ones may be codes that a waveform has for its signals.
        if name.len() > 4 && name.chars().any(|c| !c.is_ascii_alphanumeric()) {
            assert!(!declared.iter().any(|line| line.contains(&format!(" {name} "))), "{name}");
        }
    }
    assert!(!text.contains("PWN"));
}

/// Answers whose class reads like a formula are text to a spreadsheet; numbers stay numbers.
#[test]
fn tables_hold_no_formulas() {
    let place = Place::new();
    let classes = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3"];
    let mut table = String::from("a,b,kind\n");
    for row in 0..40 {
        let class = classes[row % 4];
        table += &format!("{},{},\"{class}\"\n", row % 4, (row % 4) * 2 + row % 3);
    }
    place.write("table.csv", &table);
    place.json("train --data table.csv --target kind --kind classification --epochs 1 --out run");
    let ended = place.run("predict run --data table.csv");
    assert_eq!(ended.code, 0, "{}", ended.err);
    for cell in ended.out.lines().flat_map(|line| line.split(',')) {
        let cell = cell.trim_matches('"');
        assert!(!cell.starts_with(['=', '@', '+']), "{cell}");
        assert!(!cell.starts_with('-') || cell.parse::<f64>().is_ok(), "{cell}");
    }
}
