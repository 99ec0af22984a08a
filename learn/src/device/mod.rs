//! Devices: what a network is trained on. The [`Model`] in this process is one; a program that uses this crate brings others,
//! such as a board behind a serial line. All compute the same, to the last bit.

mod bit_flip;
mod error;
mod kind;
mod model;
mod packed;

pub use bit_flip::BitFlip;
pub use error::DeviceError;
pub use kind::DeviceKind;
pub use model::Model;
pub use packed::PackedSamples;

use std::ops::ControlFlow;
use wheatstone_sim::engine::Start;
use wheatstone_sim::{Configuration, Design, OutputCoding, Sample, State, Tally};

/// Samples to train on, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// In force at its beginning.
    pub configuration: Configuration,
    /// How many epochs end before the learning shift offset falls by one, down to 0; `None` if it stays.
    pub first_fall: Option<u32>,
    /// Epochs from one fall to the next.
    pub fall_every: u32,
    /// Seed of the orders of the epochs.
    pub seed: u64,
    /// Epoch it begins in, from 0.
    pub epoch: u32,
    /// Place in the order of that epoch it begins at.
    pub place: u32,
    /// Samples in all; beyond the last place of an epoch the next one begins.
    pub count: u64,
}

impl Stretch {
    /// What is left of the stretch after `done` of its samples, `samples` making an epoch.
    pub fn after(&self, done: u64, samples: u64) -> Stretch {
        let position = u64::from(self.place) + done;
        let epochs = u32::try_from(position / samples).unwrap_or(u32::MAX);
        let (mut falls, mut first_fall) = (0, self.first_fall.map(|first| first.saturating_sub(epochs)));
        if let Some(late) = self.first_fall.and_then(|first| epochs.checked_sub(first)) {
            falls = 1 + late.checked_div(self.fall_every).unwrap_or(0);
            first_fall = late.checked_rem(self.fall_every).map(|late| self.fall_every - late);
        }
        let Configuration { alpha_offset, .. } = self.configuration;
        let alpha_offset = alpha_offset.saturating_sub(u8::try_from(falls).unwrap_or(u8::MAX));
        Stretch {
            configuration: Configuration { alpha_offset, ..self.configuration },
            first_fall,
            epoch: self.epoch + epochs,
            place: u32::try_from(position % samples).unwrap_or(u32::MAX),
            count: self.count.saturating_sub(done),
            ..*self
        }
    }
}

/// The result of training a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trained {
    /// Samples trained; fewer than asked for only if it was told to stop.
    pub samples: u64,
    /// Of the samples in the last epoch that was begun.
    pub tally: Tally,
}

/// What went over the link to a device, counted since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes sent, repetitions included.
    pub bytes_sent: u64,
    /// Bytes received, damaged ones included.
    pub bytes_received: u64,
    /// Requests sent again because their reply was lost.
    pub repeated: u64,
    /// Frames received that failed their check.
    pub damaged: u64,
}

/// Told how many samples of a stretch are trained, from time to time; says whether to go on.
pub type OnProgress<'w> = &'w mut dyn FnMut(u64) -> ControlFlow<()>;

/// Something a network is trained on.
pub trait Device {
    /// What it is, in a few words for people.
    fn describe(&self) -> String;

    /// What kind of thing it is.
    fn kind(&self) -> DeviceKind;

    /// What went over the link to it so far; `None` if there is no link.
    fn traffic(&self) -> Option<Traffic> {
        None
    }

    /// The design it runs.
    fn design(&self) -> &Design;

    /// Replaces the architectural state.
    ///
    /// # Errors
    /// [`DeviceError`] if it is no state of the design, or the device cannot be reached.
    fn set_state(&mut self, state: &State) -> Result<(), DeviceError>;

    /// A copy of the architectural state.
    ///
    /// # Errors
    /// [`DeviceError`] if the device cannot be reached.
    fn state(&mut self) -> Result<State, DeviceError>;

    /// Sets the samples to train on, with their classes, and how the outputs code an answer. They are taken one by one, so that
    /// they never are in memory all at once.
    ///
    /// # Errors
    /// [`DeviceError`] if a sample does not fit the design, or the device cannot be reached.
    fn set_samples(
        &mut self,
        samples: &mut dyn Iterator<Item = (Sample, Option<u16>)>,
        coding: OutputCoding,
    ) -> Result<(), DeviceError>;

    /// Trains a stretch of samples, and tells now and then how far it is.
    ///
    /// # Errors
    /// [`DeviceError`] if the configuration is out of bounds or the device cannot be reached. The state is then unknown
    /// until it is set anew.
    fn train(&mut self, stretch: &Stretch, on_progress: OnProgress) -> Result<Trained, DeviceError>;

    /// Relaxes the samples one after the other, each from the voltages where the one before ended, `steps` steps each, and returns
    /// the free voltages of the outputs. Nothing learns; outputs are nudged if `impose_targets`.
    ///
    /// # Errors
    /// [`DeviceError`] if a sample does not fit the design, or the device cannot be reached.
    fn relax(
        &mut self,
        samples: &[Sample],
        steps: u32,
        impose_targets: bool,
    ) -> Result<Vec<Vec<i32>>, DeviceError>;

    /// Reads the answers to samples: relaxes each, nobody nudged, from where `start` says. If that is [`Start::Fixed`], the device
    /// ends in the state it began in.
    ///
    /// # Errors
    /// [`DeviceError`] if a sample does not fit the design, or the device cannot be reached.
    fn read(&mut self, samples: &[Sample], steps: u32, start: Start) -> Result<Vec<Vec<i32>>, DeviceError> {
        if start == Start::Previous {
            return self.relax(samples, steps, false);
        }
        let state = self.state()?;
        let mut answers = Vec::with_capacity(samples.len());
        for sample in samples {
            answers.extend(self.relax(std::slice::from_ref(sample), steps, false)?);
            self.set_state(&state)?;
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wheatstone_sim::LearningSchedule;

    proptest! {
        /// Going on twice is going on once; and the offset is that of the annealing it stands for.
        #[test]
        fn what_is_left_of_a_stretch(every in 0u32..5, epoch in 0u32..20, place in 0u32..7, first in 0u64..80, second in 0u64..80) {
            let annealing = crate::config::Annealing { start: 3, every };
            let at = |epoch: u32, place: u32, count: u64| Stretch {
                configuration: Configuration {
                    steps: 1,
                    learning: LearningSchedule::Quasistatic,
                    alpha_offset: annealing.offset(epoch),
                },
                first_fall: (every > 0).then(|| every - epoch % every),
                fall_every: every,
                seed: 1,
                epoch,
                place,
                count,
            };
            let stretch = at(epoch, place, 200);
            let position = u64::from(epoch * 7 + place) + first;
            let there = at(u32::try_from(position / 7).unwrap(), u32::try_from(position % 7).unwrap(), 200 - first);
            prop_assert_eq!(stretch.after(first, 7), there);
            prop_assert_eq!(stretch.after(first, 7).after(second, 7), stretch.after(first + second, 7));
        }
    }
}
