//! LUTs taken out of delay lines once everything has its place.
//!
//! A delay that changes its length is placed anew, and with it everything else: what it was measured by is no longer true. So delays
//! are placed longer than need be, and what is too much is taken out of the placed chip, whose other wires stay about as long as
//! they were.

use super::{Netlist, NetlistError, Top, names, net_at, net_of};
use std::collections::BTreeSet;
use wheatstone_hdl::delays::{DelayId, Delays, Length};
use wheatstone_hdl::netlist::Bit;

/// LUTs that are left of a delay at least: its last one hears the strobe and drives the fire, and needs one before it.
pub const LEAST_LUTS: u32 = 2;

/// Other lengths, trimmed nowhere more than those.
pub(crate) fn less_trimmed(lengths: &Delays, other: &Delays) -> Delays {
    other.map(|id, length| length.with_trimmed(length.trimmed.min(lengths.get(id).trimmed)))
}

impl Netlist {
    /// Takes the LUTs out of a placed netlist of an ECP5 that lengths name as trimmed: those before the last.
    ///
    /// # Errors
    /// [`NetlistError`] if it has not these LUTs.
    pub(super) fn trim(&mut self, lengths: &Delays) -> Result<(), NetlistError> {
        for (id, length) in lengths.iter().filter(|(_, length)| length.trimmed > 0) {
            if length.routed() < LEAST_LUTS || self.shorten(id, length).is_none() {
                return Err(NetlistError("another delay than the design's"));
            }
        }
        Ok(())
    }

    /// Makes a delay line shorter; nothing if it has other LUTs.
    fn shorten(&mut self, id: DelayId, length: Length) -> Option<()> {
        let Top { cells, netnames, .. } = self.top_mut();
        let (all, left) = (length.placed, length.routed());
        let name = |number| names::delay_lut(id, number);
        let before = net_at(cells.get(&name(all - 2))?, "F")?;
        let after = net_at(cells.get(&name(left - 2))?, "F")?;
        let mut last = cells.remove(&name(all - 1))?;
        for pin in last.connections.values_mut().filter(|pin| net_of(pin) == Some(before)) {
            *pin = vec![Bit::Net(after)];
        }
        let mut gone = BTreeSet::new();
        for number in left - 1..all - 1 {
            let lut = cells.remove(&name(number))?;
            gone.insert(net_at(&lut, "F")?);
        }
        netnames.retain(|_, net| net_of(&net.bits).is_none_or(|net| !gone.contains(&net)));
        cells.insert(name(left - 1), last);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{netlist, written};
    use super::*;
    use serde_json::{Value, json};
    use wheatstone_hdl::delays::{CellId, DelayLine};

    /// A delay of five LUTs behind net 1, whose outputs are nets 10 to 14.
    fn chip(prefix: &str) -> Netlist {
        let lut = |number: u64| {
            let before = if number == 0 { 1 } else { 9 + number };
            (
                format!("{prefix}{number}"),
                json!({ "type": "TRELLIS_COMB", "connections": { "A": [1], "B": [before], "F": [10 + number] } }),
            )
        };
        let net = |number: u64| (format!("t{number}"), json!({ "bits": [10 + number] }));
        let [cells, nets] = [(0..5).map(lut).collect(), (0..5).map(net).collect::<Value>()];
        netlist(json!({ "cells": cells, "netnames": nets }))
    }

    fn trimmed(id: DelayId, placed: u32, trimmed: u32) -> Delays {
        [(id, Length { placed, trimmed })].into_iter().collect()
    }

    #[test]
    fn luts_before_the_last_one_go() {
        let request = CellId::Node(0).line(DelayLine::Request);
        for (id, prefix) in
            [(CellId::Edge(0).matched(), "edge_0.matched_delay.lut"), (request, "node_0.lead.lut")]
        {
            let prefix = format!("{}{prefix}", names::ARRAY);
            let mut netlist = chip(&prefix);
            netlist.trim(&trimmed(id, 5, 2)).unwrap();
            assert_eq!(
                netlist.top().cells.keys().collect::<Vec<_>>(),
                [0, 1, 2].map(|number| format!("{prefix}{number}")).iter().collect::<Vec<_>>()
            );
            let last = &written(&netlist)["cells"][&format!("{prefix}2")]["connections"];
            assert_eq!(last, &json!({ "A": [1], "B": [11], "F": [14] }));
            assert_eq!(netlist.top().netnames.keys().collect::<Vec<_>>(), ["t0", "t1", "t4"]);
        }
    }

    #[test]
    fn what_is_not_there_is_not_trimmed() {
        let refused = |lengths: Delays| {
            let mut netlist = chip(&format!("{}edge_0.matched_delay.lut", names::ARRAY));
            netlist.trim(&lengths).unwrap_err().to_string()
        };
        let message = "the netlist has another delay than the design's";
        let [edge, other] = [0, 1].map(|number| CellId::Edge(number).matched());
        assert_eq!(refused(trimmed(edge, 6, 2)), message);
        assert_eq!(refused(trimmed(other, 5, 2)), message);
        assert_eq!(refused(trimmed(edge, 5, 4)), message, "one LUT alone");
    }
}
