//! Cross-validation: the same configuration on many splits and seeds, side by side on all cores and in the lanes of vectors.

use crate::batch;
use crate::config::RunConfig;
use crate::data::{Dataset, Split, SplitError, split};
use crate::evaluation;
use crate::experiment::{Experiment, ExperimentError};
use crate::metrics::OutputScore;
use crate::training::TrainingError;
use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;
use wheatstone_sim::{State, categorize, hex};

/// How the rows are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scheme {
    /// Each row is held out once a seed, stratified by class.
    Folds(usize),
    /// Repeated random splits that hold out this share, stratified by class.
    Splits {
        /// How many splits each seed has.
        count: usize,
        /// Share of the rows that is held out, between 0 and 1.
        test_fraction: f64,
    },
    /// As the configuration says, or the data set itself: the seed alone changes.
    AsConfigured,
}

/// One run of a cross-validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// Seed of its conductances and order.
    pub seed: u64,
    /// Number of its split, from 0.
    pub fold: usize,
    /// Share of the judged rows classified correctly; absent for regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Coefficient of determination on the judged rows; absent for classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// How well each output is met on them, in its own units; empty for classification.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputScore>,
    /// Mean squared error on the judged rows, in V^2.
    pub mse: f64,
    /// The same before training.
    pub mse_first: f64,
    /// Smallest score by which a right class beat the best wrong one, in volts, over the judged rows; negative if
    /// one was wrong; absent for regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Digest of its final state.
    pub digest: String,
}

/// A cross-validation that cannot be done.
#[derive(Debug, Error)]
pub enum CrossValidationError {
    /// The rows cannot be divided.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The experiment of one run cannot be made.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// One run cannot be trained.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// Interrupted before all runs were done.
    #[error("interrupted")]
    Interrupted,
}

categorize! {
    CrossValidationError {
        inner: Split, Experiment, Training;
        Interrupted: Interrupted;
    }
}

/// The splits of one seed.
///
/// # Errors
/// [`SplitError`] if the rows cannot be divided so.
pub fn splits(scheme: Scheme, dataset: &Dataset, seed: u64) -> Result<Vec<Split>, SplitError> {
    match scheme {
        Scheme::Folds(folds) => split::folds(dataset.targets(), folds, seed),
        Scheme::Splits { count, test_fraction } => {
            split::splits(dataset.targets(), count, test_fraction, seed)
        }
        Scheme::AsConfigured => Ok(Vec::new()),
    }
}

/// Trains on every split of every seed. `begin` is told the number of samples of all runs together; `tick` is called
/// after every sample and says whether to go on. Results come in order of seed and fold, the same for any number of
/// threads.
///
/// # Errors
/// The first error in that order.
pub fn run(
    config: &RunConfig,
    dataset: &Dataset,
    scheme: Scheme,
    seeds: &[u64],
    begin: &dyn Fn(u64),
    tick: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<RunResult>, CrossValidationError> {
    let mut runs = Vec::new();
    for &seed in seeds {
        let config = RunConfig { seed, ..config.clone() };
        if scheme == Scheme::AsConfigured {
            runs.push((0, Experiment::from_dataset(config, dataset.clone())?));
        } else {
            for (fold, split) in splits(scheme, dataset, seed)?.into_iter().enumerate() {
                runs.push((fold, Experiment::with_split(config.clone(), dataset.clone(), split)?));
            }
        }
    }
    let samples = |(_, e): &(usize, Experiment)| u64::from(e.config.epochs) * e.split.train.len() as u64;
    begin(runs.iter().map(samples).sum());
    let batches: Vec<_> = runs.chunk_by(|a, b| a.1.design == b.1.design).flat_map(batches).collect();
    let results: Vec<Vec<RunResult>> =
        batches.into_par_iter().map(|runs| run_batch(runs, tick)).collect::<Result<_, _>>()?;
    Ok(results.concat())
}

/// Runs of one design in batches, at least one for every thread.
fn batches(runs: &[(usize, Experiment)]) -> impl Iterator<Item = &[(usize, Experiment)]> {
    let most = runs.first().map_or(1, |(_, experiment)| batch::size(experiment));
    runs.chunks(most.min(runs.len().div_ceil(rayon::current_num_threads())))
}

fn run_batch(
    runs: &[(usize, Experiment)],
    tick: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<RunResult>, CrossValidationError> {
    let experiments: Vec<&Experiment> = runs.iter().map(|(_, experiment)| experiment).collect();
    let states = batch::train(&experiments, tick)?.ok_or(CrossValidationError::Interrupted)?;
    runs.iter().zip(&states).map(|((fold, experiment), state)| judge(*fold, experiment, state)).collect()
}

/// How a run does in its last state.
fn judge(fold: usize, experiment: &Experiment, state: &State) -> Result<RunResult, CrossValidationError> {
    let (part, rows) = experiment.judged_rows();
    let score = |state: &State| -> Result<_, TrainingError> {
        Ok(evaluation::score(experiment, &mut experiment.model(state)?, rows)?)
    };
    let model = || experiment.model(state).map_err(TrainingError::from);
    let first = score(&experiment.initial_state())?;
    let last = evaluation::evaluate(experiment, &mut model()?, part, rows).map_err(TrainingError::from)?;
    let margin = evaluation::margin(experiment, &mut model()?, rows).map_err(TrainingError::from)?;
    Ok(RunResult {
        seed: experiment.config.seed,
        fold,
        accuracy: last.score.accuracy,
        r2: last.r2(),
        outputs: last.outputs(),
        mse: last.score.mse,
        mse_first: first.mse,
        margin,
        digest: hex::encode(&state.digest()),
    })
}

/// Mean and standard deviation (of the sample, n - 1) of some figures.
pub fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 runs")]
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, if values.len() < 2 { 0.0 } else { (squares / (n - 1.0)).sqrt() })
}
