//! Training: samples in the order of each epoch, one at a time, so that a run can stop and go on anywhere.

use crate::data::EncodingError;
use crate::evaluation::{self, EvaluationError, ScoreSum};
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, Power};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wheatstone_sim::{
    Checkpoint, ConfigurationError, Engine, Reference, Sample, SampleError, StartError, State, Wave,
    dissipated_power, epoch_order, power_unit,
};

/// At how many samples of an epoch, evenly spaced, the dissipated power is taken.
const POWER_SAMPLES: usize = 64;

/// How many of the training samples are read out before training.
const FIRST_SAMPLES: usize = 1000;

/// A run in progress.
#[derive(Debug)]
pub struct Trainer<'e> {
    experiment: &'e Experiment,
    engine: Reference,
    samples: Vec<Sample>,
    order: Vec<u32>,
    trained: u64,
    sums: EpochSums,
}

/// What an epoch has added up so far; kept in checkpoints, so that a resumed run reports the same means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochSums {
    score: ScoreSum,
    power: [f64; 2],
    power_samples: u32,
}

/// A run that cannot start or go on.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// The encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The evaluation after an epoch.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The sample.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The configuration or the state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The checkpoint is of another run.
    #[error(
        "the checkpoint's {what} is {found} and the configuration's is {expected}; resume the run it belongs to"
    )]
    OtherRun {
        /// What differs.
        what: &'static str,
        /// In the checkpoint.
        found: String,
        /// In the configuration.
        expected: String,
    },
    /// The checkpoint's notes are not ours.
    #[error(
        "the checkpoint's remark does not hold the sums of an epoch ({0}); it was not written by a training run"
    )]
    Remark(serde_json::Error),
}

impl<'e> Trainer<'e> {
    /// At the beginning of a run.
    ///
    /// # Errors
    /// [`TrainingError`] names what does not fit.
    pub fn start(experiment: &'e Experiment) -> Result<Self, TrainingError> {
        let engine = Reference::new(
            experiment.design.clone(),
            experiment.configuration(0),
            experiment.initial_state(),
        )?;
        Trainer::at(experiment, engine, 0, EpochSums::default())
    }

    /// Where a checkpoint was taken.
    ///
    /// # Errors
    /// [`TrainingError::OtherRun`] if the checkpoint is not of this run.
    pub fn resume(experiment: &'e Experiment, checkpoint: Checkpoint) -> Result<Self, TrainingError> {
        check_same_design(experiment, &checkpoint)?;
        let sums = serde_json::from_str(&checkpoint.remark).map_err(TrainingError::Remark)?;
        let trained = checkpoint.samples;
        let engine = Reference::new(experiment.design.clone(), checkpoint.configuration, checkpoint.state)?;
        Trainer::at(experiment, engine, trained, sums)
    }

    fn at(
        experiment: &'e Experiment,
        engine: Reference,
        trained: u64,
        sums: EpochSums,
    ) -> Result<Self, TrainingError> {
        let samples = experiment.samples(&experiment.split.train)?;
        let mut trainer = Trainer { experiment, engine, samples, order: Vec::new(), trained, sums };
        trainer.order = trainer.order_of(trainer.epoch());
        Ok(trainer)
    }

    fn order_of(&self, epoch: u32) -> Vec<u32> {
        epoch_order(self.experiment.config.seed, epoch, self.samples.len())
    }

    /// Epochs done.
    pub fn epoch(&self) -> u32 {
        u32::try_from(self.trained / self.samples.len() as u64).unwrap_or(u32::MAX)
    }

    /// Samples trained.
    pub fn trained(&self) -> u64 {
        self.trained
    }

    /// Samples of the whole run.
    pub fn total(&self) -> u64 {
        u64::from(self.experiment.config.epochs) * self.samples.len() as u64
    }

    /// Relaxing steps made.
    pub fn steps(&self) -> u64 {
        self.trained * u64::from(self.experiment.config.steps)
    }

    /// The architectural state as it is.
    pub fn state(&self) -> State {
        self.engine.state()
    }

    /// How the network does before it has learned anything, as the metrics of epoch 0.
    ///
    /// # Errors
    /// [`TrainingError`] if an answer cannot be read.
    pub fn before_training(&self) -> Result<EpochMetrics, TrainingError> {
        let state = self.experiment.initial_state();
        let split = &self.experiment.split;
        let read = &split.train[..split.train.len().min(FIRST_SAMPLES)];
        let train = evaluation::score(self.experiment, &state, read)?;
        let test = match split.test.as_slice() {
            [] => None,
            rows => Some(evaluation::score(self.experiment, &state, rows)?),
        };
        Ok(EpochMetrics {
            epoch: 0,
            samples: 0,
            steps: 0,
            alpha_offset: self.experiment.configuration(0).alpha_offset,
            train,
            test,
            power: None,
        })
    }

