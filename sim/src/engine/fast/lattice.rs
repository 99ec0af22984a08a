//! Square lattices, open and periodic, with ports and diodes anywhere and edges missing here and there.
//!
//! Inputs and the lanes between rows stand still in the turns of their [quarter](super::grid): their gain is 0. Outputs take
//! part; where coupled learning nudges them they have their nudged voltages afterwards. With a nudging current, which counts in
//! their gain, they stand still as well and relax afterwards, one by one.

use super::grid::{Grid, Side, absent};
use super::lanes::{Lanes, dispatch};
use super::rows::{Core, EdgeRow, Nudged, Plan, Rate, Row, Term};
use super::width::Token;
use super::{Layout, general};
use crate::network::{DiodeClamp, EdgeKind, NodeId, NodeKind};
use crate::{
    Configuration, Design, EdgeGenerator, Gain, Network, Nudge, Sample, State, Target, Wave, shift_rounded,
};
use std::sync::Arc;

/// Smaller ones run as fast as edge lists.
const SMALLEST: usize = 48;

/// An output that a nudging current pulls, and which relaxes by itself.
#[derive(Clone, Debug)]
struct Pulled {
    lane: usize,
    /// Its quarter's row in the plan, and its place there.
    row: usize,
    place: usize,
    colour: u8,
    clamp: DiodeClamp,
    /// Lanes of its neighbours and the conductances towards them.
    neighbours: [(usize, i64); 4],
    gain: Gain,
    target: Option<Target>,
}

#[derive(Clone, Debug)]
pub(super) struct Lattice<C> {
    design: Arc<Design>,
    token: Token,
    grid: Grid,
    /// Of all edges.
    kind: EdgeKind,
    plan: Plan,
    core: C,
    /// Lanes that do not move with their quarter.
    still: Vec<u32>,
    /// Places of a quarter's edges where there is none.
    absent: Vec<u32>,
    /// By colour: which lanes show the same as others, from and to.
    halos: [Vec<[usize; 2]>; 2],
    /// The same for edges.
    edge_halos: Vec<[usize; 2]>,
    /// Lanes of the inputs, of the outputs, and of these targets.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    targets: Vec<usize>,
    pulled: Vec<Pulled>,
    /// Where outputs lie that coupled learning nudges, by colour.
    nudged: [Vec<Nudged>; 2],
    generators: Vec<EdgeGenerator>,
    phase: u8,
}

impl<C: Core> Lattice<C> {
    /// The layout of a design on a lattice, and nothing for any other.
    pub(super) fn new(design: &Arc<Design>, token: Token) -> Option<Self> {
        let network = design.network();
        if network.nodes().len() < SMALLEST || !C::fits(design) {
            return None;
        }
        let grid = Grid::find(network)?;
        let limits = network.nodes().iter().any(|node| node.clamp != DiodeClamp::default());
        let mut plan = plan::<C>(design, &grid, limits);
        let halos = [0, 1].map(|colour| [0, 1].map(|parity| grid.halos(colour, parity).concat()).concat());
        let lanes = |nodes: &[NodeId]| nodes.iter().map(|&node| grid.lane(grid.at(node))).collect::<Vec<_>>();
        let (inputs, outputs) = (lanes(network.inputs()), lanes(network.outputs()));
        let (mut nudged, mut targets, mut pulled) = Default::default();
        match design.rules().nudge {
            Nudge::Clamped { .. } => (nudged, targets) = find_nudged::<C>(&mut plan, &outputs),
            Nudge::Modulated { .. } | Nudge::Dithered { .. } => return None,
            Nudge::Current { .. } => pulled = find_pulled(&plan, network, &outputs),
        }
        let mut lattice = Lattice {
            core: C::new(design, &plan),
            still: Vec::new(),
            absent: Vec::new(),
            halos,
            edge_halos: edge_halos(&grid),
            inputs,
            outputs,
            targets,
            pulled,
            nudged,
            generators: vec![EdgeGenerator::new(1); network.edges().len()],
            phase: 0,
            design: Arc::clone(design),
            token,
            grid,
            kind: network.edges()[0].kind,
            plan,
        };
        lattice.find_still()?;
        if limits {
            lattice.set_ranges();
        }
        Some(lattice)
    }

