//! The network's equilibrium against an independent float solution, within a bound derived from the format.
//!
//! # The bound
//! With guard bits a network does not stop, it dithers; but its mean over a window is pinned. Take `T` sweeps of one
//! wave beginning with colour 0. Every update of a node that neither saturates nor meets its diode adds
//! ```text
//! u' - u = S 2^GV q / 2^(s+3) + rho,   |rho| <= 1/2,
//! ```
//! `S` the raw current into it. Summed over the window the left side is `u_T - u_0`, so the mean current obeys
//! ```text
//! |mean S| <= r = (|u_T - u_0| / T + 1/2) 2^(s+3) / (q 2^GV).
//! ```
//! Let `v` be the mean of the values at the beginnings of the sweeps. A node sees its own value and those of neighbours of
//! higher colour at the beginning of the sweep, but neighbours of lower colour after their update: their mean is larger by
//! `(v_T - v_0)/T`. Hence the current at the mean voltages is bounded by `r' = r + sum g |v_T - v_0| / T` over those
//! neighbours. For resistors the current is `-L (v - v*)`, with `v*` the equilibrium and `L` the Laplacian grounded at the
//! inputs: an M-matrix, so its inverse has no negative entry and `|v - v*| <= L^-1 r'` for every node. Nothing is
//! estimated; a fault in rounding, gain or turns shows as soon as it exceeds half an LSB of `u` an update.
//!
//! Transistors: with `h(v) = (G - v)+^2 / 2` the current is linear in `h`. `h` is convex with `h'' <= 1`, so the mean of
//! `h` differs from `h` of the mean by at most `a^2 / 8` where `v` swings by `a` (Popoviciu), which joins `r'` for both
//! ends. And `h(v) - h(v*) = -c (v - v*)` with the secant `c >= 0`; the matrix made of secants is an M-matrix by columns.
//! A source behind a target's sense is piecewise linear and has a secant likewise; while its kink lies inside the swing,
//! its mean is off by at most its conductance times `a / 4`.
//!
//! Diodes: where a diode acts at an update, it adds a push of its own sign, so the mean current is bounded on one side
//! only, by `r` again. Then `v` solves the obstacle problem with load `r'` and with the obstacle at `v` itself for the nodes
//! whose diode acted; obstacle problems of M-matrices obey the maximum principle, so the bound grows by the largest
//! such `|v|`.
//!
//! A clamped nudge imposes `v_F + (T - v_F) 2^-eta`: there the bound grows, by the maximum principle once more, by how well
//! the free wave is known, and by rounding.
//!
//! The bound is a worst case in which every rounding errs the same way. In LSB of `v` it is below 1 for layered networks,
//! transistors and well-driven random graphs, and grows with the distance to the inputs: lattices whose corners alone are
//! driven have 0.5, 2.6, 15 and 65 LSB at 64, 256, 1024 and 4096 nodes. The errors found are far smaller: 0.4 LSB at 4096
//! nodes, 0.1 or less mostly. A transistor close to cut-off conducts next to nothing, and a node behind nothing but such
//! edges may stop a few LSB away, inside its bound.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

mod bound;
mod common;
mod oracle;

use bound::{Window, bounds, circuit, observe};
use common::{Draw, Graph, Kinds, Spread, design_on, node_id, random_network, random_state};
use oracle::{Circuit, Diode, Flow};
use std::sync::Arc;
use wheatstone_sim::network::{Boundary, EdgeKind, crossbar, lattice, layered};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Network, Nudge, Omega, Reference, Sample, Sense,
    State, Target, Wave,
};

/// Largest error and largest bound, in LSB of `v`.
#[derive(Debug)]
struct Outcome {
    error: f64,
    bound: f64,
}

