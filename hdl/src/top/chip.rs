//! What stands beside the island on a chip: an array and its interface, as one module with the buses that the island knows.

use super::{FoldedTop, Top, TopError};
use crate::array::Array;
use crate::board::Board;
use crate::bus::{Bus, Shape};
use crate::cell::Controls;
use crate::delays::{CellId, Delays};
use crate::island::{Island, IslandOptions, Ranks, verilog_of};
use crate::module::Module;
use crate::options::{ArrayOptions, Multiplier};
use crate::technology::Technology;
use crate::tile::{FoldedArray, FoldedOptions};
use rust_hdl::prelude::Block;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_link::protocol::LinkLimit;
use wheatstone_sim::Design;

/// Where samples stream: how an island and an array interface agree on the next one.
#[derive(Clone, Debug)]
pub struct Streaming {
    /// In: when the array takes what was brought, and when answers are kept.
    pub ranks: Ranks,
    /// In: another sample comes. None where nobody asks.
    pub streams: Option<Bus>,
    /// Out: the next sample may be brought. None where it always may.
    pub free: Option<Bus>,
}

/// The buses between an island and an array with its interface.
#[derive(Clone, Debug)]
pub struct ChipPorts {
    /// In: the board's clock.
    pub clock: Bus,
    /// In: whether this clock brings a word of a sample.
    pub shift: Bus,
    /// In: the word.
    pub word: Bus,
    /// In: whether the outputs see their targets.
    pub impose: Bus,
    /// In: number of an output, 16 bits.
    pub index: Bus,
    /// Out: its free voltage, 16 bits, signed.
    pub answer: Bus,
    /// Out: the array is idle.
    pub idle: Bus,
    /// In and out: the scan chain.
    pub scan: [Bus; 2],
    /// In: what is asked of the array.
    pub controls: Controls,
    /// Nothing where samples do not stream.
    pub streaming: Option<Streaming>,
}

impl ChipPorts {
    /// All but the clock: the island's name, the module's, the bus.
    fn wires(&self) -> Vec<(&'static str, &'static str, &Bus)> {
        let mut wires = vec![
            ("border_shift", "shift", &self.shift),
            ("border_word", "word", &self.word),
            ("impose", "impose", &self.impose),
            ("answer_index", "index", &self.index),
            ("answer", "answer", &self.answer),
            ("rest", "rest", &self.idle),
            ("scan_in", "scan_in", &self.scan[0]),
            ("scan_out", "scan_out", &self.scan[1]),
        ];
        if let Some(Streaming { ranks: Ranks { take, hold }, streams, free }) = &self.streaming {
            wires.extend([("border_take", "take", take), ("border_hold", "hold", hold)]);
            wires.extend(streams.iter().map(|bus| ("border_streams", "streams", bus)));
            wires.extend(free.iter().map(|bus| ("border_free", "free", bus)));
        }
        wires.extend(self.controls.named().map(|(name, bus)| (name, name, bus)));
        wires
    }
}

/// The forms an array has, and how each is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayForm {
    /// One cell for every node and edge.
    Spatial(ArrayOptions),
    /// Tiles of lanes that walk memories.
    Folded(FoldedOptions),
}

impl ArrayForm {
    /// How its edges multiply; lanes have two of the device's multipliers each.
    pub fn multiplier(self) -> Multiplier {
        match self {
            ArrayForm::Spatial(options) => options.multiplier,
            ArrayForm::Folded(_) => Multiplier::Parallel,
        }
    }
}

impl<O: Into<ArrayOptions>> From<O> for ArrayForm {
    fn from(options: O) -> ArrayForm {
        ArrayForm::Spatial(options.into())
    }
}

impl From<FoldedOptions> for ArrayForm {
    fn from(options: FoldedOptions) -> ArrayForm {
        ArrayForm::Folded(options)
    }
}

/// An array of either form.
#[derive(Clone, Debug)]
pub enum ChipArray {
    /// One cell for every node and edge.
    Spatial(Array),
    /// Tiles of lanes that walk memories.
    Folded(FoldedArray),
}

impl ChipArray {
    /// Its cells: nodes before edges, or tiles before the root.
    pub fn cell_ids(&self) -> Vec<CellId> {
        match self {
            ChipArray::Spatial(array) => array.cell_ids().collect(),
            ChipArray::Folded(array) => array.cell_ids().collect(),
        }
    }

    /// The lengths of its delay lines.
    pub fn delays(&self) -> &Delays {
        match self {
            ChipArray::Spatial(array) => array.delays(),
            ChipArray::Folded(array) => array.delays(),
        }
    }

    /// The name of every cell's module.
    pub fn cell_modules(&self) -> BTreeMap<CellId, String> {
        self.cells().into_iter().map(|(id, cell)| (id, cell.name().to_owned())).collect()
    }

    /// Its cells as modules.
    pub fn cells(&self) -> BTreeMap<CellId, &Module> {
        let module = match self {
            ChipArray::Spatial(array) => &array.module,
            ChipArray::Folded(array) => &array.module,
        };
        module.cells()
    }
}

