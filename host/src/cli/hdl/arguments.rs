//! Which design, for which board: the same for every verb of `wheatstone hdl` that emits.

use crate::cli::arguments::ConfigArguments;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use wheatstone::experiment::{Experiment, ExperimentError, read_network};
use wheatstone_hdl::Board;
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// A design and a board.
#[derive(Args, Debug)]
pub struct DesignArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    /// Network file (.toml, .json) in format wide under plain rules, instead of a preset
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "config", "data"])]
    network: Option<PathBuf>,
    /// Board, or generic for plain Verilog
    #[arg(long, default_value_t = Board::Ulx3s85f)]
    pub board: Board,
}

impl DesignArguments {
    /// The design and what to call it.
    pub fn design(&self) -> anyhow::Result<(String, Arc<Design>)> {
        let Some(path) = &self.network else {
            let experiment = Experiment::prepare(self.config.resolve()?)?;
            return Ok((experiment.config.name.clone(), experiment.design));
        };
        let network = read_network(path)?;
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let name = network.name().to_owned();
        let format = self.config.format().unwrap_or(Format::WIDE);
        let design = Design::new(network, format, rules).map_err(ExperimentError::from)?;
        Ok((name, Arc::new(design)))
    }
}
