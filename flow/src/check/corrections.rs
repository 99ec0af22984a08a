//! How long matched delays should be.

use crate::netlist::{LEAST_LUTS, less_trimmed};
use std::collections::BTreeMap;
use wheatstone_hdl::delays::{CellId, DelayId, DelayLine, Delays, Length};

/// Room above what the policy asks, in percent of a chain, since a chain that changes is placed anew.
const HEADROOM_PERCENT: i64 = 8;

/// A chain is shortened only if it is longer than need be by this, in percent, and the policy's LUTs: placements differ by
/// as much, and what one allows the next may not.
const SPARE_PERCENT: i64 = 10;

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

/// The lengths that follow: for all cells of a module what the neediest of them wants. What one placement does to this cell the next
/// does to that one, and nobody gains by a cell being faster than those that must answer with it.
pub(super) fn corrections(
    lengths: &Delays,
    needs: &BTreeMap<DelayId, Need>,
    modules: &BTreeMap<CellId, String>,
    spare_luts: u32,
) -> Delays {
    // A trimmed delay gets LUTs back before anything is placed anew.
    let untrimmed = less_trimmed(lengths, &trimmed(lengths, needs));
    if untrimmed != *lengths {
        return untrimmed;
    }
    let lengths = lengths.map(|_, length| length.routed().into());
    let alone = by_module(&corrected(&lengths, needs, spare_luts), modules);
    let shorter = |edge| i64::from(lengths.get(edge).placed) - i64::from(alone.get(edge).placed);
    let needs = with_request_delays(needs, matched_of_edges(&lengths).map(shorter).max());
    by_module(&corrected(&lengths, &needs, spare_luts), modules)
}

/// The same lengths, trimmed so that every delay has just what it needs with its LUTs where they are, cell by cell.
pub(super) fn trimmed(lengths: &Delays, needs: &BTreeMap<DelayId, Need>) -> Delays {
    let trim = |id: DelayId, needs: &BTreeMap<DelayId, Need>| {
        let length = lengths.get(id);
        let (all, present) = (i64::from(length.placed), i64::from(length.routed()));
        let more = needs.get(&id).and_then(|need| need.luts).unwrap_or(0);
        all - (present + more).clamp(all.min(LEAST_LUTS.into()), all)
    };
    let more_trimmed = |edge| trim(edge, needs) - i64::from(lengths.get(edge).trimmed);
    let needs = with_request_delays(needs, matched_of_edges(lengths).map(more_trimmed).max());
    lengths.map(|id, length| {
        let trimmed = if id.line.can_be_trimmed() { trim(id, &needs) } else { 0 };
        length.with_trimmed(u32::try_from(trimmed).unwrap_or(0))
    })
}

fn matched_of_edges(lengths: &Delays) -> impl Iterator<Item = DelayId> {
    let ids = lengths.iter().map(|(id, _)| id);
    ids.filter(|id| matches!((id.cell, id.line), (CellId::Edge(_), DelayLine::Matched)))
}

/// Needs where request delays make good by how many LUTs edges become shorter.
fn with_request_delays(needs: &BTreeMap<DelayId, Need>, shorter: Option<i64>) -> BTreeMap<DelayId, Need> {
    let mut needs = needs.clone();
    for (_, need) in needs.iter_mut().filter(|(id, _)| id.line == DelayLine::Request) {
        need.luts = need.luts.map(|luts| luts + shorter.unwrap_or(0));
    }
    needs
}

/// For all cells of a module the greatest length of any.
fn by_module(lengths: &Delays, modules: &BTreeMap<CellId, String>) -> Delays {
    let mut longest: BTreeMap<(&str, DelayLine), u32> = BTreeMap::new();
    for (id, Length { placed, .. }) in lengths.iter() {
        let Some(module) = modules.get(&id.cell) else { continue };
        let length = longest.entry((module, id.line)).or_default();
        *length = placed.max(*length);
    }
    let of_cell = |(&cell, module): (&CellId, &String)| {
        let length = |line| Some((cell.line(line), *longest.get(&(module.as_str(), line))?));
        DelayLine::ALL.map(length).into_iter().flatten()
    };
    modules.iter().flat_map(of_cell).collect()
}

/// What every cell wants for itself.
fn corrected(lengths: &Delays, needs: &BTreeMap<DelayId, Need>, spare_luts: u32) -> Delays {
    let length = |(id, placed): (DelayId, u32)| {
        let present = i64::from(placed);
        let spare = i64::from(spare_luts) + present * SPARE_PERCENT / 100;
        let wanted = match needs.get(&id).and_then(|need| need.luts) {
            // Optional delays are short, and what made them necessary comes back with the next placement: they are never shortened.
            Some(more) if more > 0 || (-more > spare && !is_optional(id.line)) => {
                let exact = present + more;
                exact + (exact * HEADROOM_PERCENT + 99) / 100
            }
            _ => present,
        };
        let least = i64::from(!is_optional(id.line));
        (id, u32::try_from(wanted.max(least)).unwrap_or(u32::MAX))
    };
    // A delay that is needed where there was none.
    let absent = needs.keys().filter(|&&id| !lengths.contains(id)).map(|&id| (id, 0));
    let all = lengths.iter().map(|(id, length)| (id, length.placed)).chain(absent).map(length);
    all.filter(|&(id, luts)| luts > 0 || !is_optional(id.line)).collect()
}

