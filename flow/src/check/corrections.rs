//! How long matched delays should be.

use crate::trim::{LEAST, less_trimmed};
use std::collections::BTreeMap;
use wheatstone_hdl::array::{DelayLengths, LEAD, PAUSE, STRETCH, TRIM, routed_length};

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
    lengths: &DelayLengths,
    needs: &BTreeMap<String, Need>,
    modules: &BTreeMap<String, String>,
    spare_luts: u32,
) -> DelayLengths {
    // A trimmed delay gets LUTs back before anything is placed anew.
    let untrimmed = less_trimmed(lengths, trimmed(lengths, needs));
    if untrimmed != *lengths {
        return untrimmed;
    }
    let delays = lengths.keys().filter(|name| !name.ends_with(TRIM));
    let lengths: DelayLengths = delays.map(|name| (name.clone(), routed_length(lengths, name))).collect();
    let alone = by_module(&corrected(&lengths, needs, spare_luts), modules);
    let difference =
        |edge: &String| i64::from(lengths[edge]) - i64::from(alone.get(edge).copied().unwrap_or(0));
    let needs = with_leads(needs, lengths.keys().filter(|name| is_edge(name)).map(difference).max());
    by_module(&corrected(&lengths, &needs, spare_luts), modules)
}

/// The same lengths, trimmed so that every delay has just what it needs with its LUTs where they are, cell by cell.
pub(super) fn trimmed(lengths: &DelayLengths, needs: &BTreeMap<String, Need>) -> DelayLengths {
    let trim = |name: &String, needs: &BTreeMap<String, Need>| {
        let (all, present) = (i64::from(lengths[name]), i64::from(routed_length(lengths, name)));
        let more = needs.get(name).and_then(|need| need.luts).unwrap_or(0);
        all - (present + more).clamp(all.min(LEAST.into()), all)
    };
    let present = |name: &String| i64::from(lengths[name] - routed_length(lengths, name));
    let edges = lengths.keys().filter(|name| is_edge(name));
    let needs = with_leads(needs, edges.map(|edge| trim(edge, needs) - present(edge)).max());
    let placed = lengths.iter().filter(|(name, _)| !name.ends_with(TRIM));
    let delays = lengths.keys().filter(|name| !name.contains('.') || name.ends_with(LEAD));
    let trims = delays.map(|name| (format!("{name}{TRIM}"), trim(name, &needs)));
    let trims = trims.filter_map(|(name, luts)| Some((name, u32::try_from(luts).ok()?)));
    placed.map(|(name, &luts)| (name.clone(), luts)).chain(trims.filter(|&(_, luts)| luts > 0)).collect()
}

fn is_edge(name: &str) -> bool {
    name.starts_with("edge_") && !name.contains('.')
}

/// Needs where leads make good by how many LUTs edges become shorter.
fn with_leads(needs: &BTreeMap<String, Need>, shorter: Option<i64>) -> BTreeMap<String, Need> {
    let mut needs = needs.clone();
    for (_, need) in needs.iter_mut().filter(|(name, _)| name.ends_with(LEAD)) {
        need.luts = need.luts.map(|luts| luts + shorter.unwrap_or(0));
    }
    needs
}

/// For all cells of a module the greatest length of any.
fn by_module(lengths: &DelayLengths, modules: &BTreeMap<String, String>) -> DelayLengths {
    let mut longest: BTreeMap<(&String, &str), u32> = BTreeMap::new();
    for (name, &luts) in lengths {
        let (cell, part) = name.split_at(name.find('.').unwrap_or(name.len()));
        let Some(module) = modules.get(cell) else { continue };
        let part = [PAUSE, STRETCH, LEAD].into_iter().find(|extra| *extra == part).unwrap_or_default();
        let length = longest.entry((module, part)).or_default();
        *length = luts.max(*length);
    }
    let of_cell = |(cell, module): (&String, &String)| {
        let parts = ["", PAUSE, STRETCH, LEAD].into_iter();
        let lengths =
            parts.filter_map(|part| Some((format!("{cell}{part}"), *longest.get(&(module, part))?)));
        lengths.collect::<Vec<_>>()
    };
    modules.iter().flat_map(of_cell).collect()
}

