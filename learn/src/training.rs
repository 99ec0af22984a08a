//! Training: the samples of every epoch on any device, so that a run can stop after any of them and go on elsewhere.

mod observer;
mod progress;

pub use observer::{Next, Observer};
pub(crate) use progress::Progress;

use crate::data::EncodingError;
use crate::device::{Device, DeviceError, OnProgress, Trained};
use crate::evaluation::{self, EvaluationError};
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, OutputScore, Power, Score};
use crate::run::DataDigest;
use crate::snapshot::power;
use std::cell::OnceCell;
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use thiserror::Error;
use wheatstone_sim::{BoxedError, Checkpoint, Engine, Fast, State, categorize, hex};

/// On how many of the training samples, evenly spaced, the dissipated power is taken after an epoch.
const POWER_SAMPLES: usize = 64;

/// And over so many edges of all of them, at most, or one sample.
const POWER_EDGES: usize = 1 << 20;

/// How many of the training samples are read out before training.
const FIRST_SAMPLES: usize = 1000;

/// A run in progress.
pub struct Trainer<'e> {
    experiment: &'e Experiment,
    device: Box<dyn Device + 'e>,
    metrics_every: u32,
    snapshots_every: Option<NonZeroU64>,
    progress: Progress,
    data: OnceCell<DataDigest>,
    /// Where the run was when the device's state was last known, and that state.
    known: (Progress, State),
}

/// A run that cannot start or go on.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// A row cannot be encoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The network cannot be evaluated after an epoch.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The device cannot go on.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The observer of the run cannot go on.
    #[error(transparent)]
    Observer(BoxedError),
    /// The checkpoint is of another run.
    #[error(
        "the checkpoint's {what} is {found} and the configuration's is {expected}; resume the run it belongs to"
    )]
    OtherRun {
        /// What differs: format, network or rules.
        what: &'static str,
        /// What the checkpoint has.
        found: String,
        /// What the configuration gives.
        expected: String,
    },
    /// The checkpoint is of the same network, and of other data.
    #[error(
        "the checkpoint was taken on other data, or on rows held out otherwise; resume with those it was taken on"
    )]
    OtherData,
    /// The checkpoint's notes are not ours.
    #[error(
        "the checkpoint's remark does not hold the sums of an epoch ({0}); it was not written by a training run"
    )]
    Remark(serde_json::Error),
}

categorize! {
    TrainingError {
        inner: Encoding, Evaluation, Device, Observer;
        BadInput: OtherRun, OtherData, Remark;
    }
}

impl<'e> Trainer<'e> {
    /// At the beginning of a run.
    ///
    /// # Errors
    /// [`TrainingError`] names what does not fit.
    pub fn start(experiment: &'e Experiment, device: Box<dyn Device + 'e>) -> Result<Self, TrainingError> {
        let progress = Progress { records: Some(0), ..Progress::default() };
        Trainer::at(experiment, device, progress, experiment.initial_state())
    }

    /// Where a checkpoint was taken.
    ///
    /// # Errors
    /// [`TrainingError::OtherRun`] or [`TrainingError::OtherData`] if the checkpoint is not of this run.
    pub fn resume(
        experiment: &'e Experiment,
        device: Box<dyn Device + 'e>,
        checkpoint: Checkpoint,
    ) -> Result<Self, TrainingError> {
        let data = DataDigest::of(experiment);
        let progress = Progress::of(experiment, &data, &checkpoint)?;
        let trainer = Trainer::at(experiment, device, progress, checkpoint.state)?;
        Ok(Trainer { data: data.into(), ..trainer })
    }

    fn at(
        experiment: &'e Experiment,
        mut device: Box<dyn Device + 'e>,
        progress: Progress,
        state: State,
    ) -> Result<Self, TrainingError> {
        experiment.set_samples(&mut *device)?;
        device.set_state(&state)?;
        let data = OnceCell::new();
        let known = (progress, state);
        Ok(Trainer { experiment, device, metrics_every: 1, snapshots_every: None, progress, data, known })
    }

