//! When what happens in a train of fires.
//!
//! A tile's work is a sequence of *trains*. A train of kind *learn* goes over all tokens once a sample: it changes
//! conductances by the sample before, and sums what the imposed columns contribute to the next. A train of kind *relax*
//! goes over the tokens of the free columns, once a step. What a fire launches the next one takes; so a train is a pipeline, and
//! the *age* of a token is the number of fires since the sequencer sent it.
//!
//! | age, learn | age, relax | what is valid |
//! |---:|---:|---|
//! | 2 | 2 | the token: column, slot, lanes, learning shift |
//! | 5 | | drops of the sample before, of column and row |
//! | 8 | 3 | `k`, and in a relax train both voltages |
//! | 7 | 5 | first product: `(dF - dC)(dF + dC)`, or `g` times the row's voltage |
//! | 10 | | `k'`, saturated; it is written, and its conductance goes up the tree |
//! | 12 | 5 | second product: `g` times the column's voltage |
//! | 13 | 6 | accumulated |
//! | 14 | 9 | the column's sum over the tile's lanes and slots |
//!
//! Then the rows' sums go through the update unit, one a fire.

use super::folding::{Folding, TilePlan};
use wheatstone_sim::Design;

/// Fires from the sequencer's token to a product in the accumulator, by kind of train.
pub(super) const ACCUMULATED: [usize; 2] = [13, 6];

/// Fires from the read of a column's sum to its voltage at the tiles, without the levels of the tree over the tiles.
const COLUMN_LATENCY: usize = 9;

/// Fires that preparing a node is ahead of its sum.
const PREPARATION: usize = 4;

/// Further fires of a request's last train, so that the last row's voltage leaves the update unit; otherwise the next train pushes it.
pub(super) const DRAIN: usize = 3;

/// A kind of train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Train {
    /// Over all tokens: conductances learn, imposed columns are summed.
    Learn,
    /// Over free columns: one relaxing step.
    Relax,
}

impl Train {
    /// 0 for learn, 1 for relax.
    pub(super) fn index(self) -> usize {
        match self {
            Train::Learn => 0,
            Train::Relax => 1,
        }
    }
}

/// When a tile's train does what, counted in fires from its begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileSchedule {
    /// Tokens sent, one a fire from the first.
    pub tokens: usize,
    /// When the first row's sums are taken out of its accumulators, one row a fire from then on.
    pub take: usize,
    /// Rows that go through the update unit, one a fire from the fire after `take`.
    pub rows: usize,
    /// Length of the train.
    pub length: usize,
}

/// The schedule of a tile's train.
pub fn tile_train(plan: &TilePlan, train: Train) -> TileSchedule {
    let tokens = match train {
        Train::Learn => plan.tokens.len(),
        Train::Relax => plan.free,
    };
    let take = tokens + ACCUMULATED[train.index()] - 1;
    let rows = plan.rows.len();
    // The next train reads what this one leaves in its registers: gains and voltages.
    let length = take
        + rows
        + match train {
            Train::Learn | Train::Relax => 7,
        };
    TileSchedule { tokens, take, rows, length }
}

/// When the root does what in a train, counted in fires from its begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootSchedule {
    /// When the sum of the first column is read, one column a fire from then on.
    pub read: usize,
    /// Columns.
    pub columns: usize,
    /// Length of the train.
    pub length: usize,
}

/// Levels of the adder tree over so many tiles.
pub fn tree_levels(tiles: usize) -> usize {
    tiles.next_power_of_two().ilog2() as usize
}

/// The schedule of the root, the same for both kinds of train.
pub fn root_train(folding: &Folding) -> RootSchedule {
    let levels = tree_levels(folding.tiles.len());
    let (read, columns) = (PREPARATION.saturating_sub(levels), folding.free.len());
    RootSchedule { read, columns, length: read + columns + levels + COLUMN_LATENCY }
}

/// Fires of the slowest tile in a sample of so many steps, if no train waits for another.
pub fn sample_fires(folding: &Folding, steps: usize) -> usize {
    let of = |plan: &TilePlan| {
        tile_train(plan, Train::Learn).length + steps * tile_train(plan, Train::Relax).length
    };
    folding.tiles.iter().map(of).max().unwrap_or(0)
}

/// Bits of a node's sum of currents, nudge included.
pub(super) fn sum_bits(design: &Design) -> u32 {
    let format = design.format();
    let widest = format.v_bits() + 1 + format.k_bits() + 1;
    let terms = design.network().max_degree() + 2;
    widest + (usize::BITS - terms.leading_zeros())
}
