//! What other tools say about the emitted Verilog: nothing.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{cases, extremes, tool};
use std::collections::BTreeSet;
use std::fs;
use wheatstone_hdl::Array;
use wheatstone_hdl::verilog::simulation_models;
use wheatstone_tools::{Output, Program, Tool, ToolError};

/// Verilator's warnings, all but these:
/// - `DECLFILENAME`: one file has all modules;
/// - `UNUSEDSIGNAL`: cells and leaves take whole buses, of which some need a part only: the last bit of a generator, the
///   sign of a difference;
/// - `UNOPTFLAT`: Verilator takes a bus whose bits follow from one another for a loop. Yosys looks bit by bit.
const VERILATOR: [&str; 9] = [
    "--lint-only",
    "-Wall",
    "-Wno-fatal",
    "-Wno-DECLFILENAME",
    "-Wno-UNUSEDSIGNAL",
    "-Wno-UNOPTFLAT",
    "--top-module",
    "array",
    "array.v",
];

/// Runs a tool on every array and fails with every line that matters.
fn quiet(program: Program, arguments: &[&str], matters: impl Fn(&str) -> bool) {
    let Some(tool) = tool(program) else { return };
    let mut said = BTreeSet::new();
    for case in cases().into_iter().chain(extremes()) {
        let array = Array::new(case.design.clone(), case.options).unwrap();
        match output(&tool, arguments, &array) {
            Ok(output) => {
                let lines = output.lines().filter(|line| !line.trim().is_empty() && matters(line));
                said.extend(lines.map(|line| format!("{}: {line}", case.name)));
            }
            Err(error) => said.extend([format!("{}: {error}", case.name)]),
        }
    }
    assert!(said.is_empty(), "{}", said.into_iter().collect::<Vec<_>>().join("\n"));
}

fn output(tool: &Tool, arguments: &[&str], array: &Array) -> Result<Output, ToolError> {
    let folder = tempfile::tempdir().unwrap();
    // What the models of a vendor's cells leave unused is not our concern.
    let models = simulation_models(array.technology());
    let models = format!("// verilator lint_off UNUSEDPARAM\n{models}// verilator lint_on UNUSEDPARAM\n");
    fs::write(folder.path().join("array.v"), format!("{models}{}", array.verilog())).unwrap();
    tool.run(arguments, folder.path())
}

#[test]
fn verilator_has_nothing_to_say() {
    // Its warnings begin with %, the lines below them show where.
    quiet(Program::Verilator, &VERILATOR, |line| line.starts_with('%'));
}

#[test]
fn icarus_has_nothing_to_say() {
    quiet(
        Program::Iverilog,
        &["-g2005", "-Wall", "-Wno-timescale", "-s", "array", "-o", "compiled", "array.v"],
        |_| true,
    );
}

#[test]
fn yosys_has_nothing_to_say() {
    let script = "read_verilog array.v; hierarchy -check -top array; proc; check -assert";
    quiet(Program::Yosys, &["-q", "-p", script], |_| true);
}
