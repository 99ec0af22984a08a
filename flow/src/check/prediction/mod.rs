//! How long a step and a sample take, from the delays of the routed chip.
//!
//! How often a cell fires follows from the array's own simulation, when from the routed chip.

mod folded;
mod spatial;

use super::launch::Launches;
use super::roles::Roles;
use serde::Serialize;
use wheatstone_hdl::{Chip, ChipArray};

/// Predicted times of the array, in picoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// A relaxing step, the mean over many.
    pub step_ps: u64,
    /// What a sample takes besides: a round in which edges learn and nodes take new gains, without shifts of the learning rate, or a
    /// learn train.
    pub closing_ps: u64,
}

impl Times {
    /// A training sample of so many steps and one learning step, without the island.
    pub fn sample_ps(&self, steps: u64) -> u64 {
        steps * self.step_ps + self.closing_ps
    }
}

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Prediction {
    /// Everything as slow as it can be.
    pub slow: Times,
    /// Everything as fast as it can be.
    pub fast: Times,
    /// How often an edge fires in a relaxing step, or a tile.
    pub edge_fires: u64,
    /// How often an edge fires in a closing round, or a tile in a learn train.
    pub closing_fires: u64,
}

/// Predicts from late arrivals; nothing if the array cannot be simulated or a request is missing.
pub(super) fn predict(chip: &Chip, roles: &Roles, slow: &Launches, fast: &Launches) -> Option<Prediction> {
    match &chip.array {
        ChipArray::Spatial(array) => spatial::predict(array, roles, slow, fast),
        ChipArray::Folded(array) => folded::predict(array, roles, slow, fast),
    }
}
