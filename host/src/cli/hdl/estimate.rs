//! `wheatstone hdl estimate`

use super::arguments::DesignArguments;
use crate::cli::failure::Result;
use crate::cli::output::Output;
use clap::Args;
use serde::Serialize;
use wheatstone_hdl::Board;
use wheatstone_hdl::tile::{Estimate as Folded, estimate};

/// Relaxing steps of a sample where nothing says how many.
const STEPS: u32 = 8;

/// Estimate what a folded chip takes of a board and how fast it is, without building it
///
/// Needs no tools. Sizes follow those of chips that were synthesised, times those of chips that were routed; `wheatstone build`
/// tells what is.
#[derive(Args, Debug)]
pub struct Estimate {
    #[command(flatten)]
    design: DesignArguments,
}

/// What is printed.
#[derive(Serialize)]
struct Estimated {
    name: String,
    format: String,
    board: &'static str,
    /// Relaxing steps of the sample.
    steps: u32,
    #[serde(flatten)]
    estimate: Folded,
}

impl Estimate {
    pub fn run(&self, output: &Output) -> Result<()> {
        self.design.target.refuse_multiplier()?;
        let board = self.design.target.board;
        let (name, design, steps) = self.design.sampled()?;
        let (steps, format) = (steps.unwrap_or(STEPS), design.format().to_string());
        let estimate = estimate(design, board, steps)?;
        let estimated = Estimated { name, format, board: board.name(), steps, estimate };
        output.result(&estimated, || text(&estimated, board))
    }
}

fn text(estimated: &Estimated, board: Board) -> String {
    let Estimated { name, format, board: of_board, steps, estimate } = estimated;
    let device = board.device();
    let of = |there: Option<u64>| there.map(|there| format!(" of {there}")).unwrap_or_default();
    let lines = [
        format!("{name} in format {format} for {of_board}, folded; all of it estimated"),
        format!("{} tiles, {} lanes, up to {} rows a lane", estimate.tiles, estimate.lanes, estimate.slots),
        format!(
            "{}{} LUT4 sites, {}{} multipliers, {}{} blocks of RAM",
            estimate.lut4,
            of(device.map(|device| device.lut4_sites)),
            estimate.dsp,
            of(device.map(|device| device.multiplier_sites)),
            estimate.ebr,
            of(device.and_then(|device| device.block_rams)),
        ),
        format!(
            "{:.0} ns a step, {:.2} us a training sample of {steps} steps; {} samples on chip",
            estimate.step_ns,
            estimate.sample_ns / 1e3,
            estimate.samples_on_chip
        ),
    ];
    let verdict = if estimate.fits { vec!["it fits".to_owned()] } else { estimate.remedies.clone() };
    lines.into_iter().chain(verdict).collect::<Vec<_>>().join("\n")
}
