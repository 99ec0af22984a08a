//! The reference engine: reads like the cell contract (`docs/cell-contract.md`) and is never optimised.

use super::{Engine, SampleError, StartError, check_sample};
use crate::gain::{gains_of, slopes_of};
use crate::network::{EdgeId, NodeId};
use crate::nudge::{dither_sign, loss, told};
use crate::{
    Configuration, ConfigurationError, Design, Gain, Modulation, NoiseGenerator, Nudge, Sample, State,
    StateError, Target, Wave, shift_rounded,
};
use std::sync::Arc;

/// The naive engine every other one is tested against.
#[derive(Clone, Debug)]
pub struct Reference {
    design: Arc<Design>,
    configuration: Configuration,
    state: State,
    /// By node; only outputs have one.
    targets: Vec<Option<Target>>,
    /// By node: twice the current that a modulated nudge holds; 0 except at learning steps.
    held: Vec<i64>,
    /// By wave, then by edge; the two differ where conductances are dithered.
    conductances: [Vec<i64>; 2],
    /// By wave, then by node; functions of the conductances, recomputed when they change.
    gains: [Vec<Gain>; 2],
    slopes: [Vec<i64>; 2],
}

impl Reference {
    /// An engine at rest in `state`.
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or the state is not one of this design.
    pub fn new(design: Arc<Design>, configuration: Configuration, state: State) -> Result<Self, StartError> {
        configuration.check()?;
        state.check(&design)?;
        let targets = vec![None; design.network().nodes().len()];
        let held = vec![0; targets.len()];
        let (conductances, gains, slopes) = Default::default();
        let mut engine =
            Reference { design, configuration, state, targets, held, conductances, gains, slopes };
        engine.update_conductances();
        Ok(engine)
    }

    /// The voltage a node's neighbours see.
    fn voltage(&self, node: NodeId, wave: Wave) -> i64 {
        self.design.format().voltage(self.state.u(wave)[node.index()])
    }

    /// Twice the current an edge carries in a wave into a node at voltage `v` from a neighbour at voltage `v_other`.
    fn twice_current(&self, edge: EdgeId, wave: Wave, v: i64, v_other: i64) -> i64 {
        let g = self.conductances[wave.index()][edge.index()];
        self.design.network().edges()[edge.index()].kind.twice_current(g, v, v_other)
    }

    /// Twice the nudging current into an output at voltage `v`. A target's sense is a diode in its path.
    fn twice_nudging_current(&self, target: Target, wave: Wave, v: i64) -> i64 {
        let nudge = self.design.rules().nudge;
        let passed = target.sense.passes(i64::from(target.voltage) - v);
        2 * i64::from(nudge.direction(wave)) * nudge.conductance(self.design.format()) * passed
    }

    /// The amplitude of a node's noise in one wave; 0 without noise.
    fn noise_amplitude(&self, node: NodeId, wave: Wave) -> i64 {
        let Some(temperature) = self.design.features().temperature else { return 0 };
        let (format, nudge) = (self.design.format(), self.design.rules().nudge);
        let mut slope = self.slopes[wave.index()][node.index()];
        if self.targets[node.index()].is_some() {
            slope += i64::from(nudge.direction(wave)) * nudge.conductance(format);
        }
        self.gains[wave.index()][node.index()].noise_amplitude(temperature, slope, format.v_guard())
    }

    /// The accumulator of a node after it relaxes one wave, `noise` being what its generator gave.
    fn relaxed(&self, node: NodeId, wave: Wave, noise: i64) -> i64 {
        let format = self.design.format();
        let v = self.voltage(node, wave);
        let mut twice_sum = self.held[node.index()];
        for incidence in self.design.network().incidences(node) {
            twice_sum += self.twice_current(incidence.edge, wave, v, self.voltage(incidence.neighbour, wave));
        }
        if let Some(target) = self.targets[node.index()] {
            twice_sum += self.twice_nudging_current(target, wave, v);
        }
        let Gain { q, s } = self.gains[wave.index()][node.index()];
        let change = shift_rounded((twice_sum << format.v_guard()) * i64::from(q), s + 4);
        let (low, high) = format.u_range();
        let noise = self.noise_amplitude(node, wave) * noise;
        (self.state.u(wave)[node.index()] + change + noise).clamp(low, high)
    }

