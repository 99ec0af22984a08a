//! A clocked reference of the same cells on the same device: what a step costs with a clock, and without.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{board, converged, route};
use wheatstone_flow::check::critical_path;
use wheatstone_flow::clocked_reference::clocked_reference;
use wheatstone_flow::netlist::names;
use wheatstone_hdl::Board;

/// A step of the chip, and of its reference: an edge's fires and a node's, each a clock. It takes at most so many percent of it.
fn compared(board: Board, percent: u64) {
    let Some((top, _, report)) = converged(board) else { return };
    let prediction = report.prediction.unwrap();
    let verilog = top.verilog(board, "a test").unwrap();
    let reference = clocked_reference(&verilog);
    assert!(verilog.contains("noglobal") && !reference.contains("noglobal"), "no fire is left");
    let Some(files) = route(board, &reference) else { return };
    let (critical, path) = critical_path(&files.join().unwrap(), names::ARRAY).unwrap();
    println!("critical path of the reference, {} ps:", critical.ceil_ps());
    path.iter().for_each(|step| println!("  {:>7} {}", step.at.round_ps(), step.pin));
    let clocks = prediction.edge_fires + 1;
    let reference_ps = clocks * u64::try_from(critical.ceil_ps()).unwrap();
    println!(
        "{board}: a step of {} ps without a clock, of {clocks} clocks and {reference_ps} ps with one: ratio {:.2}",
        prediction.slow.step_ps,
        prediction.slow.step_ps as f64 / reference_ps as f64
    );
    // The reference is the same design: it takes a product and a sum to cross an edge, on any device.
    assert!(critical.ceil_ps() > 3000, "the reference lost its logic");
    assert!(
        100 * prediction.slow.step_ps < percent * reference_ps,
        "more than {percent} % of what it takes with a clock"
    );
}

#[test]
fn a_step_of_an_ecp5_beside_its_clocked_reference() {
    compared(board("ulx3s-25f"), 150);
}

#[test]
fn a_step_of_an_ice40_beside_its_clocked_reference() {
    compared(board("hx8k-evn"), 150);
}
