//! A clocked reference of a chip: the same cells, with a clock where their fires were.
//!
//! It is there to be compared with. Its cells fire at an edge of the board's clock if their joins let them. It has no matched,
//! request and recovery delays, no pulse extensions, and nothing that notes the end of a pulse. Its critical path is what a clock must
//! wait for at every edge.
//!
//! It is made of the emitted Verilog: every `fire` becomes two wires, the clock below and the permission above, and the clock comes in
//! where the strobe did. Its scan chain does not work.

/// The Verilog of the clocked reference of an emitted chip, with the same pins.
pub fn clocked_reference(verilog: &str) -> String {
    let mut text = String::new();
    let mut module = String::new();
    for line in verilog.lines() {
        module.push_str(line);
        module.push('\n');
        if line == "endmodule" {
            text.push_str(&clocked(&module));
            module.clear();
        }
    }
    text + &module
}

/// One module of it. Ports that are a cell's fire, and not the array interface's clock, are those kept off the global buffers.
fn clocked(module: &str) -> String {
    let name = module.lines().find_map(|line| line.strip_prefix("module ")).unwrap_or_default();
    let name = name.split([' ', '(']).next().unwrap_or_default();
    let head = &module[..module.find("module ").unwrap_or(0)];
    if name.starts_with("matched_delay_") {
        return format!(
            "{head}module {name} (\n    input enable,\n    input strobe,\n    output [1:0] fire\n);\n\
             \x20   assign fire = {{enable, strobe}};\nendmodule\n"
        );
    }
    if name.starts_with("pause_") {
        return format!(
            "{head}module {name} (\n    input i,\n    output o\n);\n    assign o = i;\nendmodule\n"
        );
    }
    if name == "top" {
        let (before, array) =
            module.split_at(module.find("bordered_array bordered_array").unwrap_or(module.len()));
        return format!("{before}{}", array.replace(".strobe(strobe)", ".strobe(clk)"));
    }
    let wide = module.replace("(* keep, noglobal *) wire fire;", "wire [1:0] fire;");
    if !wide.contains("(* noglobal *) input fire,") {
        return wide;
    }
    let flop = wide
        .replace("(* noglobal *) input fire,", "input [1:0] fire,")
        .replace("if (enable)", "if (fire[1] && enable)")
        .replace("posedge fire) q", "posedge fire) if (fire[1]) q")
        .replace("else q", "else if (fire[1]) q")
        .replace("posedge fire", "posedge fire[0]");
    // What noted the end of a pulse notes it at once; the scan chain's flip-flops only take room.
    let edge = flop.find("always @(negedge fire");
    match edge {
        Some(place) if name == "falling_flop_reset" => {
            format!("{}always @* q = d;\nendmodule\n", flop[..place].replace("    initial q = 1'b0;\n", ""))
        }
        Some(_) => flop.replace("negedge fire", "posedge fire[0]"),
        None => flop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_become_permissions_under_a_clock() {
        let register = "module register_1_enable (\n    (* noglobal *) input fire,\n    input d,\n    input enable,\n    output reg q\n);\n    \
                        always @(posedge fire) if (enable) q <= d;\nendmodule\n";
        let reference = clocked_reference(register);
        assert!(reference.contains("input [1:0] fire,"), "{reference}");
        assert!(
            reference.contains("always @(posedge fire[0]) if (fire[1] && enable) q <= d;"),
            "{reference}"
        );
        let interface = register.replace("(* noglobal *) ", "");
        assert_eq!(clocked_reference(&interface), interface);
        let chain = "// waits\nmodule matched_delay_3 (\n    input enable,\n    input strobe,\n    output fire\n);\n    LUT4 a();\nendmodule\n";
        assert!(clocked_reference(chain).contains("assign fire = {enable, strobe};"));
        assert!(!clocked_reference(chain).contains("LUT4"));
        let pause = "module pause_2 (\n    input i,\n    output o\n);\n    LUT4 a();\nendmodule\n";
        assert!(
            clocked_reference(pause).contains("assign o = i;") && !clocked_reference(pause).contains("LUT4")
        );
    }
}
