//! `cargo xtask setup`: the tools that the tests of hardware and kernels need.

use anyhow::Result;

use crate::graphics::Graphics;
use crate::hardware_tools::HardwareTools;
use crate::{apt, tool, venv};

/// Provide the tools that the tests of hardware and kernels need, and show their versions
///
/// Yosys, nextpnr, the packers and openFPGALoader are installed into target/tools; Icarus Verilog, Verilator and a
/// graphics driver come from the system.
#[derive(clap::Args)]
pub struct Args {
    /// Also ngspice, with which `compare-speed` compares and tests solve netlists; it comes from the system
    #[arg(long)]
    ngspice: bool,
    /// Also what the Python package is built and tested with; it goes into target/venv-python and takes 500 MB
    #[arg(long)]
    python: bool,
}

/// Installs what is missing, then shows what is there.
///
/// # Errors
/// A tool cannot be installed, or only by a command for which this user lacks the rights.
pub fn run(args: &Args) -> Result<()> {
    let tools = HardwareTools::provide()?;
    let graphics = Graphics::provide()?;
    if args.ngspice && tool::on_path("ngspice").is_none() {
        apt::install(&["ngspice"])?;
    }
    if args.python {
        venv::PACKAGE.python()?;
    }
    print!("{}{}", tools.report(), graphics.report());
    Ok(())
}
