//! The part of the Python package `wheatstone` that computes: networks, their training and what they learned, over arrays of NumPy.
//!
//! Python sees the module `wheatstone._core`. What people write is in the folder `wheatstone` beside this one, which checks the
//! shapes and types of arrays and calls here; this crate turns errors into exceptions, lets other threads of Python run while it
//! computes, and notices Ctrl-C. It holds no learning of its own: that is `wheatstone-learn`'s.

mod arrays;
mod data;
mod errors;
mod experiment;
mod model;
mod network;
mod signals;
mod simulation;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::data::{load_data, preset, presets};
    #[pymodule_export]
    use crate::errors::{DeviceError, MismatchError};
    #[pymodule_export]
    use crate::experiment::Experiment;
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::network::Network;
    #[pymodule_export]
    use crate::simulation::Simulation;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
