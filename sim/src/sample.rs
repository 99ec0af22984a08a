//! What a network is shown: the voltages of its inputs and the wanted voltages of its outputs.

use crate::all::all;

/// On which side of its wanted voltage an output must lie.
///
/// Where the free voltage already satisfies the sense, the output nudges nothing: a hinge loss that is local
/// to the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Be at the wanted voltage; never satisfied, so always nudged.
    Equal,
    /// Be at the wanted voltage or above.
    AtLeast,
    /// Be at the wanted voltage or below.
    AtMost,
}

all!(Sense: Equal, AtLeast, AtMost);

impl Sense {
    /// Whether the voltage `v` needs no nudge towards `wanted`.
    pub fn is_satisfied(self, v: i64, wanted: i64) -> bool {
        match self {
            Sense::Equal => false,
            Sense::AtLeast => v >= wanted,
            Sense::AtMost => v <= wanted,
        }
    }

    /// What of the drop from the wanted voltage nudges: the sense is a diode in the path of the nudging current.
    pub fn passes(self, drop: i64) -> i64 {
        let [least, most] = self.passed_drops();
        if (least..=most).contains(&drop) { drop } else { 0 }
    }

    /// The smallest and the largest drop from the wanted voltage that nudges, in LSB of `v`.
    pub fn passed_drops(self) -> [i64; 2] {
        match self {
            Sense::Equal => [i64::MIN, i64::MAX],
            Sense::AtLeast => [1, i64::MAX],
            Sense::AtMost => [i64::MIN, -1],
        }
    }
}

/// What an output should become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Wanted voltage `T`, in LSB of the format's `v`.
    pub voltage: i32,
    /// On which side of it the output must lie.
    pub sense: Sense,
}

/// One training sample, in LSB of the format's `v`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Sample {
    /// One voltage for every input of the network, in port order.
    pub inputs: Vec<i32>,
    /// One target for every output of the network, in port order; `None` leaves an output free.
    pub targets: Vec<Option<Target>>,
}
