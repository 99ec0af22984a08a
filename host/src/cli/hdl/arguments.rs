//! Which design, for which board: the same for every verb of `wheatstone hdl` that emits.

use crate::cli::arguments::ConfigArguments;
use crate::cli::failure::Result;
use clap::{Args, ValueEnum};
use std::sync::Arc;
use thiserror::Error;
use wheatstone_hdl::tile::{FoldedArray, FoldedOptions};
use wheatstone_hdl::{Array, ArrayOptions, Board, Multiplier, Technology};
use wheatstone_learn::experiment::ExperimentError;
use wheatstone_learn::network_file::read_network;
use wheatstone_sim::network::formats::Graph;
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules, categorize};

/// A design and a board.
#[derive(Args, Debug)]
pub struct DesignArguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    pub target: TargetArguments,
}

/// What an array is built for.
#[derive(Args, Clone, Copy, Debug)]
pub struct TargetArguments {
    /// Board, or the file of another (see constraints/README.md), or generic for none
    #[arg(long, default_value_t = Board::default(), value_parser = Board::open, value_name = "BOARD")]
    pub board: Board,
    /// How edges multiply. Default: parallel on boards with ECP5, serial on the others
    #[arg(long, value_enum)]
    multiplier: Option<Multiply>,
}

/// The forms of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// One cell for every node and edge
    #[default]
    Spatial,
    /// Tiles of eight lanes that walk memories
    Folded,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Multiply {
    /// One multiplier of the device in every edge
    Parallel,
    /// The same in LUTs
    Lut,
    /// Bit by bit, in LUTs
    Serial,
}

impl TargetArguments {
    /// How edges are to multiply, if that is said.
    pub fn multiplier(self) -> Option<Multiplier> {
        self.multiplier.map(|multiply| match multiply {
            Multiply::Parallel => Multiplier::Parallel,
            Multiply::Lut => Multiplier::Lut,
            Multiply::Serial => Multiplier::Serial,
        })
    }

    /// Refuses a choice that a folded array does not have.
    pub fn refuse_multiplier(self) -> Result<()> {
        match self.multiplier() {
            Some(multiplier) => Err(FoldedMultiplierError(multiplier.name()).into()),
            None => Ok(()),
        }
    }

    /// The options of the array.
    pub fn options(self) -> ArrayOptions {
        let technology = self.board.technology();
        let default = if technology == Technology::Ice40 { Multiplier::Serial } else { Multiplier::Parallel };
        ArrayOptions { technology, multiplier: self.multiplier().unwrap_or(default) }
    }
}

/// A folded array has the device's multipliers, and no choice.
#[derive(Debug, Error)]
#[error(
    "--multiplier {0} is for the spatial array; leave it out with --array folded, whose lanes have two of the device's each"
)]
struct FoldedMultiplierError(&'static str);

categorize!(FoldedMultiplierError: BadInput);

impl DesignArguments {
    /// The array and what to call it.
    pub fn array(&self) -> Result<(String, Array)> {
        let (name, design) = self.design()?;
        Ok((name, Array::new(design, self.target.options())?))
    }

    /// The array, folded, and what to call it.
    pub fn folded(&self) -> Result<(String, FoldedArray)> {
        self.target.refuse_multiplier()?;
        let (name, design) = self.design()?;
        Ok((name, FoldedArray::new(design, FoldedOptions::for_board(self.target.board))?))
    }

    fn design(&self) -> Result<(String, Arc<Design>)> {
        let (name, design, _) = self.sampled()?;
        Ok((name, design))
    }

    /// The design, what to call it, and the relaxing steps of a sample, if they are said. A network alone is taken in format wide
    /// under plain rules.
    pub fn sampled(&self) -> Result<(String, Arc<Design>, Option<u32>)> {
        let Some((path, ports)) = self.config.network_alone() else {
            let experiment = self.config.experiment()?;
            let steps = experiment.config.steps;
            return Ok((experiment.config.name.clone(), experiment.design, Some(steps)));
        };
        let Graph { network, .. } = read_network(path, &ports)?;
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let name = network.name().to_owned();
        let format = self.config.format().unwrap_or(Format::WIDE);
        let design = Design::new(network, format, rules).map_err(ExperimentError::from)?;
        Ok((name, Arc::new(design), None))
    }
}
