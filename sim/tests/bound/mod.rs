//! How far from equilibrium an engine's mean voltages may be: the bound that `equilibrium.rs` derives.
#![allow(dead_code, clippy::unwrap_used, reason = "a test may panic, and every test uses another part of it")]

use crate::common::node_id;
use crate::oracle::{Circuit, Diode, Flow, overdrive, solve_sparse, through};
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeKind};
use wheatstone_sim::{Design, Engine, Nudge, Reference, Sample, Sense, State, Wave};

/// What a window of sweeps showed of one wave.
pub struct Window {
    pub wave: Wave,
    pub sweeps: f64,
    /// Mean of `v` at the beginnings of the sweeps, in LSB of `v`.
    pub mean: Vec<f64>,
    /// `|u_T - u_0|` in LSB of `u`.
    pub drift: Vec<f64>,
    /// `v` at the beginning and at the end.
    pub ends: Vec<[f64; 2]>,
    /// How far `v` swings.
    pub swing: Vec<f64>,
    /// Whether the diode may have acted.
    pub acted: Vec<bool>,
}

pub fn float(x: i64) -> f64 {
    f64::from(i32::try_from(x).unwrap())
}

pub fn observe(engine: &mut Reference, wave: Wave, sweeps: u32) -> Window {
    let format = engine.design().format();
    let colours = engine.design().network().colouring().count();
    while usize::from(engine.state().phase) != wave.index() {
        engine.step();
    }
    let limits = format.u_range();
    let first = engine.state();
    let u_first = first.u(wave);
    let n = u_first.len();
    let (mut sum, mut low, mut high) = (vec![0.0; n], vec![f64::MAX; n], vec![f64::MIN; n]);
    let mut acted = vec![false; n];
    let mut state = first.clone();
    for _ in 0..sweeps {
        for (i, &u) in state.u(wave).iter().enumerate() {
            let v = float(format.voltage(u));
            sum[i] += v;
            low[i] = low[i].min(v);
            high[i] = high[i].max(v);
        }
        (0..colours).for_each(|_| engine.step());
        state = engine.state();
        for (i, &u) in state.u(wave).iter().enumerate() {
            let node = engine.design().network().nodes()[i];
            acted[i] |= node.clamp != DiodeClamp::None && u == 0;
            assert!(node.kind == NodeKind::Input || (limits.0 < u && u < limits.1), "node {i} saturates");
        }
    }
    let v = |u: i64| float(format.voltage(u));
    Window {
        wave,
        sweeps: f64::from(sweeps),
        mean: sum.iter().map(|s| s / f64::from(sweeps)).collect(),
        drift: u_first.iter().zip(state.u(wave)).map(|(a, b)| float(a - b).abs()).collect(),
        ends: u_first.iter().zip(state.u(wave)).map(|(&a, &b)| [v(a), v(b)]).collect(),
        swing: low.iter().zip(&high).map(|(l, h)| h - l).collect(),
        acted,
    }
}

/// The same circuit for the oracle, in LSB of `v` and of `g`; `imposed` outputs are held at a voltage.
pub fn circuit(
    design: &Design,
    state: &State,
    sample: &Sample,
    wave: Wave,
    imposed: &[(usize, f64)],
) -> Circuit {
    let network = design.network();
    let mut circuit = Circuit { imposed: vec![None; network.nodes().len()], ..Circuit::default() };
    for (node, &v) in network.inputs().iter().zip(&sample.inputs) {
        circuit.imposed[node.index()] = Some(f64::from(v));
    }
    imposed.iter().for_each(|&(node, v)| circuit.imposed[node] = Some(v));
    for (edge, &k) in network.edges().iter().zip(&state.k) {
        let [a, b] = edge.ends.map(|n| n.index());
        let g = float(k >> design.format().k_guard());
        match edge.kind {
            EdgeKind::Linear => circuit.resistors.push((a, b, g)),
            EdgeKind::Transistor => circuit.transistors.push((a, b, g)),
        }
    }
    circuit.diodes = network
        .nodes()
        .iter()
        .map(|node| match node.clamp {
            DiodeClamp::None => None,
            DiodeClamp::NonNegative => Some(Diode::KeepsNonNegative),
            DiodeClamp::NonPositive => Some(Diode::KeepsNonPositive),
        })
        .collect();
    if let (Nudge::Current { beta, .. }, Wave::Clamped) = (design.rules().nudge, wave) {
        for (node, target) in network.outputs().iter().zip(&sample.targets) {
            let Some(target) = target else { continue };
            let flow = match target.sense {
                Sense::Equal => Flow::Both,
                Sense::AtLeast => Flow::Up,
                Sense::AtMost => Flow::Down,
            };
            let g = float(1 << (design.format().k_bits() - u32::from(beta)));
            circuit.sources.push((node.index(), g, f64::from(target.voltage), flow));
        }
    }
    circuit
}

