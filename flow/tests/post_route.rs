//! Routed chips, simulated with all their delays: they learn what the model learns, and one that was cut does not.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{Files, converged};
use std::fs;
use wheatstone_flow::baked::{Conversation, bake, testbench};
use wheatstone_flow::check::{Corner, Policy, check};
use wheatstone_hdl::tools::{Program, Tool};
use wheatstone_hdl::{Board, Top};

/// Steps of a sample, and samples.
const STEPS: u16 = 6;
const SAMPLES: u16 = 3;
/// Microseconds a sample may take.
const SAMPLE_US: u16 = 100;

/// What the bench says of a chip in a corner; nothing if Icarus is missing.
fn simulated(board: Board, top: &Top, files: &Files, corner: Corner) -> Option<String> {
    let (Ok(compiler), Ok(runner)) = (Tool::find(Program::Iverilog), Tool::find(Program::Vvp)) else {
        println!("skipped: Icarus is missing");
        return None;
    };
    let routed = files.join().unwrap();
    let conversation =
        Conversation::training(top.array.design(), top.options, STEPS, SAMPLES, SAMPLE_US).unwrap();
    assert_ne!(conversation.start, conversation.end, "nothing was learnt");
    let chip = bake(&routed, corner, Policy::of(board).min_pulse).unwrap();
    let bench = testbench(&conversation, top.options, &[], &routed);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("chip.v"), chip + &bench).unwrap();
    compiler.run(["-g2005", "-s", "bench", "-o", "bench.vvp", "chip.v"], folder.path()).unwrap();
    let said = runner.run(["-n", "bench.vvp"], folder.path()).unwrap().stdout;
    println!("{board}, {corner:?}: {said}");
    Some(said)
}

fn learns(board: Board, corners: &[Corner]) {
    let Some((top, files, _)) = converged(board) else { return };
    for &corner in corners {
        let Some(said) = simulated(board, &top, &files, corner) else { return };
        assert!(said.lines().any(|line| line == "equal"), "{corner:?}: {said}");
        assert!(said.lines().any(|line| line == "violations 0"), "{corner:?}: {said}");
    }
    // Each LUT of the last node's chain listens to the join alone: a delay of one LUT.
    let mut cut = files.clone();
    let (first, second) = if board == Board::Hx8kEvn { ("I0", "I1") } else { ("A", "B") };
    let suffix = if board == Board::Hx8kEvn { "_LC" } else { "" };
    let lengths = top.array.cell_delay_lengths();
    let (cell, &luts) = lengths.iter().rfind(|(cell, _)| cell.starts_with("node")).unwrap();
    for number in 1..luts {
        let lut = format!("bordered_array.array.{cell}.matched_delay.lut{number}{suffix}");
        cut.rewire(&lut, first, &lut, second);
    }
    let report = check(&top, &cut.join().unwrap(), Policy::of(board));
    assert!(!report.passed(), "the checker does not see the cut");
    let Some(said) = simulated(board, &top, &cut, corners[0]) else { return };
    assert!(!said.lines().any(|line| line == "equal"), "the simulation does not see the cut: {said}");
}

#[test]
fn a_routed_ecp5_learns_what_the_model_learns() {
    learns(Board::Ulx3s25f, &[Corner::Max, Corner::Typ, Corner::Min]);
}

#[test]
fn a_routed_ice40_learns_what_the_model_learns() {
    learns(Board::Hx8kEvn, &[Corner::Max]);
}
