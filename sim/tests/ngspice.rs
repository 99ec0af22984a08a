//! Learnt networks as netlists, solved by ngspice: its node voltages lie within the bound of `equilibrium.rs` of the engine's.
//!
//! Skipped with a message where ngspice is not installed; `WHEATSTONE_NGSPICE` names another program.
#![allow(clippy::unwrap_used, reason = "a test may panic, and tells what it saw")]

mod bound;
mod common;
mod oracle;

use bound::{bounds, circuit, observe};
use common::{Draw, Graph, Kinds, design_on, random_network, random_sample, random_state};
use std::process::Command;
use std::sync::Arc;
use wheatstone_sim::network::formats::{self, Circuit, Ports};
use wheatstone_sim::network::{DiodeClamp, EdgeKind};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Network, Nudge, Omega, Reference, Sample, State,
    Wave,
};

/// What ngspice prints of a netlist, or nothing where there is no ngspice.
fn ngspice(netlist: &str, name: &str) -> Option<String> {
    let program = std::env::var("WHEATSTONE_NGSPICE").unwrap_or_else(|_| "ngspice".to_owned());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.cir"));
    std::fs::write(&path, netlist).unwrap();
    let Ok(done) = Command::new(program).arg("-b").arg(&path).output() else {
        eprintln!("skipped: ngspice is not installed; `cargo xtask setup --ngspice` installs it");
        return None;
    };
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&done.stderr));
    Some(said)
}

/// The voltage of every node at the operating point, as ngspice lists them by the words of the netlist.
fn voltages(said: &str, network: &Network, netlist: &str) -> Vec<f64> {
    let table = said.split("Voltage").nth(1).unwrap().split("Source").next().unwrap();
    let words: Vec<String> = netlist
        .lines()
        .filter_map(|line| line.strip_prefix("*wheatstone node "))
        .map(|json| {
            serde_json::from_str::<serde_json::Value>(json).unwrap()["node"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(words.len(), network.nodes().len());
    words
        .iter()
        .map(|word| {
            let mut rows = table.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
            let (_, value) = rows.find(|(name, _)| name == word || *name == format!("V({word})")).unwrap();
            value.trim().parse().unwrap()
        })
        .collect()
}

/// A design that has learnt from random samples.
fn learnt(network: Network, format: Format, seed: u64) -> (Design, State, Sample) {
    let design = design_on(network, format, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (i32::MIN, 1));
    let mut draw = Draw::new(seed);
    let start = State::initial(&design, &[wheatstone_sim::Initial::Uniform { low: 0.2, high: 0.8 }], seed);
    let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut engine = Reference::new(Arc::new(design.clone()), configuration, start.clone()).unwrap();
    for _ in 0..60 {
        engine.train(&random_sample(&mut draw, &design, common::Spread::Even, true)).unwrap();
    }
    let state = engine.state();
    assert_ne!(state.k, start.k, "it learns");
    let sample = random_sample(&mut draw, &design, common::Spread::Even, false);
    (design, state, sample)
}

fn netlist(design: &Design, state: &State, sample: &Sample) -> String {
    let format = design.format();
    let full = f64::from(1u32 << format.k_bits());
    let one = f64::from(format.one_volt());
    let g = |k: &i64| f64::from(u32::try_from(format.conductance(*k)).unwrap()) / full;
    let circuit = Circuit {
        conductances: state.k.iter().map(g).collect(),
        volts: sample.inputs.iter().map(|&v| f64::from(v) / one).collect(),
        full_scale_siemens: 1e-3,
        full_scale_gate_volts: full / one,
    };
    formats::to_spice(design.network(), &circuit)
}

/// Compares all nodes of the free wave; `more` is added to the bound, in LSB of `v`.
fn compare(name: &str, design: &Design, state: State, sample: &Sample, more: f64) -> bool {
    /// What seven printed digits leave out, of a volt.
    const PRINTED: f64 = 1e-6;
    let text = netlist(design, &state, sample);
    let Some(said) = ngspice(&text, name) else { return false };
    let one = f64::from(design.format().one_volt());
    let found = voltages(&said, design.network(), &text);
    let at_rest = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let mut engine = Reference::new(Arc::new(design.clone()), at_rest, state).unwrap();
    engine.present(sample).unwrap();
    for _ in 0..600 * usize::from(design.network().colouring().count()) {
        engine.step();
    }
    let window = observe(&mut engine, Wave::Free, 200);
    let circuit = circuit(design, &engine.state(), sample, Wave::Free, &[]);
    let bounds = bounds(design, &circuit, &window, &circuit.solve());
    let mut worst = 0.0f64;
    for (node, ((volts, mean), bound)) in found.iter().zip(&window.mean).zip(&bounds).enumerate() {
        let error = (volts * one - mean).abs();
        worst = worst.max(error);
        let allowed = bound + more + PRINTED * one;
        assert!(error <= allowed, "{name}: node {node}: {volts} V, engine {mean} LSB, bound {allowed} LSB");
    }
    eprintln!("{name}: {} nodes, worst error {worst:.4} LSB", found.len());
    true
}

fn graph(nodes: usize, kinds: Kinds, diodes: bool) -> Graph {
    Graph {
        nodes,
        extra_edges: 2 * nodes,
        inputs: 3,
        outputs: 2,
        kinds,
        diodes,
        bipartite: true,
        alpha: (-4, 0),
    }
}

#[test]
fn twenty_learnt_networks_of_resistors() {
    for seed in 0..20 {
        let nodes = 6 + 3 * usize::try_from(seed).unwrap();
        let network = random_network(&mut Draw::new(seed), graph(nodes, Kinds::Linear, false));
        assert!(network.edges().iter().all(|edge| edge.kind == EdgeKind::Linear));
        let format = if seed % 2 == 0 { Format::WIDE } else { Format::COMPACT };
        let (design, state, sample) = learnt(network, format, seed);
        // The netlist is read back to the same circuit.
        let text = netlist(&design, &state, &sample);
        let read = formats::read(text.as_bytes(), &Ports::default()).unwrap().network;
        let ends = |network: &Network| network.edges().iter().map(|edge| edge.ends).collect::<Vec<_>>();
        assert_eq!(ends(&read), ends(design.network()));
        if !compare(&format!("resistors-{seed}"), &design, state, &sample, 0.0) {
            return;
        }
    }
}

/// Transistors are sources of the square law, and diodes conduct a million times as well as full scale.
#[test]
fn transistors_and_diodes() {
    for (name, kinds, diodes, seeds) in
        [("transistors", Kinds::Mixed, false, 0..4), ("diodes", Kinds::Linear, true, 4..8)]
    {
        for seed in seeds {
            let network = random_network(&mut Draw::new(seed), graph(12, kinds, diodes));
            assert_eq!(diodes, network.nodes().iter().any(|node| node.clamp != DiodeClamp::None));
            let (design, mut state, sample) = learnt(network, Format::WIDE, seed);
            if !diodes {
                // Well above cut-off, where a transistor conducts, and a solver converges.
                let draw = random_state(&mut Draw::new(seed), &design, common::Spread::Even);
                let (low, high) = (design.format().k_range(1).1 / 2, design.format().k_range(1).1);
                state.k = draw.k.iter().map(|k| low + k % (high - low)).collect();
            }
            if !compare(&format!("{name}-{seed}"), &design, state, &sample, 0.1) {
                return;
            }
        }
    }
}
