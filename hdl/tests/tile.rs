//! The folded array against the reference engine: every register of every node after every sample, and every conductance,
//! for random networks under random delays.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;

use common::{Draw, Graph, Kinds, Spread};
use std::sync::Arc;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions, FoldedSimulation, Folding};
use wheatstone_hdl::{ArraySimulation, Technology, timing};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, crossbar, lattice, layered};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Network, Nudge, Omega, Reference, Sample, State,
};

/// A folded array beside a model.
struct Pair {
    array: FoldedSimulation,
    model: Reference,
    /// The model's conductances and generators before its last learning step.
    before: State,
}

impl Pair {
    fn new(
        design: &Arc<Design>,
        tiles: usize,
        configuration: Configuration,
        state: &State,
        jitter: Option<u64>,
    ) -> Pair {
        let options = FoldedOptions { technology: Technology::Ecp5, tiles };
        let array = FoldedArray::new(Arc::clone(design), options).unwrap();
        if let Some(seed) = jitter {
            timing::jitter(&array.module, Technology::Ecp5, seed);
        }
        let array = FoldedSimulation::of(array, configuration, state).unwrap();
        let model = Reference::new(Arc::clone(design), configuration, state.clone()).unwrap();
        Pair { array, before: state.clone(), model }
    }

    /// Trains both on a sample; the array's last learning step waits for the next one.
    fn stream(&mut self, sample: &Sample) -> Result<(), String> {
        self.model.present(sample).unwrap();
        let configuration = self.model.configuration();
        let period = configuration.learning.period(configuration.steps);
        let mut expected = Vec::new();
        for step in 1..=configuration.steps {
            self.model.step();
            if step == configuration.steps {
                expected = self.model.answer();
            }
            if step % period == 0 {
                self.before = self.model.state();
                self.model.learn();
            }
        }
        if !configuration.steps.is_multiple_of(period) || period > configuration.steps {
            self.before = self.model.state();
        }
        let answer = self.array.stream(sample).unwrap();
        let registers = self.array.registers();
        let state = self.model.state();
        compare("u_F", &registers.u[0], &state.u[0])?;
        compare("u_C", &registers.u[1], &state.u[1])?;
        compare("k before learning", &registers.k, &self.before.k)?;
        if registers.generators != self.before.generators {
            return Err("generators before learning".to_owned());
        }
        if answer != expected {
            return Err(format!("answer {answer:?}, not {expected:?}"));
        }
        Ok(())
    }

    /// Ends a stretch of samples: nothing is left to learn.
    fn finish(&mut self) -> Result<(), String> {
        self.array.finish();
        let (found, expected) = (self.array.state(), self.model.state());
        compare("k", &found.k, &expected.k)?;
        if self.array.is_stuck() {
            return Err("stuck".to_owned());
        }
        if found == expected { Ok(()) } else { Err("another state".to_owned()) }
    }

    fn read(&mut self, inputs: &[i32], steps: u32) -> Result<(), String> {
        self.array.finish();
        let (found, expected) = (self.array.read(inputs, steps), self.model.read(inputs, steps));
        if found != expected { Err(format!("reads {found:?}, not {expected:?}")) } else { self.finish() }
    }
}

fn compare(what: &str, found: &[i64], expected: &[i64]) -> Result<(), String> {
    match found.iter().zip(expected).position(|(a, b)| a != b) {
        Some(i) => Err(format!("{what}[{i}] is {} and in the model {}", found[i], expected[i])),
        None => Ok(()),
    }
}

/// Streams two stretches of random samples and reads between them.
fn run(pair: &mut Pair, design: &Design, samples: usize, seed: u64) -> Result<(), String> {
    let mut draw = Draw::new(seed ^ 0x5a5a);
    for stretch in 0..2 {
        for i in 0..samples {
            let spread = draw.pick(&[Spread::Even, Spread::Extreme]);
            let sample = common::random_sample(&mut draw, design, spread, true);
            pair.stream(&sample).map_err(|e| format!("sample {i} of stretch {stretch}: {e}"))?;
        }
        pair.finish().map_err(|e| format!("stretch {stretch}: {e}"))?;
        let inputs = common::random_sample(&mut draw, design, Spread::Even, false).inputs;
        pair.read(&inputs, 3)?;
    }
    Ok(())
}

const STEADY: Configuration =
    Configuration { steps: 4, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };

