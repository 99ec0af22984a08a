//! What can go wrong on the way to a bitstream.

use crate::check::Corner;
use crate::simulation::Simulated;
use crate::stage::Stage;
use std::io;
use std::path::PathBuf;
use thiserror::Error;
use wheatstone_hdl::bitstream::{BitstreamError, WrongBoard};
use wheatstone_hdl::tool_category;
use wheatstone_hdl::{Board, TopError};
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::ToolError;

/// A build that did not come to its end.
#[derive(Debug, Error)]
pub enum FlowError {
    /// The board is none.
    #[error("{board} has no device to build for; name a board with --board")]
    NoDevice {
        /// What was asked for.
        board: Board,
    },
    /// The design cannot be hardware.
    #[error(transparent)]
    Top(#[from] TopError),
    /// Lengths of matched delays that are not this design's.
    #[error(
        "the delays to begin with are another design's: {cell} is {}; take those of the same network, format and kind of multiplier",
        if *is_there { "not among them" } else { "no cell of it" }
    )]
    OtherDelays {
        /// A cell of one of the two.
        cell: String,
        /// Whether it is the design's.
        is_there: bool,
    },
    /// A tool is missing.
    #[error(transparent)]
    Missing(ToolError),
    /// A tool failed or did not start.
    #[error("stage {stage}: {source}\nthe whole log is {}", log.display())]
    Tool {
        /// The stage.
        stage: Stage,
        /// Where the tool's output is.
        log: PathBuf,
        /// What happened.
        source: ToolError,
    },
    /// The router does not converge.
    #[error(
        "stage route: nextpnr's router does not converge, after {attempts} attempts; try another seed or a smaller \
         design\nthe whole log is {}", log.display()
    )]
    Unroutable {
        /// How often it tried.
        attempts: u64,
        /// Where its output is.
        log: PathBuf,
    },
    /// The design is larger than the device.
    #[error(
        "the design does not fit {board}: it takes {used} of {available} {resource}; build a smaller network, a narrower format or for \
         a larger board"
    )]
    TooLarge {
        /// The board.
        board: Board,
        /// What there is too little of, in nextpnr's words.
        resource: String,
        /// How many the design takes.
        used: u64,
        /// How many there are.
        available: u64,
    },
    /// The island is slower than its crystal.
    #[error(
        "the island reaches {achieved_mhz:.2} MHz after routing, and the crystal of {board} has {needed_mhz} MHz; try another seed"
    )]
    Slow {
        /// The board.
        board: Board,
        /// What nextpnr says.
        achieved_mhz: f64,
        /// The crystal.
        needed_mhz: f64,
    },
    /// Relative timing does not hold on the routed chip.
    #[error("relative timing does not hold after {rounds} rounds: {first}\nall of it is in {}", report.display())]
    Timing {
        /// How often it was placed and routed.
        rounds: u32,
        /// The worst violation.
        first: String,
        /// Where all of them stand.
        report: PathBuf,
    },
    /// The routed chip cannot be read for its timing.
    #[error("stage timing: {message}")]
    Unreadable {
        /// What is wrong.
        message: String,
    },
    /// A tool ended well and left something unexpected.
    #[error("stage {stage}: {} is not what was expected: {message}; the version of the tool may be wrong", file.display())]
    Format {
        /// The stage.
        stage: Stage,
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The routed chip cannot be simulated.
    #[error("stage simulate, corner {}: {message}", corner.name())]
    Simulation {
        /// The corner.
        corner: Corner,
        /// What is wrong.
        message: String,
    },
    /// The routed chip learns something else than the model, or its timing does not hold in simulation.
    #[error(
        "stage simulate, corner {}: {}, {} violations of setup, hold or least width; the log is in {}",
        simulated.corner.name(),
        simulated.difference.as_deref().unwrap_or("every byte is the model's"),
        simulated.violations,
        folder.display()
    )]
    Wrong {
        /// What came of it.
        simulated: Simulated,
        /// Where the logs are.
        folder: PathBuf,
    },
    /// The bitstream is none.
    #[error("stage pack: {}: {source}", file.display())]
    Bitstream {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: BitstreamError,
    },
    /// The bitstream is for another device.
    #[error("stage pack: {}: {source}", file.display())]
    WrongBoard {
        /// The file.
        file: PathBuf,
        /// Both devices.
        source: WrongBoard,
    },
    /// A file or folder cannot be used.
    #[error("{}: {source}; check that it can be written and that there is space", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was asked to stop.
    #[error("stopped in stage {stage}; finished stages are kept, and the same command goes on from there")]
    Stopped {
        /// Where.
        stage: Stage,
    },
}

impl Categorized for FlowError {
    fn category(&self) -> ErrorCategory {
        match self {
            FlowError::NoDevice { .. } | FlowError::OtherDelays { .. } | FlowError::TooLarge { .. } => {
                ErrorCategory::BadInput
            }
            FlowError::Top(error) => error.category(),
            FlowError::Missing(error) => tool_category(error),
            FlowError::Tool { source, .. } => tool_category(source),
            FlowError::Unroutable { .. }
            | FlowError::Slow { .. }
            | FlowError::Timing { .. }
            | FlowError::Unreadable { .. }
            | FlowError::Format { .. }
            | FlowError::Simulation { .. }
            | FlowError::Bitstream { .. } => ErrorCategory::Failed,
            FlowError::Wrong { .. } => ErrorCategory::Mismatch,
            FlowError::WrongBoard { source, .. } => source.category(),
            FlowError::Io { source, .. } => ErrorCategory::Failed.unless_denied(source),
            FlowError::Stopped { .. } => ErrorCategory::Interrupted,
        }
    }
}

/// Puts the path before an error of the operating system.
pub(crate) trait At<T> {
    /// The error, told with its path.
    fn at(self, path: impl Into<PathBuf>) -> Result<T, FlowError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T, FlowError> {
        self.map_err(|source| FlowError::Io { path: path.into(), source })
    }
}