/// Whether it is a delay that a cell may have from the first placement or get when a check asks for it.
fn is_optional(line: DelayLine) -> bool {
    match line {
        DelayLine::Recovery | DelayLine::PulseExtension => true,
        DelayLine::Matched | DelayLine::Request => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths as files spell them.
    fn named(all: &[(&str, u32)]) -> Delays {
        let named: BTreeMap<String, u32> = all.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect();
        named.try_into().unwrap()
    }

    fn needed(all: &[(&str, i64)]) -> BTreeMap<DelayId, Need> {
        all.iter().map(|&(name, luts)| (name.parse().unwrap(), Need { luts: Some(luts) })).collect()
    }

    fn made_of(all: &[(&str, &str)]) -> BTreeMap<CellId, String> {
        all.iter().map(|&(cell, module)| (cell.parse().unwrap(), module.to_owned())).collect()
    }

    #[test]
    fn a_chain_is_lengthened_by_its_worst_need_and_shortened_only_by_much() {
        let lengths = named(&[("edge_0", 20), ("edge_1", 20), ("edge_2", 20), ("edge_3", 20)]);
        let need = |luts: &[i64]| {
            let mut need = Need::default();
            luts.iter().for_each(|&luts| need.at_least(luts));
            need
        };
        let needs = [("edge_0", need(&[-9, 3])), ("edge_1", need(&[-4])), ("edge_2", need(&[-12, -5]))];
        let needs = needs.map(|(cell, need)| (cell.parse().unwrap(), need)).into();
        let after = named(&[("edge_0", 25), ("edge_1", 20), ("edge_2", 17), ("edge_3", 20)]);
        assert_eq!(corrected(&lengths, &needs, 2), after);
    }

    #[test]
    fn optional_delays_come_where_they_are_needed_and_stay() {
        let needs = needed(&[
            ("node_0.stretch", 2),
            ("node_1.stretch", -9),
            ("node_2.stretch", -3),
            ("edge_2.pause", 1),
        ]);
        let before = named(&[("node_0", 9), ("node_1", 9), ("node_1.stretch", 4), ("edge_2", 9)]);
        let after = [
            ("node_0", 9),
            ("node_0.stretch", 3),
            ("node_1", 9),
            ("node_1.stretch", 4),
            ("edge_2", 9),
            ("edge_2.pause", 2),
        ];
        assert_eq!(corrected(&before, &needs, 2), named(&after));
    }

    #[test]
    fn cells_of_a_module_are_corrected_together() {
        let modules = made_of(&[("edge_0", "edge"), ("edge_1", "edge"), ("node_0", "node")]);
        let needs = needed(&[("edge_0", 3), ("edge_1", -9), ("edge_1.pause", 1), ("node_0", -9)]);
        let before = named(&[("edge_0", 20), ("edge_1", 22), ("node_0", 20)]);
        let after =
            [("edge_0", 25), ("edge_1", 25), ("edge_0.pause", 2), ("edge_1.pause", 2), ("node_0", 12)];
        assert_eq!(corrections(&before, &needs, &modules, 2), named(&after));
    }

    #[test]
    fn a_request_delay_makes_good_what_edges_lose() {
        let modules = made_of(&[("node_0", "node"), ("edge_0", "edge")]);
        let before = named(&[("edge_0", 30), ("node_0", 20), ("node_0.lead", 10)]);
        let needs = needed(&[("edge_0", -10), ("node_0", 0), ("node_0.lead", 1)]);
        let after = named(&[("edge_0", 22), ("node_0", 20), ("node_0.lead", 21)]);
        assert_eq!(corrections(&before, &needs, &modules, 2), after);
        // What was trimmed gets LUTs back, or is placed anew as long as it was on the chip.
        let trimmed = named(&[("edge_0", 40), ("edge_0.trim", 10), ("node_0", 20), ("node_0.lead", 10)]);
        assert_eq!(corrections(&trimmed, &needs, &modules, 2), after);
        let longer = named(&[("edge_0", 40), ("edge_0.trim", 7), ("node_0", 20), ("node_0.lead", 10)]);
        assert_eq!(corrections(&trimmed, &needed(&[("edge_0", 3)]), &modules, 2), longer);
    }

    #[test]
    fn delays_are_trimmed_cell_by_cell_to_what_they_need() {
        let lines = [
            ("edge_0", 20),
            ("edge_1", 20),
            ("edge_1.pause", 2),
            ("node_0", 1),
            ("node_0.lead", 15),
            ("node_0.stretch", 4),
        ];
        let before = named(&lines);
        let needs = needed(&[
            ("edge_0", -5),
            ("edge_1", -7),
            ("edge_1.pause", -2),
            ("node_0", -3),
            ("node_0.lead", -10),
        ]);
        let with =
            |trims: [(&'static str, u32); 3]| named(&lines.into_iter().chain(trims).collect::<Vec<_>>());
        let after = with([("edge_0.trim", 5), ("edge_1.trim", 7), ("node_0.lead.trim", 3)]);
        assert_eq!(trimmed(&before, &needs), after, "what the edges lose the request delay keeps");
        let needs = needed(&[("edge_0", 2), ("edge_1", 0), ("node_0.lead", -40)]);
        let again = with([("edge_0.trim", 3), ("edge_1.trim", 7), ("node_0.lead.trim", 13)]);
        assert_eq!(trimmed(&after, &needs), again, "two LUTs are left");
        let request = CellId::Node(0).line(DelayLine::Request);
        assert_eq!(trimmed(&after, &needed(&[("edge_0", 9), ("edge_1", 9)])).get(request).trimmed, 3);
    }
}
