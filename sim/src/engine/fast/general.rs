//! The edge list: any network, any format, in 64-bit integers.
//!
//! Nodes that relax stand in the order of their turns, each with its *terms*, one for every edge, side by side: a
//! neighbour and the conductance towards it. An update then reads one stretch of memory and nothing else but its
//! neighbours' voltages. Every conductance is therefore kept at both ends; a learning step writes the two where it
//! changed, moves the sums `D` by the difference and looks up the gains of these nodes alone.

use super::Layout;
use crate::network::{EdgeKind, NodeId};
use crate::{
    Configuration, Design, EdgeGenerator, Gain, Modulation, NoiseGenerator, Sample, State, Target,
    Temperature, Wave, shift_rounded,
};
use std::sync::Arc;

/// A node that relaxes.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Its id.
    node: u32,
    /// Where its linear terms begin, where its transistors, and where both end.
    terms: [u32; 3],
    /// Its output port; `u32::MAX` if it has none.
    port: u32,
    /// The gain's shift, `s + 4`, and its factor `q 2^GV`.
    shift: u32,
    factor: i64,
    /// The sum of its linear conductances, and `D`.
    linear: i64,
    d_sum: i64,
    /// Smallest and largest accumulator its diode permits.
    range: [i32; 2],
    /// Its accumulators by wave.
    u: [i32; 2],
}

/// What makes the noise of a cell.
#[derive(Clone, Copy, Debug)]
struct Noise {
    generator: NoiseGenerator,
    /// Amplitudes where a nudging current flows away from the target, where none flows, and where one flows towards it.
    amplitudes: [i64; 3],
}

/// An edge seen from a node that relaxes.
#[derive(Clone, Copy, Debug)]
struct Term {
    neighbour: u32,
    conductance: i32,
}

/// No such thing.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(super) struct General {
    design: Arc<Design>,
    /// By colour, then by id.
    cells: Vec<Cell>,
    /// By cell; empty without noise.
    noise: Vec<Noise>,
    /// Where the cells of every colour begin, and the end.
    colours: Vec<u32>,
    terms: Vec<Term>,
    /// Voltages by wave, then by node.
    v: [Vec<i32>; 2],
    /// Accumulators of the inputs by wave, then by port.
    inputs: [Vec<i32>; 2],
    pub(super) k: Vec<i64>,
    pub(super) generators: Vec<EdgeGenerator>,
    /// By edge: the terms of its two ends, [`NONE`] at an input.
    places: Vec<[u32; 2]>,
    /// By node: its cell, [`NONE`] at an input.
    cell_of: Vec<u32>,
    pub(super) targets: Vec<Option<Target>>,
    /// By output: twice the current that a modulated nudge holds; 0 except at learning steps.
    held: Vec<i64>,
    /// Cells whose `D` changed since their gain was looked up; as long as the cells.
    stale: Vec<bool>,
    pub(super) phase: u8,
}

/// Accumulators and voltages have at most 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "a value of the format, at most 32 bits wide")]
fn narrow(value: i64) -> i32 {
    value as i32
}

/// Nodes and terms are counted in 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a network has fewer than 2^32 nodes, and engines 2^31 edges"
)]
fn count(value: usize) -> u32 {
    value as u32
}