    /// The digest of the data, computed once.
    pub fn data_digest(&self) -> &DataDigest {
        self.data.get_or_init(|| DataDigest::of(self.experiment))
    }

    /// How many records of metrics there must be; unknown where the checkpoint does not say.
    pub fn records(&self) -> Option<u32> {
        self.progress.records
    }

    fn count_record(&mut self) {
        let records = self.progress.records.map(|records| records.saturating_add(1));
        (self.progress.records, self.known.0.records) = (records, records);
    }

    /// Takes metrics only after every `epochs`-th epoch and after the last one, so that a device can train on in between.
    pub fn metrics_every(&mut self, epochs: u32) {
        self.metrics_every = epochs.max(1);
    }

    /// Shows the observer the state after every so many samples of the run; see [`Observer::on_snapshot`].
    pub fn snapshots_every(&mut self, samples: NonZeroU64) {
        self.snapshots_every = Some(samples);
    }

    fn samples_per_epoch(&self) -> u64 {
        self.experiment.split.train.len() as u64
    }

    fn epoch_of(&self, samples: u64) -> u32 {
        u32::try_from(samples / self.samples_per_epoch()).unwrap_or(u32::MAX)
    }

    /// The epoch whose sample was trained last, from 0.
    fn begun(&self) -> u32 {
        self.epoch_of(self.progress.trained.saturating_sub(1))
    }

    /// How many epochs are done.
    pub fn epoch(&self) -> u32 {
        self.epoch_of(self.progress.trained)
    }

    /// How many samples of the run are trained.
    pub fn trained(&self) -> u64 {
        self.progress.trained
    }

    /// How many samples the whole run has.
    pub fn total(&self) -> u64 {
        u64::from(self.experiment.config.epochs) * self.samples_per_epoch()
    }

    /// How many relaxing steps were made while training.
    pub fn steps(&self) -> u64 {
        self.progress.trained * u64::from(self.experiment.config.steps)
    }

    /// The device it trains on.
    pub fn device(&self) -> &(dyn Device + 'e) {
        &*self.device
    }

    /// The architectural state as it is.
    ///
    /// # Errors
    /// [`TrainingError::Device`] if the device cannot be reached.
    pub fn state(&mut self) -> Result<State, TrainingError> {
        if self.known.0 != self.progress {
            self.known = (self.progress, self.device.state()?);
        }
        Ok(self.known.1.clone())
    }

    /// How the network does before it has learned anything, as the metrics of epoch 0.
    ///
    /// # Errors
    /// [`TrainingError`] if an answer cannot be read.
    pub fn before_training(&mut self) -> Result<EpochMetrics, TrainingError> {
        self.count_record();
        let state = self.experiment.initial_state();
        let train = &self.experiment.split.train;
        let read = &train[..train.len().min(FIRST_SAMPLES)];
        let (test, test_outputs) = self.test_scores(&state)?;
        Ok(EpochMetrics {
            epoch: 0,
            samples: 0,
            steps: 0,
            alpha_offset: self.experiment.configuration(0).alpha_offset,
            train: evaluation::score(self.experiment, &mut self.experiment.model(&state)?, read)?,
            test,
            test_outputs,
            power: None,
        })
    }

