//! An ordinary multilayer perceptron that learns the same rows by back-propagation.

use super::super::{Baseline, BenchError, Goal, OnStage};
use super::Baselines;
use crate::quantity::Missing;
use std::time::Duration;
use wheatstone_gpu::perceptron::{
    BatchSearch, BatchTrial, Examples, Machine, Optimiser, Perceptron, PerceptronConfig, best_batch,
};
use wheatstone_learn::config::Shape;
use wheatstone_learn::data::Targets;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::metrics::Score;

/// Learning rates that are tried.
const RATES: [f64; 3] = [0.001, 0.004, 0.016];

/// Epochs after which a trial is given up.
const MOST_EPOCHS: u32 = 200;

/// A perceptron on a machine.
struct Ordinary {
    name: String,
    machine: Machine,
    config: PerceptronConfig,
    train: Examples,
    judged: Examples,
    perceptron: Perceptron,
}

/// Batch 1 and the best batch, each with the best of some learning rates.
pub fn baselines<'e>(
    experiment: &'e Experiment,
    goal: Goal,
    name: &str,
    machine: &Machine,
    trial: Duration,
    watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    let missing = |why: String, remedy: &str| {
        let missing = Missing { name: name.to_owned(), why, remedy: remedy.to_owned() };
        Ok((Vec::new(), vec![missing]))
    };
    let (Targets::Classes { names, .. }, Goal::Accuracy(accuracy)) = (experiment.dataset.targets(), goal)
    else {
        return missing(
            "the perceptron tells classes apart, and this is a regression".to_owned(),
            "bench a classification",
        );
    };
    let prepared = prepare(experiment, names.len());
    let (train, judged, sizes) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return missing(error.to_string(), "check the data"),
    };
    let search = BatchSearch { accuracy, most_epochs: MOST_EPOCHS, most_time: trial };
    let mut trials: Vec<(f64, BatchTrial)> = Vec::new();
    for learning_rate in RATES {
        if !watch(&format!("{name}: batch sizes at learning rate {learning_rate}")) {
            return Err(BenchError::Interrupted);
        }
        let config = PerceptronConfig {
            sizes: sizes.clone(),
            optimiser: Optimiser::Adam,
            learning_rate,
            batch: 1,
            seed: experiment.config.seed,
        };
        let (_, all) = best_batch(machine, &config, &train, &judged, search)?;
        trials.extend(all.into_iter().map(|trial| (learning_rate, trial)));
    }
    let fastest = |batches: &dyn Fn(usize) -> bool| {
        let fit = trials.iter().filter(|(_, t)| batches(t.batch) && t.time.is_some());
        fit.min_by_key(|(_, t)| t.time).map(|(rate, t)| (*rate, t.batch))
    };
    // Where no rate came to the goal in time, the first one is timed all the same.
    let (rate, batch) = fastest(&|batch| batch == 1).unwrap_or((RATES[0], 1));
    let mut wanted = vec![(name.to_owned(), rate, batch)];
    let mut without = Vec::new();
    match fastest(&|batch| batch > 1) {
        Some((rate, batch)) => wanted.push((batch_name(name), rate, batch)),
        None => without.push(Missing {
            name: batch_name(name),
            why: format!("no batch reached {goal} within {trial:.1?} or {MOST_EPOCHS} epochs"),
            remedy: "ask for a lower --accuracy, or for more --seconds".to_owned(),
        }),
    }
    let mut baselines: Vec<Box<dyn Baseline>> = Vec::new();
    for (name, learning_rate, batch) in wanted {
        let config = PerceptronConfig {
            sizes: sizes.clone(),
            optimiser: Optimiser::Adam,
            learning_rate,
            batch,
            seed: experiment.config.seed,
        };
        let perceptron = Perceptron::new(machine, config.clone(), &train)?;
        let (machine, train, judged) = (machine.clone(), train.clone(), judged.clone());
        baselines.push(Box::new(Ordinary { name, machine, config, train, judged, perceptron }));
    }
    Ok((baselines, without))
}

/// `gpu-perceptron (software)` with a batch is `gpu-perceptron-batch (software)`.
fn batch_name(name: &str) -> String {
    match name.split_once(' ') {
        Some((name, kind)) => format!("{name}-batch {kind}"),
        None => format!("{name}-batch"),
    }
}

/// Training and judged rows, standardised by the training rows, and the sizes of the layers.
fn prepare(
    experiment: &Experiment,
    classes: usize,
) -> Result<(Examples, Examples, Vec<usize>), wheatstone_gpu::perceptron::ExamplesError> {
    let Experiment { dataset, split, config, design, .. } = experiment;
    let features = dataset.features().len();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
    let count = split.train.len() as f64;
    let mean = |value: &dyn Fn(&[f64]) -> f64| {
        split.train.iter().map(|&row| value(dataset.row(row))).sum::<f64>() / count
    };
    let scales: Vec<(f64, f64)> = (0..features)
        .map(|feature| {
            let centre = mean(&|row| row[feature]);
            let spread = mean(&|row| (row[feature] - centre).powi(2)).sqrt();
            (centre, if spread > 0.0 { spread } else { 1.0 })
        })
        .collect();
    let examples = |rows: &[usize]| {
        #[expect(clippy::cast_possible_truncation, reason = "the perceptron computes in 32 bits")]
        let scaled = |&row: &usize| -> Vec<f32> {
            dataset
                .row(row)
                .iter()
                .zip(&scales)
                .map(|(x, (centre, spread))| ((x - centre) / spread) as f32)
                .collect()
        };
        let classes: Vec<u16> = rows.iter().map(|&row| experiment.class(row).unwrap_or(0)).collect();
        Examples::new(&rows.iter().map(scaled).collect::<Vec<_>>(), &classes)
    };
    let nodes = design.network().nodes().iter();
    let hidden = match &config.network.shape {
        Shape::Layered { hidden } => hidden.clone(),
        _ => vec![nodes.filter(|node| node.kind.relaxes() && !node.kind.is_nudged()).count()],
    };
    let hidden = hidden.into_iter().filter(|&size| size > 0);
    let sizes = std::iter::once(features).chain(hidden).chain([classes]).collect();
    Ok((examples(&split.train)?, examples(experiment.judged_rows().1)?, sizes))
}

impl Baseline for Ordinary {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&self) -> String {
        let sizes: Vec<String> = self.config.sizes.iter().map(ToString::to_string).collect();
        format!(
            "a multilayer perceptron {}, trained by back-propagation with Adam at {}, batch {}, by burn on {}",
            sizes.join("-"),
            self.config.learning_rate,
            self.config.batch,
            self.machine.name()
        )
    }

    fn parameters(&self) -> u64 {
        self.config.sizes.windows(2).map(|pair| ((pair[0] + 1) * pair[1]) as u64).sum()
    }

    fn batch(&self) -> u64 {
        self.config.batch as u64
    }

    fn restart(&mut self, seed: u64) -> Result<(), BenchError> {
        let config = PerceptronConfig { seed, ..self.config.clone() };
        self.perceptron = Perceptron::new(&self.machine, config, &self.train)?;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        let mut trained = 0;
        while trained < samples.max(1) {
            let steps =
                usize::try_from((samples.max(1) - trained).div_ceil(self.batch())).unwrap_or(usize::MAX);
            trained += self.perceptron.run_steps(steps)?.samples;
        }
        Ok(trained)
    }

    fn score(&mut self) -> Result<Score, BenchError> {
        let accuracy = Some(self.perceptron.accuracy(&self.judged)?);
        Ok(Score { accuracy, mse: f64::NAN, ..Score::default() })
    }
}
