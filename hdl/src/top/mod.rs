//! Everything on a chip: the island, the array interface and the array.

pub mod chip;
mod folded_top;
pub mod simulation;

use crate::array::Array;
use crate::board::Board;
use crate::check::NotBuildable;
use crate::delays::Delays;
use crate::island::{ArrayInterface, IslandOptions};
use crate::module::Module;
use crate::options::ArrayOptions;
use crate::tile::NotFoldable;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_link::protocol::LinkLimit;
use wheatstone_sim::{Design, categorize};

pub use chip::{ArrayForm, Chip, ChipArray, ChipPorts, Streaming};
pub use folded_top::FoldedTop;
pub use simulation::{ArraySide, SerialLine, TopSimulation};

/// A design that cannot be put on a chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TopError {
    /// Its array cannot be built.
    #[error(transparent)]
    NotBuildable(#[from] NotBuildable),
    /// It cannot be folded.
    #[error(transparent)]
    NotFoldable(#[from] NotFoldable),
    /// The island cannot serve it.
    #[error(transparent)]
    Link(#[from] LinkLimit),
}

categorize! {
    TopError {
        inner: NotBuildable, NotFoldable, Link;
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

    /// The Verilog of everything for a board, with the project's header. The module `top` has the pins `clk`, `rx` and `tx`.
    ///
    /// # Errors
    /// [`LinkLimit`], as [`Top::new`] did not.
    pub fn verilog(&self, board: Board, command: &str) -> Result<String, LinkLimit> {
        Chip::from(self.clone()).verilog(board, command)
    }
}