impl General {
    /// The layout of a design, before it has a state.
    pub(super) fn new(design: Arc<Design>) -> General {
        let network = design.network();
        let (nodes, edges) = (network.nodes().len(), network.edges().len());
        let mut ports = vec![NONE; nodes];
        for (port, node) in network.outputs().iter().enumerate() {
            ports[node.index()] = count(port);
        }
        let mut cells = Vec::with_capacity(nodes - network.inputs().len());
        let mut terms = Vec::with_capacity(2 * edges);
        let mut places = vec![[NONE; 2]; edges];
        let mut cell_of = vec![NONE; nodes];
        let mut colours = vec![0];
        for colour in 0..network.colouring().count() {
            for id in network.node_ids() {
                let node = network.nodes()[id.index()];
                if !node.kind.relaxes() || network.colouring().colour(id) != colour {
                    continue;
                }
                let mut bounds = [count(terms.len()); 3];
                for (kind, end) in [(EdgeKind::Linear, 1), (EdgeKind::Transistor, 2)] {
                    for incidence in network.incidences(id) {
                        let edge = network.edges()[incidence.edge.index()];
                        if edge.kind == kind {
                            places[incidence.edge.index()][usize::from(edge.ends[1] == id)] =
                                count(terms.len());
                            terms.push(Term { neighbour: incidence.neighbour.0, conductance: 0 });
                        }
                    }
                    bounds[end] = count(terms.len());
                }
                cell_of[id.index()] = count(cells.len());
                cells.push(Cell {
                    node: id.0,
                    terms: bounds,
                    port: ports[id.index()],
                    shift: 0,
                    factor: 0,
                    linear: 0,
                    d_sum: 0,
                    range: node.clamp.limits(design.format().u_range()).map(narrow),
                    u: [0; 2],
                });
            }
            colours.push(count(cells.len()));
        }
        let inputs = vec![0; network.inputs().len()];
        General {
            stale: vec![true; cells.len()],
            noise: vec![
                Noise { generator: NoiseGenerator::new(1), amplitudes: [0; 3] };
                design.noisy_nodes()
            ],
            cells,
            colours,
            terms,
            v: [vec![0; nodes], vec![0; nodes]],
            inputs: [inputs.clone(), inputs],
            k: vec![0; edges],
            generators: vec![EdgeGenerator::new(1); edges],
            places,
            cell_of,
            targets: vec![None; network.outputs().len()],
            held: vec![0; network.outputs().len()],
            phase: 0,
            design,
        }
    }

    /// Voltages of one wave, by node.
    pub(super) fn voltages(&self, wave: Wave) -> &[i32] {
        &self.v[wave.index()]
    }

    /// Gives an edge another conductance, at both ends.
    pub(super) fn set_conductance(&mut self, edge: usize, g: i64) {
        let record = self.design.network().edges()[edge];
        let slope = |g| record.kind.slope(g, self.design.rules().lowest_rail);
        for (end, &place) in record.ends.iter().zip(&self.places[edge]) {
            if place == NONE {
                continue;
            }
            let term = &mut self.terms[place as usize];
            let before = i64::from(std::mem::replace(&mut term.conductance, narrow(g)));
            let change = slope(g) - slope(before);
            let cell = self.cell_of[end.index()] as usize;
            match record.kind {
                EdgeKind::Linear => self.cells[cell].linear += g - before,
                EdgeKind::Transistor => {}
            }
            self.cells[cell].d_sum += change;
            self.stale[cell] = true;
        }
    }

    /// Looks up the gains that may have changed.
    pub(super) fn update_gains(&mut self) {
        if let Some(temperature) = self.design.features().temperature {
            self.update_amplitudes(temperature);
        }
        let (format, table) = (self.design.format(), self.design.gains());
        for (cell, stale) in self.cells.iter_mut().zip(&mut self.stale) {
            if std::mem::take(stale) {
                let Gain { q, s } = table.gain(cell.d_sum, format.k_bits());
                cell.shift = s + 4;
                cell.factor = i64::from(q) << format.v_guard();
            }
        }
    }

    /// Computes the amplitudes of noise of the cells whose gains are about to be looked up.
    fn update_amplitudes(&mut self, temperature: Temperature) {
        let (format, table) = (self.design.format(), self.design.gains());
        let nudge = self.design.rules().nudge.conductance(format);
        for ((cell, noise), _) in
            self.cells.iter().zip(&mut self.noise).zip(&self.stale).filter(|(_, stale)| **stale)
        {
            let gain = table.gain(cell.d_sum, format.k_bits());
            let plain = cell.d_sum - if cell.port == NONE { 0 } else { nudge };
            noise.amplitudes = [plain - nudge, plain, plain + nudge]
                .map(|slope| gain.noise_amplitude(temperature, slope, format.v_guard()));
        }
    }

