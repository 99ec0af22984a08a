//! Which batch size comes first to a wanted accuracy.

use super::{Examples, Machine, Perceptron, PerceptronConfig, PerceptronError};
use std::time::Duration;

/// What a search is after, and when it gives up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchSearch {
    /// Share of the test examples to be answered correctly, 0 to 1.
    pub accuracy: f64,
    /// Epochs after which a batch size has failed.
    pub most_epochs: u32,
    /// Training time after which a batch size has failed.
    pub most_time: Duration,
}

/// How one batch size did.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchTrial {
    /// Examples a step.
    pub batch: usize,
    /// Epochs it trained.
    pub epochs: u32,
    /// Its best accuracy on the test examples.
    pub best_accuracy: f64,
    /// Time it trained until it had the wanted accuracy, evaluation not counted; `None` if it never had.
    pub time: Option<Duration>,
}

/// Trains with batches of 1, 2, 4, ... up to all examples, each from the same first weights and after one step that is
/// thrown away, in which a GPU compiles. The rest of `config` is the same for all; to compare fairly, search with
/// several learning rates too. Trials are in order of batch size; the fastest is the one of least [`BatchTrial::time`].
///
/// # Errors
/// [`PerceptronError`] as [`Perceptron::new`], or if the machine failed.
pub fn best_batch(
    machine: &Machine,
    config: &PerceptronConfig,
    train: &Examples,
    test: &Examples,
    search: BatchSearch,
) -> Result<(Option<BatchTrial>, Vec<BatchTrial>), PerceptronError> {
    let sizes = std::iter::successors(Some(1usize), |batch| batch.checked_mul(2));
    let trials = sizes
        .take_while(|batch| *batch < 2 * train.len())
        .map(|batch| trial(machine, config, train, test, search, batch.min(train.len())))
        .collect::<Result<Vec<_>, _>>()?;
    let fastest = trials.iter().filter(|trial| trial.time.is_some()).min_by_key(|trial| trial.time).cloned();
    Ok((fastest, trials))
}

fn trial(
    machine: &Machine,
    config: &PerceptronConfig,
    train: &Examples,
    test: &Examples,
    search: BatchSearch,
    batch: usize,
) -> Result<BatchTrial, PerceptronError> {
    let config = PerceptronConfig { batch, ..config.clone() };
    Perceptron::new(machine, config.clone(), train)?.run_steps(1)?;
    let mut perceptron = Perceptron::new(machine, config, train)?;
    let mut trial = BatchTrial { batch, epochs: 0, best_accuracy: perceptron.accuracy(test)?, time: None };
    let mut time = Duration::ZERO;
    while trial.epochs < search.most_epochs && time < search.most_time {
        time += perceptron.run_epoch()?.wall;
        trial.epochs += 1;
        trial.best_accuracy = trial.best_accuracy.max(perceptron.accuracy(test)?);
        if trial.best_accuracy >= search.accuracy {
            trial.time = Some(time);
            break;
        }
    }
    Ok(trial)
}
