//! LUTs taken out of delays once everything has its place.
//!
//! A delay that changes its length is placed anew, and with it everything else: what it was measured by is no longer true. So delays
//! are placed longer than need be, and what is too much is taken out of the placed chip, whose other wires stay about as long as
//! they were.

use crate::ARRAY;
use crate::placed::NotPlaced;
use serde_json::{Map, Value};
use wheatstone_hdl::delays::{Delays, Length};

/// LUTs that are left of a delay at least: its last one hears the strobe and drives the fire, and needs one before it.
pub(crate) const LEAST: u32 = 2;

/// Other lengths, trimmed nowhere more than those.
pub(crate) fn less_trimmed(lengths: &Delays, other: &Delays) -> Delays {
    other.map(|id, length| length.with_trimmed(length.trimmed.min(lengths.get(id).trimmed)))
}

/// Takes the LUTs out of a placed netlist that lengths name as trimmed: those before the last.
///
/// # Errors
/// [`NotPlaced`] if it has not these LUTs.
pub(crate) fn trim(
    cells: &mut Map<String, Value>,
    nets: &mut Map<String, Value>,
    lengths: &Delays,
) -> Result<(), NotPlaced> {
    for (id, length) in lengths.iter().filter(|(_, length)| length.trimmed > 0) {
        let prefix = format!("{ARRAY}{}.{}.lut", id.cell, id.line.instance());
        let Length { placed, .. } = length;
        let left = length.routed();
        if left < LEAST || shorten(cells, nets, &prefix, placed, left).is_none() {
            return Err(NotPlaced("another delay than the design's"));
        }
    }
    Ok(())
}

/// Makes a delay of `all` LUTs one of `left`; nothing if it has other LUTs.
fn shorten(
    cells: &mut Map<String, Value>,
    nets: &mut Map<String, Value>,
    prefix: &str,
    all: u32,
    left: u32,
) -> Option<()> {
    let output = |cell: &Value| cell["connections"]["F"][0].as_u64();
    let before = output(cells.get(&format!("{prefix}{}", all - 2))?)?;
    let after = output(cells.get(&format!("{prefix}{}", left - 2))?)?;
    let mut last = cells.remove(&format!("{prefix}{}", all - 1))?;
    for pin in last["connections"].as_object_mut()?.values_mut().filter(|pin| pin[0] == before) {
        pin[0] = after.into();
    }
    for number in left - 1..all - 1 {
        let gone = output(&cells.remove(&format!("{prefix}{number}"))?)?;
        nets.retain(|_, net| net["bits"][0] != gone);
    }
    cells.insert(format!("{prefix}{}", left - 1), last);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wheatstone_hdl::delays::{CellId, DelayId, DelayLine};

    /// A delay of five LUTs behind net 1, whose outputs are nets 10 to 14.
    fn netlist(prefix: &str) -> (Map<String, Value>, Map<String, Value>) {
        let lut = |number: u64| {
            let before = if number == 0 { 1 } else { 9 + number };
            (
                format!("{prefix}{number}"),
                json!({ "connections": { "A": [1], "B": [before], "F": [10 + number] } }),
            )
        };
        let net = |number: u64| (format!("t{number}"), json!({ "bits": [10 + number] }));
        ((0..5).map(lut).collect(), (0..5).map(net).collect())
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
            let prefix = format!("{ARRAY}{prefix}");
            let (mut cells, mut nets) = netlist(&prefix);
            trim(&mut cells, &mut nets, &trimmed(id, 5, 2)).unwrap();
            assert_eq!(
                cells.keys().collect::<Vec<_>>(),
                [0, 1, 2].map(|number| format!("{prefix}{number}")).iter().collect::<Vec<_>>()
            );
            let last = &cells[&format!("{prefix}2")]["connections"];
            assert_eq!(last, &json!({ "A": [1], "B": [11], "F": [14] }));
            assert_eq!(nets.keys().collect::<Vec<_>>(), ["t0", "t1", "t4"]);
        }
    }

    #[test]
    fn what_is_not_there_is_not_trimmed() {
        let refused = |lengths: Delays| {
            let (mut cells, mut nets) = netlist(&format!("{ARRAY}edge_0.matched_delay.lut"));
            trim(&mut cells, &mut nets, &lengths).unwrap_err().to_string()
        };
        let message = "the placed netlist has another delay than the design's";
        let [edge, other] = [0, 1].map(|number| CellId::Edge(number).matched());
        assert_eq!(refused(trimmed(edge, 6, 2)), message);
        assert_eq!(refused(trimmed(other, 5, 2)), message);
        assert_eq!(refused(trimmed(edge, 5, 4)), message, "one LUT alone");
    }
}