/// What every cell wants for itself.
fn corrected(lengths: &DelayLengths, needs: &BTreeMap<String, Need>, spare_luts: u32) -> DelayLengths {
    let length = |(cell, &luts): (&String, &u32)| {
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
    let all = lengths.iter().chain(absent).map(length);
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
        let needs = [("a", need(&[-9, 3])), ("b", need(&[-4])), ("c", need(&[-12, -5]))];
        let needs = needs.map(|(cell, need)| (cell.to_owned(), need)).into();
        assert_eq!(
            corrected(&lengths, &needs, 2),
            [("a", 25), ("b", 20), ("c", 17), ("d", 20)].map(|(c, n)| (c.to_owned(), n)).into()
        );
    }

    #[test]
    fn stretches_come_where_they_are_needed_and_stay() {
        let named = |all: &[(&str, u32)]| -> DelayLengths {
            all.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect()
        };
        let needs = [("a.stretch", 2), ("b.stretch", -9), ("c.stretch", -3), ("c.pause", 1)];
        let needs = needs.map(|(name, luts)| (name.to_owned(), Need { luts: Some(luts) })).into();
        let before = named(&[("a", 9), ("b", 9), ("b.stretch", 4), ("c", 9)]);
        let after = [("a", 9), ("a.stretch", 3), ("b", 9), ("b.stretch", 4), ("c", 9), ("c.pause", 2)];
        assert_eq!(corrected(&before, &needs, 2), named(&after));
    }

    #[test]
    fn cells_of_a_module_are_corrected_together() {
        let named = |all: &[(&str, u32)]| -> DelayLengths {
            all.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect()
        };
        let modules = [("a", "edge"), ("b", "edge"), ("c", "node")];
        let modules = modules.map(|(cell, module)| (cell.to_owned(), module.to_owned())).into();
        let needs = [("a", 3), ("b", -9), ("b.pause", 1), ("c", -9)];
        let needs = needs.map(|(name, luts)| (name.to_owned(), Need { luts: Some(luts) })).into();
        let before = named(&[("a", 20), ("b", 22), ("c", 20)]);
        let after = named(&[("a", 25), ("b", 25), ("a.pause", 2), ("b.pause", 2), ("c", 12)]);
        assert_eq!(corrections(&before, &needs, &modules, 2), after);
    }

    fn named(all: &[(&str, u32)]) -> DelayLengths {
        all.iter().map(|&(name, luts)| (name.to_owned(), luts)).collect()
    }

    fn needed(all: &[(&str, i64)]) -> BTreeMap<String, Need> {
        all.iter().map(|&(name, luts)| (name.to_owned(), Need { luts: Some(luts) })).collect()
    }

    #[test]
    fn a_lead_makes_good_what_edges_lose() {
        let modules = [("node_0", "node"), ("edge_0", "edge")];
        let modules = modules.map(|(cell, module)| (cell.to_owned(), module.to_owned())).into();
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
        let before = named(&[
            ("edge_0", 20),
            ("edge_1", 20),
            ("edge_1.pause", 2),
            ("node_0", 1),
            ("node_0.lead", 15),
            ("node_0.stretch", 4),
        ]);
        let needs = needed(&[
            ("edge_0", -5),
            ("edge_1", -7),
            ("edge_1.pause", -2),
            ("node_0", -3),
            ("node_0.lead", -10),
        ]);
        let mut after = before.clone();
        after.extend(named(&[("edge_0.trim", 5), ("edge_1.trim", 7), ("node_0.lead.trim", 3)]));
        assert_eq!(trimmed(&before, &needs), after, "what the edges lose the lead keeps");
        let needs = needed(&[("edge_0", 2), ("edge_1", 0), ("node_0.lead", -40)]);
        let mut again = before.clone();
        again.extend(named(&[("edge_0.trim", 3), ("edge_1.trim", 7), ("node_0.lead.trim", 13)]));
        assert_eq!(trimmed(&after, &needs), again, "two LUTs are left");
        assert_eq!(trimmed(&after, &needed(&[("edge_0", 9), ("edge_1", 9)]))["node_0.lead.trim"], 3);
    }
}
