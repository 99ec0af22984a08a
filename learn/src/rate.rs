//! Learning while relaxing: error and time against the learning rate, with both waves in phase or in counter-phase.
//!
//! Edges learn after every relaxing step. As long as learning is slow against relaxing, each doubling of the rate halves the time;
//! the rate is `2^(alpha - eta)`, since a weak nudge moves outputs by `2^-eta` of the way. In counter-phase (`alternating`) the two waves
//! that an edge compares are of different ages, and what it learns is biased by the transient.

use crate::config::RunConfig;
use crate::data::Dataset;
use crate::device::DeviceError;
use crate::evaluation::EvaluationError;
use crate::experiment::{Experiment, ExperimentError};
use rayon::prelude::*;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::{
    Configuration, Engine, Fast, LearningSchedule, Nudge, Sample, StartError, Waves, categorize, epoch_order,
};

/// What is varied, and how long each run is.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Learning shifts, one for all groups.
    pub alphas: Vec<i8>,
    /// Nudge shifts.
    pub etas: Vec<u8>,
    /// Orders of the waves.
    pub waves: Vec<Waves>,
    /// Seeds; figures are medians over them.
    pub seeds: Vec<u64>,
    /// Training samples of a run.
    pub samples: u64,
    /// Samples from one reading of the error to the next, at least 1.
    pub every: u64,
    /// The error, in V^2, whose first crossing is the time.
    pub goal: f64,
}

/// One setting: medians over the seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Learning shift.
    pub alpha: i8,
    /// Nudge shift.
    pub eta: u8,
    /// Order of the waves.
    pub waves: Waves,
    /// Mean squared error at the end, in V^2.
    pub error: f64,
    /// Samples until the error first crossed the goal; `None` if half of the seeds never did.
    pub time: Option<f64>,
}

/// A study that could not be made.
#[derive(Debug, Error)]
pub enum RateError {
    /// A configuration cannot be made concrete.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// Rows do not become samples.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A sample or state does not fit.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// It was stopped.
    #[error("stopped before its end")]
    Stopped,
}

categorize! {
    RateError {
        inner: Experiment, Evaluation, Device;
        Interrupted: Stopped;
    }
}

/// Trains every setting and seed of a plan, on all cores. `go_on` is asked before each run, `on_run` told after it.
///
/// # Errors
/// [`RateError`] names what is wrong with a setting, or that `go_on` said no.
pub fn study(
    base: &RunConfig,
    dataset: &Arc<Dataset>,
    plan: &Plan,
    on_run: &(dyn Fn() + Sync),
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Point>, RateError> {
    let mut settings = Vec::new();
    for &waves in &plan.waves {
        for &eta in &plan.etas {
            settings.extend(plan.alphas.iter().map(|&alpha| (waves, eta, alpha)));
        }
    }
    let point = |&(waves, eta, alpha): &(Waves, u8, i8)| {
        let one = |&seed: &u64| {
            if !go_on() {
                return Err(RateError::Stopped);
            }
            let config = RunConfig {
                seed,
                waves,
                nudge: Nudge::Clamped { eta },
                learning: LearningSchedule::Continuous { every: 1 },
                ..base.clone()
            };
            let found = run(&with_alpha(config, alpha), dataset, plan);
            on_run();
            found
        };
        let found = plan.seeds.iter().map(one).collect::<Result<Vec<(f64, f64)>, _>>()?;
        let (mut errors, mut times): (Vec<f64>, Vec<f64>) = found.into_iter().unzip();
        let time = median(&mut times);
        Ok(Point { alpha, eta, waves, error: median(&mut errors), time: time.is_finite().then_some(time) })
    };
    settings.par_iter().map(point).collect()
}

fn with_alpha(mut config: RunConfig, alpha: i8) -> RunConfig {
    config.network.alpha = vec![alpha];
    config
}

/// The upper of the two middle ones where there are two.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The error at the end and the time of one run.
fn run(config: &RunConfig, dataset: &Arc<Dataset>, plan: &Plan) -> Result<(f64, f64), RateError> {
    let experiment = Experiment::from_dataset(config.clone(), Arc::clone(dataset))?;
    let train = experiment.samples(&experiment.split.train).map_err(EvaluationError::from)?;
    let judged = experiment.samples(experiment.judged_rows().1).map_err(EvaluationError::from)?;
    let start = experiment.initial_state();
    // Learning shifts are what is studied: none falls with the epochs.
    let configuration = Configuration { alpha_offset: 0, ..experiment.configuration(0) };
    let mut engine =
        Fast::new(Arc::clone(&experiment.design), configuration, start).map_err(DeviceError::from)?;
    let (mut order, mut before) = (Vec::new(), error(&engine, &judged, config.read_steps)?);
    let mut time = f64::INFINITY;
    let each = train.len() as u64;
    for trained in 1..=plan.samples {
        let (epoch, place) = ((trained - 1) / each, (trained - 1) % each);
        if place == 0 {
            order = epoch_order(config.seed, u32::try_from(epoch).unwrap_or(u32::MAX), train.len());
        }
        let row = usize::try_from(place).unwrap_or(0);
        engine.train(&train[order[row] as usize]).map_err(DeviceError::from)?;
        if trained.is_multiple_of(plan.every) || trained == plan.samples {
            let now = error(&engine, &judged, config.read_steps)?;
            if time.is_infinite() && now <= plan.goal {
                // Between two readings the error is taken to fall exponentially.
                let share = if before > now && now > 0.0 {
                    (before / plan.goal).ln() / (before / now).ln()
                } else {
                    1.0
                };
                #[expect(clippy::cast_precision_loss, reason = "a number of samples")]
                let last = (trained - 1 - (trained - 1) % plan.every) as f64;
                #[expect(clippy::cast_precision_loss, reason = "a number of samples")]
                let between = trained as f64 - last;
                time = last + between * share.clamp(0.0, 1.0);
            }
            before = now;
        }
    }
    Ok((before, time))
}

/// Mean squared error of what a copy of the network answers, in V^2.
fn error(engine: &Fast, samples: &[Sample], steps: u32) -> Result<f64, DeviceError> {
    let (mut engine, mut sum, mut count) = (engine.clone(), 0.0, 0u32);
    let format = engine.design().format();
    for sample in samples {
        let answer = engine.read(&sample.inputs, steps)?;
        for (v, target) in answer.into_iter().zip(&sample.targets) {
            if let Some(target) = target {
                sum += (format.to_volts(v) - format.to_volts(target.voltage)).powi(2);
                count += 1;
            }
        }
    }
    Ok(sum / f64::from(count.max(1)))
}

impl From<StartError> for RateError {
    fn from(error: StartError) -> RateError {
        RateError::Device(error.into())
    }
}