    /// The accumulator of an output nudged by coupled learning.
    fn nudged(&self, node: NodeId, target: Target, eta: u8) -> i64 {
        let u_free = self.state.u(Wave::Free)[node.index()];
        let wanted = i64::from(target.voltage);
        if target.sense.is_satisfied(self.voltage(node, Wave::Free), wanted) {
            return u_free;
        }
        u_free + shift_rounded(self.design.format().accumulator(wanted) - u_free, eta.into())
    }

    /// A node's turn in one wave; `cell` is its number among the nodes that relax.
    fn update_node(&mut self, cell: usize, node: NodeId, wave: Wave) {
        let noise = self.state.noise.get_mut(cell).map_or(0, NoiseGenerator::draw);
        let network = self.design.network();
        let u = match (self.targets[node.index()], self.design.rules().nudge.imposed(wave)) {
            (Some(target), Some(eta)) => self.nudged(node, target, eta),
            (None, _) | (_, None) => self.relaxed(node, wave, noise),
        };
        self.state.u[wave.index()][node.index()] = network.nodes()[node.index()].clamp.apply(u);
    }

    /// Both voltage drops of an edge.
    fn drops(&self, edge: EdgeId) -> [i64; 2] {
        let [i, j] = self.design.network().edges()[edge.index()].ends;
        Wave::BOTH.map(|wave| self.voltage(i, wave) - self.voltage(j, wave))
    }

    /// The modulation of a learning step: by edge, the sum of its drops in the last two steps of every half cycle, and the same
    /// sum with the sign of the half cycle.
    fn modulate(&mut self, modulation: Modulation) -> Vec<[i64; 2]> {
        let Modulation { twice_strength, half, cycles, .. } = modulation;
        let error = |(target, node): (&Option<Target>, NodeId)| {
            let drop = |target: Target| i64::from(target.voltage) - self.voltage(node, Wave::Free);
            target.map_or(0, |target| target.sense.passes(drop(target)))
        };
        let errors: Vec<i64> = self.targets.iter().zip(self.design.network().node_ids()).map(error).collect();
        let mut sums = vec![[0; 2]; self.state.k.len()];
        for _ in 0..cycles {
            for sign in [1, -1] {
                self.held = errors.iter().map(|x| sign * x * twice_strength).collect();
                for step in 1..=half {
                    self.step();
                    if step + 2 > half {
                        for edge in self.design.network().edge_ids() {
                            let [drop, _] = self.drops(edge);
                            sums[edge.index()][0] += drop;
                            sums[edge.index()][1] += sign * drop;
                        }
                    }
                }
            }
        }
        self.held.fill(0);
        sums
    }

    /// By how much wave F's loss exceeds wave C's, as edges are told.
    fn loss_difference(&self) -> i64 {
        let difference = |(target, node): (&Option<Target>, NodeId)| {
            let of = |wave| target.map_or(0, |target| loss(target, self.voltage(node, wave)));
            of(Wave::Free) - of(Wave::Clamped)
        };
        let all = self.targets.iter().zip(self.design.network().node_ids());
        told(all.map(difference).sum(), self.design.format())
    }

    /// The accumulator of an edge after it learns from a product of that many more fractional bits.
    fn learnt(&self, edge: EdgeId, product: i64, fraction: u32) -> i64 {
        let network = self.design.network();
        let group = &network.groups()[network.edges()[edge.index()].group.index()];
        let alpha = group.shift_of(self.configuration.alpha_offset, fraction);
        let change = if alpha >= 0 { product << alpha } else { shift_rounded(product, alpha.unsigned_abs()) };
        let (low, high) = self.design.format().k_range(self.design.rules().g_min.into());
        (self.state.k[edge.index()] + change).clamp(low, high)
    }

