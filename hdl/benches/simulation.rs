//! Speed of the activity-driven simulation beside rust-hdl's own `Simulation`, in one run, on the same array doing the
//! same to the same bits.
//!
//! `cargo bench -p wheatstone-hdl`. Each way runs several times, alternately; the medians and their ratio are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use rust_hdl::prelude::{Sim, Simulation};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;
use wheatstone_hdl::circuit::Circuit;
use wheatstone_hdl::{Array, Technology};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, lattice};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// 10 x 20 nodes, 370 edges.
fn array() -> Array {
    let ids = |list: &[u32]| list.iter().copied().map(NodeId).collect::<Vec<_>>();
    let network =
        lattice(10, 20, Boundary::Open, EdgeKind::Linear).inputs(ids(&[0, 199])).outputs(ids(&[90])).build();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let design = Arc::new(Design::new(network.unwrap(), Format::WIDE, rules).unwrap());
    Array::new(design, Technology::Ecp5).unwrap()
}

/// An array about to relax, with conductances and voltages that make every step a real one.
fn start(steps: i64) -> (Array, Circuit) {
    let array = array();
    let mut circuit = Circuit::new(array.module.clone());
    for (number, fire) in array.fires.iter().enumerate() {
        circuit.watch(fire, number);
    }
    circuit.quiesce(1_000_000);
    for (i, value) in (0..array.edges.len()).zip((0..).map(|i: i64| (i * 7919) % 60_000 + 500)) {
        let k = &array.module.submodule(&format!("edge_{i}")).unwrap().port("k").unwrap().bus;
        circuit.set(k, value << 16);
    }
    for (sample, voltage) in array.samples.iter().zip([30_000, -20_000]) {
        circuit.set(sample, voltage);
    }
    run(&array, &mut circuit, 0, true);
    circuit.set(&array.controls.present, 1);
    circuit.set(&array.controls.close, 0);
    circuit.set(&array.controls.steps, steps);
    circuit.quiesce(1_000_000);
    (array, circuit)
}

fn run(array: &Array, circuit: &mut Circuit, steps: i64, close: bool) {
    circuit.set(&array.controls.steps, steps);
    circuit.set(&array.controls.close, close.into());
    circuit.quiesce(1_000_000);
    circuit.set(&array.controls.go, 1 - array.controls.go.val());
    circuit.quiesce(1_000_000);
}

/// What a way of simulating reports: fires, and the voltages it ended with.
type Outcome = (u64, Vec<i64>);

fn voltages(array: &Array) -> Vec<i64> {
    array.nodes.iter().map(|node| node.current.val()).collect()
}

fn activity_driven(steps: i64) -> (f64, Outcome) {
    let (array, mut circuit) = start(steps);
    let begun = Instant::now();
    circuit.set(&array.controls.go, 1 - array.controls.go.val());
    let mut fires = 0;
    while circuit.advance(u64::MAX) {
        fires += circuit.rises().len() as u64;
    }
    (begun.elapsed().as_secs_f64(), (fires, voltages(&array)))
}

/// rust-hdl's `Simulation`: a test bench in a thread, and every leaf looked at in every delta cycle.
fn stock(steps: i64) -> (f64, Outcome) {
    let (array, mut circuit) = start(steps);
    circuit.set_exhaustive(true);
    let go = array.controls.go.clone();
    let (sender, receiver) = channel();
    let mut simulation: Simulation<Circuit> = Simulation::new();
    simulation.add_testbench(move |mut sim: Sim<Circuit>| {
        let mut circuit = sim.init()?;
        circuit.set(&go, 1 - go.val());
        let mut fires = 0;
        loop {
            circuit = sim.wait(1, circuit)?;
            fires += circuit.rises().len() as u64;
            if !circuit.advance_time() {
                break;
            }
        }
        sender.send(fires).unwrap();
        sim.done(circuit)
    });
    let begun = Instant::now();
    simulation.run(Box::new(circuit), u64::MAX).unwrap();
    (begun.elapsed().as_secs_f64(), (receiver.recv().unwrap(), voltages(&array)))
}

fn main() {
    const ROUNDS: usize = 5;
    let steps = 4;
    let (mut ours, mut stocks, mut fires) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (ours_s, ours_outcome) = activity_driven(steps);
        let (stock_s, stock_outcome) = stock(steps);
        assert_eq!(ours_outcome, stock_outcome, "both ways simulate the same");
        fires = ours_outcome.0;
        ours.push(ours_s);
        stocks.push(stock_s);
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (ours_s, stock_s) = (median(&mut ours), median(&mut stocks));
    println!("lattice of 200 nodes and 370 edges, {fires} fires a run, median of {ROUNDS} runs");
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = |seconds: f64| fires as f64 / seconds;
    println!(
        "activity-driven       {:>10.0} fires/s  ({:.2}..{:.2} s)",
        rate(ours_s),
        ours[0],
        ours[ROUNDS - 1]
    );
    println!(
        "rust-hdl's Simulation {:>10.0} fires/s  ({:.2}..{:.2} s)",
        rate(stock_s),
        stocks[0],
        stocks[ROUNDS - 1]
    );
    println!("ratio {:.1}", stock_s / ours_s);
}
