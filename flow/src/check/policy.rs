//! How much margin is asked for, and between which corners.

use crate::sdf::Time;
use serde::Serialize;
use wheatstone_hdl::device::{Family, UntoldDelays, devices};
use wheatstone_hdl::{Board, Corner};

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

/// Bounds of what the files of delays give as 0 or not at all; they hold in every corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Untold {
    /// By how much a clock on a global network reaches one flip-flop later than another.
    pub global_skew: Time,
    /// How long a clock takes over a global network.
    pub global_insertion: Time,
    /// How long after its clock a written word comes out of distributed RAM, at least and at most.
    pub memory_write: [Time; 2],
}

impl From<&UntoldDelays> for Untold {
    fn from(delays: &UntoldDelays) -> Untold {
        let UntoldDelays { global_skew_ps, global_insertion_ps, memory_write_ps, source: _ } = *delays;
        let time = |ps: u32| Time::from_ps(ps.into());
        Untold {
            global_skew: time(global_skew_ps),
            global_insertion: time(global_insertion_ps),
            memory_write: memory_write_ps.map(time),
        }
    }
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
    /// Bounds of what the files of delays do not tell; nothing where no fire may run over a global network.
    pub untold: Option<Untold>,
    /// A chain is left alone if it is longer than need be by at most so many LUTs.
    pub spare_luts: u32,
}

impl Policy {
    /// The policy of the project for a board's device; what the device is stands in the file of its family.
    ///
    /// In one corner, what comes later comes 1.25 times later; against a slow data path, a fast control path still does
    /// (ratio above 1). nextpnr writes three corners for the ECP5 and a single one for the iCE40, where the second
    /// comparison is contained in the first. A board without a device has no policy: of all families the strictest is taken.
    pub fn of(board: Board) -> Policy {
        let same = |corner, percent| Comparison { early: corner, late: corner, percent };
        let crossed = Comparison { early: Corner::Min, late: Corner::Max, percent: 100 };
        let families: Vec<&Family> = match board.device() {
            Some(device) => vec![&device.family],
            None => devices().iter().map(|device| &*device.family).collect(),
        };
        let has = |corner| families.iter().any(|family| family.corners.contains(&corner));
        let extremes: Vec<Corner> =
            [Corner::Max, Corner::Min].into_iter().filter(|&corner| has(corner)).collect();
        let each = |percent| extremes.iter().map(move |&corner| same(corner, percent));
        let mut comparisons: Vec<Comparison> = each(125).collect();
        comparisons.extend(Some(crossed).filter(|_| extremes.len() == 2));
        let most = |figure: fn(&Family) -> u32| {
            Time::from_ps(families.iter().map(|family| figure(family)).max().unwrap_or_default().into())
        };
        Policy {
            comparisons,
            hold: each(100).collect(),
            min_pulse: most(|family| family.min_pulse_ps),
            untold: families.iter().filter_map(|family| family.untold.as_ref()).map(Untold::from).next(),
            spare_luts: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use wheatstone_hdl::Technology;

    #[test]
    fn the_least_pulse_and_the_corners_are_those_of_the_family() {
        for (like, pulse_ps, comparisons, hold) in
            [("ulx3s-25f", 1000, 3, 2), ("hx8k-evn", 1000, 1, 1), ("icebreaker", 2000, 1, 1)]
        {
            let board: Board = like.parse().unwrap();
            // A board that nobody has heard of, from a file alone.
            let folder = tempfile::tempdir().unwrap();
            let (pins, device) = (board.pins().unwrap(), board.description().unwrap());
            fs::write(folder.path().join(pins.file), pins.text).unwrap();
            let path = folder.path().join("another.toml");
            let text = format!(
                "device = \"{}\"\npackage = \"{}\"\npins = \"{}\"\nloading = \"by hand\"\n[island]\nclock_hz = {}\n\
                 sample_words = 1024\nsample_memory = \"block\"\norder_words = 256\n",
                device.device.name, device.package, pins.file, device.island.clock_hz
            );
            fs::write(&path, text).unwrap();
            for board in [board, Board::open(path.to_str().unwrap()).unwrap()] {
                let policy = Policy::of(board);
                assert_eq!(policy.min_pulse, Time::from_ps(pulse_ps), "{board}");
                assert_eq!((policy.comparisons.len(), policy.hold.len()), (comparisons, hold), "{board}");
            }
        }
    }

    #[test]
    fn without_a_device_the_strictest_policy_is_taken() {
        assert_eq!(Board::generic().technology(), Technology::Generic);
        let policy = Policy::of(Board::generic());
        assert_eq!((policy.comparisons.len(), policy.min_pulse), (3, Time::from_ps(2000)));
    }
}
