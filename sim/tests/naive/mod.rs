//! The cell contract a second time, written from its text alone in wide integers: no caches, no shared helpers, every
//! update of a wave in a step computed from that wave before the step, as cells that fire together would.

use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeKind};
use wheatstone_sim::{
    Configuration, Design, Features, LearningSchedule, Nudge, Sample, Sense, State, Target, Waves,
};

pub struct Naive {
    pub design: Design,
    pub configuration: Configuration,
    pub u: [Vec<i128>; 2],
    pub k: Vec<i128>,
    pub generators: Vec<u16>,
    /// Of the nodes that are no inputs; empty without noise.
    pub noise: Vec<u32>,
    pub phase: usize,
    pub targets: Vec<Option<Target>>,
    /// By node: what a modulated nudge drives in, while edges learn.
    pushed: Vec<i128>,
    colours: Vec<usize>,
}

/// A quotient to the nearest whole number, ties up.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

fn pow2(exponent: u32) -> i128 {
    1 << exponent
}

impl Naive {
    pub fn new(design: &Design, configuration: Configuration, state: &State) -> Self {
        let widen = |values: &[i64]| values.iter().map(|&x| i128::from(x)).collect::<Vec<_>>();
        Naive {
            design: design.clone(),
            configuration,
            u: [widen(&state.u[0]), widen(&state.u[1])],
            k: widen(&state.k),
            generators: state.generators.iter().map(|g| g.state()).collect(),
            noise: state.noise.iter().map(|g| g.state()).collect(),
            phase: state.phase.into(),
            targets: vec![None; design.network().nodes().len()],
            pushed: vec![0; design.network().nodes().len()],
            colours: colours(design),
        }
    }

    /// The same numbers as an engine's state holds them.
    pub fn matches(&self, state: &State) -> bool {
        let same =
            |wide: &[i128], narrow: &[i64]| wide.iter().copied().eq(narrow.iter().map(|&x| i128::from(x)));
        same(&self.u[0], &state.u[0])
            && same(&self.u[1], &state.u[1])
            && same(&self.k, &state.k)
            && self.generators.iter().copied().eq(state.generators.iter().map(|g| g.state()))
            && self.noise.iter().copied().eq(state.noise.iter().map(|g| g.state()))
            && self.phase == usize::from(state.phase)
    }

    fn v_bits(&self) -> u32 {
        self.design.format().v_bits()
    }

    fn guard(&self) -> u32 {
        self.design.format().v_guard()
    }

    /// Voltage: rounded half up, saturated.
    pub fn v(&self, wave: usize, node: usize) -> i128 {
        let top = pow2(self.v_bits() - 1);
        nearest(self.u[wave][node], pow2(self.guard())).clamp(-top, top - 1)
    }

    pub fn g(&self, edge: usize) -> i128 {
        self.k[edge].div_euclid(pow2(self.design.format().k_guard()))
    }

    /// The conductance that an edge has in a wave: another one where it is dithered, which it is while there is any target.
    pub fn g_in(&self, wave: usize, edge: usize) -> i128 {
        let (network, g) = (self.design.network(), self.g(edge));
        let frozen = network.groups()[network.edges()[edge].group.index()].frozen;
        let Nudge::Dithered { delta } = self.design.rules().nudge else { return g };
        if frozen || self.targets.iter().all(Option::is_none) {
            return g;
        }
        let up = (self.generators[edge] % 2 == 1) == (wave == 0);
        let moved = if up { g + pow2(delta.into()) } else { g - pow2(delta.into()) };
        moved.clamp(self.design.rules().g_min.into(), pow2(self.design.format().k_bits()) - 1)
    }

    /// Edges at a node, with their other ends.
    pub fn edges_at(&self, node: usize) -> Vec<(usize, usize)> {
        let edges = self.design.network().edges().iter().enumerate();
        edges
            .filter_map(|(e, edge)| match edge.ends.map(|n| n.index()) {
                [a, b] if a == node => Some((e, b)),
                [a, b] if b == node => Some((e, a)),
                _ => None,
            })
            .collect()
    }

    /// `D`: what the node's edges, and an output's nudging current, can conduct.
    pub fn d(&self, wave: usize, node: usize) -> i128 {
        let rules = self.design.rules();
        let mut d = 0;
        for (edge, _) in self.edges_at(node) {
            d += match self.design.network().edges()[edge].kind {
                EdgeKind::Linear => self.g_in(wave, edge),
                EdgeKind::Transistor => (self.g_in(wave, edge) - i128::from(rules.lowest_rail)).max(0),
            };
        }
        if let Nudge::Current { beta, .. } = rules.nudge
            && self.design.network().nodes()[node].kind == NodeKind::Output
        {
            d += pow2(self.design.format().k_bits() - u32::from(beta));
        }
        d
    }

