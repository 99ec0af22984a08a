//! `wheatstone hdl`: the array as hardware.

mod area;
mod arguments;
mod emit;
mod estimate;
mod lint;
mod simulate;

pub use arguments::TargetArguments;

use super::output::Output;
use crate::cli::failure::Result;
use clap::Subcommand;

/// The array as hardware: Verilog, simulation, checks, area
#[derive(Debug, Subcommand)]
pub enum Hdl {
    Emit(emit::Emit),
    Simulate(simulate::Simulate),
    Lint(lint::Lint),
    Area(area::Area),
    Estimate(estimate::Estimate),
}

impl Hdl {
    pub fn run(&self, output: &Output) -> Result<()> {
        match self {
            Hdl::Emit(verb) => verb.run(output),
            Hdl::Simulate(verb) => verb.run(output),
            Hdl::Lint(verb) => verb.run(output),
            Hdl::Area(verb) => verb.run(output),
            Hdl::Estimate(verb) => verb.run(output),
        }
    }
}
