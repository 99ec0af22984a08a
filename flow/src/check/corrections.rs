//! How long matched delays should be.

use std::collections::BTreeMap;
use wheatstone_hdl::array::{DelayLengths, PAUSE, STRETCH};

/// Room above what the policy asks, in percent of a chain, since a chain that changes is placed anew.
const HEADROOM_PERCENT: i64 = 12;

/// A chain is shortened only if it is longer than need be by this, in percent, and the policy's LUTs: placements differ by
/// as much, and what one allows the next may not.
const SPARE_PERCENT: i64 = 20;

/// How many LUTs a cell's chain should be longer for all its slacks to be positive; negative if it could be shorter. Nothing,
/// if no slack depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    luts: Option<i64>,
}

impl Need {
    /// Another slack that wants so many more LUTs.
    pub fn at_least(&mut self, luts: i64) {
        self.luts = Some(self.luts.map_or(luts, |known| known.max(luts)));
    }
}

/// The lengths that follow.
pub(super) fn corrections(
    lengths: &DelayLengths,
    needs: &BTreeMap<String, Need>,
    spare_luts: u32,
) -> DelayLengths {
    let corrected = |(cell, &luts): (&String, &u32)| {
        let present = i64::from(luts);
        let is_extra = is_extra(cell);
        let spare = i64::from(spare_luts) + present * SPARE_PERCENT / 100;
        let wanted = match needs.get(cell).and_then(|need| need.luts) {
            // Pauses and stretches are short, and what made them necessary comes back with the next placement: they are never
            // shortened.
            Some(more) if more > 0 || (-more > spare && !is_extra) => {
                let exact = present + more;
                exact + (exact * HEADROOM_PERCENT + 99) / 100
            }
            _ => present,
        };
        let least = i64::from(!is_extra);
        (cell.clone(), u32::try_from(wanted.max(least)).unwrap_or(u32::MAX))
    };
    // A pause or stretch that is needed where there was none.
    let absent = needs.keys().filter(|cell| !lengths.contains_key(*cell)).map(|cell| (cell, &0));
    let all = lengths.iter().chain(absent).map(corrected);
    all.filter(|(cell, luts)| *luts > 0 || !is_extra(cell)).collect()
}

/// Whether it is a pause or a stretch, which a cell need not have.
fn is_extra(name: &str) -> bool {
    [PAUSE, STRETCH].iter().any(|extra| name.ends_with(extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_lengthened_by_its_worst_need_and_shortened_only_by_much() {
        let lengths: DelayLengths = ["a", "b", "c", "d"].map(|cell| (cell.to_owned(), 20)).into();
        let need = |luts: &[i64]| {
            let mut need = Need::default();
            luts.iter().for_each(|&luts| need.at_least(luts));
            need
        };
        let needs = [("a", need(&[-9, 3])), ("b", need(&[-2])), ("c", need(&[-12, -8]))];
        let needs = needs.map(|(cell, need)| (cell.to_owned(), need)).into();
        let corrected = corrections(&lengths, &needs, 2);
        assert_eq!(
            corrected,
            [("a", 26), ("b", 20), ("c", 14), ("d", 20)].map(|(c, n)| (c.to_owned(), n)).into()
        );
    }

    #[test]
    fn stretches_come_where_they_are_needed_and_stay() {
        let named = |all: &[(&str, u32)]| -> DelayLengths {
            all.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect()
        };
        let needs = [("a.stretch", 2), ("b.stretch", -9), ("c.stretch", -3), ("c.pause", 1)];
        let needs = needs.map(|(name, luts)| (name.to_owned(), Need { luts: Some(luts) })).into();
        let corrected = corrections(&named(&[("a", 9), ("b", 9), ("b.stretch", 4), ("c", 9)]), &needs, 2);
        let after = [("a", 9), ("a.stretch", 3), ("b", 9), ("b.stretch", 4), ("c", 9), ("c.pause", 2)];
        assert_eq!(corrected, named(&after));
    }
}
