//! The header of an emitted file: what the text is and what it was made from.

use crate::array::Array;
use crate::board::Board;
use crate::island::memory::SPRAM_MODEL;
use crate::technology::Technology;
use crate::tile::FoldedArray;
use crate::verilog::{comment, simulation_models};
use sha2::{Digest, Sha256};
use wheatstone_sim::Design;

/// A whole file: a header that says where it comes from, then the array's Verilog.
pub fn emitted(array: &Array, board: Board, command: &str) -> String {
    with_header(array.design(), array.technology(), board, command, &array.verilog())
}

/// The same of a folded array.
pub fn emitted_folded(array: &FoldedArray, board: Board, command: &str) -> String {
    with_header(array.design(), array.options().technology, board, command, &array.verilog())
}

/// The ports of those of the vendor's cells that a text uses, for Verilator alone: every other tool has its own models.
///
/// They stand at the end, so that no line of the text moves; a file with models may be given beside.
fn boxes_for_verilator(technology: Technology, text: &str) -> String {
    let models =
        simulation_models(technology) + if technology == Technology::Ice40 { SPRAM_MODEL } else { "" };
    let boxes = models.split_inclusive("endmodule\n").filter_map(|model| {
        let model = &model[model.find("module ")?..];
        let name = model.split_whitespace().nth(1)?;
        let is_used = text.split_whitespace().any(|word| word == name);
        let (ports, _) = model.split_once(");\n").filter(|_| is_used)?;
        Some(format!("{ports});\nendmodule\n"))
    });
    let used: String = boxes.collect();
    if used.is_empty() {
        return used;
    }
    format!(
        "\n`ifdef VERILATOR\n/* verilator lint_off MODDUP */\n{used}/* verilator lint_on MODDUP */\n`endif\n"
    )
}

/// A text under a header that says where it comes from.
pub(crate) fn with_header(
    design: &Design,
    technology: Technology,
    board: Board,
    command: &str,
    text: &str,
) -> String {
    let text = &(text.to_owned() + &boxes_for_verilator(technology, text));
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "// {}: a self-timed array of {} nodes and {} edges, format {}, for {board}\n\
         // made by: {}\n// wheatstone-hdl {}\n// design sha256 {}\n// network sha256 {}\n// text sha256 {}\n\n{text}",
        comment(design.network().name()),
        design.network().nodes().len(),
        design.network().edges().len(),
        design.format(),
        comment(command),
        env!("CARGO_PKG_VERSION"),
        hex(design.digest()),
        hex(design.network().digest()),
        hex(Sha256::digest(text).into()),
    )
}