    /// What the conductances are in both waves, and what follows from them.
    fn update_conductances(&mut self) {
        let (network, format, rules) = (self.design.network(), self.design.format(), self.design.rules());
        let dither = rules.nudge.dither().filter(|_| self.targets.iter().any(Option::is_some)).unwrap_or(0);
        for (wave, direction) in [1, -1].into_iter().enumerate() {
            let conductance = |edge: EdgeId| {
                let g = format.conductance(self.state.k[edge.index()]);
                if dither == 0 || network.groups()[network.edges()[edge.index()].group.index()].frozen {
                    return g;
                }
                let sign = direction * dither_sign(self.state.generators[edge.index()]);
                (g + sign * dither).clamp(rules.g_min.into(), format.g_max())
            };
            self.conductances[wave] = network.edge_ids().map(conductance).collect();
            self.slopes[wave] = slopes_of(&self.design, &self.conductances[wave]);
            self.gains[wave] = gains_of(&self.design, &self.slopes[wave]);
        }
    }
}

impl Engine for Reference {
    fn design(&self) -> &Design {
        &self.design
    }

    fn configuration(&self) -> Configuration {
        self.configuration
    }

    fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        self.configuration = configuration;
        Ok(())
    }

    fn state(&self) -> State {
        self.state.clone()
    }

    fn set_state(&mut self, state: State) -> Result<(), StateError> {
        state.check(&self.design)?;
        self.state = state;
        self.update_conductances();
        Ok(())
    }

    fn present(&mut self, sample: &Sample) -> Result<(), SampleError> {
        check_sample(&self.design, sample)?;
        let network = self.design.network();
        for (&node, &v) in network.inputs().iter().zip(&sample.inputs) {
            for u in &mut self.state.u {
                u[node.index()] = self.design.format().accumulator(v.into());
            }
        }
        for (&node, &target) in network.outputs().iter().zip(&sample.targets) {
            self.targets[node.index()] = target;
        }
        if self.design.rules().nudge.dither().is_some() {
            self.update_conductances();
        }
        Ok(())
    }

    fn step(&mut self) {
        let design = Arc::clone(&self.design);
        let (network, colouring) = (design.network(), design.network().colouring());
        let colours = colouring.count();
        let (lag, nudge) = (design.features().waves.lag(), design.rules().nudge);
        let relaxes = |node: &NodeId| network.nodes()[node.index()].kind.relaxes();
        for (cell, node) in network.node_ids().filter(relaxes).enumerate() {
            // A colour's turn in wave F comes at its own phase, in wave C at the same step or the one after it.
            let colour = colouring.colour(node);
            if colour == self.state.phase {
                self.update_node(cell, node, Wave::Free);
            }
            if (colour + lag) % colours == self.state.phase && nudge.has_turns(Wave::Clamped) {
                self.update_node(cell, node, Wave::Clamped);
            }
        }
        self.state.phase = (self.state.phase + 1) % colours;
    }

    fn learn(&mut self) {
        let nudge = self.design.rules().nudge;
        let modulation = nudge.modulation(self.design.format());
        let sums = modulation.map(|modulation| self.modulate(modulation)).unwrap_or_default();
        let fraction = modulation.map_or(0, |modulation| modulation.shift);
        let difference = self.loss_difference();
        for edge in self.design.network().edge_ids() {
            let product = match nudge {
                Nudge::Clamped { .. } | Nudge::Current { .. } => {
                    let [free, clamped] = self.drops(edge);
                    (free - clamped) * (free + clamped)
                }
                Nudge::Modulated { .. } => -sums[edge.index()][0] * sums[edge.index()][1],
                Nudge::Dithered { .. } => {
                    let generator = &mut self.state.generators[edge.index()];
                    let sign = dither_sign(*generator);
                    generator.fires(1);
                    -sign * difference
                }
            };
            if let Some(rarity) = self.configuration.learning.rarity()
                && !self.state.generators[edge.index()].fires(rarity)
            {
                continue;
            }
            self.state.k[edge.index()] = self.learnt(edge, product, fraction);
        }
        self.update_conductances();
    }

    fn answer(&self) -> Vec<i32> {
        let outputs = self.design.network().outputs().iter();
        #[expect(clippy::cast_possible_truncation, reason = "a voltage has at most 20 bits")]
        outputs.map(|&node| self.voltage(node, Wave::Free) as i32).collect()
    }
}