    /// Trains on the next sample; the metrics of an epoch if this was its last. `None` for ever after the last
    /// epoch, see [`Trainer::trained`] and [`Trainer::total`].
    ///
    /// # Errors
    /// [`TrainingError`] if the sample does not fit.
    pub fn train_next(&mut self) -> Result<Option<EpochMetrics>, TrainingError> {
        if self.train_sample()? { self.epoch_metrics().map(Some) } else { Ok(None) }
    }

    /// The same without metrics; whether this was the last sample of an epoch.
    ///
    /// # Errors
    /// [`TrainingError`] if the sample does not fit.
    pub fn train_sample(&mut self) -> Result<bool, TrainingError> {
        if self.trained >= self.total() {
            return Ok(false);
        }
        let place = usize::try_from(self.trained % self.samples.len() as u64).unwrap_or(0);
        if place == 0 {
            self.order = self.order_of(self.epoch());
            self.engine.configure(self.experiment.configuration(self.epoch()))?;
            self.sums = EpochSums::default();
        }
        let index = self.order[place] as usize;
        let sample = &self.samples[index];
        let measured = place % self.samples.len().div_ceil(POWER_SAMPLES) == 0;
        let conductances = measured.then(|| self.engine.state().k);
        let answer = self.engine.train(sample)?;
        self.sums.score.add(self.experiment, self.experiment.split.train[index], sample, &answer)?;
        if let Some(k) = conductances {
            self.add_power(k);
        }
        self.trained += 1;
        Ok(place + 1 == self.samples.len())
    }

    /// Adds the power of the voltages as they are under the conductances they relaxed with.
    fn add_power(&mut self, k: Vec<i64>) {
        let design = &self.experiment.design;
        let state = State { k, ..self.engine.state() };
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at, not a bit of the datapath")]
        for wave in Wave::BOTH {
            let power = dissipated_power(design, &state, wave) as f64 / power_unit(design) as f64;
            self.sums.power[wave.index()] += power;
        }
        self.sums.power_samples += 1;
    }

    fn epoch_metrics(&self) -> Result<EpochMetrics, TrainingError> {
        let test = match self.experiment.split.test.as_slice() {
            [] => None,
            rows => Some(evaluation::score(self.experiment, &self.engine.state(), rows)?),
        };
        let [free, clamped] = self.sums.power.map(|p| p / f64::from(self.sums.power_samples.max(1)));
        Ok(EpochMetrics {
            epoch: self.epoch(),
            samples: self.trained,
            steps: self.steps(),
            alpha_offset: self.engine.configuration().alpha_offset,
            train: self.sums.score.score(),
            test,
            power: Some(Power { free, clamped }),
        })
    }

    /// A checkpoint of the run as it is.
    #[expect(clippy::missing_panics_doc, reason = "numbers always serialise")]
    pub fn checkpoint(&self) -> Checkpoint {
        #[expect(clippy::expect_used, reason = "numbers always serialise")]
        let remark = serde_json::to_string(&self.sums).expect("sums serialise");
        Checkpoint {
            design: (*self.experiment.design).clone(),
            configuration: self.engine.configuration(),
            samples: self.trained,
            steps: self.steps(),
            remark,
            state: self.engine.state(),
        }
    }
}

/// Checks that a checkpoint's design is the experiment's, bit for bit.
///
/// # Errors
/// [`TrainingError::OtherRun`] says what differs.
pub fn check_same_design(experiment: &Experiment, checkpoint: &Checkpoint) -> Result<(), TrainingError> {
    let (found, expected) = (&checkpoint.design, &*experiment.design);
    let differs =
        |what, found: String, expected: String| Err(TrainingError::OtherRun { what, found, expected });
    if found.format() != expected.format() {
        return differs("format", found.format().to_string(), expected.format().to_string());
    }
    if found.network().digest() != expected.network().digest() {
        let describe = |d: &wheatstone_sim::Design| {
            let network = d.network();
            let digest = crate::run::hex(&network.digest()[..6]);
            format!(
                "{} ({} nodes, {} edges, {digest})",
                network.name(),
                network.nodes().len(),
                network.edges().len()
            )
        };
        return differs("network", describe(found), describe(expected));
    }
    if found.rules() != expected.rules() {
        return differs("rules", format!("{:?}", found.rules()), format!("{:?}", expected.rules()));
    }
    Ok(())
}
