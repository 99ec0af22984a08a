//! Baselines: the same task learned by ordinary learners in Python, and the same network on a graphics adapter, which comes with the
//! feature `gpu`.

#[cfg(feature = "gpu")]
mod kernel;
mod python;
mod search;

pub use python::Python;
#[cfg(test)]
pub(super) use python::python_task;

use super::{Baseline, BenchError, Budget, Division, Goal, OnStage, Patience};
use crate::energy::{Clock, EnergySource};
use crate::quantity::Missing;
use std::collections::BTreeMap;

/// Epochs after which a trial of a setting is given up.
const MOST_EPOCHS: u32 = 200;

/// The baselines there are, and those there are not.
#[derive(Default)]
pub struct Baselines<'e> {
    /// Those that can be measured.
    pub found: Vec<Box<dyn Baseline + 'e>>,
    /// What cannot be had.
    pub missing: Vec<Missing>,
    /// Versions of what they are made of.
    pub versions: BTreeMap<String, String>,
}

/// Which baselines are looked for.
pub struct Wanted<'w> {
    /// What runs the ordinary learners.
    pub python: &'w Python,
    /// Part of the name of the graphics adapter, empty for the first.
    pub adapter: &'w str,
    /// How long the whole bench may take.
    pub budget: Budget,
}

/// Prepares the baselines that this program and this machine have.
///
/// # Errors
/// [`BenchError::Interrupted`] if `watch` says to stop; whatever else fails is missing.
pub fn baselines<'e>(
    division: &'e Division,
    goal: Goal,
    wanted: &Wanted<'e>,
    sources: &mut [Box<dyn EnergySource>],
    clock: &dyn Clock,
    watch: OnStage,
) -> Result<Baselines<'e>, BenchError> {
    let patience = Patience {
        epoch: division.run(0).split.train.len() as u64,
        epochs: MOST_EPOCHS,
        time: wanted.budget.trial(),
        until: wanted.budget.tuned_by(),
        clock,
    };
    let mut all = python::baselines(division, goal, wanted.python, sources, &patience, watch)?;
    on_adapter(division, wanted, &mut all, watch)?;
    Ok(all)
}

/// The network as a kernel.
#[cfg(feature = "gpu")]
fn on_adapter<'e>(
    division: &'e Division,
    wanted: &Wanted,
    all: &mut Baselines<'e>,
    watch: OnStage,
) -> Result<(), BenchError> {
    let why = match wheatstone_gpu::adapter_named(wanted.adapter) {
        Ok(adapter) => match kernel::baselines(division, &adapter, wanted.budget.trial(), watch) {
            Ok(found) => {
                all.found.extend(found);
                return Ok(());
            }
            Err(BenchError::Interrupted) => return Err(BenchError::Interrupted),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    all.missing.push(Missing {
        name: "gpu-network".to_owned(),
        why,
        remedy: "see docs/gpu.md for what an adapter needs, and choose another by --adapter".to_owned(),
    });
    Ok(())
}

/// Without the feature `gpu` there is no kernel.
#[cfg(not(feature = "gpu"))]
fn on_adapter(
    _division: &Division,
    _wanted: &Wanted,
    all: &mut Baselines,
    _watch: OnStage,
) -> Result<(), BenchError> {
    all.missing.push(Missing {
        name: "gpu-network".to_owned(),
        why: "this program was built without the feature gpu".to_owned(),
        remedy: "cargo build --release --features gpu".to_owned(),
    });
    Ok(())
}
