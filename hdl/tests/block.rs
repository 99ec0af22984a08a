//! The array as a rust-hdl block.
#![allow(clippy::unwrap_used, reason = "tests")]

use rust_hdl::prelude::{Block, Probe, check_connected, simulate};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use wheatstone_hdl::circuit::Circuit;
use wheatstone_hdl::{Array, ArraySimulation, Technology, waves};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sample, Sense,
    State, Target,
};

fn design() -> Arc<Design> {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(3, 2, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap())
}

fn simulation() -> ArraySimulation {
    let design = design();
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
    let configuration = Configuration { steps: 3, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    ArraySimulation::new(design, Technology::Ecp5, configuration, state).unwrap()
}

fn sample() -> Sample {
    let target = |voltage| Some(Target { voltage, sense: Sense::Equal });
    Sample { inputs: vec![900, -300, 400], targets: vec![target(100), target(-50)] }
}

#[derive(Default)]
struct Count {
    scopes: usize,
    atoms: usize,
}

impl Probe for Count {
    fn visit_start_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.scopes += 1;
    }
    fn visit_atom(&mut self, _name: &str, _signal: &dyn rust_hdl::prelude::Atom) {
        self.atoms += 1;
    }
}

#[test]
fn rust_hdl_finds_every_port_driven() {
    let mut circuit = Circuit::new(Array::new(design(), Technology::Ecp5).unwrap().module);
    circuit.connect_all();
    check_connected(&circuit).unwrap();
    let mut count = Count::default();
    circuit.accept("array", &mut count);
    assert!(count.scopes > 11 * 10 && count.atoms > count.scopes, "{} {}", count.scopes, count.atoms);
    assert!(simulate(&mut circuit, 100), "an array at rest settles");
}

/// rust-hdl's way of simulating, every leaf in every delta cycle, gives the same bits and times.
#[test]
fn looking_at_every_leaf_changes_nothing() {
    let run = |exhaustive| {
        let mut array = simulation();
        array.circuit_mut().set_exhaustive(exhaustive);
        for _ in 0..3 {
            array.train(&sample()).unwrap();
        }
        (array.state(), array.fires(), array.circuit().now_ps(), array.circuit().events())
    };
    assert_eq!(run(true), run(false));
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every fire of every cell is in the waveform, with a width.
#[test]
fn fires_have_a_width_in_the_waveform() {
    let mut array = simulation();
    let file = Shared::default();
    let observer = waves::vcd(array.circuit(), file.clone(), |error| panic!("{error}")).unwrap();
    array.circuit_mut().observe(Some(observer));
    let before = array.fires();
    array.train(&sample()).unwrap();
    array.circuit_mut().observe(None);
    let text = String::from_utf8(file.0.lock().unwrap().clone()).unwrap();
    let mut codes = Vec::new();
    let (mut now, mut rises) = (0u64, 0u64);
    let mut since: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for line in text.lines() {
        if let ["$var", _, "1", code, "fire", ..] = line.split(' ').collect::<Vec<_>>()[..] {
            codes.push(code);
        } else if let Some(time) = line.strip_prefix('#') {
            now = time.parse().unwrap();
        } else if let Some(code) = line.strip_prefix('1').filter(|code| codes.contains(code)) {
            rises += 1;
            since.insert(code, now);
        } else if let Some(code) = line.strip_prefix('0')
            && let Some(rose) = since.remove(code)
        {
            assert!(now >= rose + 1000, "a pulse of {} ps", now - rose);
        }
    }
    assert_eq!(codes.len(), 11);
    assert_eq!(rises, array.fires() - before);
}
