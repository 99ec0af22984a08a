//! Verification: the same run on a device and on the reference engine, and the first register that differs.
//!
//! Both train stretch by stretch from the same state; after each stretch the states are compared. If they differ, a binary
//! search from the beginning of the stretch finds the first sample after which they differ, and in that sample the first
//! step. A difference that does not occur again is reported as not repeatable.

use crate::device::{Device, DeviceError, Model, OnProgress};
use crate::experiment::Experiment;
use crate::training::TrainingError;
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory, Sample, State, StateDifference, epoch_order};

/// Where device and model first differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Error)]
#[error("sample {sample}, {step}: {register}")]
pub struct FirstDifference {
    /// The sample of the run, from 0.
    pub sample: u64,
    /// In which step of the sample.
    pub step: Step,
    /// The first register that differs, in the order of the state.
    #[serde(flatten)]
    pub register: StateDifference,
}

impl Categorized for FirstDifference {
    fn category(&self) -> ErrorCategory {
        ErrorCategory::Mismatch
    }
}

/// A step of a training sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A relaxing step, from 1.
    Relaxing(u32),
    /// What comes after the last relaxing step, or between relaxing steps if learning is continuous.
    Learning,
    /// The sample could not be found: when it was run again, device and model agreed.
    NotRepeatable,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Relaxing(step) => write!(f, "relaxing step {step}"),
            Step::Learning => write!(f, "learning"),
            Step::NotRepeatable => write!(f, "not seen again when run once more (a timing fault?)"),
        }
    }
}

/// The result of a verification.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// Whether all compared states were equal.
    pub equal: bool,
    /// Samples that were equal.
    pub samples: u64,
    /// Where device and model first differ; `None` if they do not.
    pub first_difference: Option<FirstDifference>,
}

/// A device beside the model.
struct SideBySide<'e> {
    experiment: &'e Experiment,
    samples: &'e [Sample],
    device: &'e mut dyn Device,
    model: &'e mut dyn Device,
}

/// Trains `device` and the model on `samples` samples of the run, and compares their states every `stretch` samples.
/// `on_progress` is told how many samples agree and says whether to go on.
///
/// # Errors
/// [`TrainingError`] if the device cannot go on.
pub fn verify(
    experiment: &Experiment,
    device: &mut dyn Device,
    samples: u64,
    stretch: u64,
    on_progress: OnProgress,
) -> Result<Verified, TrainingError> {
    let shown = experiment.samples(&experiment.split.train)?;
    let mut model = Model::reference(Arc::clone(&experiment.design), experiment.initial_state())?;
    let mut both = SideBySide { experiment, samples: &shown, device, model: &mut model };
    let mut state = experiment.initial_state();
    for device in both.devices() {
        experiment.set_samples(device)?;
        device.set_state(&state)?;
    }
    let mut equal = 0;
    let mut difference =
        both.compare()?.map(|register| FirstDifference { sample: 0, step: Step::Learning, register });
    while difference.is_none() && equal < samples && on_progress(equal).is_continue() {
        let count = stretch.clamp(1, samples - equal);
        both.train(equal, count)?;
        if let Some(register) = both.compare()? {
            let first = both.narrow(&state, equal, count, register)?;
            equal = first.sample;
            difference = Some(first);
        } else {
            equal += count;
            state = both.model.state()?;
        }
    }
    Ok(Verified { equal: difference.is_none(), samples: equal, first_difference: difference })
}

impl SideBySide<'_> {
    fn devices(&mut self) -> [&mut dyn Device; 2] {
        [&mut *self.device, &mut *self.model]
    }

    fn compare(&mut self) -> Result<Option<StateDifference>, DeviceError> {
        Ok(self.device.state()?.first_difference(&self.model.state()?))
    }

    fn train(&mut self, from: u64, count: u64) -> Result<(), DeviceError> {
        let stretch = self.experiment.stretch(from, count);
        for device in self.devices() {
            device.train(&stretch, &mut |_| ControlFlow::Continue(()))?;
        }
        Ok(())
    }

    /// Trains both from `state` on and compares.
    fn again(
        &mut self,
        state: &State,
        from: u64,
        count: u64,
    ) -> Result<Option<StateDifference>, DeviceError> {
        for device in self.devices() {
            device.set_state(state)?;
        }
        if count > 0 {
            self.train(from, count)?;
        }
        self.compare()
    }

    /// The first sample and step at which they differ, of `count` samples from `state` on.
    fn narrow(
        &mut self,
        state: &State,
        from: u64,
        count: u64,
        last: StateDifference,
    ) -> Result<FirstDifference, DeviceError> {
        // Equal after `low` samples, different after `high`.
        let (mut low, mut high, mut register) = (0, count, last);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.again(state, from, middle)? {
                Some(difference) => (high, register) = (middle, difference),
                None => low = middle,
            }
        }
        let sample = from + low;
        let Some(again) = self.again(state, from, high)? else {
            return Ok(FirstDifference { sample, step: Step::NotRepeatable, register });
        };
        self.again(state, from, low)?;
        let before = self.model.state()?;
        let index = self.index(sample);
        let Some(mut register) = self.relax(&before, index, self.experiment.config.steps)? else {
            return Ok(FirstDifference { sample, step: Step::Learning, register: again });
        };
        let (mut low, mut high) = (0, self.experiment.config.steps);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.relax(&before, index, middle)? {
                Some(difference) => (high, register) = (middle, difference),
                None => low = middle,
            }
        }
        Ok(FirstDifference { sample, step: Step::Relaxing(high), register })
    }

    /// Relaxes one sample on both from `before` on and compares.
    fn relax(
        &mut self,
        before: &State,
        index: usize,
        steps: u32,
    ) -> Result<Option<StateDifference>, DeviceError> {
        let shown = &self.samples[index..=index];
        for device in self.devices() {
            device.set_state(before)?;
            device.relax(shown, steps, true)?;
        }
        self.compare()
    }

    /// Which of the training samples comes at that place of the run.
    fn index(&self, sample: u64) -> usize {
        let epoch = u32::try_from(sample / self.samples.len() as u64).unwrap_or(u32::MAX);
        let place = usize::try_from(sample % self.samples.len() as u64).unwrap_or(0);
        epoch_order(self.experiment.config.seed, epoch, self.samples.len())[place] as usize
    }
}
