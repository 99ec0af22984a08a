//! What an energy source is: something that says how much energy its scope took between two marks.

use super::meter::MeterError;
use super::reference::Extent;
use super::units::{Bounded, Joule};
use crate::quantity::Kind;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use wheatstone_link::TransportError;
use wheatstone_sim::{Categorized, ErrorCategory};

/// A block must last at least so many update periods of every source, so that what a source cannot tell stays below a
/// tenth of what it reads.
pub const LEAST_PERIODS: u32 = 20;

/// A counter or meter.
///
/// A source may keep running counts ([`EnergySource::mark`] reads them) or know only afterwards
/// ([`EnergySource::energy`] looks the interval up), so energies are asked for when the run is over.
pub trait EnergySource {
    /// What it is and what it meters.
    fn describe(&self) -> &Description;

    /// How finely it meters.
    fn resolution(&self) -> Resolution;

    /// Reads it, at a time of the run's clock. Must be called now and then between the marks that matter, because
    /// counters wrap; how often is in the message if it was not.
    ///
    /// # Errors
    /// [`SourceError`]
    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError>;

    /// The energy between two marks, with what the source cannot tell as bounds.
    ///
    /// # Errors
    /// [`SourceError`], also if the marks are too close for it.
    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError>;
}

/// What a source is and what it meters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its name in tables.
    pub name: String,
    /// What it meters.
    pub scope: Scope,
    /// Whether it reads or infers.
    pub kind: Kind,
    /// How it meters, in a few words.
    pub method: String,
    /// Who says how accurate it is; the number is [`Resolution::accuracy`].
    pub accuracy_source: String,
}

/// What a source meters. Energies of several are never added: what is at the wall is in the others as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All processor packages: cores, caches, memory controllers.
    CpuPackages,
    /// The memory modules of all packages.
    Dram,
    /// One GPU board with its memory.
    Gpu(String),
    /// What a meter in the supply of a board sees.
    Supply(String),
    /// What a meter in front of every power supply sees.
    Wall,
}

impl Scope {
    /// Where it draws the boundary.
    pub fn extent(&self) -> Extent {
        match self {
            Scope::CpuPackages | Scope::Dram => Extent::Chip,
            Scope::Gpu(_) | Scope::Supply(_) => Extent::Board,
            Scope::Wall => Extent::System,
        }
    }
}

impl Display for Scope {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Scope::CpuPackages => f.write_str("processor packages"),
            Scope::Dram => f.write_str("memory modules"),
            Scope::Gpu(name) => write!(f, "GPU board {name}"),
            Scope::Supply(name) => write!(f, "supply of {name}"),
            Scope::Wall => f.write_str("wall"),
        }
    }
}

/// How finely a source meters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// The smallest difference it tells.
    pub step: Joule,
    /// How old a reading may be.
    pub update: Duration,
    /// How far its scale may be off, as a fraction of what it reads.
    pub accuracy: f64,
}

impl Resolution {
    /// The shortest block it can meter.
    pub fn least_duration(&self) -> Duration {
        self.update * LEAST_PERIODS
    }

    /// What a counter counted between two marks, with its bounds: each mark may be stale by an update period, worth
    /// that time of the interval's mean power, and rounded to a step; then comes the scale.
    ///
    /// # Errors
    /// [`SourceError::TooShort`] if that is more than a tenth.
    pub fn counted(&self, name: &str, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        let (duration, energy) = (to.at.saturating_sub(from.at), to.counted - from.counted);
        if duration < self.least_duration() || duration.is_zero() {
            return Err(SourceError::TooShort {
                name: name.to_owned(),
                duration,
                least: self.least_duration(),
            });
        }
        let margin = self.step + (energy / duration) * self.update + energy * self.accuracy;
        Ok(Bounded::around(energy, margin))
    }
}

/// A source read at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    /// When, on the run's clock.
    pub at: Duration,
    /// What a counter had counted since it was opened; 0 for sources that look the interval up afterwards.
    pub counted: Joule,
}