    /// The place of an edge.
    fn place(&self, edge: usize) -> usize {
        let (from, side) = self
            .grid
            .side(self.design.network().edges()[edge].ends)
            .unwrap_or_else(|| unreachable!("a lattice has no other edges"));
        self.grid.lane(self.grid.at(from)) + if side == Side::South { self.grid.lanes } else { 0 }
    }

    fn nudges_by_current(&self) -> bool {
        match self.design.rules().nudge {
            Nudge::Clamped { .. } | Nudge::Modulated { .. } | Nudge::Dithered { .. } => false,
            Nudge::Current { .. } => true,
        }
    }

    /// Which lanes of the quarters do not move with them, and which of their edges do not exist.
    fn find_still(&mut self) -> Option<()> {
        let network = self.design.network();
        let outputs_move = !self.nudges_by_current();
        let mut moves = vec![false; self.plan.nodes];
        for (id, node) in network.node_ids().zip(network.nodes()) {
            moves[self.grid.lane(self.grid.at(id))] = match node.kind {
                NodeKind::Input => false,
                NodeKind::Output => outputs_move,
                NodeKind::Hidden => true,
            };
        }
        let mut there = vec![false; self.plan.edges];
        for edge in 0..network.edges().len() {
            there[self.place(edge)] = true;
        }
        for row in &self.plan.rows {
            for lane in (row.at..row.at + row.lanes).filter(|&lane| !moves[lane]) {
                self.still.push(u32::try_from(lane).ok()?);
            }
        }
        for row in &self.plan.edge_rows {
            for place in (row.at..row.at + row.lanes).filter(|&place| !there[place]) {
                self.absent.push(u32::try_from(place).ok()?);
            }
        }
        self.still.shrink_to_fit();
        self.absent.shrink_to_fit();
        Some(())
    }

    fn set_ranges(&mut self) {
        for (id, node) in self.design.network().node_ids().zip(self.design.network().nodes()) {
            let range = node.clamp.limits(self.design.format().u_range());
            self.core.set_range(self.grid.lane(self.grid.at(id)), range);
        }
    }

    /// After conductances have changed.
    fn update_edges(&mut self) {
        for &place in &self.absent {
            self.core.set_k(place as usize, None);
        }
        for &[from, to] in &self.edge_halos {
            self.core.mirror_edge(from, to);
        }
        dispatch!(self.token, lanes => self.core.update_gains(lanes, &self.plan, &self.still));
        self.update_outputs();
    }

    /// Copies what lies at the border, in one wave, of the nodes of a colour.
    fn mirror(&mut self, colour: usize, wave: Wave) {
        for &[from, to] in &self.halos[colour] {
            self.core.mirror(wave, from, to);
        }
    }

    /// The turn of a colour in one wave or both.
    #[inline(always)]
    fn turn<L: Lanes>(&mut self, lanes: L, colour: u8, waves: &[Wave]) {
        for row in (0..self.plan.rows.len()).filter(|&row| self.plan.rows[row].colour == colour) {
            self.core.turn_in_lattice(lanes, &self.plan, row, waves);
        }
        if let Some(eta) = waves.last().and_then(|&wave| self.design.rules().nudge.imposed(wave)) {
            self.core.nudge(lanes, &self.plan, &self.nudged[usize::from(colour)], eta, false);
        }
        for &wave in waves {
            for output in self.pulled.iter().filter(|output| output.colour == colour) {
                let u = self.core.u(wave, output.lane) + self.change(output, wave);
                let (low, high) = self.design.format().u_range();
                self.core.set_u(wave, output.lane, output.clamp.apply(u.clamp(low, high)));
            }
            self.mirror(colour.into(), wave);
        }
    }

    /// What the currents into an output change, the nudging one among them.
    fn change(&self, output: &Pulled, wave: Wave) -> i64 {
        let (format, nudge) = (self.design.format(), self.design.rules().nudge);
        let v = self.core.v(wave, output.lane);
        let currents = output
            .neighbours
            .iter()
            .map(|&(other, g)| self.kind.twice_current(g, v, self.core.v(wave, other)));
        let mut twice_sum: i64 = currents.sum();
        if let Some(target) = output.target {
            let direction = i64::from(nudge.direction(wave));
            twice_sum += 2 * direction * nudge.conductance(format) * general::passed(target, v);
        }
        let Gain { q, s } = output.gain;
        shift_rounded((twice_sum << format.v_guard()) * i64::from(q), s + 4)
    }