/// Asserts the bound, and that it is no larger than `limit`.
fn check(name: &str, design: &Design, circuit: &Circuit, window: &Window, extra: f64, limit: f64) -> Outcome {
    let rest = circuit.solve();
    let bounds = bounds(design, circuit, window, &rest);
    let mut outcome = Outcome { error: 0.0, bound: 0.0 };
    for (i, ((v, w), bound)) in window.mean.iter().zip(&rest).zip(&bounds).enumerate() {
        let (error, bound) = ((v - w).abs(), bound + extra);
        // The oracle itself is good to 1e-6 LSB.
        assert!(error <= bound + 1e-6, "{name}: node {i} at {v}, equilibrium {w}, bound {bound}");
        outcome.error = outcome.error.max(error);
        outcome.bound = outcome.bound.max(bound);
    }
    println!(
        "{name:<44} {} {:?}: nodes {:>4}, worst error {:8.4} LSB, worst bound {:8.4} LSB",
        design.format(),
        window.wave,
        rest.len(),
        outcome.error,
        outcome.bound
    );
    assert!(outcome.bound <= limit, "{name}: a bound of {} LSB says nothing", outcome.bound);
    outcome
}

const AT_REST: Configuration =
    Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };

fn engine(design: &Design, state: State, sample: &Sample, sweeps: usize) -> Reference {
    let mut engine = Reference::new(Arc::new(design.clone()), AT_REST, state).unwrap();
    engine.present(sample).unwrap();
    for _ in 0..sweeps * usize::from(design.network().colouring().count()) {
        engine.step();
    }
    engine
}

/// Inputs spread over 0.95 of the range, conductances over all of theirs from a tenth up.
fn start(draw: &mut Draw, design: &Design) -> (State, Sample) {
    let mut state = random_state(draw, design, Spread::Even);
    let (low, high) = (design.format().k_range(1).1 / 10, design.format().k_range(1).1);
    state.k.iter_mut().for_each(|k| *k = draw.within(low..=high));
    state.u.iter_mut().for_each(|u| u.fill(0));
    let one = i64::from(design.format().one_volt()) * 95 / 100;
    let mut voltage = |_: &_| i32::try_from(draw.within(-one..=one)).unwrap();
    let inputs = design.network().inputs().iter().map(&mut voltage).collect();
    (state, Sample { inputs, targets: vec![None; design.network().outputs().len()] })
}

fn rail(design: &Design) -> i32 {
    -design.format().one_volt()
}

fn graph(nodes: usize, kinds: Kinds, diodes: bool, bipartite: bool) -> Graph {
    Graph {
        nodes,
        extra_edges: 4 * nodes,
        inputs: 2 + nodes / 64,
        outputs: 1 + nodes / 64,
        kinds,
        diodes,
        bipartite,
        alpha: (0, 0),
    }
}

/// An open square lattice with its corners driven.
fn corners(side: usize, kind: EdgeKind, boundary: Boundary) -> Network {
    let n = side * side;
    let inputs = [0, side - 1, n - 1, n - side].map(node_id);
    lattice(side, side, boundary, kind).inputs(inputs).outputs([node_id(n / 2 + side / 2)]).build().unwrap()
}

fn run(name: &str, design: &Design, seed: u64, settle: usize, window: u32, limit: f64) {
    let (state, sample) = start(&mut Draw::new(seed), design);
    let mut engine = engine(design, state, &sample, settle);
    for wave in Wave::BOTH {
        let window = observe(&mut engine, wave, window);
        let circuit = circuit(design, &engine.state(), &sample, wave, &[]);
        check(name, design, &circuit, &window, 0.0, limit);
    }
}

const PLAIN: Nudge = Nudge::Clamped { eta: 0 };

#[test]
fn random_graphs() {
    for (_, format) in Format::PRESETS {
        for (nodes, omega) in [(9, 8), (9, 15), (64, 12), (256, 8), (1024, 15), (4096, 15)] {
            for bipartite in [true, false] {
                // Dense graphs of this size are dear to factorise: the largest have fewer edges.
                let extra_edges = if nodes > 500 { nodes / 2 } else { 4 * nodes };
                let graph = Graph { extra_edges, ..graph(nodes, Kinds::Linear, false, bipartite) };
                let network = random_network(&mut Draw::new(nodes as u64), graph);
                let design = design_on(network, format, Omega::new(omega).unwrap(), PLAIN, (0, 1));
                let name =
                    format!("random, omega {omega}/8, {} colours", design.network().colouring().count());
                run(&name, &design, 1, 300, 200, 4.0);
            }
        }
    }
}