/// A source that cannot be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A file that every machine with this source has.
    #[error("{}: cannot be read: {source}; {remedy}", path.display())]
    File {
        /// The file that cannot be read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A file that holds something else.
    #[error("{}: `{text}` is no whole number of microjoules within the counter's range; the driver is at fault, update the kernel", path.display())]
    Malformed {
        /// The file of the counter.
        path: PathBuf,
        /// What it holds.
        text: String,
    },
    /// There is no such counter.
    #[error("{}: {what}; {remedy}", folder.display())]
    None {
        /// Where it was looked for.
        folder: PathBuf,
        /// What is not there.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Part of the source went away or came twice.
    #[error("{}: the domain `{domain}` is there {count} times, not once; do not unload drivers while measuring, and measure again", folder.display())]
    Domain {
        /// Where it was looked for.
        folder: PathBuf,
        /// Name of the domain.
        domain: String,
        /// How often it is there.
        count: usize,
    },
    /// The counter may have wrapped more than once.
    #[error(
        "{name}: {elapsed:.1?} passed between two reads, and the counter may wrap within {most:.1?}; let the baseline return from its work more often"
    )]
    Wrapped {
        /// Name of the source.
        name: String,
        /// How long it was not read.
        elapsed: Duration,
        /// The longest it may not be.
        most: Duration,
    },
    /// The counter began anew.
    #[error(
        "{name}: the counter went from {before} mJ back to {after} mJ; the driver was reloaded, measure again"
    )]
    Reset {
        /// Name of the source.
        name: String,
        /// What it was.
        before: u64,
        /// What it is.
        after: u64,
    },
    /// A GPU that does not answer.
    #[error("{name}: {reason}; see `nvidia-smi` for the state of the GPU")]
    Gpu {
        /// Name of the source.
        name: String,
        /// What the driver says.
        reason: String,
    },
    /// A block too short for this source.
    #[error(
        "{name}: {duration:.2?} are too short, this source needs {least:.2?} at least; measure longer blocks"
    )]
    TooShort {
        /// Name of the source.
        name: String,
        /// How long the block was.
        duration: Duration,
        /// How long it must be.
        least: Duration,
    },
    /// What a meter recorded.
    #[error(transparent)]
    Meter(#[from] MeterError),
    /// The line to a meter.
    #[error("the meter: {0}")]
    Transport(#[from] TransportError),
    /// A meter that ended while it was needed.
    #[error("{name}: no readings any more: {reason}")]
    Ended {
        /// Name of the source.
        name: String,
        /// What ended it.
        reason: String,
    },
}

impl Categorized for SourceError {
    fn category(&self) -> ErrorCategory {
        match self {
            SourceError::Malformed { .. }
            | SourceError::None { .. }
            | SourceError::Domain { .. }
            | SourceError::Wrapped { .. }
            | SourceError::Reset { .. }
            | SourceError::Gpu { .. }
            | SourceError::TooShort { .. }
            | SourceError::Ended { .. } => ErrorCategory::Failed,
            SourceError::File { source, .. } => ErrorCategory::Failed.unless_denied(source),
            SourceError::Meter(error) => error.category(),
            SourceError::Transport(error) => error.category(),
        }
    }
}

impl SourceError {
    pub(super) fn file(path: &Path, source: io::Error, remedy: &'static str) -> SourceError {
        SourceError::File { path: path.to_owned(), source, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seconds: u64, joules: f64) -> Mark {
        Mark { at: Duration::from_secs(seconds), counted: Joule(joules) }
    }

    #[test]
    fn what_a_counter_cannot_tell_widens_its_bounds() {
        let resolution = Resolution { step: Joule(0.5), update: Duration::from_millis(100), accuracy: 0.05 };
        let energy = resolution.counted("x", mark(10, 1000.0), mark(20, 3000.0)).unwrap();
        // 0.5 J, 0.1 s of 200 W, and 5 % of 2000 J.
        assert_eq!(energy, Bounded::around(Joule(2000.0), Joule(0.5 + 20.0 + 100.0)));
    }

    #[test]
    fn a_block_of_less_than_twenty_periods_is_too_short() {
        let resolution = Resolution { step: Joule(0.0), update: Duration::from_millis(100), accuracy: 0.0 };
        assert!(resolution.counted("x", mark(0, 0.0), mark(2, 1.0)).is_ok());
        let error = resolution.counted("x", mark(0, 0.0), mark(1, 1.0)).unwrap_err();
        assert!(error.to_string().contains("2.00s at least"), "{error}");
        let untimed = Resolution { update: Duration::ZERO, ..resolution };
        assert!(matches!(
            untimed.counted("x", mark(3, 0.0), mark(3, 1.0)),
            Err(SourceError::TooShort { .. })
        ));
    }
}
