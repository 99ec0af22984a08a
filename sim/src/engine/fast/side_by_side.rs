//! Replicas in the lanes of vectors: every node and every edge is a row with a lane for each replica, so that no graph needs
//! anything looked up lane by lane.

use super::lanes::{Lanes, dispatch};
use super::rows::{Core, EdgeRow, Nudged, Plan, Rate, Row, Term};
use super::width::Token;
use crate::network::{Edge, Incidence, NodeId};
use crate::{Design, EdgeGenerator, LearningSchedule, State, Target, Wave};
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct SideBySide<C> {
    design: Arc<Design>,
    token: Token,
    plan: Plan,
    core: C,
    /// Lanes of a row: the replicas, padded.
    pitch: usize,
    /// Rows of every colour, those of outputs apart.
    colours: Vec<[Range<usize>; 2]>,
    /// By edge, then by replica.
    generators: Vec<EdgeGenerator>,
    /// By replica.
    phases: Vec<u8>,
    /// By replica: its inputs show both waves the same.
    alike: Vec<bool>,
    /// What inputs contribute is up to date.
    fields: bool,
}

/// What replicas that are relaxed together may take in memory: half of what a core has near by.
const NEAR: usize = 1 << 20;

/// Replicas relaxed together at most: beyond, nothing is gained.
const MOST: usize = 64;

impl<C: Core> SideBySide<C> {
    /// How many replicas of a design are relaxed together, small enough to stay in a core's cache.
    pub(super) fn group_size(design: &Design) -> usize {
        let [of_node, of_edge] = C::BYTES;
        let network = design.network();
        let bytes = network.nodes().len() * of_node + network.edges().len() * of_edge;
        (NEAR / bytes / C::LANES * C::LANES).clamp(2 * C::LANES, MOST)
    }

    /// Groups of replicas of a design, one for each state.
    pub(super) fn groups(design: &Arc<Design>, token: Token, states: &[State]) -> Vec<Self> {
        let group = |states: &[State]| {
            let mut group = SideBySide::new(design, token, states.len());
            group.load(states.iter().enumerate());
            group
        };
        states.chunks(Self::group_size(design)).map(group).collect()
    }

    /// So many replicas of a design that fits the core.
    fn new(design: &Arc<Design>, token: Token, replicas: usize) -> Self {
        let pitch = replicas.next_multiple_of(C::LANES);
        let (plan, colours) = plan(design, pitch);
        SideBySide {
            core: C::new(design, &plan),
            generators: vec![EdgeGenerator::new(1); design.network().edges().len() * replicas],
            phases: vec![0; replicas],
            alike: vec![false; replicas],
            fields: false,
            design: Arc::clone(design),
            token,
            plan,
            pitch,
            colours,
        }
    }

    pub(super) fn replicas(&self) -> usize {
        self.phases.len()
    }

