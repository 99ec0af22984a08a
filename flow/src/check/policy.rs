//! How much margin is asked for, and between which corners.

use crate::sdf::{Delay, Time};
use serde::{Deserialize, Serialize};
use wheatstone_hdl::{Board, Technology};

/// A corner of the delays, as the file of delays tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// Everything as fast as it can be.
    Min,
    /// Everything typical.
    Typ,
    /// Everything as slow as it can be.
    Max,
}

impl Corner {
    /// Its name in reports and of its log.
    pub fn name(self) -> &'static str {
        match self {
            Corner::Min => "min",
            Corner::Typ => "typ",
            Corner::Max => "max",
        }
    }

    /// The delay in this corner: the longer of both edges if it should be late, else the shorter.
    pub fn of(self, delay: &Delay, late: bool) -> Time {
        let edge = |triple: &crate::sdf::Triple| match self {
            Corner::Min => triple.min,
            Corner::Typ => triple.typ,
            Corner::Max => triple.max,
        };
        let (rise, fall) = (edge(&delay.rise), edge(&delay.fall));
        if late { rise.max(fall) } else { rise.min(fall) }
    }
}

/// Two corners that are held against each other, and the factor by which what must come later comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Corner of the path that must be long enough.
    pub early: Corner,
    /// Corner of the path that must be over before.
    pub late: Corner,
    /// Required ratio of the two, in percent.
    pub percent: i64,
}

/// What is asked of a routed chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// For matched delays and whatever else a longer chain mends.
    pub comparisons: Vec<Comparison>,
    /// Between flip-flops of one fire net, whose wires lie side by side: the ratio is 1, skew and hold time are what they are.
    pub hold: Vec<Comparison>,
    /// Least width of a pulse that clocks a flip-flop, in the fast corner. The files of delays do not state it.
    pub min_pulse: Time,
    /// A chain is left alone if it is longer than need be by at most so many LUTs.
    pub spare_luts: u32,
}

impl Policy {
    /// The policy of the project for a board's device.
    ///
    /// In one corner, what comes later comes 1.25 times later; against a slow data path, a fast control path still does
    /// (ratio above 1). nextpnr writes three corners for the ECP5 and a single one for the iCE40, where the second
    /// comparison is contained in the first.
    pub fn of(board: Board) -> Policy {
        let same = |corner, percent| Comparison { early: corner, late: corner, percent };
        let crossed = Comparison { early: Corner::Min, late: Corner::Max, percent: 100 };
        let three = board.technology() != Technology::Ice40;
        let comparisons = if three {
            vec![same(Corner::Max, 125), same(Corner::Min, 125), crossed]
        } else {
            vec![same(Corner::Max, 125)]
        };
        let hold = if three {
            vec![same(Corner::Max, 100), same(Corner::Min, 100)]
        } else {
            vec![same(Corner::Max, 100)]
        };
        // Least high times of clocks in the families' data sheets, rounded up.
        let min_pulse = Time::from_ps(if board == Board::Icebreaker { 2000 } else { 1000 });
        Policy { comparisons, hold, min_pulse, spare_luts: 2 }
    }
}
