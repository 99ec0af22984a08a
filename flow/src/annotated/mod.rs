//! Post-route simulation: a routed chip as plain Verilog, with every delay written into it.
//!
//! Simulators differ in what they make of a file of delays, and Icarus 11 in that it reads none for wires. So the delays are
//! written into the netlist, rounded to 10 ps: every wire and every path through a cell is a transport delay, every flip-flop, memory and
//! multiplier is written out as what it does. The result needs no library and no `$sdf_annotate`.
//!
//! Monitors watch while it runs: data that move within the setup or hold time of a flip-flop that takes them, and pulses
//! narrower than the device allows, are counted and told. Flip-flops that look at another domain on purpose, those of the array interface,
//! are not watched for setup and hold: what they read is checked by [`check`](crate::check).
//!
//! [`Transcript`] is what a host says to the chip and what the model answers; [`testbench`] speaks it over the pins of the
//! serial line.

mod bench;
mod ecp5;
mod flop;
mod ice40;
mod memory;
mod transcript;
mod writer;

pub use bench::testbench;
pub use transcript::{Transcript, TranscriptError};

use crate::check::{Corner, Policy};
use crate::routed::{Direction, Routed};
use thiserror::Error;
use wheatstone_sim::categorize;
use writer::Writer;

/// A cell of the device that has no model here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{cell}: there is no simulation model of `{kind}`{}; extend flow/src/annotated", mode_text(mode))]
pub struct NoModel {
    /// The name of the cell.
    pub cell: String,
    /// Its type, as nextpnr calls it.
    pub kind: String,
    /// What of it is not modelled; empty if nothing of it is.
    pub mode: String,
}

categorize!(NoModel: Failed);

fn mode_text(mode: &str) -> String {
    if mode.is_empty() { String::new() } else { format!(" in mode {mode}") }
}

/// The name of the module [`annotate`] writes.
pub const CHIP: &str = "chip";

/// What Verilator need not say. A delay that is longer than a pulse keeps the pulse, which takes `<=` also where a value begins; a
/// self-timed chip is made of loops; and three bits of an address choose a lane of a memory.
const LINTS: &str =
    "// verilator lint_off INITIALDLY\n// verilator lint_off UNOPTFLAT\n// verilator lint_off WIDTH\n";

/// The Verilog of a routed chip in one corner, with the chip's ports. Pulses narrower than the policy's least
/// are told.
///
/// # Errors
/// [`NoModel`] if it has a cell that is not modelled.
pub fn annotate(routed: &Routed, corner: Corner, policy: &Policy) -> Result<String, NoModel> {
    let mut writer = Writer::new(routed, corner, policy);
    for (id, cell) in routed.cell_ids() {
        let known = match cell.kind.as_str() {
            "TRELLIS_COMB" => ecp5::comb(&mut writer, id),
            "TRELLIS_FF" => ecp5::flop(&mut writer, id),
            "TRELLIS_RAMW" => memory::write_port(&mut writer, id),
            "TRELLIS_IO" => ecp5::pad(&mut writer, id),
            "MULT18X18D" => ecp5::multiplier(&mut writer, id),
            "DP16KD" => memory::dp16kd(&mut writer, id),
            "ICESTORM_LC" => ice40::logic_cell(&mut writer, id),
            "ICESTORM_RAM" => memory::ice40_ram(&mut writer, id),
            "ICESTORM_SPRAM" => {
                memory::spram(&mut writer, id);
                Ok(())
            }
            "SB_IO" => ice40::pad(&mut writer, id),
            "DCCA" => writer.buffer(id, "CLKI", "CLKO"),
            "SB_GB" => writer.buffer(id, "USER_SIGNAL_TO_GLOBAL_BUFFER", "GLOBAL_BUFFER_OUTPUT"),
            _ => Err(String::new()),
        };
        known.map_err(|mode| NoModel { cell: cell.name.clone(), kind: cell.kind.clone(), mode })?;
    }
    let names: Vec<&str> = routed.ports.iter().map(|port| port.name.as_str()).collect();
    let mut text = format!("{LINTS}`timescale 1ps / 1ps\nmodule {CHIP}({});\n", names.join(", "));
    for port in &routed.ports {
        let direction = match port.direction {
            Direction::Input => "input",
            Direction::Output => "output",
            Direction::Inout => "inout",
        };
        let width = port.nets.len();
        let range = if width == 1 { String::new() } else { format!("[{}:0] ", width - 1) };
        text += &format!("    {direction} {range}{};\n", port.name);
    }
    text += "    integer violations = 0;\n";
    for net in 0..routed.nets.len() {
        text += &format!("    wire n{net};\n");
    }
    for port in &routed.ports {
        for (bit, net) in port.nets.iter().enumerate() {
            let name = if port.nets.len() == 1 { port.name.clone() } else { format!("{}[{bit}]", port.name) };
            text += &match port.direction {
                Direction::Input => format!("    assign n{} = {name};\n", net.0),
                Direction::Output | Direction::Inout => format!("    assign {name} = n{};\n", net.0),
            };
        }
    }
    text += &writer.finish();
    text += "endmodule\n";
    Ok(text)
}