    /// Takes the states of some replicas over.
    pub(super) fn load<'s>(&mut self, states: impl Iterator<Item = (usize, &'s State)>) {
        let design = Arc::clone(&self.design);
        let (network, replicas) = (design.network(), self.replicas());
        for (replica, state) in states {
            for wave in Wave::BOTH {
                for (node, &u) in state.u(wave).iter().enumerate() {
                    self.core.set_u(wave, node * self.pitch + replica, u);
                }
            }
            for (edge, (&k, &generator)) in state.k.iter().zip(&state.generators).enumerate() {
                self.core.set_k(edge * self.pitch + replica, Some(k));
                self.generators[edge * replicas + replica] = generator;
            }
            self.phases[replica] = state.phase;
            let mut shown = network.inputs().iter().map(|n| state.u.each_ref().map(|u| u[n.index()]));
            self.alike[replica] = shown.all(|[free, clamped]| free == clamped);
        }
        self.update_gains();
    }

    /// The state of one replica.
    pub(super) fn state(&self, replica: usize) -> State {
        let network = self.design.network();
        let lane = |index: usize| index * self.pitch + replica;
        let nodes = 0..network.nodes().len();
        let edges = 0..network.edges().len();
        State {
            u: Wave::BOTH.map(|wave| nodes.clone().map(|node| self.core.u(wave, lane(node))).collect()),
            k: edges.clone().map(|edge| self.core.k(lane(edge))).collect(),
            generators: edges.map(|edge| self.generators[edge * self.replicas() + replica]).collect(),
            noise: Vec::new(),
            phase: self.phases[replica],
        }
    }

    /// Shows a replica some voltages and targets.
    pub(super) fn present(&mut self, replica: usize, inputs: &[i32], targets: &[Option<Target>]) {
        let design = Arc::clone(&self.design);
        for (node, &v) in design.network().inputs().iter().zip(inputs) {
            self.core.impose(node.index() * self.pitch + replica, v);
        }
        let unset = std::iter::repeat(&None);
        for (node, &target) in design.network().outputs().iter().zip(targets.iter().chain(unset)) {
            self.core.set_target(node.index() * self.pitch + replica, target);
        }
        self.alike[replica] = true;
        self.fields = false;
    }

    /// Relaxing steps of the active replicas.
    pub(super) fn relax(&mut self, active: &[bool], steps: u32) {
        let colours = self.design.network().colouring().count();
        if !self.fields {
            let alike = self.alike.iter().all(|&alike| alike);
            dispatch!(self.token, lanes => self.core.update_fields(lanes, &self.plan, alike));
            self.fields = true;
        }
        // Replicas in the same phase go together: nearly always all of them.
        let before = self.phases.clone();
        for phase in 0..colours {
            let moves = |replica: usize| active[replica] && before[replica] == phase;
            let replicas = 0..before.len();
            if !replicas.clone().any(moves) {
                continue;
            }
            let masked = !replicas.clone().all(moves);
            if masked {
                replicas.clone().for_each(|replica| self.core.set_active(replica, moves(replica)));
            }
            let before = |colour: u8| colour.checked_sub(1).unwrap_or(colours - 1);
            // With two colours, a colour's turn in the clamped wave comes one step after its turn in the free wave, and nothing
            // between the two reads what it writes: both are taken together, but for the first clamped and the last free one.
            let pairs = colours == 2 && !masked && steps > 1;
            let turns = if pairs { u64::from(steps) + 1 } else { 2 * u64::from(steps) };
            let mut next = phase;
            dispatch!(self.token, lanes => {
                // One call of `turn` for all cases: every call is as much code as all of them.
                for turn in 0..turns {
                    let (colour, waves, ends_step): (u8, &[Wave], bool) = match turn {
                        0 if pairs => (before(next), &[Wave::Clamped], false),
                        _ if pairs && turn + 1 == turns => (next, &[Wave::Free], true),
                        _ if pairs => (next, &Wave::BOTH, true),
                        _ if turn % 2 == 0 => (next, &[Wave::Free], false),
                        _ => (before(next), &[Wave::Clamped], true),
                    };
                    self.turn(lanes, colour, waves, masked);
                    if ends_step {
                        next = (next + 1) % colours;
                    }
                }
            });
            replicas.filter(|&replica| moves(replica)).for_each(|replica| self.phases[replica] = next);
        }
    }

    /// The turn of a colour in one wave, or in the free and then the clamped one.
    #[inline(always)]
    fn turn<L: Lanes>(&mut self, lanes: L, colour: u8, waves: &[Wave], masked: bool) {
        let [mut hidden, outputs] = self.colours[usize::from(colour)].clone();
        if !masked {
            self.core.turn_hidden(lanes, &self.plan, hidden.clone(), waves);
            hidden = 0..0;
        }
        for row in hidden.chain(outputs) {
            for &wave in waves {
                self.core.turn(lanes, &self.plan, row, wave, masked);
                let Row { at, outputs, .. } = self.plan.rows[row];
                if let (Some(eta), true) = (self.design.rules().nudge.imposed(wave), outputs) {
                    let nudged = Nudged { row, lanes: 0..self.pitch, targets: at };
                    self.core.nudge(lanes, &self.plan, &[nudged], eta, masked);
                }
            }
        }
    }

    /// One learning step of the active replicas, with what is added to the learning shifts of each.
    pub(super) fn learn(&mut self, active: &[bool], learning: LearningSchedule, offsets: &[u8]) {
        let replicas = active.len();
        let rate = if let Some(rarity) = learning.rarity() {
            for (edge, generators) in self.generators.chunks_mut(replicas).enumerate() {
                for (replica, generator) in generators.iter_mut().enumerate() {
                    let learns = active[replica] && generator.fires(rarity);
                    self.core.set_edge_rate(edge * self.pitch + replica, learns.then_some(offsets[replica]));
                }
            }
            Rate::ByEdge
        } else if active.iter().all(|&active| active) && offsets.iter().all(|&offset| offset == offsets[0]) {
            Rate::Same(offsets[0])
        } else {
            for (replica, (&active, &offset)) in active.iter().zip(offsets).enumerate() {
                self.core.set_lane_rate(replica, active.then_some(offset));
            }
            Rate::ByLane
        };
        dispatch!(self.token, lanes => self.core.learn(lanes, &self.plan, rate));
        self.update_gains();
    }

    fn update_gains(&mut self) {
        dispatch!(self.token, lanes => self.core.update_gains(lanes, &self.plan, &[]));
        self.fields = false;
    }

    /// The free voltages of a replica's outputs.
    pub(super) fn answer(&self, replica: usize) -> Vec<i32> {
        let voltage = |node: &NodeId| {
            let v = self.core.v(Wave::Free, node.index() * self.pitch + replica);
            #[expect(clippy::cast_possible_truncation, reason = "a voltage has at most 20 bits")]
            let v = v as i32;
            v
        };
        self.design.network().outputs().iter().map(voltage).collect()
    }
}

