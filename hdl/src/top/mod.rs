//! Everything on a chip: the island, the array interface and the array.

pub mod simulation;

use crate::array::Array;
use crate::board::Board;
use crate::bus::Bus;
use crate::check::NotBuildable;
use crate::delays::Delays;
use crate::island::{ArrayInterface, Island, IslandOptions, Ranks, verilog_of};
use crate::module::Module;
use crate::options::ArrayOptions;
use rust_hdl::prelude::Block;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_link::protocol::LinkLimit;
use wheatstone_sim::{Design, categorize};

pub use simulation::{ArraySide, SerialLine, TopSimulation};

/// A design that cannot be put on a chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopError {
    /// Its array cannot be built.
    #[error(transparent)]
    NotBuildable(#[from] NotBuildable),
    /// The island cannot serve it.
    #[error(transparent)]
    Link(#[from] LinkLimit),
}

categorize! {
    TopError {
        inner: NotBuildable, Link;
    }
}

/// An array with its interface, and what the island must be to serve it.
#[derive(Clone, Debug)]
pub struct Top {
    /// The array of cells.
    pub array: Array,
    /// The registers between the island's words and the array's voltages.
    pub interface: ArrayInterface,
    /// Both as a module named `bordered_array`.
    pub module: Module,
    /// How the island is built.
    pub options: IslandOptions,
}

impl Top {
    /// A design as hardware on a board.
    ///
    /// # Errors
    /// [`TopError`] if the array cannot be built or the island cannot serve it.
    pub fn new(
        design: Arc<Design>,
        array: impl Into<ArrayOptions>,
        options: IslandOptions,
    ) -> Result<Top, TopError> {
        options.facts(&design)?;
        Ok(Top::around(Array::new(design, array)?, options))
    }

    /// The same with matched delays of given lengths, as [`Array::with_delays`] takes them.
    ///
    /// # Errors
    /// [`TopError`] if the array cannot be built or the island cannot serve it.
    pub fn with_delays(
        design: Arc<Design>,
        array: impl Into<ArrayOptions>,
        lengths: &Delays,
        options: IslandOptions,
    ) -> Result<Top, TopError> {
        options.facts(&design)?;
        Ok(Top::around(Array::with_delays(design, array, lengths)?, options))
    }

    fn around(array: Array, options: IslandOptions) -> Top {
        let interface = ArrayInterface::new(&array, options.streaming);
        let mut module = Module::new("bordered_array", "the array and its border");
        for (name, bus) in interface.inputs().into_iter().chain(array.controls.named()) {
            module.input(name, bus);
        }
        module.input("scan_in", &array.scan[0]);
        module.output("answer", &interface.answer);
        module.output("rest", &array.idle);
        module.output("scan_out", &array.scan[1]);
        for (i, sample) in array.samples.iter().enumerate() {
            module.local(format!("sample_{i}"), sample);
        }
        for (i, ports) in array.outputs.iter().enumerate() {
            for (name, bus) in [("target", &ports.target), ("sense", &ports.sense), ("answer", &ports.answer)]
            {
                module.local(format!("{name}_{i}"), bus);
            }
        }
        module.module("border", interface.module.clone());
        module.module("array", array.module.clone());
        Top { array, interface, module, options }
    }

    /// The island.
    ///
    /// # Errors
    /// [`LinkLimit`], as [`Top::new`] did not.
    pub fn island(&self) -> Result<Island, LinkLimit> {
        Island::new(self.array.design(), self.options)
    }

    /// The ports of the array and its interface that the island has by another or the same name: the island's, the bus.
    pub(crate) fn wires(&self) -> Vec<(&'static str, &'static str, &Bus)> {
        let mut wires = vec![
            ("border_shift", "shift", &self.interface.shift),
            ("border_word", "word", &self.interface.word),
            ("impose", "impose", &self.interface.impose),
            ("answer_index", "index", &self.interface.index),
            ("answer", "answer", &self.interface.answer),
            ("rest", "rest", &self.array.idle),
            ("scan_in", "scan_in", &self.array.scan[0]),
            ("scan_out", "scan_out", &self.array.scan[1]),
        ];
        if let Some(Ranks { take, hold }) = &self.interface.ranks {
            wires.extend([("border_take", "take", take), ("border_hold", "hold", hold)]);
        }
        wires.extend(self.array.controls.named().map(|(name, bus)| (name, name, bus)));
        wires
    }

    /// The Verilog of everything for a board, with the project's header. The module `top` has the pins `clk`, `rx` and `tx`.
    ///
    /// # Errors
    /// [`LinkLimit`], as [`Top::new`] did not.
    pub fn verilog(&self, board: Board, command: &str) -> Result<String, LinkLimit> {
        let mut island = self.island()?;
        island.connect_all();
        let mut text = crate::verilog::emit(&self.module, self.array.technology());
        // rust-hdl computes with numbers of 32 bits and masks; what loses bits is looked for where its blocks are tested.
        text += "// verilator lint_off WIDTH\n";
        text += &verilog_of("island", &island);
        text += "// verilator lint_on WIDTH\n// everything on the chip\nmodule top (\n    input clk,\n    input rx,\n    output tx\n);\n";
        let wires = self.wires();
        for (name, _, bus) in &wires {
            text += &format!("    wire {}{name};\n", crate::bus::Shape::unsigned(bus.shape().bits).verilog());
        }
        let connect = |port: &str, wire: &str| format!("        .{port}({wire})");
        let pins =
            ["clock", "rx", "tx"].into_iter().zip(["clk", "rx", "tx"]).map(|(port, pin)| connect(port, pin));
        let of_island: Vec<String> =
            pins.chain(wires.iter().map(|(name, _, _)| connect(name, name))).collect();
        let clock = std::iter::once(connect("clock", "clk"));
        let of_array: Vec<String> =
            clock.chain(wires.iter().map(|(name, port, _)| connect(port, name))).collect();
        text += &format!("    island island (\n{}\n    );\n", of_island.join(",\n"));
        text +=
            &format!("    bordered_array bordered_array (\n{}\n    );\nendmodule\n", of_array.join(",\n"));
        Ok(crate::header::with_header(&self.array, board, command, &text))
    }
}
