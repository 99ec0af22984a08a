//! Rivals: the same task learned on a graphics adapter, and by an ordinary network.
//!
//! They come with the feature `gpu`; without it, all of them are missing.

#[cfg(feature = "gpu")]
mod kernel;
#[cfg(feature = "gpu")]
mod perceptron;

use super::{BenchError, Contender, Goal, Watch};
use crate::experiment::Experiment;
use crate::figure::Missing;
use std::time::Duration;

/// The rivals there are, and those there are not.
pub type Rivals<'e> = (Vec<Box<dyn Contender + 'e>>, Vec<Missing>);

/// Prepares the rivals that this program and this machine have: `adapter` is part of the name of the graphics adapter, empty for the
/// first. A trial of a batch size or of a number of replicas is given up after `trial`.
///
/// # Errors
/// [`BenchError::Interrupted`] if `watch` says to stop; whatever else fails is missing.
#[cfg(feature = "gpu")]
pub fn rivals<'e>(
    experiment: &'e Experiment,
    goal: Goal,
    adapter: &str,
    trial: Duration,
    watch: Watch,
) -> Result<Rivals<'e>, BenchError> {
    use wheatstone_gpu::perceptron::Machine;

    let mut rivals =
        perceptron::rivals(experiment, goal, "cpu-perceptron", &Machine::processor(), trial, watch)?;
    let missing = |name: &str, why: String| Missing {
        name: name.to_owned(),
        why,
        remedy: "see docs/gpu.md for what an adapter needs, and choose another by --adapter".to_owned(),
    };
    let mut put = |(contenders, missing): Rivals<'e>| {
        rivals.0.extend(contenders);
        rivals.1.extend(missing);
    };
    let adapter = match wheatstone_gpu::adapter_named(adapter) {
        Ok(adapter) => adapter,
        Err(error) => {
            let all = ["gpu-perceptron", "gpu-network"].map(|name| missing(name, error.to_string()));
            put((Vec::new(), all.to_vec()));
            return Ok(rivals);
        }
    };
    let software = if adapter.is_software() { " (software)" } else { "" };
    match Machine::adapter(&adapter) {
        Ok(machine) => {
            let name = format!("gpu-perceptron{software}");
            put(perceptron::rivals(experiment, goal, &name, &machine, trial, watch)?);
        }
        Err(error) => put((Vec::new(), vec![missing("gpu-perceptron", error.to_string())])),
    }
    put(match kernel::rivals(experiment, &adapter, software, trial, watch) {
        Err(BenchError::Kernel(error)) => (Vec::new(), vec![missing("gpu-network", error.to_string())]),
        kernels => kernels?,
    });
    Ok(rivals)
}

/// Without the feature `gpu` there are none.
///
/// # Errors
/// None.
#[cfg(not(feature = "gpu"))]
pub fn rivals<'e>(
    _experiment: &'e Experiment,
    _goal: Goal,
    _adapter: &str,
    _trial: Duration,
    _watch: Watch,
) -> Result<Rivals<'e>, BenchError> {
    let missing = |name: &str| Missing {
        name: name.to_owned(),
        why: "this program was built without the feature gpu".to_owned(),
        remedy: "cargo build --release --features gpu".to_owned(),
    };
    Ok((Vec::new(), ["cpu-perceptron", "gpu-perceptron", "gpu-network"].map(missing).to_vec()))
}
