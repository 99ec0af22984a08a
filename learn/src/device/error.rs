//! What a device says when it cannot do what it was asked.

use std::error::Error;
use thiserror::Error;
use wheatstone_sim::{BoxedError, ConfigurationError, SampleError, StartError, StateError, categorize};

/// A device that could not do what it was asked.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The configuration is out of bounds.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A sample does not fit the design.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// An engine cannot start from this configuration and state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The state is none of the design.
    #[error(transparent)]
    State(#[from] StateError),
    /// What only this kind of device can say, in an error type of its own; see [`DeviceError::specific`].
    #[error(transparent)]
    Specific(BoxedError),
}

categorize! {
    DeviceError {
        inner: Configuration, Sample, Start, State, Specific;
    }
}

impl DeviceError {
    /// The error of a particular kind of device, if it is one.
    pub fn specific<E: Error + 'static>(&self) -> Option<&E> {
        let DeviceError::Specific(error) = self else { return None };
        error.downcast_ref()
    }
}
