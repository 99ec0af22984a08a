//! Observers: told how a run goes while it trains.

use super::Trainer;
use crate::metrics::EpochMetrics;
use wheatstone_sim::{BoxedError, Checkpoint, State};

/// What a run does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    /// Trains on.
    Train,
    /// Takes a checkpoint, then trains on.
    Checkpoint,
    /// Takes a checkpoint and stops.
    Stop,
}

/// Watches a run that [`Trainer::run`] trains, keeps what it yields, and says when it is to stop. Every method does nothing
/// unless it is written; `()` watches nothing.
pub trait Observer {
    /// Told how many samples of the run are trained, as often as the device says: the model after every sample, a board now and then.
    fn on_progress(&mut self, _trained: u64) -> Next {
        Next::Train
    }

    /// Told the metrics of an epoch; see [`Trainer::metrics_every`].
    ///
    /// # Errors
    /// Any error ends the run, as [`TrainingError::Observer`](super::TrainingError::Observer).
    fn on_metrics(&mut self, _trainer: &Trainer, _metrics: &EpochMetrics) -> Result<(), BoxedError> {
        Ok(())
    }

    /// Shown the state after so many samples and relaxing steps of the run; see [`Trainer::snapshots_every`].
    ///
    /// # Errors
    /// As [`Observer::on_metrics`].
    fn on_snapshot(&mut self, _state: &State, _samples: u64, _steps: u64) -> Result<(), BoxedError> {
        Ok(())
    }

    /// Given a checkpoint that [`Observer::on_progress`] has asked for.
    ///
    /// # Errors
    /// As [`Observer::on_metrics`].
    fn on_checkpoint(&mut self, _checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        Ok(())
    }
}

impl Observer for () {}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on_progress(&mut self, trained: u64) -> Next {
        (**self).on_progress(trained)
    }

    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        (**self).on_metrics(trainer, metrics)
    }

    fn on_snapshot(&mut self, state: &State, samples: u64, steps: u64) -> Result<(), BoxedError> {
        (**self).on_snapshot(state, samples, steps)
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        (**self).on_checkpoint(checkpoint)
    }
}

/// Both are told, one after the other. The run stops, or takes a checkpoint, if either wants it.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on_progress(&mut self, trained: u64) -> Next {
        self.0.on_progress(trained).max(self.1.on_progress(trained))
    }

    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.0.on_metrics(trainer, metrics)?;
        self.1.on_metrics(trainer, metrics)
    }

    fn on_snapshot(&mut self, state: &State, samples: u64, steps: u64) -> Result<(), BoxedError> {
        self.0.on_snapshot(state, samples, steps)?;
        self.1.on_snapshot(state, samples, steps)
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        self.0.on_checkpoint(checkpoint)?;
        self.1.on_checkpoint(checkpoint)
    }
}