/// An array with its interface, whichever it is, and what the island must be to serve it.
#[derive(Clone, Debug)]
pub struct Chip {
    /// The design.
    pub design: Arc<Design>,
    /// The primitives it is built of.
    pub technology: Technology,
    /// The array of cells.
    pub array: ChipArray,
    /// Array and interface as a module named `bordered_array`.
    pub module: Module,
    /// Its buses.
    pub ports: ChipPorts,
    /// How the island is built.
    pub options: IslandOptions,
}

impl From<Top> for Chip {
    fn from(top: Top) -> Chip {
        let Top { array, interface, module, options } = top;
        let streaming = interface.ranks.as_ref().map(|ranks| Streaming {
            ranks: ranks.clone(),
            streams: None,
            free: None,
        });
        Chip {
            design: Arc::clone(array.design()),
            technology: array.technology(),
            module,
            ports: ChipPorts {
                clock: interface.clock,
                shift: interface.shift,
                word: interface.word,
                impose: interface.impose,
                index: interface.index,
                answer: interface.answer,
                idle: array.idle.clone(),
                scan: array.scan.clone(),
                controls: array.controls.clone(),
                streaming,
            },
            array: ChipArray::Spatial(array),
            options,
        }
    }
}

impl From<FoldedTop> for Chip {
    fn from(top: FoldedTop) -> Chip {
        let FoldedTop { array, interface, module, options } = top;
        Chip {
            design: Arc::clone(array.design()),
            technology: array.options().technology,
            module,
            ports: ChipPorts {
                clock: interface.clock,
                shift: interface.shift,
                word: interface.word,
                impose: interface.impose,
                index: interface.index,
                answer: interface.answer,
                idle: interface.idle,
                scan: interface.scan,
                controls: interface.controls,
                streaming: Some(Streaming {
                    ranks: interface.ranks,
                    streams: Some(interface.streams),
                    free: Some(interface.free),
                }),
            },
            array: ChipArray::Folded(array),
            options,
        }
    }
}

impl Chip {
    /// A design as hardware on a board.
    ///
    /// # Errors
    /// [`TopError`] if the array cannot be built or the island cannot serve it.
    pub fn new(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        options: IslandOptions,
    ) -> Result<Chip, TopError> {
        Ok(match array.into() {
            ArrayForm::Spatial(array) => Top::new(design, array, options)?.into(),
            ArrayForm::Folded(array) => FoldedTop::new(design, array, options)?.into(),
        })
    }

    /// The same with delay lines of given lengths, as [`Array::with_delays`] and [`FoldedArray::with_delays`] take them.
    ///
    /// # Errors
    /// As [`Chip::new`].
    pub fn with_delays(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        lengths: &Delays,
        options: IslandOptions,
    ) -> Result<Chip, TopError> {
        Ok(match array.into() {
            ArrayForm::Spatial(array) => Top::with_delays(design, array, lengths, options)?.into(),
            ArrayForm::Folded(array) => FoldedTop::with_delays(design, array, lengths, options)?.into(),
        })
    }

    /// The island.
    ///
    /// # Errors
    /// [`LinkLimit`], as what the chip was made of did not.
    pub fn island(&self) -> Result<Island, LinkLimit> {
        Island::new(&self.design, self.options)
    }

    /// The Verilog of everything for a board, with the project's header. The module `top` has the pins `clk`, `rx` and `tx`.
    ///
    /// # Errors
    /// As [`Chip::island`].
    pub fn verilog(&self, board: Board, command: &str) -> Result<String, LinkLimit> {
        let mut island = self.island()?;
        island.connect_all();
        let mut text = crate::verilog::emit(&self.module, self.technology);
        // Tiles cut their sums to the widths that hold them, rust-hdl computes with numbers of 32 bits and masks; what loses bits is looked
        // for where leaves and blocks are tested.
        if matches!(self.array, ChipArray::Folded(_)) {
            text.insert_str(0, "// verilator lint_off WIDTH\n");
        }
        text += "// verilator lint_off WIDTH\n";
        text += &verilog_of("island", &island);
        text += "// verilator lint_on WIDTH\n// everything on the chip\nmodule top (\n    input clk,\n    input rx,\n    output tx\n);\n";
        let wires = self.ports.wires();
        for (name, _, bus) in &wires {
            text += &format!("    wire {}{name};\n", Shape::unsigned(bus.shape().bits).verilog());
        }
        let connect = |port: &str, wire: &str| format!("        .{port}({wire})");
        let pins =
            ["clock", "rx", "tx"].into_iter().zip(["clk", "rx", "tx"]).map(|(port, pin)| connect(port, pin));
        // A spatial array's interface always takes the next sample, and does not ask whether one comes.
        let alone = match &self.ports.streaming {
            Some(Streaming { free: None, .. }) => {
                vec![connect("border_free", "1'b1"), connect("border_streams", "")]
            }
            _ => Vec::new(),
        };
        let of_island: Vec<String> =
            pins.chain(wires.iter().map(|(name, _, _)| connect(name, name))).chain(alone).collect();
        let clock = std::iter::once(connect("clock", "clk"));
        let of_array: Vec<String> =
            clock.chain(wires.iter().map(|(name, port, _)| connect(port, name))).collect();
        text += &format!("    island island (\n{}\n    );\n", of_island.join(",\n"));
        text +=
            &format!("    bordered_array bordered_array (\n{}\n    );\nendmodule\n", of_array.join(",\n"));
        Ok(crate::header::with_header(&self.design, self.technology, board, command, &text))
    }
}