/// A row for every node that relaxes and for every edge, and which rows have which colour.
fn plan(design: &Design, pitch: usize) -> (Plan, Vec<[Range<usize>; 2]>) {
    let network = design.network();
    let (mut rows, mut terms, mut colours) = (Vec::new(), Vec::new(), Vec::new());
    for colour in 0..network.colouring().count() {
        colours.push([false, true].map(|outputs| {
            let first = rows.len();
            for id in network.node_ids() {
                let node = network.nodes()[id.index()];
                let is_here = node.kind.relaxes() && node.kind.is_nudged() == outputs;
                if !is_here || network.colouring().colour(id) != colour {
                    continue;
                }
                let start = terms.len();
                // A current that depends on both voltages is no sum made once a sample.
                let is_field = |term: &Term| {
                    term.kind.is_linear() && !network.nodes()[term.nodes / pitch].kind.relaxes()
                };
                let term = |incidence: &Incidence| Term {
                    nodes: incidence.neighbour.index() * pitch,
                    edges: incidence.edge.index() * pitch,
                    kind: network.edges()[incidence.edge.index()].kind,
                };
                let all = || network.incidences(id).iter().map(term);
                terms.extend(all().filter(|term| !is_field(term)));
                let middle = terms.len();
                terms.extend(all().filter(is_field));
                rows.push(Row {
                    at: id.index() * pitch,
                    lanes: pitch,
                    colour,
                    outputs,
                    range: node.clamp.limits(design.format().u_range()),
                    terms: start..middle,
                    inputs: middle..terms.len(),
                });
            }
            first..rows.len()
        }));
    }
    let edge_row = |(index, edge): (usize, &Edge)| EdgeRow {
        at: index * pitch,
        lanes: pitch,
        ends: edge.ends.map(|node| node.index() * pitch),
        alpha: network.groups()[edge.group.index()].shift(),
    };
    let plan = Plan {
        nodes: network.nodes().len() * pitch,
        edges: network.edges().len() * pitch,
        edge_rows: network.edges().iter().enumerate().map(edge_row).collect(),
        rows,
        terms,
        absent: 0,
        lattice: false,
        limits: false,
        masks: true,
        targets: network.nodes().len() * pitch,
    };
    (plan, colours)
}
