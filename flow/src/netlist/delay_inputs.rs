//! By which of its inputs a LUT of a delay line hears the one before.
//!
//! What must come later has to do so in the fast corner too, against data in the slow one. On an ECP5 a wire into a LUT's input C takes
//! as little as 0.42 of its slow time in the fast corner, one into input B 0.74; and a router that may exchange the inputs of a LUT
//! takes whichever is quickest in the slow corner. So delays are connected by input B, and the router is told to leave
//! inputs as they are: a LUT with its wire takes half as long again, but keeps 0.77 of its time instead of 0.70.

use super::{Netlist, NetlistError, names};
use wheatstone_hdl::netlist::{Instance, text};

impl Netlist {
    /// Connects all delay lines of a netlist of yosys by input B.
    ///
    /// # Errors
    /// [`NetlistError`] if a LUT of one has no such inputs or no table.
    pub fn connect_delays_by_b(&mut self) -> Result<(), NetlistError> {
        let cells = self.top_mut().cells.iter_mut();
        for (_, lut) in cells.filter(|(name, cell)| cell.kind == "LUT4" && names::is_of_delay_line(name)) {
            exchange(lut).ok_or(NetlistError("a delay that is none"))?;
        }
        Ok(())
    }
}

/// Exchanges the inputs A and B of a LUT.
fn exchange(lut: &mut Instance) -> Option<()> {
    let (a, b) = (lut.connections.remove("A")?, lut.connections.remove("B")?);
    lut.connections.extend([("A".to_owned(), b), ("B".to_owned(), a)]);
    let table = u16::from_str_radix(text(&lut.parameters, "INIT")?, 2).ok()?;
    let exchanged = (0..16)
        .map(|address| (table >> (address & 12 | (address & 1) << 1 | address >> 1 & 1) & 1) << address);
    lut.parameters.insert("INIT".to_owned(), format!("{:016b}", exchanged.sum::<u16>()).into());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{netlist, written};
    use super::*;
    use serde_json::json;

    #[test]
    fn delays_are_connected_by_b_and_do_what_they_did() {
        let lut = |init: &str| json!({ "type": "LUT4", "parameters": { "INIT": init }, "connections": { "A": [1], "B": [2], "C": ["0"], "D": ["0"] } });
        let follows_a = "1010101010101010";
        let mut netlist = netlist(json!({ "cells": {
            "edge_0.matched_delay.lut0": lut("1111100011111000"),
            "node_0.lead.lut3": lut(follows_a),
            "logic": lut(follows_a),
            "node_0.lead.lut0_A_TRELLIS_FF_Q": { "type": "TRELLIS_FF" },
        } }));
        netlist.connect_delays_by_b().unwrap();
        let cells = &written(&netlist)["cells"];
        let seen = |name: &str| (&cells[name]["parameters"]["INIT"], &cells[name]["connections"]["B"][0]);
        assert_eq!(seen("edge_0.matched_delay.lut0"), (&json!("1111100011111000"), &json!(1)));
        assert_eq!(seen("node_0.lead.lut3"), (&json!("1100110011001100"), &json!(1)));
        assert_eq!(seen("logic"), (&json!(follows_a), &json!(2)));
    }

    #[test]
    fn a_delay_without_inputs_is_refused() {
        let mut broken = netlist(json!({ "cells": { "a.pause.lut0": { "type": "LUT4" } } }));
        assert_eq!(broken.connect_delays_by_b(), Err(NetlistError("a delay that is none")));
    }
}
