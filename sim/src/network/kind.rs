//! What nodes and edges can be. Whatever depends on a kind is a method here or an exhaustive `match`.

use crate::all::all;
use serde::{Deserialize, Serialize};

/// What drives a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Its voltage is imposed and never updated.
    Input,
    /// It relaxes, and samples say nothing about it.
    Hidden,
    /// It relaxes, and is nudged towards a target in the clamped wave.
    Output,
}

all!(NodeKind: Input, Hidden, Output);

impl NodeKind {
    /// Whether the node updates its voltage from the currents of its edges.
    pub fn relaxes(self) -> bool {
        match self {
            NodeKind::Input => false,
            NodeKind::Hidden | NodeKind::Output => true,
        }
    }

    /// Whether samples have a target for the node.
    pub fn is_nudged(self) -> bool {
        match self {
            NodeKind::Input | NodeKind::Hidden => false,
            NodeKind::Output => true,
        }
    }
}

/// An ideal diode from a node to ground, which makes the network nonlinear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiodeClamp {
    /// No diode: the whole range of voltages.
    #[default]
    None,
    /// The voltage stays at or above zero.
    NonNegative,
    /// The voltage stays at or below zero.
    NonPositive,
}

all!(DiodeClamp: None, NonNegative, NonPositive);

impl DiodeClamp {
    /// The smallest and the largest accumulator that the diode permits, of the format's range.
    pub fn limits(self, (low, high): (i64, i64)) -> [i64; 2] {
        match self {
            DiodeClamp::None => [low, high],
            DiodeClamp::NonNegative => [0, high],
            DiodeClamp::NonPositive => [low, 0],
        }
    }

    /// The nearest accumulator the diode permits.
    pub fn apply(self, u: i64) -> i64 {
        let [low, high] = self.limits((i64::MIN, i64::MAX));
        u.clamp(low, high)
    }
}

/// How an edge conducts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// A resistor: current `g (v_j - v_i)`.
    #[default]
    Linear,
    /// A transistor by the square law with cut-off and saturation, its gate voltage above threshold `g`.
    Transistor,
}

all!(EdgeKind: Linear, Transistor);

impl EdgeKind {
    /// What it is called in files and in hardware.
    pub fn name(self) -> &'static str {
        match self {
            EdgeKind::Linear => "linear",
            EdgeKind::Transistor => "transistor",
        }
    }

    /// Whether the current is the conductance times the voltage drop. Then conductances of parallel edges add, and what the
    /// inputs contribute to a node is a sum that can be made once a sample.
    pub fn is_linear(self) -> bool {
        match self {
            EdgeKind::Linear => true,
            EdgeKind::Transistor => false,
        }
    }

    /// Twice the current an edge of conductance `g` carries into a node at voltage `v` from a neighbour at voltage
    /// `v_other`. Twice, so that the square law's factor 1/2 needs no rounding.
    pub fn twice_current(self, g: i64, v: i64, v_other: i64) -> i64 {
        match self {
            EdgeKind::Linear => 2 * g * (v_other - v),
            EdgeKind::Transistor => {
                let (a, b) = ((g - v).max(0), (g - v_other).max(0));
                (a - b) * (a + b)
            }
        }
    }

    /// What an edge of conductance `g` adds to the sum `D` that decides the gain of a node, in LSB of conductance: the most it
    /// conducts at any voltage from `lowest_rail` up.
    pub fn slope(self, g: i64, lowest_rail: i32) -> i64 {
        match self {
            EdgeKind::Linear => g,
            EdgeKind::Transistor => (g - i64::from(lowest_rail)).max(0),
        }
    }
}
