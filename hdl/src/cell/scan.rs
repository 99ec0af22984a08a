//! Where a cell's scan chain ends.

use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::falling_flop;
use crate::technology::Technology;

/// The end of a cell's scan chain: bit 0 of its last register, once the pulse is over.
///
/// One strobe shifts all cells, but reaches them at different times. What the next cell sees changes when this cell's pulse
/// ends, so it stands still while the strobe is high, however far apart the two fire. (The field calls this a lockup
/// latch.)
pub(crate) fn scan_end(
    cell: &mut Module,
    technology: Technology,
    fire: &Bus,
    register: &Bus,
    scan_out: &Bus,
) {
    let last = cell.wire("scan_last", Shape::BIT);
    let leaf = Leaf::function("scan_end", "the scan chain leaves by bit 0", 0)
        .input("i", register)
        .output("o", &last, "i[0]")
        .evaluate(|x, y| y[0] = x[0] & 1);
    cell.leaf("scan_end", leaf);
    cell.leaf("scan_flop", falling_flop(technology, fire, &last, scan_out, None));
}
