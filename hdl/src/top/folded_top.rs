//! A folded array on a chip.

use super::TopError;
use crate::delays::Delays;
use crate::island::IslandOptions;
use crate::module::Module;
use crate::tile::{FoldedArray, FoldedInterface, FoldedOptions};
use std::sync::Arc;
use wheatstone_sim::Design;

/// A folded array with its interface, and what the island must be to serve it.
#[derive(Clone, Debug)]
pub struct FoldedTop {
    /// The array of tiles.
    pub array: FoldedArray,
    /// Between the island's words and the array's memories.
    pub interface: FoldedInterface,
    /// Both as a module named `bordered_array`.
    pub module: Module,
    /// How the island is built: with samples that stream, and a scan chain of bytes.
    pub options: IslandOptions,
}

impl FoldedTop {
    /// A design as hardware on a board. Samples stream, whatever `options` says.
    ///
    /// # Errors
    /// [`TopError`] if the design cannot be folded or the island cannot serve it.
    pub fn new(
        design: Arc<Design>,
        array: impl Into<FoldedOptions>,
        options: IslandOptions,
    ) -> Result<FoldedTop, TopError> {
        let options = island(&design, options)?;
        FoldedTop::around(FoldedArray::new(design, array)?, options)
    }

    /// The same with matched delays of given lengths, as [`FoldedArray::with_delays`] takes them.
    ///
    /// # Errors
    /// [`TopError`] if the design cannot be folded or the island cannot serve it.
    pub fn with_delays(
        design: Arc<Design>,
        array: impl Into<FoldedOptions>,
        lengths: &Delays,
        options: IslandOptions,
    ) -> Result<FoldedTop, TopError> {
        let options = island(&design, options)?;
        FoldedTop::around(FoldedArray::with_delays(design, array, lengths)?, options)
    }

    fn around(array: FoldedArray, options: IslandOptions) -> Result<FoldedTop, TopError> {
        let interface = FoldedInterface::new(&array)?;
        let mut module = Module::new("bordered_array", "the array and its border");
        for (name, bus) in interface.inputs() {
            module.input(name, bus);
        }
        for (name, bus) in [
            ("answer", &interface.answer),
            ("rest", &interface.idle),
            ("scan_out", &interface.scan[1]),
            ("free", &interface.free),
        ] {
            module.output(name, bus);
        }
        for port in array.module.ports() {
            module.local(format!("array_{}", port.name), &port.bus);
        }
        module.module("border", interface.module.clone());
        module.module("array", array.module.clone());
        Ok(FoldedTop { array, interface, module, options })
    }
}

/// What the island must be to serve a folded array: samples stream, and the scan chain has whole bytes.
fn island(design: &Design, options: IslandOptions) -> Result<IslandOptions, TopError> {
    let options = IslandOptions { streaming: true, byte_chain: true, ..options };
    options.facts(design)?;
    Ok(options)
}
