//! Rows: nodes side by side, and edges side by side, that are treated alike.
//!
//! A row of nodes has its neighbours at fixed distances: the lanes `at..at + lanes` meet, term by term, the lanes from
//! `Term::nodes` on through the edges from `Term::edges` on. In a lattice a row is a quarter of its nodes; among replicas it is
//! one node of all of them. Either way nothing is looked up lane by lane.

use super::lanes::Lanes;
use crate::network::EdgeKind;
use crate::{Design, Target, Wave};
use std::ops::Range;
use std::sync::Arc;

/// Nodes that take their turn together.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// First lane.
    pub(super) at: usize,
    /// How many, a multiple of a core's [`Core::LANES`].
    pub(super) lanes: usize,
    pub(super) colour: u8,
    /// They are outputs: their nudges count in `D`.
    pub(super) outputs: bool,
    /// Smallest and largest accumulator.
    pub(super) range: [i64; 2],
    /// Where they meet nodes that relax.
    pub(super) terms: Range<usize>,
    /// Where they meet inputs, whose contribution is summed once a sample.
    pub(super) inputs: Range<usize>,
}

/// Lanes of a row, from and to a multiple of a core's [`Core::LANES`], some of which coupled learning nudges.
#[derive(Clone, Debug)]
pub(super) struct Nudged {
    pub(super) row: usize,
    pub(super) lanes: Range<usize>,
    /// Their first lane of targets.
    pub(super) targets: usize,
}

/// The neighbours of a row on one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// First lane.
    pub(super) nodes: usize,
    /// First edge.
    pub(super) edges: usize,
    pub(super) kind: EdgeKind,
}

/// Edges that learn together.
#[derive(Clone, Debug)]
pub(super) struct EdgeRow {
    /// First edge.
    pub(super) at: usize,
    /// How many, a multiple of a core's [`Core::LANES`].
    pub(super) lanes: usize,
    /// First lanes of their ends.
    pub(super) ends: [usize; 2],
    /// Learning shift.
    pub(super) alpha: i8,
}

/// A network as rows.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Lanes of nodes, and of edges.
    pub(super) nodes: usize,
    pub(super) edges: usize,
    pub(super) rows: Vec<Row>,
    pub(super) terms: Vec<Term>,
    pub(super) edge_rows: Vec<EdgeRow>,
    /// What an edge that does not exist conducts.
    pub(super) absent: i64,
    /// Every row has four terms that are linear and nothing else: west, east, north, south.
    pub(super) lattice: bool,
    /// Accumulators are limited lane by lane, by diodes, instead of row by row.
    pub(super) limits: bool,
    /// Lanes of a row may be left out of a turn, and learn at rates of their own.
    pub(super) masks: bool,
    /// Lanes of targets; those of a row of outputs lie where the row does.
    pub(super) targets: usize,
}

impl Plan {
    /// Whether any row meets inputs as such.
    pub(super) fn has_fields(&self) -> bool {
        self.rows.iter().any(|row| !row.inputs.is_empty())
    }
}

/// Which edges learn, and with what added to the learning shift of their row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// All, with the same.
    Same(u8),
    /// As [`Core::set_lane_rate`] said, alike in every row.
    ByLane,
    /// As [`Core::set_edge_rate`] said.
    ByEdge,
}

/// Which arithmetic the lanes are in.
pub(super) trait Core: Clone + std::fmt::Debug + Send {
    /// Rows are padded to a multiple of this.
    const LANES: usize;
    /// What a lane of a node and of an edge takes in memory, about, as far as relaxing touches it.
    const BYTES: [usize; 2];

    /// Whether it can hold a design.
    fn fits(design: &Design) -> bool;

    /// At rest at zero, every conductance 0.
    fn new(design: &Arc<Design>, plan: &Plan) -> Self;

    /// Sets an accumulator of a node and what its neighbours see.
    fn set_u(&mut self, wave: Wave, lane: usize, u: i64);

    /// Imposes a voltage on a node, in both waves.
    fn impose(&mut self, lane: usize, v: i32);

    /// An accumulator of a node.
    fn u(&self, wave: Wave, lane: usize) -> i64;

    /// What a node's neighbours see.
    fn v(&self, wave: Wave, lane: usize) -> i64;

    /// Lets a lane show what another one shows.
    fn mirror(&mut self, wave: Wave, from: usize, to: usize);

    /// Sets the limits of a node's accumulator; only with [`Plan::limits`].
    fn set_range(&mut self, lane: usize, range: [i64; 2]);

    /// Sets the accumulator of an edge; `None` if there is no edge.
    fn set_k(&mut self, edge: usize, k: Option<i64>);

    /// The accumulator of an edge.
    fn k(&self, edge: usize) -> i64;

    /// The conductance of an edge; 0 where there is none.
    fn g(&self, edge: usize) -> i64;

    /// Lets an edge have the conductance of another one.
    fn mirror_edge(&mut self, from: usize, to: usize);

    /// Sets the target in a lane of targets.
    fn set_target(&mut self, lane: usize, target: Option<Target>);

    /// Says what is added to the learning shift of the edges in a lane of every row; `None` if they do not learn.
    fn set_lane_rate(&mut self, lane: usize, offset: Option<u8>);

    /// The same for one edge.
    fn set_edge_rate(&mut self, edge: usize, offset: Option<u8>);

    /// Lets the nodes in a lane of every row move, or not, in turns that are `masked`.
    fn set_active(&mut self, lane: usize, active: bool);

    /// Looks the gains up after conductances have changed. Lanes in `still`, in the order of the rows, never move.
    fn update_gains<L: Lanes>(&mut self, lanes: L, plan: &Plan, still: &[u32]);

    /// Sums what the inputs contribute to the waves, once for both if they are `alike`.
    fn update_fields<L: Lanes>(&mut self, lanes: L, plan: &Plan, alike: bool);

    /// The turn of a row in one wave, by its terms. If `masked`, only the active lanes move.
    fn turn<L: Lanes>(&mut self, lanes: L, plan: &Plan, row: usize, wave: Wave, masked: bool);

    /// The turn of rows without outputs in one wave or both, all lanes active; the plan is no lattice's.
    fn turn_hidden<L: Lanes>(&mut self, lanes: L, plan: &Plan, rows: Range<usize>, waves: &[Wave]);

    /// The turn of a row of a lattice in one wave, or in the free and then the clamped one.
    #[inline(always)]
    fn turn_in_lattice<L: Lanes>(&mut self, lanes: L, plan: &Plan, row: usize, waves: &[Wave]) {
        // No closure: it would be compiled for the instructions every machine has.
        for &wave in waves {
            self.turn(lanes, plan, row, wave, false);
        }
    }

    /// Puts nodes of the clamped wave where coupled learning nudges them to, if they have targets. If `masked`, only the active
    /// lanes.
    fn nudge<L: Lanes>(&mut self, lanes: L, plan: &Plan, nudged: &[Nudged], eta: u8, masked: bool);

    /// Edges learn.
    fn learn<L: Lanes>(&mut self, lanes: L, plan: &Plan, rate: Rate);
}