    /// What a cell's generator adds at its turn, a nudging current flowing in that direction.
    #[inline(always)]
    fn noise<const NOISY: bool>(&mut self, index: usize, direction: i32) -> i64 {
        if !NOISY {
            return 0;
        }
        let Noise { generator, amplitudes } = &mut self.noise[index];
        let amplitude = match direction {
            0 => amplitudes[1],
            ..0 => amplitudes[0],
            1.. => amplitudes[2],
        };
        amplitude * generator.draw()
    }

    /// Takes over the generators of noise of a colour.
    pub(super) fn copy_noise(&mut self, from: &General, colour: u8) {
        for index in self.cells_of(colour) {
            self.noise[index].generator = from.noise[index].generator;
        }
    }

    fn cells_of(&self, colour: u8) -> std::ops::Range<usize> {
        self.colours[usize::from(colour)] as usize..self.colours[usize::from(colour) + 1] as usize
    }

    /// The accumulator of a cell after it relaxes one wave, before its diode, with twice its nudging current.
    #[inline(always)]
    fn relaxed(&self, cell: &Cell, wave: Wave, twice_nudge: i64) -> i64 {
        let v = &self.v[wave.index()];
        let own = i64::from(v[cell.node as usize]);
        let [start, middle, end] = cell.terms.map(|i| i as usize);
        let mut sum = -cell.linear * own;
        for term in &self.terms[start..middle] {
            sum += i64::from(term.conductance) * i64::from(v[term.neighbour as usize]);
        }
        let mut twice_sum = 2 * sum + twice_nudge;
        for term in &self.terms[middle..end] {
            let g = i64::from(term.conductance);
            twice_sum += EdgeKind::Transistor.twice_current(g, own, i64::from(v[term.neighbour as usize]));
        }
        i64::from(cell.u[wave.index()]) + shift_rounded(twice_sum * cell.factor, cell.shift)
    }

    /// The turn of the cells of one colour in one wave.
    pub(super) fn turn<const NOISY: bool>(&mut self, colour: u8, wave: Wave) {
        let (format, rules) = (self.design.format(), self.design.rules());
        let half = (1i64 << format.v_guard()) >> 1;
        let v_high = format.v_range().1;
        for index in self.cells_of(colour) {
            let cell = self.cells[index];
            let target = if cell.port == NONE { None } else { self.targets[cell.port as usize] };
            let direction = if target.is_some() { rules.nudge.direction(wave) } else { 0 };
            let noise = self.noise::<NOISY>(index, direction);
            let u = match (target, rules.nudge.imposed(wave)) {
                (None, _) => self.relaxed(&cell, wave, 0) + noise,
                (Some(target), Some(eta)) => {
                    let u_free = i64::from(cell.u[Wave::Free.index()]);
                    let v_free = i64::from(self.v[Wave::Free.index()][cell.node as usize]);
                    nudged(format.accumulator(target.voltage.into()), target, u_free, v_free, eta)
                }
                (Some(target), None) => {
                    let drop = passed(target, self.v[wave.index()][cell.node as usize].into());
                    let conductance = i64::from(direction) * rules.nudge.conductance(format);
                    self.relaxed(&cell, wave, 2 * conductance * drop + self.held[cell.port as usize]) + noise
                }
            };
            let [low, high] = cell.range;
            let u = u.clamp(low.into(), high.into());
            self.cells[index].u[wave.index()] = narrow(u);
            // Rounding half up cannot fall below the smallest voltage.
            let v = ((u + half) >> format.v_guard()).min(v_high);
            self.v[wave.index()][cell.node as usize] = narrow(v);
        }
    }