    /// The gain `(q, s)` of a node.
    pub fn gain(&self, wave: usize, node: usize) -> (i128, u32) {
        gain(self.d(wave, node), self.design.rules().omega.eighths(), self.design.format().k_bits())
    }

    /// Twice the sum of all currents into a node.
    pub fn twice_current(&self, wave: usize, node: usize) -> i128 {
        let mut twice = 2 * self.pushed[node];
        for (edge, other) in self.edges_at(node) {
            let (g, here, there) = (self.g_in(wave, edge), self.v(wave, node), self.v(wave, other));
            twice += match self.design.network().edges()[edge].kind {
                EdgeKind::Linear => 2 * g * (there - here),
                EdgeKind::Transistor => {
                    let (a, b) = ((g - here).max(0), (g - there).max(0));
                    a * a - b * b
                }
            };
        }
        if let (Nudge::Current { beta, centred }, Some(target)) =
            (self.design.rules().nudge, self.targets[node])
        {
            let drop = i128::from(target.voltage) - self.v(wave, node);
            let conducts = match target.sense {
                Sense::Equal => true,
                Sense::AtLeast => drop > 0,
                Sense::AtMost => drop < 0,
            };
            let sign = if wave == 1 { 1 } else { -i128::from(centred) };
            if conducts {
                twice += 2 * sign * drop * pow2(self.design.format().k_bits() - u32::from(beta));
            }
        }
        twice
    }

    /// The unclamped, unsaturated change of a relaxing node.
    pub fn change(&self, wave: usize, node: usize) -> i128 {
        let (q, s) = self.gain(wave, node);
        nearest(self.twice_current(wave, node) * pow2(self.guard()) * q, pow2(s + 4))
    }

    /// The amplitude of a node's noise in a wave.
    pub fn amplitude(&self, wave: usize, node: usize) -> i128 {
        let Features { temperature: Some(temperature), .. } = self.design.features() else { return 0 };
        // What flows at the node in this wave: a nudging conductance only if it has a target, and against it if pushed away.
        let nudge = match (self.design.rules().nudge, self.targets[node]) {
            (Nudge::Current { beta, centred }, Some(_)) => {
                let conductance = pow2(self.design.format().k_bits() - u32::from(beta));
                if wave == 1 { conductance } else { -i128::from(centred) * conductance }
            }
            _ => 0,
        };
        let edges: i128 = (self.edges_at(node).into_iter())
            .map(|(edge, _)| match self.design.network().edges()[edge].kind {
                EdgeKind::Linear => self.g_in(wave, edge),
                EdgeKind::Transistor => {
                    (self.g_in(wave, edge) - i128::from(self.design.rules().lowest_rail)).max(0)
                }
            })
            .sum();
        let (q, s) = self.gain(wave, node);
        let product = i128::from(temperature.0) * q * (pow2(s + 4) - q * (edges + nudge));
        let (times, by) = (2 * self.guard(), 9 + 2 * s);
        let square = product * pow2(times.saturating_sub(by)) / pow2(by.saturating_sub(times));
        // The largest whole number whose square is not above.
        let (mut low, mut high) = (0, pow2(50));
        while high - low > 1 {
            let middle = (low + high) / 2;
            if middle * middle <= square { low = middle } else { high = middle }
        }
        low
    }

    /// Draws a node's noise, in units of the amplitude; nothing without noise.
    fn drawn(&mut self, node: usize) -> i128 {
        let network = self.design.network();
        let before = network.nodes()[..node].iter().filter(|n| n.kind != NodeKind::Input).count();
        let Some(x) = self.noise.get_mut(before) else { return 0 };
        *x ^= x.wrapping_mul(1 << 13);
        *x ^= *x / (1 << 17);
        *x ^= x.wrapping_mul(1 << 5);
        (0..32).map(|bit| i128::from(*x >> bit & 1)).sum::<i128>() - 16
    }

