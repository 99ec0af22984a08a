//! Routed chips, simulated with all their delays: they learn what the model learns, and one that was cut does not.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{Files, board, configurations, converged, inputs_of_delays, wires_of_fires};
use std::fs;
use wheatstone_flow::annotated::{Transcript, annotate, testbench};
use wheatstone_flow::check::{Corner, Policy, check};
use wheatstone_flow::netlist::names;
use wheatstone_flow::sdf::{Delay, Time, TimingCheck, Triple};
use wheatstone_flow::simulation::{Simulated, Simulator, TrainingRun};
use wheatstone_flow::toolchain::file;
use wheatstone_hdl::delays::CellId;
use wheatstone_hdl::{Board, Chip, Technology};
use wheatstone_tools::{Program, Tool};

const TRAINING: TrainingRun = TrainingRun { samples: 3, steps: 4 };

/// What a chip learns in a corner, and the simulator's log; nothing if Icarus is missing.
fn simulated(board: Board, chip: &Chip, files: &Files, corner: Corner) -> Option<(Simulated, String)> {
    let Ok(simulator) = Simulator::find() else {
        println!("skipped: Icarus is missing");
        return None;
    };
    let (routed, folder) = (files.join().unwrap(), tempfile::tempdir().unwrap());
    let said = simulator.run(chip, board, &routed, corner, TRAINING, 0, folder.path(), &|| false).unwrap();
    println!("{board}: {said:?}");
    let log = format!("simulate-{}.log", corner.name());
    Some((said, fs::read_to_string(folder.path().join(log)).unwrap()))
}

fn learns(board: Board, corner: Corner) {
    let Some((built, files, _)) = converged(board) else { return };
    let Some((said, _)) = simulated(board, &built, &files, corner) else { return };
    assert!(said.passed(), "{said:?}");
}

/// Each LUT of the last node's chain listens to the join alone: a delay of one LUT. Check and simulation both see it.
fn a_cut_is_seen(board: Board) {
    let Some((built, files, _)) = converged(board) else { return };
    let mut cut = files.clone();
    let [first, second, _] = inputs_of_delays(board);
    let cell = CellId::Node(built.design.network().nodes().len() - 1);
    for number in 1..built.array.delays().get(cell.matched()).routed() {
        let lut = names::delay_lut(cell.matched(), number);
        let lut = if board.technology() == Technology::Ice40 { names::packed(&lut) } else { lut };
        cut.rewire(&lut, first, &lut, second);
    }
    let report = check(&built, &cut.join().unwrap(), Policy::of(board));
    assert!(!report.passed(), "the checker does not see the cut");
    let Some((said, _)) = simulated(board, &built, &cut, Corner::Max) else { return };
    assert!(said.difference.is_some(), "the simulation does not see the cut: {said:?}");
}

/// All holds of a routed chip's flip-flops that `asks` chooses by their instance are so long.
fn with_long_holds(files: &mut Files, time: Triple, asks: impl Fn(&str) -> bool) {
    for cell in &mut files.delays.cells {
        for check in &mut cell.checks {
            if let TimingCheck::Hold { time: asked, .. } = check
                && asks(&cell.instance)
            {
                *asked = time;
            }
        }
    }
}

/// The end of an edge's scan chain takes data that still change, and takes them again with the next fire: no violation. Where they
/// change after the last fire, it is one.
fn what_the_scan_takes_in_vain_is_not_told(board: Board) {
    let Some((built, mut files, _)) = converged(board) else { return };
    let ends_scan = |instance: &str| instance.contains("array.edge_") && instance.contains(".scan_flop.");
    let ps = |ps| Triple::all(Time::from_ps(ps));
    // Longer than from one fire of a burst to the next, shorter than a pause.
    with_long_holds(&mut files, ps(60_000), ends_scan);
    let Some((said, log)) = simulated(board, &built, &files, Corner::Max) else { return };
    assert!(said.passed(), "{said:?}\n{log}");

    with_long_holds(&mut files, ps(10_000_000), ends_scan);
    let late = Delay { rise: ps(300_000), fall: ps(300_000) };
    files
        .wires()
        .filter(|wire| {
            ends_scan(&wire.to.instance) && ["M", "I0", "I1", "I2", "I3"].contains(&&*wire.to.port)
        })
        .for_each(|wire| wire.delay = late);
    let Some((_, log)) = simulated(board, &built, &files, Corner::Max) else { return };
    assert!(log.lines().any(|line| line.starts_with("HOLD") && line.contains("scan_flop")), "{log}");
}

