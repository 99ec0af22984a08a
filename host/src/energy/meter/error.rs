//! What can be wrong with what a meter recorded.

use std::fmt::{self, Display, Formatter};
use std::io;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory, categorize};

/// What a meter recorded does not tell the energy.
#[derive(Debug, Error)]
pub enum MeterError {
    /// A log that does not read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The marks lie outside.
    #[error(
        "{meter}: the run from {from:.3} s to {to:.3} s is not within the readings, {}; start the meter first and stop it last, and check the offset between its clock and the run's",
        extent.map_or("of which there are none".to_owned(), |(first, last)| format!("which go from {first:.3} s to {last:.3} s"))
    )]
    NotCovered {
        /// Name of the meter.
        meter: String,
        /// Beginning on the meter's clock.
        from: f64,
        /// End on the meter's clock.
        to: f64,
        /// First and last reading.
        extent: Option<(f64, f64)>,
    },
    /// Readings are missing.
    #[error(
        "{meter}: no reading for {seconds:.3} s between lines {before} and {after}, more than the {most:.3} s that are bridged; measure again, or allow longer gaps if the power was steady"
    )]
    Gap {
        /// Name of the meter.
        meter: String,
        /// Line of the last reading before it.
        before: u64,
        /// Line of the first reading behind it.
        after: u64,
        /// Length of the gap in seconds.
        seconds: f64,
        /// What is allowed.
        most: f64,
    },
}

categorize! {
    MeterError {
        inner: Log;
        BadInput: NotCovered, Gap;
    }
}

/// A log that cannot be used: `file:line: what is wrong; what to do`.
#[derive(Debug, Error)]
pub struct LogError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line of the file, from 1; `None` where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong.
    #[source]
    pub problem: LogProblem,
}

impl Categorized for LogError {
    fn category(&self) -> ErrorCategory {
        self.problem.category()
    }
}

impl Display for LogError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// What is wrong with a log.
#[derive(Debug, Error)]
pub enum LogProblem {
    /// The file cannot be read.
    #[error("it cannot be read ({0}); check the path and its permissions")]
    Io(#[from] io::Error),
    /// There is no header line.
    #[error("it is empty; its first line must name the columns, for example `time_s,power_W`")]
    Empty,
    /// A header and nothing else.
    #[error("it has a header and {0} readings; two are needed at least")]
    TooShort(usize),
    /// A line that does not read.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// Bytes that are no text.
    #[error("it is not UTF-8 text; export the log as text")]
    NotText,
    /// Time goes back, or stands still.
    #[error(
        "its time, {at} s, is not behind the {before} s of line {previous}; the meter's clock was set or lines are out of order: sort them, or cut the log at the jump"
    )]
    Backwards {
        /// Time of the reading in seconds.
        at: f64,
        /// The time before.
        before: f64,
        /// Line of that.
        previous: u64,
    },
}

impl Categorized for LogProblem {
    fn category(&self) -> ErrorCategory {
        match self {
            LogProblem::Empty
            | LogProblem::TooShort(_)
            | LogProblem::NotText
            | LogProblem::Backwards { .. } => ErrorCategory::BadInput,
            LogProblem::Io(error) => ErrorCategory::BadInput.unless_denied(error),
            LogProblem::Column(error) => error.category(),
        }
    }
}

/// A line that does not read.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ColumnError {
    /// The header lacks a column.
    #[error(
        "the header `{header}` has no column for {what}; name columns with their units, for example `time_s,power_W` or `t_ms,bus_mV,current_uA`"
    )]
    Missing {
        /// The quantity that no column holds.
        what: &'static str,
        /// The whole header line.
        header: String,
    },
    /// The header has two columns of one quantity.
    #[error(
        "the columns `{first}` and `{second}` are both a {what}; keep one of them, or give the other another name"
    )]
    Twice {
        /// The quantity that two columns hold.
        what: &'static str,
        /// Name of the first column.
        first: String,
        /// Name of the second column.
        second: String,
    },
    /// A unit nobody knows.
    #[error("the column `{name}` has no unit of {what}; write one of {known} behind the name, as in `{what}_{}`", known.split(' ').next().unwrap_or_default())]
    Unit {
        /// Name of the column.
        name: String,
        /// The quantity it holds.
        what: &'static str,
        /// Units that are known for it, parted by spaces.
        known: String,
    },
    /// A line that is too short.
    #[error("there are {found} fields, and `{name}` is number {number}; the line is incomplete")]
    Short {
        /// Fields on the line.
        found: usize,
        /// Name of the column whose field is missing.
        name: String,
        /// Its number, from 1.
        number: usize,
    },
    /// A field that is no number.
    #[error("`{text}` in the column `{name}` is no finite number; numbers are written like 0.125 or 1.25e-1")]
    Number {
        /// Name of the column.
        name: String,
        /// What stands there.
        text: String,
    },
    /// A power no board has.
    #[error("{watts} W are more than any meter reads; check the units in the header")]
    Power {
        /// The power in watts that the line would mean.
        watts: f64,
    },
}

categorize! {
    ColumnError {
        BadInput: Missing, Twice, Unit, Short, Number, Power;
    }
}