    fn relax_some<const NOISY: bool>(&mut self, steps: u32) {
        let (colours, lag) = (self.design.network().colouring().count(), self.design.features().waves.lag());
        let two_waves = self.design.rules().nudge.has_turns(Wave::Clamped);
        for _ in 0..steps {
            self.turn::<NOISY>(self.phase, Wave::Free);
            if two_waves {
                self.turn::<NOISY>(self.phase.checked_sub(lag).unwrap_or(colours - 1), Wave::Clamped);
            }
            self.phase = (self.phase + 1) % colours;
        }
    }

    /// What an edge learns from: its drops in the two waves.
    #[inline(always)]
    fn product(&self, ends: [usize; 2]) -> i64 {
        let [free, clamped] = [0, 1].map(|wave| self.drop(wave, ends));
        (free - clamped) * (free + clamped)
    }

    #[inline(always)]
    fn drop(&self, wave: usize, [a, b]: [usize; 2]) -> i64 {
        i64::from(self.v[wave][a]) - i64::from(self.v[wave][b])
    }

    /// The modulation of a learning step: by edge, the product of what its drops sum up to and of what they do with the sign of
    /// the half cycle, turned over.
    fn modulate(&mut self, modulation: Modulation) -> Vec<i64> {
        let design = Arc::clone(&self.design);
        let Modulation { twice_strength, half, cycles, .. } = modulation;
        let error = |(target, node): (&Option<Target>, &NodeId)| {
            target.map_or(0, |target| passed(target, self.v[Wave::Free.index()][node.index()].into()))
        };
        let errors: Vec<i64> = self.targets.iter().zip(design.network().outputs()).map(error).collect();
        // Sums of the half cycles up and down. The two sums of the contract are their sum and difference.
        let mut sums = [vec![0i64; self.k.len()], vec![0i64; self.k.len()]];
        for _ in 0..cycles {
            for (sums, sign) in sums.iter_mut().zip([1, -1]) {
                for (held, error) in self.held.iter_mut().zip(&errors) {
                    *held = sign * error * twice_strength;
                }
                self.relax(half - 2);
                for _ in 0..2 {
                    self.relax(1);
                    for (sum, edge) in sums.iter_mut().zip(design.network().edges()) {
                        *sum += self.drop(Wave::Free.index(), edge.ends.map(|n| n.index()));
                    }
                }
            }
        }
        self.held.fill(0);
        let [up, down] = &sums;
        up.iter().zip(down).map(|(up, down)| (down - up) * (down + up)).collect()
    }
}

/// The accumulator of an edge after it learns from its drops in the two waves.
pub(super) fn moved(k: i64, [free, clamped]: [i64; 2], alpha: i32, range: (i64, i64)) -> i64 {
    moved_by(k, (free - clamped) * (free + clamped), alpha, range)
}

/// The accumulator of an edge after it learns from a product.
#[inline(always)]
pub(super) fn moved_by(k: i64, product: i64, alpha: i32, (low, high): (i64, i64)) -> i64 {
    let change = if alpha >= 0 { product << alpha } else { shift_rounded(product, alpha.unsigned_abs()) };
    (k + change).clamp(low, high)
}

/// The drop a nudging conductance sees: a target's sense is a diode in its path.
pub(super) fn passed(target: Target, v: i64) -> i64 {
    target.sense.passes(i64::from(target.voltage) - v)
}

/// The accumulator of an output nudged by coupled learning towards the accumulator `wanted`.
pub(super) fn nudged(wanted: i64, target: Target, u_free: i64, v_free: i64, eta: u8) -> i64 {
    if target.sense.is_satisfied(v_free, target.voltage.into()) {
        return u_free;
    }
    u_free + shift_rounded(wanted - u_free, eta.into())
}