#[test]
fn lattices_with_four_driven_corners() {
    for (_, format) in Format::PRESETS {
        for (side, settle, limit) in
            [(3, 60, 0.1), (8, 200, 1.0), (16, 400, 4.0), (32, 1500, 20.0), (64, 5000, 100.0)]
        {
            let network = corners(side, EdgeKind::Linear, Boundary::Open);
            let design = design_on(network, format, Omega::new(15).unwrap(), PLAIN, (0, 1));
            run("lattice, corners driven, omega 15/8", &design, 2, settle, 200, limit);
        }
    }
}

#[test]
fn layered_networks_with_and_without_diodes() {
    for (_, format) in Format::PRESETS {
        for sizes in [&[4, 5][..], &[4, 8, 3], &[16, 24, 16, 8], &[64, 64, 10], &[128, 256, 10]] {
            let network = layered(sizes, EdgeKind::Linear).unwrap();
            let design = design_on(network, format, Omega::GAUSS_SEIDEL, PLAIN, (0, 1));
            run(&format!("layered {sizes:?}"), &design, 3, 200, 200, 1.0);
        }
    }
}

#[test]
fn random_graphs_with_diodes() {
    for (_, format) in Format::PRESETS {
        for nodes in [9, 40, 150, 512] {
            for seed in 0..3 {
                let network =
                    random_network(&mut Draw::new(seed), graph(nodes, Kinds::Linear, true, seed != 1));
                let design = design_on(network, format, Omega::new(12).unwrap(), PLAIN, (0, 1));
                run("random with diodes, omega 12/8", &design, seed, 300, 200, 3.0);
            }
        }
    }
}

#[test]
fn transistors() {
    for (_, format) in Format::PRESETS {
        for omega in [8, 12] {
            let networks = [
                crossbar(4, 5, EdgeKind::Transistor).unwrap(),
                corners(4, EdgeKind::Transistor, Boundary::Periodic),
                corners(8, EdgeKind::Transistor, Boundary::Open),
                random_network(&mut Draw::new(1), graph(30, Kinds::Mixed, false, true)),
                random_network(&mut Draw::new(2), graph(256, Kinds::Transistor, false, true)),
            ];
            for network in networks {
                let name = format!("transistors, {}, omega {omega}/8", network.name());
                let nodes = network.nodes().len();
                let network = design_on(network, format, Omega::new(omega).unwrap(), PLAIN, (i32::MIN, 1));
                let rules = wheatstone_sim::Rules { lowest_rail: rail(&network), ..network.rules() };
                let design = Design::new(network.network().clone(), format, rules).unwrap();
                let settle = if nodes > 100 { 4000 } else { 30_000 };
                run(&name, &design, 4, settle, 400, 1.0);
            }
        }
    }
}

