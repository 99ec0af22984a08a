//! The honest baseline: what a C programmer writes in an afternoon. Flat arrays, one list of neighbours, one loop over the
//! nodes, one over the edges; no vectors, no sums kept from one update to the next.

use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeKind};
use wheatstone_sim::{Configuration, Design, Gain, LearningSchedule, Nudge, Sample, Sense, State};

pub struct Plain {
    design: Design,
    configuration: Configuration,
    /// By node: is it an input, its colour, its diode's limits, its target, its gain.
    input: Vec<bool>,
    colour: Vec<u8>,
    low: Vec<i64>,
    high: Vec<i64>,
    target: Vec<Option<(i64, Sense)>>,
    q: Vec<i64>,
    shift: Vec<u32>,
    /// The list of neighbours: where each node's begins, then who they are and by which edge.
    start: Vec<usize>,
    neighbour: Vec<u32>,
    by: Vec<u32>,
    /// By edge: ends, kind, learning shift, accumulator, conductance.
    ends: Vec<[u32; 2]>,
    linear: Vec<bool>,
    alpha: Vec<i32>,
    k: Vec<i64>,
    g: Vec<i64>,
    generators: Vec<wheatstone_sim::EdgeGenerator>,
    u: [Vec<i64>; 2],
    v: [Vec<i64>; 2],
    phase: u8,
}

impl Plain {
    pub fn new(design: &Design, configuration: Configuration, state: &State) -> Plain {
        let (network, format) = (design.network(), design.format());
        let (low, high) = format.u_range();
        let mut plain = Plain {
            configuration,
            input: network.nodes().iter().map(|n| n.kind == NodeKind::Input).collect(),
            colour: network.node_ids().map(|n| network.colouring().colour(n)).collect(),
            low: network
                .nodes()
                .iter()
                .map(|n| if n.clamp == DiodeClamp::NonNegative { 0 } else { low })
                .collect(),
            high: network
                .nodes()
                .iter()
                .map(|n| if n.clamp == DiodeClamp::NonPositive { 0 } else { high })
                .collect(),
            target: vec![None; network.nodes().len()],
            q: vec![0; network.nodes().len()],
            shift: vec![0; network.nodes().len()],
            start: vec![0],
            neighbour: Vec::new(),
            by: Vec::new(),
            ends: network.edges().iter().map(|e| e.ends.map(|n| n.0)).collect(),
            linear: network.edges().iter().map(|e| e.kind == EdgeKind::Linear).collect(),
            alpha: network.edges().iter().map(|e| network.groups()[e.group.index()].shift().into()).collect(),
            k: state.k.clone(),
            g: state.k.iter().map(|&k| format.conductance(k)).collect(),
            generators: state.generators.clone(),
            u: state.u.clone(),
            v: state.u.clone().map(|u| u.into_iter().map(|u| format.voltage(u)).collect()),
            phase: state.phase,
            design: design.clone(),
        };
        for node in network.node_ids() {
            for incidence in network.incidences(node) {
                plain.neighbour.push(incidence.neighbour.0);
                plain.by.push(incidence.edge.0);
            }
            plain.start.push(plain.neighbour.len());
        }
        plain.update_gains();
        plain
    }

    pub fn state(&self) -> State {
        State {
            u: self.u.clone(),
            k: self.k.clone(),
            generators: self.generators.clone(),
            noise: Vec::new(),
            phase: self.phase,
        }
    }

    pub fn present(&mut self, sample: &Sample) {
        let network = self.design.network();
        for (node, &v) in network.inputs().iter().zip(&sample.inputs) {
            for wave in 0..2 {
                self.u[wave][node.index()] = self.design.format().accumulator(v.into());
                self.v[wave][node.index()] = v.into();
            }
        }
        for (node, target) in network.outputs().iter().zip(&sample.targets) {
            self.target[node.index()] = target.map(|t| (t.voltage.into(), t.sense));
        }
    }

