//! Verilog of a module: hierarchical, readable, every distinct module once.
//!
//! Modules, ports and wires are numbered; no name from a file becomes an identifier. Such names stand in comments only,
//! and get there through [`comment`].
//!
//! A plain subset of Verilog-2005. Delays stand behind the macro `TIMED`, which is nothing unless a simulator defines
//! `WHEATSTONE_TIMED`.

use crate::bus::{Direction, Port};
use crate::leaf::{Behaviour, Leaf, LeafBlock};
use crate::module::{Module, Part};
use crate::technology::Technology;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The Verilog of `top` and everything below, without a header.
pub fn emit(top: &Module, technology: Technology) -> String {
    let mut emitter = Emitter::default();
    emitter.module(top);
    // A self-timed array is made of loops, and the island's blocks are a process each: Verilator would say of all of them that it
    // cannot make them fast.
    let modules: Vec<&str> = emitter.texts.iter().map(|(_, module)| module.as_str()).collect();
    format!("{}// verilator lint_off UNOPTFLAT\n{}", prelude(technology), modules.join("\n"))
}

/// What every emitted file begins with: the macro `TIMED`, and the LUT of a design without a vendor.
pub fn prelude(technology: Technology) -> String {
    let mut text =
        String::from("`ifdef WHEATSTONE_TIMED\n`define TIMED(ps) #(ps)\n`else\n`define TIMED(ps)\n`endif\n");
    if technology == Technology::Generic {
        text += DELAY_LUT;
    }
    text
}

/// Text as it may stand behind `//`: on one line, and no directive of a tool. Ordinary text stays as it is; control
/// characters and what a screen does not show become escapes as Rust writes them, and what a tool would obey is put in quotes.
pub fn comment(text: &str) -> String {
    /// Words by which comments speak to tools: `// synthesis translate_off`, `// verilator lint_off`.
    const ADDRESSED: [&str; 9] =
        ["verilator", "synopsys", "synthesis", "pragma", "cadence", "ambit", "exemplar", "xilinx", "altera"];
    const SHOWN: usize = 2000;
    let mut safe = String::with_capacity(text.len());
    for c in text.chars().take(SHOWN) {
        if c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        safe.push_str("...");
    }
    let word: String = safe.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    let addressed = ADDRESSED.contains(&word.to_ascii_lowercase().as_str());
    // A backslash at the end of a line joins it to the next for some preprocessors.
    if addressed || safe.ends_with('\\') { format!("'{safe}'") } else { safe }
}

/// A module of [`emit`] that is a leaf, and the leaves it stands for.
#[derive(Clone, Debug)]
pub struct LeafModule {
    /// Its name in the emitted text.
    pub name: String,
    /// Verilog of the module, head and `endmodule` included.
    pub text: String,
    /// Every leaf emitted as it; all of them must compute the same.
    pub instances: Vec<Arc<Leaf>>,
}

/// The leaf modules of [`emit`], under the names they have there.
pub fn leaf_modules(top: &Module) -> Vec<LeafModule> {
    let mut emitter = Emitter::default();
    emitter.module(top);
    let mut instances = emitter.instances;
    let modules = emitter.texts.into_iter().filter_map(|(name, text)| {
        let instances = instances.remove(&name)?;
        Some(LeafModule { name, text, instances })
    });
    modules.collect()
}

/// The LUT of a design without a vendor.
const DELAY_LUT: &str = "
(* keep_hierarchy *)
module delay_lut #(parameter [15:0] INIT = 16'h0000) (input a, input b, input c, input d, output z);
    wire [15:0] table_ = INIT;
    assign z = table_[{d, c, b, a}];
endmodule
";

/// Models of the vendors' primitives for simulators. They take no time: delays stand in the emitted text.
pub fn simulation_models(technology: Technology) -> String {
    match technology {
        Technology::Ecp5 => String::from(
            "// Strings of two lengths are compared, as the vendor's cell has them.\n// verilator lint_off WIDTH\n\
             module LUT4 #(parameter [15:0] INIT = 16'h0000) (input A, input B, input C, input D, output Z);\n\
             \x20   wire [15:0] t = INIT;\n    assign Z = t[{D, C, B, A}];\nendmodule\n\
             module CCU2C #(parameter [15:0] INIT0 = 0, parameter [15:0] INIT1 = 0, parameter INJECT1_0 = \"NO\", parameter INJECT1_1 = \"NO\")\n\
             \x20   (input CIN, input A0, input B0, input C0, input D0, input A1, input B1, input C1, input D1, output S0, output S1, output COUT);\n\
             \x20   wire from_0 = (INJECT1_0 == \"YES\") ? 1'b0 : CIN;\n\
             \x20   wire p0 = INIT0[{D0, C0, B0, A0}], g0 = INIT0[{2'b00, B0, A0}];\n\
             \x20   wire p1 = INIT1[{D1, C1, B1, A1}], g1 = INIT1[{2'b00, B1, A1}];\n\
             \x20   wire carry = p0 ? CIN : g0 & (INJECT1_0 != \"YES\");\n\
             \x20   wire from_1 = (INJECT1_1 == \"YES\") ? 1'b0 : carry;\n\
             \x20   assign S0 = p0 ^ from_0;\n    assign S1 = p1 ^ from_1;\n    assign COUT = p1 ? carry : g1 & (INJECT1_1 != \"YES\");\nendmodule\n// verilator lint_on WIDTH\n",
        ),
        Technology::Ice40 => String::from(
            "module SB_LUT4 #(parameter [15:0] LUT_INIT = 16'h0000) (input I0, input I1, input I2, input I3, output O);\n\
             \x20   wire [15:0] t = LUT_INIT;\n    assign O = t[{I3, I2, I1, I0}];\nendmodule\n",
        ),
        Technology::Generic => String::new(),
    }
}