/// The module's bound for every node, given the equilibrium.
pub fn bounds(design: &Design, circuit: &Circuit, window: &Window, rest: &[f64]) -> Vec<f64> {
    let network = design.network();
    let (format, rules) = (design.format(), design.rules());
    let n = rest.len();
    let fixed = |i: usize| circuit.imposed[i].is_some();
    let lower =
        |i: usize, j: usize| network.colouring().colour(node_id(j)) < network.colouring().colour(node_id(i));
    let mut conductance_sum = vec![0i64; n];
    let mut load = vec![0.0; n];
    let mut entries = Vec::new();
    let mut put = |row: usize, col: usize, value: f64| {
        if !fixed(row) && value != 0.0 && (row == col || !fixed(col)) {
            entries.push((row, col, value));
        }
    };
    let shift = |i: usize| (window.ends[i][1] - window.ends[i][0]).abs() / window.sweeps;
    let spread = |i: usize| window.swing[i] * window.swing[i] / 8.0;
    let whole = |g: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        let whole = g as i64;
        whole
    };
    for &(a, b, g) in &circuit.resistors {
        for (i, j) in [(a, b), (b, a)] {
            conductance_sum[i] += whole(g);
            put(i, i, g);
            put(i, j, -g);
            if lower(i, j) && !fixed(j) {
                load[i] += g * shift(j);
            }
        }
    }
    for &(a, b, gate) in &circuit.transistors {
        let secant = |i: usize| {
            let (v, w) = (window.mean[i], rest[i]);
            let slope = if (v - w).abs() < 1e-6 {
                overdrive(gate, v).1
            } else {
                (overdrive(gate, v).0 - overdrive(gate, w).0) / (v - w)
            };
            -slope
        };
        for (i, j) in [(a, b), (b, a)] {
            conductance_sum[i] += (whole(gate) - i64::from(rules.lowest_rail)).max(0);
            put(i, i, secant(i));
            put(i, j, -secant(j));
            load[i] += spread(i) + spread(j);
            if lower(i, j) && !fixed(j) {
                let [from, to] = window.ends[j].map(|v| overdrive(gate, v).0);
                load[i] += (to - from).abs() / window.sweeps;
            }
        }
    }
    for &(i, g, target, flow) in &circuit.sources {
        let (v, w) = (window.mean[i], rest[i]);
        let passed = |v: f64| through(target - v, flow);
        put(i, i, if (v - w).abs() < 1e-6 { 0.0 } else { g * (passed(w) - passed(v)) / (v - w) });
        if flow != Flow::Both && (target - v).abs() <= window.swing[i] {
            load[i] += g * window.swing[i] / 4.0;
        }
    }
    if let Nudge::Current { beta, .. } = rules.nudge {
        network
            .outputs()
            .iter()
            .for_each(|o| conductance_sum[o.index()] += 1 << (format.k_bits() - u32::from(beta)));
    }
    for i in 0..n {
        if fixed(i) {
            entries.push((i, i, 1.0));
            load[i] = 0.0;
        } else {
            let gain = design.gains().gain(conductance_sum[i], format.k_bits());
            let lsb = f64::from(gain.s + 3).exp2() / f64::from(gain.q) / f64::from(format.v_guard()).exp2();
            load[i] += (window.drift[i] / window.sweeps + 0.5) * lsb;
        }
    }
    let acted = (0..n).filter(|&i| window.acted[i]).map(|i| window.mean[i].abs()).fold(0.0, f64::max);
    solve_sparse(n, &entries, &load).into_iter().map(|b| b + acted).collect()
}
