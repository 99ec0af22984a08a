//! Baselines: whatever can be trained on a preset's task and timed while it does.

use super::BenchError;
use wheatstone_learn::metrics::Score;

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

    /// Goes back to before any training, with conductances or weights and an order of samples drawn from `seed`.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot.
    fn restart(&mut self, seed: u64) -> Result<(), BenchError>;

    /// Trains every one of its networks on `samples` more samples, at least one, rounded up to whole steps. It returns when all
    /// of them are learned, not when they are on their way to a device. The samples each network was trained on.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot go on.
    fn train(&mut self, samples: u64) -> Result<u64, BenchError>;

    /// How its first network answers the judged rows. It changes nothing that training would see.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot be asked.
    fn score(&mut self) -> Result<Score, BenchError>;
}
