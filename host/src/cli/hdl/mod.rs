//! `wheatstone hdl`: the array as hardware.

mod arguments;
mod emit;
mod simulate;

use super::output::Output;
use clap::Subcommand;

/// The array as hardware: its Verilog, and its simulation beside the model
#[derive(Debug, Subcommand)]
pub enum Hdl {
    Emit(emit::Emit),
    Simulate(simulate::Simulate),
}

impl Hdl {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        match self {
            Hdl::Emit(verb) => verb.run(output),
            Hdl::Simulate(verb) => verb.run(output),
        }
    }
}
