//! The folded array: the same contract on lanes that walk memories.

mod columns;
mod folded_array;
mod folding;
mod lane;
mod schedule;
mod sequencer;
mod simulation;
mod tokens;
mod tree;
mod update;

pub use folded_array::{FoldedArray, FoldedControls, FoldedOptions};
pub use folding::{Folding, LANES, MAX_FOLDS, MAX_TOKENS, NotFoldable, Place, TilePlan, Token};
pub use schedule::{RootSchedule, TileSchedule, Train, root_train, sample_fires, tile_train, tree_levels};
pub use simulation::{FoldedSimulation, FoldedSimulationError};
