//! What a training step costs: time and energy of the network in the model, on a chip, and of its baselines, at equal error.
//!
//! Every [`Baseline`] is trained from the start until it meets the same [`Goal`] ([`learn`]), which gives the samples it needs;
//! then all of them are timed and metered in turns, which gives the cost of a sample. A quantity to the goal is the product.
//! What is not on this machine is reported as [`Missing`](crate::quantity::Missing), with why and what to do.

mod adapters;
mod baseline;
mod baselines;
mod budget;
mod chip;
mod division;
pub mod energy_table;
#[cfg(test)]
mod fairness_tests;
mod goal;
mod learning;
mod network;
mod procedure;
#[cfg(test)]
mod pupil;
mod report;
mod results;
#[cfg(test)]
mod tests;

pub use adapters::graphics_adapters;
pub use baseline::{Baseline, Tuning};
pub use baselines::{Baselines, Python, Wanted, baselines};
pub use budget::Budget;
pub use chip::{ChipCost, NoPlace, array_options, check_place, chip_cost};
pub use division::{Division, Part, VALIDATION};
pub use goal::Goal;
pub use learning::{Attempt, Learned, Patience, attempt, learn};
pub use network::Network;
pub use procedure::{Comparison, Course, OnStage, ROUNDS, own_goal, run};
pub use results::{BaselineDescription, Effort, Results, ResultsError, Row, metric};

use crate::energy::MeasureError;
use crate::energy::fpga::EstimateError;
use thiserror::Error;
use wheatstone_hdl::SimulationError;
use wheatstone_learn::data::{EncodingError, SplitError};
use wheatstone_learn::device::DeviceError;
use wheatstone_learn::evaluation::EvaluationError;
use wheatstone_learn::experiment::ExperimentError;
use wheatstone_measure::WorkerError;
use wheatstone_measure::statistics::TooFew;
use wheatstone_sim::{Categorized, ErrorCategory};

/// A bench that cannot be run.
#[derive(Debug, Error)]
pub enum BenchError {
    /// Rows cannot be encoded as voltages, or answers decoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A network's answers cannot be judged.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A device that a network is trained on fails.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The simulated array.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The estimate of a chip's energy.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// Timing or metering in turns fails.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// What follows from them.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// The network as a kernel.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Kernel(#[from] wheatstone_gpu::KernelError),
    /// A driver computes something else.
    #[cfg(feature = "gpu")]
    #[error(
        "{adapter} does not learn the model's bits: they differ after {samples} samples; update its driver, and report it"
    )]
    Differs {
        /// The adapter.
        adapter: String,
        /// Samples learned by both.
        samples: u64,
    },
    /// A process that serves as baseline fails.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The rows cannot be brought to such a process, or not back.
    #[error(
        "{reason}; check the space in the system's folder of temporary files, or name another Python by --python"
    )]
    Task {
        /// What went wrong.
        reason: String,
    },
    /// The rows cannot be divided.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A run's network cannot be made.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The network depends on which rows are learned.
    #[error(
        "the rows that run {run} of {name} learns give it another network, so runs cannot be compared; give the columns or the shape in the configuration"
    )]
    Designs {
        /// What is learned.
        name: String,
        /// The run, from 1.
        run: usize,
    },
    /// A share of right answers is asked of a regression.
    #[error(
        "--accuracy is a share of right answers, and {name} learns values, which have none; leave it out"
    )]
    NoClasses {
        /// What is learned.
        name: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted; nothing is kept of a bench that is not whole")]
    Interrupted,
}

impl Categorized for BenchError {
    fn category(&self) -> ErrorCategory {
        match self {
            BenchError::Encoding(error) => error.category(),
            BenchError::Evaluation(error) => error.category(),
            BenchError::Device(error) => error.category(),
            BenchError::Simulation(error) => error.category(),
            BenchError::Estimate(error) => error.category(),
            BenchError::Measure(error) => error.category(),
            BenchError::TooFew(_) => ErrorCategory::Usage,
            #[cfg(feature = "gpu")]
            BenchError::Kernel(error) => error.category(),
            BenchError::Worker(WorkerError::Stopped { .. }) => ErrorCategory::Interrupted,
            #[cfg(feature = "gpu")]
            BenchError::Differs { .. } => ErrorCategory::Mismatch,
            BenchError::Worker(_) | BenchError::Task { .. } => ErrorCategory::Failed,
            BenchError::Split(error) => error.category(),
            BenchError::Experiment(error) => error.category(),
            BenchError::NoClasses { .. } | BenchError::Designs { .. } => ErrorCategory::BadInput,
            BenchError::Interrupted => ErrorCategory::Interrupted,
        }
    }
}