    /// What outputs that relax by themselves know of their edges.
    fn update_outputs(&mut self) {
        let (design, kind) = (&self.design, self.kind);
        let (rules, format) = (design.rules(), design.format());
        for output in &mut self.pulled {
            let terms = &self.plan.terms[self.plan.rows[output.row].terms.clone()];
            let mut d_sum = rules.nudge.conductance(format);
            for (neighbour, term) in output.neighbours.iter_mut().zip(terms) {
                let g = self.core.g(term.edges + output.place);
                *neighbour = (term.nodes + output.place, g);
                d_sum += kind.slope(g, rules.lowest_rail);
            }
            output.gain = design.gains().gain(d_sum, format.k_bits());
        }
    }
}

/// The rows of a lattice: its quarters, and of each the edges to the east and to the south.
fn plan<C: Core>(design: &Design, grid: &Grid, limits: bool) -> Plan {
    let kind = design.network().edges()[0].kind;
    let alpha = design.network().groups()[design.network().edges()[0].group.index()].shift();
    let (low, high) = design.format().u_range();
    let (mut rows, mut terms, mut edge_rows) = (Vec::new(), Vec::new(), Vec::new());
    for colour in [0, 1] {
        for parity in [0, 1] {
            let own = grid.quarter(colour.into(), parity, C::LANES);
            let [west, east, north, south] = grid.neighbours(colour.into(), parity);
            // An edge lies with its northern or western end.
            let sides = [
                (west, west),
                (east, own.start),
                (north, grid.lanes + north),
                (south, grid.lanes + own.start),
            ];
            terms.extend(sides.map(|(nodes, edges)| Term { nodes, edges, kind }));
            edge_rows.extend([(own.start, east), (grid.lanes + own.start, south)].map(|(at, end)| EdgeRow {
                at,
                lanes: own.len(),
                ends: [own.start, end],
                alpha,
            }));
            rows.push(Row {
                at: own.start,
                lanes: own.len(),
                colour,
                outputs: false,
                range: [low, high],
                terms: terms.len() - 4..terms.len(),
                inputs: 0..0,
            });
        }
    }
    Plan {
        nodes: grid.lanes,
        edges: 2 * grid.lanes,
        rows,
        terms,
        edge_rows,
        absent: absent(kind),
        lattice: kind.is_linear(),
        limits,
        masks: false,
        targets: 0,
    }
}

/// The row a lane lies in, and its place there.
fn find(plan: &Plan, lane: usize) -> (usize, usize) {
    let holds = |row: &Row| (row.at..row.at + row.lanes).contains(&lane);
    let row = plan.rows.iter().position(holds).unwrap_or_else(|| unreachable!("every node lies in a row"));
    (row, lane - plan.rows[row].at)
}

/// Where coupled learning nudges, by colour, and the lanes of targets of the outputs that lie in these lanes.
fn find_nudged<C: Core>(plan: &mut Plan, outputs: &[usize]) -> ([Vec<Nudged>; 2], Vec<usize>) {
    let mut order: Vec<usize> = (0..outputs.len()).collect();
    order.sort_unstable_by_key(|&output| outputs[output]);
    let (mut nudged, mut targets) = ([Vec::<Nudged>::new(), Vec::new()], vec![0; outputs.len()]);
    for output in order {
        let (row, place) = find(plan, outputs[output]);
        let nudged = &mut nudged[usize::from(plan.rows[row].colour)];
        let start = place / C::LANES * C::LANES;
        let here = match nudged.last_mut() {
            Some(last) if last.row == row && last.lanes.end >= start => last,
            _ => nudged.push_mut(Nudged { row, lanes: start..start, targets: plan.targets }),
        };
        if here.lanes.end == start {
            here.lanes.end += C::LANES;
            plan.targets += C::LANES;
        }
        targets[output] = here.targets + place - here.lanes.start;
    }
    (nudged, targets)
}