/// Flip-flops of a cell ask for their data long before their fire, some of the island long after its clock: the chip learns what
/// the model learns, and the monitors complain of both.
fn demands_are_monitored(board: Board, told: &[(&str, &str)]) {
    let Some((built, mut files, _)) = converged(board) else { return };
    let long = Triple::all(Time::from_ps(10_000_000));
    for cell in &mut files.delays.cells {
        for check in &mut cell.checks {
            if let TimingCheck::Setup { time, .. } = check
                && cell.instance.contains("array.node_0.")
            {
                *time = long;
            }
        }
    }
    with_long_holds(&mut files, long, |instance| instance.contains("controller.request"));
    let Some((said, log)) = simulated(board, &built, &files, Corner::Max) else { return };
    assert_eq!(said.difference, None);
    assert!(said.violations > 0);
    for &(what, cell) in told {
        let is_told = |line: &str| line.starts_with(what) && line.contains(cell);
        assert!(log.lines().any(is_told), "{what} of {cell} is not told:\n{log}");
    }
}

/// The bench of a routed chip, as it is simulated, passes Verilator as it is.
fn passes_verilator(board: Board) {
    let Some((built, files, _)) = converged(board) else { return };
    let Ok(verilator) = Tool::find(Program::Verilator) else {
        println!("skipped: Verilator is missing");
        return;
    };
    let (routed, folder) = (files.join().unwrap(), tempfile::tempdir().unwrap());
    let transcript = Transcript::training(&built.design, built.options, 2, 1, 100).unwrap();
    let chip = annotate(&routed, Corner::Max, &Policy::of(board)).unwrap();
    fs::write(folder.path().join("bench.v"), chip + &testbench(&transcript, built.options, &[], &routed))
        .unwrap();
    verilator.run(["--lint-only", "--timing", "bench.v"], folder.path()).unwrap();
}

#[test]
fn the_bench_of_a_routed_ecp5_passes_verilator() {
    passes_verilator(board("ulx3s-25f"));
}

#[test]
fn the_bench_of_a_routed_ice40_passes_verilator() {
    passes_verilator(board("hx8k-evn"));
}

#[test]
fn an_ecp5_whose_flip_flops_ask_for_too_much_is_heard() {
    let told = [("SETUP", "node_0"), ("HOLD", "controller.request")];
    demands_are_monitored(board("ulx3s-25f"), &told);
}

#[test]
fn an_ice40_whose_flip_flops_ask_for_too_much_is_heard() {
    demands_are_monitored(board("hx8k-evn"), &[("SETUP", "node_0")]);
}

#[test]
fn an_ecp5_whose_scan_takes_data_in_vain_is_not_blamed() {
    what_the_scan_takes_in_vain_is_not_told(board("ulx3s-25f"));
}

#[test]
fn an_ice40_whose_scan_takes_data_in_vain_is_not_blamed() {
    what_the_scan_takes_in_vain_is_not_told(board("hx8k-evn"));
}

#[test]
fn a_slow_ecp5_learns_what_the_model_learns() {
    learns(board("ulx3s-25f"), Corner::Max);
}

#[test]
fn an_ecp5_whose_fires_were_routed_first_learns_what_the_model_learns() {
    let board = board("ulx3s-85f");
    learns(board, Corner::Max);
    let Some([in_passes, at_once]) = configurations(board) else { return };
    assert!(
        at_once.keys().any(|line| line.contains("CIB.")),
        "a multiplier's open pins are tied: {at_once:?}"
    );
    assert_eq!(in_passes, at_once, "nothing but wires is another");
    let [alone, whole] = [file::ROUTED_FIRES, file::ROUTED].map(|netlist| wires_of_fires(board, netlist));
    assert!(alone.len() >= 5, "two edges, three nodes: {alone:?}");
    assert_eq!(alone, whole, "what was routed first stays");
}

#[test]
fn a_fast_ecp5_learns_what_the_model_learns() {
    learns(board("ulx3s-25f"), Corner::Min);
}

#[test]
fn an_ice40_learns_what_the_model_learns() {
    learns(board("hx8k-evn"), Corner::Max);
}

#[test]
fn a_cut_in_an_ecp5_is_seen() {
    a_cut_is_seen(board("ulx3s-25f"));
}

#[test]
fn a_cut_in_an_ice40_is_seen() {
    a_cut_is_seen(board("hx8k-evn"));
}
