//! By which of its inputs a LUT of a delay hears the one before.
//!
//! What must come later has to do so in the fast corner too, against data in the slow one. On an ECP5 a wire into a LUT's input C takes
//! as little as 0.42 of its slow time in the fast corner, one into input B 0.74; and a router that may exchange the inputs of a LUT
//! takes whichever is quickest in the slow corner. So delays are connected by input B, and the router is told to leave
//! inputs as they are: a LUT with its wire takes half as long again, but keeps 0.77 of its time instead of 0.70.

use crate::padding::NotANetlist;
use serde_json::Value;

/// What the names of LUTs that delay something have in them.
const DELAYS: [&str; 4] = [".matched_delay.lut", ".lead.lut", ".stretch.lut", ".pause.lut"];

/// Connects all delays of a netlist in yosys' JSON by input B.
///
/// # Errors
/// [`NotANetlist`] if it has no module `top` with cells.
pub(crate) fn connect_by_b(netlist: &mut Value) -> Result<(), NotANetlist> {
    let top = netlist.pointer_mut("/modules/top").ok_or(NotANetlist("no module `top`"))?;
    let cells = top.get_mut("cells").and_then(Value::as_object_mut).ok_or(NotANetlist("no cells"))?;
    let delays = cells
        .iter_mut()
        .filter(|(name, cell)| cell["type"] == "LUT4" && DELAYS.iter().any(|part| name.contains(part)));
    for (_, lut) in delays {
        exchange(lut).ok_or(NotANetlist("a delay that is none"))?;
    }
    Ok(())
}

/// Exchanges the inputs A and B of a LUT.
fn exchange(lut: &mut Value) -> Option<()> {
    let pins = lut["connections"].as_object_mut()?;
    let (a, b) = (pins.remove("A")?, pins.remove("B")?);
    pins.extend([("A".to_owned(), b), ("B".to_owned(), a)]);
    let table = u16::from_str_radix(lut["parameters"]["INIT"].as_str()?, 2).ok()?;
    let exchanged = (0..16)
        .map(|address| (table >> (address & 12 | (address & 1) << 1 | address >> 1 & 1) & 1) << address);
    lut["parameters"]["INIT"] = format!("{:016b}", exchanged.sum::<u16>()).into();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn delays_are_connected_by_b_and_do_what_they_did() {
        let lut = |init: &str| json!({ "type": "LUT4", "parameters": { "INIT": init }, "connections": { "A": [1], "B": [2], "C": ["0"], "D": ["0"] } });
        let follows_a = "1010101010101010";
        let mut netlist = json!({ "modules": { "top": { "cells": {
            "edge_0.matched_delay.lut0": lut("1111100011111000"),
            "node_0.lead.lut3": lut(follows_a),
            "logic": lut(follows_a),
            "node_0.lead.lut0_A_TRELLIS_FF_Q": { "type": "TRELLIS_FF" },
        } } } });
        connect_by_b(&mut netlist).unwrap();
        let cells = &netlist["modules"]["top"]["cells"];
        let seen = |name: &str| (&cells[name]["parameters"]["INIT"], &cells[name]["connections"]["B"][0]);
        assert_eq!(seen("edge_0.matched_delay.lut0"), (&json!("1111100011111000"), &json!(1)));
        assert_eq!(seen("node_0.lead.lut3"), (&json!("1100110011001100"), &json!(1)));
        assert_eq!(seen("logic"), (&json!(follows_a), &json!(2)));
    }

    #[test]
    fn what_is_no_netlist_is_refused() {
        assert_eq!(connect_by_b(&mut json!({})), Err(NotANetlist("no module `top`")));
        let mut broken = json!({ "modules": { "top": { "cells": { "a.pause.lut0": { "type": "LUT4" } } } } });
        assert_eq!(connect_by_b(&mut broken), Err(NotANetlist("a delay that is none")));
    }
}