#[test]
fn a_layered_network_streams() {
    let network = layered(&[4, 10, 3], EdgeKind::Linear).unwrap();
    let nudge = Nudge::Current { beta: 2, centred: false };
    let design = Arc::new(common::design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let folding = Folding::new(&design, 8).unwrap();
    assert_eq!((folding.tiles.len(), folding.free.len(), folding.imposed.len()), (2, 3, 4));
    let state = common::random_state(&mut Draw::new(1), &design, Spread::Even);
    let mut pair = Pair::new(&design, 8, STEADY, &state, None);
    run(&mut pair, &design, 3, 1).unwrap();
}

/// A network of the kind that seed stands for.
fn network(draw: &mut Draw, seed: u64) -> Network {
    let random = |draw: &mut Draw, nodes: usize| {
        let graph = Graph {
            nodes,
            extra_edges: draw.index(nodes * 3),
            inputs: draw.index(6) + 1,
            outputs: draw.index(5) + 1,
            kinds: Kinds::Linear,
            diodes: seed % 4 < 2,
            bipartite: true,
            alpha: (-12, 4),
        };
        common::random_network(draw, graph)
    };
    let layers = |sizes: &[usize]| layered(sizes, EdgeKind::Linear).unwrap();
    match seed {
        0..24 => {
            let nodes = draw.index(60) + 3;
            random(draw, nodes)
        }
        24 => random(draw, 500),
        25..30 => layers(&[draw.index(20) + 1, draw.index(30) + 1, draw.index(5) + 1]),
        30..33 => layers(&[draw.index(9) + 1, draw.index(20) + 1, draw.index(12) + 1, draw.index(5) + 1]),
        33..36 => layers(&[6, draw.index(20) + 1, draw.index(12) + 1, draw.index(20) + 1, 2]),
        36..39 => crossbar(draw.index(40) + 1, draw.index(5) + 1, EdgeKind::Linear).unwrap(),
        _ => {
            let boundary = draw.pick(&[Boundary::Open, Boundary::Periodic]);
            let lattice = lattice(4, 2 * draw.index(3) + 4, boundary, EdgeKind::Linear);
            lattice.inputs([0, 5, 7].map(NodeId)).outputs([10, 15].map(NodeId)).build().unwrap()
        }
    }
}

/// Every schedule and nudge, both presets of formats; random bipartite graphs with inputs of both colours, several learning shifts
/// at a column and diodes, layers with one to three hidden ones, crossbars, lattices; one to eight tiles with several rows a
/// lane; each under the documented delays and five draws of them.
#[test]
fn random_networks_under_random_delays() {
    let mut fires = 0;
    for seed in 0..44u64 {
        let mut draw = Draw::new(3000 + seed);
        let network = network(&mut draw, seed);
        let nodes = network.nodes().len();
        let format = [Format::WIDE, Format::COMPACT][usize::try_from(seed % 2).unwrap()];
        let nudge = draw.pick(&[
            Nudge::Clamped { eta: 0 },
            Nudge::Clamped { eta: 2 },
            Nudge::Current { beta: 2, centred: false },
            Nudge::Current { beta: 1, centred: true },
        ]);
        let learning = [
            LearningSchedule::Quasistatic,
            LearningSchedule::Continuous { every: 2 },
            LearningSchedule::Desynchronous { rarity: 1 },
            LearningSchedule::Desynchronous { rarity: 3 },
        ][usize::try_from(seed / 2 % 4).unwrap()];
        let omega = Omega::new(u8::try_from(draw.within(4..=15)).unwrap()).unwrap();
        let design = Arc::new(common::design_on(network, format, omega, nudge, (0, 3)));
        let offset = u8::try_from(draw.within(0..=3)).unwrap();
        let configuration = Configuration { steps: 5, learning, alpha_offset: offset };
        let tiles = if nodes > 400 { 8 } else { draw.index(8) + 1 };
        for jitter in 0..=5 {
            let spread = draw.pick(&[Spread::Even, Spread::Extreme]);
            let state = common::random_state(&mut draw, &design, spread);
            let mut pair = Pair::new(&design, tiles, configuration, &state, (jitter > 0).then_some(jitter));
            run(&mut pair, &design, 3, seed).unwrap_or_else(|difference| {
                panic!("network {seed} of {nodes} nodes on {tiles} tiles, delays {jitter}: {difference}");
            });
            fires += pair.array.fires();
        }
    }
    eprintln!("{fires} fires");
}

/// The network of the handwritten digits: 8,960 edges on eight tiles, 200 samples in a stretch.
#[test]
fn digits_stream() {
    let network = layered(&[130, 64, 10], EdgeKind::Linear).unwrap();
    let nudge = Nudge::Current { beta: 2, centred: false };
    let design = Arc::new(common::design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let mut draw = Draw::new(17);
    let state = common::random_state(&mut draw, &design, Spread::Even);
    let configuration = Configuration { steps: 8, ..STEADY };
    let mut pair = Pair::new(&design, 8, configuration, &state, None);
    for i in 0..200 {
        let sample = common::random_sample(&mut draw, &design, Spread::Even, true);
        pair.stream(&sample).unwrap_or_else(|difference| panic!("sample {i}: {difference}"));
    }
    pair.finish().unwrap();
    eprintln!("{} ps a sample with documented delays", pair.array.busy_ps());
}

/// A state goes from the model to the folded array, from there to the spatial one, and back to a model that never left.
#[test]
fn a_state_moves_between_model_and_both_arrays() {
    let network = layered(&[3, 5, 2], EdgeKind::Linear).unwrap();
    let nudge = Nudge::Clamped { eta: 1 };
    let design = Arc::new(common::design_on(network, Format::COMPACT, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let mut draw = Draw::new(5);
    let state = common::random_state(&mut draw, &design, Spread::Even);
    let learning = LearningSchedule::Desynchronous { rarity: 1 };
    let configuration = Configuration { learning, ..STEADY };
    let mut stayed = Reference::new(Arc::clone(&design), configuration, state.clone()).unwrap();
    let mut moving = state;
    for engine in 0..4 {
        let sample = common::random_sample(&mut draw, &design, Spread::Even, true);
        let design = Arc::clone(&design);
        let mut next: Box<dyn Engine> = match engine % 2 {
            0 => Box::new(FoldedSimulation::new(design, Technology::Ecp5, configuration, &moving).unwrap()),
            _ => Box::new(ArraySimulation::new(design, Technology::Ecp5, configuration, moving).unwrap()),
        };
        assert_eq!(next.train(&sample).unwrap(), stayed.train(&sample).unwrap());
        moving = next.state();
        assert_eq!(moving, stayed.state(), "engine {engine}");
    }
}

/// A matched delay shorter than the data it waits for: the comparison notices.
#[test]
fn a_matched_delay_cut_short_is_noticed() {
    let network = layered(&[4, 10, 3], EdgeKind::Linear).unwrap();
    let nudge = Nudge::Current { beta: 2, centred: false };
    let design = Arc::new(common::design_on(network, Format::WIDE, Omega::GAUSS_SEIDEL, nudge, (0, 1)));
    let state = common::random_state(&mut Draw::new(1), &design, Spread::Even);
    for cell in ["tile_0", "tile_1", "root"] {
        let mut pair = Pair::new(&design, 8, STEADY, &state, None);
        for (path, leaf) in pair.array.circuit().leaves() {
            // Slow data beside a request that does not know: as if a wire had been detoured.
            if path.starts_with(cell) && (path.contains("lane") || path.contains("tile_tree")) {
                leaf.set_delay_ps(20_000);
            }
        }
        assert!(run(&mut pair, &design, 3, 3).is_err(), "{cell} fires too early unnoticed");
    }
}

/// What cannot be folded is refused by name, with a way out.
#[test]
fn what_cannot_be_folded_is_refused() {
    let refusal = |network: Network, format: Format, tiles: usize| {
        let design =
            common::design_on(network, format, Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 0 }, (0, 1));
        Folding::new(&design, tiles).unwrap_err().to_string()
    };
    let layers = |kind| layered(&[2, 3, 1], kind).unwrap();
    let message = refusal(layers(EdgeKind::Transistor), Format::WIDE, 8);
    assert!(
        message.contains("edge 0") && message.contains("transistor") && message.contains("spatial"),
        "{message}"
    );
    let format = |v, k| Format::new(v, 4, k, 8).unwrap();
    let message = refusal(layers(EdgeKind::Linear), format(17, 16), 8);
    assert!(message.contains("v_bits = 17") && message.contains("v_bits <= 16"), "{message}");
    let message = refusal(layers(EdgeKind::Linear), format(16, 18), 8);
    assert!(message.contains("k_bits = 18") && message.contains("k_bits <= 17"), "{message}");
    let message = refusal(layered(&[200, 200, 200], EdgeKind::Linear).unwrap(), Format::COMPACT, 1);
    assert!(message.contains("200 rows") && message.contains("more tiles"), "{message}");
    let triangle = lattice(3, 3, Boundary::Periodic, EdgeKind::Linear);
    let triangle = triangle.inputs([NodeId(0)]).outputs([NodeId(4)]).build().unwrap();
    assert!(refusal(triangle, Format::WIDE, 8).contains("odd length 3"));
}