    fn updated(&self, wave: usize, node: usize, noise: i128) -> i128 {
        let top = pow2(self.v_bits() + self.guard() - 1);
        let u = match (self.design.rules().nudge, self.targets[node]) {
            (Nudge::Clamped { eta }, Some(target)) if wave == 1 => {
                let (free, wanted) = (self.u[0][node], i128::from(target.voltage));
                let met = match target.sense {
                    Sense::Equal => false,
                    Sense::AtLeast => self.v(0, node) >= wanted,
                    Sense::AtMost => self.v(0, node) <= wanted,
                };
                if met { free } else { free + nearest(wanted * pow2(self.guard()) - free, pow2(eta.into())) }
            }
            _ => {
                let moved = self.u[wave][node] + self.change(wave, node) + self.amplitude(wave, node) * noise;
                moved.clamp(-top, top - 1)
            }
        };
        match self.design.network().nodes()[node].clamp {
            DiodeClamp::None => u,
            DiodeClamp::NonNegative => u.max(0),
            DiodeClamp::NonPositive => u.min(0),
        }
    }

    pub fn present(&mut self, sample: &Sample) {
        for (node, &v) in self.design.network().inputs().iter().zip(&sample.inputs) {
            for wave in 0..2 {
                self.u[wave][node.index()] = i128::from(v) * pow2(self.design.format().v_guard());
            }
        }
        for (node, &target) in self.design.network().outputs().iter().zip(&sample.targets) {
            self.targets[node.index()] = target;
        }
    }

    pub fn step(&mut self) {
        let colours = usize::from(self.design.network().colouring().count());
        let lag = match self.design.features().waves {
            Waves::Alternating => 1,
            Waves::Together => 0,
        };
        let waves = if matches!(self.design.rules().nudge, Nudge::Modulated { .. }) { 1 } else { 2 };
        for wave in 0..waves {
            let mut next = self.u[wave].clone();
            for (node, next) in next.iter_mut().enumerate() {
                let turn = (self.colours[node] + lag * wave) % colours == self.phase;
                if turn && self.design.network().nodes()[node].kind != NodeKind::Input {
                    let noise = self.drawn(node);
                    *next = self.updated(wave, node, noise);
                }
            }
            self.u[wave] = next;
        }
        self.phase = (self.phase + 1) % colours;
    }

    /// What the sense of an output's target lets through of its drop in a wave; 0 without a target.
    fn error(&self, wave: usize, node: usize) -> i128 {
        let Some(target) = self.targets[node] else { return 0 };
        let drop = i128::from(target.voltage) - self.v(wave, node);
        match target.sense {
            Sense::Equal => drop,
            Sense::AtLeast => drop.max(0),
            Sense::AtMost => drop.min(0),
        }
    }

    /// Pushes outputs up and down; by edge, the mean drop of the half cycles up, and of those down, times their number of steps.
    fn swing(&mut self) -> Vec<[i128; 2]> {
        let mut sums = vec![[0; 2]; self.k.len()];
        let Nudge::Modulated { beta, half, kappa } = self.design.rules().nudge else { return sums };
        let strength = pow2(self.design.format().k_bits() - u32::from(beta));
        let errors: Vec<i128> = (0..self.targets.len()).map(|node| self.error(0, node)).collect();
        for half_cycle in 0..2 << kappa {
            let down = half_cycle % 2;
            self.pushed =
                errors.iter().map(|x| if down == 1 { -x * strength } else { x * strength }).collect();
            for left in (0..half).rev() {
                self.step();
                for (edge, sums) in sums.iter_mut().enumerate().filter(|_| left < 2) {
                    let [i, j] = self.design.network().edges()[edge].ends.map(|n| n.index());
                    sums[down] += self.v(0, i) - self.v(0, j);
                }
            }
        }
        self.pushed.fill(0);
        sums
    }

