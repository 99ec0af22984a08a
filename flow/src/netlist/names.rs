//! What parts of the chip are called in netlists: the one place that knows.
//!
//! The emitted Verilog names modules; synthesis flattens them, so that a path with dots is the name of a cell, and adds suffixes of its
//! own where it makes several cells of one. nextpnr appends `_LC` to the LUTs of an iCE40, which it packs into logic cells.

use crate::layout::Owner;
use wheatstone_hdl::delays::{DelayId, DelayLine};

/// The array below module `top`.
pub const ARRAY: &str = "bordered_array.array.";

/// The array with its interface to the island.
const BORDERED_ARRAY: &str = "bordered_array";

/// The synchronous part.
const ISLAND: &str = "island";

/// The port with the board's clock.
pub(super) const CLOCK: &str = "clk";

/// What the LUTs of a delay line are called, below its instance.
const LUT: &str = "lut";

/// The attribute of cells that synthesis must keep as they are: delay lines and hold buffers.
pub(super) const KEEP: &str = "keep";

/// The attribute of a cell with its place on the device.
pub const PLACE: &str = "NEXTPNR_BEL";

/// The attribute of a net with its wires: a wire, the switch before it, and how firmly it is held, again and again.
pub(super) const WIRES: &str = "ROUTING";

/// The setting that names the router.
pub(super) const ROUTER: &str = "router";

/// The setting by which routers exchange no inputs of a LUT.
pub(super) const FIXED_INPUTS: &str = "arch.disable_router_lutperm";

/// A LUT of a delay line, the first one 0.
pub fn delay_lut(line: DelayId, number: u32) -> String {
    format!("{ARRAY}{}.{}.{LUT}{number}", line.cell, line.line.instance())
}

/// The logic cell of an iCE40 into which a LUT is packed.
pub fn packed(lut: &str) -> String {
    format!("{lut}_LC")
}

/// Whether a LUT of that name belongs to a delay line.
pub(super) fn is_of_delay_line(name: &str) -> bool {
    DelayLine::ALL.iter().any(|line| name.contains(&format!(".{}.{LUT}", line.instance())))
}

/// Whether a cell is the first LUT of a matched delay, both of whose inputs hear the join.
pub(super) fn begins_matched_delay(name: &str) -> bool {
    name.ends_with(&format!(".{}.{LUT}0", DelayLine::Matched.instance()))
}

/// The LUT that makes a strobe of the clock, in the interface of a folded array.
pub fn gate(strobe: &str) -> String {
    format!("{BORDERED_ARRAY}.border.{strobe}_gate.{LUT}0")
}

/// Whether a cell of the device lies in the cell of a node.
pub(super) fn is_in_node(name: &str) -> bool {
    name.strip_prefix(ARRAY).is_some_and(|name| name.starts_with("node_"))
}

/// A hold buffer before or behind a cell or pin of that name, the first one 0.
pub(super) fn hold_buffer(name: &str, number: usize) -> String {
    format!("{name}.pad{number}")
}

/// Whether a clock of nextpnr's report is a fire, and not the board's clock.
pub fn is_fire(clock: &str) -> bool {
    clock.contains(BORDERED_ARRAY)
}

/// To whom a cell of the device belongs.
pub fn owner(name: &str) -> Owner {
    let mut path = name.split('.');
    match (path.next(), path.next(), path.next()) {
        (Some(ISLAND), ..) => Owner::Island,
        (Some(BORDERED_ARRAY), Some("array"), Some(cell)) => {
            let id = |prefix| cell.strip_prefix(prefix).and_then(leading_number);
            match (id("node_"), id("edge_"), id("tile_")) {
                (Some(node), ..) => Owner::Node(node),
                (_, Some(edge), _) => Owner::Edge(edge),
                (.., Some(tile)) => Owner::Tile(tile),
                _ if cell == "root" => Owner::Root,
                _ => Owner::ArrayInterface,
            }
        }
        (Some(BORDERED_ARRAY), ..) => Owner::ArrayInterface,
        _ => Owner::Unnamed,
    }
}

/// The number a text begins with: synthesis names what it makes of a net after it, with something behind.
fn leading_number(text: &str) -> Option<usize> {
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_hdl::delays::CellId;

    #[test]
    fn cells_belong_to_whom_their_names_say() {
        for (name, expected) in [
            ("bordered_array.array.node_12.control.scan_SB_LUT4_I3_O", Owner::Node(12)),
            ("bordered_array.array.edge_3_token_SB_LUT4_I0_LC", Owner::Edge(3)),
            ("bordered_array.array.rest_join.rest_SB_LUT4_O", Owner::ArrayInterface),
            ("bordered_array.array.tile_1.lane_3.k_new_TRELLIS_FF_Q", Owner::Tile(1)),
            ("bordered_array.array.root.update_unit.s", Owner::Root),
            ("bordered_array.border.target_0", Owner::ArrayInterface),
            ("island.core.samples.words.0.13", Owner::Island),
            ("$nextpnr_ICESTORM_LC_37", Owner::Unnamed),
            ("clk$tr_io", Owner::Unnamed),
        ] {
            assert_eq!(owner(name), expected, "{name}");
        }
    }

    #[test]
    fn luts_of_delay_lines_are_known_by_name() {
        let matched = delay_lut(CellId::Edge(3).matched(), 0);
        assert_eq!(matched, "bordered_array.array.edge_3.matched_delay.lut0");
        assert!(is_of_delay_line(&matched) && begins_matched_delay(&matched) && !is_in_node(&matched));
        let request = delay_lut(CellId::Node(2).line(DelayLine::Request), 10);
        assert_eq!(packed(&request), "bordered_array.array.node_2.lead.lut10_LC");
        assert!(is_of_delay_line(&request) && !begins_matched_delay(&request) && is_in_node(&request));
        assert!(!begins_matched_delay(&delay_lut(CellId::Edge(3).matched(), 10)));
        assert!(!is_of_delay_line("bordered_array.array.node_2.lead_LUT4_Z"));
    }
}