    fn update_gains(&mut self) {
        let (design, format) = (&self.design, self.design.format());
        for (node, record) in design.network().nodes().iter().enumerate() {
            let mut d_sum = 0;
            for &edge in &self.by[self.start[node]..self.start[node + 1]] {
                let g = self.g[edge as usize];
                let rail = i64::from(design.rules().lowest_rail);
                d_sum += if self.linear[edge as usize] { g } else { (g - rail).max(0) };
            }
            if let (Nudge::Current { beta, .. }, NodeKind::Output) = (design.rules().nudge, record.kind) {
                d_sum += 1 << (format.k_bits() - u32::from(beta));
            }
            let Gain { q, s } = design.gains().gain(d_sum, format.k_bits());
            (self.q[node], self.shift[node]) = (q.into(), s + 4);
        }
    }

    fn update(&mut self, node: usize, wave: usize) {
        let (format, nudge) = (self.design.format(), self.design.rules().nudge);
        let guard = format.v_guard();
        let v = self.v[wave][node];
        let u = match (nudge, self.target[node]) {
            (Nudge::Clamped { eta }, Some((wanted, sense))) if wave == 1 => {
                let free = self.u[0][node];
                if sense.is_satisfied(self.v[0][node], wanted) {
                    free
                } else {
                    free + rounded((wanted << guard) - free, eta.into())
                }
            }
            _ => {
                let mut sum = 0;
                for i in self.start[node]..self.start[node + 1] {
                    let (edge, other) = (self.by[i] as usize, self.v[wave][self.neighbour[i] as usize]);
                    let g = self.g[edge];
                    if self.linear[edge] {
                        sum += 2 * g * (other - v);
                    } else {
                        let (a, b) = ((g - v).max(0), (g - other).max(0));
                        sum += (a - b) * (a + b);
                    }
                }
                if let (Nudge::Current { beta, centred }, Some((wanted, sense))) = (nudge, self.target[node])
                    && (wave == 1 || centred)
                {
                    let drop = match sense {
                        Sense::Equal => wanted - v,
                        Sense::AtLeast => (wanted - v).max(0),
                        Sense::AtMost => (wanted - v).min(0),
                    };
                    let current = 2 * (drop << (format.k_bits() - u32::from(beta)));
                    sum += if wave == 1 { current } else { -current };
                }
                self.u[wave][node] + rounded((sum << guard) * self.q[node], self.shift[node])
            }
        };
        let (low, high) = format.u_range();
        let u = u.clamp(low, high).clamp(self.low[node], self.high[node]);
        self.u[wave][node] = u;
        self.v[wave][node] = format.voltage(u);
    }

    pub fn step(&mut self) {
        let colours = self.design.network().colouring().count();
        for node in 0..self.input.len() {
            if self.input[node] {
                continue;
            }
            if self.colour[node] == self.phase {
                self.update(node, 0);
            } else if (self.colour[node] + 1) % colours == self.phase {
                self.update(node, 1);
            }
        }
        self.phase = (self.phase + 1) % colours;
    }

    pub fn learn(&mut self) {
        let format = self.design.format();
        let (low, high) = format.k_range(self.design.rules().g_min.into());
        for edge in 0..self.ends.len() {
            if let LearningSchedule::Desynchronous { rarity } = self.configuration.learning
                && !self.generators[edge].fires(rarity)
            {
                continue;
            }
            let [a, b] = self.ends[edge].map(|n| n as usize);
            let free = self.v[0][a] - self.v[0][b];
            let clamped = self.v[1][a] - self.v[1][b];
            let product = free * free - clamped * clamped;
            let alpha = self.alpha[edge] + i32::from(self.configuration.alpha_offset);
            let change = if alpha >= 0 { product << alpha } else { rounded(product, alpha.unsigned_abs()) };
            self.k[edge] = (self.k[edge] + change).clamp(low, high);
            self.g[edge] = format.conductance(self.k[edge]);
        }
        self.update_gains();
    }

    /// One training sample, quasistatic or desynchronous.
    pub fn train(&mut self, sample: &Sample) {
        self.present(sample);
        for _ in 0..self.configuration.steps {
            self.step();
        }
        self.learn();
    }
}

fn rounded(x: i64, shift: u32) -> i64 {
    if shift == 0 { x } else { (x + (1 << (shift - 1))) >> shift }
}
