//! Every file that is emitted passes Verilator as it is: without options, with exit code 0.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{Case, cases, extremes, tool};
use std::fs;
use std::sync::Arc;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions};
use wheatstone_hdl::top::Chip;
use wheatstone_hdl::verilog::simulation_models;
use wheatstone_hdl::{Array, ArraySimulation, Board, Technology, Top, emitted, emitted_folded, testbench};
use wheatstone_sim::Engine;
use wheatstone_tools::{Program, Tool};

/// A board of every family, and none.
fn board_of(technology: Technology) -> Board {
    let name = match technology {
        Technology::Ecp5 => "ulx3s-85f",
        Technology::Ice40 => "icebreaker",
        Technology::Generic => "generic",
    };
    name.parse().unwrap()
}

fn lint(verilator: &Tool, name: &str, options: &[&str], files: &[(&str, &str)]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let names = files.iter().map(|(file, _)| *file);
    let said = verilator.run(["--lint-only"].iter().chain(options).copied().chain(names), folder.path());
    said.map(drop).map_err(|error| format!("{name}: {error}"))
}

fn all(failures: impl Iterator<Item = Result<(), String>>) {
    let failures: Vec<String> = failures.filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn emitted_arrays_pass_verilator() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    all(cases().into_iter().chain(extremes()).enumerate().flat_map(|(number, case)| {
        // The leaves of a case are the same in every family but for a few.
        let own = [case.options.technology];
        let technologies = if number % 8 == 0 { &Technology::ALL[..] } else { &own };
        let of = |&technology: &Technology| {
            let options = wheatstone_hdl::ArrayOptions { technology, ..case.options };
            let array = Array::new(case.design.clone(), options).unwrap();
            let text = emitted(&array, board_of(technology), "a test");
            lint(&verilator, &format!("{}, {technology:?}", case.name), &[], &[("array.v", &text)])
        };
        technologies.iter().map(of).collect::<Vec<_>>()
    }));
}

/// The chip of a case on a board, for samples that stream or do not.
fn chip(case: &Case, board: Board, streaming: bool) -> String {
    let options = wheatstone_hdl::ArrayOptions { technology: board.technology(), ..case.options };
    let island = IslandOptions { streaming, ..board.island_options() };
    let top = Top::new(Arc::clone(&case.design), options, island).unwrap();
    top.verilog(board, "a test").unwrap()
}

#[test]
fn emitted_chips_pass_verilator_on_every_board() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.name.contains("crossbar")).collect();
    assert!(cases.len() >= 2);
    all(cases.iter().flat_map(|case| {
        let verilator = &verilator;
        Board::all().iter().flat_map(|&board| [(board, false), (board, true)]).map(
            move |(board, streaming)| {
                let name = format!("{} on {board}, streaming: {streaming}", case.name);
                lint(verilator, &name, &[], &[("design.v", &chip(case, board, streaming))])
            },
        )
    }));
}

#[test]
fn folded_arrays_and_their_chips_pass_verilator() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    let board = board_of(Technology::Ecp5);
    all(cases()
        .into_iter()
        .filter(|case| case.name == "layers with diodes" || case.name.contains("hinge"))
        .flat_map(|case| {
            let options = FoldedOptions { technology: Technology::Ecp5, tiles: 2 };
            let array = FoldedArray::new(Arc::clone(&case.design), options).unwrap();
            let chip = Chip::new(Arc::clone(&case.design), options, board.island_options()).unwrap();
            [emitted_folded(&array, board, "a test"), chip.verilog(board, "a test").unwrap()]
                .map(|text| lint(&verilator, case.name, &[], &[("design.v", &text)]))
        }));
}

#[test]
fn models_of_others_may_stand_beside_the_emitted_file_in_either_order() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    let case = &cases()[0];
    let text = chip(case, board_of(Technology::Ecp5), true);
    let models = simulation_models(Technology::Ecp5);
    let files = [("design.v", text.as_str()), ("cells.v", models.as_str())];
    all([files, [files[1], files[0]]]
        .iter()
        .map(|files| lint(&verilator, "models beside", &["--top-module", "top"], files)));
}

#[test]
fn recorded_runs_pass_verilator() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    all(cases().into_iter().filter(|case| case.options.technology == Technology::Generic).map(|case| {
        let array = Array::new(case.design.clone(), case.options).unwrap();
        let mut simulation = ArraySimulation::of(array.clone(), case.configuration, case.start()).unwrap();
        simulation.start_recording();
        simulation.train(&case.sample(0)).unwrap();
        let (recording, _) = simulation.take_recording().unwrap();
        let bench = testbench::source(&array, &recording).unwrap();
        lint(&verilator, case.name, &["--timing"], &[("bench.v", &bench)])
    }));
}
