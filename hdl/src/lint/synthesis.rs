//! From the emitted Verilog to a flattened netlist whose names still tell the hierarchy.
//!
//! Gates are made inside each module, before flattening: `flatten` puts the path of the instance in front of the names
//! it finds, while a gate that is made afterwards has no path. Arithmetic stays in words, which keeps the netlist of a
//! large array small. Nothing is optimised but unused cells away, so what is proved is proved of what was written.

use super::LintError;
use super::convention::{DELAY_PRIMITIVES, TOP};
use std::fs;
use std::io;
use std::path::Path;
use wheatstone_tools::Tool;

const SOURCE: &str = "array.v";
const SCRIPT: &str = "lint.ys";
const NETLIST: &str = "netlist.json";

/// Primitives that the Verilog may use without saying what they are.
const GENERIC_PRIMITIVES: &str = "(* blackbox *)
module delay_lut #(parameter [15:0] INIT = 16'h0000) (input a, input b, input c, input d, output z); endmodule
";
const GENERIC: &str = "generic.v";

/// The netlist of a Verilog text, as the JSON that yosys writes.
pub(super) fn netlist(yosys: &Tool, verilog: &str) -> Result<String, LintError> {
    let folder = tempfile::tempdir().map_err(|source| LintError::Folder { source })?;
    let file = |name: &str| folder.path().join(name);
    for (name, text) in [(SOURCE, verilog), (GENERIC, GENERIC_PRIMITIVES), (SCRIPT, &script())] {
        write(&file(name), text).map_err(|source| LintError::Folder { source })?;
    }
    yosys.run(["-q", "-s", SCRIPT], folder.path())?;
    fs::read_to_string(file(NETLIST)).map_err(|source| LintError::Folder { source })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

/// The vendors' libraries come after the design, so that a simulation model inside the design does not clash with
/// them; `blackbox` then empties such a model.
fn script() -> String {
    format!(
        "read_verilog {SOURCE}\n\
         read_verilog -nooverwrite -lib {GENERIC} +/ecp5/cells_sim.v +/ecp5/cells_bb.v +/ice40/cells_sim.v\n\
         blackbox {}\n\
         hierarchy -check -purge_lib -top {TOP}\n\
         proc -norom\n\
         tribuf\n\
         simplemap\n\
         flatten\n\
         opt_clean\n\
         select {TOP}\n\
         write_json -selected {NETLIST}\n",
        DELAY_PRIMITIVES.join(" ")
    )
}