/// Both nudges shift the clamped wave to where a circuit with a source at each output, or with imposed outputs, rests.
#[test]
fn nudged_outputs() {
    for (_, format) in Format::PRESETS {
        for seed in 0..6 {
            let kinds = if seed % 2 == 0 { Kinds::Linear } else { Kinds::Mixed };
            let network =
                random_network(&mut Draw::new(seed), Graph { outputs: 5, ..graph(24, kinds, false, true) });
            for nudge in [
                Nudge::Clamped { eta: 0 },
                Nudge::Clamped { eta: 2 },
                Nudge::Current { beta: 0, centred: false },
                Nudge::Current { beta: 3, centred: false },
            ] {
                let design = design_on(network.clone(), format, Omega::GAUSS_SEIDEL, nudge, (i32::MIN, 1));
                let mut draw = Draw::new(seed + 100);
                let (state, mut sample) = start(&mut draw, &design);
                let one = i64::from(format.one_volt());
                for target in &mut sample.targets {
                    let voltage = i32::try_from(draw.within(-one..=one)).unwrap();
                    *target = Some(Target { voltage, sense: draw.pick(Sense::ALL) });
                }
                let mut engine = engine(&design, state, &sample, 20_000);
                let free = observe(&mut engine, Wave::Free, 200);
                let clamped = observe(&mut engine, Wave::Clamped, 200);
                let rest = circuit(&design, &engine.state(), &sample, Wave::Free, &[]);
                let name = format!("{nudge:?}, {kinds:?}");
                let known = check(&name, &design, &rest, &free, 0.0, 1.0);
                let mut held = Vec::new();
                let mut extra = 0.0;
                if let Nudge::Clamped { eta } = nudge {
                    let solution = rest.solve();
                    for (node, target) in design.network().outputs().iter().zip(&sample.targets) {
                        let (v, target) = (solution[node.index()], target.unwrap());
                        let wanted = f64::from(target.voltage);
                        let met = match target.sense {
                            Sense::Equal => false,
                            Sense::AtLeast => v >= wanted,
                            Sense::AtMost => v <= wanted,
                        };
                        let pulled = v + (wanted - v) / f64::from(eta).exp2();
                        held.push((node.index(), if met { v } else { pulled }));
                    }
                    // Half an LSB where u_F and where u_C is rounded to v, and the swing between the waves' turns.
                    extra = known.bound + 1.0 + free.swing.iter().copied().fold(0.0, f64::max) / free.sweeps;
                }
                let nudged = circuit(&design, &engine.state(), &sample, Wave::Clamped, &held);
                check(&name, &design, &nudged, &clamped, extra, 6.0);
            }
        }
    }
}

/// The oracle on circuits solved by hand.
#[test]
fn the_oracle_is_right_where_one_can_tell() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    // A divider, 1 and 3 in series from 0 to 8.
    let divider = Circuit {
        imposed: vec![Some(0.0), Some(8.0), None],
        resistors: vec![(0, 2, 1.0), (1, 2, 3.0)],
        ..Circuit::default()
    };
    near(divider.solve()[2], 6.0);
    // A balanced bridge: no current through its middle, whatever joins it.
    let bridge = |middle: f64| Circuit {
        imposed: vec![Some(0.0), Some(1.0), None, None],
        resistors: vec![(0, 2, 2.0), (1, 2, 4.0), (0, 3, 3.0), (1, 3, 6.0), (2, 3, middle)],
        ..Circuit::default()
    };
    for middle in [0.1, 1.0, 100.0] {
        near(bridge(middle).solve()[2], 2.0 / 3.0);
        near(bridge(middle).solve()[3], 2.0 / 3.0);
    }
    // A diode that conducts and one that does not.
    for (rail, expected) in [(-3.0, 0.0), (3.0, 1.5)] {
        let circuit = Circuit {
            imposed: vec![Some(0.0), Some(rail), None],
            resistors: vec![(0, 2, 1.0), (1, 2, 1.0)],
            diodes: vec![None, None, Some(Diode::KeepsNonNegative)],
            ..Circuit::default()
        };
        near(circuit.solve()[2], expected);
    }
    // Two equal transistors in series: (G - v)^2 halves between its ends. With G = 5, ends 1 and 4: 16, 8.5, 1.
    let transistors = Circuit {
        imposed: vec![Some(1.0), Some(4.0), None],
        transistors: vec![(0, 2, 5.0), (2, 1, 5.0)],
        ..Circuit::default()
    };
    near(transistors.solve()[2], 5.0 - 8.5f64.sqrt());
    // A source of conductance 1 at 4 V on the divider, and one that does not pass.
    for (flow, expected) in [(Flow::Both, 28.0 / 5.0), (Flow::Down, 28.0 / 5.0), (Flow::Up, 6.0)] {
        near(Circuit { sources: vec![(2, 1.0, 4.0, flow)], ..divider.clone() }.solve()[2], expected);
    }
}
