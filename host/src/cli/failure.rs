//! What a verb fails with: an error and its category. `?` takes every error that says its category; for one that does not, the
//! verb says it where it meets the error.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::io;
use thiserror::Error;
use wheatstone_hdl::tool_category;
use wheatstone_sim::{Categorized, ErrorCategory, categorize};
use wheatstone_tools::ToolError;

/// What a verb ends with.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a verb failed.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub category: ErrorCategory,
    /// What is told.
    pub error: anyhow::Error,
}

impl Failure {
    /// The same failure, and first what was to be done.
    pub fn context(self, text: impl Display + Send + Sync + 'static) -> Failure {
        Failure { error: self.error.context(text), ..self }
    }

    /// A tool that a verb runs itself.
    pub fn tool(error: ToolError) -> Failure {
        Failure { category: tool_category(&error), error: error.into() }
    }
}

impl<E: Categorized + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure { category: error.category(), error: error.into() }
    }
}

/// For errors that do not say their category.
pub trait OrFailed<T> {
    /// What was asked for is right, and it could not be done, unless the system refuses it for want of rights.
    fn or_failed(self) -> Result<T>;

    /// The same, and first what was to be done.
    fn or_failed_to(self, context: impl Display + Send + Sync + 'static) -> Result<T>
    where
        Self: Sized,
    {
        self.or_failed().map_err(|failure| failure.context(context))
    }
}

impl<T, E: Error + Send + Sync + 'static> OrFailed<T> for Result<T, E> {
    fn or_failed(self) -> Result<T> {
        self.map_err(|error| {
            let failed = ErrorCategory::Failed;
            let io = (&error as &dyn Any).downcast_ref::<io::Error>();
            Failure { category: io.map_or(failed, |error| failed.unless_denied(error)), error: error.into() }
        })
    }
}

/// The run was stopped by a signal, after its checkpoint was written.
#[derive(Debug, Error)]
#[error("interrupted; {0}")]
pub struct Interrupted(pub String);

categorize!(Interrupted: Interrupted);

/// Fewer epochs are asked for than a run has trained.
#[derive(Debug, Error)]
#[error(
    "{epochs} epochs are {wanted} samples, and this run has trained {trained} already; ask for more epochs, or leave --epochs out"
)]
pub struct TooFewEpochs {
    pub trained: u64,
    pub epochs: u32,
    pub wanted: u64,
}

categorize!(TooFewEpochs: Usage);

/// Numbers are asked for that only a state has.
#[derive(Debug, Error)]
#[error(
    "{path} is a network without a state, which {option} would write; name a checkpoint or the folder of a run"
)]
pub struct NoState {
    pub path: String,
    pub option: &'static str,
}

categorize!(NoState: Usage);

/// A file whose ending says no format of a table.
#[derive(Debug, Error)]
#[error("{file}: a table is written as .csv or .parquet; give it one of these endings")]
pub struct TableEnding {
    pub file: String,
}

categorize!(TableEnding: Usage);

/// Some tasks of a sweep could not be trained; their folders say why.
#[derive(Debug, Error)]
#[error("{failed} tasks failed; `wheatstone sweep status {file}` says why")]
pub struct TasksFailed {
    pub failed: usize,
    pub file: String,
}

categorize!(TasksFailed: Failed);

/// A device, or the simulated array, and the model differ.
#[derive(Debug, Error)]
#[error("device and model differ: {0}")]
pub struct Mismatch(pub String);

categorize!(Mismatch: Mismatch);

/// A check did not pass; its report has been printed.
#[derive(Debug, Error)]
#[error("{0}; see the report")]
pub struct CheckFailed(pub &'static str);

categorize!(CheckFailed: Failed);