/// The outputs, for nudging currents to pull.
fn find_pulled(plan: &Plan, network: &Network, outputs: &[usize]) -> Vec<Pulled> {
    let pulled = |(&lane, &node): (&usize, &NodeId)| {
        let (row, place) = find(plan, lane);
        Pulled {
            lane,
            row,
            place,
            colour: plan.rows[row].colour,
            clamp: network.nodes()[node.index()].clamp,
            neighbours: [(0, 0); 4],
            gain: Gain { q: 8, s: 0 },
            target: None,
        }
    };
    outputs.iter().zip(network.outputs()).map(pulled).collect()
}

/// Which edges are copies of others across the border, from and to.
fn edge_halos(grid: &Grid) -> Vec<[usize; 2]> {
    let quarters = [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter();
    let copies = quarters.flat_map(|(colour, parity)| {
        let [columns, rows] = grid.halos(colour, parity);
        let south = rows.into_iter().map(|lanes| lanes.map(|lane| grid.lanes + lane));
        columns.into_iter().chain(south).collect::<Vec<_>>()
    });
    copies.collect()
}

impl<C: Core> Layout for Lattice<C> {
    fn load(&mut self, state: &State) {
        for wave in Wave::BOTH {
            for (id, &u) in self.design.network().node_ids().zip(state.u(wave)) {
                self.core.set_u(wave, self.grid.lane(self.grid.at(id)), u);
            }
            (0..2).for_each(|colour| self.mirror(colour, wave));
        }
        for (edge, &k) in state.k.iter().enumerate() {
            self.core.set_k(self.place(edge), Some(k));
        }
        self.generators.copy_from_slice(&state.generators);
        self.phase = state.phase;
        self.update_edges();
    }

    fn state(&self) -> State {
        let lanes = || self.design.network().node_ids().map(|id| self.grid.lane(self.grid.at(id)));
        State {
            u: Wave::BOTH.map(|wave| lanes().map(|lane| self.core.u(wave, lane)).collect()),
            k: (0..self.generators.len()).map(|edge| self.core.k(self.place(edge))).collect(),
            generators: self.generators.clone(),
            noise: Vec::new(),
            phase: self.phase,
        }
    }

    fn present(&mut self, sample: &Sample) {
        for (&lane, &v) in self.inputs.iter().zip(&sample.inputs) {
            self.core.impose(lane, v);
        }
        for wave in Wave::BOTH {
            (0..2).for_each(|colour| self.mirror(colour, wave));
        }
        for (&lane, &target) in self.targets.iter().zip(&sample.targets) {
            self.core.set_target(lane, target);
        }
        for (output, &target) in self.pulled.iter_mut().zip(&sample.targets) {
            output.target = target;
        }
    }

    fn relax(&mut self, steps: u32) {
        // A colour's turn in the clamped wave comes one step after its turn in the free wave, and nothing between the two
        // reads what it writes: both are taken together, but for the first clamped and the last free one.
        let Some(last) = steps.checked_sub(1) else { return };
        dispatch!(self.token, lanes => {
            // One call of `turn` for all cases: every call is as much code as all of them.
            for turn in 0..=steps {
                let (colour, waves): (u8, &[Wave]) = match turn {
                    0 => (1 - self.phase, &[Wave::Clamped]),
                    _ if turn <= last => (self.phase, &Wave::BOTH),
                    _ => (self.phase, &[Wave::Free]),
                };
                self.turn(lanes, colour, waves);
                if turn > 0 {
                    self.phase = 1 - self.phase;
                }
            }
        });
    }

    fn learn(&mut self, configuration: &Configuration) {
        let offset = configuration.alpha_offset;
        let rate = if let Some(rarity) = configuration.learning.rarity() {
            for edge in 0..self.generators.len() {
                let fires = self.generators[edge].fires(rarity);
                self.core.set_edge_rate(self.place(edge), fires.then_some(offset));
            }
            Rate::ByEdge
        } else {
            Rate::Same(offset)
        };
        dispatch!(self.token, lanes => self.core.learn(lanes, &self.plan, rate));
        self.update_edges();
    }

    fn answer(&self) -> Vec<i32> {
        #[expect(clippy::cast_possible_truncation, reason = "a voltage has at most 20 bits")]
        self.outputs.iter().map(|&lane| self.core.v(Wave::Free, lane) as i32).collect()
    }
}