impl Layout for General {
    fn load(&mut self, state: &State) {
        let design = Arc::clone(&self.design);
        let (network, format, rules) = (design.network(), design.format(), design.rules());
        for (wave, u) in state.u.iter().enumerate() {
            for (v, &u) in self.v[wave].iter_mut().zip(u) {
                *v = narrow(format.voltage(u));
            }
            for (input, node) in self.inputs[wave].iter_mut().zip(network.inputs()) {
                *input = narrow(u[node.index()]);
            }
            for cell in &mut self.cells {
                cell.u[wave] = narrow(u[cell.node as usize]);
            }
        }
        for cell in &mut self.cells {
            (cell.linear, cell.d_sum) = (0, 0);
            if cell.port != NONE {
                cell.d_sum = rules.nudge.conductance(format);
            }
            let [start, middle, end] = cell.terms;
            cell.d_sum += i64::from(end - middle) * i64::from(-rules.lowest_rail).max(0);
            self.terms[start as usize..end as usize].iter_mut().for_each(|term| term.conductance = 0);
        }
        self.k.copy_from_slice(&state.k);
        for (edge, &k) in state.k.iter().enumerate() {
            self.set_conductance(edge, format.conductance(k));
        }
        self.stale.fill(true);
        self.update_gains();
        self.generators.copy_from_slice(&state.generators);
        let relaxing = self.cell_of.iter().filter(|&&cell| cell != NONE);
        for (&cell, &generator) in relaxing.zip(&state.noise) {
            self.noise[cell as usize].generator = generator;
        }
        self.phase = state.phase;
    }

    fn state(&self) -> State {
        let network = self.design.network();
        let u = [0, 1].map(|wave| {
            let mut u = vec![0; network.nodes().len()];
            for (&input, node) in self.inputs[wave].iter().zip(network.inputs()) {
                u[node.index()] = input.into();
            }
            self.cells.iter().for_each(|cell| u[cell.node as usize] = cell.u[wave].into());
            u
        });
        // Generators stand by node, cells by colour.
        let of_cell = |&cell: &u32| self.noise.get(cell as usize).map(|noise| noise.generator);
        let noise = self.cell_of.iter().filter_map(of_cell).collect();
        State { u, k: self.k.clone(), generators: self.generators.clone(), noise, phase: self.phase }
    }

    fn present(&mut self, sample: &Sample) {
        let format = self.design.format();
        for (port, (node, &v)) in self.design.network().inputs().iter().zip(&sample.inputs).enumerate() {
            for wave in 0..2 {
                self.inputs[wave][port] = narrow(format.accumulator(v.into()));
                self.v[wave][node.index()] = v;
            }
        }
        self.targets.copy_from_slice(&sample.targets);
    }

    fn relax(&mut self, steps: u32) {
        if self.noise.is_empty() { self.relax_some::<false>(steps) } else { self.relax_some::<true>(steps) }
    }

    fn learn(&mut self, configuration: &Configuration) {
        let design = Arc::clone(&self.design);
        let (network, format) = (design.network(), design.format());
        let range = format.k_range(design.rules().g_min.into());
        let modulation = design.rules().nudge.modulation(format);
        let products = modulation.map(|modulation| self.modulate(modulation));
        let fraction = modulation.map_or(0, |modulation| modulation.shift);
        let mut changed = false;
        for (index, edge) in network.edges().iter().enumerate() {
            if let Some(rarity) = configuration.learning.rarity()
                && !self.generators[index].fires(rarity)
            {
                continue;
            }
            let alpha = network.groups()[edge.group.index()].shift_of(configuration.alpha_offset, fraction);
            let product = match &products {
                Some(products) => products[index],
                None => self.product(edge.ends.map(|n| n.index())),
            };
            let before = self.k[index];
            let after = moved_by(before, product, alpha, range);
            self.k[index] = after;
            if format.conductance(after) != format.conductance(before) {
                self.set_conductance(index, format.conductance(after));
                changed = true;
            }
        }
        if changed {
            self.update_gains();
        }
    }

    fn answer(&self) -> Vec<i32> {
        self.design.network().outputs().iter().map(|node| self.v[Wave::Free.index()][node.index()]).collect()
    }
}
