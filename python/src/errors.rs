//! Errors as exceptions: the category of an error decides the class, its message stays what the command line says.

use pyo3::PyErr;
use pyo3::create_exception;
use pyo3::exceptions::{
    PyFileNotFoundError, PyKeyboardInterrupt, PyOSError, PyPermissionError, PyRuntimeError, PyValueError,
};
use std::error::Error;
use std::io;
use wheatstone_sim::{Categorized, ErrorCategory};

create_exception!(
    wheatstone,
    DeviceError,
    PyRuntimeError,
    "A device is not there, may not be used, or does not answer as it has to."
);
create_exception!(wheatstone, MismatchError, DeviceError, "A device and the model differ in a bit.");

/// The exception that an error is.
pub fn raised(error: &impl Categorized) -> PyErr {
    let message = error.to_string();
    let system = system_error(error);
    match error.category() {
        ErrorCategory::Usage | ErrorCategory::BadInput => match system {
            Some(io::ErrorKind::NotFound) => PyFileNotFoundError::new_err(message),
            _ => PyValueError::new_err(message),
        },
        ErrorCategory::NoDevice | ErrorCategory::Link => DeviceError::new_err(message),
        ErrorCategory::NoAccess => PyPermissionError::new_err(message),
        ErrorCategory::Mismatch => MismatchError::new_err(message),
        ErrorCategory::Failed if system.is_some() => PyOSError::new_err(message),
        ErrorCategory::Failed => PyRuntimeError::new_err(message),
        ErrorCategory::Interrupted => PyKeyboardInterrupt::new_err(message),
    }
}

/// Turns the error of a result into an exception.
pub trait OrRaise<T> {
    /// The value, or the exception that the error is.
    fn or_raise(self) -> Result<T, PyErr>;
}

impl<T, E: Categorized> OrRaise<T> for Result<T, E> {
    fn or_raise(self) -> Result<T, PyErr> {
        self.map_err(|error| raised(&error))
    }
}

/// What the system said, if it is behind an error.
fn system_error(error: &impl Error) -> Option<io::ErrorKind> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}