    pub fn learn(&mut self) {
        let format = self.design.format();
        let sums = self.swing();
        let losses = [0, 1]
            .map(|wave| (0..self.targets.len()).map(|node| self.error(wave, node).pow(2)).sum::<i128>());
        let most = pow2(2 * format.v_bits());
        let rise = (losses[0] - losses[1]).clamp(-most, most);
        let nudge = self.design.rules().nudge;
        for (edge, &[up_sum, down_sum]) in sums.iter().enumerate() {
            let up = self.generators[edge] % 2 == 1;
            if matches!(nudge, Nudge::Dithered { .. }) {
                self.generators[edge] = (self.generators[edge] / 2) ^ if up { 0xB400 } else { 0 };
            }
            if let LearningSchedule::Desynchronous { rarity } = self.configuration.learning {
                let mut fires = true;
                for _ in 0..rarity {
                    let bit = self.generators[edge] % 2;
                    self.generators[edge] /= 2;
                    if bit == 1 {
                        // Feedback into bits 16, 14, 13 and 11, counted from 1.
                        self.generators[edge] ^= 1 << 15 | 1 << 13 | 1 << 12 | 1 << 10;
                        fires = false;
                    }
                }
                if !fires {
                    continue;
                }
            }
            let definition = self.design.network().edges()[edge];
            if self.design.network().groups()[definition.group.index()].frozen {
                continue;
            }
            let [i, j] = definition.ends.map(|n| n.index());
            let [free, clamped] = [0, 1].map(|wave| self.v(wave, i) - self.v(wave, j));
            let alpha = i32::from(self.design.network().groups()[definition.group.index()].alpha)
                + i32::from(self.configuration.alpha_offset);
            let (product, divisor) = match nudge {
                Nudge::Clamped { .. } | Nudge::Current { .. } => (free * free - clamped * clamped, 1),
                // Down is what wave F would be, up what wave C would be; each is a sum of 2 steps a cycle.
                Nudge::Modulated { kappa, .. } => {
                    (down_sum.pow(2) - up_sum.pow(2), pow2(2 + 2 * u32::from(kappa)))
                }
                Nudge::Dithered { .. } => (if up { -rise } else { rise }, 1),
            };
            let change = nearest(
                product * pow2(alpha.max(0).unsigned_abs()),
                divisor * pow2(alpha.min(0).unsigned_abs()),
            );
            let low = i128::from(self.design.rules().g_min) * pow2(format.k_guard());
            let high = pow2(format.k_bits() + format.k_guard()) - 1;
            self.k[edge] = (self.k[edge] + change).clamp(low, high);
        }
    }

    /// A training sample in any mode.
    pub fn train(&mut self, sample: &Sample) {
        self.present(sample);
        for step in 1..=self.configuration.steps {
            self.step();
            match self.configuration.learning {
                LearningSchedule::Continuous { every } if step % every == 0 => self.learn(),
                LearningSchedule::Continuous { .. } => {}
                _ if step == self.configuration.steps => self.learn(),
                _ => {}
            }
        }
    }
}

/// The gain of a conductance sum: the pair of a generous search that is nearest in ratio to omega at the middle of the
/// interval and at most 31/16 at its upper end; the smaller shift first, then the smaller mantissa.
pub fn gain(d: i128, omega: u8, k_bits: u32) -> (i128, u32) {
    let d = d.max(1);
    let n = 127 - d.leading_zeros();
    // The interval around D is [lower, lower + 1) in sixteenths of 2^n.
    let lower = (16 * d).div_euclid(pow2(n));
    let omega = i128::from(omega);
    let mut best: Option<(i128, i128, i128, u32)> = None;
    for shift in 0..=5 {
        for q in 8..=15 {
            // q/8 * (lower + 1)/16 / 2^shift <= 31/16.
            if q * (lower + 1) > 31 * 8 * pow2(shift) {
                continue;
            }
            // Against omega/8: q/8 * (2 lower + 1)/32 / 2^shift.
            let (middle, wanted) = (q * (2 * lower + 1), omega * 32 * pow2(shift));
            let (far, near) = (middle.max(wanted), middle.min(wanted));
            if best.is_none_or(|(f, n, ..)| far * n < f * near) {
                best = Some((far, near, q, shift));
            }
        }
    }
    let (.., q, shift) = best.expect("a pair within the bound");
    (q, (n + shift).max(k_bits - 4))
}

/// Parity of the distance from the first port in each part of a bipartite network.
fn colours(design: &Design) -> Vec<usize> {
    let network = design.network();
    if network.require_bipartite().is_err() {
        return network.node_ids().map(|n| network.colouring().colour(n).into()).collect();
    }
    let mut colours: Vec<Option<usize>> = vec![None; network.nodes().len()];
    for port in network.inputs().iter().chain(network.outputs()) {
        if colours[port.index()].is_some() {
            continue;
        }
        colours[port.index()] = Some(0);
        loop {
            let mut changed = false;
            for edge in network.edges() {
                let [a, b] = edge.ends.map(|n| n.index());
                for (a, b) in [(a, b), (b, a)] {
                    if let (Some(colour), None) = (colours[a], colours[b]) {
                        colours[b] = Some(1 - colour);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }
    colours.into_iter().map(|c| c.expect("every node is joined to an input")).collect()
}
