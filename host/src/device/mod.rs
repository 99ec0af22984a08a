//! Devices: what a network is trained on. The model in this process, or a board at the end of a line; all of them do the
//! same, to the same bits.

mod model;
mod url;

pub use model::Model;
pub use url::{DEFAULT_BAUD, DeviceUrl, SerialUrl, UrlError};

use std::ops::ControlFlow;
use thiserror::Error;
use wheatstone_sim::link::LinkLimit;
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

    /// Sets the samples to train on, with their classes, and how the outputs code an answer.
    ///
    /// # Errors
    /// [`DeviceError`] if a sample does not fit the design, or the device cannot be reached.
    fn set_samples(
        &mut self,
        samples: &[(Sample, Option<u16>)],
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
