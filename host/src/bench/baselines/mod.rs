//! Baselines: the same task learned on a graphics adapter, and by an ordinary network.
//!
//! They come with the feature `gpu`; without it, all of them are missing.

#[cfg(feature = "gpu")]
mod kernel;
#[cfg(feature = "gpu")]
mod perceptron;

use super::{Baseline, BenchError, Goal, OnStage};
use crate::quantity::Missing;
use std::time::Duration;
use wheatstone_learn::experiment::Experiment;

/// The baselines there are, and those there are not.
pub type Baselines<'e> = (Vec<Box<dyn Baseline + 'e>>, Vec<Missing>);

/// Prepares the baselines that this program and this machine have: `adapter` is part of the name of the graphics adapter, empty for the
/// first. A trial of a batch size or of a number of replicas is given up after `trial`.
///
/// # Errors
/// [`BenchError::Interrupted`] if `watch` says to stop; whatever else fails is missing.
#[cfg(feature = "gpu")]
pub fn baselines<'e>(
    experiment: &'e Experiment,
    goal: Goal,
    adapter: &str,
    trial: Duration,
    watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    use wheatstone_gpu::perceptron::{Machine, PerceptronError};

    let mut all = Baselines::default();
    let mut put = |name: &str, one: Result<Baselines<'e>, BenchError>| {
        match one {
            Ok((found, missing)) => {
                all.0.extend(found);
                all.1.extend(missing);
            }
            Err(error @ BenchError::Interrupted) => return Err(error),
            Err(error) => all.1.push(absent(name, &error)),
        }
        Ok(())
    };
    let cpu = "cpu-perceptron";
    put(cpu, perceptron::baselines(experiment, goal, cpu, &Machine::processor(), trial, watch))?;
    let [gpu, kernel] = ["gpu-perceptron", "gpu-network"];
    match wheatstone_gpu::adapter_named(adapter) {
        Ok(adapter) => {
            let software = if adapter.is_software() { " (software)" } else { "" };
            let perceptrons = Machine::adapter(&adapter)
                .map_err(|error| PerceptronError::from(error).into())
                .and_then(|machine| {
                    let name = format!("{gpu}{software}");
                    perceptron::baselines(experiment, goal, &name, &machine, trial, watch)
                });
            put(gpu, perceptrons)?;
            put(kernel, kernel::baselines(experiment, &adapter, software, trial, watch))?;
        }
        Err(error) => all.1.extend([gpu, kernel].map(|name| absent(name, &error))),
    }
    Ok(all)
}

#[cfg(feature = "gpu")]
fn absent(name: &str, error: &dyn std::error::Error) -> Missing {
    Missing {
        name: name.to_owned(),
        why: error.to_string(),
        remedy: "see docs/gpu.md for what an adapter needs, and choose another by --adapter".to_owned(),
    }
}

/// Without the feature `gpu` there are none.
///
/// # Errors
/// None.
#[cfg(not(feature = "gpu"))]
pub fn baselines<'e>(
    _experiment: &'e Experiment,
    _goal: Goal,
    _adapter: &str,
    _trial: Duration,
    _watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    let missing = |name: &str| Missing {
        name: name.to_owned(),
        why: "this program was built without the feature gpu".to_owned(),
        remedy: "cargo build --release --features gpu".to_owned(),
    };
    Ok((Vec::new(), ["cpu-perceptron", "gpu-perceptron", "gpu-network"].map(missing).to_vec()))
}