#[derive(Default)]
struct Emitter {
    /// Finished modules with their names, parts before wholes.
    texts: Vec<(String, String)>,
    /// Name of each distinct module, by its text with a blank name.
    names: HashMap<String, String>,
    /// How many distinct modules share a wanted name.
    used: BTreeMap<String, usize>,
    /// The leaves each leaf module stands for.
    instances: BTreeMap<String, Vec<Arc<Leaf>>>,
    /// Buses that stay off the global buffers. Every name of such a net has the attribute, since synthesis keeps one of
    /// them, and not always that of the cell's wire.
    noglobal: HashSet<usize>,
}

impl Emitter {
    /// Emits a module unless an equal one has been, and returns its name.
    fn finish(&mut self, wanted: &str, summary: &str, rest: &str) -> String {
        let key = format!("{wanted}\n{rest}");
        if let Some(name) = self.names.get(&key) {
            return name.clone();
        }
        let count = self.used.entry(wanted.to_owned()).or_insert(0);
        *count += 1;
        let name = if *count == 1 { wanted.to_owned() } else { format!("{wanted}_v{count}") };
        let text = format!("// {}\nmodule {name} {rest}endmodule\n", comment(summary));
        self.texts.push((name.clone(), text));
        self.names.insert(key, name.clone());
        name
    }

    fn leaf(&mut self, leaf: &Arc<Leaf>) -> String {
        let is_register = matches!(leaf.behaviour(), Behaviour::Register { .. });
        let head = |port: &Port| {
            let kind = match port.direction {
                Direction::Input => "input",
                _ if is_register => "output reg",
                _ => "output",
            };
            let attribute = if self.noglobal.contains(&port.bus.id()) { "(* noglobal *) " } else { "" };
            format!("    {attribute}{kind} {}{}", port.bus.shape().verilog(), port.name)
        };
        let ports: Vec<String> = leaf.inputs().iter().chain(leaf.outputs()).map(head).collect();
        let mut rest = format!("(\n{}\n);\n", ports.join(",\n"));
        for line in leaf.text().body.lines() {
            rest += &format!("    {line}\n");
        }
        let timed = match leaf.nominal_ps() {
            0 => String::new(),
            ps => format!("`TIMED({ps}) "),
        };
        for (name, expression) in &leaf.text().assigns {
            rest += &format!("    assign {timed}{name} = {expression};\n");
        }
        let name = self.finish(leaf.module(), leaf.summary(), &rest);
        self.instances.entry(name.clone()).or_default().push(Arc::clone(leaf));
        name
    }

    fn module(&mut self, module: &Module) -> String {
        let names: HashMap<usize, &str> =
            module.ports().iter().map(|p| (p.bus.id(), p.name.as_str())).collect();
        self.noglobal.extend(module.ports().iter().filter(|p| p.noglobal).map(|p| p.bus.id()));
        let (ports, wires): (Vec<&Port>, Vec<&Port>) =
            module.ports().iter().partition(|p| p.direction != Direction::Local);
        let ports: Vec<String> = ports
            .iter()
            .map(|p| {
                let kind = if p.direction == Direction::Input { "input" } else { "output" };
                format!("    {kind} {}{}", p.bus.shape().verilog(), p.name)
            })
            .collect();
        let mut rest = format!("(\n{}\n);\n", ports.join(",\n"));
        for wire in wires {
            // Without `keep`, synthesis keeps another name of the net, and the attribute is gone with this one.
            let attribute = if wire.noglobal { "(* keep, noglobal *) " } else { "" };
            rest += &format!("    {attribute}wire {}{};\n", wire.bus.shape().verilog(), wire.name);
        }
        for (name, part) in module.parts() {
            let (kind, ports): (String, Vec<&Port>) = match part {
                Part::Leaf(LeafBlock(leaf)) => {
                    (self.leaf(leaf), leaf.inputs().iter().chain(leaf.outputs()).collect())
                }
                Part::Module(part) => (
                    self.module(part),
                    part.ports().iter().filter(|p| p.direction != Direction::Local).collect(),
                ),
            };
            let connections: Vec<String> = ports
                .iter()
                .map(|port| {
                    let net = names.get(&port.bus.id()).copied().unwrap_or("");
                    format!(".{}({net})", port.name)
                })
                .collect();
            rest += &format!("    {kind} {name} (\n        {}\n    );\n", connections.join(",\n        "));
        }
        self.finish(module.name(), module.summary(), &rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "iris",
            "layered-10-16-3 in format 16/8/16/16",
            "hdl emit x --set a={b=[1]} \"q\" `",
            "Gitter für 日本",
        ] {
            assert_eq!(comment(text), text);
        }
    }

    #[test]
    fn what_ends_the_line_or_speaks_to_tools_is_spelled_out() {
        for (text, expected) in [
            ("x\nmodule evil;", "x\\nmodule evil;"),
            ("x\r`include", "x\\r`include"),
            ("a\u{2028}b\u{202e}", "a\\u{2028}b\\u{202e}"),
            ("synthesis translate_off", "'synthesis translate_off'"),
            (" Verilator lint_off", "' Verilator lint_off'"),
            ("ends\\", "'ends\\'"),
            ("\u{1b}[2J\0", "\\u{1b}[2J\\u{0}"),
        ] {
            assert_eq!(comment(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_on_its_line(text in any::<String>()) {
            let safe = comment(&text);
            let ends_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!safe.contains(ends_line));
            prop_assert!(!safe.ends_with('\\'));
        }
    }
}