    /// Trains to the end of the run, or until the observer says to stop; [`Trainer::trained`] tells which.
    ///
    /// # Errors
    /// [`TrainingError`] if the device or the observer cannot go on; [`Trainer::last_known`] is what can be saved then.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        let mut next = observer.on_progress(self.trained());
        while self.trained() < self.total() && next != Next::Stop {
            let after = |every: u64| (self.trained() / every + 1) * every;
            let metrics = after(self.samples_per_epoch() * u64::from(self.metrics_every)).min(self.total());
            let snapshot = self.snapshots_every.map_or(u64::MAX, |every| after(every.get()));
            self.train_until(metrics.min(snapshot), &mut |trained| {
                next = observer.on_progress(trained);
                if next == Next::Train { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if self.trained() == snapshot {
                let (samples, steps) = (self.trained(), self.steps());
                observer.on_snapshot(&self.state()?, samples, steps).map_err(TrainingError::Observer)?;
            }
            if self.trained() == metrics {
                let metrics = self.epoch_metrics()?;
                observer.on_metrics(self, &metrics).map_err(TrainingError::Observer)?;
                next = observer.on_progress(self.trained());
            }
            if next != Next::Train {
                observer.on_checkpoint(&self.checkpoint()?).map_err(TrainingError::Observer)?;
            }
        }
        Ok(())
    }

    /// Trains until that many samples of the run are trained or `on_progress` says to stop, without metrics.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn train_until(&mut self, samples: u64, on_progress: OnProgress) -> Result<(), TrainingError> {
        let before = self.progress.trained;
        let epoch = self.epoch();
        let stretch = self.experiment.stretch(before, samples.saturating_sub(before));
        let Trained { samples, tally } =
            self.device.train(&stretch, &mut |samples| on_progress(before + samples))?;
        self.progress.trained += samples;
        if samples > 0 && (self.begun() > epoch || stretch.place == 0) {
            self.progress.tally = tally;
        } else {
            self.progress.tally.add(tally);
        }
        Ok(())
    }

    /// On the held-out rows, if there are any: the score, and those of a regression's outputs.
    fn test_scores(&self, state: &State) -> Result<(Option<Score>, Vec<OutputScore>), TrainingError> {
        let rows = &self.experiment.split.test;
        if rows.is_empty() {
            return Ok((None, Vec::new()));
        }
        let mut model = self.experiment.model(state)?;
        let evaluation = evaluation::evaluate(self.experiment, &mut model, "test", rows)?;
        Ok((Some(evaluation.score), evaluation.outputs()))
    }

    /// The mean power dissipated in samples relaxed from `state` on, both waves, with nothing learning.
    fn power(&self, state: &State) -> Result<Power, TrainingError> {
        let design = &self.experiment.design;
        let configuration = self.experiment.configuration(0);
        let mut engine =
            Fast::new(design.clone(), configuration, state.clone()).map_err(DeviceError::from)?;
        let mut sums = [0.0; 2];
        let train = &self.experiment.split.train;
        let most = (POWER_EDGES / design.network().edges().len().max(1)).clamp(1, POWER_SAMPLES);
        let rows: Vec<usize> = train.iter().copied().step_by(train.len().div_ceil(most)).collect();
        let shown = self.experiment.samples(&rows)?;
        for sample in &shown {
            engine.relax(sample).map_err(DeviceError::from)?;
            for (sum, power) in sums.iter_mut().zip(power(design, &engine.state())) {
                *sum += power;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "at most POWER_SAMPLES")]
        let [free, clamped] = sums.map(|sum| sum / shown.len() as f64);
        Ok(Power { free, clamped })
    }

    fn epoch_metrics(&mut self) -> Result<EpochMetrics, TrainingError> {
        let state = self.state()?;
        self.count_record();
        let (test, test_outputs) = self.test_scores(&state)?;
        Ok(EpochMetrics {
            epoch: self.epoch(),
            samples: self.trained(),
            steps: self.steps(),
            alpha_offset: self.experiment.configuration(self.begun()).alpha_offset,
            train: self.experiment.encoder.score(self.experiment.design.format(), self.progress.tally),
            test,
            test_outputs,
            power: Some(self.power(&state)?),
        })
    }

    /// A checkpoint of the run as it is.
    ///
    /// # Errors
    /// [`TrainingError::Device`] if the device cannot be reached; [`Trainer::last_known`] is what can be saved then.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, TrainingError> {
        self.state()?;
        Ok(self.last_known())
    }

    /// A checkpoint of the run where the device's state was last known.
    pub fn last_known(&self) -> Checkpoint {
        let (progress, state) = &self.known;
        progress.checkpoint(self.experiment, self.data_digest(), state.clone())
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
            let digest = hex::encode(&network.digest()[..6]);
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
