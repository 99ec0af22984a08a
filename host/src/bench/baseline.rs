//! Baselines: whatever can be trained on a preset's task and timed while it does.

use super::{BenchError, Part};
use crate::energy::{Bounded, Description, Joule};
use std::time::Duration;
use wheatstone_learn::metrics::Score;

/// What it took to choose settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuning {
    /// Time on the clock.
    pub time: Duration,
    /// By source that could meter it.
    pub energy: Vec<(Description, Bounded<Joule>)>,
}

/// Something that learns.
pub trait Baseline {
    /// What it is called in tables and files.
    fn name(&self) -> &str;

    /// What it is, in a sentence for people.
    fn describe(&self) -> String;

    /// Conductances or weights that it changes.
    fn parameters(&self) -> u64;

    /// Samples whose share in the error one training step lowers: 1, or a batch.
    fn batch(&self) -> u64 {
        1
    }

    /// Networks it trains at once, each on samples of its own.
    fn replicas(&self) -> u64 {
        1
    }

    /// What choosing its settings took, of training and judging; nothing for the network, whose settings are the configuration's.
    fn tuning(&self) -> Tuning {
        Tuning::default()
    }

    /// Goes back to before any training, on the rows of that run, from 0, with conductances or weights and an order of samples drawn from
    /// its seed.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot.
    fn restart(&mut self, run: usize) -> Result<(), BenchError>;

    /// Trains every one of its networks on `samples` more samples, at least one, rounded up to whole steps. It returns when all
    /// of them are learned, not when they are on their way to a device. The samples each network was trained on.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot go on.
    fn train(&mut self, samples: u64) -> Result<u64, BenchError>;

    /// How its first network answers a part of the run's rows. It changes nothing that training would see.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot be asked.
    fn score(&mut self, part: Part) -> Result<Score, BenchError>;
}
