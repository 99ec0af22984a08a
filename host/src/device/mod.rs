//! Devices: what a network is trained on. The model in this process, or a board at the end of a line; all of them do the
//! same, to the same bits.

mod bit_flip;
mod kind;
mod linked;
mod model;
mod opening;
mod packed;
mod url;

pub use bit_flip::BitFlip;
pub use kind::DeviceKind;
pub use linked::Linked;
pub use model::Model;
pub use opening::{Around, BAD_CABLE, open};
pub use packed::PackedSamples;
pub use url::{DEFAULT_BAUD, DeviceUrl, SerialUrl, UrlError};

use crate::ports::PortError;
use std::ops::ControlFlow;
use thiserror::Error;
use wheatstone_hdl::TopError;
use wheatstone_link::protocol::LinkLimit;
use wheatstone_link::{LinkError, LinkStatistics, TransportError};
use wheatstone_sim::{
    Configuration, ConfigurationError, Design, OutputCoding, Sample, SampleError, StartError, State,
    StateError, Tally,
};

/// A device that could not do what it was asked.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The sample.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The configuration or the state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The design or a setting is more than a link can say.
    #[error(transparent)]
    Limit(#[from] LinkLimit),
    /// The design cannot be put on a chip.
    #[error(transparent)]
    Chip(#[from] TopError),
    /// The port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The process of a virtual board.
    #[error(
        "the virtual board cannot be started: {source}; its checkpoint goes to the folder for temporary files"
    )]
    VirtualBoard {
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no board, or no longer.
    #[error(transparent)]
    NoDevice(TransportError),
    /// There is a board, and not for us.
    #[error(transparent)]
    NoAccess(TransportError),
    /// The link.
    #[error(transparent)]
    Link(LinkError),
    /// The board holds another design.
    #[error("the board holds {found} and this is about {expected}; load the bitstream built for this design")]
    OtherDesign {
        /// Name, format and digest of the board's.
        found: String,
        /// Of the one that was to be there.
        expected: String,
    },
    /// The board has no room for a single sample.
    #[error(
        "a sample of this network has {words} words and the board's sample memory {found}; build a bitstream with more"
    )]
    Memory {
        /// Words of a sample.
        words: usize,
        /// Words of the memory.
        found: u32,
    },
    /// The network needs more phases than an array has.
    #[error("the network's nodes need {phases} colours, and an array has two; choose a bipartite network")]
    Phases {
        /// Colours.
        phases: u8,
    },
    /// An input remembers what no sample can have put there.
    #[error(
        "input node {node} has u_F = {u_free} and u_C = {u_clamped}, and an array keeps one voltage without guard bits for an \
         input; present a sample to the model before moving its state to a board"
    )]
    InputState {
        /// The node's name.
        node: String,
        /// Its free accumulator.
        u_free: i64,
        /// Its clamped accumulator.
        u_clamped: i64,
    },
}

impl From<LinkError> for DeviceError {
    fn from(error: LinkError) -> DeviceError {
        match error {
            LinkError::Transport(error @ (TransportError::Gone { .. } | TransportError::Ended { .. })) => {
                DeviceError::NoDevice(error)
            }
            LinkError::Transport(error @ TransportError::NoAccess { .. }) => DeviceError::NoAccess(error),
            error => DeviceError::Link(error),
        }
    }
}

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

/// What became of a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trained {
    /// Samples trained; fewer than asked for only if it was told to stop.
    pub samples: u64,
    /// Of the samples in the last epoch that was begun.
    pub tally: Tally,
}

/// Told how many samples of a stretch are trained, from time to time; says whether to go on.
pub type Watch<'w> = &'w mut dyn FnMut(u64) -> ControlFlow<()>;

/// Something a network is trained on.
pub trait Device {
    /// What it is, in a few words for people.
    fn describe(&self) -> String;

    /// What kind of thing it is.
    fn kind(&self) -> DeviceKind;

    /// What went over the link to it so far, if it is at the end of one.
    fn link_statistics(&self) -> Option<LinkStatistics> {
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
    /// nobody need hold all of them.
    ///
    /// # Errors
    /// [`DeviceError`] if a sample does not fit the design, or the device cannot be reached.
    fn set_samples(
        &mut self,
        samples: &mut dyn Iterator<Item = (Sample, Option<u16>)>,
        coding: OutputCoding,
    ) -> Result<(), DeviceError>;

    /// Trains.
    ///
    /// # Errors
    /// [`DeviceError`] if the configuration is out of bounds or the device cannot be reached. The state is then unknown
    /// until it is set anew.
    fn train(&mut self, stretch: &Stretch, watch: Watch) -> Result<Trained, DeviceError>;

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
