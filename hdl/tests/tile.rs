//! The folded array against the reference engine: every register of every node after every sample, and every conductance,
//! for random networks under random delays.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;

use common::{Draw, Graph, Kinds, Spread};
use std::sync::Arc;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions, FoldedSimulation, Folding};
use wheatstone_hdl::{Technology, timing};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, LearningSchedule, Nudge, Omega, Reference, Sample, State,
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
        if configuration.steps % period != 0 || period > configuration.steps {
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

/// Every schedule and nudge, both presets of formats, random bipartite graphs with inputs of both colours, several learning shifts at
/// a column, diodes; one to eight tiles with up to several rows a lane; each under the documented delays and five draws of
/// them.
#[test]
fn random_networks_under_random_delays() {
    let mut fires = 0;
    for seed in 0..24u64 {
        let mut draw = Draw::new(3000 + seed);
        let nodes = draw.index(60) + 3;
        let graph = Graph {
            nodes,
            extra_edges: draw.index(nodes * 3),
            inputs: draw.index(6) + 1,
            outputs: draw.index(5) + 1,
            kinds: Kinds::Linear,
            diodes: seed % 2 == 0,
            bipartite: true,
            alpha: (-12, 4),
        };
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
        ][usize::try_from(seed % 4).unwrap()];
        let network = common::random_network(&mut draw, graph);
        let omega = Omega::new(u8::try_from(draw.within(4..=15)).unwrap()).unwrap();
        let design = Arc::new(common::design_on(network, format, omega, nudge, (0, 3)));
        let offset = u8::try_from(draw.within(0..=3)).unwrap();
        let configuration = Configuration { steps: 5, learning, alpha_offset: offset };
        let tiles = draw.index(8) + 1;
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
