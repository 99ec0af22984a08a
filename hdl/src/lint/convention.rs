//! The names by which the checks recognise the parts of an emitted array.
//!
//! The emitter writes these names and the checks rely on them, so they stand here once. A name that is wrong here does
//! not make a check pass: a check that finds nothing to examine fails.

/// The top module.
pub const TOP: &str = "array";

/// What the names of cells begin with; a number follows.
pub const CELL_PREFIXES: [&str; 2] = ["node_", "edge_"];

/// The clock net of a cell, inside the cell.
pub const FIRE: &str = "fire";

/// What the names of join modules begin with. Every cell has an instance of one.
pub const JOIN_PREFIX: &str = "join_";

/// The output of a join.
pub const JOIN_OUTPUT: &str = "enable";

/// What the names of delay chain modules begin with, and their instances too.
pub const DELAY_PREFIX: &str = "matched_delay";

/// The primitives a delay chain is made of: of ECP5, of iCE40, and of no vendor.
pub const DELAY_PRIMITIVES: [&str; 3] = ["LUT4", "SB_LUT4", "delay_lut"];

/// The instances that hold a cell's phase. A flop in another cell's fire logic counts as a phase under any name.
pub const PHASE_INSTANCES: [&str; 2] = ["phase", "phase_register"];

/// Requests that enter at the array interface, themselves or followed by `_` and more.
pub const INPUT_REQUESTS: [&str; 1] = ["go"];

/// The input that fires all cells in scan mode, and is low while the array computes.
pub const STROBE: &str = "strobe";

/// Inputs that may reach a `fire` net without a delay: they move only while the array is idle.
pub const INPUT_STROBES: [&str; 3] = [STROBE, SCAN, RESET];

/// The only input that may set or reset a flip-flop asynchronously.
pub const RESET: &str = "reset";

/// The input that turns registers into a scan chain; low while the array computes.
pub const SCAN: &str = "scan";

/// The attribute that keeps a net off the global buffers.
pub const OFF_GLOBAL_BUFFERS: &str = "noglobal";

/// The attribute that keeps synthesis from touching an instance.
pub const KEEP: &str = "keep";

/// Whether that is the name of a cell.
pub fn is_cell(instance: &str) -> bool {
    let number = CELL_PREFIXES.iter().find_map(|prefix| instance.strip_prefix(prefix));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether that top-level input is a request.
pub fn is_input_request(port: &str) -> bool {
    INPUT_REQUESTS
        .iter()
        .any(|name| port.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}
