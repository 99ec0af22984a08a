//! Batches: runs of one design trained together, one in each vector lane. They differ in seeds and splits.
//!
//! Each run ends in the same bits as it would alone.

use crate::device::DeviceError;
use crate::experiment::Experiment;
use crate::training::TrainingError;
use wheatstone_sim::{Replicas, Sample, State, epoch_order};

/// A run of the batch, in its lane of the vectors.
struct Lane<'e> {
    experiment: &'e Experiment,
    samples: Vec<Sample>,
    /// Of the epoch it is in.
    order: Vec<u32>,
}

impl Lane<'_> {
    fn new(experiment: &Experiment) -> Result<Lane<'_>, TrainingError> {
        let samples = experiment.samples(&experiment.split.train)?;
        Ok(Lane { experiment, samples, order: Vec::new() })
    }

    fn total(&self) -> u64 {
        u64::from(self.experiment.config.epochs) * self.samples.len() as u64
    }

    /// The epoch that begins after `trained` samples, if one does.
    fn begins(&self, trained: u64) -> Option<u32> {
        let rows = self.samples.len() as u64;
        let begins = trained < self.total() && trained.is_multiple_of(rows);
        begins.then(|| u32::try_from(trained / rows).unwrap_or(u32::MAX))
    }

    /// The sample after so many of the run, unless it is over.
    fn sample(&self, trained: u64) -> Option<&Sample> {
        let place = usize::try_from(trained % self.samples.len() as u64).ok()?;
        (trained < self.total()).then(|| &self.samples[self.order[place] as usize])
    }
}

/// How many runs of the experiment's design a batch should have at most; see [`Replicas::group_size`].
pub fn size(experiment: &Experiment) -> usize {
    Replicas::group_size(&experiment.design)
}

/// Trains runs of one design from beginning to end, and returns their last states: the bits that each has alone. `tick` is
/// called after every sample of every run and says whether to go on; if not, there are no states.
///
/// # Errors
/// [`TrainingError`] if a run's rows do not fit its network.
pub fn train(
    experiments: &[&Experiment],
    tick: &dyn Fn() -> bool,
) -> Result<Option<Vec<State>>, TrainingError> {
    let Some(first) = experiments.first() else { return Ok(Some(Vec::new())) };
    let mut lanes = experiments.iter().map(|e| Lane::new(e)).collect::<Result<Vec<_>, _>>()?;
    let states = experiments.iter().map(|e| e.initial_state()).collect();
    let mut replicas =
        Replicas::new(first.design.clone(), first.configuration(0), states).map_err(DeviceError::from)?;
    for trained in 0..lanes.iter().map(Lane::total).max().unwrap_or(0) {
        for (replica, lane) in lanes.iter_mut().enumerate() {
            if let Some(epoch) = lane.begins(trained) {
                let experiment = lane.experiment;
                lane.order = epoch_order(experiment.config.seed, epoch, lane.samples.len());
                let alpha_offset = experiment.configuration(epoch).alpha_offset;
                replicas.set_alpha_offset(replica, alpha_offset).map_err(DeviceError::from)?;
            }
        }
        let shown: Vec<_> = lanes.iter().map(|lane| lane.sample(trained)).collect();
        replicas.train(&shown).map_err(DeviceError::from)?;
        if !shown.iter().flatten().all(|_| tick()) {
            return Ok(None);
        }
    }
    Ok(Some((0..replicas.len()).map(|replica| replicas.state(replica)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use crate::training::Trainer;
    use std::cell::Cell;
    use std::ops::ControlFlow;

    /// Runs with other seeds, and so with other rows, of which one has fewer.
    fn experiments(preset: &str) -> Vec<Experiment> {
        let with_seed = |seed: u16| {
            let mut config = Preset::find(preset).unwrap().config().unwrap();
            (config.seed, config.epochs) = (seed.into(), 12);
            let mut experiment = Experiment::prepare(config).unwrap();
            experiment.split.train.truncate(experiment.split.train.len() - usize::from(seed == 2));
            experiment
        };
        [1, 2, 3].map(with_seed).into()
    }

    #[test]
    fn a_run_ends_as_it_would_alone() {
        for preset in ["linear-regression", "nonlinear-regression", "xor", "iris-desynchronous"] {
            let experiments = experiments(preset);
            let together = train(&experiments.iter().collect::<Vec<_>>(), &|| true).unwrap().unwrap();
            for (experiment, state) in experiments.iter().zip(together) {
                let model = experiment.model(&experiment.initial_state()).unwrap();
                let mut trainer = Trainer::start(experiment, Box::new(model)).unwrap();
                trainer.train_until(trainer.total(), &mut |_| ControlFlow::Continue(())).unwrap();
                assert_eq!(trainer.state().unwrap(), state, "{preset}");
            }
        }
    }

    #[test]
    fn it_stops_when_told_and_tells_of_every_sample() {
        let experiments = experiments("linear-regression");
        let runs: Vec<_> = experiments.iter().collect();
        let ticks = Cell::new(0);
        let tick_until = |last: u64| {
            ticks.set(0);
            train(&runs, &|| {
                ticks.set(ticks.get() + 1);
                ticks.get() < last
            })
        };
        assert_eq!(tick_until(7).unwrap(), None);
        assert_eq!(ticks.get(), 7);
        assert!(tick_until(u64::MAX).unwrap().is_some());
        let samples: usize = experiments.iter().map(|e| 12 * e.split.train.len()).sum();
        assert_eq!(ticks.get(), samples as u64);
    }
}
